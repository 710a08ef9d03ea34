"""Bounds what a model reads of an output; the whole is put into a file that says how to read on."""

import hashlib
import os
import re
from pathlib import Path

from msgspec import Struct

from iterate.tools.script import clean
from iterate.tools.tool import Work

# What a model reads at once.
LINES = 2000
BYTES = 50 * 1024
# The longest part of a line.
WIDTH = 2000


class Bounded(Struct, frozen=True, kw_only=True):
    """What the model reads, and the file that holds the whole; empty where nothing was left out."""

    text: str
    full: str = ""


def bounded(text: str, work: Work, *, lines: int = LINES, size: int = BYTES) -> Bounded:
    """The beginning of an output, in whole lines where it has any, and where the rest is."""
    text = clean(text)
    shown = _beginning(text, lines, size)
    if len(shown) == len(text):
        return Bounded(text=text)
    full = put_aside(text, work)
    rest = text.count("\n", len(shown)) + (not text.endswith("\n"))
    more = (
        f"[cut here: {rest} more lines, {len(text.encode()):,} bytes in all. The whole is in {full}: read or grep it]"
    )
    return Bounded(text=f"{shown.rstrip(chr(10))}\n{more}", full=str(full))


def _beginning(text: str, lines: int, size: int) -> str:
    place = -1
    for _ in range(lines):
        place = text.find("\n", place + 1)
        if place < 0:
            break
    shown = text if place < 0 else text[: place + 1]
    if len(shown) * 4 <= size:
        return shown
    encoded = shown.encode()
    if len(encoded) <= size:
        return shown
    shown = encoded[:size].decode("utf-8", "ignore")
    last = shown.rfind("\n")
    # A line that fills it alone is cut.
    return shown[: last + 1] if last >= 0 else shown


def put_aside(text: str, work: Work) -> Path:
    """Keep a whole output for the person, who alone may read it."""
    work.outputs.mkdir(mode=0o700, parents=True, exist_ok=True)
    # The id of a call is the model's word.
    word = re.sub(r"[^A-Za-z0-9_-]", "", work.call)[:40]
    digest = hashlib.blake2b(f"{work.session}\0{work.call}\0{text}".encode(), digest_size=6).hexdigest()
    path = work.outputs / f"{word or 'call'}-{digest}.txt"
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags, 0o600)
    with open(descriptor, "wb") as file:  # noqa: PTH123  # A descriptor, which follows no link.
        file.write(text.encode())
    return path


def narrow(line: str, width: int = WIDTH) -> str:
    """A line, cut where it is too long, which is told."""
    return line if len(line) <= width else f"{line[:width]} [line cut: {len(line):,} signs]"
