"""Whether requests may begin something, and which of them are still at it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from iterate.errors import ServerStopping


class Gate:
    """Open at first; held shut for a while, or ended for good."""

    def __init__(self) -> None:
        self.is_ended = False
        self._is_open = asyncio.Event()
        self._is_open.set()
        self._in_flight = 0
        self._landed = asyncio.Event()

    @asynccontextmanager
    async def passing(self) -> AsyncIterator[None]:
        """The time in which a request begins something; waits while the gate is shut.

        Raises `ServerStopping` once it is ended.
        """
        await self._is_open.wait()
        if self.is_ended:
            raise ServerStopping("the server is ending")
        self._in_flight += 1
        try:
            yield
        finally:
            self._in_flight -= 1
            self._landed.set()

    @contextmanager
    def shut(self) -> Iterator[None]:
        """Let nothing begin in the meantime."""
        self._is_open.clear()
        try:
            yield
        finally:
            self._is_open.set()

    async def empty(self) -> None:
        """Wait until nobody is passing."""
        while self._in_flight:
            self._landed.clear()
            await self._landed.wait()
