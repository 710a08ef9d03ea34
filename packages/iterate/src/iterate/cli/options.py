"""The options that many commands have, and the form of the examples below a help page."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from iterate.errors import ConfigInvalid, UsageError
from iterate.settings import Settings
from iterate.terminal import screen
from iterate.waiting import Voice

if TYPE_CHECKING:
    from iterate.client import Workspace
    from iterate.discovery import Announcement
    from iterate.reach import Wanted


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
    """The options that say which server a command speaks to; `wanted` and `server` obey them."""
    attach = click.option(
        "--attach",
        metavar="URL",
        expose_value=False,
        callback=_note_attach,
        help="Speak to the server there; its secret is in $ITERATE_SECRET or kept by `auth login URL`.",
    )
    standalone = click.option(
        "--standalone",
        is_flag=True,
        expose_value=False,
        callback=_note_standalone,
        help="Speak to a private server that ends with it.",
    )
    return attach(standalone(command))


_REACH = "iterate.reach"


def _note_attach(context: click.Context, option: click.Parameter, value: str | None) -> None:
    if filled(context, option, value):
        context.meta[_REACH] = wanted(context)._replace(url=value or "")


def _note_standalone(context: click.Context, _option: click.Parameter, value: bool) -> None:  # noqa: FBT001  # click's.
    if value:
        context.meta[_REACH] = wanted(context)._replace(is_standalone=True)


def attach_to(url: str) -> None:
    """Let the rest of this command speak to the server there, as `--attach` does."""
    context = click.get_current_context()
    context.meta[_REACH] = wanted(context)._replace(url=url)


def wanted(context: click.Context | None = None) -> "Wanted":
    """Which server the words of the command that runs want."""
    from iterate.reach import OURS, Wanted

    context = context or click.get_current_context(silent=True)
    found = OURS if context is None else context.meta.get(_REACH, OURS)
    if not isinstance(found, Wanted) or (found.url and found.is_standalone):
        raise UsageError("--attach and --standalone are two servers", "leave one of them out")
    return found


def server(*, is_checked: bool = False) -> "Announcement":
    """The server that the words want, started if it is ours and none runs."""
    from iterate import reach, settings

    return reach.server(settings.read(), voice(), wanted(), is_checked=is_checked)


def workspace(*, is_worked_in: bool = False) -> "Workspace":
    """Where this command works: here, and with all of its environment.

    A server at an address has other folders, and no use for our variables: nothing is said, and it takes its own.
    Where no other folder may take the place of this one, it raises `FolderUnusable`.
    """
    from iterate import settings
    from iterate.client import Workspace

    if wanted().url:
        return Workspace("", {})
    return Workspace(settings.folder() if is_worked_in else settings.directory(), settings.environment())


def seen() -> dict[str, str]:
    """Which of our variables may hold keys, as a query has it: nothing for a server at an address."""
    from iterate import settings

    names = sorted(each for each in settings.environment() if each.endswith(("_KEY", "_TOKEN")))
    return {} if wanted().url else {"seen": ",".join(names)}


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
