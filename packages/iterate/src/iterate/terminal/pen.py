"""What both painters send: moves between rows, and of a row only what differs from what stands there."""

from collections.abc import Sequence

from iterate.terminal import rows
from iterate.terminal.rows import Paint, Row

# A terminal that knows these shows nothing between them, so nobody sees a frame half painted; others pass them over.
BEGIN, END = "\x1b[?2026h", "\x1b[?2026l"
# What is painted again must not go on in the next row, also where the terminal became narrower meanwhile.
NO_WRAP, WRAP = "\x1b[?7l", "\x1b[?7h"
ERASE_ROW = "\x1b[K"
# All of a row and those below it. tmux keeps what is erased from the first row of its screen on.
ERASE_BELOW = "\r\x1b[K\x1b7\x1b[B\x1b[J\x1b8"
# What shells say before their prompt (OSC 133), which some terminals let them paint anew after a resize.
PROMPT = "\x1b]133;A\x1b\\"
# The terminal answers with the row and column of the cursor.
PLACE = "\x1b[6n"
HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"


def column(number: int) -> str:
    """To a column of the row, counted from 0."""
    return f"\x1b[{number + 1}G" if number else "\r"


def vertical(rows_: int) -> str:
    """Down so many rows that there are, or up; to the beginning of the row."""
    if rows_ < 0:
        return f"\x1b[{-rows_ if rows_ < -1 else ''}A\r"
    return "\r" + "\n" * rows_ if rows_ < 5 else f"\x1b[{rows_}B\r"  # noqa: PLR2004  # Where that is shorter.


def differing(before: Row, now: Row) -> tuple[int, Row]:
    """The column from which two rows differ, and the spans from there; only behind what surely takes its columns."""
    used = 0
    for number, each in enumerate(now):
        one = before[number] if number < len(before) else None
        is_like = one is not None and not each.raw and one[1:] == each[1:]
        if is_like and one is not None and one.text == each.text and each.text.isascii():
            used += len(each.text)
            continue
        if is_like and one is not None and each.text.startswith(one.text) and one.text.isascii():
            # It grew, as what streams and what is typed does.
            tail = each.text[len(one.text) :]
            rest = (each._replace(text=tail), *now[number + 1 :])
            return (used + len(one.text), rest) if tail[:1].isascii() else (0, now)
        return (used, now[number:]) if each.text[:1].isascii() and not each.raw else (0, now)
    return used, ()


def changed(before: Row, now: Row, paint: Paint, columns: int) -> tuple[int, str]:
    """What makes a row that shows `before` show `now`, and the column that it is written from."""
    begin, tail = differing(before, now)
    wide = rows.columns(now)
    is_sure = all(each.text.isascii() for each in (*before, *now))
    is_covered = wide >= columns or (is_sure and wide >= rows.columns(before))
    return begin, f"{rows.painted(tail, paint)}{'' if is_covered else ERASE_ROW}"


def whole(row: Row, paint: Paint) -> str:
    """A row from its beginning, whatever stands there, and however wide the terminal is by now."""
    return f"{ERASE_ROW}{rows.painted(row, paint)}"


def window(
    of: Sequence[Row], most: int, cursor: tuple[int, int] | None
) -> tuple[Sequence[Row], tuple[int, int] | None]:
    """The rows that are shown where there is no room for all: the last ones, and that of the cursor, with its place."""
    if cursor is None or not of:
        return of[-most:], None
    line = min(max(0, cursor[0]), len(of) - 1)
    first = min(max(0, len(of) - most), line)
    return of[first : first + most], (line - first, max(0, cursor[1]))


def fitting(row: Row, columns: int) -> Row:
    """The row, clipped in case that nobody made it for this width; most are looked at and nothing else."""
    return row if rows.most(row) <= columns else rows.clipped(row, columns)
