"""Reaches what is below a folder without following any link on the way, so that nobody can lead it elsewhere.

Whoever may write in the folder could otherwise put a link in place of a folder while it is being changed. Windows
cannot open a file in an open folder; there the paths are used as they are.
"""

import os
import re
import stat
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import NamedTuple, Protocol

_HAS_HANDLES = os.open in os.supports_dir_fd
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


_PIECE_BYTES = 1 << 20
_NONE: Mapping[str, bytes] = {}
# The names of files that are being written.
NEW = re.compile(rb"\.iterate-[0-9a-f]{16}")


# Attributes that are a person's own: theirs, and lists of who else may do what.
_OWN, _OVERLAY = ("user.", "system.posix_acl_"), "user.overlay."


def attributes(place: int | bytes) -> dict[str, bytes]:
    """The extended attributes of an open file, or of what lies at a path; nothing where the system has none."""
    found: dict[str, bytes] = {}
    if sys.platform == "linux":
        is_path = isinstance(place, bytes)
        with suppress(OSError):
            names = os.listxattr(place, follow_symlinks=not is_path)
            for name in names:
                if name.startswith(_OWN) and not name.startswith(_OVERLAY):
                    found[name] = os.getxattr(place, name, follow_symlinks=not is_path)
    return found


def set_attributes(handle: int, wanted: Mapping[str, bytes]) -> None:
    """Give an open file these and no others, as far as its file system takes them."""
    if sys.platform == "linux":
        for name in attributes(handle).keys() - wanted.keys():
            with suppress(OSError):
                os.removexattr(handle, name)
        for name, value in wanted.items():
            with suppress(OSError):
                os.setxattr(handle, name, value)


class Readable(Protocol):
    """What bytes are read from."""

    def read(self, size: int, /) -> bytes | None:
        """The next bytes; none at the end."""


class Spot(NamedTuple):
    """A name in an open folder, for the functions of `os` that take `dir_fd`."""

    name: bytes
    folder: int | None

    def status(self) -> os.stat_result | None:
        """What is there, links not followed; None when nothing is."""
        try:
            return os.stat(self.name, dir_fd=self.folder, follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError):
            return None

    def beside(self, name: bytes) -> "Spot":
        """Another name in the same folder."""
        return self._replace(name=os.path.join(os.path.dirname(self.name), name))  # noqa: PTH118, PTH120

    def open(self, flags: int, mode: int = 0o600) -> int:
        """Open it; a link is an error."""
        flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
        return os.open(self.name, flags | getattr(os, "O_NONBLOCK", 0), mode, dir_fd=self.folder)

    def open_ours(self) -> int:
        """Open a file to read it, also one of our own that says we may not."""
        try:
            return self.open(os.O_RDONLY)
        except PermissionError:
            found = self.status()
            if found is None or not _is_closed_to_us(found, stat.S_IRUSR):
                raise
            self.set_mode(stat.S_IMODE(found.st_mode) | stat.S_IRUSR)
            try:
                return self.open(os.O_RDONLY)
            finally:
                self.set_mode(stat.S_IMODE(found.st_mode))

    def remove(self) -> None:
        """Remove a file, a link, or an empty folder; nothing there is fine."""
        found = self.status()
        with suppress(FileNotFoundError):
            if found is not None and stat.S_ISDIR(found.st_mode):
                os.rmdir(self.name, dir_fd=self.folder)
            elif found is not None:
                os.unlink(self.name, dir_fd=self.folder)

    @contextmanager
    def anew(self) -> "Iterator[Spot]":
        """A free name beside it, for what takes its place in one step when all went well."""
        new = self.beside(b".iterate-" + os.urandom(8).hex().encode())
        try:
            yield new
            found = self.status()
            if found is not None and stat.S_ISDIR(found.st_mode):
                os.rmdir(self.name, dir_fd=self.folder)
            os.replace(new.name, self.name, src_dir_fd=new.folder, dst_dir_fd=self.folder)
        except BaseException:
            with suppress(OSError):
                new.remove()
            raise

    def write(
        self, content: Readable, mode: int, owner: tuple[int, int] = (-1, -1), extended: Mapping[str, bytes] = _NONE
    ) -> None:
        """Put a file with this content there, in one step over what is there."""
        with self.anew() as new:
            with os.fdopen(new.open(os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as file:
                while piece := content.read(_PIECE_BYTES):
                    file.write(piece)
                if extended:
                    set_attributes(file.fileno(), extended)
            new.own(owner)
            new.set_mode(mode)

    def link(self, target: bytes, owner: tuple[int, int] = (-1, -1)) -> None:
        """Put a symbolic link there, in one step over what is there."""
        with self.anew() as new:
            os.symlink(target, new.name, dir_fd=new.folder)
            new.own(owner)

    def own(self, owner: tuple[int, int]) -> None:
        """Give it to its owner, which only root can; others' files become our own."""
        if hasattr(os, "geteuid") and os.geteuid() == 0 and owner != (-1, -1):
            os.chown(self.name, *owner, dir_fd=self.folder, follow_symlinks=False)

    def set_mode(self, mode: int) -> None:
        """Change the mode of what is no link."""
        if not _HAS_HANDLES:
            os.chmod(self.name, mode)  # noqa: PTH101
            return
        # Not by name, which would follow a link. On Linux also what may not be opened to read has a handle.
        handle = self.open(_PLACE) if _PLACE else self.open(os.O_RDONLY)
        try:
            if _PLACE:
                os.chmod(f"/proc/self/fd/{handle}", mode)  # noqa: PTH101
            else:
                os.fchmod(handle, mode)
        finally:
            os.close(handle)


_PLACE: int = getattr(os, "O_PATH", 0)


@contextmanager
def unlocked(root: bytes, path: bytes) -> Iterator[Spot]:
    """The same as `spot`, and its folder lets us change it meanwhile, if it is ours."""
    with spot(root, path) as found:
        status = None if found.folder is None else os.fstat(found.folder)
        if found.folder is None or status is None or not _is_closed_to_us(status, stat.S_IWUSR | stat.S_IXUSR):
            yield found
            return
        os.fchmod(found.folder, stat.S_IMODE(status.st_mode) | stat.S_IRWXU)
        try:
            yield found
        finally:
            os.fchmod(found.folder, stat.S_IMODE(status.st_mode))


def _is_closed_to_us(status: os.stat_result, rights: int) -> bool:
    return hasattr(os, "geteuid") and status.st_uid == os.geteuid() != 0 and status.st_mode & rights != rights


@contextmanager
def spot(root: bytes, path: bytes) -> Iterator[Spot]:
    """The place of a path below a root, whose own path may hold links; raises `OSError` where a folder is missing.

    `path` has no `..`; the empty one is the root itself.
    """
    parts = [part for part in path.split(os.fsencode(os.sep)) if part not in {b"", b"."}]
    if not _HAS_HANDLES or not parts:
        yield Spot(os.path.join(root, *parts), None)  # noqa: PTH118
        return
    folder = os.open(root, _FOLDER & ~getattr(os, "O_NOFOLLOW", 0))
    try:
        for part in parts[:-1]:
            inner = os.open(part, _FOLDER, dir_fd=folder)
            os.close(folder)
            folder = inner
        yield Spot(parts[-1], folder)
    finally:
        os.close(folder)
