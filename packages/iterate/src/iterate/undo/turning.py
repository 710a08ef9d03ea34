"""Puts states back into a project: what stands against it is found first, and each file changes in one step."""

import errno
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from iterate.beneath import NEW, Spot, set_attributes
from iterate.undo import diffs
from iterate.undo.keeping import place
from iterate.undo.objects import Objects
from iterate.undo.records import Closed
from iterate.undo.states import NOTHING, State, look

_NOT_EMPTY = {errno.ENOTEMPTY, errno.EEXIST}


def chain(changes: Sequence[Closed]) -> tuple[dict[bytes, tuple[State, State]], set[bytes]]:
    """For each path what the newest change left there, and what was there before the oldest; the oldest come first.

    Also the paths that somebody else changed between two of them.
    """
    wanted: dict[bytes, tuple[State, State]] = {}
    broken: set[bytes] = set()
    for change in changes:
        for path, (before, after) in change.states.items():
            if path in wanted and not wanted[path][0].is_like(before):
                broken.add(path)
            wanted[path] = (after, wanted[path][1] if path in wanted else before)
    return wanted, broken


def states(root: bytes, paths: Iterable[bytes]) -> dict[bytes, State]:
    """What is at these paths now."""
    return {path: _look(root, path) for path in paths}


def _look(root: bytes, path: bytes) -> State:
    try:
        with place(root, path) as found:
            return look(found)
    except (FileNotFoundError, NotADirectoryError):
        return NOTHING


def reasons(
    foreign: set[bytes], lost: set[bytes], wanted: Mapping[bytes, tuple[State, State]], *, is_back: bool
) -> str:
    """Which files stand against it, and why each does; `is_back` where something is brought back."""
    lines = []
    for path in sorted(foreign):
        why = wanted[path][1].lost if path in lost else "changed since"
        lines.append(f"{diffs.name(path)} ({why})")
    return f"not {'brought' if is_back else 'taken'} back, because of {', '.join(lines)}"


def apply(root: bytes, todo: Mapping[bytes, State], now: Mapping[bytes, State], objects: Objects) -> set[bytes]:
    """Put these states there; gives the paths that were left alone because somebody changed them in this moment.

    A folder that holds something of somebody else's stays. Raises `OSError` in the middle when the disk fails.
    """
    left: set[bytes] = set()
    ordered = sorted(todo)
    # What goes, goes first, the innermost at first; a folder that is to be a file is empty then.
    for path in reversed(ordered):
        if todo[path].kind == "none" or (now[path].kind == "folder") != (todo[path].kind == "folder"):
            _one(root, path, NOTHING, now[path], objects, left)
    for path in ordered:
        if todo[path].kind != "none":
            gone = (now[path].kind == "folder") != (todo[path].kind == "folder")
            _one(root, path, todo[path], NOTHING if gone else now[path], objects, left)
    return left


def _one(root: bytes, path: bytes, target: State, now: State, objects: Objects, left: set[bytes]) -> None:
    try:
        with place(root, path, is_unlocked=True) as spot:
            if not now.is_like(look(spot)):
                left.add(path)
                return
            put(spot, target, objects)
    except (FileNotFoundError, NotADirectoryError):
        if target.kind != "none":
            left.add(path)
    except OSError as problem:
        if problem.errno not in _NOT_EMPTY:
            raise
        if target.kind != "none":
            left.add(path)


def sweep(root: bytes, paths: Iterable[bytes]) -> None:
    """Remove the files beside these paths that a process left which was killed while it wrote them."""
    for folder in {os.path.dirname(path) for path in paths}:  # noqa: PTH120
        with suppress(OSError), place(root, os.path.join(folder, b"x")) as spot:  # noqa: PTH118
            for name in os.listdir(spot.folder if spot.folder is not None else os.path.dirname(spot.name)):  # noqa: PTH120, PTH208
                if NEW.fullmatch(os.fsencode(name)):
                    spot.beside(os.fsencode(name)).remove()


def put(spot: Spot, target: State, objects: Objects) -> None:
    """Put a state at a place, in one step, over what is there; raises `OSError`."""
    match target.kind:
        case "none":
            spot.remove()
        case "folder":
            if spot.status() is None:
                os.mkdir(spot.name, 0o700, dir_fd=spot.folder)
            spot.own(target.owner)
            with suppress(OSError):
                handle = spot.open(os.O_RDONLY)
                try:
                    set_attributes(handle, target.extended)
                finally:
                    os.close(handle)
            spot.set_mode(target.mode)
        case "file":
            with objects.open(target.digest) as content:
                spot.write(content, target.mode, target.owner, target.extended)
        case "link":
            spot.link(target.target, target.owner)
        case "pipe":
            with spot.anew() as new:
                os.mkfifo(new.name, dir_fd=new.folder)
                new.own(target.owner)
                new.set_mode(target.mode)
        case "other":
            raise OSError(errno.ENOTSUP, "a special file cannot be made again", spot.name)
