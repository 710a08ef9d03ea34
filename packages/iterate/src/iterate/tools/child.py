"""Starts the programs that tools work with: ripgrep, and this program again for what must be ended in time.

A child gets no environment, a session of its own, and is killed when nobody reads it any more.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from pathlib import Path

from iterate import about
from iterate.tools.tool import ToolFailed

_CHUNK = 1 << 18
# How much is read before somebody wants it.
_AHEAD = 1 << 20
_MOST_ERRORS = 2000


class ChildFailed(ToolFailed):
    """A program that a tool works with could not do it."""


async def output(
    words: Sequence[str], folder: Path | None = None, given: bytes | None = None, fine: frozenset[int] = frozenset({0})
) -> AsyncGenerator[bytes]:
    """What the program prints, in pieces; raises `ChildFailed` where it complains and ends with no `fine` code."""
    process = await asyncio.create_subprocess_exec(
        *words,
        stdin=asyncio.subprocess.DEVNULL if given is None else asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=folder,
        # Windows starts nothing without its own variables.
        env=None if sys.platform == "win32" else {},
        start_new_session=True,
        limit=_AHEAD,
    )
    tasks = [asyncio.ensure_future(_complaint(process)), asyncio.ensure_future(_feed(process, given))]
    try:
        assert process.stdout is not None  # noqa: S101  # A pipe.
        while piece := await process.stdout.read(_CHUNK):
            yield piece
        said = (await tasks[0] or b"").decode(errors="replace").strip()
        if await process.wait() not in fine and said:
            raise ChildFailed(said)
    finally:
        for task in tasks:
            task.cancel()
        if process.returncode is None:
            _kill(process)
            await process.wait()


def _kill(process: asyncio.subprocess.Process) -> None:
    """End it, and what it shares its work with."""
    with suppress(ProcessLookupError):
        if sys.platform == "win32":
            process.kill()
        else:
            # It leads a session of its own, and is not waited for yet: the number is still its own.
            os.killpg(process.pid, signal.SIGKILL)


async def _complaint(process: asyncio.subprocess.Process) -> bytes:
    """The beginning of what it complains of; the rest is read and dropped, so that it never waits for us."""
    assert process.stderr is not None  # noqa: S101  # A pipe.
    said = b""
    while piece := await process.stderr.read(_CHUNK):
        said = (said + piece)[:_MOST_ERRORS]
    return said


async def _feed(process: asyncio.subprocess.Process, given: bytes | None) -> None:
    if process.stdin is not None and given is not None:
        with suppress(ConnectionError):
            process.stdin.write(given)
            await process.stdin.drain()
        process.stdin.close()


async def converted(html: str, base: str, most_s: float) -> str:
    """HTML as Markdown; raises `ChildFailed` where that takes too long."""
    words = [*about.start_words(), "__markdown", base]
    try:
        async with asyncio.timeout(most_s), aclosing(output(words, given=html.encode("utf-8", "replace"))) as pieces:
            return b"".join([piece async for piece in pieces]).decode("utf-8", "replace")
    except TimeoutError as problem:
        raise ChildFailed("the page takes too long to be read as Markdown; try raw") from problem
