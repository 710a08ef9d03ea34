"""The state of the program as rows, from top to bottom: what is open, a widget or the queue and the line, the status.

A pure function: the same state is the same rows on every screen.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from iterate.terminal import rows, width
from iterate.terminal.rows import Row, row, span
from iterate.tui.contract import Picture, Size

if TYPE_CHECKING:
    from iterate.settings import Mode

MARK = "> "
# A screen with fewer lines has no room for a line that only tells.
STATUS_LINES = 8
# The lines of a list in the scrollback.
_LEAST, _MOST = 10, 16


class Seen(NamedTuple):
    """What there is to be seen at the bottom."""

    open: Sequence[Row] = ()
    # Of a widget, which stands in the place of the line.
    widget: Picture | None = None
    # On a screen of its own the widget stands in a box.
    is_box: bool = False
    # What was said where nobody sees it.
    noted: Sequence[Row] = ()
    queue: Sequence[Row] = ()
    line: Picture = Picture(())
    # What could stand at the cursor.
    offers: Sequence[Row] = ()
    # What is told until the next key.
    told: str = ""
    status: Row = ()


def greetings(name: str, model: str, folder: str, room: int) -> tuple[list[Row], list[Row]]:
    """The first rows of the scrollback, above a line that says the rest, and those of a screen of its own."""
    ways = "/help shows commands, Ctrl-D leaves"
    who = f"  {model}" if model else ""
    whole = [row(span(name, "bold"), span(f"{who}  {folder}")), row(span(ways, "dim")), ()]
    first = f"{name}{who}"
    # Where one row has no room for both, each has its own.
    lines = [f"{first}  {ways}"] if len(first) + 2 + len(ways) <= room else [first, ways]
    return [*(each for line in lines for each in rows.wrapped([span(line, "dim")], room)), ()], whole


def short(stage: Size) -> Size:
    """The room of what leaves in sight what is above it: about half of it, where that is enough."""
    return stage._replace(lines=min(stage.lines, max(_LEAST, min(_MOST, stage.lines // 2))))


def picture(seen: Seen, size: Size) -> Picture:
    """All of it, with the cursor where the person types."""
    room = size.columns - 1
    found: list[Row] = list(seen.open)
    below: list[Row] = []
    if seen.told:
        below += rows.wrapped([span(seen.told, "dim")], room)
    if seen.status and size.lines >= STATUS_LINES:
        below.append(seen.status)
    # However long a text is typed, what it is about stays in sight.
    main = seen.widget or windowed(seen.line, max(1, size.lines // 2))
    found += seen.noted
    if seen.widget is None:
        found += seen.queue
    cursor = _below(found, main)
    found += main.rows
    if seen.widget is None:
        found += seen.offers
    return Picture([*found, *below], cursor)


def mini(seen: Seen, size: Size) -> Picture:
    """One line to type in, and nothing besides but what is open and what is asked."""
    room = size.columns - 1
    main = seen.widget or windowed(seen.line, 1)
    told: list[Row] = [rows.clipped((span(seen.told, "dim"),), room)] if seen.told else [*seen.noted[:1]]
    found: list[Row] = list(seen.open)
    if seen.widget is None and len(seen.queue):
        found.append(seen.queue[0])
    return Picture([*found, *main.rows, *told], _below(found, main))


def _below(found: Sequence[Row], main: Picture) -> tuple[int, int] | None:
    """The place of the cursor: where somebody types, else at the mark of what is chosen."""
    place = main.cursor or chosen(main.rows)
    return None if place is None else (len(found) + place[0], place[1])


def chosen(of: Sequence[Row]) -> tuple[int, int] | None:
    """The row and column of the mark before what Enter takes; None where nothing is to be chosen."""
    for number in range(len(of) - 1, -1, -1):
        for at, each in enumerate(of[number]):
            if each.style == "bold" and (each.text == ">" or each.text.startswith("> ")):
                return number, rows.columns(of[number][:at])
    return None


def typed(found: Sequence[Row], cursor: tuple[int, int], mark: str, mode: "Mode") -> Picture:
    """The line behind its mark; where one row of it is seen, a mode stands before whichever that is."""
    indent = " " * width.width(mark)
    if mode == "mini" and len(mark) > len(MARK):
        found = [(span(mark, "bold"), *each[1:]) if each and each[0].text == indent else each for each in found]
    return Picture(found, cursor)


def windowed(of: Picture, most: int) -> Picture:
    """So many of the rows at most, those around the cursor."""
    if len(of.rows) <= most or of.cursor is None:
        return of
    begin = min(max(0, of.cursor[0] - most + 1), len(of.rows) - most)
    return Picture(of.rows[begin : begin + most], (of.cursor[0] - begin, of.cursor[1]))
