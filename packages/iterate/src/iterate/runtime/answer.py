"""One answer as a job: it goes on whoever listens, and ends once, stored and told.

What a reader is told was stored before. The one exception is an ending that cannot be stored: it is told, kept, and
written as soon as the database takes it.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence

from iterate import engine, events
from iterate.engine import Outcome
from iterate.errors import Failure
from iterate.events import Entry, Event, Part, PartAdded, Piece, Unknown
from iterate.request import Model
from iterate.runtime import ledger, reading
from iterate.runtime.keeper import Keeper
from iterate.runtime.ledger import Batch, Place
from iterate.runtime.reading import Cursor, Line
from iterate.session import Ask
from iterate.store import PAGE_BYTES, PAGE_EVENTS, Begun, Page, StoreChanged

_log = logging.getLogger("iterate.runtime")

# Pieces that come faster than this are stored and told together, in seconds.
PACE_S = 0.02
# A provider that is this many characters ahead of the database has to wait.
ROOM = 1 << 18
# How long the clean-up of a provider may take before its answer ends without it, and how often a kept ending is tried.
CLEAN_UP_S = 10.0
KEPT_RETRY_S = 0.5

type Tell = Callable[[Sequence[Line]], None]


class Answer:
    """The answer to one prompt, from its stored prompt on."""

    def __init__(self, ask: Ask, model: Model, begun: Begun, keeper: Keeper, tell: Tell) -> None:
        self.first = begun.number
        # Set when the ending was told; `is_over` says that it was written as well.
        self.ended = asyncio.Event()
        self.is_over = False
        self.prompt_id = begun.prompt_id
        self._ask = ask
        self._model = model
        self._keeper = keeper
        self._tell = tell
        self._entries: list[Entry[Event | Unknown]] = [begun.entry]
        self._place = Place(begun.number)
        self._items: list[Piece | Part] = []
        self._size = 0
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._reason = ""
        self._pulling: asyncio.Task[Outcome] | None = None
        self.task: asyncio.Task[None] = asyncio.ensure_future(self._work())

    def cancel(self, reason: str) -> None:
        """End the answer with `failed`, soon; a second call changes nothing, so the clean-up is not aborted."""
        if not self._reason:
            self._reason = reason
            if self._pulling is not None:
                self._pulling.cancel(reason)

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
        return Page(self._ask.session.id, tuple(entries), open_part, not self.ended.is_set())

    async def _work(self) -> None:
        self._pulling = asyncio.ensure_future(engine.run(self._ask, self._model, self._take))
        self._pulling.add_done_callback(lambda _: self._news.set())
        if self._reason:
            self._pulling.cancel(self._reason)
        problem: Failure | None = None
        try:
            await self._store_pieces(self._pulling)
        except Failure as unusable:
            problem = unusable
            self.cancel("store")
        outcome = await self._outcome(self._pulling)
        if problem is not None:
            outcome = Outcome(reason="store", message=f"{problem}; {problem.hint}")
        await self._end(outcome)

    async def _take(self, item: Piece | Part) -> None:
        if self._reason:
            # A provider that goes on after it was cancelled.
            raise asyncio.CancelledError(self._reason)
        if isinstance(item, Piece):
            item = Piece(text=_storable(item.text), kind=item.kind)
            self._size += len(item.text)
        else:
            # What is no JSON is the provider's bug, raised where it can be seen.
            events.encode(PartAdded(number=1, session="", part=item))
        self._items.append(item)
        self._news.set()
        while self._size > ROOM:
            self._room.clear()
            await self._room.wait()

    async def _store_pieces(self, pulling: asyncio.Task[Outcome]) -> None:
        """Store and tell what comes until the provider is at its end; what is left then goes with the ending."""
        while True:
            await self._news.wait()
            self._news.clear()
            if pulling.done() or self._reason:
                return
            batch = ledger.write(self._ask.session.id, self._place, self._items)
            taken = len(self._items)
            await self._store(batch)
            self._commit(batch, taken)
            await asyncio.wait({pulling}, timeout=PACE_S)

    async def _outcome(self, pulling: asyncio.Task[Outcome]) -> Outcome:
        await asyncio.wait({pulling}, timeout=CLEAN_UP_S if self._reason else None)
        if not pulling.done():
            _log.error("%s does not end its clean-up; its answer ends without it", self._model.name)
            return engine.cancelled(self._reason)
        if pulling.cancelled():
            return engine.cancelled(self._reason)
        outcome = pulling.result()
        if self._reason and outcome.reason is not None:
            # Whatever a provider raised while it was being cancelled.
            return engine.cancelled(self._reason)
        if outcome.reason == "cancelled":
            # Nobody asked for it: something inside the provider was cancelled.
            return Outcome(reason="provider", message="the provider broke off")
        return outcome

    async def _end(self, outcome: Outcome) -> None:
        session = self._ask.session.id
        message = _storable(outcome.message)
        batch = ledger.end(session, self._place, self._items, outcome.reason, message)
        try:
            await self._store(batch)
        except StoreChanged as problem:
            _log.error("an ending is given up: %s", problem)
            self.is_over = True
            self._commit(batch, len(self._items))
        except Failure as problem:
            if outcome.reason is None:
                message = _storable(f"{problem}; {problem.hint}")
                batch = ledger.end(session, self._place, self._items, "store", message)
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
        session = self._ask.session.id
        await self._keeper.run(lambda store: store.append(session, batch.entries, batch.pieces), patience_s=patience_s)

    def _commit(self, batch: Batch, taken: int) -> None:
        """Take over what was stored, and tell it."""
        before = self._place
        self._entries += batch.entries
        self._place = batch.place
        del self._items[:taken]
        self._size = sum(len(item.text) for item in self._items if isinstance(item, Piece))
        self._room.set()
        cursor = Cursor(before.number, len(before.open_part.text) if before.open_part else 0)
        page = Page(self._ask.session.id, batch.entries, batch.place.open_part)
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
