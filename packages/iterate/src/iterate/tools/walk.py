"""The files below a folder that no ignore file hides, folder by folder; fast, because most names fit no rule."""

import os
from collections.abc import Iterator
from typing import NamedTuple

from iterate.tools import ignore


class Wanted(NamedTuple):
    """Which files are shown; `name` is a pattern of names, empty for all. Links are files, and not followed."""

    is_hidden: bool = False
    is_unignored: bool = False
    name: str = ""
    has_links: bool = False


def folders(here: bytes, wanted: Wanted) -> Iterator[tuple[bytes, list[bytes]]]:
    """Each folder below `here`, as a path from there that is empty or ends with `/`, and the names of its files."""
    top = here.rstrip(b"/") + b"/"
    sieves = ignore.Sieves()
    only = ignore.sieve([os.fsencode(wanted.name)]) if wanted.name else None
    waiting: list[tuple[bytes, tuple[ignore.Folder, ...]]] = [(b"", () if wanted.is_unignored else ignore.above(here))]
    while waiting:
        start, said = waiting.pop()
        path = top + start
        try:
            with os.scandir(path) as entries:
                found = list(entries)
        except OSError:
            continue
        if not wanted.is_unignored:
            said = ignore.with_own(path, said, {entry.name for entry in found})
        names: list[bytes] = []
        for entry in _shown(found, path, said, sieves, with_hidden=wanted.is_hidden):
            if entry.is_dir(follow_symlinks=False):
                waiting.append((start + entry.name + b"/", said))
            elif entry.is_file(follow_symlinks=False) or (wanted.has_links and entry.is_symlink()):
                names.append(entry.name)
        if only is not None:
            names = [name for name in names if only.holds(name)]
        if names:
            yield start, names


def _shown(
    found: list[os.DirEntry[bytes]],
    path: bytes,
    said: tuple[ignore.Folder, ...],
    sieves: ignore.Sieves,
    *,
    with_hidden: bool,
) -> Iterator[os.DirEntry[bytes]]:
    sieve = sieves.of(path, said)
    names, ends, shape = sieve
    for entry in found:
        name = entry.name
        # As `Sieve.holds`, without a call for each of 100,000 names.
        is_sure = not (name.startswith(b".") or name in names or name.endswith(ends) or (shape and shape.match(name)))
        if is_sure or ignore.is_shown(entry, path, said, with_hidden=with_hidden):
            yield entry
