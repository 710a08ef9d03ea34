"""One change while it is made: what was at each path before is kept first, what is there then is looked at last."""

import asyncio
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import islice
from pathlib import Path

from iterate.beneath import Spot, spot, unlocked
from iterate.errors import UndoUnusable
from iterate.events import FileChange
from iterate.undo import diffs
from iterate.undo.objects import Objects
from iterate.undo.records import Closed, Entry, Head, Records
from iterate.undo.states import NOTHING, Budget, State, keep

# How many of many are named.
_NAMED = 5
# How many files of a change are told of; all of them are kept.
TOLD = 2000


class NothingKept:
    """A change of which nothing is kept, because the settings say so."""

    async def before(self, path: Path) -> None:
        """Keep nothing."""

    async def close(self) -> tuple[str, tuple[FileChange, ...]]:
        """No change that could be undone."""
        return "", ()


class Keeping:
    """A change of files in a project; does nothing on the disk until something is to be kept."""

    def __init__(
        self,
        head: Head,
        records: Records,
        objects: Objects,
        budget: Budget,
        done: Callable[[], None] = lambda: None,
        ours: Sequence[bytes] = (),
    ) -> None:
        self.head, self._done = head, done
        # Folders of our own, which a project may hold: what lies there is never kept nor put back.
        self._ours = tuple(each.rstrip(b"/") for each in ours)
        self._records, self._objects, self._budget = records, objects, budget
        self._entries: dict[bytes, Entry] = {}
        self._lock = threading.Lock()
        self._given: tuple[str, tuple[FileChange, ...]] | None = None

    async def before(self, path: Path) -> str | None:
        """Keep what is at the path now, all that is below it included; raises `UndoUnusable` where that fails.

        Gives what of it is not kept, and why.
        """
        return await asyncio.to_thread(self.keep, [path])

    async def close(self) -> tuple[str, tuple[FileChange, ...]]:
        """The id of the change, empty when nothing changed, and what did."""
        return await asyncio.to_thread(self.finish)

    def keep(self, paths: list[Path]) -> str | None:
        """The same as `before`, for several paths, waiting for the disk."""
        with self._lock:
            new: list[Entry] = []
            try:
                for path in paths:
                    for place, is_tree in self._places(os.fsencode(path)):
                        if place not in self._entries:
                            new.append(self._keep(place, is_tree=is_tree))
                            self._entries[place] = new[-1]
                if new:
                    is_first = len(self._entries) == len(new)
                    self._records.add(self.head.id, *([self.head] if is_first else []), *new)
            except OSError as problem:
                for entry in new:
                    self._entries.pop(entry.path, None)
                raise UndoUnusable(f"what is there cannot be kept: {problem.strerror}") from problem
            lost = [f"{diffs.name(each.path)}: {each.before.lost}" for each in new if each.before.lost]
            lost += [f"{path}: it is iterate's own" for path in paths if self._is_ours(os.fsencode(path))]
            return _listed(lost) if lost else None

    def resume(self, entries: Sequence[Entry]) -> None:
        """Take over what another process had kept for this change."""
        self._entries = {entry.path: entry for entry in entries}

    def finish(self) -> tuple[str, tuple[FileChange, ...]]:
        """The same as `close`, waiting for the disk."""
        with self._lock:
            if self._given is None:
                self._given = self._finish()
                self._done()
            return self._given

    def _finish(self) -> tuple[str, tuple[FileChange, ...]]:
        if not self._entries:
            return "", ()
        states: dict[bytes, tuple[State, State]] = {}
        try:
            for path, before in self._all():
                after = self._state(path)
                if not before.is_like(after):
                    states[path] = (before, after)
            if states:
                self._records.close(Closed(head=self.head, states=states))
            else:
                self._records.forget(self.head.id)
        except OSError:
            # The work is done, and what was there before is kept; the next start completes it.
            return self.head.id, self._changes(states, is_kept=False)
        return (self.head.id if states else ""), self._changes(states, is_kept=True)

    def _all(self) -> Iterator[tuple[bytes, State]]:
        """All paths with what was there: those kept, and what has appeared below folders that were kept whole."""
        for entry in list(self._entries.values()):
            yield entry.path, entry.before
            absolute = self._absolute(entry.path)
            if entry.is_tree or (entry.before.kind != "folder" and os.path.isdir(absolute)):  # noqa: PTH112
                for path in self._below(absolute):
                    place = self._relative(path)
                    if place not in self._entries:
                        yield place, NOTHING

    def _changes(self, states: dict[bytes, tuple[State, State]], *, is_kept: bool) -> tuple[FileChange, ...]:
        seen = (each for each in states.items() if {each[1][0].kind, each[1][1].kind} - {"none", "folder"})
        return tuple(
            diffs.change(path, before, after, self._objects, is_kept=is_kept)
            for path, (before, after) in islice(seen, TOLD)
        )

    def _places(self, path: bytes) -> Iterator[tuple[bytes, bool]]:
        """The folders that are missing on the way to a path, the path, and all below it."""
        absolute = os.path.join(self.head.root, path)  # noqa: PTH118
        if self._is_ours(absolute):
            return
        parent, missing = os.path.dirname(absolute), list[bytes]()  # noqa: PTH120
        while len(parent) > 1 and not os.path.lexists(parent):
            missing.append(parent)
            parent = os.path.dirname(parent)  # noqa: PTH120
        for each in reversed(missing):
            yield self._relative(each), False
        is_tree = os.path.isdir(absolute) and not os.path.islink(absolute)  # noqa: PTH112, PTH114
        yield self._relative(absolute), is_tree
        if is_tree:
            for each in self._below(absolute):
                yield self._relative(each), False

    def _is_ours(self, path: bytes) -> bool:
        return any(path == each or path.startswith(each + b"/") for each in self._ours)

    def _below(self, folder: bytes) -> Iterator[bytes]:
        """All paths below a folder, links not followed, each folder before what is in it; our own are left out."""
        try:
            entries = sorted(os.scandir(folder), key=lambda each: each.name)
        except OSError:
            return
        for entry in entries:
            if entry.path in self._ours:
                continue
            yield entry.path
            if entry.is_dir(follow_symlinks=False):
                yield from self._below(entry.path)

    def _keep(self, path: bytes, *, is_tree: bool) -> Entry:
        return Entry(path=path, before=self._state(path), is_tree=is_tree)

    def _state(self, path: bytes) -> State:
        try:
            with place(self.head.root, path) as found:
                return keep(found, self._objects, self._budget)
        except (FileNotFoundError, NotADirectoryError):
            return NOTHING

    def _absolute(self, path: bytes) -> bytes:
        return os.path.join(self.head.root, path)  # noqa: PTH118

    def _relative(self, path: bytes) -> bytes:
        root = self.head.root.rstrip(os.fsencode(os.sep)) + os.fsencode(os.sep)
        return path.removeprefix(root)


def _listed(lost: list[str]) -> str:
    more = f" and {len(lost) - _NAMED} more" if len(lost) > _NAMED else ""
    return ", ".join(lost[:_NAMED]) + more


def place(root: bytes, path: bytes, *, is_unlocked: bool = False) -> AbstractContextManager[Spot]:
    """The spot of a path as changes name it."""
    if os.path.isabs(path):  # noqa: PTH117
        root, path = os.path.split(path)
    return unlocked(root, path) if is_unlocked else spot(root, path)
