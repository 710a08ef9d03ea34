"""Writes down what happens in a session while no answer runs in it: a `Record` of the engine that stores at once."""

from collections.abc import Callable, Sequence

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


def _event(item: Part | Event) -> Event:
    return item if is_event(item) else PartAdded(number=1, session="", part=item)
