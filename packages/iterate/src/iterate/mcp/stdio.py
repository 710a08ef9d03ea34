"""A server of MCP that is a program: started in a session of its own, spoken with in lines, ended with all it started.

It runs in the child alone. The SDK's own way waits for seconds before it ends a program, bounds no line, and does not
say which process it started.
"""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import SessionMessage
from mcp_types import jsonrpc_message_adapter

from iterate.mcp import leftover

type Streams = tuple[MemoryObjectReceiveStream[SessionMessage | Exception], MemoryObjectSendStream[SessionMessage]]

# The longest line of a server: a message with a large image fits.
LINE_BYTES = 24 << 20
# How long a program may take to end by itself after its input was closed, and again after it and all that it started
# were asked to; and how long of that where iterate's own server waits for it.
GRACE_S, HURRY_S = 1.0, 0.04
# How long a program that closed its output may take to say with which code it ended.
_LAST_S = 0.3
_CHUNK = 1 << 16


class Program:
    """A program that is to be a server; `told` hears its process id, `said` what it complains of.

    It is given little time to end once `hurry` is set.
    """

    def __init__(
        self,
        command: Sequence[str],
        folder: str,
        env: Mapping[str, str],
        told: Callable[[int], None],
        said: Callable[[str], None],
        hurry: asyncio.Event,
    ) -> None:
        self._hurry = hurry
        self._command = command
        self._folder = folder
        self._env = env
        self._told = told
        self._said = said
        # Set when it speaks no more; `ending` says why, as far as that is known.
        self.ended = asyncio.Event()
        self.ending = ""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Streams]:
        """The streams of messages from it and to it; raises `OSError` where it cannot be started."""
        process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            cwd=self._folder or None,
            env=dict(self._env),
            start_new_session=True,
            limit=LINE_BYTES,
        )
        self._told(process.pid)
        out, incoming = anyio.create_memory_object_stream[SessionMessage | Exception](0)
        outgoing, into = anyio.create_memory_object_stream[SessionMessage](0)
        tasks = [
            asyncio.ensure_future(self._read(process, out)),
            asyncio.ensure_future(_write(process, into)),
            asyncio.ensure_future(self._complain(process)),
        ]
        try:
            yield incoming, outgoing
        finally:
            self.ended.set()
            await _surely(end(process, self._env.get(leftover.MARK, ""), self._hurry))
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for stream in (out, incoming, outgoing, into):
                stream.close()

    async def _read(self, process: Process, out: MemoryObjectSendStream[SessionMessage | Exception]) -> None:
        assert process.stdout is not None  # noqa: S101  # A pipe.
        try:
            while line := await process.stdout.readline():
                if not line.strip():
                    continue
                try:
                    message = jsonrpc_message_adapter.validate_json(line, by_name=False)
                except ValueError:
                    # Programs print what is no message; it is of use to whoever looks for a fault.
                    self._said(f"[not MCP] {line[:2000].decode(errors='replace').rstrip()}\n")
                    continue
                await out.send(SessionMessage(message))
        except ValueError:
            self.ending = f"it wrote a line of more than {LINE_BYTES >> 20} MiB"
        except (OSError, anyio.ClosedResourceError, anyio.BrokenResourceError):
            pass
        finally:
            if not self.ending:
                with suppress(TimeoutError):
                    await asyncio.wait_for(asyncio.shield(process.wait()), _LAST_S)
                self.ending = _ending(process.returncode)
            self.ended.set()
            out.close()

    async def _complain(self, process: Process) -> None:
        assert process.stderr is not None  # noqa: S101  # A pipe.
        while piece := await process.stderr.read(_CHUNK):
            self._said(piece.decode(errors="replace"))


async def _surely(work: Coroutine[None, None, None]) -> None:
    """Do the work to its end, however often whoever waits for it is cancelled."""
    task = asyncio.ensure_future(work)
    is_cancelled = False
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            is_cancelled = True
    if is_cancelled:
        raise asyncio.CancelledError


async def _write(process: Process, into: MemoryObjectReceiveStream[SessionMessage]) -> None:
    assert process.stdin is not None  # noqa: S101  # A pipe.
    with suppress(OSError, anyio.ClosedResourceError):
        async for item in into:
            text = item.message.model_dump_json(by_alias=True, exclude_unset=True)
            process.stdin.write(text.encode() + b"\n")
            await process.stdin.drain()


def _ending(code: int | None) -> str:
    if code is None:
        return "it closed its output"
    return f"it ended with exit code {code}" if code >= 0 else f"it was ended by signal {-code}"


async def end(process: Process, mark: str, hurry: asyncio.Event) -> None:
    """End a program: its input is closed, then all that it started are asked, then killed."""
    assert process.stdin is not None  # noqa: S101  # A pipe.
    process.stdin.close()
    if sys.platform != "win32":
        await _within(process.wait(), hurry)
        leftover.ask(process.pid, mark)
        await _within(_gone(process, mark), hurry)
        leftover.kill(process.pid, mark)
    else:
        with suppress(ProcessLookupError):
            process.terminate()
    with suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), _LAST_S)


async def _gone(process: Process, mark: str) -> None:
    await process.wait()
    while True:
        if not leftover.of(process.pid, mark):
            return
        await asyncio.sleep(0.02)


async def _within(work: Coroutine[None, None, object], hurry: asyncio.Event) -> None:
    """Wait for the work, but not long."""
    task, hurried = asyncio.ensure_future(work), asyncio.ensure_future(hurry.wait())
    try:
        await asyncio.wait({task, hurried}, timeout=GRACE_S, return_when=asyncio.FIRST_COMPLETED)
        if hurried.done() and not task.done():
            await asyncio.wait({task}, timeout=HURRY_S)
    finally:
        task.cancel()
        hurried.cancel()
        await asyncio.gather(task, hurried, return_exceptions=True)
