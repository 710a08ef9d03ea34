"""`iterate pty ...`: a shell on the server, in this terminal."""

from collections.abc import Iterator
from typing import NamedTuple

import click

from iterate import discovery, reach, settings
from iterate.cli import offers
from iterate.cli.options import HELP, JSON, examples, reaching, server, wanted, workspace
from iterate.discovery import Announcement
from iterate.errors import Failure, PtyUnknown, ServerLost
from iterate.settings import SIDES, Settings
from iterate.terminal import screen

# Digits of an id that usually name one terminal alone.
SHORT = 8

_EPILOG = examples(
    ("iterate pty", "a shell; Ctrl-] leaves it running"),
    ("iterate pty start htop", "another program"),
    ("iterate pty attach pty_1f2e", "back to it; the beginning of the id will do"),
)


class Place(NamedTuple):
    """A terminal, and the server that has it: this one, or one that handed over and waits for its shells."""

    server: Announcement
    fields: dict[str, object]

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.fields["id"])


@click.command(
    "start",
    help="Start a shell or a command and show it here.\n\nIt runs on the server. Ctrl-] leaves it running.",
    epilog=_EPILOG,
)
@click.argument("command", nargs=-1, type=click.UNPROCESSED, help="What is run instead of the shell.")
@reaching
@HELP
def start(command: tuple[str, ...]) -> int:
    """Start a shell and show it."""
    from iterate.client import Client
    from iterate.terminal import raw

    raw.check()
    where = workspace(is_worked_in=True)
    found = server()
    columns, rows = raw.size()
    body = {"command": list(command), "workspace": where._asdict(), "columns": columns, "rows": rows}
    return _show(Place(found, Client(found).call("POST", "/pty", body)))


@click.command("attach", help="Show a terminal of the server here again.")
@click.argument(
    "terminal", metavar="ID", shell_complete=offers.terminals, help="Which one, or the beginning of its id."
)
@reaching
@HELP
def attach_command(terminal: str) -> int:
    """Show a terminal again."""
    from iterate.terminal import raw

    raw.check()
    return _show(_named(terminal))


@click.command("list", help="List the terminals of the server.")
@JSON
@reaching
@HELP
def list_command(*, as_json: bool) -> int:
    """List terminals."""
    found = list(_all())
    if as_json:
        import json

        rows = [place.fields for place in found]
        screen.show_json_line(json.dumps({"terminals": rows}, ensure_ascii=False))
    else:
        screen.show("".join(_row(place.fields) for place in found) or "there are no terminals\n")
    return 0


@click.command("kill", help="End a terminal with all that it runs.")
@click.argument(
    "terminal", metavar="ID", shell_complete=offers.terminals, help="Which one, or the beginning of its id."
)
@JSON
@reaching
@HELP
def kill(terminal: str, *, as_json: bool) -> int:
    """End a terminal."""
    from iterate.client import Client

    place = _named(terminal)
    Client(place.server).call("DELETE", f"/pty/{place.id}")
    if as_json:
        screen.show_json({"id": place.id, "ended": True})
    else:
        screen.show(f"{place.id} is ended\n")
    return 0


def _show(place: Place) -> int:
    from iterate.talk import Talk
    from iterate.terminal import raw

    left = raw.view(Talk(place.server, f"/pty/{place.id}/connect"))
    if left.is_detached:
        # Behind the prompt of that shell.
        screen.show("\n")
        screen.note(f"left running; iterate pty attach {place.id.removeprefix('pty_')[:SHORT]} comes back")
        return 0
    word, _, number = left.reason.partition(" ")
    match word:
        case "exit" if number.isdigit():
            return int(number)
        case "signal" if number.isdigit():
            return 128 + int(number)
        case _:
            raise ServerLost(f"the terminal is gone: {left.reason or 'the connection to the server broke'}")


def _servers(here: Settings) -> Iterator[Announcement]:
    """The server that is wanted; for ours also those that handed over and wait for their shells."""
    yield server()
    if wanted() != reach.OURS:
        return
    for side in range(SIDES):
        state = here.side(side).state
        for name in discovery.leaving(state):
            with discovery.watch(state, name) as announced:
                if announced is not None:
                    yield announced.announcement


def _all() -> Iterator[Place]:
    from iterate.client import Client

    for number, found in enumerate(_servers(settings.read())):
        try:
            listed = Client(found).rows("/pty")
        except Failure:
            if number == 0:
                raise
            continue  # It ended meanwhile.
        yield from (Place(found, fields) for fields in listed)


def _named(name: str) -> Place:
    found = [place for place in _all() if place.id.startswith(name) or place.id.startswith(f"pty_{name}")]
    exact = [place for place in found if place.id == name]
    if len(exact or found) != 1:
        raise PtyUnknown(f"there is no terminal {name!r}" if not found else f"{name!r} may be {len(found)} terminals")
    return (exact or found)[0]


def _row(fields: dict[str, object]) -> str:
    state = "running" if fields.get("is_running") else f"ended ({fields.get('code', fields.get('signal'))})"
    return f"{fields.get('id')}  {state:<10}  {fields.get('columns')}x{fields.get('rows')}  {fields.get('title')}\n"
