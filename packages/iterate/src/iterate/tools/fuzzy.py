"""Puts hunks into a text whose lines are not quite where, or what, the patch says.

A hunk fits where its lines are the same; else where they are the same but for trailing blanks; else but for
indentation; else without up to two lines of context at either end. Where it fits more than once, the place that the
patch names by its number counts, or the first behind the line after `@@`; else it is an error that names the places.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate

from msgspec import Struct

from iterate.tools import matching
from iterate.tools.hunks import Hunk, Sign
from iterate.tools.matching import Ambiguous, NotFound
from iterate.tools.script import Lines

_ALIKE: tuple[Callable[[str], str], ...] = (lambda line: line, str.rstrip, str.strip)
_MOST_DROPPED = 2
_MOST_NAMED = 8


class Span(Struct, frozen=True, kw_only=True):
    """Lines from `first` to before `last` that others take the place of."""

    first: int
    last: int
    new: tuple[str, ...]


class _Fit(Struct, frozen=True, kw_only=True):
    """A hunk without what was dropped of it, where it is, and how its indentations read in the file."""

    rows: tuple[tuple[Sign, str], ...]
    place: int
    shift: dict[str, str]


def applied(written: str, hunks: Sequence[Hunk]) -> str:
    """The text with all hunks in it; raises `NotFound` or `Ambiguous`, which name the hunk."""
    lines = Lines(written)
    rows = lines.text.split("\n")
    body = rows if rows[-1] else rows[:-1]
    spans: list[Span] = []
    behind, moved = 0, 0
    for number, hunk in enumerate(hunks, 1):
        name = f"hunk {number} of {len(hunks)}"
        fit = _fit(body, hunk, behind, moved, name)
        if hunk.line is not None and hunk.old:
            moved = fit.place - (hunk.line - 1)
        mine = list(_spans(fit))
        spans += mine
        behind = fit.place + sum(sign != "+" for sign, _ in fit.rows)
    starts = [0, *accumulate(len(row) + 1 for row in rows)]
    return _ended(lines.replaced([_signs(lines.text, starts, each) for each in spans]), hunks)


def _ended(text: str, hunks: Sequence[Hunk]) -> str:
    """What the patch says of the newline at the end of the file."""
    if not hunks or hunks[-1].ends_old == hunks[-1].ends_new:
        return text
    if hunks[-1].ends_new:
        return text.removesuffix("\n").removesuffix("\r")
    return text if text.endswith("\n") or not text else f"{text}\n"


def _fit(body: Sequence[str], hunk: Hunk, behind: int, moved: int, name: str) -> _Fit:
    start = _after_anchors(body, hunk, behind, name)
    if not hunk.old:
        return _Fit(rows=hunk.rows, place=_insertion(body, hunk, start), shift={})
    for dropped in range(_MOST_DROPPED + 1):
        rows, lead = _without_context(hunk.rows, dropped)
        if dropped and len(rows) == len(hunk.rows):
            break
        expected = None if hunk.line is None else max(0, hunk.line - 1 + moved) + lead
        for alike in _ALIKE:
            fits = list(_fits(body, rows, start, alike))
            if fits:
                return _chosen(fits, expected, name, has_anchors=bool(hunk.anchors))
    raise NotFound(
        f"{name}: the file does not have its lines, not even with other blanks{matching.nearest(body, hunk.old)}"
    )


def _after_anchors(body: Sequence[str], hunk: Hunk, behind: int, name: str) -> int:
    for anchor in hunk.anchors:
        places = [place for place in range(behind, len(body)) if body[place].strip() == anchor]
        places = places or [place for place in range(behind, len(body)) if anchor in body[place]]
        if not places:
            raise NotFound(f"{name}: the file has no line {anchor!r} there")
        behind = places[0]
    return behind


def _insertion(body: Sequence[str], hunk: Hunk, start: int) -> int:
    if hunk.line is not None:
        return min(max(hunk.line, start), len(body))
    return start + 1 if hunk.anchors else len(body)


def _without_context(rows: tuple[tuple[Sign, str], ...], most: int) -> tuple[tuple[tuple[Sign, str], ...], int]:
    """The rows without so many lines of context at either end, and how many are gone from the beginning."""
    lead, end = 0, len(rows)
    while lead < most and lead < end and rows[lead][0] == " ":
        lead += 1
    while len(rows) - end < most and end > lead and rows[end - 1][0] == " ":
        end -= 1
    kept = rows[lead:end]
    return (kept, lead) if any(sign != "+" for sign, _ in kept) else (rows, 0)


def _fits(
    body: Sequence[str], rows: tuple[tuple[Sign, str], ...], start: int, alike: Callable[[str], str]
) -> Iterator[_Fit]:
    old = [line for sign, line in rows if sign != "+"]
    wanted = [alike(line) for line in old]
    if not any(line.strip() for line in wanted) and alike is str.strip:
        return
    mine = [alike(line) for line in body]
    for place in range(start, len(mine) - len(wanted) + 1):
        if mine[place] == wanted[0] and mine[place : place + len(wanted)] == wanted:
            shift = matching.shift_of(old, body[place : place + len(wanted)]) if alike is str.strip else {}
            if shift is not None:
                yield _Fit(rows=rows, place=place, shift=shift)


def _chosen(fits: Sequence[_Fit], expected: int | None, name: str, *, has_anchors: bool) -> _Fit:
    if len(fits) == 1 or has_anchors:
        return fits[0]
    for fit in fits:
        if fit.place == expected:
            return fit
    lines = ", ".join(str(fit.place + 1) for fit in fits[:_MOST_NAMED])
    raise Ambiguous(f"{name} fits {len(fits)} times, at lines {lines}: give it more context")


def _spans(fit: _Fit) -> Iterator[Span]:
    place, first = fit.place, fit.place
    new: list[str] = []
    for sign, line in (*fit.rows, (" ", "")):
        match sign:
            case "-":
                place += 1
            case "+":
                new.append(matching.shifted(line, fit.shift) if fit.shift and line.strip() else line)
            case _:
                if new or place > first:
                    yield Span(first=first, last=place, new=tuple(new))
                place += 1
                first, new = place, []


def _signs(text: str, starts: Sequence[int], span: Span) -> tuple[int, int, str]:
    """A span of lines as one of signs; `starts` is where each line begins, and one more."""
    count = len(starts) - 1
    if span.last < count:
        return starts[span.first], starts[span.last], "".join(f"{row}\n" for row in span.new)
    # At the end of a text without a newline at its end.
    if span.first == count:
        return len(text), len(text), "".join(f"\n{row}" for row in span.new)
    start = starts[span.first]
    return start - (not span.new and start > 0), len(text), "\n".join(span.new)
