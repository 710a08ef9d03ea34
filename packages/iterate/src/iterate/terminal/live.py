"""Rows on a terminal: final ones go into its own scrollback once, the others are painted again below them."""

from collections.abc import Callable, Sequence

from iterate.terminal import rows
from iterate.terminal.rows import Paint, Row

# A terminal that knows these shows nothing between them, so nobody sees a row half painted; others pass them over.
_BEGIN, _END = "\x1b[?2026h", "\x1b[?2026l"
# Rows that are left to the command line above, when what is open is longer than the screen.
SPARE = 2


class Live:
    """The bottom of a terminal. `write` gets what is to be sent, ready."""

    def __init__(self, write: Callable[[str], None], *, paint: Paint, columns: int, lines: int) -> None:
        self._write = write
        self._paint = paint
        self._columns = columns
        self._lines = lines
        self._shown: list[str] = []
        self._widths: list[int] = []
        self._cursor: tuple[int, int] | None = None

    def resize(self, columns: int, lines: int) -> None:
        """Paint for another size from now on; the terminal has wrapped what is there by itself."""
        self._columns, self._lines = columns, lines

    def show(self, final: Sequence[Row], open_: Sequence[Row], cursor: tuple[int, int] | None = None) -> None:
        """Write the final rows, and below them those that may change, with the cursor in that row and column."""
        most = max(1, self._lines - SPARE)
        place = None if cursor is None else (max(0, cursor[0] - max(0, len(open_) - most)), cursor[1])
        below = [rows.painted(each, self._paint) for each in open_[-most:]]
        if not final and below == self._shown and place == self._cursor:
            return
        above = "".join(f"{rows.painted(each, self._paint)}\r\n" for each in final)
        back, self._shown, self._cursor = self._back(), below, place
        self._widths = [rows.columns(each) for each in open_[-most:]]
        self._write(f"{_BEGIN}{back}{above}{'\r\n'.join(below)}{self._to_cursor()}{_END}")

    def clear(self) -> None:
        """Take away what may change; the cursor is at the beginning of an empty row then."""
        if self._shown:
            self._write(f"{_BEGIN}{self._back()}{_END}")
            self._shown, self._widths, self._cursor = [], [], None

    def wipe(self) -> None:
        """Empty the screen; the scrollback stays."""
        self._write("\x1b[H\x1b[2J")
        self._shown, self._widths, self._cursor = [], [], None

    def leave(self) -> None:
        """Let what is there stay, and go on below it."""
        if self._shown:
            down = len(self._shown) - 1 - self._cursor[0] if self._cursor else 0
            self._write((f"\x1b[{down}B" if down else "") + "\r\n")
            self._shown, self._widths, self._cursor = [], [], None

    def _to_cursor(self) -> str:
        if self._cursor is None:
            return ""
        up = len(self._shown) - 1 - self._cursor[0]
        return (f"\x1b[{up}A" if up else "") + "\r" + (f"\x1b[{self._cursor[1]}C" if self._cursor[1] else "")

    def _back(self) -> str:
        """To the beginning of what may change, which is erased."""
        if not self._shown:
            return ""
        # A row that was wider than the terminal is now takes several.
        widths = self._widths[: self._cursor[0] + 1] if self._cursor else self._widths
        taken = sum(max(1, -(-wide // max(1, self._columns))) for wide in widths)
        up = f"\x1b[{taken - 1}A" if taken > 1 else ""
        return f"{up}\r\x1b[J"


def size_of(terminal: int) -> tuple[int, int]:
    """Columns and lines of a terminal; 80 and 24 where it does not tell."""
    import os

    try:
        found = os.get_terminal_size(terminal)
    except OSError:
        return 80, 24
    return found.columns or 80, found.lines or 24
