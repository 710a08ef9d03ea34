"""A text file as text: its encoding, byte order mark and line endings, so that they survive a change.

UTF-16 and UTF-32 are known by their mark. Without one it is UTF-8; bytes that are not stay what they are where most of
the file is UTF-8, and else the file is read as Windows-1252 or Latin-1. What holds a NUL is no text.
"""

import codecs
import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple

from iterate.tools.failed import ToolFailed

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_STRAY = re.compile("[\udc80-\udcff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_NOT_ASCII = re.compile("[^\x00-\x7f]")
_ESCAPED = "surrogateescape"


class NotText(ToolFailed):
    """The file holds bytes that are no text."""


class Script(NamedTuple):
    """The text of a file, line endings as they are, and how it was written."""

    text: str
    encoding: str = "utf-8"
    mark: bytes = b""

    def encoded(self, text: str) -> bytes:
        """Other text, written as this one was; raises `ToolFailed` where the encoding has no place for it."""
        try:
            return self.mark + text.encode(self.encoding, _ESCAPED if self.encoding == "utf-8" else "strict")
        except UnicodeEncodeError as problem:
            sign = problem.object[problem.start]
            raise ToolFailed(
                f"the file is written in {self.encoding}, which has no place for {sign!r}; "
                "leave that sign out, or write the whole file anew"
            ) from problem


def decoded(content: bytes) -> Script:
    """The text of a file; raises `NotText`."""
    if content.isascii():
        return Script(text=_without_nul(content.decode("ascii")))
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            try:
                text = content[len(mark) :].decode(encoding, _ESCAPED if encoding == "utf-8" else "strict")
            except UnicodeDecodeError:
                break
            return Script(text=_without_nul(text), encoding=encoding, mark=mark)
    if b"\0" in content:
        raise NotText("the file is binary")
    text = content.decode("utf-8", _ESCAPED)
    stray = len(_STRAY.findall(text))
    if not stray or stray <= len(_NOT_ASCII.findall(text)) - stray:
        return Script(text=text)
    # Signs from 0x80 to 0x9f are no letters of Latin-1, but quotes and dashes of Windows.
    encoding = "cp1252" if re.search(rb"[\x80-\x9f]", content) else "latin-1"
    try:
        return Script(text=content.decode(encoding), encoding=encoding)
    except UnicodeDecodeError:
        return Script(text=content.decode("latin-1"), encoding="latin-1")


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise NotText("the file is binary")
    return text


def clean(text: str) -> str:
    """What a model may be sent: no NUL, and a mark in place of what is no Unicode."""
    return _SURROGATE.sub("\ufffd", text).replace("\0", "")


class Lines:
    r"""Text with `\n` alone, and where each of its places is in the text as it was written."""

    def __init__(self, written: str) -> None:
        self.written = written
        self.text = written.replace("\r\n", "\n")
        self._cut = [place - before for before, place in enumerate(_places(written))]

    def place(self, place: int) -> int:
        """Where a place of `text` is in what was written."""
        return place + bisect_left(self._cut, place)

    def replaced(self, spans: list[tuple[int, int, str]]) -> str:
        """What was written, with these spans of `text` (in order, apart) replaced, in the line endings around them."""
        pieces: list[str] = []
        done = 0
        for start, end, new in spans:
            first, last = self.place(start), self.place(end)
            pieces += [self.written[done:first], _with_endings(new, self._ending(start, end))]
            done = last
        return "".join([*pieces, self.written[done:]])

    def _ending(self, start: int, end: int) -> str:
        # The endings inside the span; else that of its line, of the line before, of most lines.
        within = self.text.count("\n", start, end)
        if within:
            cut = bisect_left(self._cut, end) - bisect_left(self._cut, start)
            if cut in {0, within}:
                return "\r\n" if cut else "\n"
            return "\r\n" if 2 * len(self._cut) > self.text.count("\n") else "\n"
        following = self.text.find("\n", end)
        near = following if following >= 0 else self.text.rfind("\n", 0, start)
        if near < 0:
            return "\n"
        return "\r\n" if self.written[self.place(near)] == "\r" else "\n"


def _places(written: str) -> Iterator[int]:
    place = written.find("\r\n")
    while place >= 0:
        yield place
        place = written.find("\r\n", place + 2)


def _with_endings(text: str, ending: str) -> str:
    text = text.replace("\r\n", "\n")
    return text if ending == "\n" else text.replace("\n", ending)
