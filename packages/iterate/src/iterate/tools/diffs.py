"""The change of a text as a unified diff, in a time that is bounded for huge files, and how many lines it counts."""

import difflib
from collections import Counter
from itertools import count

from iterate.tools.script import clean

_CONTEXT = 3
# Pairs of equal lines that difflib would compare; it takes about a second for them.
_MOST_PAIRS = 300_000
_MOST_LINES = 30_000


def unified(before: str | None, after: str | None, name: str) -> str:
    """A unified diff; None is a file that is not there. Empty where nothing changed."""
    old, new = _lines(before), _lines(after)
    lines = [
        f"--- {'/dev/null' if before is None else f'a/{name}'}\n",
        f"+++ {'/dev/null' if after is None else f'b/{name}'}\n",
    ]
    hunks = _hunks(old, new)
    if not hunks and (before is None) == (after is None):
        return ""
    return clean("".join([*lines, *hunks]))


def counted(before: str | None, after: str | None) -> tuple[int, int]:
    """How many lines were added and removed."""
    body = unified(before, after, "").splitlines()[2:]
    return sum(line.startswith("+") for line in body), sum(line.startswith("-") for line in body)


def _lines(text: str | None) -> list[str]:
    # Not splitlines: a form feed ends no line for a diff.
    parts = (text or "").split("\n")
    lines = [f"{part}\n" for part in parts[:-1]]
    return [*lines, parts[-1]] if parts[-1] else lines


def _hunks(old: list[str], new: list[str]) -> list[str]:
    shorter = min(len(old), len(new))
    start = next((place for place in range(shorter) if old[place] != new[place]), shorter)
    end = next((place for place in count() if place >= shorter - start or old[-1 - place] != new[-1 - place]), 0)
    if start == len(old) == len(new):
        return []
    inner_old, inner_new = old[start : len(old) - end], new[start : len(new) - end]
    first, last = max(0, start - _CONTEXT), max(0, end - _CONTEXT)
    if not _is_cheap(inner_old, inner_new):
        return _one_hunk(old, new, (start, end), (first, last))
    near_old, near_new = old[first : len(old) - last], new[first : len(new) - last]
    lines = list(difflib.unified_diff(near_old, near_new, n=_CONTEXT))[2:]
    return [_ended(_moved(line, first) if line.startswith("@@ ") else line) for line in lines]


def _is_cheap(old: list[str], new: list[str]) -> bool:
    if max(len(old), len(new)) > _MOST_LINES:
        return False
    counts = Counter(old)
    return sum(counts[line] for line in new) <= _MOST_PAIRS


def _moved(header: str, by: int) -> str:
    """The header of a hunk whose lines were counted from `by`."""
    old, new = header.split(" ")[1:3]
    return f"@@ -{_range(old, by)} +{_range(new, by)} @@\n"


def _range(words: str, by: int) -> str:
    first, comma, length = words[1:].partition(",")
    return f"{int(first) + by}{comma}{length}"


def _one_hunk(old: list[str], new: list[str], same: tuple[int, int], shown: tuple[int, int]) -> list[str]:
    """Everything between the first and the last difference as removed and added."""
    (start, end), (first, last) = same, shown
    before, behind = old[first:start], old[len(old) - end : len(old) - last]
    removed, added = old[start : len(old) - end], new[start : len(new) - end]
    lengths = [len(before) + len(each) + len(behind) for each in (removed, added)]
    ranges = [f"{first + (length > 0)},{length}" for length in lengths]
    body = [(" ", before), ("-", removed), ("+", added), (" ", behind)]
    lines = [_ended(f"{sign}{line}") for sign, each in body for line in each]
    return [f"@@ -{ranges[0]} +{ranges[1]} @@\n", *lines]


def _ended(line: str) -> str:
    return line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
