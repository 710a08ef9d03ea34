"""The transcript on a full screen: what keys and the mouse do with its pages."""

import time
from collections.abc import Callable

from iterate.config.bindings import Context
from iterate.terminal import rows
from iterate.terminal.keys import Key
from iterate.terminal.log import Call, Thought
from iterate.terminal.pages import Jump, Pages, Unit
from iterate.terminal.rows import Row, Span
from iterate.terminal.sequences import Mouse
from iterate.tui.contract import Picture, Size
from iterate.tui.field import Field

# Rows that a wheel turns by, and the seconds within which a second press makes words of characters.
WHEEL, DOUBLE_S = 3, 0.4
_JUMPS: dict[str, Jump] = {
    "page-up": "page-up",
    "page-down": "page-down",
    "half-up": "half-up",
    "half-down": "half-down",
    "top": "top",
    "bottom": "bottom",
}
_BELOW = "\N{DOWNWARDS ARROW} "
_UNITS: tuple[Unit, ...] = ("character", "word", "line")


class Leafing:
    """Pages, with what is looked for and where the mouse is."""

    is_lasting = True

    def __init__(self, pages: Pages, copy: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self.pages = pages
        self._copy = copy
        self._clock = clock
        # What is looked for, while it is typed, and how often it is there.
        self._field: Field | None = None
        self._count = 0
        self._lines = 1
        # The last press: when, where, and the how manieth of several.
        self._pressed = (0.0, -1, -1, 0)
        self._has_dragged = False
        # What came at the end last, while somebody read above it.
        self._missed: Row = ()

    @property
    def context(self) -> Context:
        """Letters are text while what is looked for is typed."""
        return "app" if self._field is None else "list"

    @property
    def escapes(self) -> str:
        """What Esc does here; empty where it is for somebody else."""
        if self._field is not None or self.pages.wanted:
            return "ends the search"
        return "unmarks" if self.pages.selected() else ""

    def act(self, action: str, key: Key) -> bool:
        """Act on a key; whether it took it."""
        if key.mouse is not None:
            return self._mouse(key.mouse)
        if self._field is not None:
            return self._search(self._field, action or key.name, key)
        match action:
            case "search":
                self._field = Field(self.pages.wanted)
            case "prompt-up" | "prompt-down":
                self.pages.prompt(is_back=action == "prompt-up")
            case "stop" if self.pages.wanted or self.pages.selected():
                self.release()
            case "open-call" | "reasoning":
                return self.pages.toggle_newest(Call if action == "open-call" else Thought)
            case _ if action in _JUMPS:
                self.pages.jump(_JUMPS[action])
            case _:
                return False
        return True

    def release(self) -> None:
        """Nothing is looked for or selected any more."""
        self.pages.search("")
        self.pages.unselect()

    def follow(self) -> None:
        """To the end: something of this person comes there."""
        self.pages.jump("bottom")
        self._missed = ()

    def came(self, row: Row) -> None:
        """This came at the end; where somebody reads above it, it is told below what is read."""
        if self.pages.is_above:
            self._missed = row

    def picture(self, room: Size, *, is_told: bool = False) -> Picture:
        """The rows that are seen, and a line that is looked for with, or that tells what came below, if nobody did."""
        if room.columns + 1 != self.pages.look.columns:
            self.pages.resize(room.columns + 1, room.lines)
        has_missed = bool(self._missed) and not is_told
        has_foot = bool(self._field is not None or self.pages.wanted or has_missed) and room.lines > 1
        self._lines = max(1, room.lines - has_foot)
        shown = self.pages.view(self._lines, self._clock())
        if shown.is_bottom and self._missed:
            self._missed = ()
            return self.picture(room, is_told=is_told)
        found: list[Row] = [rows.clipped(each, room.columns) for each in shown.rows]
        found += [()] * (self._lines - len(found))
        if not has_foot:
            return Picture(found)
        foot, column = self._foot(room.columns, self._missed if has_missed else ())
        place = None if column is None else (len(found), min(column, max(0, room.columns - 1)))
        return Picture([*found, rows.clipped(foot, room.columns)], place)

    def _foot(self, room: int, missed: Row) -> tuple[Row, int | None]:
        """The last row, and the column of the cursor where something is typed."""
        told = Span(f"  {self._count:,} found", "dim")
        if self._field is not None:
            text, column = self._field.shown(max(1, room - 1))
            return (Span("/", "bold"), text, told, Span("; Up and Down go on", "dim")), column + 1
        found: Row = ()
        if self.pages.wanted:
            found = (Span(f"/{self.pages.wanted}", "bold"), told, Span("; n, N, Esc ends  ", "dim"))
        return (*found, Span(_BELOW, "busy"), *missed) if missed else found, None

    def _search(self, field: Field, name: str, key: Key) -> bool:
        match name:
            case "accept" | "enter" | "up" | "down":
                self.pages.next_match(is_back=name != "down")
                self._field = None if name in {"accept", "enter"} else field
            case "cancel" | "escape" | "ctrl+c":
                self._field = None
                self.pages.search("")
            case _:
                field.act(name, key)
                self._count = self.pages.search(field.text)
        return True

    def next(self, *, is_back: bool) -> bool:
        """To the next of what was looked for; whether something was."""
        return self.pages.next_match(is_back=is_back)

    def _mouse(self, mouse: Mouse) -> bool:
        match mouse.deed:
            case "wheel":
                self.pages.scroll(-WHEEL if mouse.button == "up" else WHEEL)
            case "press" if mouse.button == "left":
                self._press(mouse)
            case "drag" if mouse.button == "left":
                self._drag(mouse)
            case "release" if mouse.button in {"left", ""}:
                self._release(mouse)
            case _:
                return False
        return True

    def _press(self, mouse: Mouse) -> None:
        now = self._clock()
        at, row, column, count = self._pressed
        is_again = now - at <= DOUBLE_S and (row, column) == (mouse.row, mouse.column)
        count = count % len(_UNITS) + 1 if is_again else 1
        self._pressed, self._has_dragged = (now, mouse.row, mouse.column, count), False
        self.pages.select(mouse.row, mouse.column, _UNITS[count - 1])

    def _drag(self, mouse: Mouse) -> None:
        self._has_dragged = True
        if mouse.row <= 0:
            self.pages.scroll(-1)
        elif mouse.row >= self._lines - 1:
            self.pages.scroll(1)
        self.pages.view(self._lines, self._clock())
        self.pages.extend(mouse.row, mouse.column)

    def _release(self, mouse: Mouse) -> None:
        text = self.pages.selected()
        if text.strip():
            self._copy(text)
            return
        # Blanks and empty rows are nothing that the clipboard is to lose its text for.
        if not self._has_dragged:
            self.pages.toggle(mouse.row)
        self.pages.unselect()
