"""The server's end of its child that speaks MCP: it is started when it is needed, and nothing of it is left behind."""

import asyncio
import itertools
import logging
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Mapping
from contextlib import suppress

from iterate import about
from iterate.mcp import frames, leftover
from iterate.mcp.frames import (
    Asked,
    Cancel,
    Connect,
    Done,
    Ended,
    Failed,
    Progress,
    Started,
    Told,
    Trouble,
    Value,
    Visit,
)

_log = logging.getLogger("iterate.mcp")

# How long the child may take to end its programs and itself.
GRACE_S = 2.0
# No plugins of pydantic are looked for.
_PLAIN = {"LANG": "C.UTF-8", "PYDANTIC_DISABLE_PLUGINS": "1"}
_NETWORK = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"}


class Unanswered(Exception):  # noqa: N818  # Whoever asked makes an error of it.
    """A request came to nothing."""

    def __init__(self, trouble: Trouble, text: str) -> None:
        super().__init__(text)
        self.trouble: Trouble = trouble


class Link:
    """The child, and the requests it works on. `hear` is told what belongs to no request."""

    def __init__(self, hear: Callable[[Told], None], environment: Mapping[str, str]) -> None:
        self._hear = hear
        self._environment = {name: text for name, text in environment.items() if name.upper() in _NETWORK}
        self._process: Process | None = None
        self._starting = asyncio.Lock()
        self._waiting: dict[int, asyncio.Future[Value]] = {}
        self._following: dict[int, Callable[[Progress | Visit], None]] = {}
        self._reading: asyncio.Task[None] | None = None
        self._ids = itertools.count(1)
        self._token = os.urandom(8).hex()
        # The connections, each with the program that was started for it, or 0. Programs have sessions of their own:
        # a child that is killed leaves them behind.
        self._programs: dict[int, int] = {}

    @property
    def pid(self) -> int:
        """The child's process id; 0 where there is none."""
        return 0 if self._process is None else self._process.pid

    def mark(self, connection: int) -> str:
        """What all that is started for a connection is known by."""
        return f"{self._token}-{connection}"

    def next_id(self) -> int:
        """An id for a request or a connection."""
        return next(self._ids)

    async def ask(
        self, frame: Asked, id_: int, most_s: float, follow: Callable[[Progress | Visit], None] | None = None
    ) -> Value:
        """What the child gives for that request; raises `Unanswered`, and `TimeoutError` after `most_s` seconds.

        Who is cancelled here, or waits too long, has the request cancelled at its server.
        """
        await self._start()
        waiting: asyncio.Future[Value] = asyncio.get_running_loop().create_future()
        self._waiting[id_] = waiting
        if follow is not None:
            self._following[id_] = follow
        if isinstance(frame, Connect):
            self._programs[frame.connection] = 0
        try:
            await self._send(frame)
            async with asyncio.timeout(most_s):
                return await waiting
        except (asyncio.CancelledError, TimeoutError):
            if self._process is not None:
                await asyncio.shield(self._send(Cancel(id=id_)))
            raise
        finally:
            self._waiting.pop(id_, None)
            self._following.pop(id_, None)

    async def tell(self, frame: Asked) -> None:
        """Tell the child something that has no answer, if there is one."""
        if self._process is not None:
            await self._send(frame)

    async def close(self) -> None:
        """End the child, and with it all that it started."""
        process = self._process
        if process is None:
            return
        assert process.stdin is not None  # noqa: S101  # A pipe.
        process.stdin.close()
        try:
            async with asyncio.timeout(GRACE_S):
                await process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                process.kill()
        if self._reading is not None:
            await asyncio.wait({self._reading})

    async def _start(self) -> None:
        async with self._starting:
            if self._process is not None:
                return
            # Programs get environments of their own. What is here is for reaching servers over HTTP.
            self._process = await asyncio.create_subprocess_exec(
                *about.start_words(),
                "__mcp",
                stdin=PIPE,
                stdout=PIPE,
                stderr=PIPE,
                env=None if sys.platform == "win32" else {**_PLAIN, **self._environment},
                start_new_session=True,
            )
            self._reading = asyncio.ensure_future(self._read(self._process))

    async def _send(self, frame: Asked) -> None:
        process = self._process
        if process is None or process.stdin is None:
            return
        try:
            process.stdin.write(frames.encoded(frame))
            await process.stdin.drain()
        except ValueError as problem:
            raise Unanswered("refused", str(problem)) from problem
        except OSError:
            pass  # It is gone; whoever reads from it tells everybody.

    async def _read(self, process: Process) -> None:
        assert process.stdout is not None  # noqa: S101  # A pipe.
        complaints = asyncio.ensure_future(_complaints(process))
        try:
            while True:
                head = await process.stdout.readexactly(frames.HEAD_BYTES)
                size = int.from_bytes(head, "big")
                if size > frames.LONGEST_BYTES:
                    break
                self._take(frames.told(await process.stdout.readexactly(size)))
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            self._process = None
            with suppress(ProcessLookupError):
                process.kill()
            # One that ended by itself has ended its programs.
            self._lost(is_clean=await process.wait() == 0)
            said = await complaints
            if process.returncode:
                _log.error("the process that speaks MCP ended with code %s: %s", process.returncode, said[-2000:])

    def _take(self, frame: Told) -> None:
        match frame:
            case Done():
                if (waiting := self._waiting.get(frame.id)) is not None and not waiting.done():
                    waiting.set_result(frame.value)
            case Failed():
                if (waiting := self._waiting.get(frame.id)) is not None and not waiting.done():
                    waiting.set_exception(Unanswered(frame.trouble, frame.text))
            case Progress() | Visit():
                if (follow := self._following.get(frame.id)) is not None:
                    follow(frame)
            case Started():
                self._programs[frame.connection] = frame.pid
            case Ended():
                self._programs.pop(frame.connection, None)
                self._hear(frame)
            case _:
                self._hear(frame)

    def _lost(self, *, is_clean: bool) -> None:
        """The child is no more: nobody gets an answer, and what it had started is killed."""
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(Unanswered("gone", "the process that speaks MCP ended"))
        for connection, pid in self._programs.items():
            if pid and not is_clean:
                leftover.kill(pid, self.mark(connection))
            self._hear(Ended(connection=connection, text="the process that speaks MCP ended"))
        self._programs.clear()

    def forget(self, connection: int) -> None:
        """A connection was closed in good order."""
        self._programs.pop(connection, None)


async def _complaints(process: Process) -> str:
    """The end of what it writes to its standard error."""
    assert process.stderr is not None  # noqa: S101  # A pipe.
    said = b""
    while piece := await process.stderr.read(1 << 16):
        said = (said + piece)[-8000:]
    return said.decode(errors="replace")
