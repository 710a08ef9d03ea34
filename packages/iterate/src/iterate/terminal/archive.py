"""What there is to be seen of a session: its entries, kept small, and the rows of those that were looked at."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

from iterate.heard import Heard
from iterate.terminal import drawing, flat, markdown
from iterate.terminal.drawing import Look
from iterate.terminal.flat import Flat
from iterate.terminal.images import Image
from iterate.terminal.log import (
    Call,
    Ended,
    Entry,
    Log,
    Note,
    Own,
    Piece,
    Prompt,
    Said,
    Started,
    Summary,
    Thought,
    Todo,
    Void,
)
from iterate.terminal.rows import Row
from iterate.terminal.story import TODO, waiting
from iterate.terminal.times import Times

# Rows that are kept of entries that were seen, for all of them together.
CACHED = 5000
# Bytes of images that are kept, which nobody else does.
HELD = 16 << 20


class Strip(NamedTuple):
    """The rows of an entry; what grows has those that are final and those that may change."""

    head: Sequence[Row]
    tail: Sequence[Row] = ()

    @property
    def height(self) -> int:
        """How many there are."""
        return len(self.head) + len(self.tail)

    def row(self, number: int) -> Row:
        """One of them."""
        return self.head[number] if number < len(self.head) else self.tail[number - len(self.head)]

    def all(self) -> list[Row]:
        """All of them."""
        return [*self.head, *self.tail]


class Archive:
    """Entries by their keys, which stay when older ones come before them, and their rows."""

    def __init__(self, look: Look, times: Times | None = None) -> None:
        self.look = look
        self.log = Log(times=times)
        self.entries: list[Entry] = []
        # The key of the first entry.
        self.base = 0
        # Whether that is the greeting.
        self.greets = False
        # What was opened.
        self.opened: set[int] = set()
        self.now: float | None = None
        self._strips: OrderedDict[int, Strip] = OrderedDict()
        self._cached = 0
        # Bytes of images.
        self._held = 0
        self._text: markdown.Growing | None = None
        self._grown: list[Row] = []
        self._parked: list[Entry] = []
        # What there is to do, while an answer works on it: it changes in place, and is an entry once that ended.
        self._todo: Todo | None = None
        # Whether a panel beside shows that.
        self.has_panel = False
        # Of this moment: what is open, and texts that were put together.
        self._open: Strip | None = None
        self._flats: dict[int, Flat] = {}

    def take(self, event: Heard, now: float | None) -> None:
        """Hear of one event; `now` is None for what happened before somebody looked."""
        self.moment()
        if event.kind == "reverted":
            self._park(event.count("to"))
        elif event.kind == "unreverted":
            for each in self._parked:
                self._add(each)
            self._parked = []
        elif event.kind == "prompted":
            self._parked = []
        for entry in self.log.take(event, now):
            self._hear(entry)

    def say(self, rows: Sequence[Row]) -> None:
        """Put rows of ours behind what is there."""
        if found := _trimmed(rows):
            self._add(Own(0, found))

    def greet(self, rows: Sequence[Row]) -> None:
        """Put rows above everything, also above what is prepended."""
        self.moment()
        self.forget(self.base)
        self.entries[:0] = [Own(0, _trimmed(rows))]
        self.base -= 1
        self.greets = True

    def prepend(self, events: Sequence[Heard]) -> None:
        """Put whole answers before those that are there, and behind the greeting."""
        found = Archive(self.look, self.log.times)
        for event in events:
            found.take(event, None)
        new = [each._replace(number=0) if isinstance(each, Call) else each for each in found.entries]
        self.moment()
        self.forget(self.base)
        first = self.entries[: int(self.greets)]
        self.forget(self.base + len(first))
        self.entries[: len(first)] = [*first, *new]
        self.base -= len(new)

    def settle(self) -> None:
        """Nobody follows this session any more: what was open of it stays as far as it came."""
        if self._text is not None:
            self._hear(Said(0, self.log.text))
        self.log.end()
        self.moment()

    def _hear(self, entry: Entry) -> None:
        match entry:
            case Started():
                pass
            case Piece():
                if self._text is None:
                    self._text = markdown.Growing(self.look.room, has_links=self.look.has_links)
                self._text.add(entry.text)
                self._grown += self._text.closed()
            case Said():
                self._text, self._grown = None, []
                self._add(entry)
            case Void(first=first):
                self._drop(first)
            case Todo():
                self._todo = entry
            case Ended() | Prompt():
                if self._todo is not None:
                    self._add(self._todo)
                    self._todo = None
                if not isinstance(entry, Ended) or entry.failure or entry.cost:
                    self._add(entry)
            case _:
                self._add(entry)

    def _add(self, entry: Entry) -> None:
        self.moment()
        if isinstance(entry, Call) and entry.images:
            entry = entry._replace(images=tuple(self._hold(each) for each in entry.images))
        self.entries.append(entry)

    def _hold(self, image: Image) -> Image:
        """The image, without what it shows where there are many: a line tells of it then."""
        self._held += len(image.data)
        return image if self._held <= HELD else image._replace(data=b"")

    def _drop(self, first: int) -> None:
        """Take away what a try left that broke."""
        while self.entries and not isinstance(self.entries[-1], Prompt) and _number(self.entries[-1]) >= first:
            self.forget(self.base + len(self.entries) - 1)
            self.entries.pop()

    def _park(self, to: int) -> None:
        """Take away what was taken back, until it comes again."""
        for index, entry in enumerate(self.entries):
            if isinstance(entry, Prompt) and entry.number >= to:
                self._parked = [*self.entries[index:], *self._parked]
                for key in range(self.base + index, self.base + len(self.entries)):
                    self.forget(key)
                del self.entries[index:]
                return

    # Rows.

    @property
    def end(self) -> int:
        """The key of what is open."""
        return self.base + len(self.entries)

    def strip(self, key: int) -> Strip:
        """The rows of an entry, or of what is open; none of what was taken away."""
        if not self.base <= key <= self.end:
            return Strip([])
        if key == self.end:
            self._open = self._open or self._open_strip()
            return self._open
        found = self._strips.get(key)
        if found is not None:
            self._strips.move_to_end(key)
            return found
        index = key - self.base
        drawn = drawing.drawn(self.entries[index], self.look, is_open=key in self.opened)
        before = self.entries[index - 1] if index else None
        if drawn and before is not None and drawing.has_gap(before, self.entries[index]):
            drawn = [(), *drawn]
        found = self._strips[key] = Strip(drawn)
        self._cached += found.height
        while self._cached > CACHED and len(self._strips) > 1:
            self._cached -= self._strips.popitem(last=False)[1].height
        return found

    def _open_strip(self) -> Strip:
        gap: list[Row] = [()] if self.entries else []
        todo = [] if self._todo is None or self.has_panel else drawing.todo(self._todo, self.look, TODO)
        if self._text is not None:
            if gap and self._grown[:1] != [()]:
                self._grown = [*gap, *self._grown]
            tail = self._text.open()
            return Strip(self._grown, [*tail, *waiting(self.log, self.look, self.now, has_text=True), *todo])
        found = [*waiting(self.log, self.look, self.now, has_text=False), *todo]
        return Strip([*gap, *found] if found else [])

    def forget(self, key: int) -> None:
        """Make its rows again when they are looked at."""
        self.moment()
        strip = self._strips.pop(key, None)
        if strip is not None:
            self._cached -= strip.height

    def flat(self, key: int) -> Flat:
        """The text of its rows."""
        found = self._flats.get(key)
        if found is None:
            found = self._flats[key] = flat.flat(self.strip(key).all())
        return found

    def moment(self) -> None:
        """Something has changed."""
        self._open = None
        self._flats.clear()

    def renew(self, look: Look) -> None:
        """Make rows for another look from now on."""
        self.look = look
        self._strips.clear()
        self._cached = 0
        self.moment()
        if self._text is not None:
            self._text = markdown.Growing(look.room, has_links=look.has_links)
            self._text.add(self.log.text)
            self._grown = self._text.closed()


def _trimmed(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Without empty rows at the end: what comes behind has one above it."""
    last = max((number for number, each in enumerate(rows, 1) if each), default=0)
    return tuple(rows[:last])


def _number(entry: Entry) -> int:
    """The number of the event; what an agent below did is of the try that it was called in."""
    if isinstance(entry, Call):
        return 1 << 40 if entry.agent else entry.at
    return entry.number


def text(entry: Entry) -> str:  # noqa: PLR0911  # A row for each kind.
    """What is looked through, about as it is shown."""
    match entry:
        case Prompt(text=text) | Said(text=text) | Summary(text=text):
            return text.replace("**", "").replace("`", "")
        case Call():
            return f"{entry.title or entry.about}"
        case Own(rows=rows):
            return "\n".join("".join(each.text for each in row) for row in rows)
        case Ended():
            return f"{entry.failure}\n{entry.cost}"
        case Thought():
            return entry.kept.heard().word("text")
        case Note(text=text):
            return text
        case Todo(items=items):
            return "\n".join(text for text, _ in items)
        case _:
            return ""
