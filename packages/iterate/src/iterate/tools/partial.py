"""Which files of a command's changes can be taken without the others: what belongs together, what comes along.

Together go the names of one file, what was moved from one name to another, what takes the place of something of another
kind with all that is in it, and the files of a repository inside the project.
"""

import difflib
import os
import struct
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from msgspec import Struct

from iterate.asks import AskedFile
from iterate.sandbox.layer import Change, Layer
from iterate.undo import diffs

# Of more files all are taken, or none.
MOST = 2000
# What is read to find files that were moved: altogether, of one that was changed as well, and how many of those.
MOVED_BYTES, SIMILAR_BYTES, SIMILAR = 256 << 20, 256 << 10, 30
# How alike two texts are of which one was made of the other.
ALIKE = 0.6
_ORIGIN = "user.overlay.origin"
_HISTORY = b".git"


class Unit(Struct, frozen=True):
    """One path that a person sees, and all changes at it; those of the same group go together."""

    path: str
    changes: tuple[Change, ...]
    group: int = 0


class _Groups:
    """Paths that belong together."""

    def __init__(self) -> None:
        self._above: dict[bytes, bytes] = {}

    def of(self, path: bytes) -> bytes:
        while path in self._above:
            path = self._above[path]
        return path

    def join(self, one: bytes, other: bytes) -> None:
        first, second = sorted((self.of(one), self.of(other)))
        if first != second:
            self._above[second] = first


def units(layer: Layer, changes: Sequence[Change]) -> tuple[Unit, ...]:
    """What can be chosen, in the order of the changes; nothing where it is too much for a person. It reads files."""
    by_path: defaultdict[bytes, list[Change]] = defaultdict(list)
    for each in changes:
        path = _HISTORY if _is_history(each.path) else each.path
        if path == _HISTORY or _is_seen(each):
            by_path[path].append(each)
    if all(each.kind == "touched" or each.is_folder for each in by_path.get(_HISTORY, ())):
        by_path.pop(_HISTORY, None)
    holding = {above for path in by_path for above in _above(path)}
    shown = {
        path: found
        for path, found in by_path.items()
        # A folder is what is in it, unless that is nothing.
        if path == _HISTORY or not (path in holding and all(each.is_folder for each in found))
    }
    if len(shown) > MOST:
        return ()
    groups = _joined(layer, shown, changes)
    sizes: defaultdict[bytes, int] = defaultdict(int)
    for path in shown:
        sizes[groups.of(path)] += 1
    numbers = {root: number for number, root in enumerate((root for root, size in sizes.items() if size > 1), 1)}
    return tuple(
        Unit(_name(path, found), tuple(found), numbers.get(groups.of(path), 0)) for path, found in shown.items()
    )


def asked(units_: Sequence[Unit], counts: dict[bytes, tuple[int, int]]) -> tuple[AskedFile, ...]:
    """The files as a person is asked about them, with the lines that each adds and removes."""
    found = []
    for each in units_:
        added, removed = counts.get(each.changes[0].path, (0, 0))
        found.append(AskedFile(path=each.path, kind=_kind(each), added=added, removed=removed, group=each.group))
    return tuple(found)


def _kind(unit: Unit) -> Literal["added", "modified", "deleted"]:
    kinds = {change.kind for change in unit.changes}
    return "added" if kinds == {"added"} else "deleted" if kinds == {"deleted"} else "modified"


def chosen(changes: Sequence[Change], units_: Sequence[Unit], paths: Iterable[str]) -> list[Change]:
    """The changes at these paths, with the folders that they need, and folders of which nothing is left."""
    wanted = set(paths)
    groups = {each.group for each in units_ if each.path in wanted} - {0}
    taken = {
        id(change) for each in units_ if each.path in wanted or each.group in groups for change in each.changes
    }  # Two changes may be at one path.
    needed = {above for each in changes if id(each) in taken for above in _above(each.path)}
    left = {each.path for each in changes if each.kind == "deleted" and not each.is_folder and id(each) not in taken}
    kept = {above for path in left for above in _above(path)}
    # An empty folder that goes is chosen by itself; another one goes with the last that is in it.
    gone = {above for each in changes if id(each) in taken and each.kind == "deleted" for above in _above(each.path)}
    return [
        each
        for each in changes
        if id(each) in taken
        or (each.is_folder and each.kind == "added" and each.path in needed)
        or (each.is_folder and each.kind == "deleted" and each.path in gone and each.path not in kept)
    ]


def left_out(units_: Sequence[Unit], taken: Iterable[Change]) -> list[str]:
    """The paths that were not taken."""
    there = {id(each) for each in taken}
    return [each.path for each in units_ if not any(id(change) in there for change in each.changes)]


def _joined(layer: Layer, shown: dict[bytes, list[Change]], changes: Sequence[Change]) -> _Groups:
    groups = _Groups()
    # What stands where something of another kind stood, with all that is in either.
    counts: defaultdict[bytes, int] = defaultdict(int)
    for each in changes:
        counts[each.path] += not _is_history(each.path)
    replaced = {path for path, count in counts.items() if count > 1}
    names: dict[str, bytes] = {}
    for path, found in shown.items():
        for above in (*_above(path), path):
            if above in replaced or above.endswith(b"/.git"):
                groups.join(above, path)
        for each in found:
            if each.twin:
                groups.join(each.twin, path)
        groups.join(names.setdefault(_name(path, found), path), path)
    for one, other in _moved(layer, [each for found in shown.values() for each in found]):
        groups.join(one, other)
    return groups


def _moved(layer: Layer, changes: Sequence[Change]) -> Iterator[tuple[bytes, bytes]]:
    """Pairs of a path that is gone and one that is new, of the same file."""
    gone = [each for each in changes if each.kind == "deleted" and not each.is_folder and not _is_history(each.path)]
    new = [each for each in changes if each.kind == "added" and not each.is_folder and not _is_history(each.path)]
    if not gone or not new:
        return
    lower = os.fsencode(layer.root)
    origins = {_inode(each): each.path for each in gone}
    by_digest = _digests([(each, os.path.join(lower, each.path)) for each in gone], _sizes(new))  # noqa: PTH118
    others = _digests([(each, layer.at(each.path)) for each in new], _sizes(gone))
    paired: set[bytes] = set()
    for digest, paths in others.items():
        for path in paths:
            for old in by_digest.get(digest, ()):
                paired |= {path, old}
                yield old, path
    for each in new:
        origin = _origin(layer.at(each.path))
        for inode, old in origins.items() if origin else ():
            if each.path not in paired and inode in origin:
                paired |= {each.path, old}
                yield old, each.path
    yield from _similar(layer, [each for each in gone if each.path not in paired][:SIMILAR], new, paired)


def _similar(
    layer: Layer, gone: Sequence[Change], new: Sequence[Change], paired: set[bytes]
) -> Iterator[tuple[bytes, bytes]]:
    lower = os.fsencode(layer.root)
    texts = {each.path: _text(layer.at(each.path)) for each in new[:SIMILAR] if each.path not in paired}
    for each in gone:
        old = _text(os.path.join(lower, each.path))  # noqa: PTH118
        for path, text in texts.items():
            match = difflib.SequenceMatcher(None, old, text, autojunk=False)
            if old and text and match.quick_ratio() >= ALIKE and match.ratio() >= ALIKE:
                yield each.path, path


def _text(path: bytes) -> list[bytes]:
    content = _content(path, SIMILAR_BYTES)
    return [] if content is None or b"\0" in content else content.splitlines()


def _content(path: bytes, most: int) -> bytes | None:
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:  # noqa: PTH123
            content = file.read(most + 1)
    except OSError:
        return None
    return content if len(content) <= most else None


def _sizes(changes: Iterable[Change]) -> set[int]:
    return {mark.size for each in changes if (mark := each.after or each.before) is not None}


def _digests(files: Iterable[tuple[Change, bytes]], sizes: set[int]) -> dict[bytes, list[bytes]]:
    """The paths of files with each content, of those whose size may be that of another one."""
    import hashlib  # It loads OpenSSL.

    found: defaultdict[bytes, list[bytes]] = defaultdict(list)
    room = MOVED_BYTES
    for change, path in files:
        mark = change.after or change.before
        if mark is None or mark.size not in sizes or not 0 < mark.size <= room:
            continue
        content = _content(path, mark.size)
        if content is not None:
            room -= mark.size
            found[hashlib.sha256(content).digest()].append(change.path)
    return found


def _origin(path: bytes) -> bytes:
    try:
        return os.getxattr(path, _ORIGIN, follow_symlinks=False)
    except OSError:
        return b""


def _inode(change: Change) -> bytes:
    """The number of the file below, as the layer's mark of where a file comes from holds it."""
    return struct.pack("<I", (change.before.inode if change.before else 0) & 0xFFFFFFFF)


def _name(path: bytes, changes: Sequence[Change]) -> str:
    is_folder = path != _HISTORY and all(each.is_folder for each in changes)
    return f"{diffs.name(path)}{'/' if is_folder else ''}"


def _above(path: bytes) -> Iterator[bytes]:
    """The folders that a path lies in, without the project's own."""
    while (path := os.path.dirname(path)) != b"":  # noqa: PTH120
        yield path


def _is_history(path: bytes) -> bool:
    return path == _HISTORY or path.startswith(_HISTORY + b"/")


def _is_seen(change: Change) -> bool:
    return change.kind != "touched" and not (change.is_folder and change.kind == "mode")
