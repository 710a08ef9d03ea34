"""What is kept before a command where it cannot be a transaction: what its words name, and small projects whole."""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from iterate.permissions import shell
from iterate.tools.tool import Work

# A project that is larger is not kept whole.
MOST_FILES, MOST_BYTES = 2_000, 32 << 20


class Kept(NamedTuple):
    """A sentence about what the undo will not know, and what the command removes or overwrites of that."""

    note: str = ""
    lost: str = ""


async def keep(command: str, folder: Path, environment: Mapping[str, str], work: Work) -> Kept:
    """Keep what there is, as far as it is known before."""
    touches, others = await asyncio.to_thread(shell.touched, command, work.root, folder, environment)
    if await asyncio.to_thread(_is_small, work.root, work.shell.hidden):
        lost = await work.kept.before(work.root)
        return Kept(f"not kept for the undo: {lost}" if lost else "", lost if lost and touches else "")
    told, gone = [], []
    for path in (*touches, *others):
        lost = await work.kept.before(path)
        told += [lost] if lost else []
        gone += [lost] if lost and touches.get(path) in {"removes", "overwrites"} else []
    note = "the project is large, and the undo knows only of files that the command names"
    return Kept("; ".join([note, *told]), "; ".join(gone))


def _is_small(root: Path, ours: tuple[Path, ...]) -> bool:
    count = size = 0
    for folder, folders, files in os.walk(root):
        here = Path(folder)
        # Neither the history nor what is ours is kept.
        folders[:] = [each for each in folders if here / each not in ours and not (here == root and each == ".git")]
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
