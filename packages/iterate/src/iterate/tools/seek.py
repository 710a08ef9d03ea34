"""Looks for an expression in files, and reads no more of most of them than it takes to say that it is not there."""

import os
import re
from collections.abc import Iterable, Iterator

# What sre makes of an expression: the same in Python 3.12 to 3.14.
from re import _constants, _parser  # type: ignore[attr-defined]

# What is held in memory; the same as `files.LARGEST`.
LARGEST = 64 * 1024 * 1024
_MOST_AT_ONCE = 1 << 16
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
# The first bytes of files in UTF-16, which hold no text as it is searched for.
_MARKED = b"\xff\xfe"
_UTF_16 = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_UTF_8_MARK = b"\xef\xbb\xbf"
_ASCII = 128


class Seeker:
    """Finds the lines that match an expression, which has `re.MULTILINE`."""

    def __init__(self, shape: re.Pattern[str]) -> None:
        self._search = shape.search
        # It matches somewhere in every line, so that there is no way from match to match.
        self._is_everywhere = shape.search("") is not None
        self._needle = required(shape)
        self._buffer = bytearray(_MOST_AT_ONCE)

    def lines(self, path: bytes) -> list[tuple[int, bytes]]:
        """The lines that match, with their numbers; none of a binary file, a huge one, or one that cannot be read."""
        try:
            content = self._candidate(path)
        except OSError:
            return []
        text = _text(content) if content is not None else None
        if text is None:
            return []
        found = self._everywhere(text) if self._is_everywhere else self._from_match_to_match(text)
        return [(number, line.encode("utf-8", "surrogateescape")) for number, line in found]

    def _candidate(self, path: bytes) -> bytes | None:
        """What is in a file, unless it certainly holds no match."""
        descriptor = os.open(path, _FLAGS)
        try:
            buffer = self._buffer
            size = _read_into(descriptor, buffer)
            if size < _MOST_AT_ONCE:
                if self._needle and buffer.find(self._needle, 0, size) < 0 and not (size and buffer[0] in _MARKED):
                    return None
                return bytes(memoryview(buffer)[:size])
            if os.fstat(descriptor).st_size > LARGEST:
                return None
            pieces = [bytes(buffer)]
            while piece := os.read(descriptor, 1 << 20):
                pieces.append(piece)
            return b"".join(pieces)
        finally:
            os.close(descriptor)

    def _everywhere(self, text: str) -> Iterator[tuple[int, str]]:
        texts = text.split("\n")
        if not texts[-1]:
            texts.pop()
        return ((number, line) for number, line in enumerate(texts, 1) if self._search(line))

    def _from_match_to_match(self, text: str) -> Iterator[tuple[int, str]]:
        place, begin, number = 0, 0, 1
        while hit := self._search(text, place):
            before, begin = begin, text.rfind("\n", 0, hit.start()) + 1
            if begin == len(text):
                return  # Behind the last line.
            number += text.count("\n", before, begin)
            end = text.find("\n", hit.start())
            end = end if end >= 0 else len(text)
            line = text[begin:end]
            if self._search(line):
                yield number, line
            place = end + 1
            if place > len(text):
                return


def _text(content: bytes) -> str | None:
    """A file as ripgrep searches it: UTF-16 by its mark, else UTF-8 or what is none, byte by byte; None for binary."""
    text = None
    for mark, encoding in _UTF_16:
        if content.startswith(mark):
            text = content[len(mark) :].decode(encoding, "replace")
    if text is None:
        text = content.removeprefix(_UTF_8_MARK).decode("utf-8", "surrogateescape")
    return None if "\0" in text else text


if hasattr(os, "readv"):

    def _read_into(descriptor: int, buffer: bytearray) -> int:
        return os.readv(descriptor, [buffer])

else:

    def _read_into(descriptor: int, buffer: bytearray) -> int:
        piece = os.read(descriptor, len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)


def required(shape: re.Pattern[str]) -> bytes:
    """Some ASCII that is in every text that matches; empty where nothing is known."""
    if shape.flags & re.IGNORECASE:
        return b""
    runs = [""]
    _collect(_parser.parse(shape.pattern), runs)
    return max(runs, key=len).encode("ascii")


def _collect(parts: Iterable[tuple[object, object]], runs: list[str]) -> None:
    """Add the signs that stand one behind the other in every match, a run each."""
    for kind, said in parts:
        match kind, said:
            case _constants.LITERAL, int() if said < _ASCII:
                runs[-1] += chr(said)
            case _constants.AT, _:
                pass  # No sign.
            case _constants.SUBPATTERN, (_, 0, 0, _parser.SubPattern() as inner):
                _collect(inner, runs)
            case (
                (_constants.MAX_REPEAT | _constants.MIN_REPEAT),
                (int() as least, _, _parser.SubPattern() as inner),
            ) if least > 0:
                runs.append("")
                _collect(inner, runs)
                runs.append("")
            case _:
                runs.append("")
