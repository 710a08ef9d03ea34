"""The files in which changes are remembered: one while a change is being made, another once it is complete."""

import os
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from iterate.errors import UndoUnusable
from iterate.undo.states import State

_LENGTH = struct.Struct("<I")


class Head(Struct, frozen=True, kw_only=True, tag="head"):
    """Who made a change, when and where; `undoes` are the changes that it takes back."""

    id: str
    session: str
    call: str
    root: bytes
    at_ms: int
    undoes: tuple[str, ...] = ()


class Entry(Struct, frozen=True, kw_only=True, tag="entry"):
    """One path, relative to the root or absolute, and what was there; `is_tree`: what appears below it counts too."""

    path: bytes
    before: State
    is_tree: bool = False


class Aim(Struct, frozen=True, kw_only=True, tag="aim"):
    """What is to be at a path once the change is complete, which is known of changes that take others back."""

    path: bytes
    target: State


class Closed(Struct, frozen=True, kw_only=True):
    """A complete change: for each path what was there before and after it."""

    head: Head
    states: dict[bytes, tuple[State, State]]


class Open(Struct, frozen=True, kw_only=True):
    """A change that was not completed."""

    head: Head
    entries: tuple[Entry, ...]
    aims: tuple[Aim, ...]


_record: msgspec.msgpack.Decoder[Head | Entry | Aim] = msgspec.msgpack.Decoder(Head | Entry | Aim)
_closed: msgspec.msgpack.Decoder[Closed] = msgspec.msgpack.Decoder(Closed)


class Records:
    """The folder of changes; they are ordered by their ids, which begin with the time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._openings = folder / "open"

    def add(self, name: str, *records: Head | Entry | Aim) -> None:
        """Append to the file of an open change; raises `OSError`."""
        self._openings.mkdir(mode=0o700, parents=True, exist_ok=True)
        pieces = [msgspec.msgpack.encode(each) for each in records]
        handle = os.open(
            self._openings / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o600
        )
        try:
            data = b"".join(_LENGTH.pack(len(piece)) + piece for piece in pieces)
            while data:
                data = data[os.write(handle, data) :]
        finally:
            os.close(handle)

    def close(self, change: Closed) -> None:
        """Put a complete change in the place of the open one; raises `OSError`."""
        name = change.head.id
        new = self._folder / f".{name}"
        try:
            handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
            with open(handle, "wb") as file:  # noqa: PTH123
                file.write(msgspec.msgpack.encode(change))
            new.replace(self._folder / name)
        finally:
            new.unlink(missing_ok=True)
        self.forget(name)

    def forget(self, name: str) -> None:
        """There is no such open change any more."""
        with suppress(OSError):
            (self._openings / name).unlink()

    def remove(self, name: str) -> None:
        """Remove a complete change."""
        with suppress(OSError):
            (self._folder / name).unlink()

    def names(self) -> list[str]:
        """The ids of all complete changes, the oldest first."""
        return sorted(each.name for each in self._files(self._folder))

    def newest(self) -> int:
        """The number that the newest of all ids begins with; 0 where there is none."""
        names = [each.name for folder in (self._folder, self._openings) for each in self._files(folder)]
        return max((int(digits) for name in names if (digits := name.partition("-")[0]).isdecimal()), default=0)

    def openings(self) -> Iterator[Open]:
        """The changes that were not completed; a half-written last record is left out."""
        for path in self._files(self._openings):
            records = list(_read(path))
            heads = [each for each in records if isinstance(each, Head)]
            if not heads:
                self.forget(path.name)
                continue
            entries = tuple(each for each in records if isinstance(each, Entry))
            yield Open(head=heads[0], entries=entries, aims=tuple(each for each in records if isinstance(each, Aim)))

    def load(self, name: str) -> Closed | None:
        """A complete change; None when there is none of that id, or it cannot be read."""
        if "/" in name or os.sep in name or "\0" in name or name.startswith("."):
            return None
        try:
            return _closed.decode((self._folder / name).read_bytes())
        except (FileNotFoundError, IsADirectoryError, msgspec.DecodeError):
            return None
        except OSError as problem:
            raise UndoUnusable(f"{self._folder / name}: {problem.strerror}") from problem

    @staticmethod
    def _files(folder: Path) -> list[Path]:
        try:
            return [each for each in folder.iterdir() if each.is_file() and not each.name.startswith(".")]
        except OSError:
            return []


def _read(path: Path) -> Iterator[Head | Entry | Aim]:
    data = path.read_bytes()
    while len(data) >= _LENGTH.size:
        (length,) = _LENGTH.unpack_from(data)
        piece, data = data[_LENGTH.size : _LENGTH.size + length], data[_LENGTH.size + length :]
        try:
            yield _record.decode(piece)
        except msgspec.DecodeError:
            return
