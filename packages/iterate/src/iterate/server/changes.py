"""Changes of the files below a folder, as they happen. What git ignores is not watched.

Only folders that hold files which no ignore file hides are watched, each by itself: a recursive watch would take in
every folder of `node_modules`. A file that is new is looked up in a fresh list, so that an ignored one is not told.
"""

import asyncio
import os
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from iterate.errors import WatchMissing
from iterate.events import Entry
from iterate.server.seen import PathChange, PathsChanged, PathsSeen, WatchBegan, WatchEnded
from iterate.tools import search
from iterate.tools.tool import ToolFailed

if TYPE_CHECKING:
    from watchfiles._rust_notify import RustNotify

MOST_FOLDERS = 8_000
MOST_FILES = 100_000
# What is told at once.
MOST_CHANGES = 1_000
# Changes are collected for so long; a tree is listed again no more often than that.
STEP_MS, COLLECT_MS, LIST_S = 50, 400, 1.0
_WORDS = ("--hidden", "--glob=!.git")


def load() -> None:
    """Load the library that watches; it takes 50 ms, once, so call it in a thread. Raises `WatchMissing`."""
    try:
        import watchfiles._rust_notify  # noqa: F401  # What is written in Rust.
    except ImportError as problem:
        # The loader names what the system lacks.
        raise WatchMissing(f"files cannot be watched here: {problem}") from problem


class Changes:
    """The changes below one folder, for one reader."""

    def __init__(self, root: Path, engine: search.Engine) -> None:
        self._root = root
        self._engine = engine
        self._known: set[str] = set()
        self._folders: list[str] = []
        self._watcher: RustNotify | None = None
        self._stop = threading.Event()
        self._is_over = False
        self._listed = 0.0

    async def next(self, timeout_s: float) -> Sequence["Entry[PathsSeen]"] | None:
        """What changed; nothing after a silence, None at the end."""
        if self._is_over:
            return None
        try:
            if self._watcher is None:
                return [_entry(await self._begin())]
            seen = await asyncio.to_thread(self._wait, timeout_s)
            return [] if seen is None else [_entry(each) for each in await self._told(seen)]
        except (OSError, ToolFailed) as problem:
            self._is_over = True
            return [_entry(WatchEnded(why=str(problem)))]

    def stop(self) -> None:
        """Watch no more."""
        self._is_over = True
        self._stop.set()

    async def _begin(self) -> WatchBegan:
        paths = await search.listed(self._engine, self._root, _WORDS)
        self._listed = time.monotonic()
        return await asyncio.to_thread(self._watch, [os.fsdecode(path).removeprefix("./") for path in paths])

    def _watch(self, paths: list[str]) -> WatchBegan:
        from watchfiles._rust_notify import RustNotify

        self._known = set(paths[:MOST_FILES])
        folders = {"", *(path.rpartition("/")[0] for path in paths)}
        folders |= {above for folder in tuple(folders) for above in _above(folder)}
        # Those above come first: of a tree that is too large its upper part is watched.
        ordered = sorted(folders, key=lambda folder: (folder.count("/"), folder))
        self._folders = ordered[:MOST_FOLDERS]
        watcher = RustNotify(
            [str(self._root / folder) for folder in self._folders if (self._root / folder).is_dir()],
            False,  # noqa: FBT003  # The library takes no names: debug, polling, its delay, recursive, denied.
            False,  # noqa: FBT003
            300,
            False,  # noqa: FBT003
            True,  # noqa: FBT003
        )
        if self._watcher is not None:
            self._watcher.close()
        self._watcher = watcher
        is_whole = len(ordered) <= MOST_FOLDERS and len(paths) <= MOST_FILES
        return WatchBegan(files=len(paths), folders=len(self._folders), is_whole=is_whole)

    def _wait(self, timeout_s: float) -> set[tuple[int, str]] | None:
        """The changes of the next moment; None after a silence, or when it is over."""
        watcher = self._watcher
        if watcher is None:
            return None
        seen = watcher.watch(COLLECT_MS, STEP_MS, int(timeout_s * 1000), self._stop)
        if self._stop.is_set():
            watcher.close()
        return seen if isinstance(seen, set) else None

    async def _told(self, seen: set[tuple[int, str]]) -> list[PathsSeen]:
        prefix = f"{self._root}/"
        raw = {path.removeprefix(prefix): kind for kind, path in sorted(seen) if path.startswith(prefix)}
        before, told = self._known, list[PathsSeen]()
        if any(path not in before for path in raw):
            await asyncio.sleep(max(0.0, self._listed + LIST_S - time.monotonic()))
            size = len(self._folders)
            watched = await self._begin()
            if len(self._folders) != size or not watched.is_whole:
                told.append(watched)
        changes = _changes(raw, before, self._known)
        if changes:
            is_whole = len(changes) <= MOST_CHANGES
            told.append(PathsChanged(changes=tuple(changes[:MOST_CHANGES]), is_whole=is_whole))
        return told


def _changes(raw: dict[str, int], before: set[str], now: set[str]) -> list[PathChange]:
    """What happened to files that no ignore file hides."""
    changes = [PathChange(path=_sendable(path), change="added") for path in sorted(now - before)]
    gone = {path for path in raw if path in before and path in now and raw[path] == _REMOVED}
    removed = sorted((before - now) | gone)
    changes += [PathChange(path=_sendable(path), change="removed") for path in removed]
    same = sorted(path for path in raw if path in before and path in now and path not in gone)
    return changes + [PathChange(path=_sendable(path), change="changed") for path in same]


# What the library calls a removal.
_REMOVED = 3


def _above(folder: str) -> list[str]:
    parts = folder.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def _sendable(path: str) -> str:
    return path.encode(errors="replace").decode()


def _entry(seen: PathsSeen) -> "Entry[PathsSeen]":
    return Entry(seen, msgspec.json.encode(seen))
