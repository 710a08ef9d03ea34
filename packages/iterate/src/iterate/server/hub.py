"""Fans frames out to readers. A slow reader loses its place, never the server its memory."""

import asyncio
from collections import deque


class Reader:
    """One reader's queue of frames; `limit` frames at most, or 0 for no limit."""

    def __init__(self, limit: int, overflow: bytes = b"") -> None:
        self._frames: deque[bytes] = deque()
        self._limit = limit
        self._overflow = overflow
        self._news = asyncio.Event()
        self.closed = False

    def offer(self, frame: bytes) -> None:
        """Queue a frame; one too many closes the reader with its overflow frame."""
        if self.closed:
            return
        if self._limit and len(self._frames) >= self._limit:
            self.close(self._overflow)
            return
        self._frames.append(frame)
        self._news.set()

    def close(self, last: bytes = b"") -> None:
        """Let the reader have what is queued, then `last`, then the end."""
        if not self.closed:
            self.closed = True
            if last:
                self._frames.append(last)
            self._news.set()

    async def next(self, timeout_s: float) -> bytes | None:
        """The next frame; empty after `timeout_s` without one, None at the end."""
        if not self._frames and not self.closed:
            self._news.clear()
            try:
                async with asyncio.timeout(timeout_s):
                    await self._news.wait()
            except TimeoutError:
                return b""
        return self._frames.popleft() if self._frames else None


class Hub:
    """The readers of everything that happens."""

    def __init__(self) -> None:
        self._readers: set[Reader] = set()

    def join(self, reader: Reader) -> None:
        """Let a reader have every frame from now on."""
        self._readers.add(reader)

    def leave(self, reader: Reader) -> None:
        """Forget a reader."""
        self._readers.discard(reader)

    def publish(self, frame: bytes) -> None:
        """Give a frame to every reader."""
        for reader in tuple(self._readers):
            reader.offer(frame)
            if reader.closed:
                self._readers.discard(reader)

    def close(self, last: bytes) -> None:
        """End every reader with one last frame."""
        for reader in self._readers:
            reader.close(last)
        self._readers.clear()
