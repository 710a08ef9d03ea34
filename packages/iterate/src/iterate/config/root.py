"""Which folder a project is: the one with `.git` in it, above the folder that is worked in, or that folder itself."""

import os
import sys
from pathlib import Path

MARK = ".git"


def root_of(directory: Path, home: Path) -> Path:
    """The project that a folder belongs to, without links.

    The home and what lies above it is a project only for who works right there, because a repository of dotfiles
    would make everything inside it. A repository counts when whoever owns the folder, or runs this, owns it: what
    somebody else put into a folder for all, such as /tmp/.git, claims nothing.
    """
    start = directory.resolve()
    outer = {home.resolve(), *home.resolve().parents}
    owners = {_owner(start), os.geteuid()} if sys.platform != "win32" else {0}
    for folder in (start, *start.parents):
        if folder in outer:
            break
        if _owner(folder / MARK) in owners:
            return folder
    return start


def between(root: Path, directory: Path) -> tuple[Path, ...]:
    """The folders from the root down to a folder inside it, both included."""
    inner = directory.resolve()
    if not inner.is_relative_to(root):
        return (root,)
    return tuple(each for each in (inner, *inner.parents) if each.is_relative_to(root))[::-1]


def _owner(path: Path) -> int:
    """The id of the owner, -1 where nothing is; Windows has no such ids, there it is 0."""
    try:
        return path.lstat().st_uid
    except OSError:
        return -1
