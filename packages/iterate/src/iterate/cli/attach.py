"""`iterate attach URL`: the conversation with a server elsewhere; into a pipe, the sessions that it has."""

import click

from iterate import reach, settings
from iterate.cli import sending
from iterate.cli import session as sessions_command
from iterate.cli.conversing import conversing, meant
from iterate.cli.options import HELP, JSON, attach_to, examples, filled, server
from iterate.errors import UsageError
from iterate.tui import sessions

_MOST = 50


@click.command(
    "attach",
    help=(
        "Talk with the server at an address.\n\nWhere nobody sits at a terminal it lists the sessions there. "
        "Its secret is in $ITERATE_SECRET, or was kept by `iterate auth login URL`. Files, keys and settings are those "
        "of the machine that it runs on. --attach URL does the same for other commands."
    ),
    epilog=examples(
        ("iterate attach http://127.0.0.1:4096", "a conversation"),
        ("ssh -NL 4096:127.0.0.1:4096 HOST", "before: from another machine"),
        ("iterate run --attach URL fix the tests", "one prompt"),
    ),
)
@click.argument("url", metavar="URL", help="Where it listens, as `iterate serve` prints it.")
@conversing
@click.option(
    "--directory", metavar="FOLDER", callback=filled, help="A folder of that server. Default: as the current one."
)
@JSON
@HELP
def attach(url: str, *, as_json: bool, is_plain: bool, **words: object) -> int:
    """Open a conversation, or list what there is."""
    from iterate.cli import talk
    from iterate.client import Client

    there, options = reach.address(url), meant(words)
    attach_to(there)
    client = Client(server())
    if as_json or not talk.can_talk():
        if is_plain or any(words.values()):
            raise UsageError("a conversation needs a terminal", f"iterate run --attach {there} sends one prompt")
        sessions_command.print_list(sessions.listed(client, most=_MOST), is_all=True, as_json=as_json)
        return 0
    if not options.goes_on:
        options = options._replace(directory=options.directory or settings.directory())
        sending.look_for(client, options.directory, there)
    return talk.talk(options, is_plain=is_plain)
