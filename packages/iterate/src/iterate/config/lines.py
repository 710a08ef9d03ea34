"""The statements of a text of TOML: what each is about, on which line, and where it begins and ends.

The standard parser tells no places. This reads the text only as far as that needs, after the parser took it: keys and
tables, not values.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

type Path = tuple[str | int, ...]

_KEY = re.compile(r"""\s*("(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)\s*""")
# What can hide brackets, quotes and line ends, longest first.
_TOKEN = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|#[^\n]*|[\[{]|[\]}]|\n', re.DOTALL
)


class Statement(NamedTuple):
    """A key with its value, or the head of a table; `path` is the whole one, `table` that of the table it lies in.

    `start` and `end` are places in the text, without the line's end; a comment behind it is part of it.
    """

    path: Path
    table: Path
    line: int
    start: int
    end: int
    is_head: bool


def line_of(text: str, path: Path) -> int | None:
    """The line, counted from 1, of the longest part of the path that is written down; None where there is none."""
    lines = _lines(text)
    return next((lines[path[:end]] for end in range(len(path), 0, -1) if path[:end] in lines), None)


@lru_cache(maxsize=4)
def _lines(text: str) -> dict[Path, int]:
    """The first line of every path: a file that a stranger wrote may hold tens of thousands of keys."""
    found: dict[Path, int] = {}
    for each in statements(text.replace("\r\n", "\n")):
        found.setdefault(each.path, each.line)
    return found


def statements(text: str) -> Iterator[Statement]:
    """Every statement of a text whose lines end with a line feed."""
    table: Path = ()
    counts: dict[Path, int] = {}
    for line, start, end in _spans(text):
        if text.startswith("[[", start):
            name = _counted(_path(text, start + 2), counts, is_list=True)
            counts[name] = counts.get(name, -1) + 1
            table = (*name, counts[name])
            yield Statement(table, table, line, start, end, is_head=True)
        elif text[start] == "[":
            table = _counted(_path(text, start + 1), counts)
            yield Statement(table, table, line, start, end, is_head=True)
        else:
            yield Statement((*table, *_path(text, start)), table, line, start, end, is_head=False)


def value_span(text: str, statement: Statement) -> tuple[int, int]:
    """Where the value of a key begins and ends, without the comment behind it."""
    place = statement.start
    while (key := _KEY.match(text, place)) is not None:
        place = key.end()
        if text[place] == "=":
            break
        place += 1
    start = place + 1
    while text[start] in " \t":
        start += 1
    end = statement.end
    for token in _TOKEN.finditer(text, start, statement.end):
        if token[0].startswith("#") and "\n" not in text[token.start() : statement.end]:
            end = token.start()
            break
    return start, start + len(text[start:end].rstrip())


def _counted(name: Path, counts: dict[Path, int], *, is_list: bool = False) -> Path:
    """The path of a table that lies in the newest table of a list."""
    found: Path = ()
    for number, part in enumerate(name, 1):
        found = (*found, part)
        if found in counts and not (is_list and number == len(name)):
            found = (*found, counts[found])
    return found


def _path(text: str, place: int) -> Path:
    import tomllib

    found: list[str | int] = []
    while (match := _KEY.match(text, place)) is not None:
        key = match[1]
        # A key in quotes may be escaped like every text.
        found.append(key[1:-1] if key[0] == "'" else next(iter(tomllib.loads(f"{key} = 0"))))
        place = match.end()
        if text[place : place + 1] != ".":
            break
        place += 1
    return tuple(found)


def _spans(text: str) -> Iterator[tuple[int, int, int]]:
    """Line, start and end of every statement; what goes on over line ends is one."""
    start, line, first, depth = 0, 1, 1, 0
    for token in _TOKEN.finditer(text):
        word = token[0]
        if word == "\n" and depth == 0:
            if (span := _trimmed(text, start, token.start())) is not None:
                yield (first, *span)
            start, first = token.end(), line + 1
        elif word in {"[", "{"}:
            depth += 1
        elif word in {"]", "}"}:
            depth = max(0, depth - 1)
        line += word.count("\n")
    if (span := _trimmed(text, start, len(text))) is not None:
        yield (first, *span)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The place without spaces around it; None when nothing is there but a comment."""
    inner = text[start:end].strip()
    if not inner or inner[0] == "#":
        return None
    start += text[start:end].index(inner[0])
    return start, start + len(inner)
