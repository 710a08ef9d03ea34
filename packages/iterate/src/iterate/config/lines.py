"""On which line of a file of TOML a key stands. The standard parser does not say it.

It reads the text only as far as that needs, after the parser took it: what is odd here finds a line further up.
"""

import re
from collections.abc import Iterator

type Path = tuple[str | int, ...]

_KEY = re.compile(r"""\s*("(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)\s*""")
# What can hide brackets, quotes and line ends, longest first.
_TOKEN = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|#[^\n]*|[\[{]|[\]}]|\n', re.DOTALL
)


def line_of(text: str, path: Path) -> int | None:
    """The line, counted from 1, of the longest part of the path that is written down; None where there is none."""
    best, found = 0, None
    for written, number in _keys(text):
        if len(written) > best and written == path[: len(written)]:
            best, found = len(written), number
    return found


def _keys(text: str) -> Iterator[tuple[Path, int]]:
    """Every key with its whole path, and every table, with the line."""
    table: Path = ()
    counts: dict[Path, int] = {}
    for number, statement in _statements(text):
        if statement.startswith("[["):
            name = _path(statement[2:])
            counts[name] = counts.get(name, -1) + 1
            table = (*name, counts[name])
            yield table, number
        elif statement.startswith("["):
            table = _counted(_path(statement[1:]), counts)
            yield table, number
        else:
            yield (*table, *_path(statement)), number


def _counted(name: Path, counts: dict[Path, int]) -> Path:
    """The path of a table that lies in the newest table of a list."""
    for length in range(len(name), 0, -1):
        if name[:length] in counts:
            return (*name[:length], counts[name[:length]], *name[length:])
    return name


def _path(text: str) -> Path:
    found: list[str | int] = []
    place = 0
    while (match := _KEY.match(text, place)) is not None:
        key = match[1]
        found.append(key[1:-1] if key[0] in "\"'" else key)
        place = match.end()
        if text[place : place + 1] != ".":
            break
        place += 1
    return tuple(found)


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Every statement from its first character on, with its line; what goes on over line ends is one."""
    text = text.replace("\r\n", "\n")
    start, line, depth = 0, 1, 0
    first = 1
    for token in _TOKEN.finditer(text):
        word = token[0]
        if word == "\n" and depth == 0:
            if (statement := text[start : token.start()].strip()) and statement[0] != "#":
                yield first, statement
            start, first = token.end(), line + 1
        elif word in {"[", "{"}:
            depth += 1
        elif word in {"]", "}"}:
            depth = max(0, depth - 1)
        line += word.count("\n")
    if (statement := text[start:].strip()) and statement[0] != "#":
        yield first, statement
