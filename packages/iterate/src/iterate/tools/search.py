"""Lists and searches files with ripgrep, or with our stand-in for it.

The stand-in (`stand_in.py`) is this program again: it takes the same words and prints the same. It runs in a process of
its own because it can be ended there: an expression may take Python for ever, and a walk of 100,000 files is not for
the threads of a server.
"""

import os
import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path

from msgspec import Struct

from iterate import about
from iterate.tools import child
from iterate.tools.pattern import Pattern
from iterate.tools.printed import OMITTED, WIDEST

# 1 is nothing found; 2 is said also when only some files could not be read, but then without words.
_FINE = frozenset({0, 1})
# What ripgrep's own settings, and those of git, would change between two machines.
_PLAIN = ("--no-config", "--no-ignore-global", "--no-ignore-exclude", "--no-require-git", "--no-messages")
# A line with its path and number; and what is said of a binary file behind its lines.
_HIT = re.compile(rb"([^\0]+)\0(\d+):([^\n]*)\n")
# The same of a path without a line break in it, which nearly all are.
_PLAIN_HITS = re.compile(rb"([^\0\n]+)\0(\d+):([^\n]*)\n")
_BINARY = re.compile(rb"([^\0\n]*?): ?WARNING: stopped searching binary [^\n]*\n")


class Hit(Struct, frozen=True, kw_only=True):
    """A line that matches: the path below the folder that was searched, its number, its bytes where they are few."""

    path: bytes
    line: int
    text: bytes | None


class Binary(Struct, frozen=True, kw_only=True):
    """A file that turned out to be binary, behind lines that match: they count for nothing."""

    path: bytes


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
    import shutil  # It brings three compressions, and no server that starts searches.

    return shutil.which("rg", path=os.pathsep.join(folders)) if folders else None


async def listed(engine: Engine, folder: Path, options: Sequence[str] = ()) -> list[bytes]:
    """The paths of all files below a folder that no ignore file hides, in no order."""
    words = [*engine.words, *_PLAIN, *options, "--files", "--null"]
    async with aclosing(child.output(words, folder, fine=_FINE)) as output:
        pieces = [piece async for piece in output]
    return b"".join(pieces).split(b"\0")[:-1]


async def hits(
    engine: Engine, target: Path, pattern: Pattern, options: Sequence[str] = ()
) -> AsyncGenerator[Hit | Binary]:
    """The lines of a file, or of those below a folder, that match; in no order but that of the lines of a file."""
    async with aclosing(batches(engine, target, pattern, options)) as found:
        async for batch in found:
            for hit in batch:
                yield hit


async def batches(
    engine: Engine, target: Path, pattern: Pattern, options: Sequence[str] = ()
) -> AsyncGenerator[list[Hit | Binary]]:
    """As `hits`, many at once: of 50,000 lines each is a step of the loop otherwise."""
    is_folder = os.path.isdir(target)  # noqa: ASYNC240, PTH112  # One look.
    folder, name = (target, "./") if is_folder else (target.parent, f"./{target.name}")
    shape = ("--line-number", "--null", "--no-heading", "--with-filename", "--color=never", "--no-mmap")
    expression = pattern.rust if engine.is_ripgrep else pattern.python
    words = [*engine.words, *_PLAIN, *shape, f"--max-columns={WIDEST}", *options, f"--regexp={expression}", name]
    rest = b""
    async with aclosing(child.output(words, folder, fine=_FINE)) as output:
        async for piece in output:
            said = rest + piece if rest else piece
            batch, place = _read(said)
            rest = said[place:]
            if batch:
                yield batch


def _read(said: bytes) -> tuple[list[Hit | Binary], int]:
    """What is said in whole lines, and where they end."""
    batch: list[Hit | Binary] = []
    place = 0
    while place < len(said):
        for plain in _PLAIN_HITS.finditer(said, place):
            if plain.start() != place:
                break
            name, number, text = plain.groups()
            batch.append(
                Hit(
                    path=name.removeprefix(b"./"),
                    line=int(number),
                    text=None if text.startswith(OMITTED) else text,
                )
            )
            place = plain.end()
        # What is left is unusual, or only the beginning of a line.
        if found := _BINARY.match(said, place):
            batch.append(Binary(path=found[1].removeprefix(b"./")))
        elif found := _HIT.match(said, place):
            text = None if found[3].startswith(OMITTED) else found[3]
            batch.append(Hit(path=found[1].removeprefix(b"./"), line=int(found[2]), text=text))
        else:
            break
        place = found.end()
    return batch, place


def is_hidden(path: bytes) -> bool:
    """Whether a part of a path begins with a dot; ripgrep gives some that an ignore file or a type is for."""
    return path.startswith(b".") or b"/." in path


# What a name is made of that both engines understand alike.
_PLAIN_NAME = re.compile(r"[A-Za-z0-9._*{},-]+")


def only(glob: str) -> list[str]:
    """Options that leave out most files that a pattern of paths does not want, by their names; for ripgrep to be fast.

    It is a type of files, not a glob: a glob would bring back what ignore files hide.
    """
    name = glob.rpartition("/")[2]
    is_sure = name != "*" and "**" not in name and _PLAIN_NAME.fullmatch(name) and glob.count("{") == name.count("{")
    return [f"--type-add=wanted:{name}", "--type=wanted"] if is_sure else []
