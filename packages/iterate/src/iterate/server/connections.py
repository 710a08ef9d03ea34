"""All connections of one server: how many there are, which of them have to go. It knows no HTTP."""

import asyncio
import contextlib
from typing import Protocol

from iterate.server.limits import Limits

# Of those that may wait, this part goes at once, so that a flood of connections costs little for each.
EVICTED_PART = 8


class Connection(Protocol):
    """What is asked of one connection."""

    def evictable_since(self) -> float | None:
        """Since when it has been in its present phase, as the loop's time; None when it is trusted."""

    def evict(self) -> None:
        """Close at once."""

    def sweep(self, now: float) -> None:
        """Close when the present phase has lasted too long."""

    def shutdown(self) -> None:
        """Close after the answer that is being given, or now."""


class Connections:
    """The connections there are, within their limits.

    When there are too many, the untrusted one that has been waiting longest is closed. So whoever has the
    secret gets in: a new connection is the last to go, and a trusted one never goes.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._all: set[Connection] = set()
        self._sweep: asyncio.TimerHandle | None = None
        self._emptied = asyncio.Event()

    def __len__(self) -> int:
        return len(self._all)

    def add(self, connection: Connection) -> bool:
        """Take one more; False when there is no room, because all that are here are trusted."""
        has_room = self._make_room()
        self._all.add(connection)
        if self._sweep is None:
            self._plan_sweep()
        return has_room

    def discard(self, connection: Connection) -> None:
        """Forget one that is closed."""
        self._all.discard(connection)
        if not self._all:
            self._emptied.set()

    async def close(self, patience_s: float) -> None:
        """Close all after the answers that are being given, and those that are left after so many seconds at once."""
        for connection in tuple(self._all):
            connection.shutdown()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                while self._all:
                    self._emptied.clear()
                    await self._emptied.wait()
        for connection in tuple(self._all):
            connection.evict()

    def evict_oldest(self) -> bool:
        """Close the untrusted connections that have waited longest; False when there are none."""
        oldest = sorted(self._untrusted(), key=lambda one: one[0])[: max(1, self.limits.untrusted // EVICTED_PART)]
        for _, connection in oldest:
            self._all.discard(connection)
            connection.evict()
        return bool(oldest)

    def _make_room(self) -> bool:
        # Counted only when there may be too many, because counting takes longer than accepting.
        while len(self._all) >= self.limits.untrusted:
            if len(self._all) < self.limits.total and len(self._untrusted()) < self.limits.untrusted:
                break
            if not self.evict_oldest():
                return False
        return True

    def _untrusted(self) -> list[tuple[float, Connection]]:
        ages = ((one.evictable_since(), one) for one in self._all)
        return [(since, one) for since, one in ages if since is not None]

    def _plan_sweep(self) -> None:
        # Only while there are connections: a server without any wakes up for nothing here.
        self._sweep = asyncio.get_running_loop().call_later(self.limits.sweep_s, self._run_sweep)

    def _run_sweep(self) -> None:
        # Planned first, so that nothing that goes wrong with one connection ends the sweeping.
        self._sweep = None
        if self._all:
            self._plan_sweep()
        now = asyncio.get_running_loop().time()
        for connection in tuple(self._all):
            connection.sweep(now)
