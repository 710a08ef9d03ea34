"""What is typed and not sent yet, kept so that it outlives the program, however that ends.

Each program has a file of its own and holds a lock as long as it lives, which the kernel drops when it is killed: a
draft that nobody holds is of a program that is gone.
"""

import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from iterate import locks
from iterate.terminal.history import name_of

# Seconds from a key until what it changed is kept.
LATEST_S = 0.8
OLDEST_S = 30 * 24 * 3600.0
_PRIVATE = 0o600
_FLAGS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_FOLDER = "drafts"


class Draft:
    """What this program keeps."""

    def __init__(self, state: Path, directory: str) -> None:
        self._folder = state / _FOLDER
        self._name = f"{name_of(directory)}.{os.urandom(8).hex()}"
        self._lock = -1
        self._kept: tuple[str, ...] = ()

    def keep(self, texts: Sequence[str], session: str = "") -> None:
        """Keep these in the place of the last ones; a disk that is full is no reason to stop typing."""
        found = tuple(each for each in texts if each.strip())
        if found == self._kept:
            return
        if not found:
            self._kept = found
            self._remove()
            return
        with suppress(OSError):
            if self._lock < 0:
                self._open()
            fresh = self._file(".json.new")
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _FLAGS, _PRIVATE)
            with os.fdopen(descriptor, "w", encoding="utf-8") as output:
                json.dump({"session": session, "texts": found}, output)
            fresh.replace(self._file(".json"))
            # What was not kept is tried again, also where nothing is changed.
            self._kept = found

    def close(self) -> None:
        """The program ends: what is kept is for whoever begins next."""
        if self._lock >= 0:
            if not self._kept:
                self._remove()
                with suppress(OSError):
                    self._file(".lock").unlink()
            os.close(self._lock)
            self._lock = -1

    def _open(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._file(".lock"), os.O_RDWR | os.O_CREAT | _FLAGS, _PRIVATE)
        with suppress(OSError):  # Where there are no locks, it looks like a draft of nobody.
            locks.try_lock(descriptor)
        self._lock = descriptor

    def _remove(self) -> None:
        with suppress(OSError):
            self._file(".json").unlink()

    def _file(self, end: str) -> Path:
        return self._folder / f"{self._name}{end}"


class Left:
    """The texts of one draft; `is_kept` says that they are elsewhere by now, and is false where nothing could be."""

    def __init__(self, texts: tuple[str, ...]) -> None:
        self.texts = texts
        self.is_kept = True


def left(state: Path, directory: str) -> Iterator[Left]:
    """The texts that programs which are gone had not sent in this folder, the oldest first.

    A draft is removed when the next one is asked for, unless it is not kept elsewhere by then.
    """
    folder = state / _FOLDER
    mine = name_of(directory)
    for file in sorted(_files(folder, mine), key=_time):
        lock = file.with_suffix(".lock")
        try:
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | _FLAGS, _PRIVATE)
        except OSError:
            continue
        try:
            if locks.try_lock(descriptor):
                found = Left(_texts(file))
                if found.texts:
                    yield found
                for each in (file, lock) if found.is_kept else ():
                    with suppress(OSError):
                        each.unlink()
        except OSError:
            continue
        finally:
            os.close(descriptor)


def _files(folder: Path, name: str) -> list[Path]:
    """Drafts of one folder; what is older than anybody remembers goes."""
    found: list[Path] = []
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if entry.name.startswith(name)]
    except OSError:
        return found
    for each in names:
        file = folder / each
        if time.time() - _time(file) > OLDEST_S:
            # Also locks, and what was written in part, of programs that were killed.
            with suppress(OSError):
                file.unlink()
        elif each.endswith(".json"):
            found.append(file)
    return found


def _time(file: Path) -> float:
    with suppress(OSError):
        return file.stat().st_mtime
    return 0.0


def _texts(file: Path) -> tuple[str, ...]:
    try:
        said = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return ()
    match said:
        case {"texts": list(texts)}:
            return tuple(str(each) for each in texts if str(each).strip())
        case _:
            return ()
