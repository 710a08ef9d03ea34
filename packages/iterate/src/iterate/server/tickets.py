"""Tickets: what lets one request pass without the secret, once and soon, because a browser cannot send a header.

A page that opens a WebSocket or an EventSource can set no header, and what stands in a URL ends up in histories. So
whoever has the secret asks for a ticket first: 32 random bytes for one GET of one path within `LIFE_S` seconds.
"""

import os
import time
from collections.abc import Callable

LIFE_S = 30.0
# Of those that wait the oldest goes.
MOST = 256


class Tickets:
    """Those that were given and not used."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._open: dict[str, tuple[str, float]] = {}

    def issue(self, path: str) -> str:
        """A ticket for one GET of that path."""
        if len(self._open) >= MOST:
            del self._open[next(iter(self._open))]
        ticket = f"tkt_{os.urandom(32).hex()}"
        self._open[ticket] = (path, self._clock() + LIFE_S)
        return ticket

    def redeem(self, ticket: str, method: str, path: str) -> bool:
        """Whether it is good for that request; it is used up in any case."""
        # Looked up by its hash: how long that takes says nothing about other tickets.
        wanted, deadline = self._open.pop(ticket, ("", 0.0))
        return method == "GET" and path == wanted and self._clock() <= deadline
