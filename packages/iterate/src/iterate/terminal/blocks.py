"""The blocks of a Markdown text, found line by line: each is given once, as soon as nothing behind can change it.

Every line is looked at once, and what is kept of a block that goes on is bounded, so that a line costs the same at the
end of a long block as at its beginning. What is found depends on the lines alone, not on the pieces they came in.
"""

import functools
import re
from typing import Literal, NamedTuple

from iterate.terminal import inline, tables
from iterate.terminal.code import Code, Line
from iterate.terminal.flow import GAP, JOINT, Prefix
from iterate.terminal.rows import Row, Span
from iterate.terminal.tables import Grid, Table, cells, is_delimiter

# Spaces that a mark may stand behind; with more it is code.
_FAR = 3
# A paragraph is given in pieces of about so many characters.
PARAGRAPH = 2000

_HEADING = re.compile(r"(#{1,6})(?:[ ]+(.*?))??(?:[ ]+#+)?[ ]*$")
_FENCE = re.compile(r"(`{3,})([^`]*)$|(~{3,})(.*)$")
_RULE = re.compile(r"(?:\*[ ]*){3,}$|(?:_[ ]*){3,}$|(?:-[ ]*){3,}$")
_ITEM = re.compile(r"([*+-]|(\d{1,9})[.)])([ ]+|$)")
_TASK = re.compile(r"\[([ xX])\][ ]+(?=\S)")
_UNDERLINE = re.compile(r"(=+|-+)[ ]*$")
_TAG_ALONE = re.compile(r"</?[A-Za-z][A-Za-z0-9-]*(?:\s+[^<>]*)?/?>[ ]*$")
# The beginning of a line that may still become anything; it is not shown before more of it is there.
_VAGUE = re.compile(r"[ >]*(?:[-=+*_#`~:| ]*|\d{1,9}[.)]?|\[[ xX]?\]?|[*+-] \[[ xX]?\]?)$")
_BULLETS = ("\N{BULLET}", "\N{WHITE BULLET}", "\N{BLACK SMALL SQUARE}")
_BAR = Prefix("\N{BOX DRAWINGS LIGHT VERTICAL} ", "quote")
_UNDONE, _DONE = "\N{BALLOT BOX}", "\N{BALLOT BOX WITH CHECK}"

type Kind = Literal["text", "heading", "code", "html", "rule", "table"]


@functools.cache
def _html() -> tuple[tuple[re.Pattern[str], re.Pattern[str] | None], ...]:
    """How HTML begins, and what its end looks like; None is an empty line. Compiled when a line begins like a tag."""
    return (
        (
            re.compile(r"<(?:script|pre|style|textarea)(?:[\s>]|$)", re.IGNORECASE),
            re.compile(r"</(?:script|pre|style|textarea)>", re.IGNORECASE),
        ),
        (re.compile(r"<!--"), re.compile(r"-->")),
        (re.compile(r"<\?"), re.compile(r"\?>")),
        (re.compile(r"<![A-Za-z]"), re.compile(r">")),
        (re.compile(r"<!\[CDATA\["), re.compile(r"\]\]>")),
        (
            re.compile(
                r"</?(?:address|article|aside|base|blockquote|body|caption|center|col|colgroup|dd|details|dialog|dir|div|dl|"
                r"dt|fieldset|figcaption|figure|footer|form|frame|frameset|h[1-6]|head|header|hr|html|iframe|legend|li|link|"
                r"main|menu|menuitem|nav|noframes|ol|optgroup|option|p|param|search|section|summary|table|tbody|td|tfoot|th|"
                r"thead|title|tr|track|ul)(?:[\s>]|/>|$)",
                re.IGNORECASE,
            ),
            None,
        ),
    )


class Leaf(NamedTuple):
    """A block, or a piece of one, with what stands before its rows; `gap` is the row above it, if there is one."""

    kind: Kind
    lines: list[Line]
    first: tuple[Span, ...]
    rest: tuple[Span, ...]
    gap: Row | None
    table: Grid | None = None
    # Whether it is a further piece of a block.
    goes_on: bool = False
    # Whether marks in it are open, and what comes may make others of them.
    is_open: bool = False


class _Box(NamedTuple):
    """A quote or an item of a list that is open; `group` is the same for the items of one list."""

    id: int
    group: int
    offset: int
    first: tuple[Span, ...]
    rest: tuple[Span, ...]
    is_empty: bool = True
    is_quote: bool = False
    is_numbered: bool = False


class _Fence(NamedTuple):
    mark: str
    indent: int


class Blocks:
    """What was found until now, and what is open."""

    def __init__(self, *, has_links: bool = False) -> None:
        self._has_links = has_links
        self._references: inline.References = {}
        self._boxes: list[_Box] = []
        # The leaf that is open: at most one of these.
        self._paragraph: list[str] = []
        self._code: Code | None = None
        self._fence: _Fence | None = None
        self._table: Table | None = None
        self._html_end: re.Pattern[str] | None = None
        self._is_html = False
        # Whether a piece of the open leaf was given, and whether the last line was empty.
        self._goes_on = False
        self._is_after_blank = False
        self._blanks = 0
        self._last: tuple[_Box, ...] | None = None
        # By depth, the list that an item there goes on with: its mark, its next number, its group.
        self._lists: dict[int, tuple[str, int, int]] = {}
        self._groups = 0
        self._found: list[Leaf] = []
        self._is_draft = False

    def feed(self, line: str) -> list[Leaf]:
        """What became final by a line."""
        self._found = []
        self._line(line)
        return self._found

    def end(self) -> list[Leaf]:
        """What was open; nothing comes any more."""
        self._found = []
        self._close(0)
        return self._found

    def draft(self, line: str, *, goes_on: bool = False) -> list[Leaf]:
        """What is open with the beginning of a line, or the next piece of one, behind it, as if it ended here."""
        if self._code is not None:
            self._code.draw()
        draft = Blocks(has_links=self._has_links)
        draft.__dict__.update(self.__dict__)
        draft._boxes, draft._paragraph, draft._lists = list(self._boxes), list(self._paragraph), dict(self._lists)
        draft._references = dict(self._references)
        draft._code = self._code.copy() if self._code is not None else None
        draft._table = self._table.copy() if self._table is not None else None
        draft._found, draft._is_draft = [], True
        if line and goes_on:
            draft.go_on(line)
        elif line and not _VAGUE.match(line):
            draft._line(line)
        draft._close(0)
        return draft._found

    def go_on(self, text: str) -> list[Leaf]:
        """What became final by the next piece of a line that is too long to wait for its end."""
        self._found = []
        if self._code is not None:
            self._emit_code(self._code.add(text, goes_on=True))
        elif self._paragraph:
            self._paragraph.append(text)
            self._cut(glue="")
        elif self._is_html:
            self._emit("html", [[JOINT, Span(text, "dim")]], goes_on=True)
        else:
            self._goes_on = True
            self._paragraph = [text]
            self._cut()
        return self._found

    def _line(self, line: str) -> None:
        depth, place = self._matched(line)
        text = line[place:]
        if depth == len(self._boxes) and self._is_verbatim(text):
            return
        if not text.strip():
            self._blank(depth)
            return
        while (behind := self._opened(depth, text)) is not None:
            depth, text = len(self._boxes), behind
        if not text.strip():
            return
        is_inside = depth == len(self._boxes)
        if self._paragraph and is_inside and self._turned(text):
            return
        if self._began_leaf(depth, text):
            return
        if self._paragraph:
            # Also where it is less far in than the paragraph: that is lazy, and meant so.
            self._paragraph.append(text.lstrip())
            self._cut()
        elif self._table is not None and is_inside:
            self._row(text)
        else:
            self._close(depth)
            self._paragraph = [text.lstrip()]
            self._cut()

    def _matched(self, line: str) -> tuple[int, int]:
        """How many of the open boxes go on in this line, and where what is inside of them begins."""
        place = 0
        for depth, box in enumerate(self._boxes):
            indent = _indent(line[place:])
            if box.is_quote:
                if indent > _FAR or line[place + indent : place + indent + 1] != ">":
                    return depth, place
                place += indent + 1
                place += line[place : place + 1] == " "
            elif place + indent >= len(line):
                if box.is_empty and depth + 1 == len(self._boxes) and not self._has_leaf():
                    return depth, place
            elif indent < box.offset:
                return depth, place
            else:
                place += box.offset
        return len(self._boxes), place

    def _has_leaf(self) -> bool:
        return bool(self._paragraph) or self._code is not None

    def _is_verbatim(self, text: str) -> bool:
        """Whether the line belongs to code or HTML that is open; if so it is taken."""
        if self._code is not None and self._fence is not None:
            self._fenced(self._code, self._fence, text)
            return True
        if self._code is not None:
            return self._indented(self._code, text)
        if self._is_html:
            if self._html_end is None and not text.strip():
                return False
            self._html(text)
            return True
        return False

    def _fenced(self, code: Code, fence: _Fence, text: str) -> None:
        indent = _indent(text)
        mark = text.strip()
        if indent <= _FAR and mark.startswith(fence.mark) and not mark.strip(fence.mark[0]):
            self._end_leaf()
            return
        self._emit_code(code.add(text[min(indent, fence.indent) :]))

    def _indented(self, code: Code, text: str) -> bool:
        if not text.strip():
            self._blanks += 1
            return True
        if _indent(text) <= _FAR:
            return False
        for _ in range(self._blanks):
            self._emit_code(code.add(""))
        self._blanks = 0
        self._emit_code(code.add(text[4:]))
        return True

    def _html(self, text: str) -> None:
        self._emit("html", [[Span(text, "dim")]], goes_on=self._goes_on)
        self._goes_on = True
        if self._html_end is not None and self._html_end.search(text):
            self._end_leaf()

    def _blank(self, depth: int) -> None:
        if depth < len(self._boxes):
            self._close(depth)
        else:
            self._end_leaf()
        self._is_after_blank = True

    # Boxes.

    def _opened(self, depth: int, text: str) -> str | None:
        """What is behind the mark of a quote or an item, which is open then; None where there is no mark."""
        indent = _indent(text)
        body = text[indent:]
        if indent > _FAR or not body:
            return None
        if body[0] == ">":
            self._close(depth)
            self._groups += 1
            self._lists = {at: each for at, each in self._lists.items() if at < depth}
            self._boxes.append(_Box(self._groups, self._groups, 0, (_BAR,), (_BAR,), is_quote=True))
            return body[2:] if body[1:2] == " " else body[1:]
        found = _ITEM.match(body)
        if found is None or _RULE.match(body):
            return None
        behind = body[found.end() :]
        if self._paragraph and depth == len(self._boxes) and (not behind.strip() or found[2] not in {None, "1"}):
            # Only what surely is a list ends a paragraph.
            return None
        self._close(depth)
        spaces = len(found[3])
        if not behind.strip():
            spaces, behind = 1, ""
        elif spaces > _FAR + 1:
            spaces, behind = 1, " " * (spaces - 1) + behind
        task = _TASK.match(behind)
        self._begin_item(depth, found[1], indent + len(found[1]) + spaces, task[1] if task else "")
        return behind[task.end() :] if task else behind

    def _begin_item(self, depth: int, mark: str, offset: int, task: str) -> None:
        number = int(mark[:-1]) if mark[:-1] else -1
        known = self._lists.get(depth)
        self._groups += 1
        group = self._groups
        if known is not None and known[0] == mark[-1]:
            number, group = known[1], known[2]
        self._lists = {at: each for at, each in self._lists.items() if at < depth}
        self._lists[depth] = mark[-1], number + 1 if number >= 0 else -1, group
        bullets = sum(not box.is_quote and not box.is_numbered for box in self._boxes)
        shown = f"{number}{mark[-1]} " if number >= 0 else f"{_BULLETS[min(bullets, 2)]} "
        if task:
            shown = (f"{number}{mark[-1]} " if number >= 0 else "") + (_UNDONE if task == " " else _DONE) + " "
        first, rest = (Prefix(shown, "dim"),), (Prefix(" " * len(shown)),)
        self._boxes.append(_Box(self._groups, group, offset, first, rest, is_numbered=number >= 0))

    def _close(self, depth: int) -> None:
        """End the leaf that is open, and the boxes from that depth on."""
        self._end_leaf()
        while len(self._boxes) > depth:
            if self._boxes[-1].is_empty and not self._boxes[-1].is_quote:
                self._emit("text", [[]])
            self._boxes.pop()

    # Leaves.

    def _turned(self, text: str) -> bool:
        """Whether the line makes a heading or a table of the paragraph that is open."""
        if _indent(text) > _FAR or self._goes_on:
            return False
        if _UNDERLINE.match(text.strip()):
            told, behind = inline.defined("\n".join(self._paragraph), self._references)
            if behind.strip():
                level = 1 if text.strip()[0] == "=" else 2
                self._paragraph = []
                self._define(told)
                self._heading(level, behind.strip())
                return True
            return False
        if is_delimiter(text) and "|" in self._paragraph[-1] + text:
            head, aligns = cells(self._paragraph[-1]), tables.aligns(text)
            if len(head) == len(aligns):
                self._paragraph.pop()
                self._end_leaf()
                self._table = Table([self._spans(each) for each in head], aligns)
                return True
        return False

    def _began_leaf(self, depth: int, text: str) -> bool:
        """Whether the line begins a block that is no paragraph; if so it is taken."""
        indent = _indent(text)
        if indent > _FAR:
            if self._paragraph:
                return False
            self._close(depth)
            self._code = Code("")
            self._emit_code(self._code.add(text[4:]))
            return True
        body = text[indent:]
        if body[0] == "#" and (heading := _HEADING.match(body)):
            self._close(depth)
            self._heading(len(heading[1]), heading[2] or "")
            return True
        if body[0] in "`~" and (fence := _FENCE.match(body)):
            self._close(depth)
            self._fence = _Fence(fence[1] or fence[3], indent)
            self._code = Code(((fence[2] or fence[4] or "").split() or [""])[0].strip("{}.").partition(",")[0])
            return True
        if body[0] in "*_-" and _RULE.match(body):
            self._close(depth)
            self._emit("rule", [])
            return True
        return body[0] == "<" and self._began_html(depth, text, body)

    def _began_html(self, depth: int, text: str, body: str) -> bool:
        found = next((each for each in _html() if each[0].match(body)), None)
        if found is None and (self._paragraph or not _TAG_ALONE.match(body)):
            return False
        self._close(depth)
        self._is_html, self._html_end, self._goes_on = True, found[1] if found else None, False
        self._html(text)
        return True

    def _heading(self, level: int, text: str) -> None:
        mark = Span("#" * level + " ", "dim")
        styled = [each._replace(style=each.style or "heading") for each in self._spans(text)]
        self._emit("heading", [[mark, *styled]])

    def _row(self, text: str) -> None:
        if self._table is not None and self._table.add([self._spans(each) for each in cells(text)]):
            self._emit_table(self._table)

    def _cut(self, glue: str = "\n") -> None:
        """Give a piece of a paragraph that has become long."""
        if glue == "":
            self._paragraph[-2:] = ["".join(self._paragraph[-2:])]
        if sum(map(len, self._paragraph)) >= PARAGRAPH:
            self._end_paragraph(goes_on=True)

    def _end_leaf(self) -> None:
        if self._paragraph:
            self._end_paragraph(goes_on=False)
        elif self._code is not None:
            self._emit_code(self._code.draft() if self._is_draft else self._code.end(), is_last=True)
        elif self._table is not None:
            self._emit_table(self._table)
        self._code = self._fence = self._table = self._html_end = None
        self._is_html = self._goes_on = False
        self._blanks = 0

    def _end_paragraph(self, *, goes_on: bool) -> None:
        text, self._paragraph = "\n".join(self._paragraph).strip(), []
        if not self._goes_on:
            told, text = inline.defined(text, self._references)
            self._define(told)
        if self._is_draft and not goes_on:
            before, _, last = text.rpartition("\n")
            if last.startswith("|") and last.count("|") > 1:
                # It is going to be the head of a table.
                self._put_text(before)
                self._emit_table(Table([self._spans(each) for each in cells(last)], ()))
                return
            whole, text = text, inline.mended(text)
            self._put_text(text, is_open=text != whole)
            return
        self._put_text(text)
        self._goes_on = goes_on

    def _put_text(self, text: str, *, is_open: bool = False) -> None:
        if text:
            spans = [GAP, *self._spans(text)] if self._goes_on else self._spans(text)
            self._emit("text", [spans], goes_on=self._goes_on)
            self._found[-1] = self._found[-1]._replace(is_open=is_open)

    def _define(self, told: list[tuple[str, str]]) -> None:
        """Show what a reference means: what was said before may have named it."""
        for name, address in told:
            link = address if self._has_links else ""
            self._emit("text", [[Span(f"[{name}]: ", "dim"), Span(address, "link", link)]])
            self._is_after_blank = False

    def _spans(self, text: str) -> Line:
        return inline.spans(text, self._references, has_links=self._has_links)

    def _emit_code(self, lines: list[Line], *, is_last: bool = False) -> None:
        if lines or (is_last and not self._goes_on):
            self._emit("code", lines or [[]], goes_on=self._goes_on)
            self._goes_on = True

    def _emit_table(self, table: Table) -> None:
        grid = table.given()
        if grid.rows or not self._goes_on:
            self._emit("table", [], goes_on=self._goes_on, table=grid)
            self._goes_on = True

    def _emit(self, kind: Kind, lines: list[Line], *, goes_on: bool = False, table: Grid | None = None) -> None:
        gap = None if goes_on else self._gap()
        first = tuple(each for box in self._boxes for each in box.first)
        rest = tuple(each for box in self._boxes for each in box.rest)
        self._found.append(Leaf(kind, lines, first, rest, gap, table, goes_on))
        self._boxes = [box._replace(first=box.rest, is_empty=False) for box in self._boxes]
        self._last = tuple(self._boxes)
        self._is_after_blank = False
        self._lists = {at: each for at, each in self._lists.items() if at < len(self._boxes)}

    def _gap(self) -> Row | None:
        """An empty row: between the blocks of the text itself, and inside of others where there is an empty line."""
        last, boxes = self._last, self._boxes
        if last is None:
            return None
        is_within = last and boxes and last[0].group == boxes[0].group
        if is_within and not self._is_after_blank:
            return None
        shared = [now for before, now in zip(last, boxes, strict=False) if before.id == now.id]
        bars = tuple(each for box in shared for each in box.rest)
        return bars if any(box.is_quote for box in shared) else ()


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip(" "))
