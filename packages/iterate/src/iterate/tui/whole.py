"""All of a screen as rows: the transcript with a panel beside it, a box on top of it, and the bottom. Pure."""

from collections.abc import Sequence

from iterate.terminal import rows, width
from iterate.terminal.rows import Row, Span
from iterate.tui.contract import Picture, Size

_RULE = Span(" \N{BOX DRAWINGS LIGHT VERTICAL} ", "dim")
# A box leaves so many columns and lines around it.
_MARGIN = 4
# Fewer columns beside a box show nothing that could be read.
_SLIVER = 8
_LINE = "\N{BOX DRAWINGS LIGHT HORIZONTAL}"


def left(size: Size, beside: int) -> int:
    """The columns of the transcript beside a panel of that width."""
    return size.columns - 1 - (beside + rows.columns([_RULE]) if beside else 0)


def inside(size: Size) -> Size:
    """The room in a box."""
    return Size(max(1, size.columns - 2 * _MARGIN - 2), max(1, size.lines - _MARGIN - 2))


def joined(transcript: Sequence[Row], side: Sequence[Row], wide: int, lines: int) -> list[Row]:
    """Rows of the transcript with those of the panel behind them."""
    found: list[Row] = []
    for number in range(lines):
        row = transcript[number] if number < len(transcript) else ()
        if side:
            row = (*padded(row, wide), _RULE, *(side[number] if number < len(side) else ()))
        found.append(row)
    return found


def padded(row: Row, wide: int) -> Row:
    """A row that has exactly so many columns."""
    fitting = rows.clipped(row, wide)
    return (*fitting, Span(" " * (wide - rows.columns(fitting))))


def boxed(under: Sequence[Row], of: Picture, size: Size) -> Picture:
    """A picture in a box in the middle of these rows."""
    (top, at), (height, wide) = _place(len(under), of, size)
    edge = _LINE * (wide + 2)
    box = [
        (Span(f"\N{BOX DRAWINGS LIGHT DOWN AND RIGHT}{edge}\N{BOX DRAWINGS LIGHT DOWN AND LEFT}", "dim"),),
        *(_walled(each, wide) for each in of.rows[:height]),
        (Span(f"\N{BOX DRAWINGS LIGHT UP AND RIGHT}{edge}\N{BOX DRAWINGS LIGHT UP AND LEFT}", "dim"),),
    ]
    found = list(under)
    for number, each in enumerate(box[: max(0, len(under) - top)]):
        behind = at + rows.columns(each)
        beside = under[top + number] if at > _SLIVER else ()
        found[top + number] = (
            *_part(beside, 0, at - 1),
            Span(" " * min(at, 1)),
            *each,
            Span(" " * min(at, 1)),
            *_part(beside, behind + 1, max(behind + 1, size.columns - 1)),
        )
    cursor = None if of.cursor is None else (top + 1 + min(of.cursor[0], height - 1), at + 2 + of.cursor[1])
    return Picture(found, cursor)


def corner(lines: int, of: Picture, size: Size) -> tuple[int, int]:
    """The row and column of the screen where a picture in a box begins, above so many lines."""
    (top, at), _ = _place(lines, of, size)
    return top + 1, at + 2


def _place(lines: int, of: Picture, size: Size) -> tuple[tuple[int, int], tuple[int, int]]:
    """Where a box begins, and how many lines and columns there are in it."""
    wide = min(inside(size).columns, max((rows.columns(each) for each in of.rows), default=0))
    height = min(len(of.rows), max(1, lines - 2))
    return (max(0, (lines - height - 2) // 2), max(0, (size.columns - 1 - wide - 4) // 2)), (height, wide)


def _part(row: Row, begin: int, end: int) -> Row:
    """What of a row stands in these columns; blanks where there is nothing, or half of a character."""
    found: list[Span] = []
    at = used = 0
    for each in row:
        text = ""
        for cluster, wide in width.clusters(each.text):
            shown = cluster if begin <= at and at + wide <= end else " " * max(0, min(at + wide, end) - max(at, begin))
            used += wide if shown is cluster else len(shown)
            text += shown
            at += wide
        # What has no text may end what bytes of ours before it began.
        if text or (each.raw and not each.text):
            found.append(each._replace(text=text))
    return (*found, Span(" " * max(0, end - begin - used)))


def _walled(row: Row, wide: int) -> Row:
    wall = "\N{BOX DRAWINGS LIGHT VERTICAL}"
    return (Span(f"{wall} ", "dim"), *padded(row, wide), Span(f" {wall}", "dim"))
