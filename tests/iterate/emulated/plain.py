"""pyte as a terminal of the old kind: one code point after the other, and nothing is wrapped again by a resize.

pyte knows no other screen, throws rows away by a resize, and prints what it does not understand; so this is its screen
with these three mended, by what xterm does.
"""

import re
from typing import TYPE_CHECKING

import pyte
from tests.iterate.emulated.seen import Seen
from wcwidth import wcwidth

if TYPE_CHECKING:
    from pyte.screens import Char, StaticDefaultDict

_OTHER = {1049 << 5, 1047 << 5, 47 << 5}
_WRAPS = 7 << 5
# Strings of OSC, DCS, APC, PM and SOS; and CSI with a mark that pyte takes for something else.
_STRINGS = re.compile(rb"\x1b[\]P_^X](?:[^\x07\x1b]|\x1b[^\\])*(?:\x07|\x1b\\)|\x1b\[[<=>?][0-9;:]*[$\"' ]?[u$cqpmn]")
# What may be the beginning of one of them.
_BEGUN = re.compile(rb"\x1b(?:[\]P_^X](?:[^\x07\x1b]|\x1b[^\\])*\x1b?|\[[0-?]*[ -/]*)?\Z")


class _Screen(pyte.Screen):
    def __init__(self, columns: int, lines: int) -> None:
        self.above: list[str] = []
        # How often a row was longer than the screen is wide, which was not to be wrapped.
        self.overflows = 0
        self._kept: tuple[dict[int, StaticDefaultDict[int, Char]], tuple[int, int]] | None = None
        super().__init__(columns, lines)

    @property
    def is_alternate(self) -> bool:
        return self._kept is not None

    def row(self, number: int) -> str:
        line = self.buffer[number]
        return "".join(line[column].data for column in range(self.columns)).rstrip()

    def index(self) -> None:
        if self.cursor.y == self.lines - 1 and not self.margins and not self.is_alternate:
            self.above.append(self.row(0))
        super().index()

    def draw(self, data: str) -> None:
        for character in data:
            wide = wcwidth(character)
            if wide > 0:
                self.overflows += self.cursor.x + wide > self.columns and _WRAPS not in self.mode
                if wide == 2 and self.cursor.x == self.columns - 1 and _WRAPS in self.mode:
                    # It has no room, so that column stays as it is.
                    self.cursor.x = self.columns
                super().draw(character)
            elif wide == 0 and self.cursor.x:
                line = self.buffer[self.cursor.y]
                column = self.cursor.x - 1
                while column and not line[column].data:
                    column -= 1
                line[column] = line[column]._replace(data=line[column].data + character)

    def set_mode(self, *modes: int, **kwargs: bool) -> None:
        super().set_mode(*modes, **kwargs)
        if kwargs.get("private") and _OTHER & {mode << 5 for mode in modes} and self._kept is None:
            self._kept = (dict(self.buffer), (self.cursor.x, self.cursor.y))
            self.buffer.clear()

    def reset_mode(self, *modes: int, **kwargs: bool) -> None:
        super().reset_mode(*modes, **kwargs)
        if kwargs.get("private") and _OTHER & {mode << 5 for mode in modes} and self._kept is not None:
            kept, (x, y) = self._kept
            self._kept = None
            self.buffer.clear()
            self.buffer.update(kept)
            self.cursor.x, self.cursor.y = min(x, self.columns - 1), min(y, self.lines - 1)

    def erase_in_display(self, how: int = 0, *args: object, **kwargs: bool) -> None:
        super().erase_in_display(how, *args, **kwargs)
        if how == 3:
            self.above.clear()

    def resize(self, lines: int | None = None, columns: int | None = None) -> None:
        """Rows at the bottom that are empty go first, then those at the top, into what is above."""
        lines, columns = lines or self.lines, columns or self.columns
        last = max([self.cursor.y, *(number for number in range(self.lines) if self.row(number))])
        over = max(0, last + 1 - lines)
        for number in range(over):
            if not self.is_alternate:
                self.above.append(self.row(number))
        rows = {number - over: line for number, line in self.buffer.items() if number >= over}
        x, y = self.cursor.x, self.cursor.y
        self.buffer.clear()
        self.buffer.update({number: line for number, line in rows.items() if number < lines})
        # pyte would throw away rows at the top.
        self.lines = lines
        super().resize(lines, columns)
        self.set_margins()
        self.cursor.x, self.cursor.y = min(x, columns - 1), max(0, min(y - over, lines - 1))


class Plain:
    """A terminal that pyte emulates."""

    def __init__(self, columns: int, lines: int) -> None:
        self._screen = _Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self._rest = b""

    @property
    def screen(self) -> pyte.Screen:
        """The screen with its colours, as pyte has it."""
        return self._screen

    def feed(self, content: bytes) -> None:
        """What the program wrote."""
        content = _STRINGS.sub(b"", self._rest + content)
        begun = _BEGUN.search(content)
        self._rest = content[begun.start() :] if begun else b""
        self._stream.feed(content[: begun.start()] if begun else content)

    def resize(self, columns: int, lines: int) -> None:
        """Another size."""
        self._screen.resize(lines, columns)

    def seen(self) -> Seen:
        """What is to be seen now."""
        screen = self._screen
        rows = tuple(screen.row(number) for number in range(screen.lines))
        cursor = (screen.cursor.y, min(screen.cursor.x, screen.columns - 1))
        return Seen(tuple(screen.above), rows, cursor, screen.is_alternate)

    @property
    def overflows(self) -> int:
        """How often a row was longer than the screen is wide, which was not to be wrapped."""
        return self._screen.overflows

    @property
    def hides_cursor(self) -> bool:
        """Whether there is no cursor to be seen."""
        return bool(self._screen.cursor.hidden)

    @property
    def modes(self) -> set[int]:
        """The private modes that are on."""
        return {mode >> 5 for mode in self._screen.mode if mode >= 1 << 5}
