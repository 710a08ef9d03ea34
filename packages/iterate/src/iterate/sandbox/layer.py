"""What a command changed while it ran in an overlay: the upper layer, compared with the project below it.

The project is the lower layer, which others may change meanwhile; the kernel calls the result of that undefined, so
a file that the command and somebody else changed is found by the time of its last change (ctime), which nobody can
set. In the upper layer a removed file is a whiteout (a device 0:0), and a folder that hides the one below is marked
opaque; see Documentation/filesystems/overlayfs.rst. The cost grows with what was changed, not with the project.
"""

import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Literal

from msgspec import Struct

from iterate.beneath import attributes

_OPAQUE, _ORIGIN = "user.overlay.opaque", "user.overlay.origin"
_PIECE_BYTES = 1 << 18
# What is to be made real is written here first.
JOURNAL = "journal"
# A disk on another machine has a clock of its own, which may be ahead of ours by so much.
SKEW_NS = 3600 * 1_000_000_000
NEVER_NS = 1 << 63
# Names of layers begin with this process's word, so that those of dead ones are known.
_OWN = os.urandom(4).hex()

type Kind = Literal["added", "modified", "deleted", "mode", "touched"]


class Mark(Struct, frozen=True):
    """What tells one version of a file from another."""

    mode: int
    size: int
    time_ns: int
    inode: int

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return stat.S_ISDIR(self.mode)

    def is_same(self, other: "Mark | None") -> bool:
        """Whether nobody changed it; of a folder only that it is one."""
        return self == other or (other is not None and self.is_folder and other.is_folder)


class Change(Struct, frozen=True, kw_only=True):
    """One path that is otherwise in the layer than in the project: relative, as bytes.

    `mode` is a change of mode, owner or attributes alone, `touched` one of the time alone. `is_foreign`: somebody else
    changed it since the command began. `twin` is the path of the same file under another name.
    """

    path: bytes
    kind: Kind
    before: Mark | None
    after: Mark | None
    is_foreign: bool = False
    twin: bytes = b""

    @property
    def is_folder(self) -> bool:
        """Whether it is about a folder itself."""
        mark = self.after or self.before
        return mark is not None and mark.is_folder


class Layer:
    """The folder in which a command's changes lie until they are taken or thrown away."""

    def __init__(self, folder: Path, root: Path, began_ns: int, now_ns: Callable[[], int] = time.time_ns) -> None:
        self.folder, self.root, self._began_ns, self._now_ns = folder, root, began_ns, now_ns
        self._ended_ns = NEVER_NS
        self.upper = os.fsencode(folder / "upper")
        self._lower = os.fsencode(root)
        self._names: dict[tuple[int, int], bytes] = {}

    @classmethod
    def make(cls, scratch: Path, root: Path) -> "Layer":
        """A new empty layer over a project; raises `OSError`."""
        folder = scratch / f"{_OWN}-{os.urandom(6).hex()}"
        for each in ("upper", "work"):
            (folder / each).mkdir(mode=0o700, parents=True)
        # The root of the layer shows its own mode and owner.
        status = root.stat()
        os.chmod(folder / "upper", stat.S_IMODE(status.st_mode))  # noqa: PTH101
        if os.geteuid() == 0:
            os.chown(folder / "upper", status.st_uid, status.st_gid)
        return cls(folder, root, time.time_ns())

    def changes(self) -> list[Change]:
        """All that the command changed, each folder before what is in it; raises `OSError`."""
        self._names.clear()
        now = self._now_ns()
        # The clock was put back meanwhile: better call one too many foreign. If it was put back before, what was
        # changed then lies far ahead of it, and not in the time of this command.
        self._ended_ns = NEVER_NS if now < self._began_ns else now + SKEW_NS
        self._began_ns = min(self._began_ns, now)
        return [*self._root(), *self._inside(b"")]

    def at(self, path: bytes) -> bytes:
        """Where a path lies in the layer."""
        return os.path.join(self.upper, path)  # noqa: PTH118

    def hides(self, path: bytes) -> bool:
        """Whether the command removed a folder of the project and made a new one in its place."""
        return _attribute(self.at(path), _OPAQUE) and self._below(path) is not None

    @property
    def is_being_taken(self) -> bool:
        """Whether it was begun to make it real, and not ended."""
        return (self.folder / JOURNAL).exists()

    def drop(self) -> None:
        """Throw the layer away."""
        drop(self.folder)

    def _root(self) -> Iterator[Change]:
        above, below = os.lstat(self.upper), os.stat(self._lower)  # noqa: PTH116
        if self._is_otherwise(b"", above, below):
            yield self._change(b"", "mode", below, above)

    def _inside(self, folder: bytes) -> Iterator[Change]:
        for name in self._listed(self.at(folder)):
            path = os.path.join(folder, name)  # noqa: PTH118
            above = os.lstat(self.at(path))
            below = self._below(path)
            if stat.S_ISCHR(above.st_mode) and above.st_rdev == 0:
                if below is not None:
                    yield from self._gone(path, below)
            elif stat.S_ISDIR(above.st_mode):
                yield from self._folder(path, above, below)
            elif not stat.S_ISSOCK(above.st_mode):  # Nobody listens any more.
                yield from self._file(path, above, below)

    def _folder(self, path: bytes, above: os.stat_result, below: os.stat_result | None) -> Iterator[Change]:
        if below is not None and not stat.S_ISDIR(below.st_mode):
            yield self._change(path, "deleted", below, None)
            below = None
        if below is None:
            yield self._change(path, "added", None, above)
        elif self._is_otherwise(path, above, below):
            yield self._change(path, "mode", below, above)
        yield from self._inside(path)
        if below is not None and _attribute(self.at(path), _OPAQUE):
            there = set(self._listed(self.at(path)))
            for name in self._listed(os.path.join(self._lower, path)):  # noqa: PTH118
                inner = os.path.join(path, name)  # noqa: PTH118
                status = self._below(inner)
                if name not in there and status is not None:
                    yield from self._gone(inner, status)

    def _file(self, path: bytes, above: os.stat_result, below: os.stat_result | None) -> Iterator[Change]:
        if below is not None and stat.S_ISDIR(below.st_mode):
            yield from self._gone(path, below)
            below = None
        twin = self._names.setdefault((above.st_dev, above.st_ino), path) if above.st_nlink > 1 else path
        if below is None:
            yield self._change(path, "added", None, above, twin)
            return
        is_same = self._is_same(path, above, below)
        if not is_same:
            yield self._change(path, "modified", below, above, twin)
        elif self._is_otherwise(path, above, below):
            yield self._change(path, "mode", below, above, twin)
        elif above.st_mtime_ns != below.st_mtime_ns:
            yield self._change(path, "touched", below, above, twin)

    def _is_otherwise(self, path: bytes, above: os.stat_result, below: os.stat_result) -> bool:
        """Whether its mode, owner or attributes were changed."""
        if stat.S_IMODE(above.st_mode) != stat.S_IMODE(below.st_mode) and not stat.S_ISLNK(above.st_mode):
            return True
        if (above.st_uid, above.st_gid) != (below.st_uid, below.st_gid):
            return True
        return attributes(self.at(path)) != attributes(os.path.join(self._lower, path))  # noqa: PTH118

    def _gone(self, path: bytes, below: os.stat_result) -> Iterator[Change]:
        yield self._change(path, "deleted", below, None)
        if stat.S_ISDIR(below.st_mode):
            for name in self._listed(os.path.join(self._lower, path)):  # noqa: PTH118
                inner = os.path.join(path, name)  # noqa: PTH118
                status = self._below(inner)
                if status is not None:
                    yield from self._gone(inner, status)

    def _change(
        self,
        path: bytes,
        kind: Kind,
        below: os.stat_result | None,
        above: os.stat_result | None,
        twin: bytes = b"",
    ) -> Change:
        return Change(
            path=path,
            kind=kind,
            before=mark(below),
            after=mark(above),
            is_foreign=self._is_foreign(path, below, above),
            twin=twin if twin != path else b"",
        )

    def _is_foreign(self, path: bytes, below: os.stat_result | None, above: os.stat_result | None) -> bool:
        if below is not None:
            return not stat.S_ISDIR(below.st_mode) and self._is_of_now(below)
        if above is None or stat.S_ISDIR(above.st_mode) or not _attribute(self.at(path), _ORIGIN):
            return False
        # It was copied from below, and is not there: renamed by the command, or removed by somebody else.
        parent = self._below(os.path.dirname(path))  # noqa: PTH120
        return parent is not None and self._is_of_now(parent)

    def _is_of_now(self, status: os.stat_result) -> bool:
        """Whether it was changed while the command ran."""
        return self._began_ns <= status.st_ctime_ns <= self._ended_ns

    def _below(self, path: bytes) -> os.stat_result | None:
        try:
            return os.lstat(os.path.join(self._lower, path))  # noqa: PTH118
        except (FileNotFoundError, NotADirectoryError):
            return None

    def _is_same(self, path: bytes, above: os.stat_result, below: os.stat_result) -> bool:
        here, there = self.at(path), os.path.join(self._lower, path)  # noqa: PTH118
        if stat.S_IFMT(above.st_mode) != stat.S_IFMT(below.st_mode):
            return False
        if stat.S_ISLNK(above.st_mode):
            return os.readlink(here) == os.readlink(there)  # noqa: PTH115
        if not stat.S_ISREG(above.st_mode) or above.st_size != below.st_size:
            return not stat.S_ISREG(above.st_mode)
        self.open_to_us(path, above)
        return _are_alike(here, there)

    def open_to_us(self, path: bytes, above: os.stat_result) -> None:
        """Let us read what the command made unreadable; its mode is in the change."""
        if not above.st_mode & stat.S_IRUSR and not stat.S_ISLNK(above.st_mode):
            os.chmod(self.at(path), stat.S_IMODE(above.st_mode) | stat.S_IRUSR)  # noqa: PTH101

    def _listed(self, folder: bytes) -> list[bytes]:
        try:
            return sorted(os.listdir(folder))  # noqa: PTH208
        except PermissionError:
            if not folder.startswith(self.upper):
                raise
            os.chmod(folder, 0o700)  # noqa: PTH101
            return sorted(os.listdir(folder))  # noqa: PTH208


def mark(status: os.stat_result | None) -> Mark | None:
    """What tells this version from another."""
    return None if status is None else Mark(status.st_mode, status.st_size, status.st_mtime_ns, status.st_ino)


def _attribute(path: bytes, name: str) -> bool:
    try:
        return os.getxattr(path, name, follow_symlinks=False) is not None
    except OSError:
        return False


def _are_alike(one: bytes, other: bytes) -> bool:
    try:
        with open(one, "rb") as left, open(other, "rb") as right:  # noqa: PTH123
            while True:
                piece = left.read(_PIECE_BYTES)
                if piece != right.read(_PIECE_BYTES):
                    return False
                if not piece:
                    return True
    except OSError:
        return False


def drop(folder: Path) -> None:
    """Remove a layer, folders without rights included, of which the overlay's own is one."""
    for _ in range(2):
        for place, folders, _files in os.walk(os.fsencode(folder)):
            for name in folders:
                with suppress(OSError):
                    inner = os.path.join(place, name)  # noqa: PTH118
                    if not os.path.islink(inner) and stat.S_IMODE(os.lstat(inner).st_mode) & 0o700 != 0o700:  # noqa: PLR2004, PTH114
                        os.chmod(inner, 0o700)  # noqa: PTH101
        import shutil  # It brings three compressions.

        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return


def abandoned(scratch: Path) -> list[Path]:
    """The layers that other processes left."""
    with suppress(OSError):
        return [each for each in scratch.iterdir() if not each.name.startswith(f"{_OWN}-")]
    return []
