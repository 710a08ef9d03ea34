"""The discovery file and the locks: how one server per user is elected, announced and recognised as alive.

Three files in the state folder:

- `server.lock` is held exclusively by the one server, for its whole life. Only servers touch it.
- `server.json` says where it listens, and its secret. The server locks the file itself before it gets that
  name, and keeps it locked. So whoever opens the file and finds it locked knows that the writer of exactly
  these bytes is alive: no reused process id, no left-over file, no port that another program took can be
  mistaken for the server.
- `start.lock` is held by the one client that starts a server, so that twenty commands start one.

The kernel drops locks when a process ends, however it ends. This file starts, stops and asks no process.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from iterate import locks
from iterate.errors import AlreadyRunning, StartTimedOut, StateUnusable

POLL_S = 0.02


class Announcement(NamedTuple):
    """What a live server says of itself; `secret` is what every request but health must carry."""

    url: str
    pid: int
    version: str
    secret: str


class Announced(NamedTuple):
    """A live server: what it announced, and the open file whose lock shows when it ends."""

    announcement: Announcement
    file: int

    def ended(self) -> bool:
        """Whether the server's process is gone."""
        return not _is_locked(self.file)


def prepare(state: Path) -> None:
    """Make the state folder, for this user alone; raises `StateUnusable`."""
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        if state.stat().st_mode & 0o077:
            state.chmod(0o700)
    except OSError as problem:
        raise _unusable(state, problem) from problem


def look(state: Path) -> Announcement | None:
    """The live server's announcement; None when no server lives, or none that may be trusted.

    A file that others can read is not trusted: the server that wrote it notices and ends by itself.
    """
    announced = _open_live(state)
    if announced is None:
        return None
    os.close(announced.file)
    return announced.announcement


@contextmanager
def watch(state: Path) -> Iterator[Announced | None]:
    """As `look`, and keeps the file open, to see the moment when that very server ends."""
    announced = _open_live(state)
    try:
        yield announced
    finally:
        if announced is not None:
            os.close(announced.file)


def _open_live(state: Path) -> Announced | None:
    try:
        file = os.open(state / "server.json", os.O_RDONLY)
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise _unusable(state / "server.json", problem) from problem
    announcement = _parse(os.read(file, 65536)) if _is_private(file) and _is_locked(file) else None
    if announcement is None:
        os.close(file)
        return None
    return Announced(announcement=announcement, file=file)


def _parse(text: bytes) -> Announcement | None:
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict) or set(fields) != set(Announcement._fields):
        return None
    match fields:
        case {"url": str(url), "pid": int(pid), "version": str(version), "secret": str(secret)}:
            return Announcement(url=url, pid=pid, version=version, secret=secret)
        case _:
            return None


class Claim:
    """The right to be this user's server; `announce` and `withdraw` write and remove the discovery file."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._file = -1
        self._text = b""

    def announce(self, announcement: Announcement) -> None:
        """Write the discovery file in one step, readable by this user alone; raises `StateUnusable`."""
        target = self._state / "server.json"
        temporary = self._state / f"server.json.{announcement.pid}"
        self._text = json.dumps(announcement._asdict()).encode()
        try:
            temporary.unlink(missing_ok=True)
            self._file = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            if not _is_private(self._file):
                temporary.unlink()
                raise StateUnusable(f"{self._state} is on a file system that does not keep files private")
            os.write(self._file, self._text)
            self._publish(temporary, target)
        except OSError as problem:
            raise _unusable(target, problem) from problem

    def _publish(self, temporary: Path, target: Path) -> None:
        if sys.platform == "win32":
            # Windows renames no open file. Unlocked for a moment, it only looks as if not announced yet.
            os.close(self._file)
            temporary.replace(target)
            self._file = os.open(target, os.O_RDWR)
            _try_lock(self._file)
        else:
            _try_lock(self._file)
            temporary.replace(target)

    def is_intact(self) -> bool:
        """Whether the discovery file is still the one announced: the same file, bytes and permissions."""
        try:
            named = (self._state / "server.json").stat()
            mine = os.fstat(self._file)
            text = os.pread(self._file, 65536, 0) if hasattr(os, "pread") else self._text
        except OSError:
            return False
        return os.path.samestat(named, mine) and _is_private(self._file) and text == self._text

    def withdraw(self) -> None:
        """Remove the discovery file if it is still ours.

        The locks stay until the process ends, so that no other server is elected before this one is gone.
        """
        if self._file >= 0 and self.is_intact():
            if sys.platform == "win32":
                os.close(self._file)
                self._file = -1
            (self._state / "server.json").unlink(missing_ok=True)


def claim(state: Path, *, patience: float) -> Claim:
    """Become this user's server until the process ends; raises `AlreadyRunning` when another one is.

    One that starts or ends right now holds the lock without being announced; it gets `patience` seconds.
    """
    prepare(state)
    lock = _open_lock(state / "server.lock")
    deadline = time.monotonic() + patience
    while not _try_lock(lock):
        live = look(state)
        if live is not None or time.monotonic() > deadline:
            os.close(lock)
            where = f"at {live.url} (pid {live.pid})" if live else "but does not say where"
            raise AlreadyRunning(f"a server is running {where}")
        time.sleep(POLL_S)
    return Claim(state)


@contextmanager
def starting(state: Path, *, patience: float) -> Iterator[None]:
    """Be the only client that starts or ends the server; raises `StartTimedOut` after `patience` seconds."""
    prepare(state)
    lock = _open_lock(state / "start.lock")
    deadline = time.monotonic() + patience
    try:
        while not _try_lock(lock):
            if time.monotonic() > deadline:
                raise StartTimedOut(f"another command has been starting the server for {patience:g} s")
            time.sleep(POLL_S)
        yield
    finally:
        os.close(lock)


def _open_lock(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as problem:
        raise _unusable(path, problem) from problem


def _is_private(file: int) -> bool:
    if sys.platform == "win32":
        return True  # The folder is inside the user's profile, which Windows keeps from others.
    status = os.fstat(file)
    return status.st_uid == os.geteuid() and not status.st_mode & 0o077


def _try_lock(file: int) -> bool:
    """As `locks.try_lock`; raises `StateUnusable` where there are no locks."""
    try:
        return locks.try_lock(file)
    except OSError as problem:
        raise StateUnusable(f"the state folder is on a file system without locks: {problem.strerror}") from problem


def _is_locked(file: int) -> bool:
    """As `locks.is_locked`; raises `StateUnusable` where there are no locks."""
    try:
        return locks.is_locked(file)
    except OSError as problem:
        raise StateUnusable(f"the state folder is on a file system without locks: {problem.strerror}") from problem


def _unusable(path: Path, problem: OSError) -> StateUnusable:
    return StateUnusable(f"{path}: {problem.strerror or problem}")
