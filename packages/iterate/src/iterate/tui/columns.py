"""Rows of lists: letters that match marked, one thing at the left and another at the right, a row of full width."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from iterate.terminal import rows
from iterate.terminal.rows import Row, Span, Style

# What a letter that matches looks like.
MATCH: Style = "match"
# Less room at the right shows nothing worth reading.
_WORTH = 8


def one_line(text: str) -> str:
    """The text without what is no letter to be seen; as long as it was."""
    return text if text.isprintable() else "".join(each if each.isprintable() else "\ufffd" for each in text)


def marked(text: str, begin: int, places: AbstractSet[int], style: Style) -> list[Span]:
    """The text in its style, with the letters at these places marked; as few spans as that takes."""
    found: list[Span] = []
    last = 0
    for place in sorted(each - begin for each in places if begin <= each < begin + len(text)):
        if place > last:
            found.append(Span(text[last:place], style))
        found.append(Span(text[place], MATCH))
        last = place + 1
    return [*found, Span(text[last:], style)] if last < len(text) else found


def apart(left: Sequence[Span], right: Sequence[Span], columns: int, style: Style = "") -> Row:
    """One thing at the left and another at the right, which gives way first; the style of what is between them."""
    left, right = rows.row(*left), rows.row(*right)
    used, wanted = rows.columns(left), rows.columns(right)
    if used + 2 + wanted > columns:
        room = columns - used - 2
        if room < _WORTH:
            return rows.clipped(tuple(left), columns)
        right = rows.clipped(tuple(right), room)
        wanted = rows.columns(right)
    return (*left, Span(" " * (columns - used - wanted), style), *right)


def padded(row: Row, columns: int) -> Row:
    """The row with blanks up to its last column."""
    row = rows.clipped(row, columns)
    return (*row, Span(" " * (columns - rows.columns(row))))


def keys(of: Sequence[tuple[str, str]]) -> Row:
    """What keys do, on one line."""
    found: list[Span] = []
    for name, about in of:
        found += [Span("  ")] if found else []
        found += [Span(name, "key"), rows.span(f" {about}", "dim")]
    return tuple(found)
