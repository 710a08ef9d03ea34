"""One shell on a terminal of the server: what it shows is kept, read by many, and typed into by any of them."""

import asyncio
import contextlib
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from iterate.pty.scrollback import Piece, Scrollback
from iterate.sandbox import run
from iterate.sandbox.run import Bounds, Ended, Running

# How long a shell may take to end when it was asked to.
GRACE_S = 1.0


class Size(NamedTuple):
    """Of a terminal, in characters."""

    columns: int = 80
    rows: int = 24


class Start(NamedTuple):
    """What is started, where, with which variables, and on what size."""

    command: tuple[str, ...]
    directory: Path
    environment: Mapping[str, str]
    size: Size


class Terminal:
    """A shell that runs, or ran. Readers ask for what comes after their place, so a slow one costs no memory."""

    def __init__(self, name: str, start: Start, running: Running, on_end: Callable[[], None]) -> None:
        self.id = name
        self.title = Path(start.command[0]).name
        self.command = start.command
        self.directory = start.directory
        self.size = start.size
        self.began_ms = time.time_ns() // 1_000_000
        self.ended: Ended | None = None
        self.viewers = 0
        self._running = running
        self._scrollback = Scrollback()
        self._news: set[asyncio.Event] = set()
        self._typing = asyncio.Lock()
        self._on_end = on_end
        self._task = asyncio.ensure_future(self._pump())

    @property
    def end(self) -> int:
        """The place behind everything that was shown."""
        return self._scrollback.end

    async def _pump(self) -> None:
        pieces = self._running.pieces()
        try:
            async with contextlib.aclosing(pieces):
                async for piece in pieces:
                    self._scrollback.append(piece)
                    self._tell()
        finally:
            self.ended = await self._running.wait()
            self._tell()
            self._on_end()

    def _tell(self) -> None:
        for news in self._news:
            news.set()

    async def after(self, place: int, timeout_s: float) -> Piece | None:
        """What was shown behind a place, empty after `timeout_s` without any; None when nothing comes any more."""
        news = asyncio.Event()
        self._news.add(news)
        try:
            while True:
                piece = self._scrollback.after(place)
                if piece.data or piece.lost:
                    return piece
                if self.ended is not None:
                    return None
                news.clear()
                try:
                    async with asyncio.timeout(timeout_s):
                        await news.wait()
                except TimeoutError:
                    return piece
        finally:
            self._news.discard(news)

    async def type(self, data: bytes) -> None:
        """Send what somebody types, in one piece; waits while the program does not read. Nothing when it ended."""
        async with self._typing:
            view = memoryview(data)
            while view and self.ended is None and (handle := self._running.terminal) >= 0:
                try:
                    view = view[os.write(handle, view) :]
                except BlockingIOError:
                    await self._writable(handle)
                except OSError:
                    return  # Nobody has the other side any more.

    async def _writable(self, handle: int) -> None:
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        loop.add_writer(handle, ready.set)
        ended = asyncio.shield(self._task)
        waiting: list[asyncio.Future[object]] = [asyncio.ensure_future(ready.wait()), asyncio.ensure_future(ended)]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            loop.remove_writer(handle)
            for each in waiting:
                each.cancel()

    def resize(self, size: Size) -> None:
        """Let the programs know that the terminal has another size."""
        self.size = size
        if self.ended is None:
            self._running.resize(size.columns, size.rows)

    def kill(self) -> None:
        """Ask the shell to end, and end it with all that it started if it does not."""
        if self.ended is None:
            self._running.ask(GRACE_S)

    async def close(self) -> None:
        """End it at once, with all that it started, and wait until all of it is gone."""
        if self.ended is None:
            self._running.kill()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.shield(self._task)

    async def wait(self) -> None:
        """Wait for its end."""
        await asyncio.shield(self._task)


async def start(name: str, what: Start, on_end: Callable[[], None]) -> Terminal:
    """Start a shell; raises `OSError`."""
    # Neither namespaces nor bounds: it is the person's own shell. The launcher ends what it leaves.
    bounds = Bounds(
        root=what.directory, folder=what.directory, is_terminal=True, size=(what.size.columns, what.size.rows)
    )
    return Terminal(name, what, await run.start(what.command, bounds, what.environment), on_end)
