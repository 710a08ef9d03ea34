"""Tables: columns side by side that wrap inside of their width, or each row as lines where there is no room for that.

The widths are chosen by the first rows, so that a table may be as long as it likes and each row is final when it comes.
"""

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from iterate.terminal import rows
from iterate.terminal import width as widths
from iterate.terminal.flow import Prefix, fitting, flowed
from iterate.terminal.rows import Row, Span

# Rows that the widths are chosen by.
FIRST = 40
# What a column has at least where it has to shrink, and where rows come that it was not chosen for.
_NARROW, _LATER = 12, 8
_BETWEEN = "  "
_DELIMITER = re.compile(r"[ ]{0,3}\|?[ ]*:?-+:?[ ]*(?:\|[ ]*:?-+:?[ ]*)*\|?[ ]*$")
_BAR = re.compile(r"((?:[^|\\]|\\.)*)(?:\||$)")

type Cell = list[Span]
type Align = Literal["", "left", "right", "center"]


class Grid(NamedTuple):
    """Some rows of a table, with the columns that its cells would like to have, and the longest word of each."""

    head: Sequence[Cell]
    aligns: Sequence[Align]
    rows: Sequence[Sequence[Cell]]
    liked: tuple[int, ...]
    least: tuple[int, ...]


class Table:
    """A table whose rows come one after the other."""

    def __init__(self, head: list[Cell], aligns: Sequence[Align]) -> None:
        self._head = head
        self._aligns = aligns
        self._rows: list[list[Cell]] = []
        self._liked = [rows.columns(each) for each in head]
        self._least = [_longest(each) for each in head]
        self._is_fixed = False

    def copy(self) -> "Table":
        """One that a draft may be made with."""
        other = Table([], self._aligns)
        other._head, other._rows = self._head, list(self._rows)
        other._liked, other._least, other._is_fixed = list(self._liked), list(self._least), self._is_fixed
        return other

    def add(self, row: list[Cell]) -> bool:
        """Take a row; whether it is time to give some."""
        count = len(self._head)
        row = [*row[:count], *([] for _ in range(count - len(row)))]
        self._rows.append(row)
        if not self._is_fixed:
            for place, cell in enumerate(row):
                self._liked[place] = max(self._liked[place], rows.columns(cell))
                self._least[place] = max(self._least[place], _longest(cell))
        return self._is_fixed or len(self._rows) >= FIRST

    def given(self) -> Grid:
        """The rows that came since; from now on the widths are fixed."""
        if len(self._rows) >= FIRST and not self._is_fixed:
            self._liked = [max(each, _LATER) for each in self._liked]
        self._is_fixed = True
        found, self._rows = self._rows, []
        return Grid(self._head, self._aligns, found, tuple(self._liked), tuple(self._least))


def is_delimiter(line: str) -> bool:
    """Whether this is the line between the head of a table and its rows."""
    return _DELIMITER.match(line) is not None


def cells(line: str) -> list[str]:
    """The texts of a row's cells."""
    text = line.strip()
    text = text.removeprefix("|")
    if text.endswith("|") and not text.endswith("\\|"):
        text = text[:-1]
    return [found[1].strip().replace("\\|", "|") for found in _BAR.finditer(text + "|")][: text.count("|") + 1]


def aligns(line: str) -> list[Align]:
    """How the columns of a table are aligned, by the line below its head."""
    found: list[Align] = []
    for each in cells(line):
        match each.startswith(":"), each.endswith(":"):
            case True, True:
                found.append("center")
            case _, True:
                found.append("right")
            case True, _:
                found.append("left")
            case _:
                found.append("")
    return found


def laid(grid: Grid, room: int, first: Sequence[Span], rest: Sequence[Span], *, goes_on: bool) -> list[Row]:
    """The rows of some of a table; the head only with the first of them."""
    first, rest = fitting(first, room), fitting(rest, room)
    wide = fitted(grid, room - rows.columns(rest))
    if wide is None:
        return _stacked(grid, room, first, rest)
    found: list[Row] = []
    if not goes_on:
        head = [[each._replace(style=each.style or "bold") for each in cell] for cell in grid.head]
        found += _beside(head, grid.aligns, wide, first, rest)
        bar = "\N{BOX DRAWINGS LIGHT HORIZONTAL}"
        found.append((*rest, Prefix(_BETWEEN.join(bar * each for each in wide), "dim")))
    for each in grid.rows:
        found += _beside(each, grid.aligns, wide, rest, rest)
    return found


def fitted(grid: Grid, room: int) -> list[int] | None:
    """The widths of the columns; None where they would be too narrow to read."""
    left = room - len(_BETWEEN) * (len(grid.liked) - 1)
    wide = list(grid.liked)
    if sum(wide) <= left:
        return wide
    least = [min(likes, max(min(word, _NARROW), 3)) for likes, word in zip(grid.liked, grid.least, strict=True)]
    if sum(least) > left:
        return None
    # The widest give way first, down to one width for all of them.
    low, high = 1, max(wide)
    while low < high:
        most = (low + high + 1) // 2
        if sum(max(few, min(likes, most)) for few, likes in zip(least, grid.liked, strict=True)) <= left:
            low = most
        else:
            high = most - 1
    wide = [max(few, min(likes, low)) for few, likes in zip(least, grid.liked, strict=True)]
    spare = left - sum(wide)
    for place, likes in enumerate(grid.liked):
        more = min(spare, likes - wide[place], 1)
        wide[place] += more
        spare -= more
    return wide


def _beside(
    row: Sequence[Cell], aligned: Sequence[Align], wide: list[int], first: Sequence[Span], rest: Sequence[Span]
) -> list[Row]:
    """One row of a table, on as many rows as its highest cell has."""
    if all(rows.columns(cell) <= most for cell, most in zip(row, wide, strict=False)):
        columns: list[list[Row]] = [[tuple(cell)] for cell in row]
    else:
        columns = [flowed(cell, most) for cell, most in zip(row, wide, strict=False)]
    found: list[Row] = []
    for number in range(max((len(each) for each in columns), default=0)):
        line: list[Span] = list(rest if number or found else first)
        for place, most in enumerate(wide):
            cell = columns[place][number] if place < len(columns) and number < len(columns[place]) else ()
            align = aligned[place] if place < len(aligned) else ""
            free = max(0, most - rows.columns(cell))
            before = {"right": free, "center": free // 2}.get(align, 0)
            line += [Prefix(" " * before)] * (before > 0)
            line += cell
            if place + 1 < len(wide):
                line += [Prefix(" " * (free - before))] * (free > before)
                line.append(Span(_BETWEEN))
        found.append(tuple(line))
    return found


def _stacked(grid: Grid, room: int, first: Sequence[Span], rest: Sequence[Span]) -> list[Row]:
    found: list[Row] = []
    for row in grid.rows or [[[] for _ in grid.head]]:
        for place, cell in enumerate(row):
            name = [Span(each.text, "bold") for each in grid.head[place]] if place < len(grid.head) else []
            begin = rest if found else first
            indent = [Prefix("  ")] if place else []
            found += flowed([*name, Span(": "), *cell], room, [*begin, *indent], [*rest, Prefix("    ")])
    return found


def _longest(cell: Cell) -> int:
    """The columns of the longest word."""
    return max((widths.width(each) for each in "".join(one.text for one in cell).split()), default=0)
