"""The transcript of a full screen: entries kept small, and of their rows only those that can be seen.

A place is an entry and a row of it, never a number of rows from the beginning: so nothing has to be known of what is
not seen, nothing jumps when it is, and a key costs the same behind any number of answers.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from iterate.heard import Heard
from iterate.terminal import drawing, flat
from iterate.terminal.archive import Archive, text
from iterate.terminal.drawing import Look
from iterate.terminal.log import Call, Log, Prompt, Summary, Thought
from iterate.terminal.rows import Row, span
from iterate.terminal.story import missing
from iterate.terminal.times import Times

if TYPE_CHECKING:
    from iterate.terminal.album import Album

# Entries from the first one at which older ones are wanted.
NEAR = 20

type Jump = Literal["up", "down", "half-up", "half-down", "page-up", "page-down", "top", "bottom"]
type Unit = Literal["character", "word", "line"]


class Spot(NamedTuple):
    """A row: the key of its entry, and its number in it. What is open is behind all entries."""

    entry: int
    row: int


class Place(NamedTuple):
    """A character of the text of an entry."""

    entry: int
    offset: int


class Shown(NamedTuple):
    """The rows that can be seen, and whether there are more above and below."""

    rows: list[Row]
    is_top: bool
    is_bottom: bool


class Pages:
    """A session that is looked at: from its end, or from anywhere."""

    def __init__(self, look: Look, times: Times | None = None) -> None:
        self._of = Archive(look, times)
        # Prompts that are known to be before the first entry, which `prepend` brings.
        self.above = 0
        # The first row that is seen; None sticks to the end.
        self._top: Spot | None = None
        self._lines = look.lines
        self._spots: list[Spot] = []
        self.wanted = ""
        self._hit: Place | None = None
        self._unit: Unit = "character"
        self._selected: tuple[Place, Place] | None = None

    @property
    def look(self) -> Look:
        """How much room there is, and how much is to be seen."""
        return self._of.look

    @property
    def album(self) -> "Album | None":
        """Where the images of it are."""
        return None if self.look.images is None else self.look.images.album

    def adapt(self, look: Look) -> None:
        """The terminal can do more than was known."""
        if look != self.look:
            top = self._valid(self._top) if self._top is not None else None
            self._of.renew(look)
            self._top = None if top is None else self._valid(top)

    @property
    def has_panel(self) -> bool:
        """Whether what there is to do is shown beside it."""
        return self._of.has_panel

    @has_panel.setter
    def has_panel(self, has_panel: bool) -> None:
        if has_panel != self._of.has_panel:
            self._of.has_panel = has_panel
            self._of.moment()

    @property
    def log(self) -> Log:
        """What happened."""
        return self._of.log

    def take(self, event: Heard, now: float | None) -> None:
        """Hear of one event; `now` is None for what happened before somebody looked."""
        if event.kind in {"reverted", "retry"}:
            # What is taken away is neither selected nor found any more.
            self._selected = self._hit = None
        self._of.take(event, now)

    def say(self, rows: Sequence[Row]) -> None:
        """Put rows of ours behind what is there."""
        self._of.say(rows)

    def greet(self, rows: Sequence[Row]) -> None:
        """Put rows above everything."""
        self._of.greet(rows)

    def opened(self, number: int) -> list[Row]:
        """All of one call, by its number here."""
        calls = self.log.calls
        if not 1 <= number <= len(calls):
            return [(span(missing(number, len(calls))),)]
        return drawing.opened(calls[number - 1], self.look)

    def settle(self) -> None:
        """Nobody follows this session any more: what was open of it stays as far as it came."""
        self._of.settle()

    def prepend(self, events: Sequence[Heard], above: int) -> None:
        """Put whole answers before those that are there; `above` prompts are before them."""
        greeting = self._of.base if self._of.greets else None
        first = self._of.base + self._of.greets
        before = self._of.strip(first).height
        self._of.prepend(events)
        self.above = above
        if self._top is not None and self._top.entry == greeting:
            # The greeting stays above everything; what was below it is read.
            self._top = Spot(first, 0)
        elif self._top is not None and self._top.entry == first:
            # It was the first one, and has an empty row above it now.
            self._top = Spot(first, self._top.row + self._of.strip(first).height - before)

    def wants_earlier(self) -> bool:
        """Whether somebody comes near the first entry, and older ones are known of."""
        return self.above > 0 and self._top is not None and self._top.entry - self._of.base < NEAR

    # What is seen.

    def view(self, lines: int, now: float | None = None) -> Shown:
        """The rows that can be seen on so many lines."""
        self._lines, self._of.now = max(1, lines), now
        self._of.moment()
        spots: list[Spot] = []
        if self._top is not None:
            self._top = self._valid(self._top)
            spots = self._down(self._top, self._lines)
            if len(spots) < self._lines:
                self._top = None
        if self._top is None:
            spots = self._up(Spot(self._of.end + 1, 0), self._lines)
        self._spots = spots
        is_bottom = not spots or self._top is None or not self._down(spots[-1], 2)[1:]
        if is_bottom:
            self._top = None
        is_top = not spots or not self._up(spots[0], 1)
        return Shown([self._row(each) for each in spots], is_top, is_bottom)

    @property
    def is_above(self) -> bool:
        """Whether somebody reads above the end."""
        return self._top is not None

    def hides(self, count: int) -> bool:
        """Whether so many rows, said now, are not seen: somebody reads above them, or what is open fills the screen."""
        return self.is_above or self._of.strip(self._of.end).height + count > self._lines

    @property
    def share(self) -> float:
        """How far down that is, about, from 0 to 1."""
        if self._top is None or not self._of.entries:
            return 1.0
        height = max(1, self._of.strip(self._top.entry).height)
        return (self._top.entry - self._of.base + self._top.row / height) / (len(self._of.entries) + 1)

    def resize(self, columns: int, lines: int) -> None:
        """Rows for another size; what was the first row that is seen stays so."""
        if columns == self.look.columns:
            self._of.look = self.look._replace(lines=lines)
            return
        top = self._valid(self._top) if self._top is not None else None
        place = None if top is None else Place(top.entry, self._of.flat(top.entry).ranges[top.row][0])
        self._of.renew(self.look._replace(columns=columns, lines=lines))
        if place is not None:
            self._top = self._spot(place)

    def _valid(self, spot: Spot) -> Spot:
        """The row, or the nearest one that there is."""
        entry = min(max(spot.entry, self._of.base), self._of.end)
        height = self._of.strip(entry).height
        if spot.row < height and entry == spot.entry:
            return spot
        return (
            Spot(entry, max(0, height - 1)) if height else (self._up(Spot(entry, 0), 1) or [Spot(self._of.base, 0)])[0]
        )

    def _down(self, spot: Spot, count: int) -> list[Spot]:
        """So many rows from there on, as far as there are any."""
        found: list[Spot] = []
        entry, row = spot
        while entry <= self._of.end and len(found) < count:
            height = self._of.strip(entry).height
            found += [Spot(entry, each) for each in range(row, min(height, row + count - len(found)))]
            entry, row = entry + 1, 0
        return found

    def _up(self, spot: Spot, count: int) -> list[Spot]:
        """So many rows above there, in order."""
        found: list[Spot] = []
        entry, row = spot
        while len(found) < count and entry >= self._of.base:
            found += [Spot(entry, each) for each in range(row - 1, max(-1, row - 1 - count + len(found)), -1)]
            entry -= 1
            row = self._of.strip(entry).height if entry >= self._of.base else 0
        return found[::-1]

    def _spot(self, place: Place) -> Spot:
        ranges = self._of.flat(place.entry).ranges
        for row, (_, end) in enumerate(ranges):
            if end > place.offset or (end == place.offset and row + 1 == len(ranges)):
                return Spot(place.entry, row)
        return Spot(place.entry, max(0, len(ranges) - 1))

    # Moving.

    def scroll(self, rows: int) -> None:
        """Move by rows, down or up."""
        top = self._valid(self._top) if self._top is not None else self._first()
        if rows > 0:
            found = self._down(top, rows + self._lines)
            self._top = found[rows] if len(found) == rows + self._lines else None
        elif rows < 0:
            found = self._up(top, -rows)
            self._top = found[0] if found else top

    def jump(self, where: Jump) -> None:
        """Move by more."""
        match where:
            case "up" | "down":
                self.scroll(-1 if where == "up" else 1)
            case "half-up" | "half-down":
                half = max(1, self._lines // 2)
                self.scroll(-half if where == "half-up" else half)
            case "page-up" | "page-down":
                page = max(1, self._lines - 1)
                self.scroll(-page if where == "page-up" else page)
            case "top":
                self._top = Spot(self._of.base, 0)
            case "bottom":
                self._top = None

    def prompt(self, *, is_back: bool) -> None:
        """To the prompt before or behind; behind the last one is the end."""
        top = self._first()
        index = top.entry - self._of.base
        if is_back:
            first = index if top.row > 1 else index - 1
            places = range(min(first, len(self._of.entries) - 1), -1, -1)
        else:
            places = range(index + 1, len(self._of.entries))
        found = next((each for each in places if isinstance(self._of.entries[each], Prompt)), None)
        if found is not None:
            key = self._of.base + found
            has_gap = self._of.strip(key).height > 1 and not self._of.strip(key).row(0)
            self._top = Spot(key, 1 if has_gap else 0)
        elif not is_back:
            self._top = None

    def _first(self) -> Spot:
        """The first row that is seen."""
        if self._top is not None:
            return self._valid(self._top)
        found = self._up(Spot(self._of.end + 1, 0), self._lines)
        return found[0] if found else Spot(self._of.base, 0)

    def _reveal(self, spot: Spot) -> None:
        """Have a row seen, in the upper half where it was not."""
        if spot not in self._spots:
            above = self._up(spot, self._lines // 3)
            self._top = above[0] if above else spot

    # Folding.

    def toggle(self, line: int) -> bool:
        """Open or fold what is on a line of the screen; whether there is something to be folded."""
        if not 0 <= line < len(self._spots):
            return False
        key = self._spots[line].entry
        if key >= self._of.end or not isinstance(
            self._of.entries[key - self._of.base], Call | Thought | Summary | Prompt
        ):
            return False
        # What is above stays where it is.
        top = self._first()
        self._of.opened ^= {key}
        self._of.forget(key)
        self._top = self._valid(top)
        return True

    def toggle_newest(self, kind: type[Call] | type[Thought] = Call) -> bool:
        """Open or fold the last call or thought that is seen; whether there is one."""
        for line in range(len(self._spots) - 1, -1, -1):
            key = self._spots[line].entry
            if key < self._of.end and isinstance(self._of.entries[key - self._of.base], kind):
                return self.toggle(line)
        return False

    # Searching.

    def search(self, wanted: str) -> int:
        """Look for a text from here upwards; how often it is there, about."""
        self.wanted, self._hit = flat.folded(wanted), None
        if not self.wanted:
            return 0
        count = sum(flat.folded(text(each)).count(self.wanted) for each in self._of.entries)
        if count:
            self.next_match(is_back=True)
        return count

    def next_match(self, *, is_back: bool = False) -> bool:
        """To the next one, round the end; whether there is one."""
        if not self.wanted:
            return False
        count = len(self._of.entries)
        at = self._hit if self._hit is not None else self._from(is_back=is_back)
        index = min(max(0, at.entry - self._of.base), max(0, count - 1))
        step = -1 if is_back else 1
        for number in range(count + 1):
            key = self._of.base + (index + step * number) % max(1, count)
            if not count or self.wanted not in flat.folded(text(self._of.entries[key - self._of.base])):
                continue
            places = [low for low, _ in self._of.flat(key).found(self.wanted)]
            if number == 0:
                places = [each for each in places if (each < at.offset if is_back else each > at.offset)]
            if places:
                self._hit = Place(key, places[-1] if is_back else places[0])
                self._reveal(self._spot(self._hit))
                return True
        return False

    def _from(self, *, is_back: bool) -> Place:
        """Where a search begins: what is seen counts."""
        spot = (self._spots[-1] if is_back else self._spots[0]) if self._spots else Spot(self._of.end, 0)
        return Place(spot.entry, 1 << 40 if is_back else -1)

    # Selecting.

    def select(self, line: int, column: int, unit: Unit = "character") -> None:
        """Begin to select at a place of the screen."""
        place = self._place(line, column)
        self._unit = unit
        self._selected = None if place is None else (place, place)

    def extend(self, line: int, column: int) -> None:
        """Select up to there."""
        place = self._place(line, column)
        if self._selected is not None and place is not None:
            self._selected = self._selected[0], place

    def unselect(self) -> None:
        """Select nothing."""
        self._selected = None

    def selected(self) -> str:
        """The text that is selected, in the lines that were written."""
        if self._selected is None:
            return ""
        low, high = self._range()
        found: list[str] = []
        for key in range(low.entry, min(high.entry, self._of.end) + 1):
            of = self._of.flat(key)
            begin = low.offset if key == low.entry else 0
            found.append(of.text[begin : high.offset if key == high.entry else None])
        return "\n".join(line.rstrip() for line in "\n".join(found).split("\n"))

    def _place(self, line: int, column: int) -> Place | None:
        if not self._spots:
            return None
        spot = self._spots[min(max(0, line), len(self._spots) - 1)]
        strip = self._of.strip(spot.entry)
        if spot.row >= strip.height:
            return None
        return Place(spot.entry, self._of.flat(spot.entry).offset(spot.row, column, strip.row(spot.row)))

    def _range(self) -> tuple[Place, Place]:
        """What is selected, in whole words or lines where these are."""
        low, high = sorted(self._selected or (Place(0, 0), Place(0, 0)))
        if self._unit == "character":
            return low, high
        first, last = self._of.flat(low.entry), self._of.flat(high.entry)
        if self._unit == "word":
            return low._replace(offset=first.word(low.offset)[0]), high._replace(offset=last.word(high.offset)[1])
        return low._replace(offset=first.line(low.offset)[0]), high._replace(offset=last.line(high.offset)[1])

    # Painting.

    def _row(self, spot: Spot) -> Row:
        row = self._of.strip(spot.entry).row(spot.row)
        if not self.wanted and self._selected is None:
            return row
        of = self._of.flat(spot.entry)
        begin, end = of.ranges[spot.row]
        if self.wanted:
            hits = [each for each in of.found(self.wanted) if each[1] > begin and each[0] < end]
            row = flat.marked(row, begin, hits, "match")
            if self._hit is not None and self._hit.entry == spot.entry:
                now = [each for each in hits if each[0] == self._hit.offset]
                row = flat.marked(row, begin, now, "selected")
        if self._selected is not None:
            low, high = self._range()
            if low.entry <= spot.entry <= high.entry:
                first = low.offset if spot.entry == low.entry else 0
                last: flat.Range = (first, high.offset if spot.entry == high.entry else len(of.text))
                row = flat.marked(row, begin, [last], "selection")
        return row
