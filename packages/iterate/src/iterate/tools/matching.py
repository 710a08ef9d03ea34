r"""Finds the text that an edit names: exactly, or else line by line without regard to indentation and trailing blanks.

Both sides have `\n` alone. The second way takes whole lines only. Where it finds a place, the new lines get the
indentation of the file: each indentation of the old text stands for the one that the file has at the same lines.
"""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from iterate.tools.tool import ToolFailed

_MOST_NAMED = 8


class NotFound(ToolFailed):
    """The file does not hold the text to be replaced."""


class Ambiguous(ToolFailed):
    """The file holds the text to be replaced more than once."""


class Found(Struct, frozen=True, kw_only=True):
    """A place in the text, and what goes there."""

    start: int
    end: int
    new: str


def found(text: str, old: str, new: str, *, is_all: bool) -> list[Found]:
    """Where `old` is, in order; raises `NotFound` or `Ambiguous`."""
    places = [Found(start=start, end=start + len(old), new=new) for start in _places(text, old)]
    places = places or _tolerant(text, old, new)
    if not places:
        hint = nearest(text.split("\n"), old.split("\n"))
        raise NotFound(f"the file does not hold that text, not even with other indentation{hint}")
    if len(places) > 1 and not is_all:
        numbers = [text.count("\n", 0, each.start) + 1 for each in places]
        named = ", ".join(str(number) for number in numbers[:_MOST_NAMED])
        more = f" and {len(numbers) - _MOST_NAMED} more" if len(numbers) > _MOST_NAMED else ""
        raise Ambiguous(
            f"the text is there {len(places)} times, from lines {named}{more}; "
            "give more lines around the one you mean, or set replace_all"
        )
    return [_trimmed(text, each) for each in places]


def _places(text: str, old: str) -> Iterator[int]:
    place = text.find(old)
    while place >= 0:
        yield place
        place = text.find(old, place + len(old))


def _trimmed(text: str, each: Found) -> Found:
    """The same change without what stays as it is on both ends, so that it keeps its line endings."""
    old, new = text[each.start : each.end], each.new
    shorter = min(len(old), len(new))
    start = next((place for place in range(shorter) if old[place] != new[place]), shorter)
    end = 0
    while end < shorter - start and old[-1 - end] == new[-1 - end]:
        end += 1
    return Found(start=each.start + start, end=each.end - end, new=new[start : len(new) - end])


def _tolerant(text: str, old: str, new: str) -> list[Found]:
    wanted = old.removesuffix("\n").split("\n")
    stripped = [line.strip() for line in wanted]
    if not any(stripped):
        return []
    lines = text.split("\n")
    starts = _starts(lines)
    places: list[Found] = []
    number = 0
    bare = [line.strip() for line in lines]
    while number <= len(lines) - len(wanted):
        if bare[number] == stripped[0] and bare[number : number + len(wanted)] == stripped:
            there = lines[number : number + len(wanted)]
            shift = shift_of(wanted, there)
            if shift is not None:
                last = number + len(wanted) - 1
                end = starts[last] + len(lines[last])
                is_whole = old.endswith("\n") and last + 1 < len(lines)
                body = new if is_whole or not old.endswith("\n") else new.removesuffix("\n")
                places.append(Found(start=starts[number], end=end + is_whole, new=_indented(body, shift)))
                number += len(wanted)
                continue
        number += 1
    return places


def _starts(lines: list[str]) -> list[int]:
    starts, place = [], 0
    for line in lines:
        starts.append(place)
        place += len(line) + 1
    return starts


def shift_of(wanted: Sequence[str], there: Sequence[str]) -> dict[str, str] | None:
    """Which indentation of the file each one of the old text stands for; None where one would stand for two."""
    shift: dict[str, str] = {}
    for mine, its in zip(wanted, there, strict=True):
        if mine.strip() and shift.setdefault(_indentation(mine), _indentation(its)) != _indentation(its):
            return None
    return shift


def _indentation(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _indented(new: str, shift: dict[str, str]) -> str:
    return "\n".join(shifted(line, shift) if line.strip() else line for line in new.split("\n"))


def shifted(line: str, shift: dict[str, str]) -> str:
    """A new line with the indentation that the file would give it."""
    own = _indentation(line)
    if own in shift:
        return f"{shift[own]}{line[len(own) :]}"
    shorter = [each for each in shift if own.startswith(each)]
    if shorter:
        base = max(shorter, key=len)
        return f"{shift[base]}{_deeper(own[len(base) :], shift)}{line[len(own) :]}"
    # Less than any line of the old text: the file has as much less.
    base = min(shift, key=len)
    less = len(base) - len(own)
    kept = shift[base]
    return f"{kept[: max(0, len(kept) - less)]}{line[len(own) :]}"


def _deeper(rest: str, shift: dict[str, str]) -> str:
    """Blanks beyond a known indentation, as tabs where the file has a tab for so many blanks."""
    for mine, its in shift.items():
        if mine and its and set(mine) == {" "} and set(its) == {"\t"} and len(mine) % len(its) == 0:
            unit = len(mine) // len(its)
            return rest.replace(" " * unit, "\t")
        if mine and its and set(mine) == {"\t"} and set(its) == {" "} and len(its) % len(mine) == 0:
            return rest.replace("\t", " " * (len(its) // len(mine)))
    return rest


def nearest(lines: Sequence[str], old: Sequence[str]) -> str:
    """Where a line of the old text is alone, as a hint."""
    bare = [line.strip() for line in lines]
    for line in sorted({line.strip() for line in old}, key=len, reverse=True)[:_MOST_NAMED]:
        if re.search(r"\w", line) and line in bare:
            number = bare.index(line) + 1
            return f"; its line {line[:80]!r} is line {number} of the file: read around there"
    return "; read the file again"
