"""The discovery file, as commands read it: where the live server of this user listens, and its secret.

The server locks `server.json` itself before it gets that name, and keeps it locked until its process ends. So whoever
opens the file and finds it locked knows that the writer of exactly these bytes is alive: no reused process id, no
left-over file, no port that another program took can be mistaken for the server. Who writes it is in `election.py`.
"""

import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from iterate import folders, locks, processes
from iterate.errors import StateUnusable
from iterate.processes import Origin

# The version of the requests and answers between client and server. The routes /global/health, /global/stop and
# /global/handover are the same in all of them, so that any two versions can make room for each other.
PROTOCOL = 2
# What this program can speak as a client.
SPOKEN = frozenset({PROTOCOL})

LIMIT_BYTES = 1 << 16
ANNOUNCED = "server.json"
# What the file is called, with a process id behind, when its server takes no new work and finishes its answers.
LEAVING = "leaving."
# There from the moment that a person ends the server until one is announced again: nobody starts one by itself.
STOPPED = "server.stopped"
POLL_S = 0.02
_URL = re.compile(r"http://(\[[^\]/]+\]|[^/:\[\]]+):\d{1,5}")


class Announcement(NamedTuple):
    """What a live server says of itself; `secret` is what every request but health must carry."""

    url: str
    pid: int
    version: str
    secret: str
    protocol: int = PROTOCOL
    origin: Origin = Origin()

    @property
    def place(self) -> str:
        """Which process on which machine it is, for messages."""
        return f"pid {self.pid} on {self.origin.host or 'an unknown host'}"

    def to_json(self) -> bytes:
        """The text of the discovery file: one flat object."""
        fields = self._asdict()
        fields.pop("origin")
        return json.dumps(fields | self.origin._asdict()).encode()


class Announced(NamedTuple):
    """A live server: what it announced, and the open file whose lock shows when it ends."""

    announcement: Announcement
    file: int

    def ended(self) -> bool:
        """Whether the server's process is gone."""
        if is_locked(self.file):
            return False
        if sys.platform == "win32":
            # There the file is closed, and its lock lost, before the process ends.
            return not processes.is_proven(self.announcement.pid, self.announcement.origin)
        return True


def prepare(state: Path) -> None:
    """Make the state folder, for this user alone; raises `StateUnusable`."""
    try:
        folders.make_private(state)
    except OSError as problem:
        raise unusable(state, problem) from problem


def look(state: Path) -> Announcement | None:
    """The live server's announcement; None when no server lives, or none that may be trusted.

    A file that others can read is not trusted: the server that wrote it notices and ends by itself.
    """
    with watch(state) as announced:
        return None if announced is None else announced.announcement


def mark_stopped(state: Path) -> None:
    """Say that the server ends because a person wants so; raises `StateUnusable`."""
    try:
        os.close(folders.open_private(state / STOPPED, 0))
        os.utime(state / STOPPED)
    except OSError as problem:
        raise unusable(state / STOPPED, problem) from problem


def stopped_at(state: Path) -> float:
    """When a person ended the server, in seconds since 1970; 0 where one was announced since, or none ended."""
    try:
        return (state / STOPPED).lstat().st_mtime
    except OSError:
        return 0.0


def unmark_stopped(state: Path) -> None:
    """There is a server again, or it did not end."""
    with suppress(OSError):
        (state / STOPPED).unlink(missing_ok=True)


def leaving(state: Path) -> list[str]:
    """The names of the files of servers that may still be finishing their answers; see `watch`."""
    return sorted(path.name for path in state.glob(f"{LEAVING}*"))


@contextmanager
def watch(state: Path, name: str = ANNOUNCED) -> Iterator[Announced | None]:
    """As `look`, and keeps the file open, to see the moment when that very server ends."""
    file = _open(state / name)
    try:
        announcement = _read(file) if file >= 0 else None
        yield None if announcement is None else Announced(announcement=announcement, file=file)
    finally:
        if file >= 0:
            os.close(file)


def _open(path: Path) -> int:
    """The open discovery file, -1 when there is none or it can be none; raises `StateUnusable`."""
    # A pipe of that name is opened without waiting for its other end, and a symbolic link is not followed.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
    try:
        return os.open(path, flags)
    except FileNotFoundError:
        return -1
    except OSError as problem:
        # A link, a socket, another user's file: none of ours, and a server replaces it. But the folder must do.
        with suppress(OSError):
            path.lstat()
            return -1
        raise unusable(path, problem) from problem


def _read(file: int) -> Announcement | None:
    is_trusted = folders.is_private(file) and os.fstat(file).st_size <= LIMIT_BYTES and is_locked(file)
    return _parse(os.read(file, LIMIT_BYTES)) if is_trusted else None


def _parse(text: bytes) -> Announcement | None:
    """The announcement; fields of a newer server are passed over, and those that an older one lacks are empty."""
    fields = fields_of(text)
    match {"protocol": 1} | fields:
        case {
            "url": str(url),
            "pid": int(pid),
            "version": str(version),
            "secret": str(secret),
            "protocol": int(protocol),
        } if _URL.fullmatch(url):
            return Announcement(url, pid, version, secret, protocol, origin_of(fields))
        case _:
            return None


def fields_of(text: bytes) -> dict[str, object]:
    """The JSON object that the text is; empty when it is none."""
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) else {}


def origin_of(fields: dict[str, object]) -> Origin:
    """What of these fields says where a process runs."""
    values = {name: fields.get(name) for name in Origin._fields}
    return Origin(**{name: value for name, value in values.items() if isinstance(value, str)})


def is_locked(file: int) -> bool:
    """As `locks.is_locked`; raises `StateUnusable` where there are no locks."""
    try:
        return locks.is_locked(file)
    except OSError as problem:
        raise without_locks(problem) from problem


def without_locks(problem: OSError) -> StateUnusable:
    """The failure for a state folder that knows no locks."""
    return StateUnusable(f"the state folder is on a file system without locks: {problem.strerror}")


def unusable(path: Path, problem: OSError) -> StateUnusable:
    """The failure for what the system did not let us do to a file of the state folder."""
    return StateUnusable(f"{path}: {problem.strerror or problem}")
