"""Folders and files for this user alone: who owns them, and how they are made, whatever the umask says."""

import errno
import os
import stat
import sys
from pathlib import Path

from iterate.errors import HomeForeign

_PRIVATE_FOLDER = 0o700
_PRIVATE_FILE = 0o600
_OTHERS = 0o077


def refuse_foreign(home: Path, *folders: Path) -> None:
    """Raise `HomeForeign` when one of these folders is, or would be made inside, a folder of another user.

    `sudo` keeps the user's HOME in many places; what root makes there the user can never write again. What does not
    exist yet counts as its nearest parent that does. Folders of root are everybody's parents, but nobody's own.
    """
    if sys.platform == "win32":
        return  # Windows gives what an administrator makes in a profile the rights of that profile.
    for folder in folders:
        nearest = next((each for each in (folder, *folder.parents) if _owner(each) >= 0), folder)
        _refuse(nearest, set() if nearest == folder else {0})
        if folder.is_relative_to(home):
            _refuse(home, {0})


def make_private(folder: Path) -> None:
    """Make a folder and its missing parents with mode 0700, and take rights of others from one that is there.

    Raises `OSError`.
    """
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        try:
            each.mkdir(mode=_PRIVATE_FOLDER)
        except FileExistsError:
            continue  # Another command was faster.
        if sys.platform != "win32" and stat.S_IMODE(each.stat().st_mode) != _PRIVATE_FOLDER:
            each.chmod(_PRIVATE_FOLDER)  # The umask took the owner's own rights.
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))
    if sys.platform != "win32" and folder.stat().st_mode & _OTHERS:
        folder.chmod(_PRIVATE_FOLDER)


if sys.platform != "win32":

    def _owner(folder: Path) -> int:
        """The user id that owns a folder, -1 when there is none or none that we may ask about."""
        try:
            return folder.stat().st_uid
        except OSError:
            return -1

    def _refuse(folder: Path, others: set[int]) -> None:
        owner = _owner(folder)
        if owner not in {-1, os.geteuid(), *others}:
            raise HomeForeign(f"{folder} belongs to the user with the id {owner}, not to {os.geteuid()}")


def open_private(path: Path, flags: int = 0, *, follows: bool = False) -> int:
    """Open a regular file for this user alone, made when it is missing; raises `OSError` for anything else.

    What a link leads to is another one's file, whose mode is not to be touched, unless the caller says otherwise.
    """
    if not follows:
        flags |= getattr(os, "O_NOFOLLOW", 0)
    # A pipe of that name is opened without waiting for its other end.
    file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NONBLOCK", 0) | flags, _PRIVATE_FILE)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise OSError(errno.EINVAL, "it is no regular file", str(path))
    try:
        make_file_private(file)
    except BaseException:
        os.close(file)
        raise
    return file


def read(path: Path, limit: int = -1) -> bytes:
    """The first bytes of a regular file, or all; raises `OSError` for anything else, without waiting for a pipe."""
    file = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(file, "rb") as opened:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise OSError(errno.EINVAL, "it is no regular file", str(path))
        return opened.read(limit)


def make_file_private(file: int) -> None:
    """Give an open regular file mode 0600; a device that a link leads to belongs to everybody, and keeps its mode."""
    mode = os.fstat(file).st_mode
    if sys.platform != "win32" and stat.S_ISREG(mode) and stat.S_IMODE(mode) != _PRIVATE_FILE:
        os.fchmod(file, _PRIVATE_FILE)


def is_private(file: int) -> bool:
    """Whether an open file is a regular one of this user that nobody else may touch."""
    status = os.fstat(file)
    if not stat.S_ISREG(status.st_mode):
        return False
    if sys.platform == "win32":
        return True  # The folder is inside the user's profile, which Windows keeps from others.
    return status.st_uid == os.geteuid() and not status.st_mode & _OTHERS
