"""Writes a file of settings: all of it or nothing, where a link leads, with the rights that it had."""

import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from iterate import locks
from iterate.config import toml
from iterate.errors import ConfigInvalid, ConfigUnwritable

# How often a change is made again because somebody else changed the file meanwhile.
ATTEMPTS = 5
# How long another one of us may take to change a file.
PATIENCE_S = 10.0


def change(file: Path, edit: Callable[[str], str], *, is_private: bool) -> bool:
    """Change what the file says; whether that made a difference. A missing file is an empty one.

    A new file of the person's is for this user alone: `is_private`. Raises `ConfigInvalid` where it cannot be read, and
    `ConfigUnwritable`.
    """
    folder = file.resolve().parent
    with suppress(OSError):
        # What goes wrong is told by `write`.
        folder.mkdir(mode=0o700 if is_private else 0o777, parents=True, exist_ok=True)
    with _alone(folder):
        for _ in range(ATTEMPTS):
            before = _text(file)
            after = edit(before)
            if after == before:
                return False
            if write(file, after, is_private=is_private, before=before):
                return True
    raise ConfigUnwritable(f"{file} is being changed by another program")


def write(file: Path, text: str, *, is_private: bool, before: str | None = None) -> bool:
    """Write the file, unless it says something else than `before`; whether it was written.

    Raises `ConfigUnwritable`.
    """
    try:
        real = file.resolve()
        real.parent.mkdir(mode=0o700 if is_private else 0o777, parents=True, exist_ok=True)
        if before is not None and _text(real) != before:
            return False
        _replace(real, text.encode(), 0o600 if is_private else 0o666)
    except (OSError, ValueError) as problem:
        raise ConfigUnwritable(
            f"{file} cannot be written: {getattr(problem, 'strerror', None) or problem}"
        ) from problem
    return True


def edit(file: Path, change: Callable[[bytes | None], bytes | None], *, is_private: bool) -> None:
    """Change a file of any text; None is one that is not there. Raises `ConfigUnwritable`."""
    try:
        real = file.resolve()
        real.parent.mkdir(mode=0o700 if is_private else 0o777, parents=True, exist_ok=True)
        with _alone(real.parent):
            for _ in range(ATTEMPTS):
                before = _bytes(real)
                after = change(before)
                if _bytes(real) != before:
                    continue  # Somebody else wrote meanwhile.
                if after is None:
                    real.unlink(missing_ok=True)
                elif after != before:
                    _replace(real, after, 0o600 if is_private else 0o666)
                return
    except (OSError, ConfigInvalid) as problem:
        why = getattr(problem, "strerror", None) or problem
        raise ConfigUnwritable(f"{file} cannot be written: {why}", "") from problem
    raise ConfigUnwritable(f"{file} is being changed by another program", "")


def _bytes(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep others of us out while a file in that folder is changed; the lock is the folder's, so nothing is left.

    Windows locks no folders; there the last of two that write in the same moment wins.
    """
    if sys.platform == "win32" or not folder.is_dir():
        yield
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        deadline = time.monotonic() + PATIENCE_S
        # Some file systems have no locks.
        with suppress(OSError):
            while not locks.try_lock(opened) and time.monotonic() < deadline:
                time.sleep(0.01)
        yield
    finally:
        os.close(opened)


def _text(file: Path) -> str:
    text = toml.text(file, keeps_mark=True)
    if text is not None:
        toml.parse(text.removeprefix("\ufeff"), file)
    return text or ""


def _replace(real: Path, content: bytes, mode: int) -> None:
    had = real.stat() if real.exists() else None
    if had is not None and not stat.S_ISREG(had.st_mode):
        raise ConfigInvalid(f"{real} is no file")
    if had is not None and had.st_nlink > 1:
        # Another name of the same file, as some keep their dotfiles: a new file would part the two.
        with real.open("r+b") as file:
            file.write(content)
            file.truncate()
        return
    new = real.with_name(f".{real.name}.{os.getpid()}.new")
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if had is not None:
            _keep(new, had)
        new.replace(real)
    except BaseException:
        with suppress(OSError):
            new.unlink()
        raise


def _keep(new: Path, had: os.stat_result) -> None:
    """Give the new file the rights and the owner of the old one."""
    with suppress(OSError):
        if hasattr(os, "chown") and (had.st_uid, had.st_gid) != (new.stat().st_uid, new.stat().st_gid):
            os.chown(new, had.st_uid, had.st_gid)
    new.chmod(stat.S_IMODE(had.st_mode))
