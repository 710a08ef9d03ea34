"""What this program leaves in its folders, by name, so that it can be removed and nothing else is.

A folder is emptied of what is ours and removed when nothing is left in it. Links are removed, not followed.
"""

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

_NONE: Mapping[str, "Shelf"] = MappingProxyType({})


class Shelf(NamedTuple):
    """What is ours in a folder: patterns of file names, and of folders with what is ours in them."""

    files: tuple[str, ...]
    folders: Mapping[str, "Shelf"] = _NONE
    # Whether all below is ours, whatever it is called.
    is_whole: bool = False


def _sided(files: tuple[str, ...], folders: Mapping[str, Shelf] = _NONE) -> Shelf:
    """A folder of which there is one more for each server elsewhere; see `Settings.side`."""
    return Shelf(files, {**folders, "sides": Shelf((), {"[1-9]": Shelf(files, folders)})})


WHOLE = Shelf((), is_whole=True)
STATE = _sided(
    (
        *("server.json", "server.json.*", "server.lock", "server.stopped", "start.lock", "start.lock.*", "leaving.*"),
        *("server.log", "server.log.1", "update.json", "update.json.*"),
        *("trusted.json", "trusted.json.*"),
    ),
    # Of each project, under the digest of its path: answers for always, and tools as they were allowed.
    {
        # What was typed in conversations, under the digest of their folder.
        "history": Shelf(tuple("[0-9a-f]" * 32 + end for end in (".jsonl", ".jsonl.new", ".lock"))),
        # What was typed and not sent.
        "drafts": Shelf(tuple("[0-9a-f]" * 32 + end for end in (".*.json", ".*.json.new", ".*.lock"))),
        "mcp": Shelf(("[0-9a-f]" * 32 + ".json", "[0-9a-f]" * 32 + ".*.new")),
        "permissions": Shelf(("[0-9a-f]" * 32 + ".*.json", "[0-9a-f]" * 32 + ".*.json.*")),
    },
)
DATA = _sided(
    (
        *("iterate.db", "iterate.db-wal", "iterate.db-shm", "iterate.db-journal", "iterate.db.lock"),
        *("iterate.db.schema-*",),
        # Keys of vendors, and the models that they list.
        *("auth.json", "auth.json.*", "models.json", "models.json.*", "servers.json", "servers.json.*"),
    ),
    # What is kept of files before they are changed, and outputs that were too long for a model.
    {"owners": Shelf(("[0-9a-f]" * 16,)), "undo": WHOLE, "outputs": WHOLE},
)
CONFIG = Shelf(("config.toml",))
# What is known of signed sites, and which versions were asked for; see `known.py` and `pins.py`.
_SITE = "[0-9a-f]" * 32
UPDATES = Shelf(
    (f"{_SITE}.json", f"{_SITE}.lock", f"{_SITE}.*.new", "pins.json", "pins.json.*"),
    # What was built there for the AUR.
    {"aur": WHOLE},
)


class Leavings(NamedTuple):
    """What lies in a folder: what is ours, with its size in bytes; and what is not, which stays."""

    folder: Path
    size: int
    # Files and links, then the folders that they lie in, the inner ones first.
    files: tuple[Path, ...]
    folders: tuple[Path, ...]
    strangers: tuple[Path, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing is there that is ours."""
        return not self.files and not self.folders


def look(folder: Path, shelf: Shelf) -> Leavings:
    """What lies in a folder. One that is a link is a stranger, and so is one that cannot be read."""
    if not os.path.lexists(folder):
        return Leavings(folder, 0, (), (), ())
    found = list(_walk(folder, shelf))
    files = tuple(path for path, kind in found if kind == "file")
    return Leavings(
        folder=folder,
        size=sum(_size(path) for path in files),
        files=files,
        folders=tuple(path for path, kind in found if kind == "folder"),
        strangers=tuple(path for path, kind in found if kind == "stranger"),
    )


def remove(leavings: Leavings) -> tuple[Path, ...]:
    """Remove what is ours; what is gone already is no mistake. What cannot be removed is returned."""
    left = [path for path in leavings.files if not _gone(path)]
    for folder in leavings.folders:
        # One that still holds something is somebody's.
        with suppress(OSError):
            folder.rmdir()
    return tuple(left)


def _walk(folder: Path, shelf: Shelf) -> Iterator[tuple[Path, str]]:
    """All that lies in a folder, and at last itself, each with what it is: a file, a folder, a stranger."""
    if not _is_folder(folder):
        yield folder, "stranger"
        return
    try:
        paths = sorted(folder.iterdir())
    except OSError:
        yield folder, "stranger"
        return
    for path in paths:
        inner = WHOLE if shelf.is_whole else _shelf_of(path.name, shelf.folders)
        if _is_folder(path) and inner is not None:
            yield from _walk(path, inner)
        elif shelf.is_whole or (not _is_folder(path) and _matches(path.name, shelf.files)):
            yield path, "file"
        else:
            yield path, "stranger"
    yield folder, "folder"


def _shelf_of(name: str, folders: Mapping[str, Shelf]) -> Shelf | None:
    return next((shelf for pattern, shelf in folders.items() if fnmatchcase(name, pattern)), None)


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _is_folder(path: Path) -> bool:
    """Whether it is a folder, and no link to one; Windows calls one kind of link a junction."""
    try:
        return stat.S_ISDIR(path.lstat().st_mode) and not path.is_junction()
    except OSError:
        return False


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0


def _gone(path: Path) -> bool:
    """Remove a file or a link; whether it is gone."""
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return False
    return True
