"""How one server per user is elected and announced, and how commands take turns to start and end it.

Two locks beside the discovery file:

- `server.lock` is held by the one server that takes new work. Its text says which process that is.
- `start.lock` is held by a command that starts or ends a server, so that twenty commands start one. It saves work and
  protects nothing: a command that is stopped while it holds the lock loses it.

This file starts, stops and asks no process.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from iterate import discovery, folders, locks, processes
from iterate.discovery import LIMIT_BYTES, POLL_S, Announcement, unusable
from iterate.errors import AlreadyRunning, ServerElsewhere, StateUnusable
from iterate.processes import Origin

# Windows renames and removes no file that a command is reading right now; commands read for milliseconds.
SHARING_S = 2.0


class Claim:
    """The right to be this user's server, until it is released or the process ends."""

    def __init__(self, state: Path, lock: int) -> None:
        self._state = state
        self._lock = lock
        self._file = -1
        self._text = b""
        # Another container's process may have the same id.
        self._left = state / f"{discovery.LEAVING}{os.getpid()}.{os.urandom(4).hex()}"

    def announce(self, announcement: Announcement) -> None:
        """Write the discovery file in one step, readable by this user alone; raises `StateUnusable`."""
        target = self._state / discovery.ANNOUNCED
        temporary = self._state / f"{discovery.ANNOUNCED}.{announcement.pid}"
        self._text = announcement.to_json()
        try:
            temporary.unlink(missing_ok=True)
            self._file = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            self._write()
            self._publish(temporary, target)
            discovery.unmark_stopped(self._state)
        except OSError as problem:
            raise unusable(target, problem) from problem
        finally:
            # Still there means that something failed, and it has the secret in it.
            with suppress(OSError):
                temporary.unlink(missing_ok=True)

    def _write(self) -> None:
        folders.make_file_private(self._file)
        if not folders.is_private(self._file):
            raise StateUnusable(f"{self._state} is on a file system that does not keep files private")
        written = 0
        while written < len(self._text):
            written += os.write(self._file, self._text[written:])

    def _publish(self, temporary: Path, target: Path) -> None:
        if sys.platform == "win32":
            # Windows renames no open file. Unlocked for a moment, it only looks as if not announced yet.
            os.close(self._file)
            self._file = -1
            _while_shared(lambda: temporary.replace(target))
            self._file = os.open(target, os.O_RDWR)
        if not _try_lock(self._file):
            raise StateUnusable(f"{target} is locked by another program")
        if sys.platform != "win32":
            temporary.replace(target)

    def is_intact(self) -> bool:
        """Whether the discovery file is still the one announced: the same file, bytes and permissions."""
        return _is_named(self._file, self._state / discovery.ANNOUNCED) and self._is_unchanged()

    def is_exposed(self) -> bool:
        """Whether others may have read the secret."""
        return self._file >= 0 and not folders.is_private(self._file)

    def _is_unchanged(self) -> bool:
        try:
            text = os.pread(self._file, LIMIT_BYTES, 0) if hasattr(os, "pread") else self._text
        except OSError:
            return False
        return folders.is_private(self._file) and text == self._text

    def withdraw(self) -> None:
        """Take the discovery file away if it is still ours, so that nobody finds this server any more.

        Under another name it stays until `close`, for the command that ends servers. Its lock stays as long.
        """
        if self._file >= 0 and self.is_intact():
            self._take_away()

    def close(self) -> None:
        """Leave nothing behind; raises nothing."""
        self.withdraw()
        self.release()
        with suppress(OSError):
            self._left.unlink(missing_ok=True)

    def release(self) -> None:
        """Let another server be elected, which may open the database at once."""
        if self._lock >= 0:
            # Nobody is to take the text of this server for that of the next one.
            with suppress(OSError):
                os.ftruncate(self._lock, 0)
            os.close(self._lock)
            self._lock = -1

    def _take_away(self) -> None:
        target = self._state / discovery.ANNOUNCED
        with suppress(OSError):
            if sys.platform != "win32":
                target.replace(self._left)
            else:
                self._empty(target)

    if sys.platform == "win32":

        def _empty(self, target: Path) -> None:
            # Windows renames no open file. Nobody believes an empty one, so it does no harm if it cannot be removed.
            os.ftruncate(self._file, 0)
            os.close(self._file)
            self._file = -1
            _while_shared(lambda: target.unlink(missing_ok=True))


def claim(state: Path, *, patience: float) -> Claim:
    """Become this user's server until it is withdrawn; raises `AlreadyRunning` when another one is.

    One that starts or ends right now holds the lock without being announced; it gets `patience` seconds. One that is
    known to run on another machine or in another network namespace is a `ServerElsewhere` at once.
    """
    discovery.prepare(state)
    # Made before: nobody can help a server that is stopped after it was elected and before it signed.
    signature = json.dumps({"pid": os.getpid(), **processes.here()._asdict()}).encode()
    lock = _open_lock(state / "server.lock")
    try:
        _wait_for_election(state, lock, time.monotonic() + patience)
        _sign(lock, signature)
        _sweep(state)
    except BaseException:
        os.close(lock)
        raise
    return Claim(state, lock)


def _wait_for_election(state: Path, lock: int, deadline: float) -> None:
    while not _try_lock(lock):
        holder = holder_of(state)
        if holder is not None and not processes.is_reachable(holder.origin):
            raise ServerElsewhere(
                f"the server runs elsewhere: {holder.origin.host or 'unknown host'}, pid {holder.pid}"
            )
        live = discovery.look(state)
        if live is not None or time.monotonic() > deadline:
            where = f"at {live.url} (pid {live.pid})" if live else "but does not say where"
            raise AlreadyRunning(f"a server is running {where}")
        time.sleep(POLL_S)


class Holder(NamedTuple):
    """The process that says in `server.lock` that it holds it."""

    pid: int
    origin: Origin


def holder_of(state: Path) -> Holder | None:
    """Who says to hold the election's lock, announced or not; None when nobody holds it or the text is none."""
    try:
        file = os.open(state / "server.lock", os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return None
    try:
        fields = (
            discovery.fields_of(os.read(file, LIMIT_BYTES))
            if folders.is_private(file) and discovery.is_locked(file)
            else {}
        )
    finally:
        os.close(file)
    match fields.get("pid"):
        case int(pid):
            return Holder(pid=pid, origin=discovery.origin_of(fields))
        case _:
            return None


def _sign(lock: int, signature: bytes) -> None:
    # Help for those who wait, and no more: a full disk keeps nobody from being the server.
    with suppress(OSError):
        os.ftruncate(lock, 0)
        os.write(lock, signature)


def _sweep(state: Path) -> None:
    """Remove what servers and commands left that were killed in the middle of a step."""
    for pattern in (f"{discovery.ANNOUNCED}.*", "start.lock.*", f"{discovery.LEAVING}*"):
        for path in state.glob(pattern):
            with suppress(OSError), discovery.watch(state, path.name) as announced:
                if announced is None:
                    path.unlink()


@contextmanager
def starting(state: Path, *, patience: float, is_settled: Callable[[], bool]) -> Iterator[None]:
    """Be the only command that starts or ends the server; others go first for `patience` seconds at most.

    Waiting ends early when `is_settled`. A command that is stopped while it holds the lock loses it.
    """
    discovery.prepare(state)
    path = state / "start.lock"
    file = _open_lock(path)
    deadline = time.monotonic() + patience
    try:
        while not (_try_lock(file) and _is_named(file, path)):
            if is_settled():
                break
            if time.monotonic() > deadline:
                os.close(file)
                file = _take_over(path)
                break
            time.sleep(POLL_S)
            if not _is_named(file, path):
                os.close(file)
                file = _open_lock(path)
        yield
    finally:
        os.close(file)


def _take_over(path: Path) -> int:
    """A new lock in the place of one whose holder does not move on; the old one then protects nothing."""
    fresh = path.with_name(f"{path.name}.{os.urandom(4).hex()}")
    file = _open_lock(fresh)
    _try_lock(file)
    # Windows replaces no open file. There all who are out of patience go on side by side.
    with suppress(OSError):
        fresh.replace(path)
    return file


def _while_shared(act: Callable[[], object]) -> None:
    """Do something to a file that commands on Windows may have open for a moment; raises `PermissionError`."""
    attempts = round(SHARING_S / POLL_S) if sys.platform == "win32" else 1
    for attempt in range(1, attempts + 1):
        try:
            act()
        except PermissionError:
            if attempt == attempts:
                raise
            time.sleep(POLL_S)
        else:
            return


def _open_lock(path: Path) -> int:
    """Open the file of a lock, made when it is missing; raises `StateUnusable`."""
    file = -1
    try:
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        file = os.open(path, flags, 0o600)
        folders.make_file_private(file)
    except OSError as problem:
        if file >= 0:
            os.close(file)
        raise unusable(path, problem) from problem
    return file


def _try_lock(file: int) -> bool:
    try:
        return locks.try_lock(file)
    except OSError as problem:
        raise discovery.without_locks(problem) from problem


def _is_named(file: int, path: Path) -> bool:
    """Whether the open file is still the one of this name."""
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except OSError:
        return False
