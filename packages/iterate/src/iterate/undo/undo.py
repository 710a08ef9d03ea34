"""The undo of all sessions: changes are made through it, taken back, brought back, shown, and in time forgotten."""

import os
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from iterate.errors import FilesChangedSince, UndoUnknown, UndoUnusable
from iterate.undo import diffs, turning
from iterate.undo.keeping import Keeping, NothingKept
from iterate.undo.objects import Objects
from iterate.undo.records import Aim, Closed, Head, Open, Records
from iterate.undo.states import NOTHING, Budget, State

# What a single change may keep: this part of all that may be kept, and this many files.
SHARE, COUNT = 4, 100_000
TIDY_S = 600.0


class Turned(Struct, frozen=True, kw_only=True):
    """Changes were taken back or brought back, which is a change itself; `left` are files that were left alone."""

    change: str
    files: tuple[str, ...]
    left: tuple[str, ...] = ()


class Undo:
    """Keeps what every step changes in a folder of its own, for all projects; one process at a time may have it.

    It never looks into a project's history, and changes files of the project only. What lies in its folder, and in
    those of `ours`, is never kept nor put back, also where a project holds them. All its functions wait for the
    disk: call them in a thread. They raise `UndoUnusable` where that fails.
    """

    def __init__(self, folder: Path, *, megabytes: int = 1024, days: int = 30, ours: Sequence[Path] = ()) -> None:
        self._records = Records(folder / "changes")
        self._objects = Objects(folder / "objects")
        self._megabytes, self._days = megabytes, days
        self._ours = tuple(os.fsencode(os.path.realpath(each)) for each in (folder, *ours))
        self._turning = threading.Lock()
        self._stamping = threading.Lock()
        self._last = self._records.newest()
        self._since = self._stamp()
        self._tidied_at = float("-inf")

    @property
    def kept_bytes(self) -> int:
        """How much of one change is kept."""
        return (self._megabytes << 20) // SHARE

    def _stamp(self) -> str:
        """The time in nanoseconds, as text that sorts; the first 13 digits are milliseconds.

        Behind every one that was given before, whatever became of the clock: changes are taken back in this order.
        """
        with self._stamping:
            self._last = max(time.time_ns(), self._last + 1)
            return f"{self._last:019d}"

    def change(self, session: str, call: str, root: Path) -> Keeping | NothingKept:
        """A new change; nothing is written before something is kept."""
        if self._megabytes == 0:
            return NothingKept()
        return self._begin(session, call, os.fsencode(root))

    def revert(self, changes: Sequence[str], *, leaves_changed: bool = False) -> Turned:
        """Put back what was there before these changes, all of one project, in any order.

        A file that somebody changed since, between them or after them, is not touched: then nothing is, and
        `FilesChangedSince` names all of them, unless `leaves_changed` asks to take back the others. Raises
        `UndoUnknown` for a change that was never made or is forgotten by now.
        """
        with self._turning:
            loaded = [self._load(each) for each in sorted(set(changes))]
            if not loaded:
                return Turned(change="", files=())
            wanted, broken = turning.chain(loaded)
            return self._turn(
                loaded[-1].head, tuple(sorted(set(changes))), wanted, broken, leaves_changed=leaves_changed
            )

    def unrevert(self, changes: Sequence[str], *, leaves_changed: bool = False) -> Turned:
        """Bring back what the last `revert` of exactly these changes took back."""
        undone = tuple(sorted(set(changes)))
        seen: set[str] = set()
        for name in reversed(self._records.names()):
            found = self._records.load(name)
            if found is None:
                continue
            if found.head.undoes == undone and name not in seen:
                return self.revert([name], leaves_changed=leaves_changed)
            seen.update(found.head.undoes)
        raise UndoUnknown("these changes were not taken back, or that is forgotten by now")

    def diff(self, changes: Sequence[str]) -> str:
        """What these changes did together, as a unified diff; what others changed between them is in it."""
        loaded = [self._load(each) for each in sorted(set(changes))]
        states: dict[bytes, tuple[State, State]] = {}
        for each in loaded:
            for path, (before, after) in each.states.items():
                states[path] = (states.get(path, (before, after))[0], after)
        try:
            return diffs.joined(diffs.unified(path, *pair, self._objects) for path, pair in sorted(states.items()))
        except OSError as problem:
            raise UndoUnusable(f"the undo cannot be read: {problem.strerror}") from problem

    def of(self, session: str) -> tuple[str, ...]:
        """The changes of a session that are remembered, the oldest first; those that take back others included."""
        found = (self._records.load(name) for name in self._records.names())
        return tuple(each.head.id for each in found if each is not None and each.head.session == session)

    def since(self, root: Path, most: int) -> dict[str, tuple[State, State]]:
        """What differs in a project from before the oldest change that is remembered of it: what was, and what is.

        At most so many paths, those that were changed last first.
        """
        oldest: dict[bytes, State] = {}
        for name in reversed(self._records.names()):
            found = self._records.load(name)
            if found is None or found.head.root != os.fsencode(root):
                continue
            for path, (before, _) in found.states.items():
                if not os.path.isabs(path) and (path in oldest or len(oldest) < most):  # noqa: PTH117
                    oldest[path] = before
        now = turning.states(os.fsencode(root), oldest)
        pairs = ((path, before, now[path]) for path, before in oldest.items())
        return {diffs.name(path): (before, after) for path, before, after in pairs if not before.is_like(after)}

    def recover(self) -> None:
        """Complete what a process that was killed left; call it before anything else. It waits for the disk."""
        for each in self._records.openings():
            if each.head.id >= self._since:
                continue  # It is being made.
            try:
                self._complete(each)
            except OSError:
                continue  # The next start tries again.
        self.tidy()

    def tidy(self) -> None:
        """Forget changes that are too old, and the oldest while all together are too large."""
        oldest = f"{int((time.time() - self._days * 86400) * 1000):013d}"
        names = self._records.names()
        for name in [each for each in names if each < oldest]:
            self._records.remove(name)
            names.remove(name)
        if self._objects.size() > self._megabytes << 20:
            names = self._shrink(names)
        self._objects.drop_all_but(self._reachable(names))
        self._tidied_at = time.monotonic()

    def _tidy_if_due(self) -> None:
        if time.monotonic() - self._tidied_at > TIDY_S:
            self.tidy()

    def _shrink(self, names: list[str]) -> list[str]:
        """Forget the oldest, so that what the others refer to fits."""
        sizes: dict[str, int] = {}
        kept: list[str] = []
        for name in reversed(names):
            change = self._records.load(name)
            states = [state for pair in change.states.values() for state in pair] if change else []
            sizes |= {state.digest: state.size for state in states if state.digest}
            if sum(sizes.values()) > self._megabytes << 20:
                break
            kept.append(name)
        for name in set(names) - set(kept):
            self._records.remove(name)
        return kept[::-1]

    def _reachable(self, names: Sequence[str]) -> set[str]:
        found: set[str] = set()
        for name in names:
            change = self._records.load(name)
            if change is not None:
                found |= {state.digest for pair in change.states.values() for state in pair}
        for opening in self._records.openings():
            found |= {entry.before.digest for entry in opening.entries} | {aim.target.digest for aim in opening.aims}
        return found

    def _begin(self, session: str, call: str, root: bytes, undoes: tuple[str, ...] = ()) -> Keeping:
        name = f"{self._stamp()}-{os.urandom(4).hex()}"
        head = Head(id=name, session=session, call=call, root=root, at_ms=int(name[:13]), undoes=undoes)
        budget = Budget(self.kept_bytes, COUNT)
        return Keeping(head, self._records, self._objects, budget, self._tidy_if_due, self._ours)

    def _load(self, name: str) -> Closed:
        found = self._records.load(name)
        if found is None:
            raise UndoUnknown(f"the change {name} is not remembered: it is too old, or never was")
        return found

    def _turn(
        self,
        head: Head,
        undoes: tuple[str, ...],
        wanted: dict[bytes, tuple[State, State]],
        broken: set[bytes],
        *,
        leaves_changed: bool,
    ) -> Turned:
        now = turning.states(head.root, wanted)
        lost = {path for path, (_, target) in wanted.items() if not target.is_kept and not now[path].is_like(target)}
        foreign = broken | lost
        for path, (expected, target) in wanted.items():
            if not now[path].is_like(expected) and not now[path].is_like(target):
                foreign.add(path)
        if foreign and not leaves_changed:
            raise FilesChangedSince(turning.reasons(foreign, lost, wanted, is_back=bool(head.undoes)))
        todo = {
            path: target
            for path, (_, target) in wanted.items()
            if path not in foreign and not now[path].is_like(target)
        }
        keeping = self._begin(head.session, head.call, head.root, undoes)
        if todo:
            keeping.keep([Path(os.fsdecode(os.path.join(head.root, path))) for path in todo])  # noqa: PTH118
            try:
                self._records.add(keeping.head.id, *(Aim(path=path, target=target) for path, target in todo.items()))
                left = turning.apply(head.root, todo, now, self._objects)
            except OSError as problem:
                raise UndoUnusable(f"taking back stopped in the middle: {problem.strerror}") from problem
            finally:
                change, _ = keeping.finish()
        else:
            left, change = set(), ""
        done = tuple(
            diffs.name(path)
            for path, target in sorted(todo.items())
            if path not in left and {target.kind, now[path].kind} - {"none", "folder"}
        )
        return Turned(change=change, files=done, left=tuple(sorted(map(diffs.name, foreign | left))))

    def _complete(self, opening: Open) -> None:
        """Finish what was begun, and close it with what is there now."""
        now = {entry.path: entry.before for entry in opening.entries}
        todo: dict[bytes, State] = {}
        for aim in opening.aims:
            with_before = now.get(aim.path, NOTHING)
            found = turning.states(opening.head.root, {aim.path: (with_before, aim.target)})[aim.path]
            if found.is_like(with_before) and not found.is_like(aim.target):
                todo[aim.path] = aim.target
        turning.sweep(opening.head.root, [*(each.path for each in opening.aims), *now])
        if todo:
            turning.apply(opening.head.root, todo, turning.states(opening.head.root, todo), self._objects)
        budget = Budget(self._megabytes << 20, COUNT)
        keeping = Keeping(opening.head, self._records, self._objects, budget, ours=self._ours)
        keeping.resume(opening.entries)
        keeping.finish()
