"""A text to read, on top of what is shown: it is scrolled and searched. Help, a whole call of a tool, a diff, keys."""

from collections.abc import Callable, Sequence

from iterate.config.bindings import Context
from iterate.terminal import rows, tally
from iterate.terminal.keys import Key
from iterate.terminal.rows import Row, Span
from iterate.tui import columns as columns_of
from iterate.tui.contract import Picture, Program, Size
from iterate.tui.field import Field

_TITLED, _TOLD = 4, 7
_LEAVES = frozenset({"cancel", "escape", "ctrl+c", "interrupt", "q"})

# The rows of a text for so many columns.
type Text = Callable[[int], Sequence[Row]]


class Page:
    """One text, made again when the room is another."""

    is_lasting, is_short = True, False

    def __init__(self, program: Program, title: str, text: Text, *, is_at_end: bool = False) -> None:
        self._program = program
        self._title = title
        self._text = text
        self._rows: Sequence[Row] = ()
        # In small letters, once somebody searches.
        self._plain: list[str] = []
        self._columns = 0
        self._top = 0
        self._page = 1
        self._is_at_end = is_at_end
        # What is looked for, while it is typed and behind that.
        self._field: Field | None = None
        self._wanted = ""
        self._hits: list[int] = []

    def change(self, text: Text) -> None:
        """Another text, at the same place."""
        self._text, self._columns = text, 0
        self._program.refresh()

    @property
    def context(self) -> Context:
        """Letters are text while what is looked for is typed."""
        return "page" if self._field is None else "list"

    @property
    def escapes(self) -> str:
        """What Esc does."""
        return "ends the search" if self._wanted or self._field is not None else "closes"

    def act(self, action: str, key: Key) -> bool:
        """Act on a key by its action in the context `page`, else by its name; it takes every key."""
        name = action or (key.text if key.name == "text" else key.name)
        if self._field is not None:
            self._search(self._field, action or key.name, key)
        elif name in _LEAVES:
            if self._wanted and name not in {"q", "ctrl+c", "interrupt"}:
                self._wanted, self._hits = "", []
            else:
                self._program.close(self)
        elif name in {"search", "/", "ctrl+f", "ctrl+s"}:
            self._field = Field(self._wanted)
        elif name == "mouse":
            wheel = {"up": -3, "down": 3}.get(key.mouse.button, 0) if key.mouse and key.mouse.deed == "wheel" else 0
            self._go(self._top + wheel)
        elif name in {"next", "n", "previous", "N"}:
            self._jump(is_back=name in {"previous", "N"})
        else:
            self._scroll(name)
        self._program.refresh()
        return True

    def _scroll(self, name: str) -> None:
        page = max(1, self._page - 1)
        count = {
            "up": -1,
            "k": -1,
            "ctrl+p": -1,
            "down": 1,
            "j": 1,
            "enter": 1,
            "ctrl+n": 1,
            "page-up": -page,
            "pageup": -page,
            "b": -page,
            "page-down": page,
            "pagedown": page,
            " ": page,
            "first": -len(self._rows),
            "home": -len(self._rows),
            "g": -len(self._rows),
            "last": len(self._rows),
            "end": len(self._rows),
            "G": len(self._rows),
        }.get(name, 0)
        self._go(self._top + count)

    def _go(self, top: int) -> None:
        self._top = max(0, min(top, len(self._rows) - self._page))

    def _search(self, field: Field, name: str, key: Key) -> None:
        match name:
            case "accept" | "enter":
                self._field = None
            case "cancel" | "escape" | "ctrl+c" | "interrupt":
                self._field, self._wanted, self._hits = None, "", []
            case _:
                field.act(name, key)
                self._wanted = field.text
                self._find()
                self._jump(is_here=True)

    def _find(self) -> None:
        wanted = self._wanted.lower()
        if not wanted:
            self._hits = []
            return
        if not self._plain:
            self._plain = ["".join(each.text for each in row).lower() for row in self._rows]
        self._hits = [at for at, text in enumerate(self._plain) if wanted in text]

    def _jump(self, *, is_back: bool = False, is_here: bool = False) -> None:
        """To the next row that has what is looked for, round the end."""
        if not self._hits:
            return
        if is_back:
            self._go(next((at for at in reversed(self._hits) if at < self._top), self._hits[-1]))
        else:
            first = self._top + (0 if is_here else 1)
            self._go(next((at for at in self._hits if at >= first), self._hits[0]))

    def picture(self, room: Size) -> Picture:
        """The title, the rows that are seen, and what keys do, or what is looked for."""
        columns, lines = max(room.columns, 1), max(room.lines, 1)
        self._make(columns)
        has_head = lines >= _TITLED
        has_foot = lines >= _TOLD or (self._field is not None and lines > 1)
        self._page = max(1, min(lines - has_head - has_foot, len(self._rows)))
        if self._is_at_end:
            self._is_at_end, self._top = False, len(self._rows)
        self._go(self._top)
        shown = [rows.clipped(self._row(each), columns) for each in self._rows[self._top : self._top + self._page]]
        # What it counts is what is seen now.
        found = [*([self._head(columns)] if has_head else []), *(shown or [()])]
        if not has_foot:
            return Picture(found)
        if self._field is None:
            return Picture([*found, rows.clipped(self._hint(), columns)])
        text, column = self._field.shown(max(1, columns - 1))
        is_narrow = columns <= 1
        row = (text,) if is_narrow else (Span("/", "bold"), text)
        return Picture([*found, row], (len(found), 0 if is_narrow else column + 1))

    def _make(self, columns: int) -> None:
        if columns == self._columns:
            return
        share = self._top / len(self._rows) if self._rows and self._columns else 0.0
        self._rows, self._columns, self._plain = self._text(columns), columns, []
        self._top = round(share * len(self._rows))
        self._find()

    def _head(self, columns: int) -> Row:
        last = min(len(self._rows), self._top + self._page)
        all_ = tally.counted(len(self._rows), "line")
        count = (
            all_
            if last - self._top >= len(self._rows)
            else f"lines {self._top + 1:,} to {last:,} of {len(self._rows):,}"
        )
        if self._wanted:
            count = f"found on {tally.counted(len(self._hits), 'line')}"
        return columns_of.apart([Span(self._title, "title")], [Span(count, "dim")], columns)

    def _row(self, row: Row) -> Row:
        """The row, with what is looked for marked."""
        wanted = self._wanted.lower()
        if not wanted or wanted not in "".join(each.text for each in row).lower():
            return row
        found: list[Span] = []
        for each in row:
            low, at = each.text.lower(), 0
            if len(low) == len(each.text):
                while (hit := low.find(wanted, at)) >= 0:
                    found += [each._replace(text=each.text[at:hit])] if hit > at else []
                    found.append(each._replace(text=each.text[hit : hit + len(wanted)], style="match", raw=""))
                    at = hit + len(wanted)
            found += [each._replace(text=each.text[at:])] if at < len(each.text) else []
        return tuple(found)

    def _hint(self) -> Row:
        search = [("n", "next"), ("N", "before")] if self._wanted else [("/", "searches")]
        return columns_of.keys([("Up, Down", "scroll"), *search, ("q", "closes")])


def text(of: str) -> Text:
    """A text that is wrapped to the room."""
    return lambda columns: [row for line in of.split("\n") for row in rows.wrapped([rows.span(line)], columns)]
