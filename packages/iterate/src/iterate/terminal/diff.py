"""A diff as rows in colour: one column or two, with numbers of lines, and the words that changed marked.

A diff is read from its beginning as far as rows are wanted, so that a long one costs no more than what is seen of it.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import islice, zip_longest
from typing import Literal, NamedTuple

from iterate.settings import Sides
from iterate.terminal import tally
from iterate.terminal.flow import Prefix, broken
from iterate.terminal.rows import Row, Span, Style, clipped, columns, row, span

# Columns from which on two sides have room.
WIDE = 100
# Pairs of lines whose words are compared well; for those behind it has to do what they begin and end with alike.
_PAIRS = 200
# Words of a line that are compared, and the part of it that has to be the same for the rest to be marked.
_WORDS, _ALIKE = 80, 0.3
# Columns that a side needs.
_SIDE = 16

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_HUNKS = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", re.MULTILINE)
_WORD = re.compile(r"\w+|\s+|.")
_BETWEEN = Prefix(" \N{BOX DRAWINGS LIGHT VERTICAL} ", "dim")


class Drawn(NamedTuple):
    """Rows of a diff, and how many more lines it has."""

    rows: list[Row]
    more: int = 0


class Line(NamedTuple):
    """A line of a diff: what it is, its number before and now, and its text without the mark."""

    kind: Literal["head", "hunk", "note", "same", "added", "removed"]
    text: str
    old: int = 0
    new: int = 0
    # The same text as code, in the colours of its language; empty where that is not known.
    code: tuple[Span, ...] = ()


def rows(
    diff: str, room: int, most: int | None = None, sides: Sides = "unified", *, has_code: bool = False
) -> list[Row]:
    """The rows of a diff, at most so many and then one that counts the others; names of files come once."""
    found, more = drawn(diff, room, sides, most, has_code=has_code)
    if most is None or (len(found) <= most and not more):
        return found
    return [*found[: most - 1], row(Span(f"  and {tally.counted(len(found) - most + 1 + more, 'more row')}", "dim"))]


def drawn(diff: str, room: int, sides: Sides = "auto", most: int | None = None, *, has_code: bool = False) -> Drawn:
    """The rows of a diff; with `most` its first lines, and how many lines are behind them.

    `has_code` colours lines as the language of their file is, which imports its lexer.
    """
    if not diff:
        return Drawn([])
    source = _lines(diff)
    lines = list(source if most is None else islice(source, most))
    # To know how many there are costs much less than to draw them.
    more = sum(1 for _ in source)
    digits = max((len(str(int(each[3]) + int(each[4] or 1))) for each in _HUNKS.finditer(diff)), default=1)
    is_split = sides == "split" or (sides == "auto" and room >= WIDE)
    if is_split and room < 2 * (digits + _SIDE) + 3:
        is_split = False
    if has_code:
        from iterate.terminal import shades

        lines = shades.shaded(lines)
    return Drawn(_split(lines, room, digits) if is_split else _unified(lines, room, digits), more)


def counted(diff: str) -> tuple[int, int]:
    """How many lines a diff adds and removes."""
    added = removed = before = after = 0
    for line in diff.split("\n"):
        if before <= 0 and after <= 0:
            if line.startswith("@@") and (found := _HUNK.match(line)):
                before, after = _counts(found)
        elif line.startswith("+"):
            added, after = added + 1, after - 1
        elif line.startswith("-"):
            removed, before = removed + 1, before - 1
        elif not line.startswith("\\"):
            before, after = before - 1, after - 1
    return added, removed


def _counts(found: "re.Match[str]") -> tuple[int, int]:
    return int(found[2] or 1) if found[2] != "0" else 0, int(found[4] or 1) if found[4] != "0" else 0


def _lines(diff: str) -> Iterator[Line]:
    """Each line by what it is; of a file's head one line, and a removed line may begin with `--- ` too."""
    before = after = old = new = 0
    head: list[str] = []
    for line in _split_lines(diff):
        if line.startswith("\\"):
            yield Line("note", "no newline at the end of the file")
        elif before > 0 or after > 0:
            mark = line[:1]
            if mark == "+":
                yield Line("added", line[1:], old, new)
                after, new = after - 1, new + 1
            elif mark == "-":
                yield Line("removed", line[1:], old, new)
                before, old = before - 1, old + 1
            else:
                yield Line("same", line[1:], old, new)
                before, after, old, new = before - 1, after - 1, old + 1, new + 1
        elif found := _HUNK.match(line):
            yield from _headed(head)
            head = []
            before, after = _counts(found)
            old, new = int(found[1]), int(found[3])
            yield Line("hunk", line)
        else:
            if line.startswith("diff ") or (line.startswith("--- ") and any(each.startswith("+++ ") for each in head)):
                yield from _headed(head)
                head = []
            head.append(line)
    yield from _headed(head)


def _split_lines(diff: str) -> Iterator[str]:
    place, end = 0, len(diff.removesuffix("\n"))
    while place <= end:
        found = diff.find("\n", place)
        found = end if found < 0 or found > end else found
        yield diff[place:found]
        place = found + 1


def _headed(head: list[str]) -> Iterator[Line]:
    """What the lines about a file say: its name, and what became of it."""
    if not head:
        return
    was = now = ""
    told: list[str] = []
    for line in head:
        word, _, rest = line.partition(" ")
        if word == "diff":
            was = now = _same(line) or now
        elif word in {"---", "+++"}:
            was, now = (_named(line) or was, now) if word == "---" else (was, _named(line) or now)
            if not _named(line) and not any("file" in each for each in told):
                told.append("new file" if word == "---" else "deleted file")
        elif rest.startswith(("from ", "to ")):
            was, now = (rest[5:], now) if rest.startswith("from ") else (was, rest[3:])
            told += [f"{'renamed' if word == 'rename' else 'copied'} from {was}"] if rest.startswith("from ") else []
        else:
            told += _became(line, word, rest)
    name = now or was
    if was and now and was != now and not any(each.startswith(("renamed", "copied")) for each in told):
        told.insert(0, f"was {was}")
    yield Line("head", f"{name}\0{', '.join(told)}")


def _became(line: str, word: str, rest: str) -> list[str]:
    match word:
        case "new" | "deleted" if rest.startswith("file mode "):
            mode = rest.removeprefix("file mode ")
            return [f"{word} file" + ("" if mode == "100644" else f", mode {mode}")]
        case "index" | "similarity" | "dissimilarity" | "":
            return []
        case "Binary":
            return ["binary"]
        case _:
            return [line]


def _named(line: str) -> str:
    """The file of a line such as `+++ b/x.py`; empty for none at all."""
    name = line[4:].partition("\t")[0]
    return "" if name == "/dev/null" else name.removeprefix("a/" if line.startswith("-") else "b/")


def _same(line: str) -> str:
    """The file of a line such as `diff --git a/x.py b/x.py`, where both sides are the same."""
    both = line.removeprefix("diff --git ")
    first, second = both[: len(both) // 2], both[len(both) // 2 + 1 :]
    return second[2:] if first.startswith("a/") and second.startswith("b/") and first[2:] == second[2:] else ""


def _aside(line: Line, room: int) -> list[Row]:
    """A line that is about lines."""
    match line.kind:
        case "head":
            name, _, told = line.text.partition("\0")
            return [clipped(row(span(name, "bold"), span(f"  {told}" if told else "", "dim")), room)]
        case "hunk":
            return [clipped((span(line.text, "hunk"),), room)]
        case _:
            return [clipped((Prefix("  "), span(line.text, "dim")), room)]


def _blocks(lines: Iterable[Line]) -> Iterator[tuple[list[Line], list[Line], list[Line]]]:
    """Runs of removed and added lines that belong together, or one other line."""
    removed: list[Line] = []
    added: list[Line] = []
    for line in lines:
        if line.kind == "removed" and not added:
            removed.append(line)
        elif line.kind == "added":
            added.append(line)
        elif line.kind == "removed":
            yield removed, added, []
            removed, added = [line], []
        else:
            if line.kind != "note" and (removed or added):
                yield removed, added, []
                removed, added = [], []
            yield (removed, added, [line]) if line.kind == "note" else ([], [], [line])
            if line.kind == "note":
                removed, added = [], []
    if removed or added:
        yield removed, added, []


def _unified(lines: list[Line], room: int, digits: int) -> list[Row]:
    found: list[Row] = []
    pairs = 0
    for removed, added, others in _blocks(lines):
        marked = _marked(removed, added, pairs)
        pairs += min(len(removed), len(added))
        for line, spans in [*zip(removed, marked[0], strict=True), *zip(added, marked[1], strict=True)]:
            mark = "-" if line.kind == "removed" else "+"
            number = line.old if line.kind == "removed" else line.new
            found += _numbered(number, Span(mark, spans[0].style if spans else line_style(line)), spans, room, digits)
        for line in others:
            if line.kind == "same":
                found += _numbered(line.new, Span(" "), _plain(line), room, digits)
            else:
                found += _aside(line, room)
    return found


def line_style(line: Line) -> Style:
    """The style of a line that changed."""
    return "removed" if line.kind == "removed" else "added"


def _numbered(number: int, mark: Span, spans: list[Span], room: int, digits: int) -> list[Row]:
    gutter = f"{number:>{digits}} "
    base: Style = "" if mark.text == " " else "removed" if mark.text == "-" else "added"
    first = [Prefix(gutter, "gutter"), mark._replace(style=base)]
    return broken(spans, room, first, [Prefix(" " * len(gutter), "gutter"), Prefix(" ")])


def _split(lines: list[Line], room: int, digits: int) -> list[Row]:
    found: list[Row] = []
    half = (room - columns([_BETWEEN])) // 2
    pairs = 0
    for removed, added, others in _blocks(lines):
        marked = _marked(removed, added, pairs)
        pairs += min(len(removed), len(added))
        for place, (old, new) in enumerate(zip_longest(removed, added)):
            left = _numbered(old.old, Span("-"), marked[0][place], half, digits) if old else []
            right = _numbered(new.new, Span("+"), marked[1][place], half, digits) if new else []
            found += _beside(left, right, half)
        for line in others:
            if line.kind == "same":
                left = _numbered(line.old, Span(" "), _plain(line), half, digits)
                found += _beside(left, _numbered(line.new, Span(" "), _plain(line), half, digits), half)
            else:
                found += _aside(line, room)
    return found


def _beside(left: list[Row], right: list[Row], half: int) -> list[Row]:
    found: list[Row] = []
    for before, after in zip_longest(left, right, fillvalue=()):
        free = Prefix(" " * max(0, half - columns(before)))
        found.append((*before, free, _BETWEEN, *after))
    return found


def _marked(removed: list[Line], added: list[Line], done: int) -> tuple[list[list[Span]], list[list[Span]]]:
    """The lines of a change, with the words marked by which two that belong together differ."""
    old: list[list[Span]] = [_shaded([span(each.text, "removed")], each) for each in removed]
    new: list[list[Span]] = [_shaded([span(each.text, "added")], each) for each in added]
    for place in range(min(len(removed), len(added))):
        before, after = removed[place].text, added[place].text
        changed = _changed(before, after, is_exact=done + place < _PAIRS)
        if changed is not None:
            old[place] = _shaded(_styled(changed[0], "removed", "removed-word"), removed[place])
            new[place] = _shaded(_styled(changed[1], "added", "added-word"), added[place])
    return old, new


type _Pieces = list[tuple[str, bool]]


def _changed(before: str, after: str, *, is_exact: bool) -> tuple[_Pieces, _Pieces] | None:
    """The two lines in pieces, each with whether it is different; None where too little is the same."""
    old, new = _WORD.findall(before), _WORD.findall(after)
    begin = 0
    while begin < min(len(old), len(new)) and old[begin] == new[begin]:
        begin += 1
    end = 0
    while end < min(len(old), len(new)) - begin and old[-1 - end] == new[-1 - end]:
        end += 1
    middle = old[begin : len(old) - end], new[begin : len(new) - end]
    left: _Pieces = [("".join(old[:begin]), False)]
    right: _Pieces = [("".join(new[:begin]), False)]
    if is_exact and all(middle) and max(map(len, middle)) <= _WORDS:
        from difflib import SequenceMatcher

        for kind, a, b, c, d in SequenceMatcher(None, *middle, autojunk=False).get_opcodes():
            left.append(("".join(middle[0][a:b]), kind != "equal"))
            right.append(("".join(middle[1][c:d]), kind != "equal"))
    else:
        left.append(("".join(middle[0]), True))
        right.append(("".join(middle[1]), True))
    left.append(("".join(old[len(old) - end :]), False))
    right.append(("".join(new[len(new) - end :]), False))
    same = sum(len(text.strip()) for text, is_new in left if not is_new)
    if same < _ALIKE * max(len(before.strip()), len(after.strip()), 1):
        return None
    return left, right


def _styled(pieces: _Pieces, same: Style, other: Style) -> list[Span]:
    return [span(text, other if is_new else same) for text, is_new in pieces if text]


def _plain(line: Line) -> list[Span]:
    """A line that is the same on both sides."""
    return list(line.code) or [span(line.text)]


def _shaded(spans: list[Span], line: Line) -> list[Span]:
    """The spans of a changed line, what is no word of the change in the colours of its code."""
    if not line.code or "".join(each.text for each in spans) != "".join(each.text for each in line.code):
        return spans
    from iterate.terminal.shades import mixed

    return mixed(spans, line.code, line_style(line))
