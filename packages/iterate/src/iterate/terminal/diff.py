"""A unified diff as rows in colour."""

from iterate.terminal.rows import Row, Span, Style, clipped, row, span


def rows(diff: str, room: int, most: int | None = None) -> list[Row]:
    """The rows of a diff, at most so many and then one that counts the others; names of files come once."""
    found = [clipped(each, room) for each in _rows(diff)]
    if most is None or len(found) <= most:
        return found
    return [*found[: most - 1], row(Span(f"  and {len(found) - most + 1} rows more", "dim"))]


def counted(diff: str) -> tuple[int, int]:
    """How many lines a diff adds and removes."""
    lines = [line for line in diff.splitlines() if not line.startswith(("+++", "---"))]
    return sum(line.startswith("+") for line in lines), sum(line.startswith("-") for line in lines)


def _rows(diff: str) -> list[Row]:
    found: list[Row] = []
    is_head = True
    for line in diff.splitlines():
        if line.startswith("@@"):
            is_head = False
            found.append((span(line, "hunk"),))
        elif line.startswith("--- ") and (is_head or found):
            is_head = True
            found += (
                [(span(line[4:].partition("\t")[0].removeprefix("a/"), "bold"),)] if "/dev/null" not in line else []
            )
        elif is_head and line.startswith("+++ "):
            name = line[4:].partition("\t")[0].removeprefix("b/")
            named = (span(name, "bold"),)
            found += [named] if name != "/dev/null" and found[-1:] != [named] else []
        else:
            found.append((span(line, _style(line)),))
    return found


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
