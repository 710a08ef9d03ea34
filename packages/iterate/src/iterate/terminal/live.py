"""Rows on a terminal: final ones go into its own scrollback once, the others are painted again below them."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import NamedTuple

from iterate.terminal import pen, rows, width
from iterate.terminal.rows import Paint, Row, Span

# Rows that are left to the command line above, when what is open is longer than the screen.
SPARE = 2
# A screen of this size has room for everything.
ENOUGH = (20, 5)
# So many questions for the place of the cursor are told from one another.
ASKED = 4

type Place = tuple[int, int]


class Live:
    """The bottom of a terminal. `write` gets what is to be sent, ready.

    Rows are found by moves from where the cursor is, because nobody tells where on the screen that is.
    """

    def __init__(self, write: Callable[[str], None], *, paint: Paint, columns: int, lines: int) -> None:
        self._write = write
        self._paint = paint
        self._columns = max(1, columns)
        self._lines = max(1, lines)
        # Whether the terminal wraps what it has anew when it gets another width; where nobody knows, too little is
        # erased, and nothing lost.
        self.is_reflowing = False
        # Whether its cursor goes down by what that adds below it too.
        self.is_sinking = False
        # Whether what that adds pushes rows out at the top although there are empty ones below.
        self.is_pushing = False
        # Whether it empties what it is told to be a prompt when it gets another size, and leaves the cursor in its row.
        self.is_emptying = False
        self._is_marked = False
        # Whether the cursor is hidden where no row has it; whoever says so gives it back.
        self.hides_cursor = False
        # What is on the terminal below what is final, and which row and column of it the cursor is in.
        self._shown: list[Row] = []
        self._cursor: Place | None = None
        self._at: Place = (0, 0)
        self._is_stale = False
        # Whether what is above was written by somebody else.
        self._is_new = True
        # The text that may change and has left the screen at its top: it had no room, or the screen became lower.
        self._gone = ""
        # Rows below that of the cursor which the terminal has not taken away since, becoming lower.
        self._under = 0
        # On which row of the screen all of that begins; None when nobody knows.
        self._top: int | None = None
        # Whether the terminal may be asked for that, where it matters: somebody reads what it answers.
        self.asks = False
        # How often it was asked, the row of ours that the cursor was in, and what was written since.
        self._asked = 0
        self._asked_at: int | None = None
        self._since: list[tuple[Sequence[Row], int]] = []
        # Empty rows of the screen below all that is shown, as far as somebody knows.
        self._empty = 0
        # So many rows at the top of the screen were left empty.
        self._spared = 0
        # What was to be shown when the screen had become too small for it, and nothing else since.
        self._waiting: tuple[Sequence[Row], Place | None] | None = None
        self._is_waiting = False

    @property
    def paint(self) -> Paint:
        """What styles become."""
        return self._paint

    @paint.setter
    def paint(self, paint: Paint) -> None:
        self._is_stale = self._is_stale or paint != self._paint
        self._paint = paint

    def resize(self, columns: int, lines: int) -> None:
        """Paint for another size from now on; the terminal has wrapped what is there by itself.

        It may have had another one meanwhile also where it has the same again, and cut what was on its way.
        """
        before = self._columns, self._lines
        if self._top is not None and self._shown:
            self._empty = max(0, self._lines - self._top - len(self._shown))
        self._columns, self._lines = max(1, columns), max(1, lines)
        self._is_stale, self._is_new, self._top, self._asked_at, self._spared = True, True, None, None, 0
        is_other = before != (self._columns, self._lines)
        # What becomes lower loses the empty rows first, and then those below the cursor.
        lower = max(0, before[1] - self._lines)
        self._under = max(0, self._under - max(0, lower - self._empty)) if is_other else 0
        self._empty = max(0, self._empty - lower)
        if is_other:
            is_small = columns < ENOUGH[0] or lines < ENOUGH[1]
            is_large = sum(self._height(each) for each in self._shown) > self._lines
            self._is_waiting = is_small and is_large and not self._is_marked
            self._waiting = None

    def show(self, final: Sequence[Row], open_: Sequence[Row], cursor: Place | None = None, settled: int = 0) -> None:
        """Write the final rows, and below them those that may change, with the cursor in that row and column.

        So many of the latter only another width changes: where there is no room they are written for good.
        """
        if self._is_waiting and self._waits(final, open_, cursor):
            return
        is_new, self._is_new = self._is_new, False
        lead = self._taken_back() if self._is_stale else ""
        settled -= len(open_)
        final, open_, cursor = self._without_gone(final, open_, cursor)
        final, open_, cursor = self._given_out(final, open_, cursor, settled + len(open_))
        below, place = pen.window(open_, max(1, self._lines - SPARE), cursor)
        below = [pen.fitting(each, self._columns) for each in below]
        place = place and (place[0], min(place[1], self._columns - 1))
        lead += self._lowered(self._spare(below) - len(final)) if is_new else ""
        is_marked = self._is_marked or not self.is_emptying
        if not lead and not final and below == self._shown and place == self._cursor and is_marked:
            return
        frame = _Frame(self._shown, self._at[0], self._paint, self._columns)
        # It may have emptied a row just now, which would be empty for ever.
        frame.trusts = not self.is_emptying
        frame.write(final, below or [()])
        if self.is_emptying and (final or lead or not is_marked):
            frame.mark(len(final))
            self._is_marked = True
        # An end without a row that has the cursor is a beginning too: the cursor stands there.
        at = place or (max(0, len(below) - 1), 0)
        frame.rest(len(final) + at[0], at[1])
        self._place_top(final, len(below))
        if self._asked_at is not None:
            self._since.append((final, len(below)))
        was_hidden, is_hidden = self._is_hidden, self.hides_cursor and place is None
        self._shown, self._cursor, self._at, self._under = below, place, at, len(below) - 1 - at[0]
        self._empty = 0
        sight = "" if was_hidden == is_hidden else pen.HIDE if is_hidden else pen.SHOW
        self._write(f"{pen.BEGIN}{lead}{frame.text}{sight}{pen.END}{self._question()}")

    def placed(self, row: int, column: int) -> None:
        """What the terminal answered: the place on the screen, from 1 on, that the cursor had when it was asked."""
        if self._asked_at is None or column != self._columns - self._asked % ASKED:
            return  # Asked again since, or of another size.
        self._top, self._asked_at = max(0, row - 1 - self._asked_at), None
        for final, below in self._since:
            self._place_top(final, below)

    def clear(self) -> None:
        """Take away what may change; the cursor is at the beginning of an empty row then."""
        if self._shown:
            self._write(f"{pen.BEGIN}{self._taken_back()}{self._sight}{pen.END}")
        self.forget()

    def wipe(self) -> None:
        """Empty the screen; what was on it goes into the scrollback."""
        above = self._lines - 1 if self._top is None else self._top - self._spared
        spare = max(self._spare(self._shown), self._lines // 3) if self.is_pushing else 0
        back = self._taken_back()
        # Those that were left empty go nowhere.
        back += f"\x1b[H\x1b[{self._spared}M" if self._top is not None and self._spared and above else ""
        empty = f"\x1b[{self._lines};1H{'\n' * above}\x1b[{spare + 1}H"
        self._write(f"{pen.BEGIN}{back}{empty}{self._sight}{pen.END}")
        self.forget()
        self._top = self._spared = spare

    def leave(self) -> None:
        """Let what is there stay, and go on below it."""
        if self._shown:
            self._write(f"{pen.vertical(len(self._shown) - 1 - self._at[0])}\r\n{self._sight}")
        self.forget()

    def forget(self) -> None:
        """What is on the terminal is somebody else's: paint anew where the cursor is."""
        self._shown, self._cursor, self._at, self._is_stale = [], None, (0, 0), False
        # What is gone is in the scrollback all the same.
        self._top, self._asked_at, self._spared, self._empty = None, None, 0, 0
        self._is_waiting, self._waiting, self._is_new, self._is_marked = False, None, True, False

    def _question(self) -> str:
        """Asks for the row of the cursor, where more is pushed out the more empty rows there are below it."""
        is_known = self._top is not None or self._asked_at is not None
        if is_known or not (self.asks and self.is_pushing) or self._columns < ENOUGH[0]:
            return ""
        self._asked, self._asked_at, self._since = self._asked + 1, self._at[0], []
        # From the last columns, by turns: what is answered of the first ones in the first row would be a key.
        return f"{pen.column(self._columns - 1 - self._asked % ASKED)}{pen.PLACE}{pen.column(self._at[1])}"

    @property
    def _is_hidden(self) -> bool:
        return self.hides_cursor and bool(self._shown) and self._cursor is None

    @property
    def _sight(self) -> str:
        """What shows the cursor again."""
        return pen.SHOW if self._is_hidden else ""

    def last(self) -> str:
        """What takes away what may change, for when the process is to end right now."""
        return f"{pen.vertical(-self._above())}{pen.ERASE_BELOW}" if self._shown else ""

    def _waits(self, final: Sequence[Row], open_: Sequence[Row], cursor: Place | None) -> bool:
        """Whether nothing is new but a size in which nothing has room: what is there comes back with a larger one.

        As long as nobody writes, a terminal that wraps anew undoes that by itself, also where rows had left the screen.
        """
        now = (list(open_), cursor)
        if not final and self._shown and (self._waiting is None or self._waiting == now):
            self._waiting = now
            return True
        self._is_waiting = False
        return False

    def _spare(self, below: Sequence[Row]) -> int:
        """Rows to leave empty at the top, so that what may change stays on the screen when it is wrapped."""
        if not self.is_pushing:
            return 0
        narrow = max(1, min(ENOUGH[0], self._columns // 2))
        more = sum(len(_starts(each, narrow)) - 1 for each in below)
        return max(0, min(more, self._lines - len(below) - 1))

    def _lowered(self, line: int) -> str:
        """Down to a row of the screen from one above it, and nowhere from one below; nobody has to know which."""
        if line <= 0:
            return ""
        self._top = None if self._top is None else max(self._top, line)
        return f"\x1b[{line}A\x1b[{line}B"

    def _taken_back(self) -> str:
        """To the beginning of what may change, which is erased; nothing is shown then."""
        if not self._shown:
            self._is_stale = False
            return ""
        sight = self._sight
        above = self._above()
        if not self._is_marked:
            above -= self._keep_gone(above)
        self._shown, self._cursor, self._at, self._is_stale = [], None, (0, 0), False
        return f"{pen.vertical(-above)}{pen.ERASE_BELOW}{sight}"

    def _above(self) -> int:
        """Rows of the screen above the cursor that belong to what is shown."""
        line, here = self._at
        if not self.is_reflowing or self._is_marked:
            return line
        if self.is_sinking:
            # From the last row up, and what it takes for the row of the cursor by then is left as it is.
            for at in range(len(self._shown) - 1, -1, -1):
                line += self._height(self._shown[at]) - 1 if at != line else 0
            return line
        within = bisect_right(_starts(self._shown[line], self._columns), here) - 1
        return sum(self._height(each) for each in self._shown[:line]) + within

    def _height(self, row: Row) -> int:
        return len(_starts(row, self._columns)) if self.is_reflowing else 1

    def _keep_gone(self, above: int) -> int:
        """What has left the screen, and be it in part, stays as it is; so many rows are above the cursor or were."""
        # tmux keeps what is below the cursor on the screen.
        under = self._shown[self._at[0] + 1 :][: self._under] if self.is_pushing else ()
        empty = self._empty if self.is_pushing else 0
        left = above + 1 + sum(map(self._height, under)) + empty - self._lines
        count, gone = 0, ""
        for each in self._shown[: self._at[0]]:
            if count >= left:
                break
            count += self._height(each)
            gone += _squeezed(each)
        self._gone += gone
        return count if gone else 0

    def _without_gone(
        self, final: Sequence[Row], open_: Sequence[Row], cursor: Place | None
    ) -> tuple[Sequence[Row], Sequence[Row], Place | None]:
        """What of this is not in the scrollback already; the row of the cursor is always shown."""
        if not self._gone:
            return final, open_, cursor
        whole, count = [*final, *open_], len(final)
        most = count + (cursor[0] if cursor is not None else max(0, len(open_) - 1))
        texts = [_squeezed(each) for each in whole[:most]]
        # What is said meanwhile stands between the two parts.
        tried = (self._matched(texts, at) for at in range(count + 1))
        found = next((each for each in tried if each.used == len(self._gone)), self._matched(texts, 0))
        begin, end, used, part = found
        if part:
            whole[end] = _behind(whole[end], part)
        # Rows that became others meanwhile are written again.
        before = sum(map(len, texts[begin : min(end, count)]))
        self._gone = self._gone[before:used] if end >= count else ""
        del whole[begin:end]
        count -= max(0, min(end, count) - begin)
        return whole[:count], whole[count:], cursor and (cursor[0] - len(open_) + len(whole) - count, cursor[1])

    def _matched(self, texts: Sequence[str], begin: int) -> "_Match":
        """Where they say what is gone, or the beginning of it, from one row on."""
        end, used, gone = begin, 0, self._gone
        while end < len(texts) and used < len(gone) and gone.startswith(texts[end], used):
            used += len(texts[end])
            end += 1
        if not used and not (end < len(texts) and texts[end].startswith(gone)):
            return _Match(begin, begin, 0, 0)
        # It is wrapped to another width by now.
        part = len(gone) - used if end < len(texts) and texts[end].startswith(gone[used:]) else 0
        return _Match(begin, end, used + part, part)

    def _given_out(
        self, final: Sequence[Row], open_: Sequence[Row], cursor: Place | None, settled: int
    ) -> tuple[Sequence[Row], Sequence[Row], Place | None]:
        """Rows that have no room go into the scrollback, as far as that can be; behind them it goes on."""
        line = len(open_) if cursor is None else cursor[0]
        over = min(settled, line, len(open_) - max(1, self._lines - SPARE))
        if over <= 0:
            return final, open_, cursor
        self._gone += "".join(map(_squeezed, open_[:over]))
        return [*final, *open_[:over]], open_[over:], cursor and (line - over, cursor[1])

    def _place_top(self, final: Sequence[Row], below: int) -> None:
        if self._top is not None:
            is_long = any(rows.most(each) > self._columns for each in final)
            top = min(self._top + len(final), self._lines - max(1, below))
            self._spared = max(0, self._spared - (self._top + len(final) - top))
            self._top = None if is_long else max(0, top)


class _Match(NamedTuple):
    """Where rows say again what is in the scrollback, how much of it, and how much of the row behind them."""

    begin: int
    end: int
    used: int
    part: int


class _Frame:
    """One frame: what is shown becomes what is to be shown, by as little as that takes."""

    def __init__(self, shown: Sequence[Row], at: int, paint: Paint, columns: int) -> None:
        self._old = list(shown)
        self._paint = paint
        self._columns = columns
        # The row of the cursor, and the last one that there is.
        self._at = at
        self._last = max(0, len(shown) - 1)
        self._out: list[str] = []
        self._is_wrapping = True
        # Whether final rows are surely there where they were shown before.
        self.trusts = True

    @property
    def text(self) -> str:
        """What is to be sent."""
        return "".join(self._out)

    def write(self, final: Sequence[Row], below: Sequence[Row]) -> None:
        """Final rows take the place of the first ones that may change, and are not written again where they are."""
        for number, each in enumerate(final):
            if rows.most(each) > self._columns:
                self._long(number, each)
            else:
                self._row(number, each)
        for number, each in enumerate(below, len(final)):
            self._row(number, each, is_open=True)
        end = len(final) + len(below)
        if self._last >= end:
            self._to(end)
            self._out.append(pen.ERASE_BELOW)
        else:
            self._to(end - 1)

    def mark(self, line: int) -> None:
        """What begins in this row is a prompt."""
        self._to(line)
        self._out.append(pen.PROMPT)

    def rest(self, line: int, column: int) -> None:
        """The cursor goes to its place."""
        self._to(line)
        self._out.append(pen.column(column))
        if not self._is_wrapping:
            self._out.append(pen.WRAP)

    def _row(self, number: int, row: Row, *, is_open: bool = False) -> None:
        before = self._old[number] if number < len(self._old) else ()
        is_whole = not is_open and not self.trusts
        if before == row and not is_whole:
            return
        self._to(number)
        if is_open and self._is_wrapping:
            self._out.append(pen.NO_WRAP)
            self._is_wrapping = False
        if is_whole:
            begin, text = 0, pen.whole(row, self._paint)
        else:
            begin, text = pen.changed(before, row, self._paint, self._columns)
        self._out.append(f"{pen.column(begin)}{text}")

    def _long(self, number: int, row: Row) -> None:
        """The terminal wraps it, so that whoever copies it gets one line; what stood below is written again."""
        self._to(number)
        self._out.append(f"{pen.ERASE_BELOW}{rows.painted(row, self._paint)}")
        self._old, self._last = self._old[:number], number

    def _to(self, line: int) -> None:
        if line > self._last:
            # Below all that there is: this scrolls where the screen ends.
            down = self._last - self._at
            self._out.append((pen.vertical(down) if down else "") + "\r\n" * (line - self._last))
            self._last = line
        elif line != self._at:
            self._out.append(pen.vertical(line - self._at))
        self._at = line


def _squeezed(row: Row) -> str:
    """The text of a row without blanks and what stands before it, which are others where it is wrapped differently."""
    from iterate.terminal.flow import Prefix

    return "".join("".join(each.text for each in row if not isinstance(each, Prefix)).split())


def _behind(row: Row, count: int) -> Row:
    """The row without so many of its characters; blanks are none."""
    from iterate.terminal.flow import Prefix

    found: list[Span] = []
    for each in row:
        text = each.text
        if not isinstance(each, Prefix):
            while count and text:
                count -= not text[0].isspace()
                text = text[1:]
            is_first = all(isinstance(one, Prefix) for one in found)
            text = text.lstrip() if is_first else text
        if text:
            found.append(each._replace(text=text))
    return tuple(found)


def _starts(row: Row, columns: int) -> Sequence[int]:
    """The columns of a row at which others begin, where a terminal wraps it: a wide character is not parted."""
    text = "".join(each.text for each in row)
    if text.isascii():
        return range(0, max(1, len(text)), columns)
    found = [0]
    for piece in width.broken(text, columns, columns):
        found.append(found[-1] + width.width(piece))
    return found[:-1] or found


def size_of(terminal: int) -> tuple[int, int]:
    """Columns and lines of a terminal; 80 and 24 where it does not tell."""
    import os

    try:
        found = os.get_terminal_size(terminal)
    except OSError:
        return 80, 24
    return found.columns or 80, found.lines or 24
