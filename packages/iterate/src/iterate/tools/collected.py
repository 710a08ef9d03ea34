"""Collects the output of a command: both ends in memory, the whole in a file, both bounded; cleaned for a model."""

import codecs
import contextlib
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

# What is kept of the beginning and of the end for the model, and what the file may hold.
HEAD_BYTES, TAIL_BYTES, FILE_BYTES = 12 << 10, 24 << 10, 64 << 20
# How often, and how much at a time, is shown while it comes.
_SHOW_S, _SHOW_BYTES = 0.1, 8 << 10
# What moves a terminal's cursor or colours: CSI, OSC and the other sequences of ECMA-48.
_SEQUENCES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
# In a row; more are left out without what they take back.
_MOST_BACKSPACES = 100
_BACKSPACES = re.compile(r"[^\x08\n]\x08")


class Collected:
    """The output so far."""

    def __init__(self, path: Path, show: Callable[[str], None]) -> None:
        self.path, self._show = path, show
        self._head, self._tail = bytearray(), bytearray()
        self._file: BinaryIO | None = None
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._shown_at, self._unshown, self._skipped = 0.0, bytearray(), 0
        self.size, self.in_file, self.trouble = 0, 0, ""

    def add(self, piece: bytes) -> None:
        """Take the next piece."""
        self.size += len(piece)
        room = HEAD_BYTES - len(self._head)
        head, rest = piece[:room], piece[room:]
        if rest and self._file is None and not self.trouble and len(self._tail) + len(rest) > TAIL_BYTES:
            self._open()
        if self._file is not None:
            self._write(piece)
        self._head += head
        self._tail += rest
        if len(self._tail) > TAIL_BYTES * 2:
            del self._tail[:-TAIL_BYTES]
        self._unshown += piece
        if len(self._unshown) > _SHOW_BYTES:
            self._skipped += len(self._unshown) - _SHOW_BYTES
            del self._unshown[:-_SHOW_BYTES]
        if time.monotonic() - self._shown_at >= _SHOW_S:
            self.flush()

    def flush(self) -> None:
        """Show what was not shown yet."""
        text = self._decoder.decode(bytes(self._unshown))
        self._unshown.clear()
        if self._skipped:
            text = f"\n[{self._skipped:,} bytes are not shown]\n{text}"
        self._skipped, self._shown_at = 0, time.monotonic()
        if text:
            self._show(text)

    def close(self) -> None:
        """There is no more."""
        self.flush()
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None

    @property
    def full(self) -> str:
        """The file that holds what `text` left out; empty where nothing was."""
        return str(self.path) if self.in_file else ""

    def text(self) -> str:
        """What a model reads: all, or both ends and what is between them."""
        if self.size <= len(self._head) + len(self._tail) <= HEAD_BYTES + TAIL_BYTES:
            return plain(bytes(self._head + self._tail))
        tail = self._tail[-TAIL_BYTES:]
        left = self.size - len(self._head) - len(tail)
        where = f"; the whole is in {self.full}: read or grep it" if self.in_file == self.size else ""
        if self.in_file and not where:
            where = f"; the first {self.in_file:,} of {self.size:,} bytes are in {self.full}"
        where += f"; {self.trouble}" if self.trouble else ""
        return f"{plain(bytes(self._head))}\n[{left:,} bytes are left out here{where}]\n{plain(bytes(tail))}"

    def _open(self) -> None:
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
            self._file = open(os.open(self.path, flags, 0o600), "wb", buffering=0)  # noqa: PTH123, SIM115
        except OSError as problem:
            self.trouble = f"the whole could not be kept: {problem.strerror}"
            return
        self._write(bytes(self._head + self._tail))

    def _write(self, piece: bytes) -> None:
        if self._file is None or self.trouble:
            return
        try:
            self.in_file += self._file.write(piece[: FILE_BYTES - self.in_file])
        except OSError as problem:
            self.trouble = f"the rest could not be kept: {problem.strerror}"


def plain(output: bytes) -> str:
    """Output as text: without what steers a terminal, and lines that were written over as they ended."""
    text = _SEQUENCES.sub("", output.decode(errors="replace")).replace("\r\n", "\n")
    for _ in range(_MOST_BACKSPACES):
        if "\x08" not in text:
            break
        text = _BACKSPACES.sub("", text)
    lines = (line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
    return _CONTROLS.sub("", "\n".join(lines))
