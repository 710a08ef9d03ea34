"""What there is to choose from: items that letters narrow, the one under the cursor, those that are ticked."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from iterate.fuzzy import Finder
from iterate.terminal.keys import Key
from iterate.tui.field import Field

_BEST = 100


class Item(NamedTuple):
    """One of the things: its key, the text and what is shown behind it, which letters find, as they find `also`."""

    key: str
    text: str
    more: str = ""
    group: str = ""
    is_current: bool = False
    also: str = ""


class Choice:
    """Items, and where somebody is among them. It paints nothing."""

    def __init__(self, *, is_path: bool = False) -> None:
        self.items: Sequence[Item] = ()
        self.filter = Field()
        # Places of items that match, in the order in which they are shown.
        self.places: Sequence[int] = ()
        self.total = 0
        self.at = 0
        self.top = 0
        # How many are seen at once.
        self.page = 1
        self.ticks: set[str] = set()
        self._is_path = is_path
        self._finder = Finder(())
        self._is_more = False
        # Rows that name groups.
        self._groups = 0

    def fill(self, items: Sequence[Item]) -> None:
        """Take other items; the cursor stays on the one it was on, else goes to the current one."""
        now, top = self.item, self.top
        was = now.key if now is not None else next((each.key for each in items if each.is_current), "")
        place = self.at
        self.items = items
        groups = ["", *(each.group for each in items)]
        self._groups = sum(1 for one, two in pairwise(groups) if two and one != two)
        self._finder = Finder([f"{each.text} {each.more} {each.also}" for each in items], is_path=self._is_path)
        self.ticks &= {each.key for each in items}
        self._search()
        if not self.go_to(was):
            self.at = max(0, min(place, len(self.places) - 1))
        self.top = min(top, self.at)

    @property
    def item(self) -> Item | None:
        """The one under the cursor."""
        return self.items[self.places[self.at]] if self.at < len(self.places) else None

    @property
    def ticked(self) -> list[Item]:
        """Those that are ticked, in order."""
        return [each for each in self.items if each.key in self.ticks]

    def type(self, name: str, key: Key) -> bool:
        """A key for the filter; whether it is another one now."""
        before = self.filter.text
        if not self.filter.act(name, key) or self.filter.text == before:
            return False
        now = self.item
        self._search()
        if not self.filter.text and now is not None:
            self.go_to(now.key)
        return True

    def step(self, count: int, *, is_round: bool = False) -> None:
        """So many items on; from the last one to the first where it goes round."""
        if not self.places:
            return
        to = self.at + count
        if self._is_more and (to + self.page >= len(self.places) or to < 0):
            self.places = [*self.places, *self._finder.rest()]
            self._is_more = False
        last = len(self.places) - 1
        if is_round and not 0 <= to <= last:
            to = last if to < 0 else 0
        self.at = max(0, min(last, to))

    def tick(self) -> None:
        """Tick the item, or take its tick away."""
        if self.item is not None:
            self.ticks ^= {self.item.key}

    def go_to(self, key: str) -> bool:
        """Go to the item of this key, where it is among those that are shown."""
        at = next((at for at, place in enumerate(self.places) if self.items[place].key == key), -1)
        self.at = max(at, 0)
        return at >= 0

    def marked(self, at: int) -> frozenset[int]:
        """The letters of an item that match."""
        typed = self.filter.text
        return frozenset(self._finder.marked(typed, self.places[at])) if typed.strip() else frozenset()

    def height(self) -> int:
        """The lines that all of them take, whatever the filter is."""
        return len(self.items) + self._groups

    def window(self, lines: int) -> list[int | str]:
        """What has room: items by their place in the order, and the names of groups; the cursor is among them."""
        self.page = max(1, lines - 1)
        self.top = max(min(self.top, self.at), self.at - lines + 1)
        is_grouped = bool(self._groups) and not self.filter.text.strip()
        while self._height(self.top, is_grouped=is_grouped) > lines and self.top < self.at:
            self.top += 1
        found: list[int | str] = []
        before = ""
        for at in range(self.top, min(len(self.places), self.top + lines)):
            group = self._group(at) if is_grouped else ""
            if group and group != before and lines > 1:
                found.append(group)
            before = group
            found.append(at)
        return found[:lines]

    def _height(self, top: int, *, is_grouped: bool) -> int:
        """The lines from there to the cursor."""
        count = self.at - top + 1
        if not is_grouped:
            return count
        groups = ["", *(self._group(at) for at in range(top, self.at + 1))]
        return count + sum(1 for one, two in pairwise(groups) if two and one != two)

    def _group(self, at: int) -> str:
        return self.items[self.places[at]].group

    def _search(self) -> None:
        found = self._finder.find(self.filter.text, _BEST if self.filter.text.strip() else len(self.items))
        self.places, self.total = found.places, found.total
        self._is_more = found.total > len(found.places)
        self.at = self.top = 0
