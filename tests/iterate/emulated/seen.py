"""What somebody sees on an emulated terminal: the screen, and what can be scrolled to above it."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol


class Seen(NamedTuple):
    """Rows without the blanks at their ends, and the row and column of the cursor on the screen."""

    above: tuple[str, ...]
    screen: tuple[str, ...]
    cursor: tuple[int, int]
    is_alternate: bool = False

    @property
    def rows(self) -> tuple[str, ...]:
        """All of them, from the oldest to the last one with text."""
        found = [*self.above, *self.screen]
        while found and not found[-1]:
            found.pop()
        return tuple(found)

    @property
    def text(self) -> str:
        """The same as lines."""
        return "\n".join(self.rows)

    def told(self) -> str:
        """As it stands in a golden file: a frame around the screen, the cursor by its place."""
        wide = max(20, *(len(each) for each in (*self.above, *self.screen)))
        name = "other screen" if self.is_alternate else "screen"
        row, column = self.cursor
        rows = list(self.screen)
        while len(rows) > row + 1 and not rows[-1]:
            rows.pop()
        left = len(self.screen) - len(rows)
        empty = f"  ({left} empty rows)\n" if left else ""
        above = "".join(f"  {each}".rstrip() + "\n" for each in self.above)
        below = "".join(f"  {each}".rstrip() + "\n" for each in rows)
        return f"{above}  {name} {'-' * (wide - len(name) - 1)}\n{below}{empty}  cursor: row {row}, column {column}\n"


class Emulator(Protocol):
    """Some terminal."""

    def feed(self, content: bytes) -> None:
        """What the program wrote."""

    def resize(self, columns: int, lines: int) -> None:
        """Another size."""

    def seen(self) -> Seen:
        """What is to be seen now."""


# Bytes that the program wrote, or another size in columns and lines.
type Step = bytes | tuple[int, int]


def replay(emulator: Emulator, steps: Sequence[Step]) -> Iterator[Seen]:
    """What is seen after each step."""
    for step in steps:
        if isinstance(step, bytes):
            emulator.feed(step)
        else:
            emulator.resize(*step)
        yield emulator.seen()
