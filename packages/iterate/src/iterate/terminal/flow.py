"""Spans flowed into rows of a width; what a copy leaves out, such as prefixes and where a row was broken, is marked."""

import re
from collections.abc import Iterable, Sequence

from iterate.terminal import width as widths
from iterate.terminal.rows import Row, Span, Style, columns, span

_PIECE = re.compile(r"\n|[^\S\n]+|\S+")
_ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
# Columns that a prefix leaves to the text at least, where the screen has them.
_LEAST = 4


class Prefix(Span):
    """What stands before text and is not of it: a mark, an indent, a bar, padding."""

    __slots__ = ()


class Joint(Span):
    """Nothing, at the beginning of a row that goes on with the one above: there a row ended, and no line."""

    __slots__ = ()


class Gap(Joint):
    """The same, where a space was left out."""

    __slots__ = ()


JOINT, GAP = Joint(""), Gap("")


def flowed(spans: Iterable[Span], room: int, first: Sequence[Span] = (), rest: Sequence[Span] = ()) -> list[Row]:
    """Rows that break between words, and within one that is longer than a row."""
    flow = _Flow(room, first, rest)
    for each in spans:
        flow.join(each) if isinstance(each, Joint) else flow.words(each)
    return flow.end()


# What is typed as it stands: `iterate config set model NAME`.
_TYPED = re.compile(r"\biterate(?: (?:--[a-z-]+|[a-z][a-z-]+|[A-Z][A-Z_]+\b)){1,4}")
_BLANK = "\ue000"


def told(text: str, style: Style, room: int) -> list[Row]:
    """Words of ours, indented as they are, that break between words and not within a command that is to be typed."""
    indent = Prefix(" " * (len(text) - len(text.lstrip(" "))))

    def whole(found: re.Match[str]) -> str:
        return found[0].replace(" ", _BLANK) if len(found[0]) + len(indent.text) <= room else found[0]

    of = span(text, style)
    return [
        tuple(each._replace(text=each.text.replace(_BLANK, " ")) for each in found)
        for found in flowed(
            [of._replace(text=_TYPED.sub(whole, of.text.lstrip(" ").replace(_BLANK, "?")))], room, [indent], [indent]
        )
    ]


def broken(spans: Iterable[Span], room: int, first: Sequence[Span] = (), rest: Sequence[Span] = ()) -> list[Row]:
    """Rows that break where they are full, so that nothing is left out."""
    flow = _Flow(room, first, rest)
    for each in spans:
        flow.join(each) if isinstance(each, Joint) else flow.put_all(each)
    return flow.end()


def fitting(prefix: Sequence[Span], room: int) -> tuple[Span, ...]:
    """As much of a prefix as leaves room for text."""
    if columns(prefix) <= room - _LEAST:
        return tuple(prefix)
    left, found = max(0, room - _LEAST), list[Span]()
    for each in prefix:
        if widths.width(each.text) > left:
            break
        found.append(each)
        left -= widths.width(each.text)
    return tuple(found)


class _Flow:
    def __init__(self, room: int, first: Sequence[Span], rest: Sequence[Span]) -> None:
        self._room = max(1, room)
        self._rest = fitting(rest, self._room)
        self._rows: list[Row] = []
        self._row: list[Span] = list(fitting(first, self._room))
        self._used = columns(self._row)
        self._is_empty = True

    def end(self) -> list[Row]:
        return [*self._rows, tuple(self._row)]

    def join(self, joint: Joint) -> None:
        """Say that this row goes on with what is above."""
        self._row.append(joint)

    def words(self, of: Span) -> None:
        """Add text that breaks between words."""
        text = of.text
        if text.isascii() and self._used + len(text) <= self._room and "\n" not in text:
            if text and not (self._is_empty and self._rows and text.isspace()):
                self._put(text, len(text), of)
            return
        for piece in _PIECE.findall(text):
            wide = widths.width(piece)
            if piece == "\n":
                self._break(None)
            elif self._used + wide <= self._room:
                self._put(piece, wide, of)
            elif piece.isspace():
                self._break(GAP)
            else:
                if not self._is_empty:
                    self._break(self._joint())
                self.put_all(of._replace(text=piece))

    def put_all(self, of: Span) -> None:
        """Add text that breaks anywhere."""
        left = of.text
        while left:
            if self._used >= self._room:
                self._break(JOINT)
            piece, rest = widths.cut(left, self._room - self._used)
            wide = widths.width(piece)
            if self._used + wide > self._room:
                if self._used > columns(self._rest):
                    self._break(JOINT)
                    continue
                # Too wide for any row here.
                piece, wide = _ELLIPSIS, 1
            self._put(piece, wide, of)
            left = rest

    def _joint(self) -> Joint:
        """How the row that breaks here goes on; a space at its end is left out."""
        last = self._row[-1] if self._row else None
        if last is None or isinstance(last, Prefix) or not last.text.endswith(" "):
            return JOINT
        text = last.text.rstrip(" ")
        self._row[-1:] = [last._replace(text=text)] if text else []
        return GAP

    def _put(self, text: str, wide: int, of: Span) -> None:
        last = self._row[-1] if self._row else None
        if type(last) is Span and last.style == of.style and last.link == of.link and not of.raw:
            self._row[-1] = last._replace(text=last.text + text)
        else:
            self._row.append(of if text is of.text else of._replace(text=text))
        self._used += wide
        self._is_empty = False

    def _break(self, joint: Joint | None) -> None:
        self._rows.append(tuple(self._row))
        self._row = [*self._rest, joint] if joint is not None else list(self._rest)
        self._used = columns(self._rest)
        self._is_empty = True


def again(found: Sequence[Row], room: int) -> list[Row]:
    """Rows for another width: those that one was broken into are one again, and broken where there is no more room."""
    whole: list[Row] = []
    for each in found:
        if whole and any(isinstance(one, Joint) for one in each):
            between = [Span(" ")] if any(isinstance(one, Gap) for one in each) else []
            whole[-1] = (*whole[-1], *between, *(one for one in each if not isinstance(one, Prefix | Joint)))
        else:
            whole.append(each)
    return [row for each in whole for row in ([each] if columns(each) <= room else flowed(each, room))]


def text_of(found: Sequence[Row]) -> str:
    """What the rows say, as it was written: without prefixes, and with the line ends that are of the text."""
    lines: list[str] = []
    for each in found:
        joint = next((one for one in each if isinstance(one, Joint)), None)
        text = "".join(one.text for one in each if not isinstance(one, Prefix | Joint))
        if joint is None or not lines:
            lines.append(text)
        else:
            lines[-1] += (" " if isinstance(joint, Gap) else "") + text
    return "\n".join(line.rstrip() for line in lines)
