"""`iterate upgrade`: another version of this copy, through whoever installed it. It asks no server and starts none."""

import json
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, closing, suppress
from typing import NamedTuple

import click

from iterate import about, settings
from iterate.cli.options import HELP, JSON, filled, tell_mistakes, voice
from iterate.cli.sizes import size
from iterate.errors import OutputClosed, OutputFailed, OwnerUnknown, UpgradeThere, UsageError, VersionUnknown
from iterate.install import machine, origin, outlook, pins, upgrade
from iterate.install.copy import Copy, this_copy
from iterate.install.methods import Method, named
from iterate.install.outlook import Channels, Outlook, Request, State, User
from iterate.install.programs import Place
from iterate.install.ways import Way
from iterate.terminal import screen

_MOVES_S = 0.1  # between two changes of the line that says how much of a download is here

# Nobody is upgraded by these.
_METHODS = [each.value for each in Method if each not in {Method.SOURCE, Method.ARCHIVE, Method.UNKNOWN}]


class Here(NamedTuple):
    """The copy that a command is about, and what it asks for versions."""

    copy: Copy
    open_channels: Callable[[Copy], AbstractContextManager[Channels | None]] = origin.open_channels
    target: str = about.STAMP.target
    user: User | None = None
    """Who asks; None for whoever runs this."""


def here() -> Here:
    """The copy that is running, unless whoever calls this program's code has given another one."""
    return click.get_current_context().find_object(Here) or Here(this_copy())


@click.command(
    "upgrade",
    help="Get the version that the channel has.\n\n"
    "It comes through whoever installed this copy. VERSION is another one, and stays until the next upgrade. "
    f"With --check nothing is changed; the exit code is {UpgradeThere.exit_code} when there is another version.",
)
@click.argument("version", required=False, callback=filled, help="Another version; it stays until the next upgrade.")
@click.option(
    "--channel", callback=filled, help="Follow another channel from now on: latest or dev or snapshot-BRANCH."
)
@click.option("--method", type=click.Choice(_METHODS), help="Ask this owner whatever the receipt says.")
@click.option("--check", is_flag=True, help="Say what is here and what there is; run nothing.")
@click.option("--dry-run", is_flag=True, help="Say what would be run; run nothing.")
@click.option("--rollback", is_flag=True, help="Go back to the version before; of what install.sh installed.")
@JSON
@HELP
def upgrade_command(
    *,
    version: str | None,
    channel: str | None,
    method: str | None,
    check: bool,
    dry_run: bool,
    rollback: bool,
    as_json: bool,
) -> int:
    """Upgrade this copy, or say what would be done."""
    found = here()
    if rollback:
        if version or channel or method or check or dry_run:
            raise UsageError("--rollback stands alone", "iterate upgrade VERSION gets one by its name")
        return _roll_back(found.copy, as_json=as_json)
    if check:
        tell_mistakes(settings.read(), voice())
    request = Request(version or "", channel or "", named(method) if method else None)
    place = machine.this_place(results_aside=as_json)
    ways = machine.this_machine(found.copy, request.method or found.copy.method, place)
    with found.open_channels(found.copy) as channels:
        seen = outlook.look(found.copy, request, channels, ways, found.user or machine.this_user())
    speaker = _Speaker(seen, as_json=as_json, is_named=bool(version))
    if check:
        return speaker.check()
    if seen.problem is not None:
        raise seen.problem
    if dry_run:
        return speaker.would_run()
    if seen.is_overridden:
        screen.note(f"this copy belongs to {seen.owner}; --method lets {seen.copy.method} be asked instead")
    if not seen.has_work:
        _note_pin(seen.copy, request)
        return speaker.nothing_to_do()
    if seen.way is None:
        return _replace(seen, request, speaker, place, found.target)
    return _ask_owner(seen, seen.way, request, speaker, place)


def _replace(seen: Outlook, request: Request, speaker: "_Speaker", place: Place, target: str) -> int:
    """Let the program replace itself."""
    from iterate.install.network import Door
    from iterate.install.replace import replace
    from iterate.install.site import newest_root

    copy, document = seen.copy, seen.document
    if copy.program is None or document is None:
        raise OwnerUnknown("there is no program that could replace itself")
    with closing(Door(settings.surroundings())) as door:
        replace(
            copy.program,
            document,
            door=door,
            root=newest_root(copy.sites, origin.root_of(copy)),
            target=target,
            pinned=bool(request.version),
            progress=speaker.progress,
        )
    return speaker.upgraded(upgrade.settled(copy, seen.wanted, place))


def _note_pin(copy: Copy, request: Request) -> None:
    """Note that the version that is here was asked for by its name, or that none is any more."""
    if bool(request.version) == copy.pinned:
        return
    if copy.method is Method.SELF and copy.program is not None:
        from iterate.install.replace import pin

        pin(copy.program, pinned=bool(request.version))
    pins.pin(copy, copy.version if request.version else "", settings.updates())


def _roll_back(copy: Copy, *, as_json: bool) -> int:
    if copy.program is None or copy.method is not Method.SELF:
        raise VersionUnknown(
            f"{copy.label} keeps no version before this one", "iterate upgrade VERSION gets one by its name"
        )
    from iterate.install.replace import roll_back

    version = roll_back(copy.program)
    if as_json:
        screen.show_json({"action": "rollback", "installed": copy.version, "version": version, "pinned": True})
    else:
        screen.show(f"iterate {version} is back (it was {copy.version}), and stays until the next iterate upgrade\n")
    return 0


def _ask_owner(seen: Outlook, way: Way, request: Request, speaker: "_Speaker", place: Place) -> int:
    """Let a package manager replace the program."""
    done = upgrade.run(seen, way, place, speaker.say)
    copy = seen.copy._replace(package=seen.copy.package_of(seen.stream) or seen.copy.package)
    pins.pin(copy, done.version if request.version else "", settings.updates())
    return speaker.upgraded(done)


class _Speaker:
    """Says on the screen what an upgrade would do, and how it went: as lines for people, or as one JSON object."""

    def __init__(self, seen: Outlook, *, as_json: bool, is_named: bool) -> None:
        self._seen = seen
        self._as_json = as_json
        self._is_named = is_named
        self._files: set[str] = set()
        self._moved = 0.0

    def say(self, line: str) -> None:
        """A line about what is going on."""
        # Whoever reads may be gone, or the disk of a log full: what was begun is brought to its end.
        with suppress(OutputClosed, OutputFailed):
            if self._as_json:
                screen.tell(line)
            else:
                screen.show(f"{line}\n")

    def progress(self, file: str, received: int, whole: int) -> None:
        """A file that is being downloaded: a line, and on a terminal how much of it is here, some times a second."""
        if file not in self._files:
            self._files.add(file)
            self.say(f"downloading {file} ({size(whole)})")
        if received >= whole:
            screen.moving("")
        elif time.monotonic() - self._moved > _MOVES_S:
            self._moved = time.monotonic()
            screen.moving(f"{100 * received // whole:3} % of {size(whole)}")

    def check(self) -> int:
        """All that is known; the exit code says whether there is another version."""
        seen = self._seen
        if self._as_json:
            self._json("check", seen.copy.version, pinned=seen.copy.pinned)
        else:
            screen.show(_table(seen))
        if seen.problem is not None and not seen.available:
            raise seen.problem
        return UpgradeThere.exit_code if seen.has_work else 0

    def would_run(self) -> int:
        """The commands alone."""
        seen = self._seen
        if self._as_json:
            self._json("dry-run", seen.copy.version, pinned=seen.copy.pinned)
        elif not seen.has_work:
            self.nothing_to_do()
        else:
            screen.show("".join(f"{line}\n" for line in _commands(seen)))
        return 0

    def nothing_to_do(self) -> int:
        """Why nothing is run."""
        seen = self._seen
        if self._as_json:
            self._json("upgrade", seen.copy.version, pinned=self._is_named)
        elif seen.state is State.AHEAD:
            screen.show(
                f"iterate {seen.copy.version} is newer than {seen.available}, which the {seen.stream} channel has\n"
            )
        else:
            stays = ", and stays until the next iterate upgrade" if self._is_named else ""
            screen.show(f"iterate {seen.copy.version} is {_what_is_wanted(seen)}{stays}\n")
        return 0

    def upgraded(self, done: upgrade.Done) -> int:
        """What the program on PATH is now."""
        if self._as_json:
            self._json("upgrade", done.version, pinned=self._is_named)
        else:
            screen.show(f"iterate {done.version} is installed (it was {self._seen.copy.version})\n")
        return 0

    def _json(self, action: str, version: str, *, pinned: bool) -> None:
        seen = self._seen
        facts = {
            "action": action,
            "state": seen.state.value,
            "installed": seen.copy.version,
            "available": seen.available or None,
            "wanted": seen.wanted.version or None,
            "version": version,
            "channel": seen.stream,
            "owner": seen.owner.value,
            "method": seen.copy.method.value,
            "package": seen.copy.package or None,
            "pinned": pinned,
            "program": str(seen.copy.program) if seen.copy.program else None,
            "commands": [list(step.words) for step in seen.way.all_steps] if seen.way and seen.has_work else [],
            "problem": seen.problem.name if seen.problem else None,
        }
        screen.show_json_line(json.dumps(facts, ensure_ascii=False))


def _what_is_wanted(seen: Outlook) -> str:
    return "here" if seen.wanted.is_named else f"what the {seen.stream} channel has"


def _commands(seen: Outlook) -> list[str]:
    if seen.way is None and seen.copy.method is not Method.SELF:
        return ["none"]
    if seen.way is None:
        return [f"download iterate {seen.wanted.version} and put it in place of {seen.copy.version}"]
    return [outlook.shown(seen.way._replace(steps=(step,), last=(), always=())) for step in seen.way.all_steps]


def _table(seen: Outlook) -> str:
    copy = seen.copy
    owner = f"{copy.label} (says --method; it is {seen.owner})" if seen.is_overridden else copy.label
    rows = {
        "installed": f"{copy.version} (asked for by name)" if copy.pinned else copy.version,
        "channel": seen.stream,
        "available": seen.available or "-",
        "owner": owner,
        "package": copy.package or "-",
        "program": str(copy.program or "-"),
        "wanted": seen.wanted.version if seen.has_work else "-",
        "command": " && ".join(_commands(seen)) if seen.has_work else "none",
        "problem": f"{seen.problem}" if seen.problem else "-",
    }
    shown = {name: value for name, value in rows.items() if value != "-" or name == "available"}
    width = max(map(len, shown))
    return "".join(f"{name:<{width}}  {value}\n" for name, value in shown.items())
