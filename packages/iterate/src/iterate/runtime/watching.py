"""Watching everything: each event of each session as it happens. A slow watcher loses its place, never memory."""

import asyncio
from collections import deque
from collections.abc import Sequence

from iterate import events
from iterate.events import Entry, ServerOverflow, Unknown, Watched

# JSON that may wait for one slow watcher, in bytes, and what counts for an entry besides its JSON.
LIMIT_BYTES = 8 << 20
ENTRY_BYTES = 200
# What is handed over at once.
BATCH_BYTES = 1 << 18

type Seen = Entry[Watched | Unknown]


class Watcher:
    """One reader's queue, of `limit` bytes at most."""

    def __init__(self, limit: int = LIMIT_BYTES) -> None:
        self._entries: deque[Seen] = deque()
        self._limit = limit
        self._size = 0
        self._news = asyncio.Event()
        self.is_closed = False

    def offer(self, entry: Seen) -> None:
        """Queue an entry; one that does not fit any more ends the watcher with a notice."""
        if self.is_closed:
            return
        self._size += len(entry.json) + ENTRY_BYTES
        if self._size > self._limit and self._entries:
            self.close(events.entry(ServerOverflow()))
            return
        self._entries.append(entry)
        self._news.set()

    def close(self, last: Seen | None = None) -> None:
        """Let the reader have what is queued, then `last`, then the end."""
        if not self.is_closed:
            self.is_closed = True
            if last is not None:
                self._entries.append(last)
            self._news.set()

    async def next(self, timeout_s: float) -> Sequence[Seen] | None:
        """About `BATCH_BYTES` of what is queued; nothing after `timeout_s` of silence, None at the end."""
        if not self._entries and not self.is_closed:
            self._news.clear()
            try:
                async with asyncio.timeout(timeout_s):
                    await self._news.wait()
            except TimeoutError:
                return ()
        taken: list[Seen] = []
        size = 0
        while self._entries and (not taken or size + len(self._entries[0].json) <= BATCH_BYTES):
            taken.append(self._entries.popleft())
            size += len(taken[-1].json)
        self._size -= size + ENTRY_BYTES * len(taken)
        return taken or None


class Watchers:
    """Everybody who watches."""

    def __init__(self) -> None:
        self._watchers: set[Watcher] = set()

    def join(self, watcher: Watcher) -> None:
        """Let a watcher have every entry from now on."""
        self._watchers.add(watcher)

    def leave(self, watcher: Watcher) -> None:
        """Forget a watcher."""
        self._watchers.discard(watcher)

    def tell(self, entries: Sequence[Seen]) -> None:
        """Give entries to every watcher."""
        for watcher in tuple(self._watchers):
            for entry in entries:
                watcher.offer(entry)
            if watcher.is_closed:
                self._watchers.discard(watcher)

    def close(self, last: Seen) -> None:
        """End every watcher with one last entry."""
        for watcher in self._watchers:
            watcher.close(last)
        self._watchers.clear()
