"""The code in a diff in the colours of its language: each side of a hunk is read by itself."""

from collections.abc import Sequence

from iterate.terminal import theme
from iterate.terminal.code import Code, language_of
from iterate.terminal.diff import Line
from iterate.terminal.rows import Span, Style, span

# Lines of a diff that are coloured; nobody waits for more.
MOST = 80


def shaded(lines: Sequence[Line]) -> list[Line]:
    """The lines, those of known languages with their code."""
    found = list(lines)
    language, begin = "", 0
    for place, line in enumerate([*lines[:MOST], Line("head", "")]):
        if line.kind in {"head", "hunk"}:
            if language:
                _hunk(found, range(begin, place), language)
            if line.kind == "head":
                language = language_of(line.text.partition("\0")[0])
            begin = place + 1
    return found


def mixed(spans: Sequence[Span], code: Sequence[Span], side: Style) -> list[Span]:
    """Spans of a changed line, those in the style of their side cut into the colours of the code behind them."""
    found: list[Span] = []
    pieces = iter(code)
    piece = next(pieces, Span(""))
    for each in spans:
        left = each.text
        while left:
            while not piece.text:
                piece = next(pieces)
            text, left = left[: len(piece.text)], left[len(piece.text) :]
            style = theme.MIXED.get((side, piece.style), side) if each.style == side else each.style
            piece = piece._replace(text=piece.text[len(text) :])
            if found and found[-1].style == style:
                text = found.pop().text + text
            found.append(Span(text, style))
    return found


def _hunk(found: list[Line], places: range, language: str) -> None:
    """Colour the lines of a hunk: those of what was, and those of what is now, which the common ones get theirs of."""
    for kind in ("removed", "added"):
        side = [place for place in places if found[place].kind in {kind, "same"}]
        if not any(found[place].kind == kind for place in side) and kind == "removed":
            continue
        code = Code(language)
        drawn = [each for place in side for each in code.add(span(found[place].text).text)]
        for place, spans in zip(side, [*drawn, *code.end()], strict=True):
            found[place] = found[place]._replace(code=tuple(spans))
