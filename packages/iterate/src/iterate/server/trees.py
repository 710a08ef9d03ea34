"""Every file below a folder at once, for clients that look through them by letters while somebody types."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing, suppress
from pathlib import Path

from iterate.server.problems import SearchBroken
from iterate.server.shapes import Tree, TreeFolder
from iterate.tools import child, search
from iterate.tools.tool import ToolFailed

# More are nothing to choose from.
MOST = 200_000
PATIENCE_S = 10.0
# Our own lister tells links too, which are completed like files; the ones of ripgrep are left out.
_WORDS = ("--hidden", "--links", "--files")


async def tree(root: Path, most: int = MOST) -> Tree:
    """What git does not ignore below a folder; raises `SearchBroken`."""
    pieces: list[bytes] = []
    count, is_whole = 0, False
    with suppress(TimeoutError):
        try:
            async with asyncio.timeout(PATIENCE_S), aclosing(child.output([*search.OWN.words, *_WORDS], root)) as said:
                async for piece in said:
                    pieces.append(piece)
                    count += piece.count(b"\0")
                    if count > most:
                        break
                else:
                    is_whole = True
        except ToolFailed as problem:
            raise SearchBroken(str(problem)) from problem
    paths = b"".join(pieces).split(b"\0")[:-1]
    return Tree(folders=await asyncio.to_thread(_folders, paths[:most]), is_whole=is_whole)


def _folders(paths: Sequence[bytes]) -> tuple[TreeFolder, ...]:
    found: dict[bytes, list[str]] = {}
    for path in paths:
        at = path.rfind(b"/") + 1
        # A name that is no UTF-8 could not be named in a prompt.
        with suppress(UnicodeDecodeError):
            found.setdefault(path[:at], []).append(path[at:].decode())
    told: list[TreeFolder] = []
    for folder, names in found.items():
        with suppress(UnicodeDecodeError):
            told.append(TreeFolder(path=folder.decode(), names=tuple(sorted(names))))
    return tuple(sorted(told, key=lambda each: each.path))
