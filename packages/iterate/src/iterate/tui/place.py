"""Where a conversation works, as its first frame says it: a folder and its branch, read without any program."""

import os
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from iterate.settings import Settings

_MOST_BYTES = 4096


def short(directory: str, home: str) -> str:
    """A folder as people write it."""
    inside = directory == home or directory.startswith(home.rstrip("/") + "/")
    return "~" + directory[len(home.rstrip("/")) :] if home.strip("/") and inside else directory


def branch(directory: str) -> str:
    """The branch that is checked out here, the first digits of a commit, or nothing."""
    folder = directory.rstrip("/")
    while True:
        if text := _read(f"{folder}/.git/HEAD"):
            return _named(text)
        if (pointer := _read(f"{folder}/.git")).startswith("gitdir:"):
            # A worktree or a submodule.
            there = pointer.partition(":")[2].strip()
            return _named(_read(f"{there if there.startswith('/') else f'{folder}/{there}'}/HEAD"))
        if not folder:
            return ""
        folder = folder.rpartition("/")[0]


def _named(head: str) -> str:
    name = head.strip()
    if name.startswith("ref:"):
        return name.partition(":")[2].strip().removeprefix("refs/heads/")
    return name[:8]


def _read(path: str) -> str:
    with suppress(OSError):
        file = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
        try:
            return os.read(file, _MOST_BYTES).decode(errors="replace")
        finally:
            os.close(file)
    return ""


def model(here: "Settings") -> str:
    """The model that answers, by the environment or the beginning of the person's file; the server knows better."""
    if here.model or here.config is None:
        return here.model
    for line in _read(str(here.config)).splitlines():
        name, _, value = line.partition("=")
        if name.strip() == "model" and value.strip()[:1] == '"':
            return value.strip()[1:].partition('"')[0]
        if line.lstrip().startswith("["):
            break
    return ""
