"""Who may write a database: one server at a time, and a retired one only for the answers that it still finishes.

Beside `iterate.db` lie two kinds of lock files. `iterate.db.lock` is held by the server that owns the database, from
its first use to its end, or until it retires. `owners/TOKEN` is held by each server as long as it lives; the token is
written down with every answer that runs, so that the next owner can tell an answer that a living process is still
giving from one that was cut off.
"""

import contextlib
import os
import time
from pathlib import Path

from iterate import locks
from iterate.errors import StoreTaken, StoreUnusable
from iterate.folders import make_file_private, make_private

POLL_S = 0.02


class Ownership:
    """What one server holds of a database at `path`."""

    def __init__(self, path: Path) -> None:
        self._lock_path = path.with_name(f"{path.name}.lock")
        self._owners = path.with_name("owners")
        self._lock = -1
        self._own = -1
        self._is_retired = False
        self.token = os.urandom(8).hex()

    def take(self, patience: float) -> None:
        """Become the owner, or make sure of it; raises `StoreTaken` when another server is, `StoreUnusable`.

        A lock file that was removed meanwhile protects nothing any more, so it is made and taken anew.
        """
        deadline = time.monotonic() + patience
        try:
            if self._is_retired:
                raise StoreTaken(f"{self._lock_path} was handed over to the next server")
            self._drop_if_removed()
            if self._lock < 0:
                self._lock = self._taken(deadline)
            self._hold_token()
        except OSError as problem:
            raise StoreUnusable(f"{self._lock_path}: {problem.strerror or problem}") from problem

    def is_alive(self, token: str) -> bool:
        """Whether the server of that token lives. It is not ours to ask about our own."""
        try:
            file = os.open(self._owners / token, os.O_RDWR)
        except OSError:
            return False
        try:
            return locks.is_locked(file)
        except OSError:
            return False
        finally:
            os.close(file)

    def forget(self, token: str) -> None:
        """Remove what a server that is gone has left behind."""
        with contextlib.suppress(OSError):
            (self._owners / token).unlink()

    def retire(self) -> None:
        """Let the next server own the database; what we still write are the ends of our own answers."""
        self._is_retired = True
        self._lock = _closed(self._lock)

    def close(self) -> None:
        """Release both locks."""
        self._lock = _closed(self._lock)
        if self._own >= 0:
            self._own = _closed(self._own)
            self.forget(self.token)

    def _taken(self, deadline: float) -> int:
        make_private(self._lock_path.parent)
        file = os.open(self._lock_path, os.O_RDWR | os.O_CREAT, 0o600)
        is_ours = False
        try:
            make_file_private(file)
            while not (is_ours := locks.try_lock(file)) and time.monotonic() <= deadline:
                time.sleep(POLL_S)
        finally:
            if not is_ours:
                os.close(file)
        if not is_ours:
            raise StoreTaken(f"{self._lock_path}: another server of this user has this database open")
        return file

    def _hold_token(self) -> None:
        if self._own >= 0 and _is_named(self._own, self._owners / self.token):
            return
        self._own = _closed(self._own)
        make_private(self._owners)
        self._own = os.open(self._owners / self.token, os.O_RDWR | os.O_CREAT, 0o600)
        locks.try_lock(self._own)

    def _drop_if_removed(self) -> None:
        if self._lock >= 0 and not _is_named(self._lock, self._lock_path):
            self._lock = _closed(self._lock)


def _is_named(file: int, path: Path) -> bool:
    """Whether the open file is still the one of that path."""
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except OSError:
        return False


def _closed(file: int) -> int:
    if file >= 0:
        os.close(file)
    return -1
