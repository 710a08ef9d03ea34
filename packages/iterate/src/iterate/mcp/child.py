"""`iterate __mcp`: the one process that has the SDK. It speaks with all servers of MCP, and with the server by pipes.

When its standard input closes, however the server ended, it ends every program that it started, and itself.
"""

import asyncio
import os
import sys
from collections.abc import Coroutine
from contextlib import suppress

from iterate.mcp import frames, leftover
from iterate.mcp.connection import Connection, Refused
from iterate.mcp.frames import (
    Answered,
    CallTool,
    Cancel,
    Close,
    Connect,
    Done,
    Failed,
    GetPrompt,
    ReadResource,
    Relist,
    Returned,
    Told,
)
from iterate.mcp.intake import Intake


def speak(intake: Intake) -> int:
    """Work until the standard input closes."""
    # What a library prints must not come between the frames.
    output = os.dup(1)
    os.dup2(2, 1)
    _adopt()
    asyncio.run(_Child(output).run(intake))
    return 0


def _adopt() -> None:
    """Become the parent of what programs leave behind, so that it is found; Linux alone can do it."""
    if sys.platform == "linux":
        import ctypes

        # PR_SET_CHILD_SUBREAPER; see prctl(2).
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)


class _Child:
    """The requests on their way, and the connections."""

    def __init__(self, output: int) -> None:
        self._output = output
        self._connections: dict[int, Connection] = {}
        self._running: dict[int, asyncio.Task[None]] = {}
        self._logins: dict[int, Connection] = {}
        self._hurry = asyncio.Event()
        self._asked: asyncio.Queue[bytes | None] = asyncio.Queue()

    async def run(self, intake: Intake) -> None:
        """Take requests to the last, then end all connections."""
        loop = asyncio.get_running_loop()

        def take(body: bytes | None) -> None:
            loop.call_soon_threadsafe(self._asked.put_nowait, body)

        intake.hand_over(take)
        while (body := await self._asked.get()) is not None:
            self._take(frames.asked(body))
        self._hurry.set()
        running = dict(self._running)
        for id_, task in running.items():
            # The others are ending programs.
            if id_ > 0:
                task.cancel()
        closing = [asyncio.ensure_future(each.close()) for each in self._connections.values()]
        await asyncio.gather(*running.values(), *closing, return_exceptions=True)
        leftover.kill_adopted()
        # Nothing is left to do, and taking everything down in good order takes as long as all before.
        os._exit(0)

    def _take(self, frame: frames.Asked) -> None:  # noqa: C901  # One for each kind.
        match frame:
            case Connect():
                self._connections[frame.connection] = self._logins[frame.id] = Connection(
                    frame, self._tell, self._hurry
                )
                self._begin(frame.id, self._connect(frame))
            case CallTool() | ReadResource() | GetPrompt() | Relist():
                self._begin(frame.id, self._answer(frame))
            case Cancel():
                if (task := self._running.get(frame.id)) is not None:
                    task.cancel()
            case Answered():
                for connection in self._connections.values():
                    connection.answered(frame)
            case Returned():
                if (login := self._logins.get(frame.id)) is not None:
                    login.returned(frame.url)
            case Close():
                if (closed := self._connections.pop(frame.connection, None)) is not None:
                    self._begin(-frame.connection, closed.close())

    def _begin(self, id_: int, work: Coroutine[None, None, None]) -> None:
        task = self._running[id_] = asyncio.ensure_future(work)
        task.add_done_callback(lambda _: self._running.pop(id_, None))

    async def _connect(self, frame: Connect) -> None:
        connection = self._connections[frame.connection]
        try:
            self._tell(Done(id=frame.id, value=await connection.open()))
        except Refused as problem:
            self._connections.pop(frame.connection, None)
            await connection.close()
            self._tell(Failed(id=frame.id, trouble=problem.trouble, text=str(problem)))
        except asyncio.CancelledError:
            self._connections.pop(frame.connection, None)
            await asyncio.shield(connection.close())
            raise
        finally:
            self._logins.pop(frame.id, None)

    async def _answer(self, frame: CallTool | ReadResource | GetPrompt | Relist) -> None:
        connection = self._connections.get(frame.connection)
        if connection is None:
            self._tell(Failed(id=frame.id, trouble="gone", text="the connection is no more"))
            return
        try:
            self._tell(Done(id=frame.id, value=await connection.answer(frame)))
        except Refused as problem:
            self._tell(Failed(id=frame.id, trouble=problem.trouble, text=str(problem)))

    def _tell(self, frame: Told) -> None:
        try:
            data = frames.encoded(frame)
        except ValueError as problem:
            if not isinstance(frame, Done):
                return
            data = frames.encoded(Failed(id=frame.id, trouble="refused", text=f"the answer is too large: {problem}"))
        # The server always reads, or is gone.
        with suppress(OSError):
            while data:
                data = data[os.write(self._output, data) :]
