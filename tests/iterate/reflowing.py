"""A terminal that wraps what it has anew when it gets another width, as tmux and the terminals of desktops do.

It knows what `Live` sends and nothing else. Like tmux it keeps what is erased from the first row of the screen on.
"""

import re

_PIECE = re.compile(r"\x1b\[(\??)([0-9;]*)([A-Za-z])|\x1b([78])|[\r\n]|[^\x1b\r\n]+")


class Reflowing:
    """The rows of the scrollback and the screen, and which of them go on in the next."""

    def __init__(self, columns: int, lines: int) -> None:
        self.columns, self.lines = columns, lines
        self._rows: list[str] = [""]
        self._goes_on: list[bool] = [False]
        self._top = 0
        self._y = self._x = 0
        self._saved = (0, 0)
        self._wraps = True
        # Where on the screen, from 1 on, the cursor was each time when it was asked for.
        self.answers: list[tuple[int, int]] = []

    def feed(self, text: str) -> None:
        for found in _PIECE.finditer(text):
            if found[3]:
                self._control(found[1], found[2], found[3])
            elif found[4]:
                self._save(found[4])
            elif found[0] == "\r":
                self._x = 0
            elif found[0] == "\n":
                self._down(1, scrolls=True)
            else:
                for character in found[0]:
                    self._put(character)

    def resize(self, columns: int, lines: int) -> None:
        """The rows below the cursor go first, then those above it leave the screen; the cursor stays where it was."""
        below = len(self._rows) - 1 - self._y
        gone = min(below, max(0, self.lines - lines - (self._top + self.lines - len(self._rows))))
        if gone:
            del self._rows[-gone:], self._goes_on[-gone:]
        rows, goes_on, y, x = [""], [False], 0, 0
        whole = ""
        for number, row in enumerate(self._rows):
            if number == self._y:
                offset = len(whole) + self._x
                y, x = len(rows) - 1 + offset // columns, offset % columns
            whole += row.ljust(self.columns) if self._goes_on[number] else row
            if not self._goes_on[number]:
                parts = [whole[begin : begin + columns] for begin in range(0, len(whole), columns)] or [""]
                rows[-1:] = parts
                goes_on[-1:] = [True] * (len(parts) - 1) + [False]
                rows.append("")
                goes_on.append(False)
                whole = ""
        self._rows, self._goes_on = rows[:-1], goes_on[:-1]
        self._y, self._x = min(y, len(self._rows) - 1), x
        self.columns, self.lines = columns, lines
        self._top = max(0, min(len(self._rows) - lines, self._y))
        self._top = max(self._top, self._y - lines + 1)

    def logical(self) -> list[str]:
        """Everything there is, as somebody copies it."""
        found, whole = [], ""
        for row, goes_on in zip(self._rows, self._goes_on, strict=True):
            whole += row
            if not goes_on:
                found.append(whole.rstrip())
                whole = ""
        while found and not found[-1]:
            found.pop()
        return found

    @property
    def cursor(self) -> tuple[str, int]:
        return self._rows[self._y].rstrip(), self._x

    def _put(self, character: str) -> None:
        if self._x >= self.columns:
            if self._wraps:
                self._goes_on[self._y] = True
                self._down(1, scrolls=True)
                self._x = 0
            else:
                self._x = self.columns - 1
        row = self._rows[self._y].ljust(self._x)
        self._rows[self._y] = row[: self._x] + character + row[self._x + 1 :]
        self._x += 1

    def _down(self, by: int, *, scrolls: bool) -> None:
        for _ in range(by):
            if self._y == self._top + self.lines - 1:
                if not scrolls:
                    return
                self._top += 1
            self._y += 1
            if self._y == len(self._rows):
                self._rows.append("")
                self._goes_on.append(False)

    def _save(self, what: str) -> None:
        if what == "7":
            self._saved = (self._y, self._x)
        else:
            self._y, self._x = self._saved

    def _control(self, private: str, numbers: str, letter: str) -> None:
        number = int(numbers) if numbers.isdigit() else 1
        match private + letter:
            case "A":
                self._y = max(self._top, self._y - number)
            case "B":
                self._down(number, scrolls=False)
            case "G":
                self._x = number - 1
            case "K":
                self._rows[self._y] = self._rows[self._y][: self._x]
                self._goes_on[self._y] = False
            case "J":
                self._erase_below()
            case "?h" | "?l":
                self._wraps = letter == "h" if numbers == "7" else self._wraps
            case "n":
                self.answers.append((self._y - self._top + 1, self._x + 1))
            case "m":
                pass
            case _:
                raise AssertionError(private + numbers + letter)

    def _erase_below(self) -> None:
        if (self._y, self._x) == (self._top, 0) and self.lines > 1:
            # It goes into the scrollback, and the screen is empty.
            self._top = self._y = len(self._rows)
            self._rows.append("")
            self._goes_on.append(False)
            return
        del self._rows[self._y + 1 :], self._goes_on[self._y + 1 :]
        self._rows[self._y] = self._rows[self._y][: self._x]
        self._goes_on[self._y] = False


class Pushing(Reflowing):
    """One that counts empty rows below the cursor when it wraps, and pushes out others at the top for them, as tmux."""

    def resize(self, columns: int, lines: int) -> None:
        """As `screen_resize_cursor` of tmux: its height first, then its width, of which the last rows are seen."""
        self._fill()
        lower = min(max(0, self.lines - lines), len(self._rows) - 1 - self._y)
        if lower:
            del self._rows[-lower:], self._goes_on[-lower:]
        self._top = max(0, len(self._rows) - lines)
        self.lines = lines
        self._fill()
        super().resize(columns, lines)
        self._top = max(0, len(self._rows) - lines)
        self._y = max(self._y, self._top)

    def _fill(self) -> None:
        while len(self._rows) < self._top + self.lines:
            self._rows.append("")
            self._goes_on.append(False)
