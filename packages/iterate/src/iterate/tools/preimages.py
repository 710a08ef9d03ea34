"""What is kept before a command where it cannot be a transaction: what its words name, and small projects whole."""

import os
import shlex
from pathlib import Path

from iterate.tools.tool import Work

# A project that is larger is not kept whole.
MOST_FILES, MOST_BYTES = 2_000, 32 << 20
_MOST_WORDS = 200


async def keep(command: str, folder: Path, work: Work) -> str:
    """Keep what there is; gives a sentence about what the undo will not know, empty when it will know all."""
    if _is_small(work.root):
        lost = await work.kept.before(work.root)
        return f"not kept for the undo: {lost}" if lost else ""
    lost_all = []
    for path in named(command, folder, work.root):
        lost = await work.kept.before(path)
        lost_all += [lost] if lost else []
    note = "the project is large, and the undo knows only of files that the command names"
    return "; ".join([note, *lost_all])


def named(command: str, folder: Path, root: Path) -> list[Path]:
    """The files and folders inside the project that the words of a command name, those not there yet included."""
    try:
        parts = shlex.shlex(command, posix=True, punctuation_chars=True)
        parts.whitespace_split = True
        words = list(parts)
    except ValueError:
        words = command.split()
    found: dict[Path, None] = {}
    for word in words[:_MOST_WORDS]:
        for part in (word, word.rpartition("=")[2]):
            path = Path(os.path.normpath(folder / part))
            real = path.parent.resolve() / path.name
            # A word of another meaning is mostly no file, and its folder is there anyway.
            if part and real.is_relative_to(root) and real != root and real.parent.is_dir():
                found[real] = None
    return list(found)


def _is_small(root: Path) -> bool:
    count = size = 0
    for folder, folders, files in os.walk(root):
        if Path(folder) == root and ".git" in folders:
            folders.remove(".git")
        count += len(folders) + len(files)
        if count > MOST_FILES:
            return False
        for name in files:
            try:
                size += os.lstat(os.path.join(folder, name)).st_size  # noqa: PTH118
            except OSError:
                continue
        if size > MOST_BYTES:
            return False
    return True
