"""A unified diff as rows in colour."""

import re
from collections.abc import Iterator

from iterate.terminal.rows import Row, Span, Style, clipped, row, span

_HUNK = re.compile(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")


def rows(diff: str, room: int, most: int | None = None) -> list[Row]:
    """The rows of a diff, at most so many and then one that counts the others; names of files come once."""
    found = [clipped(each, room) for each in _rows(diff)]
    if most is None or len(found) <= most:
        return found
    return [*found[: most - 1], row(Span(f"  and {len(found) - most + 1} rows more", "dim"))]


def counted(diff: str) -> tuple[int, int]:
    """How many lines a diff adds and removes."""
    lines = [line[:1] for line, is_head in _lines(diff) if not is_head]
    return lines.count("+"), lines.count("-")


def _lines(diff: str) -> Iterator[tuple[str, bool]]:
    """Each line, and whether it is about a file or a hunk and not of one: a removed line may begin with `--- ` too."""
    before = after = 0
    for line in diff.split("\n"):
        if found := _HUNK.match(line) if before <= 0 and after <= 0 else None:
            before, after = (1 if each is None else int(each) for each in found.groups())
            yield line, True
        elif line.startswith("\\"):
            yield line, True  # No newline at the end of the file.
        else:
            yield line, before <= 0 and after <= 0
            before -= line[:1] in "- "
            after -= line[:1] in "+ "


def _rows(diff: str) -> list[Row]:
    found: list[Row] = []
    # The file that the rows are about, once its name was shown.
    name = ""
    for line, is_head in _lines(diff.removesuffix("\n")):
        if not is_head:
            found.append((span(line, _style(line)),))
        elif line.startswith("@@"):
            found.append((span(line, "hunk"),))
        elif line.startswith(("diff ", "--- ", "+++ ")):
            before, name = name, (_same(line) if line.startswith("diff ") else _named(line)) or name
            found += [(span(name, "bold"),)] if name != before else []
        elif line and not line.startswith("index "):
            found.append((span(line, "dim"),))
    return found


def _named(line: str) -> str:
    """The file of a line such as `+++ b/x.py`; empty for none at all."""
    name = line[4:].partition("\t")[0]
    return "" if name == "/dev/null" else name.removeprefix("a/" if line.startswith("-") else "b/")


def _same(line: str) -> str:
    """The file of a line such as `diff --git a/x.py b/x.py`, where both sides are the same."""
    both = line.removeprefix("diff --git ")
    first, second = both[: len(both) // 2], both[len(both) // 2 + 1 :]
    return second[2:] if first.startswith("a/") and second.startswith("b/") and first[2:] == second[2:] else ""


def _style(line: str) -> Style:
    match line[:1]:
        case "+":
            return "added"
        case "-":
            return "removed"
        case " ":
            return ""
        case _:
            return "dim"
