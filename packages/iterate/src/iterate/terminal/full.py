"""Rows on the alternate screen: all of it is ours, and of each frame goes out what differs, or is scrolled there."""

from collections.abc import Callable, Sequence

from iterate.terminal import pen, rows
from iterate.terminal.rows import Paint, Row

# With fewer changed rows nothing is gained by scrolling.
_FEW = 3

# What is in a row of the screen; None when nobody knows.
type _Shown = list[Row | None]


class Full:
    """The whole of a terminal. `write` gets what is to be sent, ready; who calls it has switched the screen."""

    def __init__(self, write: Callable[[str], None], *, paint: Paint, columns: int, lines: int) -> None:
        self._write = write
        self._paint = paint
        self._columns = max(1, columns)
        self._lines = max(1, lines)
        self._shown: _Shown = [None] * self._lines
        # The row and column of the cursor; None when it is hidden, and the first time.
        self._cursor: tuple[int, int] | None = None
        self._is_new = True

    @property
    def is_new(self) -> bool:
        """Whether nothing is known of what is on the screen."""
        return self._is_new

    @property
    def paint(self) -> Paint:
        """What styles become."""
        return self._paint

    @paint.setter
    def paint(self, paint: Paint) -> None:
        if paint != self._paint:
            self._paint = paint
            self.forget()

    def resize(self, columns: int, lines: int) -> None:
        """Paint for another size from now on; what is there is anybody's guess."""
        self._columns, self._lines = max(1, columns), max(1, lines)
        self.forget()

    def show(self, of: Sequence[Row], cursor: tuple[int, int] | None = None, *, is_still: bool = False) -> None:
        """Show these rows from the top, with the cursor in that row and column, or hidden; nothing scrolls if still."""
        now = [pen.fitting(each, self._columns) for each in of[: self._lines]]
        now += [()] * (self._lines - len(now))
        place = None
        if cursor is not None:
            place = (min(max(0, cursor[0]), self._lines - 1), min(max(0, cursor[1]), self._columns - 1))
        if now == self._shown and place == self._cursor and not self._is_new:
            return
        parts = self._edits(self._shown, now) if is_still else self._least(now)
        sight = pen.HIDE if place is None else pen.SHOW
        if (place is None) == (self._cursor is None) and not self._is_new:
            sight = ""
        if parts:
            parts = f"{pen.NO_WRAP}{parts}{pen.WRAP}"
        end = f"\x1b[{place[0] + 1};{place[1] + 1}H" if place is not None else ""
        self._shown, self._cursor, self._is_new = list(now), place, False
        self._write(f"{pen.BEGIN}{parts}{end}{sight}{pen.END}")

    def clear(self) -> None:
        """Take all of it away."""
        self._write(f"\x1b[H\x1b[2J{pen.SHOW}")
        self.forget()

    def wipe(self) -> None:
        """Paint everything again, because something else has written here."""
        self.clear()

    def leave(self) -> None:
        """Show the cursor; whoever switched the screen switches it back."""
        self._write(pen.SHOW)
        self.forget()

    def forget(self) -> None:
        """What is on the screen is somebody else's."""
        self._shown, self._cursor, self._is_new = [None] * self._lines, None, True

    def _least(self, now: list[Row]) -> str:
        """The shorter of two ways to the new rows."""
        plain = self._edits(self._shown, now)
        changed = [number for number, each in enumerate(now) if self._shown[number] != each]
        if len(changed) <= _FEW:
            return plain
        first, last = changed[0], changed[-1]
        shift = _shift(self._shown[first : last + 1], now[first : last + 1])
        if not shift:
            return plain
        moved = _moved(self._shown, first, last, shift)
        # Lines that are fed at an edge of a region scroll it on every terminal there is.
        feed = f"\x1b[{last + 1}H" + "\n" * shift if shift > 0 else f"\x1b[{first + 1}H" + "\x1bM" * -shift
        scrolled = f"\x1b[{first + 1};{last + 1}r{feed}\x1b[r{self._edits(moved, now)}"
        return min(plain, scrolled, key=len)

    def _edits(self, before: _Shown, now: list[Row]) -> str:
        return "".join(
            self._edit(number, old, each)
            for number, (old, each) in enumerate(zip(before, now, strict=True))
            if old != each
        )

    def _edit(self, number: int, old: Row | None, now: Row) -> str:
        if old is None:
            end = "" if rows.columns(now) >= self._columns else pen.ERASE_ROW
            return f"\x1b[{number + 1}H{rows.painted(now, self._paint)}{end}"
        begin, text = pen.changed(old, now, self._paint, self._columns)
        return f"\x1b[{number + 1}{f';{begin + 1}' if begin else ''}H{text}"


def _shift(before: _Shown, now: list[Row]) -> int:
    """By how many rows most of what is shown goes up; down where it is less than nothing."""
    where = {each: number for number, each in enumerate(before) if each}
    votes: dict[int, int] = {}
    for number, each in enumerate(now):
        if each and each in where:
            by = where[each] - number
            votes[by] = votes.get(by, 0) + 1
    best = max(votes, key=lambda by: votes[by], default=0)
    return best if abs(best) < len(now) else 0


def _moved(before: _Shown, first: int, last: int, shift: int) -> _Shown:
    """What is shown when the rows from the first to the last were scrolled up by so many."""
    part = before[first : last + 1]
    blank: _Shown = [()] * abs(shift)
    part = [*part[shift:], *blank] if shift > 0 else [*blank, *part[:shift]]
    return [*before[:first], *part, *before[last + 1 :]]
