"""What was at a path at one moment, so that it can be compared, and put there again."""

import os
import stat
from typing import Literal

from msgspec import Struct

from iterate.beneath import Spot, attributes
from iterate.undo.objects import Objects, digest_of

# A file that is longer is not kept.
FILE_BYTES = 64 << 20


class State(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A file, folder, link or pipe, or nothing; `digest` is that of a file's bytes, empty where nobody looked.

    `lost` says why it could not be put there again; two states that were not looked into are told apart by their
    size and time.
    """

    kind: Literal["none", "file", "folder", "link", "pipe", "other"] = "none"
    mode: int = 0
    owner: tuple[int, int] = (-1, -1)
    size: int = 0
    time_ns: int = 0
    digest: str = ""
    target: bytes = b""
    lost: str = ""
    extended: dict[str, bytes] = {}

    @property
    def is_kept(self) -> bool:
        """Whether it can be put there again."""
        return not self.lost

    def is_like(self, other: "State") -> bool:
        """Whether both are the same for who looks at them: kind, mode, attributes, content; for root the owner too."""
        if (self.kind, self.target, self.extended) != (other.kind, other.target, other.extended):
            return False
        # Whoever is not root cannot give a file away, and made the new one their own.
        if _IS_ROOT and self.owner != other.owner and (-1, -1) not in {self.owner, other.owner}:
            return False
        if self.kind in {"file", "folder", "pipe"} and self.mode != other.mode:
            return False
        if self.kind == "file" and self.digest and other.digest:
            return self.digest == other.digest
        return self.kind not in {"file", "other"} or (self.size, self.time_ns) == (other.size, other.time_ns)


NOTHING = State()
_IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


class Budget:
    """How much one change may keep."""

    def __init__(self, size: int, count: int) -> None:
        self._size, self._count = size, count

    def refuses(self, size: int) -> str:
        """Why something of this size is not kept; empty when it is, and then it counts."""
        if size > FILE_BYTES:
            return f"longer than {FILE_BYTES >> 20} MB"
        if size > self._size or self._count <= 0:
            return "too much at once"
        self._size -= size
        self._count -= 1
        return ""


def look(spot: Spot) -> State:
    """What is there now, without keeping it; a file is read to its end."""
    return _state(spot, None, None)


def keep(spot: Spot, objects: Objects, budget: Budget) -> State:
    """What is there now, its content put among the objects; raises `OSError` when that fails."""
    return _state(spot, objects, budget)


def _state(spot: Spot, objects: Objects | None, budget: Budget | None) -> State:
    found = spot.status()
    if found is None:
        return NOTHING
    mode = stat.S_IMODE(found.st_mode)
    common = State(mode=mode, owner=(found.st_uid, found.st_gid), size=found.st_size, time_ns=found.st_mtime_ns)
    if stat.S_ISDIR(found.st_mode):
        return State(kind="folder", mode=mode, owner=common.owner, extended=_extended(spot))
    if stat.S_ISLNK(found.st_mode):
        return State(kind="link", target=os.readlink(spot.name, dir_fd=spot.folder), owner=common.owner)
    if stat.S_ISFIFO(found.st_mode):
        return State(kind="pipe", mode=mode, owner=common.owner)
    if not stat.S_ISREG(found.st_mode):
        return State(kind="other", mode=mode, size=found.st_size, time_ns=found.st_mtime_ns, lost="no file")
    return _file(spot, common, objects, budget)


def _extended(folder: Spot) -> dict[str, bytes]:
    try:
        handle = folder.open(os.O_RDONLY)
    except OSError:
        return {}
    try:
        return attributes(handle)
    finally:
        os.close(handle)


def _file(spot: Spot, common: State, objects: Objects | None, budget: Budget | None) -> State:
    import msgspec

    lost = budget.refuses(common.size) if budget is not None else ""
    digest, extended = "", dict[str, bytes]()
    try:
        handle = spot.open_ours()
    except OSError as problem:
        lost = f"cannot be read: {problem.strerror}"
    else:
        with os.fdopen(handle, "rb", buffering=0) as file:
            extended = attributes(handle)
            if lost or objects is None:
                digest = digest_of(file) if common.size <= FILE_BYTES else ""
            else:
                digest = objects.put(file)
    return msgspec.structs.replace(common, kind="file", digest=digest, lost=lost, extended=extended)
