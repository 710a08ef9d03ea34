"""Rows of styled text, made ready for any screen: wrapped to its width, and painted with its colours or without."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from iterate import foreign
from iterate.terminal import width as widths

type Style = Literal[
    "",
    "bold",
    "italic",
    "bold-italic",
    "underline",
    "strike",
    "dim",
    "heading",
    "code",
    "link",
    "quote",
    "keyword",
    "string",
    "comment",
    "number",
    "name",
    "type",
    "added",
    "removed",
    "added-word",
    "removed-word",
    # Code in what changed, where the theme gives that a background.
    "added-keyword",
    "added-string",
    "added-comment",
    "added-number",
    "added-name",
    "added-type",
    "removed-keyword",
    "removed-string",
    "removed-comment",
    "removed-number",
    "removed-name",
    "removed-type",
    "hunk",
    "gutter",
    "good",
    "bad",
    "busy",
    "warning",
    # What a person typed, or is to type; what the model thinks.
    "prompt",
    "user",
    "thought",
    # Of the program around the transcript.
    "mode",
    "mode-plan",
    "status",
    "title",
    "border",
    "key",
    # The row of a list, text marked with the mouse, what was looked for, a cursor that is painted.
    "selected",
    "selection",
    "match",
    "cursor",
]

_PIECE = re.compile(r"\n|[^\S\n]+|\S+")
# What no address holds (RFC 3986), and could end the sequence that it stands in.
_NO_ADDRESS = re.compile(r"[^!-~]|[\"<>\\^`{|}]")
TAB = 4


class Span(NamedTuple):
    """Some text in one style."""

    text: str
    style: Style = ""
    # The address behind it, for a terminal that opens links.
    link: str = ""
    # Bytes of ours before the text, which take no columns, such as an image. Never anything foreign.
    raw: str = ""


type Row = tuple[Span, ...]


class Paint(NamedTuple):
    """What one terminal is sent for styles: parameters of SGR, and whether it is told where links lead."""

    codes: Mapping[Style, str]
    has_links: bool = False


def span(text: str, style: Style = "") -> Span:
    """Foreign text, made fit for a terminal."""
    return Span(foreign.plain(text).expandtabs(TAB), style)


def row(*parts: Span | str) -> Row:
    """One row; strings are without style, and all of it stays on one line."""
    return _joined(span(part) if isinstance(part, str) else part for part in parts)


def _joined(of: Iterable[Span]) -> Row:
    return tuple(each._replace(text=each.text.replace("\n", " ")) if "\n" in each.text else each for each in of)


def columns(of: Iterable[Span]) -> int:
    """The columns of a row."""
    return sum(widths.width(each.text) for each in of)


def most(of: Iterable[Span]) -> int:
    """More columns than any terminal takes for a row, or as many; told without looking at every character."""
    return sum(len(each.text) if each.text.isascii() else 2 * len(each.text) for each in of)


def fit(text: str) -> str:
    """The text as it may stand in a row: whoever made the row, no name in it ends it, and none steers the terminal."""
    return text if text.isprintable() else foreign.plain(text).replace("\n", " ")


def painted(of: Row, paint: Paint) -> str:
    """The row as what a terminal is sent; colours and links end with it."""
    pieces: list[str] = []
    code = link = ""
    for each in of:
        if not each.text and not each.raw:
            continue
        wanted = paint.codes[each.style]
        if each.raw and code:
            pieces.append("\x1b[m")
            code = ""
        pieces.append(each.raw)
        if each.link != link and paint.has_links:
            link = each.link
            pieces.append(linking(link))
        if wanted != code:
            pieces.append("\x1b[m" if not wanted else f"\x1b[0;{wanted}m" if code else f"\x1b[{wanted}m")
            code = wanted
        pieces.append(fit(each.text))
    return "".join(pieces) + ("\x1b[m" if code else "") + (linking("") if link else "")


def linking(address: str) -> str:
    """What begins a link (OSC 8), or ends it where the address is empty; only what an address may hold goes out."""
    return f"\x1b]8;;{_NO_ADDRESS.sub(lambda found: quoted(found[0]), address)}\x1b\\"


def quoted(text: str) -> str:
    """Text as an address spells what it may not hold."""
    return "".join(f"%{byte:02X}" for byte in text.encode(errors="replace"))


def plain(of: Row) -> str:
    """The row as text alone."""
    return "".join(each.text for each in of).rstrip()


def clipped(of: Row, room: int) -> Row:
    """The row, with its end left out where it is too long; a name with a line break stays in it."""
    if any("\n" in each.text for each in of):
        of = _joined(of)
    left = room
    for number, each in enumerate(of):
        if not widths.fits(each.text, left):
            return (*of[:number], each._replace(text=widths.clipped(each.text, left)))
        wide = widths.width(each.text)
        if wide == left and not all(widths.fits(other.text, 0) for other in of[number + 1 :]):
            # The mark of what is left out needs a column, also where the text just fits.
            return (*of[:number], each._replace(text=widths.clipped(each.text + " ", left)))
        left -= wide
    return of


def wrapped(spans: Iterable[Span], room: int, first: Sequence[Span] = (), rest: Sequence[Span] = ()) -> list[Row]:
    """Rows that break between words, and within one that is longer than a row; each begins with its prefix."""
    return _Wrapping(max(room, 8), first, rest).rows(spans)


class _Wrapping:
    def __init__(self, room: int, first: Sequence[Span], rest: Sequence[Span]) -> None:
        self._room = room
        self._rest = tuple(rest)
        self._rows: list[Row] = []
        self._row: list[Span] = list(first)
        self._used = columns(first)
        self._is_empty = True

    def rows(self, spans: Iterable[Span]) -> list[Row]:
        """All of it."""
        for each in spans:
            if each.raw:
                self._row.append(each._replace(text=""))
            for piece in _PIECE.findall(each.text):
                self._add(piece, each)
        return [*self._rows, tuple(self._row)]

    def _add(self, piece: str, like: Span) -> None:
        if piece == "\n":
            self._break()
            return
        room = self._room - self._used
        # What is written without spaces goes on in the next row.
        is_apart = room < 2 or not widths.has_wide(piece)  # noqa: PLR2004  # Columns of one of them.
        if not self._is_empty and is_apart and not widths.fits(piece, room):
            self._break()
            if piece.isspace():
                return
        room = self._room - self._used
        for number, part in enumerate(widths.broken(piece, room, self._room - columns(self._rest))):
            if number:
                self._break()
            self._put(part, like)

    def _put(self, text: str, like: Span) -> None:
        self._row.append(Span(text, like.style, like.link))
        self._used += widths.width(text)
        self._is_empty = False

    def _break(self) -> None:
        self._rows.append(tuple(self._row))
        self._row = list(self._rest)
        self._used = columns(self._rest)
        self._is_empty = True
