"""Rows of styled text, made ready for any screen: wrapped to its width, and painted with its colours or without."""

import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Literal, NamedTuple

from iterate import foreign
from iterate.terminal import width as widths

type Style = Literal[
    "",
    "bold",
    "italic",
    "dim",
    "heading",
    "code",
    "link",
    "quote",
    "keyword",
    "string",
    "comment",
    "number",
    "name",
    "added",
    "removed",
    "hunk",
    "good",
    "bad",
    "busy",
]

# Parameters of SGR: with colours (the sixteen that every terminal has and lets its user choose), and without.
_PAINT: dict[Style, tuple[str, str]] = {
    "": ("", ""),
    "bold": ("1", "1"),
    "italic": ("3", "3"),
    "dim": ("2", "2"),
    "heading": ("1;35", "1"),
    "code": ("36", ""),
    "link": ("4", "4"),
    "quote": ("2", "2"),
    "keyword": ("35", ""),
    "string": ("32", ""),
    "comment": ("2", "2"),
    "number": ("36", ""),
    "name": ("34", ""),
    "added": ("32", ""),
    "removed": ("31", ""),
    "hunk": ("36", "2"),
    "good": ("32", ""),
    "bad": ("31", "1"),
    "busy": ("33", ""),
}
_PIECE = re.compile(r"\n|[^\S\n]+|\S+")
TAB = 4


class Span(NamedTuple):
    """Some text in one style."""

    text: str
    style: Style = ""


type Row = tuple[Span, ...]


def span(text: str, style: Style = "") -> Span:
    """Foreign text, made fit for a terminal."""
    return Span(foreign.plain(text).expandtabs(TAB), style)


def row(*parts: Span | str) -> Row:
    """One row; strings are without style, and all of it stays on one line."""
    spans = (span(part) if isinstance(part, str) else part for part in parts)
    return tuple(Span(each.text.replace("\n", " "), each.style) for each in spans)


def columns(of: Iterable[Span]) -> int:
    """The columns of a row."""
    return sum(widths.width(each.text) for each in of)


def painted(of: Row, *, has_colour: bool) -> str:
    """The row as what a terminal is sent."""
    pieces = []
    for style, spans in groupby(of, lambda each: each.style):
        text = "".join(each.text for each in spans)
        code = _PAINT[style][0 if has_colour else 1]
        pieces.append(f"\x1b[{code}m{text}\x1b[0m" if code else text)
    return "".join(pieces)


def plain(of: Row) -> str:
    """The row as text alone."""
    return "".join(each.text for each in of).rstrip()


def clipped(of: Row, room: int) -> Row:
    """The row, with its end left out where it is too long."""
    if columns(of) <= room:
        return of
    kept: list[Span] = []
    for text, style in of:
        left = room - columns(kept)
        if widths.width(text) >= left:
            # The mark of what is left out needs a column, also where the text just fits.
            kept.append(Span(widths.clipped(text + " ", left), style))
            break
        kept.append(Span(text, style))
    return tuple(kept)


def wrapped(spans: Iterable[Span], room: int, first: Sequence[Span] = (), rest: Sequence[Span] = ()) -> list[Row]:
    """Rows that break between words, and within one that is longer than a row; each begins with its prefix."""
    return _Wrapping(max(room, 8), first, rest).rows(spans)


class _Wrapping:
    def __init__(self, room: int, first: Sequence[Span], rest: Sequence[Span]) -> None:
        self._room = room
        self._rest = tuple(rest)
        self._rows: list[Row] = []
        self._row: list[Span] = list(first)
        self._used = columns(first)
        self._is_empty = True

    def rows(self, spans: Iterable[Span]) -> list[Row]:
        """All of it."""
        for text, style in spans:
            for piece in _PIECE.findall(text):
                self._add(piece, style)
        return [*self._rows, tuple(self._row)]

    def _add(self, piece: str, style: Style) -> None:
        if piece == "\n":
            self._break()
            return
        if self._used + widths.width(piece) > self._room and not self._is_empty:
            self._break()
            if piece.isspace():
                return
        while piece and self._used + widths.width(piece) > self._room:
            head, piece = widths.cut(piece, self._room - self._used)
            self._put(head, style)
            if piece:
                self._break()
        if piece:
            self._put(piece, style)

    def _put(self, text: str, style: Style) -> None:
        self._row.append(Span(text, style))
        self._used += widths.width(text)
        self._is_empty = False

    def _break(self) -> None:
        self._rows.append(tuple(self._row))
        self._row = list(self._rest)
        self._used = columns(self._rest)
        self._is_empty = True
