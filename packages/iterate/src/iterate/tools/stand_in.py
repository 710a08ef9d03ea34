"""Our own search, where there is no ripgrep: a program that takes the same words and prints the same.

It knows only the options that `search.py` gives. It runs as a child; nothing of the server is imported.
"""

import gc
import os
import re
import sys
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import NamedTuple

from iterate.tools import crew, walk
from iterate.tools.printed import OMITTED, WIDEST
from iterate.tools.seek import Seeker
from iterate.tools.walk import Wanted

# Other processes are started for what is left behind so many files.
_FEW = 1000


class Options(NamedTuple):
    """What the words say."""

    expression: str = ""
    target: str = "./"
    is_listing: bool = False
    is_caseless: bool = False
    is_hidden: bool = False
    is_unignored: bool = False
    # A pattern of names; empty for all.
    name: str = ""
    has_links: bool = False


def main(words: Sequence[str]) -> int:
    """List or search below the current folder; 0 where something was found, 1 where not, 2 for a bad expression."""
    # It ends before there is anything to collect.
    gc.disable()
    options = _options(words)
    here = os.getcwdb()  # noqa: PTH109  # Bytes.
    if options.is_listing:
        return _list(options, here)
    try:
        shape = re.compile(options.expression, re.MULTILINE | (re.IGNORECASE if options.is_caseless else 0))
    except re.error as problem:
        sys.stderr.write(f"{problem}\n")
        return 2
    seeker = Seeker(shape)

    def look(path: bytes) -> bytes:
        found = seeker.lines(path)
        return b"".join([_row(path, number, line) for number, line in found]) if found else b""

    found = paths(options, here)
    has_found = crew.alone(islice(found, _FEW), look)
    for first in islice(found, 1):
        rest, workers = chain([first], found), crew.size()
        is_more = crew.shared(rest, look, workers) if workers > 1 else crew.alone(rest, look)
        has_found = has_found or is_more
    return 0 if has_found else 1


def _row(path: bytes, number: int, line: bytes) -> bytes:
    return b"%b\0%d:%b\n" % (path, number, line if len(line) <= WIDEST else OMITTED)


def _list(options: Options, here: bytes) -> int:
    write = sys.stdout.buffer.write
    if options.target != "./":
        write(os.fsencode(options.target.removeprefix("./")) + b"\0")
        return 0
    for start, names in walk.folders(here, _wanted(options)):
        write(start + (b"\0" + start).join(names) + b"\0")
    return 0


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
        name=given.get("--type-add", "").partition(":")[2],
        has_links="--links" in given,
    )


def _wanted(options: Options) -> Wanted:
    return Wanted(
        is_hidden=options.is_hidden,
        is_unignored=options.is_unignored,
        name=options.name,
        has_links=options.has_links,
    )


def paths(options: Options, here: bytes) -> Iterator[bytes]:
    """The files below a folder, as paths from there, or the one that was named."""
    if options.target != "./":
        yield os.fsencode(options.target.removeprefix("./"))
        return
    for start, names in walk.folders(here, _wanted(options)):
        for name in names:
            yield start + name


def lines(path: bytes, shape: re.Pattern[str]) -> list[tuple[int, bytes]]:
    """The lines of a file that match, with their numbers; see `Seeker`."""
    return Seeker(shape).lines(path)
