"""What is seen of an item beside its list: fetched in the background once the cursor rests, and kept for a while."""

from collections.abc import Callable, Sequence

from iterate.terminal import rows
from iterate.terminal.rows import Row
from iterate.tui.contract import Program

# A cursor that goes through a list asks for nothing.
_REST_S = 0.08
_KEPT = 64

# Rows for a number of columns.
type Seen = Callable[[int], Sequence[Row]]
# Fetches what is to be seen of the item with a key, and hands it over in the loop.
type Taking = Callable[[Seen], None]
type Sight = Callable[[str, Taking], None]


class Sights:
    """The previews of one list."""

    def __init__(self, program: Program, sight: Sight) -> None:
        self._program = program
        self._sight = sight
        self._seen: dict[str, Seen] = {}
        self._wanted = ""
        self._asked: set[str] = set()
        # The rows that were made last: of which item, and how wide.
        self._made: tuple[str, int, Sequence[Row]] = ("", 0, ())

    def want(self, key: str) -> None:
        """The cursor is on this item now."""
        is_first = not self._wanted
        self._wanted = key
        if key in self._seen or key in self._asked:
            return
        if is_first:
            self._ask(key)
        else:
            self._program.after(_REST_S, lambda: self._ask(key))

    def forget(self, key: str) -> None:
        """What was seen of an item is old."""
        self._seen.pop(key, None)
        self._made = ("", 0, ())

    def rows(self, key: str, columns: int, lines: int) -> list[Row]:
        """What is known of it by now, in so much room."""
        if (seen := self._seen.get(key)) is None:
            return [rows.clipped(rows.row(rows.span("loading", "dim")), columns)]
        if self._made[:2] != (key, columns):
            self._made = (key, columns, seen(columns))
        return [rows.clipped(each, columns) for each in self._made[2][:lines]]

    def _ask(self, key: str) -> None:
        if key == self._wanted and key not in self._seen and key not in self._asked:
            self._asked.add(key)
            self._sight(key, lambda seen: self._take(key, seen))

    def _take(self, key: str, seen: Seen) -> None:
        self._asked.discard(key)
        if len(self._seen) >= _KEPT:
            del self._seen[next(iter(self._seen))]
        self._seen[key] = seen
        if key == self._wanted:
            self._program.refresh()


def text(of: str, style: rows.Style = "") -> Seen:
    """A text that is wrapped to the room."""
    return lambda columns: rows.wrapped([rows.span(of, style)], columns)
