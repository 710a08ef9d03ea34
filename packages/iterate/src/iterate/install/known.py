"""What is remembered of a signed site between two looks at it: its roots, its counters, and the latest time seen.

One file a site, written in one step, so that the counters never stand beside the root of another moment.
"""

import hashlib
import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec

from iterate import folders, locks
from iterate.errors import StateUnusable
from iterate.waiting import Wait, quietly

SCHEMA = 1
# As much as a root, a snapshot, some roles and documents; a longer file is not ours.
_LIMIT_BYTES = 1 << 25
_LOCK_S = 5.0


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of a site. Files are kept as they came, so that their signatures can be looked at again."""

    schema: int = SCHEMA
    # SHA-256 of each root that was ever trusted, the oldest first, and the newest of them.
    digests: tuple[str, ...] = ()
    root: str = ""
    timestamp: str = ""
    snapshot: str = ""
    # Roles by their names, documents by their paths: kept so that they need not be got again.
    roles: dict[str, str] = {}
    documents: dict[str, str] = {}
    # The counters of timestamp and root, to tell which of two writers knows more.
    counters: tuple[int, int] = (0, 0)
    seen: Annotated[datetime, msgspec.Meta(tz=True)] = datetime.fromtimestamp(0, UTC)


def file_of(folder: Path, site: str) -> Path:
    """The file in which the site at that address is remembered."""
    return folder / f"{hashlib.sha256(site.encode()).hexdigest()[:32]}.json"


def recall(file: Path) -> Known:
    """What is known; nothing when there is no such file, or it is damaged. Raises `StateUnusable`."""
    try:
        known = msgspec.json.decode(folders.read(file, _LIMIT_BYTES), type=Known)
        known.seen.astimezone(UTC)
    except FileNotFoundError:
        return Known()
    except OSError as problem:
        raise StateUnusable(f"{file}: {problem.strerror}") from problem
    except (msgspec.DecodeError, ValueError, OverflowError, RecursionError):
        return Known()
    return known if known.schema == SCHEMA else Known()


def remember(file: Path, known: Known) -> None:
    """Write what is known now, unless another process learned more meanwhile.

    Raises `HomeForeign` and `StateUnusable`.
    """
    folder = file.parent
    folders.refuse_foreign(folder, folder)
    try:
        folders.make_private(folder)
        lock = folders.open_private(file.with_suffix(".lock"))
        try:
            _wait_for(lock)
            now = recall(file)
            # Of another chain of roots is what an installation left that is not there any more.
            is_ahead = now.counters > known.counters and not set(now.digests).isdisjoint(known.digests)
            if not is_ahead:
                _write(file, msgspec.json.encode(known))
        finally:
            os.close(lock)
    except OSError as problem:
        raise StateUnusable(f"{folder}: {problem.strerror}") from problem


def _wait_for(lock: int) -> None:
    """Take the lock. Who holds it for longer than it takes to write a file is stopped, and not waited for."""
    wait = Wait(_LOCK_S, quietly, "")
    while not locks.try_lock(lock) and wait.goes_on():
        pass


def _write(file: Path, content: bytes) -> None:
    new = file.with_suffix(f".{os.getpid()}.new")
    try:
        with os.fdopen(folders.open_private(new, os.O_TRUNC), "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        new.replace(file)
    except BaseException:
        with suppress(OSError):
            new.unlink()
        raise
