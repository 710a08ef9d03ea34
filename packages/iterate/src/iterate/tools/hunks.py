"""Reads a patch of one or more files: a unified diff, or the form with `*** Begin Patch`.

Models count badly, so the numbers of a hunk say only where to look first; its lines say what it is.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Literal

from msgspec import Struct

from iterate.tools.tool import ToolFailed

type Sign = Literal[" ", "-", "+"]


class BadPatch(ToolFailed):
    """The patch is none, or does not say for which files it is."""


class Hunk(Struct, frozen=True, kw_only=True):
    """Lines that stay, go and come, in order; `line` is where they are thought to be, `anchors` lines before them."""

    rows: tuple[tuple[Sign, str], ...]
    line: int | None = None
    anchors: tuple[str, ...] = ()
    # None where the patch does not speak of the end of the file.
    ends_old: bool = False
    ends_new: bool = False

    @property
    def old(self) -> list[str]:
        """The lines that the file must have."""
        return [line for sign, line in self.rows if sign != "+"]


class FilePatch(Struct, frozen=True, kw_only=True):
    """What is done with one file: no `old` is a new file, no `new` one that goes."""

    old: str | None
    new: str | None
    hunks: tuple[Hunk, ...] = ()


_RANGE = re.compile(r"@@+ -(\d+)(?:,\d+)? \+\d+(?:,\d+)? @@")
_FILE = re.compile(r"\*\*\* (Add|Update|Delete) File: (.+)")
_STOPS = ("--- ", "diff --git ", "*** ", "Index: ")


def parsed(text: str) -> tuple[FilePatch, ...]:
    """The files of a patch, in order; raises `BadPatch`."""
    lines = text.replace("\r\n", "\n").split("\n")
    if lines and not lines[-1]:
        lines.pop()
    is_marked = any(_FILE.fullmatch(line) for line in lines)
    found = tuple(_marked(lines) if is_marked else _unified(lines))
    if not found:
        raise BadPatch("the patch names no file: give a unified diff with --- and +++ lines, or *** Update File: PATH")
    return found


def _unified(lines: Sequence[str]) -> Iterator[FilePatch]:
    place = 0
    renamed: list[str] = []
    while place < len(lines):
        line = lines[place]
        place += 1
        if line.startswith(("rename from ", "rename to ")):
            renamed.append(line.partition("rename ")[2].partition(" ")[2])
            if len(renamed) == 2 and not _has_names(lines, place):  # noqa: PLR2004  # From and to.
                yield FilePatch(old=renamed[0], new=renamed[1])
                renamed = []
        elif line.startswith("--- ") and lines[place : place + 1] and lines[place].startswith("+++ "):
            old, new = _name(line), _name(lines[place])
            hunks, place = _hunks(lines, place + 1)
            if old is None and new is None:
                raise BadPatch("a file is /dev/null on both sides")
            yield FilePatch(old=old, new=new, hunks=hunks)
            renamed = []


def _has_names(lines: Sequence[str], place: int) -> bool:
    following = [line for line in lines[place : place + 2] if not line.startswith("index ")]
    return bool(following) and following[0].startswith("--- ")


def _name(line: str) -> str | None:
    name = line[4:].partition("\t")[0].strip()
    if name.startswith('"') and name.endswith('"'):
        name = _unquoted(name[1:-1])
    if name == "/dev/null":
        return None
    return re.sub(r"^[ab]/", "", name)


def _unquoted(name: str) -> str:
    """A name as git quotes it: octal bytes and the escapes of C."""
    try:
        return name.encode("latin-1", "backslashreplace").decode("unicode_escape").encode("latin-1").decode()
    except UnicodeError as problem:
        raise BadPatch(f'"{name}" is no name as git quotes them') from problem


def _hunks(lines: Sequence[str], place: int) -> tuple[tuple[Hunk, ...], int]:
    hunks: list[Hunk] = []
    while place < len(lines) and lines[place].startswith("@@"):
        number = _RANGE.match(lines[place])
        anchor = "" if number else lines[place].strip("@ ")
        anchors = [anchor] if anchor else []
        place += 1
        while place < len(lines) and lines[place].startswith("@@") and not number:
            anchors += [word] if (word := lines[place].strip("@ ")) else []
            place += 1
        rows, place = _rows(lines, place)
        hunks.append(_hunk(rows, int(number[1]) if number else None, tuple(anchors)))
    return tuple(hunks), place


def _rows(lines: Sequence[str], place: int) -> tuple[list[str], int]:
    rows: list[str] = []
    while place < len(lines) and not lines[place].startswith("@@"):
        line = lines[place]
        following = lines[place + 1] if place + 1 < len(lines) else ""
        is_next_file = line.startswith("--- ") and following.startswith("+++ ")
        if is_next_file or line.startswith(("diff --git ", "*** ", "Index: ")):
            break
        if line and line[0] not in " -+\\":
            raise BadPatch(f"line {place + 1} of the patch begins with none of blank, - and +: {line[:80]!r}")
        rows.append(line)
        place += 1
    return rows, place


def _hunk(lines: Sequence[str], number: int | None, anchors: tuple[str, ...]) -> Hunk:
    rows: list[tuple[Sign, str]] = []
    ends = {"-": False, "+": False}
    for line in lines:
        match line[:1]:
            case "\\":
                last = rows[-1][0] if rows else " "
                ends = {sign: ends[sign] or last in {sign, " "} for sign in ends}
            case "-":
                rows.append(("-", line[1:]))
            case "+":
                rows.append(("+", line[1:]))
            case _:
                # An empty line is one that lost its blank on the way.
                rows.append((" ", line[1:]))
    if not any(sign != " " for sign, _ in rows):
        raise BadPatch("a hunk changes nothing: it has no line with - or +")
    return Hunk(rows=tuple(rows), line=number, anchors=anchors, ends_old=ends["-"], ends_new=ends["+"])


def _marked(lines: Sequence[str]) -> Iterator[FilePatch]:
    place = 0
    while place < len(lines):
        found = _FILE.fullmatch(lines[place])
        place += 1
        if not found:
            continue
        name = found[2].strip()
        match found[1]:
            case "Add":
                added, place = _rows(lines, place)
                yield FilePatch(
                    old=None, new=name, hunks=(_hunk([_plus(line) for line in added], None, ()),) * bool(added)
                )
            case "Delete":
                yield FilePatch(old=name, new=None)
            case _:
                moved = lines[place : place + 1]
                target = name
                if moved and moved[0].startswith("*** Move to: "):
                    target, place = moved[0].removeprefix("*** Move to: ").strip(), place + 1
                hunks, place = _marked_hunks(lines, place)
                yield FilePatch(old=name, new=target, hunks=hunks)


def _plus(line: str) -> str:
    return line if line.startswith("+") else f"+{line}"


def _marked_hunks(lines: Sequence[str], place: int) -> tuple[tuple[Hunk, ...], int]:
    if place < len(lines) and not lines[place].startswith(("@@", "*** ")):
        # The first hunk may come without a head.
        rows, place = _rows(lines, place)
        hunks, place = _hunks(lines, place)
        return (_hunk(rows, None, ()), *hunks), place
    return _hunks(lines, place)
