"""Reads and replaces files that a border was judged for: follows no link, never blocks, leaves nothing half-written.

A path given here is real: none of its parts is a link. On Linux the folders are opened one in the other without
following links, on macOS the kernel does it; a link that appeared meanwhile is `ToolFailed`. Windows has neither.

A file is replaced by writing a new one beside it and renaming it, so that readers see the old or the new one whole. It
is written in place where a rename would take something from it: other names of it (hard links), an owner that we may
not give away, a folder that we may not write, a mount of its own. Then room is reserved before the first byte changes.
"""

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from msgspec import Struct

from iterate.tools.memory import ChangedSince
from iterate.tools.tool import ToolFailed

# What is held in memory to be changed or searched.
LARGEST = 64 * 1024 * 1024
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
# On macOS no part of a path may be a link, elsewhere the last one.
_NOFOLLOW = getattr(os, "O_NOFOLLOW_ANY", getattr(os, "O_NOFOLLOW", 0))
# Opens a folder that one may pass through but not list.
_PATH = getattr(os, "O_PATH", os.O_RDONLY) | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISLNK, "a link"),
)


class NotThere(ToolFailed):
    """There is no such file."""


class TooLarge(ToolFailed):
    """The file is larger than what is held in memory."""


class Spot(Struct, frozen=True, kw_only=True):
    """A name in an opened folder; without such folders the whole path."""

    path: Path
    name: str
    folder: int | None


@contextmanager
def spot(path: Path, *, is_made: bool = False) -> Iterator[Spot]:
    """Where a file is or shall be. With `is_made` the folders above it are made where they are missing."""
    if os.open not in os.supports_dir_fd or not hasattr(os, "O_PATH"):
        if is_made:
            with named(path):
                path.parent.mkdir(parents=True, exist_ok=True)
        yield Spot(path=path, name=str(path), folder=None)
        return
    with named(path):
        folder = os.open(path.anchor, _PATH)
        try:
            for part in path.parts[1:-1]:
                inner = _opened(part, folder, is_made=is_made)
                os.close(folder)
                folder = inner
        except OSError:
            os.close(folder)
            raise
    try:
        yield Spot(path=path, name=path.name, folder=folder)
    finally:
        os.close(folder)


def _opened(part: str, folder: int, *, is_made: bool) -> int:
    try:
        return os.open(part, _PATH | _NOFOLLOW, dir_fd=folder)
    except FileNotFoundError:
        if not is_made:
            raise
        with suppress(FileExistsError):
            os.mkdir(part, dir_fd=folder)  # Path has no folders.
        return os.open(part, _PATH | _NOFOLLOW, dir_fd=folder)


@contextmanager
def named(path: Path) -> Iterator[None]:
    """Says in plain words what the system refused with that file."""
    try:
        yield
    except FileNotFoundError as problem:
        raise NotThere(f"{path} is not there") from problem
    except OSError as problem:
        match problem.errno:
            case errno.ELOOP:
                reason = "a link leads elsewhere, or in a circle"
            case errno.ENOTDIR:
                reason = "a part of the path is no folder"
            case errno.ENAMETOOLONG:
                reason = "its name is too long"
            case errno.ENOSPC | errno.EDQUOT:
                reason = "there is no room left; nothing was changed"
            case errno.EAGAIN:
                reason = "it gives nothing now, and is not waited for"
            case _:
                reason = problem.strerror or str(problem)
        raise ToolFailed(f"{path}: {reason}") from problem


def kind(status: os.stat_result) -> str:
    """What something is that is no file; empty for a file."""
    return next((name for is_kind, name in _KINDS if is_kind(status.st_mode)), "")


@contextmanager
def opened(path: Path) -> Iterator[int]:
    """A regular file, to be read; raises `NotThere`, or `ToolFailed` for what is no file."""
    with spot(path) as at, named(path):
        with _flags(path):
            descriptor = os.open(at.name, _READ | _NOFOLLOW, dir_fd=at.folder)
        try:
            if found := kind(os.fstat(descriptor)):
                raise ToolFailed(f"{path} is {found}, not a file")
            yield descriptor
        finally:
            os.close(descriptor)


@contextmanager
def _flags(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        # A socket, or a pipe that nobody reads.
        if problem.errno in {errno.ENXIO, errno.ENODEV}:
            raise ToolFailed(f"{path} is no file") from problem
        raise


def content(path: Path, most: int = LARGEST) -> bytes:
    """The bytes of a file; raises `TooLarge` beyond `most`."""
    with opened(path) as descriptor:
        return _all(descriptor, path, most)


def _all(descriptor: int, path: Path, most: int) -> bytes:
    pieces: list[bytes] = []
    left = most + 1
    while left > 0 and (piece := os.read(descriptor, min(left, 1 << 20))):
        pieces.append(piece)
        left -= len(piece)
    if left <= 0:
        raise TooLarge(f"{path} is larger than {most >> 20} MB")
    return b"".join(pieces)


def existing(path: Path) -> bytes | None:
    """The bytes of a file, or None where there is none."""
    try:
        return content(path)
    except NotThere:
        return None


def mode(path: Path) -> int:
    """The mode of a file, without its kind."""
    with opened(path) as descriptor:
        return stat.S_IMODE(os.fstat(descriptor).st_mode)


def replace(path: Path, before: bytes | None, after: bytes | None, mode: int | None = None) -> None:
    """Put `after` in the place of `before`; None is no file. Raises `ChangedSince` where something else is there.

    A file that is made gets `mode`, or what is usual.
    """
    with spot(path, is_made=after is not None) as at:
        if after is None:
            _same(at, before)
            with named(path):
                os.unlink(at.name, dir_fd=at.folder)  # Path has no folders.
        elif before is None:
            _create(at, after, mode)
        else:
            _rewrite(at, before, after)


def _same(at: Spot, before: bytes | None) -> None:
    try:
        with named(at.path):
            descriptor = os.open(at.name, _READ | _NOFOLLOW, dir_fd=at.folder)
    except NotThere:
        now = None
    else:
        try:
            now = _all(descriptor, at.path, LARGEST)
        finally:
            os.close(descriptor)
    if now != before:
        raise ChangedSince(f"{at.path} was changed a moment ago; nothing was written. Read it again")


class _Draft:
    """A new file, written and on the disk; without a name where the system has such: who is killed leaves none."""

    def __init__(self, at: Spot, mode: int) -> None:
        self._at = at
        self.name = ""
        self.descriptor = self._unnamed(mode)
        if self.descriptor < 0:
            self.name = self._other_name()
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
            self.descriptor = os.open(self.name, flags | _NOFOLLOW, mode, dir_fd=at.folder)

    def _unnamed(self, mode: int) -> int:
        # It is named through /proc; without that there is no way.
        if self._at.folder is None or not hasattr(os, "O_TMPFILE") or not os.path.exists("/proc/self/fd"):  # noqa: PTH110
            return -1
        try:
            return os.open(".", os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC, mode, dir_fd=self._at.folder)
        except OSError:
            return -1  # Where there is another reason it is met again.

    def _other_name(self) -> str:
        name = f".iterate-{secrets.token_hex(8)}"
        return name if self._at.folder is not None else str(self._at.path.with_name(name))

    def take(self, name: str) -> None:
        """Give it a name that nothing has; raises FileExistsError."""
        source = self.name or f"/proc/self/fd/{self.descriptor}"
        start = self._at.folder if self.name else None
        os.link(source, name, src_dir_fd=start, dst_dir_fd=self._at.folder, follow_symlinks=not self.name)

    def replace(self) -> None:
        """Put it in the place of the file that is there."""
        if not self.name:
            other = self._other_name()
            self.take(other)
            self.name = other
        os.replace(self.name, self._at.name, src_dir_fd=self._at.folder, dst_dir_fd=self._at.folder)
        self.name = ""

    def close(self) -> None:
        """Let go of it; what was not put in a place is gone."""
        os.close(self.descriptor)
        if self.name:
            with suppress(FileNotFoundError):
                os.unlink(self.name, dir_fd=self._at.folder)


@contextmanager
def _draft(at: Spot, after: bytes, mode: int) -> Iterator[_Draft]:
    with named(at.path):
        draft = _Draft(at, mode)
        try:
            _write(draft.descriptor, after)
            os.fsync(draft.descriptor)
        except BaseException:
            draft.close()
            raise
    try:
        yield draft
    finally:
        draft.close()


def _create(at: Spot, after: bytes, mode: int | None) -> None:
    with _draft(at, after, 0o666) as draft, named(at.path):
        if mode is not None and hasattr(os, "fchmod"):
            os.fchmod(draft.descriptor, mode)
        try:
            draft.take(at.name)
        except FileExistsError as problem:
            raise ChangedSince(f"{at.path} was made a moment ago; nothing was written. Read it") from problem
        except (OSError, NotImplementedError):
            # A file system without hard links.
            _same(at, None)
            draft.replace()
    _settle(at)


def _rewrite(at: Spot, before: bytes, after: bytes) -> None:
    with named(at.path):
        status = os.stat(at.name, dir_fd=at.folder, follow_symlinks=False)
    if found := kind(status):
        raise ToolFailed(f"{at.path} is {found}, not a file")
    _may_write(at)
    if status.st_nlink > 1 or not _renamed(at, before, after, status):
        _in_place(at, before, after)
    _settle(at)


def _renamed(at: Spot, before: bytes, after: bytes, status: os.stat_result) -> bool:
    """Put a new file in the place of the old one; False where that would take something from it."""
    try:
        with _draft(at, after, 0o600) as draft:
            try:
                _take_after(draft.descriptor, at, status)
            except OSError:
                return False
            _same(at, before)
            with named(at.path):
                draft.replace()
    except ToolFailed as problem:
        cause = problem.__cause__
        if isinstance(cause, OSError) and cause.errno in _NOT_BESIDE:
            return False
        raise
    return True


# A folder that we may not write, or a file that is a mount of its own.
_NOT_BESIDE = {errno.EACCES, errno.EPERM, errno.EROFS, errno.EBUSY, errno.EXDEV}


def _may_write(at: Spot) -> None:
    """A rename asks the folder only: who may not write the file is told so."""
    with named(at.path):
        flags = os.O_WRONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
        os.close(os.open(at.name, flags | _NOFOLLOW, dir_fd=at.folder))


def _take_after(descriptor: int, at: Spot, status: os.stat_result) -> None:
    """Give a new file the owner, attributes and mode of the old one; raises OSError where that cannot be."""
    now = os.fstat(descriptor)
    if hasattr(os, "fchown") and (now.st_uid, now.st_gid) != (status.st_uid, status.st_gid):
        os.fchown(descriptor, status.st_uid, status.st_gid)
    if hasattr(os, "listxattr"):
        old = os.open(at.name, _READ | _NOFOLLOW, dir_fd=at.folder)
        try:
            for name in os.listxattr(old):
                os.setxattr(descriptor, name, os.getxattr(old, name))
        finally:
            os.close(old)
    if hasattr(os, "fchmod"):
        os.fchmod(descriptor, stat.S_IMODE(status.st_mode))


def _in_place(at: Spot, before: bytes, after: bytes) -> None:
    with named(at.path):
        flags = os.O_RDWR | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0) | _NOFOLLOW
        descriptor = os.open(at.name, flags | getattr(os, "O_NONBLOCK", 0), dir_fd=at.folder)
        try:
            if _all(descriptor, at.path, LARGEST) != before:
                raise ChangedSince(f"{at.path} was changed a moment ago; nothing was written. Read it again")
            _over(descriptor, before, after)
        finally:
            os.close(descriptor)


def _over(descriptor: int, before: bytes, after: bytes) -> None:
    try:
        if len(after) > len(before) and hasattr(os, "posix_fallocate"):
            # A full disk is found before anything is changed.
            os.posix_fallocate(descriptor, 0, len(after))
        os.lseek(descriptor, 0, os.SEEK_SET)
        _write(descriptor, after)
        os.ftruncate(descriptor, len(after))
    except BaseException:
        os.lseek(descriptor, 0, os.SEEK_SET)
        _write(descriptor, before)
        os.ftruncate(descriptor, len(before))
        raise
    finally:
        os.fsync(descriptor)


def _write(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


def _settle(at: Spot) -> None:
    """Ask the disk to keep the new name."""
    if at.folder is None:
        return
    with suppress(OSError):
        folder = os.open(".", os.O_RDONLY | os.O_DIRECTORY, dir_fd=at.folder)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
