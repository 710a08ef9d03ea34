"""The options that many commands have, and the form of the examples below a help page."""

from collections.abc import Callable

import click

from iterate.errors import ConfigInvalid
from iterate.settings import Settings
from iterate.terminal import screen
from iterate.waiting import Voice


def _show_help(context: click.Context, _option: click.Parameter, value: bool) -> None:  # noqa: FBT001  # click's order.
    if value and not context.resilient_parsing:
        screen.show(context.get_help() + "\n")
        context.exit()


HELP = click.help_option("-h", "--help", callback=_show_help, help="Print this help.")
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
# For help, completion and suggestions only: it was answered before click was imported.
VERSION = click.option("--version", is_flag=True, expose_value=False, help="Print the version and nothing else.")


def filled(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    """The value of an option, which must not be empty or another option: `--session --format json`."""
    if value is not None and (not value or value.startswith("--")):
        raise click.BadParameter(f"it needs a value, not {value!r}")
    return value


def examples(*rows: tuple[str, str]) -> str:
    """Command lines and what they do, as an epilog that click leaves as it is."""
    width = max(len(line) for line, _ in rows)
    return "\n".join(["\b", "Examples:", *(f"  {line:<{width}}  {meaning}" for line, meaning in rows)])


def reaching[**P, R](command: Callable[P, R]) -> Callable[P, R]:
    """The options that say which server a command speaks to: `attach` and `standalone`."""
    attach = click.option(
        "--attach", metavar="URL", callback=filled, help="Speak to the server there; its secret is in $ITERATE_SECRET."
    )
    standalone = click.option("--standalone", is_flag=True, help="Speak to a private server that ends with it.")
    return attach(standalone(command))


def voice() -> Voice:
    """How a command says what it finds out and what it waits for."""
    return Voice(screen.note, screen.waiting)


def tell_mistakes(here: Settings, speaker: Voice) -> None:
    """Say what is wrong with the file of settings: the server obeys it as far as it can, and only its log says so."""
    from iterate import config

    try:
        config.check(here)
    except ConfigInvalid as problem:
        speaker.note(f"{problem}\n{problem.hint}")
