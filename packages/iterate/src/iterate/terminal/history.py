"""What was typed in the conversations of one folder: a private file of JSON lines, the newest last.

Several programs keep theirs in the same file at once: each adds under a lock, and what one of them adds the others
find when they look next.
"""

import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from iterate import locks

MOST = 1000
LIMIT_BYTES = 1 << 20
# A longer text is remembered by this program alone.
TEXT_BYTES = LIMIT_BYTES // 4
# Somebody who holds the lock for longer than this, in seconds, hangs.
PATIENCE_S, POLL_S = 0.5, 0.002
_PRIVATE = 0o600
_FLAGS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


class History:
    """The texts of one file as this program knows them."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._texts: list[str] = []
        # What could not be kept, which no file brings back.
        self._alone: list[str] = []
        # Which file was read, and up to where.
        self._node, self._end = -1, 0

    def fresh(self) -> Sequence[str]:
        """All of them, oldest first, with those that other programs have added since."""
        try:
            known = self._file.stat()
        except OSError:
            return self._texts
        if (known.st_ino, known.st_size) != (self._node, self._end):
            is_same = known.st_ino == self._node and known.st_size > self._end
            content, self._end = _content(self._file, self._end if is_same else 0)
            found = _texts(content)
            self._node = known.st_ino
            self._texts = (self._texts + found if is_same else [*found, *self._alone])[-MOST:]
        return self._texts

    def add(self, text: str) -> bool:
        """Keep one, for all programs where that can be done; whether it is in the file."""
        self.fresh()
        if text in self._texts[-1:]:
            return text not in self._alone
        if add(self._file, text):
            return True
        self._texts.append(text)
        self._alone = [*self._alone, text][-MOST:]
        return False


def file_of(state: Path, directory: str) -> Path:
    """The file for a folder; its name says nothing about the folder."""
    return state / "history" / f"{name_of(directory)}.jsonl"


def name_of(directory: str) -> str:
    """A name for a folder that says nothing about it."""
    try:
        from _sha2 import sha256  # type: ignore[import-not-found]  # As `random` does: hashlib loads OpenSSL, 3 MB.
    except ImportError:
        from hashlib import sha256
    name: str = sha256(directory.encode(errors="replace")).hexdigest()
    return name[:32]


def read(file: Path) -> list[str]:
    """What was typed, oldest first; lines that are no JSON text are passed over."""
    return _texts(_content(file, 0)[0])[-MOST:]


def add(file: Path, text: str) -> bool:
    """Keep one; whether it could be. A full disk, or a folder that is not ours, is no reason to stop talking."""
    line = json.dumps(text).encode() + b"\n"
    if len(line) > TEXT_BYTES:
        return False
    with suppress(OSError):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _alone(file):
            size = _append(file, line)
            if size > 2 * LIMIT_BYTES:
                with suppress(OSError):  # It is shortened by whoever finds room.
                    _shorten(file)
        return True
    return False


def _append(file: Path, line: bytes) -> int:
    """Add a line behind the last whole one; the size of the file then."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND | _FLAGS, _PRIVATE)
    with os.fdopen(descriptor, "r+b", buffering=0) as output:
        os.fchmod(descriptor, _PRIVATE)
        size = output.seek(0, os.SEEK_END)
        if size:
            output.seek(size - 1)
            # Whoever wrote the last one was killed.
            line = line if output.read(1) == b"\n" else b"\n" + line
        written = 0
        try:
            while written < len(line):
                written += os.write(descriptor, line[written:])
        except OSError:
            # A full disk took the beginning of it.
            with suppress(OSError):
                os.ftruncate(descriptor, size)
            raise
        return size + len(line)


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """While nobody else adds; somebody who hangs is not waited for."""
    descriptor = os.open(file.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | _FLAGS, _PRIVATE)
    try:
        until = time.monotonic() + PATIENCE_S
        with suppress(OSError):  # Where there are no locks, nobody else is there either.
            while not locks.try_lock(descriptor) and time.monotonic() < until:
                time.sleep(POLL_S)
        yield
    finally:
        os.close(descriptor)


def _content(file: Path, begin: int) -> tuple[bytes, int]:
    """The end of the file from a place on, as whole lines, and where they end."""
    try:
        with file.open("rb") as lines:
            size = lines.seek(0, os.SEEK_END)
            start = max(begin, size - 2 * LIMIT_BYTES)
            lines.seek(start)
            content = lines.read(size - start)
    except OSError:
        return b"", begin
    if start > begin:
        content = content.partition(b"\n")[2]
    whole = content[: content.rfind(b"\n") + 1]
    return whole, size - (len(content) - len(whole))


def _texts(content: bytes) -> list[str]:
    found: list[str] = []
    for line in content.splitlines():
        with suppress(ValueError, RecursionError):
            text = json.loads(line)
            if isinstance(text, str) and text not in found[-1:]:
                found.append(text)
    return found


def _shorten(file: Path) -> None:
    """Keep the newest, half of what there may be."""
    lines = [json.dumps(each).encode() + b"\n" for each in read(file)[-MOST // 2 :]]
    kept: list[bytes] = []
    size = 0
    for line in reversed(lines):
        size += len(line)
        if size > LIMIT_BYTES:
            break
        kept.append(line)
    fresh = file.with_suffix(".jsonl.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _FLAGS, _PRIVATE)
    with os.fdopen(descriptor, "wb") as output:
        output.write(b"".join(kept[::-1]))
    fresh.replace(file)
