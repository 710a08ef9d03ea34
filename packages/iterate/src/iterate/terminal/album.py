"""Images on a screen of its own, which is painted again and again.

Kitty is sent an image once, and draws it in cells of text that say which part of it they show: they scroll, and are
covered and uncovered, as any text does. Pixels of the other protocols are drawn over blanks, where all of an image is
seen, and again when one of its rows was written.
"""

import zlib
from collections.abc import Callable, Sequence
from typing import NamedTuple

from iterate.terminal.flow import Prefix
from iterate.terminal.rows import Row, columns

# The cell of an image, and the marks that say a row or a column of it (row and column diacritics of Kitty's protocol).
_CELL = "\U0010eeee"
_MARKS = tuple(
    chr(each)
    for first, last in (
        (0x305, 0x305), (0x30D, 0x30E), (0x310, 0x310), (0x312, 0x312), (0x33D, 0x33F), (0x346, 0x346), (0x34A, 0x34C),
        (0x350, 0x352), (0x357, 0x357), (0x35B, 0x35B), (0x363, 0x36F), (0x483, 0x487), (0x592, 0x595), (0x597, 0x599),
        (0x59C, 0x5A1), (0x5A8, 0x5A9), (0x5AB, 0x5AC), (0x5AF, 0x5AF), (0x5C4, 0x5C4), (0x610, 0x617),
    )
    for each in range(first, last + 1)
)  # fmt: skip
MOST = len(_MARKS)
# A colour has so many bits, and a row so many of them.
_BITS, _ROW_BITS = 24, 5


class Held(Prefix):
    """Cells that an image is drawn in; nothing to be copied."""

    __slots__ = ()


class _Print(NamedTuple):
    """An image: its sequence, and the cells that it takes."""

    send: Callable[[], str]
    columns: int
    lines: int


class Album:
    """The images of one screen. What is `in_cells` is sent before its cells are, all others once they are painted."""

    def __init__(self, *, in_cells: bool) -> None:
        self.in_cells = in_cells
        self._prints: dict[int, _Print] = {}
        # By the colour of their cells: an image, and the row of it.
        self._cells: dict[str, tuple[int, int]] = {}
        self._sent: set[int] = set()
        # Of the frame before: images by their places, and all rows.
        self._placed: dict[tuple[int, int], int] = {}
        self._rows: Sequence[Row] = ()

    def rows(self, data: bytes, wide: int, high: int, send: Callable[[int], str], before: Prefix) -> list[Row]:
        """The rows that an image of so many columns and rows stands in; `send` gives its sequence by its number."""
        bits = _BITS if self.in_cells else _BITS - _ROW_BITS
        number = zlib.crc32(f"{wide} {high}".encode(), zlib.crc32(data)) % ((1 << bits) - 1) + 1
        self._prints[number] = _Print(lambda: send(number), wide, high)
        found: list[Row] = []
        for row in range(high):
            colour = _colour(number if self.in_cells else number << _ROW_BITS | row)
            self._cells[colour] = (number, row)
            text = (
                "".join(f"{_CELL}{_MARKS[row]}{_MARKS[each]}" for each in range(wide)) if self.in_cells else " " * wide
            )
            found.append((before, Held(text, raw=colour), Prefix("", raw="\x1b[39m")))
        return found

    def first(self, seen: Sequence[Row]) -> str:
        """What is to be sent before these rows are."""
        if not self.in_cells:
            return ""
        wanted = {number for _, _, number, _ in self._seen(seen)} - self._sent
        self._sent |= wanted
        return "".join(self._prints[each].send() for each in sorted(wanted))

    def is_still(self, seen: Sequence[Row]) -> bool:
        """Whether nothing may be scrolled from the frame before to this one: pixels would go, or stay, alone."""
        return not self.in_cells and bool(self._placed or self._whole(seen))

    def behind(self, seen: Sequence[Row]) -> str:
        """What is to be sent once these rows are on the screen; the cursor is where it was."""
        if self.in_cells:
            return ""
        before, self._placed = self._placed, self._whole(seen)
        rows, self._rows = self._rows, list(seen)
        found = ""
        for (row, column), number in self._placed.items():
            lines = self._prints[number].lines
            if before.get((row, column)) != number or rows[row : row + lines] != self._rows[row : row + lines]:
                found += f"\x1b7\x1b[{row + 1};{column + 1}H{self._prints[number].send()}\x1b8"
        return found

    def forget(self) -> None:
        """What is on the screen is somebody else's."""
        self._placed, self._rows = {}, ()

    def left(self) -> str:
        """What frees the memory of a terminal that keeps images."""
        sent, self._sent = sorted(self._sent), set()
        return "".join(f"\x1b_Ga=d,d=I,i={each},q=2\x1b\\" for each in sent)

    def _seen(self, seen: Sequence[Row]) -> list[tuple[int, int, int, int]]:
        """The rows of images that are seen whole: where each begins, of which image it is, and its row there."""
        found = []
        for number, row in enumerate(seen):
            for place, each in enumerate(row):
                if isinstance(each, Held) and each.text and each.raw in self._cells:
                    image, line = self._cells[each.raw]
                    if self.in_cells or len(each.text) == self._prints[image].columns:
                        found.append((number, columns(row[:place]), image, line))
        return found

    def _whole(self, seen: Sequence[Row]) -> dict[tuple[int, int], int]:
        """The images of which every row is seen, by the place where they begin."""
        cells = self._seen(seen)
        there = set(cells)
        return {
            (row, column): image
            for row, column, image, line in cells
            if line == 0
            and all((row + more, column, image, more) in there for more in range(self._prints[image].lines))
        }


def _colour(number: int) -> str:
    return f"\x1b[38;2;{number >> 16 & 255};{number >> 8 & 255};{number & 255}m"
