"""Locks on open files."""

import os
from pathlib import Path

from iterate import locks


def opened(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def test_a_lock_is_held_once_and_free_again_when_the_file_is_closed(tmp_path: Path) -> None:
    ours, theirs = opened(tmp_path / "lock"), opened(tmp_path / "lock")
    assert not locks.is_locked(theirs)
    assert locks.try_lock(ours)
    assert locks.is_locked(theirs)
    assert not locks.try_lock(theirs)
    os.close(ours)
    assert not locks.is_locked(theirs)
    assert locks.try_lock(theirs)
    os.close(theirs)


def test_looking_at_a_lock_does_not_take_it(tmp_path: Path) -> None:
    ours, theirs = opened(tmp_path / "lock"), opened(tmp_path / "lock")
    assert not locks.is_locked(ours)
    assert locks.try_lock(theirs)
    os.close(ours)
    os.close(theirs)
