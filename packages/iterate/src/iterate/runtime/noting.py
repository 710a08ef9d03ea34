"""Writes down what happens in a session while no answer runs in it: a `Record` of the engine that stores at once."""

import asyncio
from collections.abc import Callable, Sequence

from iterate.engine import compaction, loop, messages
from iterate.engine.job import Job, Stopped
from iterate.errors import NotCompacted
from iterate.events import Event, Item, Part, PartAdded, Piece, is_event
from iterate.runtime.keeper import Keeper
from iterate.runtime.reading import Line
from iterate.session import Session


class Noting:
    """The record of one session."""

    def __init__(self, session: str, keeper: Keeper, tell: Callable[[Sequence[Line]], None]) -> None:
        self._session = session
        self._keeper = keeper
        self._tell = tell

    async def take(self, item: Item) -> None:
        """Store and tell it; a piece of text belongs to an answer, so it is passed over."""
        if isinstance(item, Piece):
            return
        event = _event(item)
        entry = await self._keeper.run(lambda store: store.add(self._session, event))
        self._tell([entry])

    async def settled(self) -> int:
        """The number of the newest event."""
        return (await self.session()).number

    async def session(self) -> Session:
        """The conversation as it is stored."""
        return await self._keeper.run(lambda store: store.load(self._session))


async def summed_up(record: Noting, job: Job) -> Session:
    """The session after it was summed up; raises `NotCompacted`, and what models raise."""
    request = loop.request(job, await asyncio.to_thread(messages.history, job.ask.session))
    size = messages.tokens(request.messages) + compaction.overhead(request.system, request.tools)
    try:
        await compaction.compact(job, record, request, size)
    except Stopped as stopped:
        raise NotCompacted(stopped.outcome.message) from stopped
    return await record.session()


def _event(item: Part | Event) -> Event:
    return item if is_event(item) else PartAdded(number=1, session="", part=item)
