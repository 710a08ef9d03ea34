"""Who may write a database: one server at a time, and a retired one only for the answers that it still finishes.

Beside `iterate.db` lie two kinds of lock files. `iterate.db.lock` is held by the server that owns the database, from
its first use to its end, or until it retires. `owners/TOKEN` is held by each server as long as it lives; the token is
written down with every answer that runs, so that the next owner can tell an answer that a living process is still
giving from one that was cut off. Where `iterate.db` is a link they lie beside the file that it leads to, because two
links to one database are one database.
"""

import contextlib
import os
import time
from pathlib import Path

from iterate import locks
from iterate.errors import StoreTaken, StoreUnusable
from iterate.folders import make_private, open_private

POLL_S = 0.02


class Ownership:
    """What one server holds of a database at `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = -1
        self._own = -1
        self._is_retired = False
        self.token = os.urandom(8).hex()

    @property
    def _lock_path(self) -> Path:
        real = self._real()
        return real.with_name(f"{real.name}.lock")

    @property
    def _owners(self) -> Path:
        return self._real().with_name("owners")

    def _real(self) -> Path:
        # Looked up each time: a link may be led elsewhere while a server runs.
        return Path(os.path.realpath(self._path))

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
        """Whether the server of that token lives. It is not ours to ask about our own.

        One whose file is there and cannot be asked, for want of files or of rights, is not taken for dead: its answers
        would be ended.
        """
        try:
            file = os.open(self._owners / token, os.O_RDWR)
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError:
            return True
        try:
            return locks.is_locked(file)
        except OSError:
            return True
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
        make_private(self._path.parent)
        file = open_private(self._lock_path)
        is_ours = False
        try:
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
        self._own = open_private(self._owners / self.token)
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
