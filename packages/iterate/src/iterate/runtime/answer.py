"""One answer as a job: it goes on whoever listens, and ends once, stored and told.

What a reader is told was stored before. The one exception is an ending that cannot be stored: it is told, kept, and
written as soon as the database takes it.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence

from iterate import events
from iterate.engine import loop
from iterate.engine.job import Job, Outcome
from iterate.errors import Failure
from iterate.events import Entry, Event, Item, PermissionAsked, Piece, QuestionAsked, Unknown
from iterate.runtime import ledger, reading
from iterate.runtime.keeper import Keeper
from iterate.runtime.ledger import Batch, Place
from iterate.runtime.reading import Cursor, Line
from iterate.session import Session, fold
from iterate.store import PAGE_BYTES, PAGE_EVENTS, Begun, Page, StoreChanged

_log = logging.getLogger("iterate.runtime")

# Pieces that come faster than this are stored and told together, in seconds: a screen shows 60 frames of them.
PACE_S = 0.013
# A provider that is this many characters ahead of the database has to wait.
ROOM = 1 << 18
# How long the clean-up of a provider may take before its answer ends without it, and how often a kept ending is tried.
CLEAN_UP_S = 10.0
KEPT_RETRY_S = 0.5

type Tell = Callable[[Sequence[Line]], None]


class Answer:
    """The answer to one prompt, from its stored prompt on."""

    def __init__(self, begun: Begun, keeper: Keeper, tell: Tell) -> None:
        self.first = begun.number
        self.id = begun.before.id
        # Set when the ending was told; `is_over` says that it was written as well.
        self.ended = asyncio.Event()
        self.is_over = False
        self.prompt_id = begun.prompt_id
        self._before = begun.before
        self._keeper = keeper
        self._tell = tell
        self._entries: list[Entry[Event | Unknown]] = [begun.entry]
        self._place = Place(begun.number)
        self._items: list[Item] = []
        self._size = 0
        # How many items were taken, and how many of them stored.
        self._taken = 0
        self._stored = 0
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        # Somebody waits for what is more than a piece of text.
        self._hurry = asyncio.Event()
        self._reason = ""
        self._pulling: asyncio.Task[Outcome] | None = None
        self.task: asyncio.Task[None] | None = None

    def start(self, job: Job) -> asyncio.Task[None]:
        """Begin to answer; the task ends when the ending is written."""
        self.task = asyncio.ensure_future(self._work(job))
        return self.task

    def cancel(self, reason: str) -> None:
        """End the answer with `failed`, soon; a second call changes nothing, so the clean-up is not aborted."""
        if not self._reason:
            self._reason = reason
            if self._pulling is not None:
                self._pulling.cancel(reason)
            # From now on its clean-up has a bound.
            self._wake(None)

    def page(self, after: int) -> Page | None:
        """What lies behind that number, when all of it is in memory; a page has the bounds of the store's."""
        if after < self.first - 1:
            return None
        entries: list[Entry[Event | Unknown]] = []
        size = 0
        begin = after + 1 - self.first
        for entry in self._entries[begin : begin + PAGE_EVENTS]:
            size += len(entry.json)
            if entries and size > PAGE_BYTES:
                break
            entries.append(entry)
        is_last = begin + len(entries) >= len(self._entries)
        open_part = self._place.open_part if is_last else None
        return Page(self.id, tuple(entries), open_part, not self.ended.is_set())

    def asked(self, id_: str) -> int:
        """The number of the event that asks this, 0 while there is none."""
        for entry in reversed(self._entries):
            event = entry.event
            if isinstance(event, PermissionAsked | QuestionAsked) and event.id == id_:
                return event.number
        return 0

    async def take(self, item: Item) -> None:
        """The next thing that happens; waits while much is not stored yet."""
        if self._reason:
            # Somebody goes on after it was cancelled.
            raise asyncio.CancelledError(self._reason)
        if isinstance(item, Piece):
            item = Piece(text=_storable(item.text), kind=item.kind)
            self._size += len(item.text)
        else:
            # What is no JSON is a bug of whoever made it, raised where it can be seen.
            ledger.check(item)
            self._hurry.set()
        self._items.append(item)
        self._taken += 1
        self._news.set()
        while self._size > ROOM:
            await self._progress()

    async def settled(self) -> int:
        """Wait until all that was taken is stored, and give the number of the newest event."""
        taken = self._taken
        self._hurry.set()
        while self._stored < taken:
            await self._progress()
        return self._place.number

    async def session(self) -> Session:
        """The conversation as it is stored now, with this turn."""
        await self.settled()
        return await asyncio.to_thread(fold, self._before, [entry.event for entry in self._entries])

    async def _progress(self) -> None:
        self._room.clear()
        await self._room.wait()

    async def _work(self, job: Job) -> None:
        self._pulling = asyncio.ensure_future(loop.run(job, self))
        self._pulling.add_done_callback(self._wake)
        if self._reason:
            self._pulling.cancel(self._reason)
        problem: Failure | None = None
        try:
            await self._store_items(self._pulling)
        except Failure as unusable:
            problem = unusable
            self.cancel("store")
        outcome = await self._outcome(self._pulling)
        if problem is not None:
            outcome = Outcome(reason="store", message=f"{problem}; {problem.hint}")
        await self._end(outcome)

    def _wake(self, _pulling: object) -> None:
        self._news.set()
        self._hurry.set()

    async def _store_items(self, pulling: asyncio.Task[Outcome]) -> None:
        """Store and tell what comes until the engine is at its end; what is left then goes with the ending."""
        while True:
            await self._news.wait()
            self._news.clear()
            if pulling.done() or self._reason:
                return
            self._hurry.clear()
            batch = ledger.write(self.id, self._place, self._items)
            taken = len(self._items)
            await self._store(batch)
            self._commit(batch, taken)
            if not self._hurry.is_set():
                await self._pace()

    async def _pace(self) -> None:
        try:
            async with asyncio.timeout(PACE_S):
                await self._hurry.wait()
        except TimeoutError:
            pass

    async def _outcome(self, pulling: asyncio.Task[Outcome]) -> Outcome:
        await asyncio.wait({pulling}, timeout=CLEAN_UP_S if self._reason else None)
        if not pulling.done():
            _log.error("what session %s does is not cleaned up in time; its answer ends without", self.id)
            return loop.cancelled(self._reason)
        if pulling.cancelled():
            return loop.cancelled(self._reason)
        outcome = pulling.result()
        if self._reason and outcome.reason is not None:
            # Whatever a provider raised while it was being cancelled.
            return loop.cancelled(self._reason)
        if outcome.reason == "cancelled":
            # Nobody asked for it: something inside the provider was cancelled.
            return Outcome(reason="provider", message="the provider broke off")
        return outcome

    async def _end(self, outcome: Outcome) -> None:
        message = _storable(outcome.message)
        batch = ledger.end(self.id, self._place, self._items, outcome.reason, message)
        try:
            await self._store(batch)
        except StoreChanged as problem:
            _log.error("an ending is given up: %s", problem)
            self.is_over = True
            self._commit(batch, len(self._items))
        except Failure as problem:
            if outcome.reason is None:
                message = _storable(f"{problem}; {problem.hint}")
                batch = ledger.end(self.id, self._place, self._items, "store", message)
            _log.error("an ending is kept until it can be written: %s", problem)
            self._commit(batch, len(self._items))
            await self._write_later(batch)
        else:
            self.is_over = True
            self._commit(batch, len(self._items))

    async def _write_later(self, batch: Batch) -> None:
        while True:
            await asyncio.sleep(KEPT_RETRY_S)
            try:
                await self._store(batch, patience_s=0)
            except StoreChanged as problem:
                # It will never be written, and must not keep a server from ending.
                _log.error("an ending is given up: %s", problem)
            except Failure:
                continue
            self.is_over = True
            return

    async def _store(self, batch: Batch, patience_s: float | None = None) -> None:
        await self._keeper.run(lambda store: store.append(self.id, batch.entries, batch.pieces), patience_s=patience_s)

    def _commit(self, batch: Batch, taken: int) -> None:
        """Take over what was stored, and tell it."""
        before = self._place
        self._entries += batch.entries
        self._place = batch.place
        del self._items[:taken]
        self._stored += taken
        self._size = sum(len(item.text) for item in self._items if isinstance(item, Piece))
        self._room.set()
        cursor = Cursor(before.number, len(before.open_part.text) if before.open_part else 0)
        page = Page(self.id, batch.entries, batch.place.open_part)
        self._tell(reading.unseen(cursor, page)[0])
        if batch.entries and events.is_ending(batch.entries[-1].event):
            self.ended.set()


def _storable(text: str) -> str:
    """The text without lone surrogates, which neither JSON in UTF-8 nor the database can hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="replace").decode()
    return text
