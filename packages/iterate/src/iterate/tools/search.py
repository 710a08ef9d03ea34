"""Lists and searches files with ripgrep, or with our stand-in for it.

The stand-in (`stand_in.py`) is this program again: it takes the same words and prints the same. It runs in a process of
its own because it can be ended there: an expression may take Python for ever, and a walk of 100,000 files is not for
the threads of a server.
"""

import os
import re
import shutil
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path

from msgspec import Struct

from iterate import about
from iterate.tools import child
from iterate.tools.pattern import Pattern

# 1 is nothing found; 2 is said also when only some files could not be read, but then without words.
_FINE = frozenset({0, 1})
# What ripgrep's own settings, and those of git, would change between two machines.
_PLAIN = ("--no-config", "--no-ignore-global", "--no-ignore-exclude", "--no-require-git", "--no-messages")
# A line with its path and number, without its text; between them what is said of binary files.
_HIT = re.compile(rb"(?:[^\0\n]*: ?WARNING: stopped searching binary [^\n]*\n)*([^\0]+)\0(\d+):[^\n]*\n")


class Hit(Struct, frozen=True, kw_only=True):
    """A line that matches: the path below the folder that was searched, and the number of the line."""

    path: bytes
    line: int


class Engine(Struct, frozen=True, kw_only=True):
    """What is started to list and search."""

    words: tuple[str, ...]
    is_ripgrep: bool


def engine(environment: Mapping[str, str], root: Path) -> Engine:
    """The ripgrep of that environment, else our own."""
    rg = program(environment, root)
    return Engine(words=(rg,), is_ripgrep=True) if rg else OWN


OWN = Engine(words=(*about.start_words(), "__search"), is_ripgrep=False)


def program(environment: Mapping[str, str], root: Path) -> str | None:
    """The ripgrep of that environment, but none that lies in the project: that would be a stranger's program."""
    folders = [
        folder
        for folder in environment.get("PATH", "").split(os.pathsep)
        if Path(folder).is_absolute() and not Path(os.path.realpath(folder)).is_relative_to(root)
    ]
    return shutil.which("rg", path=os.pathsep.join(folders)) if folders else None


async def listed(engine: Engine, folder: Path, options: Sequence[str] = ()) -> list[bytes]:
    """The paths of all files below a folder that no ignore file hides, in no order."""
    words = [*engine.words, *_PLAIN, *options, "--files", "--null"]
    async with aclosing(child.output(words, folder, fine=_FINE)) as output:
        pieces = [piece async for piece in output]
    return b"".join(pieces).split(b"\0")[:-1]


async def hits(engine: Engine, target: Path, pattern: Pattern, options: Sequence[str] = ()) -> AsyncGenerator[Hit]:
    """The lines of a file, or of those below a folder, that match; in no order but that of the lines of a file."""
    is_folder = os.path.isdir(target)  # noqa: ASYNC240, PTH112  # One look.
    folder, name = (target, "./") if is_folder else (target.parent, f"./{target.name}")
    shape = ("--line-number", "--null", "--no-heading", "--with-filename", "--color=never", "--no-mmap")
    expression = pattern.rust if engine.is_ripgrep else pattern.python
    # A bound of one column leaves out the text, which we read ourselves.
    words = [*engine.words, *_PLAIN, *shape, "--max-columns=1", *options, f"--regexp={expression}", name]
    rest = b""
    async with aclosing(child.output(words, folder, fine=_FINE)) as output:
        async for piece in output:
            rest += piece
            end = 0
            for found in _HIT.finditer(rest):
                end = found.end()
                yield Hit(path=found[1].removeprefix(b"./"), line=int(found[2]))
            rest = rest[end:]
