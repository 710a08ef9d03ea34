"""Markdown as rows, by blocks: while text streams in, only its last block can still change.

markdown-it and pygments are imported when the first text is rendered, or before that by `prepare`, while the first
token is awaited.
"""

import functools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from iterate import foreign
from iterate.terminal import rows
from iterate.terminal.rows import TAB, Row, Span, Style

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token
    from pygments.lexer import Lexer

# Code is highlighted up to here, in characters: a lexer may take long over more.
HIGHLIGHTED = 100_000
_LINE = Span("\N{BOX DRAWINGS LIGHT VERTICAL} ", "quote")


def prepare() -> None:
    """Import what rendering needs."""
    _parser()
    _lexer("python")


class Growing:
    """Text that grows: rows of the blocks that are closed are given once, those of the open one as often as wanted."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._tail = ""
        self._has_rows = False

    def add(self, text: str) -> None:
        """Take what came."""
        self._tail += text

    def resize(self, room: int) -> None:
        """Wrap to another width from now on."""
        self._room = room

    def closed(self) -> list[Row]:
        """Rows of the blocks that have become final since, each block with an empty row before it but the first."""
        starts = [token.map[0] for token in _parser().parse(self._tail) if _begins_block(token) and token.map]
        if len(starts) < 2:  # noqa: PLR2004  # One block is the open one.
            return []
        lines = self._tail.split("\n")
        closed, self._tail = "\n".join(lines[: starts[-1]]), "\n".join(lines[starts[-1] :])
        return self._rows(closed, is_final=True)

    def open(self) -> list[Row]:
        """Rows of the block that may still change."""
        return self._rows(self._tail, is_final=False)

    def end(self) -> list[Row]:
        """Rows of what was open; nothing comes any more."""
        text, self._tail = self._tail, ""
        return self._rows(text, is_final=True)

    def _rows(self, text: str, *, is_final: bool) -> list[Row]:
        found = render(text, self._room)
        if found and self._has_rows:
            found = [(), *found]
        if is_final and found:
            self._has_rows = True
        return found


def render(text: str, room: int) -> list[Row]:
    """All rows of a text, an empty one between blocks."""
    return _Page(room).rows(_parser().parse(foreign.plain(text).expandtabs(TAB)))


def _begins_block(token: "Token") -> bool:
    return token.level == 0 and token.nesting >= 0


class _Page:
    """The rows of parsed blocks; `_prefix` is what containers around put before each row."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._found: list[Row] = []
        # Of each container: what begins its first row, and what begins the others.
        self._around: list[tuple[Sequence[Span], Sequence[Span]]] = []
        self._numbers: list[int] = []
        self._is_tight = False
        self._quoted = False
        # Whether the next rows are the first of a block, which has its empty row already.
        self._is_new = False
        self._table: list[list[list[Span]]] | None = None

    def rows(self, tokens: "list[Token]") -> list[Row]:  # noqa: C901  # A row for each kind.
        """All of them."""
        heading = 0
        for token in tokens:
            if _begins_block(token):
                if self._found:
                    self._found.append(())
                self._is_new = True
            match token.type:
                case "heading_open":
                    heading = int(token.tag[1:])
                case "heading_close":
                    heading = 0
                case "inline" if self._table is not None:
                    self._table[-1].append(list(_inline(token)))
                case "inline":
                    self._text(_headed(token, heading) if heading else list(_inline(token)))
                case "fence" | "code_block":
                    self._code(token)
                case "html_block":
                    self._text([Span(token.content.rstrip("\n"), "dim")])
                case "hr":
                    self._text([Span("\N{BOX DRAWINGS LIGHT HORIZONTAL}" * min(self._room - 4, 40), "dim")])
                case _:
                    self._contain(token)
        return self._found

    def _contain(self, token: "Token") -> None:
        match token.type:
            case "bullet_list_open" | "ordered_list_open":
                self._numbers.append(int(token.attrs.get("start", 1)) if token.type[0] == "o" else -1)
            case "bullet_list_close" | "ordered_list_close":
                self._numbers.pop()
            case "list_item_open":
                self._begin_item()
            case "blockquote_open":
                self._around.append(([_LINE], [_LINE]))
            case "list_item_close" | "blockquote_close":
                self._around.pop()
            case "paragraph_open":
                self._is_tight = token.hidden
            case "table_open":
                self._table = []
            case "tr_open" if self._table is not None:
                self._table.append([])
            case "table_close":
                self._end_table()
            case _:
                pass

    def _begin_item(self) -> None:
        number = self._numbers[-1]
        mark = "\N{BULLET} " if number < 0 else f"{number}. "
        if number >= 0:
            self._numbers[-1] += 1
        self._around.append(([Span(mark, "dim")], [Span(" " * len(mark))]))

    def _prefixes(self) -> tuple[list[Span], list[Span]]:
        """What the next rows begin with; a mark of an item is used up."""
        first = [each for begin, _ in self._around for each in begin]
        rest = [each for _, others in self._around for each in others]
        self._around = [(others, others) for _, others in self._around]
        return first, rest

    def _space(self, rest: Sequence[Span]) -> None:
        """An empty row before a block that is not the first, nor an item of a list without gaps."""
        is_new, self._is_new = self._is_new, False
        if not is_new and not (self._is_tight and self._numbers):
            self._found.append(tuple(rest) if _LINE in rest else ())

    def _text(self, spans: Sequence[Span]) -> None:
        before = self._quoted
        first, rest = self._prefixes()
        self._quoted = _LINE in rest
        # The line beside a quote goes through the gaps inside of it.
        self._space(rest if before and self._quoted else ())
        self._found += rows.wrapped(spans, self._room, first, rest)

    def _code(self, token: "Token") -> None:
        first, rest = self._prefixes()
        self._space(())
        language = (token.info.split() or [""])[0]
        for line in _highlighted(token.content.rstrip("\n"), language):
            # Code is broken where the row ends, so that nothing of it is lost.
            self._found += _broken(line, self._room, [*first, Span("  ")], [*rest, Span("  ")])
            first = rest

    def _end_table(self) -> None:
        table, self._table = self._table or [], None
        first, rest = self._prefixes()
        self._space(())
        self._found += _table(table, self._room - rows.columns(rest), first, rest)


def _table(table: list[list[list[Span]]], room: int, first: Sequence[Span], rest: Sequence[Span]) -> list[Row]:
    """Columns side by side; where there is no room for them, each row as lines of their own."""
    count = max(len(each) for each in table)
    widths = [max((rows.columns(each[c]) for each in table if c < len(each)), default=0) for c in range(count)]
    if sum(widths) + 2 * (count - 1) > room:
        return _stacked(table, room, rest)
    found: list[Row] = []
    for number, cells in enumerate(table):
        line = list(first if number == 0 else rest)
        for c, cell in enumerate(cells):
            line += [each._replace(style=each.style or "bold") for each in cell] if number == 0 else cell
            line.append(Span(" " * (widths[c] - rows.columns(cell) + 2) if c + 1 < count else ""))
        found.append(tuple(line))
        if number == 0:
            bar = "\N{BOX DRAWINGS LIGHT HORIZONTAL}"
            found.append((*rest, Span("  ".join(bar * wide for wide in widths), "dim")))
    return found


def _stacked(table: list[list[list[Span]]], room: int, rest: Sequence[Span]) -> list[Row]:
    found: list[Row] = []
    head = table[0]
    for cells in table[1:]:
        for c, cell in enumerate(cells):
            name = [each._replace(style="bold") for each in head[c]] if c < len(head) else []
            indent = Span("  " if c else "")
            found += rows.wrapped([*name, Span(": "), *cell], room, [*rest, indent], [*rest, Span("    ")])
    return found


def _broken(spans: Sequence[Span], room: int, first: Sequence[Span], rest: Sequence[Span]) -> list[Row]:
    from iterate.terminal import width

    found: list[Row] = []
    line, used = list(first), rows.columns(first)
    for each in spans:
        left = each.text
        while left:
            if used >= room:
                found.append(tuple(line))
                line, used = list(rest), rows.columns(rest)
            piece, left = width.cut(left, room - used)
            line.append(each._replace(text=piece))
            used += width.width(piece)
    return [*found, tuple(line)]


def _headed(token: "Token", level: int) -> list[Span]:
    return [Span("#" * level + " ", "dim"), *(each._replace(style=each.style or "heading") for each in _inline(token))]


def _inline(token: "Token") -> Iterator[Span]:  # noqa: C901, PLR0912  # A row for each kind.
    styles: list[Style] = [""]
    address = ""
    for child in token.children or ():
        match child.type:
            case "text" | "html_inline":
                yield Span(child.content, styles[-1])
            case "code_inline":
                yield Span(child.content, "code")
            case "softbreak":
                yield Span(" ", styles[-1])
            case "hardbreak":
                yield Span("\n")
            case "strong_open":
                styles.append("bold")
            case "em_open":
                styles.append("italic")
            case "s_open":
                styles.append("dim")
            case "link_open":
                styles.append("link")
                address = str(child.attrs.get("href", ""))
            case "image":
                yield Span(f"{child.content or 'image'} ({child.attrs.get('src', '')})", "dim")
            case _ if child.nesting < 0 and len(styles) > 1:
                styles.pop()
                if child.type == "link_close" and child.markup not in {"autolink", "linkify"}:
                    # An address is shown as it is: what a link is called may lie about where it leads.
                    yield Span(f" ({address})", "dim")
            case _:
                pass


@functools.cache
def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").enable(["table", "strikethrough"])


@functools.lru_cache(maxsize=32)
def _lexer(language: str) -> "Lexer | None":
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except (ClassNotFound, ImportError):
        # Lexers are imported by name, so a compiled program may not carry this one.
        return None


def _highlighted(code: str, language: str) -> list[list[Span]]:
    """The lines of some code."""
    lexer = _lexer(language) if language and len(code) <= HIGHLIGHTED else None
    if language == "diff":
        from iterate.terminal import diff

        return [list(each) for each in diff.rows(code, 10_000)]
    if lexer is None:
        return [[Span(line)] for line in code.split("\n")]
    lines: list[list[Span]] = [[]]
    for kind, text in lexer.get_tokens(code):
        style = _style(str(kind))
        for number, piece in enumerate(text.split("\n")):
            if number:
                lines.append([])
            if piece:
                lines[-1].append(Span(piece, style))
    return lines


def _style(kind: str) -> Style:
    match kind.split(".")[1:3]:
        case ["Keyword", *_] | ["Operator", "Word"]:
            return "keyword"
        case ["Literal", "String"]:
            return "string"
        case ["Literal", "Number"]:
            return "number"
        case ["Comment", *_]:
            return "comment"
        case ["Name", "Function" | "Class" | "Decorator"]:
            return "name"
        case _:
            return ""
