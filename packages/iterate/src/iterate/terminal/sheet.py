"""A text broken into rows where the screen ends, by what is read as one character; only rows that are asked for."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from iterate import foreign
from iterate.terminal import width
from iterate.terminal.buffer import FOLDS
from iterate.terminal.rows import TAB, Span, Style

type Label = Callable[[str], str]

# Lines that are longer than this are remembered, so that what stands before a change is not broken again.
_LONG = 2000
_KEPT = 8
_BLOCK = 512
# Characters that join no other, whatever the tables say.
_PARTS = re.compile("([\x00-\x1f\x7f-\x9f\ud800-\udbff])")
# More than this no character has, in what it is made of.
_LONGEST = 32
_TOO_WIDE = "\N{HORIZONTAL ELLIPSIS}"


class Spot(NamedTuple):
    """A row: where its line begins, and the number of the row in it."""

    line: int
    row: int


class Piece(NamedTuple):
    """What is read as one character: as it stands in the text, as it is shown, and its columns."""

    text: str
    shown: str
    columns: int


class Sheet:
    """Rows of one text, none wider than `room`."""

    def __init__(self) -> None:
        self._text = ""
        self._room = 1
        self._label: Label = str
        self._starts: dict[int, tuple[str, Sequence[int]]] = {}
        # Long lines with where their rows begin, the newest last.
        self._long: list[tuple[str, list[int]]] = []

    def look(self, text: str, room: int, label: Label) -> None:
        """Have this text from now on."""
        if room != self._room:
            self._long.clear()
        self._text, self._room, self._label = text, max(1, room), label
        self._starts.clear()

    def spot(self, at: int) -> Spot:
        """The row of a place."""
        begin = self._text.rfind("\n", 0, at) + 1
        _, starts = self._line(begin)
        return Spot(begin, bisect_right(starts, at - begin) - 1)

    def up(self, spot: Spot) -> Spot | None:
        """The row above."""
        if spot.row:
            return Spot(spot.line, spot.row - 1)
        if not spot.line:
            return None
        begin = self._text.rfind("\n", 0, spot.line - 1) + 1
        return Spot(begin, len(self._line(begin)[1]) - 1)

    def down(self, spot: Spot) -> Spot | None:
        """The row below."""
        line, starts = self._line(spot.line)
        if spot.row + 1 < len(starts):
            return Spot(spot.line, spot.row + 1)
        end = spot.line + len(line)
        return Spot(end + 1, 0) if end < len(self._text) else None

    def begin(self, spot: Spot) -> int:
        """Where a row begins in the text."""
        _, starts = self._line(spot.line)
        return spot.line + starts[min(spot.row, len(starts) - 1)]

    def spans(self, spot: Spot, selected: tuple[int, int] | None = None) -> list[Span]:
        """What a row shows; with a part of the text that is selected."""
        if selected is not None:
            return self._selected(spot, *selected)
        text = self._row(spot)
        if self._simple(text) is not None:
            return [Span(text)]
        found: list[Span] = []
        shown = ""
        for piece in self._placed(text):
            if FOLDS.match(piece.text):
                found += [Span(shown)] * bool(shown) + [Span(piece.shown, "dim")]
                shown = ""
            else:
                shown += piece.shown
        return [*found, Span(shown)] if shown else found

    def _selected(self, spot: Spot, first: int, last: int) -> list[Span]:
        at = self.begin(spot)
        text = self._row(spot)
        end = at + len(text)
        found: list[Span] = []
        for piece in self._placed(text):
            style: Style = "selected" if first <= at < last else "dim" if FOLDS.match(piece.text) else ""
            if found and found[-1].style == style:
                found[-1] = Span(found[-1].text + piece.shown, style)
            else:
                found.append(Span(piece.shown, style))
            at += len(piece.text)
        # The end of a line that is selected, and what else would not be seen.
        is_end = first <= end < last and self._text[end : end + 1] == "\n"
        return [*found, Span(" ", "selected")] if is_end and self._wide(found) < self._room else found

    def _wide(self, of: Sequence[Span]) -> int:
        return sum(width.width(each.text) for each in of)

    def column(self, spot: Spot, at: int) -> int:
        """The column of a place in its row."""
        text = self._text[self.begin(spot) : at]
        sizes = self._simple(text)
        return sum(each.columns for each in self._placed(text)) if sizes is None else sum(sizes)

    def place(self, spot: Spot, column: int) -> int:
        """The place in a row that is nearest to a column, not behind it."""
        begin, text = self.begin(spot), self._row(spot)
        is_last = spot.line + len(self._line(spot.line)[0]) == begin + len(text)
        used = taken = last = 0
        for piece in self._placed(text):
            if used + piece.columns > column:
                break
            last, used, taken = taken, used + piece.columns, taken + len(piece.text)
        # Behind the last character of a row that goes on is the beginning of the next one.
        return begin + (last if taken == len(text) and not is_last else taken)

    def _row(self, spot: Spot) -> str:
        line, starts = self._line(spot.line)
        end = starts[spot.row + 1] if spot.row + 1 < len(starts) else len(line)
        return line[starts[spot.row] : end]

    def _line(self, begin: int) -> tuple[str, Sequence[int]]:
        found = self._starts.get(begin)
        if found is None:
            end = self._text.find("\n", begin)
            line = self._text[begin : len(self._text) if end < 0 else end]
            found = self._starts[begin] = (line, self._broken(line))
        return found

    def _broken(self, line: str) -> Sequence[int]:
        """Where the rows of a line begin."""
        if line.isascii() and line.isprintable():
            return range(0, max(1, len(line)), self._room)
        if len(line) < _LONG:
            return self._from(line, [0])
        for kept, (old, starts) in enumerate(self._long):
            same = _common(old, line)
            known = starts[: max(1, bisect_right(starts, same - self._room * 2))]
            if len(known) > 1:
                del self._long[kept]
                break
        else:
            known = [0]
        found = self._from(line, known)
        self._long = [*self._long[1 - _KEPT :], (line, found)]
        return found

    def _from(self, line: str, known: list[int]) -> list[int]:
        """Where rows begin, from the last one that is known on."""
        found, place = known, known[-1]
        while (place := place + self._fitting(line, place)) < len(line):
            found.append(place)
        return found

    def _fitting(self, line: str, place: int) -> int:
        """How many characters from a place on have room in a row; at least one."""
        # One more, because what follows the last one may belong to it.
        sizes = self._simple(line[place : place + self._room + 1])
        used = taken = 0
        if sizes is not None:
            for size in sizes:
                if used + size > self._room and taken:
                    break
                used, taken = used + size, taken + 1
            return taken
        for text, _, columns in self._pieces(line[place : place + self._room * _LONGEST]):
            wide = min(self._room, TAB - used % TAB if text == "\t" else columns)
            if used + wide > self._room and taken:
                break
            used, taken = used + wide, taken + len(text)
        return taken

    def _simple(self, text: str) -> list[int] | None:
        """The columns of each character; None where one of them is not for itself."""
        if text.isascii() and text.isprintable():
            return [1] * len(text)
        sizes = [_SIZES[each] for each in text]
        return sizes if self._room > 1 and all(sizes) else None

    def _placed(self, text: str) -> Iterator[Piece]:
        """Characters of one row as they are shown there: a tab reaches to its next stop."""
        used = 0
        for piece in self._pieces(text):
            columns = piece.columns
            if piece.text == "\t":
                columns = min(self._room - used, TAB - used % TAB)
                yield Piece("\t", " " * columns, columns)
            else:
                yield piece
            used += columns

    def _pieces(self, text: str) -> Iterator[Piece]:
        for part in _PARTS.split(text):
            if FOLDS.match(part):
                shown = width.clipped(self._label(part), self._room)
                yield Piece(part, shown, width.width(shown))
                continue
            for cluster, _ in width.clusters(part):
                yield self._shown(cluster)

    def _shown(self, cluster: str) -> Piece:
        if cluster == "\t" or (cluster.isascii() and cluster.isprintable()):
            return Piece(cluster, cluster, len(cluster))
        shown = foreign.plain(cluster)
        columns = width.width(shown)
        return Piece(cluster, shown, columns) if columns <= self._room else Piece(cluster, _TOO_WIDE, 1)


class _Sizes(dict[str, int]):
    """Columns of the characters that stand for themselves, whatever follows them; 0 for all others."""

    def __missing__(self, character: str) -> int:
        code = ord(character)
        is_simple = any(first <= code <= last for first, last in _SIMPLE) and character not in _ODD
        size = self[character] = width.width(character) if is_simple else 0
        return size


# Latin, Greek and Cyrillic letters, punctuation, lines, kana, Chinese characters and Hangul syllables.
_SIMPLE = (
    (0x20, 0x7E),
    (0xA1, 0x2FF),
    (0x370, 0x482),
    (0x48A, 0x52F),
    (0x2010, 0x2027),
    (0x2030, 0x205E),
    (0x2500, 0x257F),
    (0x3001, 0x3029),
    (0x3041, 0x3096),
    (0x309B, 0x30FF),
    (0x3400, 0x9FFF),
    (0xAC00, 0xD7A3),
    (0xFF01, 0xFF9D),
)
_ODD = frozenset("\u00ad\u00a9\u00ae\u203c\u2049")
_SIZES = _Sizes()


def _common(one: str, other: str) -> int:
    """How many characters they begin with in common, to within a block."""
    end = min(len(one), len(other))
    place = 0
    while place < end and one[place : place + _BLOCK] == other[place : place + _BLOCK]:
        place += _BLOCK
    return min(place, end)
