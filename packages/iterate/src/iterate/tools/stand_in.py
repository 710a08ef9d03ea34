"""Our own search, where there is no ripgrep: a program that takes the same words and prints the same.

It knows only the options that `search.py` gives. It runs as a child; nothing of the server is imported.
"""

import os
import re
import sys
from collections.abc import Iterator, Sequence

from msgspec import Struct

from iterate.tools import files, globs, ignore
from iterate.tools.script import NotText, Script, decoded
from iterate.tools.search import OMITTED, WIDEST
from iterate.tools.tool import ToolFailed


class Options(Struct, frozen=True, kw_only=True):
    """What the words say."""

    expression: str = ""
    target: str = "./"
    is_listing: bool = False
    is_caseless: bool = False
    is_hidden: bool = False
    is_unignored: bool = False
    # A pattern of names; empty for all.
    name: str = ""


def main(words: Sequence[str]) -> int:
    """List or search below the current folder; 0 where something was found, 1 where not, 2 for a bad expression."""
    options = _options(words)
    write = sys.stdout.buffer.write
    found = paths(options, os.getcwdb())  # noqa: PTH109  # Bytes.
    if options.is_listing:
        for path in found:
            write(path + b"\0")
        return 0
    try:
        shape = re.compile(options.expression, re.MULTILINE | (re.IGNORECASE if options.is_caseless else 0))
    except re.error as problem:
        sys.stderr.write(f"{problem}\n")
        return 2
    code = 1
    for path in found:
        for number, line in lines(path, shape):
            write(b"%b\0%d:%b\n" % (path, number, line if len(line) <= WIDEST else OMITTED))
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
        name=given.get("--type-add", "").partition(":")[2],
    )


def paths(options: Options, here: bytes) -> Iterator[bytes]:
    """The files below a folder, as paths from there, or the one that was named."""
    if options.target != "./":
        yield os.fsencode(options.target.removeprefix("./"))
        return
    shape = globs.compiled(options.name) if options.name else None
    for path in _below(b"", options, () if options.is_unignored else ignore.above(here), here):
        if not shape or shape.match(path):
            yield path


def _below(start: bytes, options: Options, above: tuple[ignore.Folder, ...], here: bytes) -> Iterator[bytes]:
    path = here.rstrip(b"/") + b"/" + start
    try:
        with os.scandir(path) as entries:
            found = sorted(entries, key=lambda each: each.name)
    except OSError:
        return
    if not options.is_unignored:
        above = ignore.with_own(path, above)
    for each in found:
        if not ignore.is_shown(each, path, above, with_hidden=options.is_hidden):
            continue
        if each.is_dir(follow_symlinks=False):
            yield from _below(start + each.name + b"/", options, above, here)
        elif each.is_file(follow_symlinks=False):
            yield start + each.name


def lines(path: bytes, shape: re.Pattern[str]) -> Iterator[tuple[int, bytes]]:
    """The lines that match, with their numbers; none of a binary file, a huge one, or one that cannot be read.

    As ripgrep does it: without a mark a file is UTF-8 with stray bytes, also where reading it would guess Latin-1.
    """
    try:
        content = _content(path)
        script = decoded(content)
    except (NotText, ToolFailed, OSError):
        return
    if script.encoding.startswith("utf-32"):
        return  # Not known to ripgrep, which finds it binary.
    if not script.mark:
        script = Script(text=content.decode("utf-8", "surrogateescape"))
    # No line matches where the whole does not: the expression knows no end of the text.
    if not shape.search(script.text):
        return
    texts = script.text.split("\n")
    if not texts[-1]:
        texts.pop()
    # ripgrep gives bytes as they are, but for what its mark says is no UTF-8.
    encoding = "utf-8" if script.mark else script.encoding
    for number, line in enumerate(texts, 1):
        if shape.search(line):
            yield number, line.encode(encoding, "surrogateescape" if encoding == "utf-8" else "strict")


def _content(path: bytes) -> bytes:
    descriptor = os.open(path, _FLAGS)
    try:
        content = os.read(descriptor, _MOST_AT_ONCE)
        if len(content) < _MOST_AT_ONCE:
            return content
        if os.fstat(descriptor).st_size > files.LARGEST:
            raise NotText("it is huge")
        pieces = [content]
        while piece := os.read(descriptor, _MOST_AT_ONCE):
            pieces.append(piece)
        return b"".join(pieces)
    finally:
        os.close(descriptor)


_MOST_AT_ONCE = 1 << 16
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
