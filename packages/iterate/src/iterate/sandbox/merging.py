"""Takes the changes of a layer into the project, so that a kill in the middle leaves no half-written file.

What is to be done is written down first. Each file is then put in place by one rename, and a process that starts after
one that was killed does what is left. Nothing is done to a path that is not as it was when the changes were listed.
"""

import os
import stat
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from iterate.beneath import NEW, Spot, attributes, set_attributes, spot, unlocked
from iterate.sandbox.layer import JOURNAL, Change, Layer, Mark, abandoned, drop, mark

_DONE = "journal.done"
_COPY_BYTES = 1 << 30


class _Journal(Struct, frozen=True):
    root: bytes
    changes: tuple[Change, ...]


def foreign(layer: Layer, changes: Iterable[Change]) -> list[bytes]:
    """The paths that are not as they were when the changes were listed."""
    root = os.fsencode(layer.root)
    replaced = {each.path for each in changes if each.kind == "deleted"}
    return [
        each.path
        for each in changes
        if not (each.before is None and each.path in replaced) and not _is_so(_status(root, each.path), each.before)
    ]


def _is_so(found: os.stat_result | None, expected: Mark | None) -> bool:
    return found is None if expected is None else expected.is_same(mark(found))


def merge(layer: Layer, changes: Sequence[Change]) -> list[bytes]:
    """Make the changes real and drop the layer; gives the paths that somebody changed in this very moment.

    Those are left alone. Raises `OSError`, as for a full disk; then the layer is kept, and the next start goes on.
    """
    write(layer, changes)
    left = _apply(layer, os.fsencode(layer.root), changes)
    _finish(layer.folder)
    return left


def write(layer: Layer, changes: Sequence[Change]) -> None:
    """Write down what is to be made real, from which moment on it will be."""
    new = layer.folder / ".journal"
    new.write_bytes(msgspec.msgpack.encode(_Journal(os.fsencode(layer.root), tuple(changes))))
    new.replace(layer.folder / JOURNAL)


def recover(scratch: Path) -> list[Path]:
    """Finish what was being made real in the layers that other processes left, and drop all of them.

    Gives the projects in which something was finished. What was not being made real yet was never taken.
    """
    projects: list[Path] = []
    for folder in abandoned(scratch):
        with suppress(OSError, msgspec.DecodeError):
            journal = msgspec.msgpack.decode((folder / JOURNAL).read_bytes(), type=_Journal)
            root = Path(os.fsdecode(journal.root))
            projects.append(root)
            _sweep(journal)
            _apply(Layer(folder, root, 0), journal.root, journal.changes)
            _finish(folder)
        if not (folder / JOURNAL).exists():
            drop(folder)
    return projects


def _finish(folder: Path) -> None:
    # From here on it is not begun again with half of its layer.
    (folder / JOURNAL).rename(folder / _DONE)
    drop(folder)


def _sweep(journal: _Journal) -> None:
    """Remove the files that were being written when the process was killed."""
    for folder in {os.path.dirname(each.path) for each in journal.changes}:  # noqa: PTH120
        with suppress(OSError), spot(journal.root, os.path.join(folder, b"x")) as place:  # noqa: PTH118
            for name in os.listdir(place.folder if place.folder is not None else journal.root):  # noqa: PTH208
                if NEW.fullmatch(os.fsencode(name)):
                    place.beside(os.fsencode(name)).remove()


def _apply(layer: Layer, root: bytes, changes: Sequence[Change]) -> list[bytes]:
    left: list[bytes] = []
    folders = [each for each in changes if each.is_folder]
    # Folders are opened to us first, and get their modes last.
    for each in folders:
        _open_folder(root, each)
    for each in reversed(changes):
        if each.kind == "deleted":
            _delete(root, each, left)
    for each in changes:
        if each.is_folder:
            _make_folder(root, each, left)
        elif each.kind in {"added", "modified"}:
            _put(layer, root, each, left)
        elif each.kind != "deleted":
            _adjust(layer, root, each, left)
    for each in reversed(folders):
        if each.after is not None and each.path not in left:
            above = os.lstat(layer.at(each.path))
            with suppress(FileNotFoundError), spot(root, each.path) as place:
                place.own((above.st_uid, above.st_gid))
                _set_attributes(place, attributes(layer.at(each.path)))
                place.set_mode(stat.S_IMODE(each.after.mode))
    return left


def _open_folder(root: bytes, change: Change) -> None:
    with suppress(OSError), spot(root, change.path) as place:
        status = place.status()
        if status is not None and stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_IRWXU != stat.S_IRWXU:
            place.set_mode(stat.S_IMODE(status.st_mode) | stat.S_IRWXU)


def _delete(root: bytes, change: Change, left: list[bytes]) -> None:
    with suppress(FileNotFoundError, NotADirectoryError), unlocked(root, change.path) as place:
        found = mark(place.status())
        if found is None:
            return
        if change.before is None or not change.before.is_same(found):
            left.append(change.path)
            return
        try:
            place.remove()
        except OSError:
            # Somebody has put something into the folder.
            if not change.is_folder:
                raise
            left.append(change.path)


def _make_folder(root: bytes, change: Change, left: list[bytes]) -> None:
    if change.kind != "added":
        return
    with unlocked(root, change.path) as place:
        found = place.status()
        if found is None:
            os.mkdir(place.name, 0o700, dir_fd=place.folder)
        elif not stat.S_ISDIR(found.st_mode):
            left.append(change.path)


def _put(layer: Layer, root: bytes, change: Change, left: list[bytes]) -> None:
    above = os.lstat(layer.at(change.path))
    after = change.after
    if after is None:
        return
    with unlocked(root, change.path) as place:
        found = mark(place.status())
        # A folder that was there is gone by now: what replaces it is told of as added.
        if not (change.before is None if found is None else found.is_same(change.before)):
            if not _is_there(found, after, above):
                left.append(change.path)
            return
        if change.twin and _link(root, change, place):
            return
        with place.anew() as new:
            _make(layer, change, above, new)


def _is_there(found: Mark | None, after: Mark, above: os.stat_result) -> bool:
    """Whether a process that was killed has put it there already, which its time tells."""
    return found is not None and (found.mode, found.size, found.time_ns) == (
        after.mode,
        above.st_size,
        above.st_mtime_ns,
    )


def _link(root: bytes, change: Change, place: Spot) -> bool:
    try:
        with spot(root, change.twin) as twin, place.anew() as new:
            os.link(twin.name, new.name, src_dir_fd=twin.folder, dst_dir_fd=new.folder, follow_symlinks=False)
    except OSError:
        return False
    return True


def _make(layer: Layer, change: Change, above: os.stat_result, new: Spot) -> None:
    """A copy of what is in the layer, with its mode, owner, time and attributes."""
    path = layer.at(change.path)
    owner = (above.st_uid, above.st_gid)
    mode = stat.S_IMODE(change.after.mode if change.after else above.st_mode)
    if stat.S_ISLNK(above.st_mode):
        os.symlink(os.readlink(path), new.name, dir_fd=new.folder)  # noqa: PTH115
        new.own(owner)
    elif stat.S_ISFIFO(above.st_mode):
        os.mkfifo(new.name, dir_fd=new.folder)
        new.own(owner)
        new.set_mode(mode)
    else:
        layer.open_to_us(change.path, above)
        _copy(path, new)
        new.own(owner)
        new.set_mode(mode)
    os.utime(new.name, ns=(above.st_atime_ns, above.st_mtime_ns), dir_fd=new.folder, follow_symlinks=False)


def _copy(path: bytes, new: Spot) -> None:
    source = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        target = new.open(os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        try:
            while True:
                try:
                    # Shares the blocks where the file system can, and copies in the kernel elsewhere.
                    if not os.copy_file_range(source, target, _COPY_BYTES):
                        break
                except OSError:
                    _copy_plainly(source, target)
                    break
            set_attributes(target, attributes(path))
        finally:
            os.close(target)
    finally:
        os.close(source)


def _copy_plainly(source: int, target: int) -> None:
    while piece := os.read(source, 1 << 20):
        rest = memoryview(piece)
        while rest:
            rest = rest[os.write(target, rest) :]


def _adjust(layer: Layer, root: bytes, change: Change, left: list[bytes]) -> None:
    """Change mode, owner, attributes and time of a file that is otherwise the same."""
    above = os.lstat(layer.at(change.path))
    with spot(root, change.path) as place:
        found = mark(place.status())
        if found is None or change.before is None or found.inode != change.before.inode:
            left.append(change.path)
            return
        place.own((above.st_uid, above.st_gid))
        if not stat.S_ISLNK(found.mode) and change.after is not None:
            _set_attributes(place, attributes(layer.at(change.path)))
            place.set_mode(stat.S_IMODE(change.after.mode))
        os.utime(place.name, ns=(above.st_atime_ns, above.st_mtime_ns), dir_fd=place.folder, follow_symlinks=False)


def _set_attributes(place: Spot, wanted: dict[str, bytes]) -> None:
    with suppress(OSError):
        handle = place.open(os.O_RDONLY)
        try:
            set_attributes(handle, wanted)
        finally:
            os.close(handle)


def _status(root: bytes, path: bytes) -> os.stat_result | None:
    try:
        with spot(root, path) as place:
            return place.status()
    except (FileNotFoundError, NotADirectoryError):
        return None
