"""The one list that everything to choose from is shown in: filtered while somebody types, with a preview, and deeds.

Its rows depend on its state and the room alone. Of 10,000 items a key touches those that can be seen, and a search.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from iterate.config.bindings import Context
from iterate.terminal import rows
from iterate.terminal.keys import Key
from iterate.terminal.rows import Row, Span
from iterate.tui import columns as columns_of
from iterate.tui.choice import Choice, Item
from iterate.tui.contract import Picture, Program, Size
from iterate.tui.field import Field
from iterate.tui.sight import Sight, Sights

__all__ = ["Deed", "Item", "Listing", "Purpose"]

# From so many columns on there is a preview beside the list, and else below it from so many lines on.
_BESIDE, _BELOW = 76, 26
# With fewer lines there is none for the title, for what keys do.
_TITLED, _TOLD = 4, 7
_MARKED_COLUMNS = 8
# Items for one notch of the wheel.
_WHEEL = 3
# A short list has so many lines, one with a preview so many.
_LEAST, _PREVIEW = 3, 14
_HERE, _LINE, _RULE = "\u203a", " \u2502 ", "\u2500"
_ROUND = frozenset({"up", "down", "ctrl+p", "ctrl+n"})
_LEAVES = frozenset({"cancel", "escape", "ctrl+c", "interrupt"})


class Deed(NamedTuple):
    """What can be done with an item: the action of the context `list`, what is said of it, and what does it.

    A grave one wants a second press. One with a question has a line typed first, which begins as what `asks` gives.
    A free one may be done where there is no item too: it gets one whose text is the filter.
    """

    action: str
    about: str
    does: Callable[[Item, str], None]
    is_grave: bool = False
    asks: Callable[[Item], str] | None = None
    is_free: bool = False


class Purpose(NamedTuple):
    """What a list is for, and who hears of what is done in it.

    `moved` hears of the item under the cursor, `typed` of the filter, `left` that nothing was chosen; with `many`
    items can be ticked.
    """

    title: str
    chosen: Callable[[Item], None]
    deeds: Sequence[Deed] = ()
    sight: Sight | None = None
    moved: Callable[[Item], None] | None = None
    many: Callable[[list[Item]], None] | None = None
    left: Callable[[], None] | None = None
    typed: Callable[[str], None] | None = None
    empty: str = "nothing here"
    is_path: bool = False


class _Typing(NamedTuple):
    """A line that is typed for a deed."""

    deed: Deed
    item: Item
    field: Field


class Listing:
    """A list of items on top of what is shown."""

    is_lasting = is_short = True
    context: Context = "list"

    def __init__(self, program: Program, purpose: Purpose) -> None:
        self._program = program
        self._for = purpose
        self._sights = None if purpose.sight is None else Sights(program, purpose.sight)
        self.choice = Choice(is_path=purpose.is_path)
        self._note = ""
        self._is_loading = True
        # A grave deed that wants its second press.
        self._grave: Deed | None = None
        self._typing: _Typing | None = None
        # Which line of the picture shows what, for the mouse.
        self._first, self._shown = 0, [0 for _ in ()]

    @property
    def escapes(self) -> str:
        """What Esc does."""
        return "closes" if self._typing is None else "goes back"

    @property
    def item(self) -> Item | None:
        """The one under the cursor."""
        return self.choice.item

    def fill(self, items: Sequence[Item], note: str = "") -> None:
        """These are the items; a note is shown where there are none."""
        self._is_loading, self._note = False, note
        self.choice.fill(items)
        self._tell()

    def fail(self, problem: str) -> None:
        """Say why there are none."""
        self._is_loading, self._note = False, problem
        self._program.refresh()

    def forget(self, key: str) -> None:
        """An item is gone."""
        self.fill([each for each in self.choice.items if each.key != key])

    def change(self, item: Item) -> None:
        """An item is another now."""
        if self._sights is not None:
            self._sights.forget(item.key)
        self.fill([item if each.key == item.key else each for each in self.choice.items])

    def act(self, action: str, key: Key) -> bool:
        """Act on a key by its action in the context `list`, else by its name; it takes every key."""
        name = action or key.name
        grave, self._grave = self._grave, None
        if self._typing is not None:
            self._answer(self._typing, name, key)
        elif deed := next((each for each in self._for.deeds if each.action == name), None):
            self._do(deed, grave)
        else:
            self._handle(name, key)
        self._program.refresh()
        return True

    def _handle(self, name: str, key: Key) -> None:
        if name in _LEAVES:
            self._program.close(self)
            if self._for.left is not None:
                self._for.left()
        elif (count := self._count(name)) is not None:
            self._step(count, is_round=name in _ROUND)
        elif name in {"accept", "enter"}:
            self._accept()
        elif name in {"toggle", "tab"} and self._for.many is not None:
            self.choice.tick()
            self._step(1)
        elif name == "mouse":
            self._point(key)
        elif self.choice.type(name, key):
            if self._for.typed is not None:
                self._for.typed(self.choice.filter.text)
            self._tell()

    def _count(self, name: str) -> int | None:
        """How many items a key goes on."""
        page, end = self.choice.page, max(2, self.choice.total)
        return {
            "up": -1,
            "ctrl+p": -1,
            "down": 1,
            "ctrl+n": 1,
            "page-up": -page,
            "pageup": -page,
            "page-down": page,
            "pagedown": page,
            "first": -end,
            "home": -end,
            "last": end,
            "end": end,
        }.get(name)

    def _step(self, count: int, *, is_round: bool = False) -> None:
        self.choice.step(count, is_round=is_round)
        self._tell()

    def _tell(self) -> None:
        if self.item is not None:
            if self._for.moved is not None:
                self._for.moved(self.item)
            if self._sights is not None:
                self._sights.want(self.item.key)
        self._program.refresh()

    def _accept(self) -> None:
        item = self.item
        if self._for.many is not None and self.choice.ticks:
            self._program.close(self)
            self._for.many(self.choice.ticked)
        elif item is not None:
            self._program.close(self)
            self._for.chosen(item)

    def _do(self, deed: Deed, grave: Deed | None) -> None:
        item = self.item
        if item is None:
            if not deed.is_free:
                return
            item = Item("", self.choice.filter.text)
        if deed.is_grave and grave is not deed:
            self._grave = deed
        elif deed.asks is not None:
            self._typing = _Typing(deed, item, Field(deed.asks(item)))
        else:
            deed.does(item, "")

    def _answer(self, typing: _Typing, name: str, key: Key) -> None:
        if name in _LEAVES:
            self._typing = None
        elif name not in {"accept", "enter"}:
            typing.field.act(name, key)
        elif text := typing.field.text.strip():
            self._typing = None
            typing.deed.does(typing.item, text)

    def _point(self, key: Key) -> None:
        """The wheel moves, a press goes to the row under it, a second one accepts."""
        mouse = key.mouse
        if mouse is None:
            return
        if mouse.deed == "wheel":
            self._step({"up": -_WHEEL, "down": _WHEEL}.get(mouse.button, 0))
        elif mouse.deed == "press" and mouse.button == "left":
            line = mouse.row - self._first
            at = self._shown[line] if 0 <= line < len(self._shown) else -1
            if at == self.choice.at:
                self._accept()
            elif at >= 0:
                self._step(at - self.choice.at)

    def picture(self, room: Size) -> Picture:
        """The title and how many, the filter, the items, their preview, and what keys do."""
        columns, lines = max(room.columns, 1), max(room.lines, 1)
        head = [self._head(columns)] if lines >= _TITLED else []
        foot = [rows.clipped(self._hint(), columns)] if lines >= _TOLD else []
        typed, column = self._line(columns)
        self._first = len(head) + 1
        body = min(lines - self._first - len(foot), self._wanted(columns))
        found = [*head, typed, *(self._body(columns, body) if body > 0 else ()), *foot]
        return Picture(found, (len(head), column))

    def _wanted(self, columns: int) -> int:
        """The lines that are of use, which the filter does not change."""
        least = _LEAST
        if self._sights is not None:
            least = _PREVIEW if columns >= _BESIDE else _BELOW
        return max(self.choice.height(), _PREVIEW if self._is_loading else least)

    def _head(self, columns: int) -> Row:
        total, shown = len(self.choice.items), self.choice.total
        count = f"{total:,} in all" if shown == total else f"{shown:,} of {total:,} match"
        count = "loading" if self._is_loading and not total else count
        ticked = f"{len(self.choice.ticks):,} ticked  " if self.choice.ticks else ""
        return columns_of.apart([Span(self._for.title, "title")], [Span(ticked + count, "dim")], columns)

    def _line(self, columns: int) -> tuple[Row, int]:
        """The filter, the line of a deed, or that a deed wants its second press; and the column of the cursor."""
        if self._grave is not None and self.item is not None:
            said = (Span("once more: ", "bad"), rows.span(f"{self._grave.about} {self.item.text}", "bad"))
            return rows.clipped(said, columns), 0
        mark, field = "> ", self.choice.filter
        if self._typing is not None:
            field = self._typing.field
            about = f"{self._typing.deed.about}: "
            mark = about if len(about) < columns // 2 else mark
        if columns <= len(mark):
            return (), 0
        shown, column = field.shown(columns - len(mark))
        return (Span(mark, "bold"), shown), len(mark) + column

    def _hint(self) -> Row:
        wanted = [("accept", "chooses"), *([("toggle", "ticks")] if self._for.many is not None else [])]
        wanted += [(each.action, each.about) for each in self._for.deeds]
        keymap = self._program.keymap
        found = [(keymap.said("list", action), about) for action, about in [*wanted, ("cancel", "closes")]]
        return columns_of.keys([(key, about) for key, about in found if key])

    def _body(self, columns: int, lines: int) -> list[Row]:
        if said := self._said():
            told = rows.wrapped([rows.span(said, "dim")], columns)[:lines]
            return [*(rows.clipped(each, columns) for each in told), *([()] * (lines - len(told)))]
        if self._sights is None or self.item is None:
            return self._list(columns, lines)
        if columns >= _BESIDE:
            left = max(30, columns * 2 // 5)
            seen = self._sights.rows(self.item.key, columns - left - len(_LINE), lines)
            pairs = zip(self._list(left, lines), [*seen, *([()] * (lines - len(seen)))], strict=True)
            return [(*columns_of.padded(one, left), Span(_LINE, "border"), *two) for one, two in pairs]
        if lines >= _BELOW:
            below = lines // 2
            seen = self._sights.rows(self.item.key, columns, below)
            return [*self._list(columns, lines - below - 1), (Span(_RULE * columns, "border"),), *seen]
        return self._list(columns, lines)

    def _said(self) -> str:
        """What is said where there are no items."""
        if self.choice.places:
            return ""
        if self.choice.items:
            return "nothing has these letters"
        return "loading" if self._is_loading else self._note or self._for.empty

    def _list(self, columns: int, lines: int) -> list[Row]:
        shown = self.choice.window(lines)
        self._shown = [-1 if isinstance(each, str) else each for each in shown]
        found = [
            rows.clipped((rows.span(columns_of.one_line(each), "bold"),), columns)
            if isinstance(each, str)
            else self._row(each, columns)
            for each in shown
        ]
        return [*found, *([()] * (lines - len(found)))]

    def _row(self, at: int, columns: int) -> Row:
        item, is_here = self.choice.items[self.choice.places[at]], at == self.choice.at
        size = len(item.text)
        text, places = columns_of.one_line(f"{item.text} {item.more}"), self.choice.marked(at)
        named = columns_of.marked(text[:size], 0, places, "selected" if is_here else "")
        if columns < _MARKED_COLUMNS:
            return rows.clipped(tuple(named), columns)
        tick = ("x " if item.key in self.choice.ticks else "  ") if self._for.many is not None else ""
        mark = f"{_HERE if is_here else ' '}{'*' if item.is_current else ' '}{tick}"
        more = columns_of.marked(text[size + 1 :], size + 1, places, "selected" if is_here else "dim")
        begin = Span(mark, "selected" if is_here else "busy")
        # In a word as well: a mark alone would have to be explained.
        named += [Span(" (now)", "selected" if is_here else "busy")] if item.is_current else []
        return columns_of.apart([begin, *named], more, columns, "selected" if is_here else "")
