"""What a person does with sessions beside prompting: list, rename, delete, fork, take back, carry elsewhere."""

import asyncio
import functools
import os
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from iterate import register, spending
from iterate.errors import NotRevertible, SessionUnknown, UndoUnknown
from iterate.events import (
    CompactionUndone,
    Event,
    Reverted,
    SessionChanged,
    SessionCreated,
    SessionRemoved,
    Unreverted,
    Watched,
)
from iterate.register import Earlier, Row, Search
from iterate.runtime import export
from iterate.runtime.export import Export
from iterate.runtime.keeper import Keeper
from iterate.session import Session, Turn
from iterate.spending import By, Spending

if TYPE_CHECKING:
    # Not read before something is taken back.
    from iterate.undo.states import State
    from iterate.undo.undo import Turned, Undo

type What = Literal["both", "conversation", "files"]

# Fork of a fork of a fork has one such word.
FORKED = " (fork)"
# Rows of what was used.
MOST_ROWS = 1000
# Characters of events that are given at once.
LONGEST = 4 << 20


class Desk(Protocol):
    """What the shelf needs of the runtime."""

    async def note(self, session: str, event: Event) -> int:
        """Store an event of a session and tell it; the number it has. Raises `SessionBusy`, `SessionUnknown`."""

    async def alone(self, session: str) -> None:
        """Raises `SessionBusy` while an answer runs in it."""


class Shelf:
    """The sessions of one server."""

    def __init__(
        self,
        keeper: Keeper,
        desk: Desk,
        tell: Callable[[Watched], None],
        undo: "Callable[[], Undo]",
        outputs: Path,
    ) -> None:
        self._keeper = keeper
        self._desk = desk
        self._tell = tell
        self._undo = undo
        self._outputs = outputs

    async def search(self, asked: Search) -> list[Row]:
        """A page of sessions, the newest first."""
        return await self._keeper.run(lambda store: store.look(lambda db: register.search(db, asked)))

    async def spending(self, days: int, by: By) -> tuple[list[Spending], Spending]:
        """What was used in the last days, in rows and altogether."""

        def look(db: sqlite3.Connection) -> tuple[list[Spending], Spending]:
            return spending.of(db, days, by, MOST_ROWS), spending.altogether(db, days)

        return await self._keeper.run(lambda store: store.look(look))

    async def get(self, session: str) -> tuple[Row, Session]:
        """One session; raises `SessionUnknown`."""
        row = await self._keeper.run(lambda store: store.look(lambda db: register.get(db, session)))
        return row, await self._keeper.run(lambda store: store.load(session))

    async def earlier(self, session: str, before: int, prompts: int) -> tuple[Row, Earlier]:
        """A session, and its last prompts before a number, with their answers; 0 is the end.

        Raises `SessionUnknown`.
        """

        def look(db: sqlite3.Connection) -> tuple[Row, Earlier]:
            return register.get(db, session), register.earlier(db, session, before, prompts, LONGEST)

        return await self._keeper.run(lambda store: store.look(look))

    async def before_last(self, session: str, prompts: int) -> int:
        """The number before that of so many prompts at the end, 0 where all are meant."""
        return await self._keeper.run(lambda store: store.look(lambda db: register.before_last(db, session, prompts)))

    async def rename(self, session: str, title: str) -> None:
        """Give it another title."""
        await self._desk.note(session, SessionChanged(number=1, session=session, title=title))

    async def delete(self, session: str) -> list[str]:
        """Forget it and those under it, with all they hold, but not what they changed in projects."""
        for each in await self._keeper.run(lambda store: store.look(lambda db: register.under(db, session))):
            await self._desk.alone(each)
        gone = await self._keeper.run(lambda store: store.delete(session))
        for each in gone:
            self._tell(SessionRemoved(session=each))
        if gone:
            from iterate.tools import background  # Not before somebody needs it.

            for each in gone:
                await background.end_all(each)
        await asyncio.to_thread(self._clear, gone)
        return gone

    async def fork(self, session: str, at: int | None) -> str:
        """A new session that holds what comes before the prompt of that number, or all that is answered.

        Raises `SessionUnknown`, and `NotRevertible` when there is no such prompt.
        """
        before = await self._keeper.run(lambda store: store.load(session))
        end = before.number + 1
        if at is not None:
            end = _turn(before, at).number
        elif before.turns and before.turns[-1].ending is None:
            end = before.turns[-1].number
        new = f"ses_{os.urandom(12).hex()}"
        title = before.title.removesuffix(FORKED) + FORKED
        await self._keeper.run(lambda store: store.fork(session, new, end, title))
        self._tell(SessionCreated(session=new, directory=before.directory))
        return new

    async def revert(
        self, session: str, to: int | None, *, leaves_changed: bool = False, what: What = "both"
    ) -> Reverted:
        """Take back the prompt of that number, the last one without, and all behind it, with their changes of files.

        Or only the conversation, or only the files. Raises `NotRevertible`, `SessionBusy`, and `FilesChangedSince`;
        then nothing was taken back.
        """
        await self._desk.alone(session)
        before = await self._load(session)
        if not before.turns:
            raise NotRevertible(f"session {session} has no prompt to take back")
        first = before.turns[-1] if to is None else _turn(before, to)
        change, files = "", tuple[str, ...]()
        if what != "conversation":
            turns = [turn for turn in before.turns if turn.number >= first.number]
            changes = await self._changes(turns, leaves_changed)
            back = functools.partial(_back, changes, leaves_changed=leaves_changed)
            change, files = await self._undone(back, changes)
        if what == "files" and not change:
            raise NotRevertible("nothing that was changed since then is to be taken back")
        event = Reverted(number=1, session=session, to=first.number, files=files, what=what, change=change)
        await self._desk.note(session, event)
        return event

    async def unrevert(self, session: str, *, leaves_changed: bool = False) -> Unreverted:
        """Bring back what was taken back since the last prompt; raises `NotRevertible`, `FilesChangedSince`."""
        await self._desk.alone(session)
        before = await self._load(session)
        if not before.backs:
            raise NotRevertible(f"nothing was taken back in session {session}, or a prompt came after it")
        steps = [back.change for back in before.backs if back.change]
        if any(back.files and not back.change for back in before.backs):
            # An older iterate took it back, which did not tell how.
            old = await self._changes(before.reverted, leaves_changed)
            _, files = await self._undone(lambda undo: undo.unrevert(old, leaves_changed=leaves_changed), old)
        else:
            back = functools.partial(_back, steps, leaves_changed=leaves_changed)
            _, files = await self._undone(back, steps)
        event = Unreverted(number=1, session=session, files=files)
        await self._desk.note(session, event)
        return event

    async def _undone(self, turn: "Callable[[Undo], Turned]", changes: Sequence[str]) -> tuple[str, tuple[str, ...]]:
        """The change that taking back made, and its files; nothing where there is nothing to take back."""
        if not changes:
            return "", ()
        turned = await asyncio.to_thread(lambda: turn(self._undo()))
        return turned.change, turned.files

    async def diff(self, session: str, number: int | None) -> str:
        """What a prompt's answer changed in files, or the whole session's answers that count."""
        before = await self._keeper.run(lambda store: store.load(session))
        turns = before.turns if number is None else (_turn(before, number),)
        changes = await self._changes(turns, leaves_lost=True)
        return await asyncio.to_thread(lambda: self._undo().diff(changes)) if changes else ""

    async def since(self, root: Path, most: int) -> "dict[str, tuple[State, State]]":
        """What differs in a folder from before the oldest change that the undo remembers of it."""
        return await asyncio.to_thread(lambda: self._undo().since(root, most))

    async def undo_compaction(self, session: str) -> None:
        """Let the model read again what the newest compaction left out; raises `NotRevertible`."""
        await self._desk.alone(session)
        before = await self._load(session)
        if not before.compactions:
            raise NotRevertible(f"session {session} was not compacted")
        await self._desk.note(session, CompactionUndone(number=1, session=session))

    async def export(self, session: str) -> Export:
        """All of a session, to be imported elsewhere."""
        row, _ = await self.get(session)
        entries = await self._keeper.run(lambda store: store.everything(session))
        return await asyncio.to_thread(export.made, row, entries)

    async def markdown(self, session: str) -> str:
        """A session for people to read."""
        row, whole = await self.get(session)
        return await asyncio.to_thread(export.markdown, row, whole)

    async def bring(self, given: Export) -> str:
        """Make a session of what was exported; raises `ExportInvalid`."""
        new = f"ses_{os.urandom(12).hex()}"
        listed = await asyncio.to_thread(export.read, given, new)
        await self._keeper.run(lambda store: store.bring(new, given.directory, given.title, listed))
        self._tell(SessionCreated(session=new, directory=given.directory))
        return new

    async def _changes(self, turns: Sequence[Turn], leaves_lost: bool) -> list[str]:  # noqa: FBT001
        """The changes of these turns and of the sessions that they began, the oldest first.

        Raises `UndoUnknown` where such a session is gone, unless what it changed may be left.
        """
        found = [change.change for turn in turns for change in turn.changes if change.change]
        for child in [child for turn in turns for child in turn.children]:
            try:
                below = await self._load(child)
            except SessionUnknown as problem:
                if leaves_lost:
                    continue
                raise UndoUnknown(
                    f"what the agent in {child} changed is not known: its session is gone, or never came along",
                    "--leave-changed takes back the rest",
                ) from problem
            found += await self._changes(below.turns, leaves_lost)
        return found

    async def _load(self, session: str) -> Session:
        return await self._keeper.run(lambda store: store.load(session))

    def _clear(self, gone: Sequence[str]) -> None:
        import shutil  # It brings a dozen modules of compression.

        for each in gone:
            shutil.rmtree(self._outputs / each, ignore_errors=True)


def _back(changes: Sequence[str], undo: "Undo", *, leaves_changed: bool) -> "Turned":
    return undo.revert(changes, leaves_changed=leaves_changed)


def _turn(session: Session, number: int) -> Turn:
    for turn in session.turns:
        if turn.number == number:
            return turn
    listed = ", ".join(str(turn.number) for turn in session.turns[-20:]) or "none"
    raise NotRevertible(f"session {session.id} has no prompt {number}", f"its prompts have the numbers {listed}")
