"""Files written whole or not at all, and digests."""

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from release.errors import DiskFullError, ReleaseError, WriteError

PARTIAL = ".partial"
# What a folder of results holds.
RESULTS = frozenset({"artifacts", "build", "environments", "keys", "public", "rehearsal", "release.json", "rendered"})


@contextmanager
def guarded(path: Path) -> Iterator[None]:
    """Turn what the operating system says about files into our errors.

    Raises:
        DiskFullError: no space, or no quota, left.
        WriteError: anything else.
    """
    try:
        yield
    except OSError as error:
        raise refusal(error, path) from None


def refusal(error: OSError, path: Path) -> ReleaseError:
    """The named error for an OSError met at `path`."""
    where = error.filename or path
    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return DiskFullError(f"no space left to write {where}", hint="free some space and run the same command again")
    return WriteError(f"{where}: {error.strerror or error}", hint="check that the folder exists and is yours")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A file to write that becomes `path` when the block ends well, and vanishes when it does not.

    The file lies in the same folder under a fixed name, so a killed run leaves one file at most and the
    next run overwrites it.
    """
    partial = path.with_name(f".{path.name}{PARTIAL}")
    with guarded(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield partial
            partial.replace(path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise


def write(path: Path, content: bytes, *, mtime: int | None = None, mode: int | None = None) -> None:
    """Write a whole file in one step.

    Args:
        path: the file; its folders are made.
        content: all of it.
        mtime: in seconds since 1970; now when None.
        mode: its permissions; what the user's umask leaves when None.
    """
    with replacing(path) as partial:
        partial.write_bytes(content)
        if mode is not None:
            partial.chmod(mode)
        if mtime is not None:
            os.utime(partial, (mtime, mtime))


def sha256(path: Path) -> str:
    """Digest of a file, in 64 lower-case hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def emptied(folder: Path) -> Path:
    """The same folder, there and empty."""
    with guarded(folder):
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
    return folder


def claimed(folder: Path) -> Path:
    """The same folder of results, there; unless it holds something else too, git is told that nothing in it counts.

    Raises:
        DiskFullError, WriteError: it cannot be made.
    """
    with guarded(folder):
        folder.mkdir(parents=True, exist_ok=True)
        if {entry.name for entry in folder.iterdir()} <= RESULTS:
            (folder / ".gitignore").write_text(
                "# Results of a release: nothing here is a source.\n*\n", encoding="utf-8"
            )
    return folder


def nearest(folder: Path) -> Path:
    """The folder itself, or the first above it that is there."""
    return next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())


def free(folder: Path) -> int:
    """How many bytes can still be written to a folder, which need not be there yet."""
    return shutil.disk_usage(nearest(folder)).free


def writable(folder: Path) -> bool:
    """Whether files can be made in a folder, or the folder itself where it is not there yet."""
    there = nearest(folder)
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)
