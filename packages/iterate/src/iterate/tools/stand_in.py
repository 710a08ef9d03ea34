"""Our own search, where there is no ripgrep: a program that takes the same words and prints the same.

It knows only the options that `search.py` gives. It runs as a child; nothing of the server is imported.
"""

import os
import re
import sys
from collections.abc import Iterator, Sequence

from msgspec import Struct

from iterate.tools import files, ignore
from iterate.tools.script import NotText, decoded
from iterate.tools.tool import ToolFailed

_CUT = b"[cut]"


class Options(Struct, frozen=True, kw_only=True):
    """What the words say."""

    expression: str = ""
    target: str = "./"
    is_listing: bool = False
    is_caseless: bool = False
    is_hidden: bool = False
    is_unignored: bool = False


def main(words: Sequence[str]) -> int:
    """List or search below the current folder; 0 where something was found, 1 where not, 2 for a bad expression."""
    options = _options(words)
    write = sys.stdout.buffer.write
    paths = _paths(options)
    if options.is_listing:
        for path in paths:
            write(path + b"\0")
        return 0
    try:
        shape = re.compile(options.expression, re.MULTILINE | (re.IGNORECASE if options.is_caseless else 0))
    except re.error as problem:
        sys.stderr.write(f"{problem}\n")
        return 2
    code = 1
    for path in paths:
        for number in _numbers(path, shape):
            write(b"%b\0%d:%b\n" % (path, number, _CUT))
            code = 0
    return code


def _options(words: Sequence[str]) -> Options:
    given = dict(word.partition("=")[::2] for word in words if word.startswith("--"))
    target = next((word for word in words if not word.startswith("--")), "./")
    return Options(
        expression=given.get("--regexp", ""),
        target=target,
        is_listing="--files" in given,
        is_caseless="--ignore-case" in given,
        is_hidden="--hidden" in given,
        is_unignored="--no-ignore" in given,
    )


def _paths(options: Options) -> Iterator[bytes]:
    if options.target != "./":
        yield os.fsencode(options.target.removeprefix("./"))
        return
    here = os.getcwdb()  # noqa: PTH109  # Bytes.
    yield from _below(b"", options, () if options.is_unignored else _above(here), here)


def _above(here: bytes) -> tuple[ignore.Folder, ...]:
    """What the ignore files of all folders above say, the nearest first."""
    folders = []
    while (parent := os.path.dirname(here)) != here:  # noqa: PTH120  # Bytes.
        here = parent
        folders.append(ignore.folder(here))
    return tuple(folders)


def _below(start: bytes, options: Options, above: tuple[ignore.Folder, ...], here: bytes) -> Iterator[bytes]:
    path = here.rstrip(b"/") + b"/" + start
    try:
        with os.scandir(path) as entries:
            found = sorted(entries, key=lambda each: each.name)
    except OSError:
        return
    if not options.is_unignored:
        mine = ignore.folder(path.rstrip(b"/") or b"/")
        if any(mine.lines) or mine.has_git:
            above = (mine, *above)
    for each in found:
        name = each.name
        is_folder = each.is_dir(follow_symlinks=False)
        word = ignore.word(path + name, above, is_folder=is_folder) if above else None
        # A hidden file that an ignore file names as wanted is shown.
        is_hidden = name.startswith(b".") and not options.is_hidden and word != "wanted"
        if name == b".git" or word == "ignored" or is_hidden:
            continue
        if is_folder:
            yield from _below(start + name + b"/", options, above, here)
        elif each.is_file(follow_symlinks=False):
            yield start + name


def _numbers(path: bytes, shape: re.Pattern[str]) -> Iterator[int]:
    """The numbers of the lines that match; none of a binary file, a huge one, or one that cannot be read."""
    try:
        with open(_opened(path), "rb") as file:
            if os.fstat(file.fileno()).st_size > files.LARGEST:
                return
            text = decoded(file.read()).text
    except (NotText, ToolFailed, OSError):
        return
    # No line matches where the whole does not: the expression knows no end of the text.
    if not shape.search(text):
        return
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    for number, line in enumerate(lines, 1):
        if shape.search(line):
            yield number


def _opened(path: bytes) -> int:
    return os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0))
