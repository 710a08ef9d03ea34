"""`iterate help`: the help page of a command, for whoever looks for it by this name."""

import click

from iterate.cli.commands import ROOT
from iterate.cli.options import HELP, examples


@click.command(
    "help",
    help="Show the help of a command.\n\nThe same as --help behind it.",
    epilog=examples(("iterate help run", "what iterate run takes"), ("iterate help", "all commands")),
)
@click.argument("words", nargs=-1, metavar="[COMMAND]...", help="The command; all of them when left out.")
@HELP
def help_(words: tuple[str, ...]) -> int:
    """Have the named command print its help."""
    with ROOT.make_context("iterate", [*words, "--help"]) as context:
        ROOT.invoke(context)
    return 0
