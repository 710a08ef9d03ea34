"""The text of an entry's rows in one piece, for searching and copying: where each row begins in it, and back again."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from iterate.terminal import width as widths
from iterate.terminal.flow import Gap, Joint, Prefix
from iterate.terminal.rows import Row, Span, Style

_WORD = re.compile(r"\w+|[^\S\n]+|.")

type Range = tuple[int, int]


class Flat(NamedTuple):
    """The text as it was written, without prefixes, and the place in it where each row begins and ends."""

    text: str
    ranges: list[Range]

    def offset(self, row: int, column: int, of: Row) -> int:
        """The place of a column of a row."""
        begin, end = self.ranges[row]
        at, place = 0, begin
        for each in of:
            if isinstance(each, Prefix):
                at += widths.width(each.text)
                continue
            for cluster, wide in widths.clusters(each.text):
                if column < at + max(1, wide):
                    return min(place, end)
                at += wide
                place += len(cluster)
        return end

    def word(self, place: int) -> Range:
        """The word at a place; nothing at the end of a line."""
        begin, end = self.line(place)
        for found in _WORD.finditer(self.text, begin, end):
            if found.end() > place:
                return found.span()
        return place, place

    def line(self, place: int) -> Range:
        """The line at a place, however many rows it takes."""
        end = self.text.find("\n", place)
        return self.text.rfind("\n", 0, place) + 1, len(self.text) if end < 0 else end

    def found(self, wanted: str) -> list[Range]:
        """Where a text is that was folded."""
        text, found, place = folded(self.text), list[Range](), 0
        while wanted and (place := text.find(wanted, place)) >= 0:
            found.append((place, place + len(wanted)))
            place += len(wanted)
        return found


def flat(of: Sequence[Row]) -> Flat:
    """The text of rows."""
    pieces: list[str] = []
    ranges: list[Range] = []
    place = 0
    for number, row in enumerate(of):
        joint = next((each for each in row if isinstance(each, Joint)), None)
        between = "" if not number else "\n" if joint is None else " " if isinstance(joint, Gap) else ""
        text = "".join(each.text for each in row if not isinstance(each, Prefix | Joint))
        pieces += [between, text]
        place += len(between)
        ranges.append((place, place + len(text)))
        place += len(text)
    return Flat("".join(pieces), ranges)


def folded(text: str) -> str:
    """The text without regard to upper and lower case, each character in its place."""
    found = text.casefold()
    if len(found) == len(text):
        return found
    return "".join(low if len(low := each.casefold()) == 1 else each for each in text)


def marked(row: Row, begin: int, ranges: Sequence[Range], style: Style) -> Row:
    """The row, which begins at that place of the text, with these ranges of the text in another style."""
    if not ranges:
        return row
    found: list[Span] = []
    place = begin
    for each in row:
        if isinstance(each, Prefix | Joint) or not each.text:
            found.append(each)
            continue
        found += _cut(each, place, ranges, style)
        place += len(each.text)
    return tuple(found)


def _cut(of: Span, begin: int, ranges: Sequence[Range], style: Style) -> list[Span]:
    found: list[Span] = []
    at = 0
    for first, last in ranges:
        low, high = max(0, first - begin, at), min(len(of.text), last - begin)
        if low >= high:
            continue
        found += [of._replace(text=of.text[at:low])] if low > at else []
        found.append(of._replace(text=of.text[low:high], style=style))
        at = high
    return [*found, of._replace(text=of.text[at:])] if at < len(of.text) else found
