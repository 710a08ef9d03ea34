"""Starts a command, confined where the system can, and ends it with all it started. It is a door to programs.

On Linux each command has a launcher between it and the server: `confine.py`, which is this program again. It is told
by a pipe what to do, and a server that dies closes the pipe. Elsewhere the command is started plainly.
"""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from iterate import about
from iterate.sandbox import spare

_SOURCE = Path(__file__).parents[2]
# What is read of the output at once.
PIECE_BYTES = 1 << 16
# And before others get their turn. A terminal gives 4 KiB at a time, however much it has.
MOST_BYTES = 1 << 18
# What a pipe holds, where it can be so much: each time that it is full two processes have to be woken up.
PIPE_BYTES = 1 << 18
# How long the output of a command that ended is waited for, when somebody who is not ended still holds it.
DRAIN_S = 0.2
# How long a launcher is kept for a command that may come.
SPARE_S = 60.0
# Windows: CREATE_NEW_PROCESS_GROUP.
_GROUP = 0x00000200 if sys.platform == "win32" else 0


class Bounds(NamedTuple):
    """What a command is confined by, and where it works; paths are absolute and without links.

    With `upper`, a folder that holds the empty folders `upper` and `work`, it works in an overlay over `root`.
    """

    root: Path
    folder: Path
    writable: tuple[Path, ...] = ()
    # Folders that it finds empty: what is in them is a secret. It works where there are namespaces.
    hidden: tuple[Path, ...] = ()
    # Files and folders in the project that it cannot change, remove or put something else in the place of; it works
    # where there are namespaces.
    fixed: tuple[Path, ...] = ()
    # Sockets that it may still connect to.
    spared: tuple[str, ...] = ()
    upper: Path | None = None
    has_namespaces: bool = False
    has_landlock: bool = False
    may_connect: bool = True
    is_terminal: bool = False
    # Columns and rows of a terminal that somebody types into; without them a terminal has no input.
    size: tuple[int, int] | None = None
    # The process id of a `Running` whose loopback it shares, where both are cut off from the network.
    joined: int = 0


class Ended(NamedTuple):
    """How a command ended: with a code, by a signal, or not even started, for that reason."""

    code: int = 0
    signal: int = 0
    failure: str = ""


class Running:
    """A command that was started. Whoever has it ends it, reads its output to the end, and waits for it."""

    def __init__(self, process: "Process | spare.Child", output: int, leash: int, report: int) -> None:
        self.process = process
        self._output, self._leash, self._report = output, leash, report

    @property
    def pid(self) -> int:
        """The process that was started: the launcher, or the command where there is none."""
        return self.process.pid

    async def pieces(self) -> AsyncGenerator[bytes]:
        """The output as it comes, until the command has ended and all was read."""
        ended = asyncio.ensure_future(self.process.wait())
        reading: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        try:
            while True:
                reading = asyncio.ensure_future(_read(self._output))
                await asyncio.wait({reading, ended}, return_when=asyncio.FIRST_COMPLETED)
                if not reading.done():
                    await asyncio.wait({reading}, timeout=DRAIN_S)
                if not reading.done():
                    return
                piece = reading.result()
                if not piece:
                    return
                yield piece
        finally:
            ended.cancel()
            # It looks at a descriptor, which is somebody else's as soon as it is closed.
            reading.cancel()
            with suppress(asyncio.CancelledError):
                await reading

    @property
    def terminal(self) -> int:
        """The open terminal, for who types into it; -1 when it is closed."""
        return self._output

    def resize(self, columns: int, rows: int) -> None:
        """Let the command know that its terminal has another size."""
        if self._output >= 0:
            _set_size(self._output, (columns, rows))

    def ask(self, grace_s: float) -> None:
        """Ask it to end; on Linux it is killed when that time, at most 2.5 s, has gone by."""
        if self._leash >= 0:
            with suppress(OSError):
                os.write(self._leash, bytes([round(grace_s * 100)]))
        else:
            self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once, with all that it started."""
        if self._leash >= 0:
            os.close(self._leash)
            self._leash = -1
        elif self._report < 0:
            self._signal(signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)

    async def wait(self) -> Ended:
        """Wait for its end, and say how it was."""
        code = await self.process.wait()
        self.close()
        if self._report < 0:
            return Ended(code=code) if code >= 0 else Ended(signal=-code)
        told = os.read(self._report, PIECE_BYTES).decode(errors="replace")
        os.close(self._report)
        self._report = -1
        # A failure comes before the end of the process that failed.
        word, _, rest = told.partition("\n")[0].partition(" ")
        match word:
            case "exit":
                return Ended(code=int(rest))
            case "signal":
                return Ended(signal=int(rest))
            case "failed":
                return Ended(failure=rest)
            case _:
                return Ended(signal=int(signal.SIGTERM))  # The namespace's first process was killed.

    def close(self) -> None:
        """Give the output and the leash back; what still runs is ended."""
        if self._output >= 0:
            os.close(self._output)
            self._output = -1
        if self._leash >= 0:
            os.close(self._leash)
            self._leash = -1

    if sys.platform == "win32":

        def _signal(self, number: int) -> None:
            import subprocess

            # The one word of Windows that ends a tree of processes.
            words = ["taskkill", "/T", "/F", "/PID", str(self.process.pid)]
            subprocess.run(words, capture_output=True, check=False)
            del number

    else:

        def _signal(self, number: int) -> None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)


async def start(command: Sequence[str], bounds: Bounds, environment: Mapping[str, str]) -> Running:
    """Start a command with this environment and no other, without input; raises `OSError`."""
    ours, theirs = os.openpty() if bounds.is_terminal else os.pipe()
    if bounds.size is not None:
        _set_size(ours, bounds.size)
    if sys.platform != "linux":
        return await _start_plainly(command, bounds, environment, (ours, theirs))
    os.set_blocking(ours, False)
    if not bounds.is_terminal:
        _widen(ours)
    held, leash = os.pipe()
    report, told = os.pipe()
    try:
        given = theirs if bounds.size is not None else os.open(os.devnull, os.O_RDONLY)
        try:
            said = [*words(bounds), f"coerced={int('LC_CTYPE' not in environment)}", "--", *command]
            waiting = spare.take((theirs, held, told, given), said, environment)
        finally:
            if bounds.size is None:
                os.close(given)
        process: Process | spare.Child = waiting or await asyncio.create_subprocess_exec(
            *launcher(),
            f"leash={held}",
            f"report={told}",
            *said,
            stdin=DEVNULL if bounds.size is None else theirs,
            stdout=theirs,
            stderr=theirs,
            cwd="/",
            env=dict(environment),
            pass_fds=(held, told),
            start_new_session=True,
        )
    except BaseException:
        for handle in (ours, leash, report):
            os.close(handle)
        raise
    finally:
        for handle in (theirs, held, told):
            os.close(handle)
    # For the next one, which mostly comes soon.
    loop = asyncio.get_running_loop()
    loop.run_in_executor(None, spare.begin, launcher()).add_done_callback(lambda _: None)
    loop.call_later(SPARE_S, spare.end)
    return Running(process, ours, leash, report)


async def _start_plainly(
    command: Sequence[str], bounds: Bounds, environment: Mapping[str, str], ends: tuple[int, int]
) -> Running:
    ours, theirs = ends
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=DEVNULL if bounds.size is None else theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=bounds.folder,
            env=dict(environment),
            start_new_session=True,
            creationflags=_GROUP,
        )
    except BaseException:
        os.close(ours)
        raise
    finally:
        os.close(theirs)
    return Running(process, ours, -1, -1)


def launcher() -> list[str]:
    """The words that start the launcher, to which its own are added."""
    if about.executable() is not None:
        return [*about.start_words(), "__confine"]
    # Without what Python's `site` looks for, and from its bytecode: three times as fast as `-m iterate`.
    start = f"import sys; sys.path.insert(0, {str(_SOURCE)!r}); from iterate.sandbox.confine import main"
    return [sys.executable, "-I", "-S", "-c", f"{start}; main(sys.argv[1:])"]


def words(bounds: Bounds) -> list[str]:
    """The launcher's words for these bounds."""
    return [
        f"root={bounds.root}",
        f"folder={bounds.folder}",
        *(f"write={path}" for path in bounds.writable),
        *(f"hide={path}" for path in bounds.hidden),
        *(f"fix={path}" for path in bounds.fixed),
        *(f"spare={path}" for path in bounds.spared),
        *([f"upper={bounds.upper}"] if bounds.upper else []),
        f"namespaces={int(bounds.has_namespaces)}",
        f"landlock={int(bounds.has_landlock)}",
        f"network={int(bounds.may_connect)}",
        f"terminal={int(bounds.is_terminal)}",
        f"join={bounds.joined or ''}",
    ]


def _widen(pipe: int) -> None:
    if sys.platform == "linux":
        import fcntl

        # Refused beyond what one user may have of it.
        with suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)


def _set_size(terminal: int, size: tuple[int, int]) -> None:
    if sys.platform != "win32":
        import termios

        columns, rows = size
        with suppress(termios.error):  # It may be gone already.
            termios.tcsetwinsize(terminal, (rows, columns))


async def _read(handle: int) -> bytes:
    """What there is by now, as soon as there is something; nothing at the end."""
    if sys.platform == "win32":
        return await asyncio.to_thread(os.read, handle, PIECE_BYTES)
    loop = asyncio.get_running_loop()
    while (found := _taken(handle)) is None:
        ready = asyncio.Event()
        loop.add_reader(handle, ready.set)
        try:
            await ready.wait()
        finally:
            loop.remove_reader(handle)
    return found


def _taken(handle: int) -> bytes | None:
    """What can be read without waiting, at most some pieces of it; None when nothing is there, nothing at the end."""
    found = bytearray()
    while len(found) < MOST_BYTES:
        try:
            piece = os.read(handle, PIECE_BYTES)
        except BlockingIOError:
            return bytes(found) if found else None
        except OSError:
            break  # EIO: nobody has the terminal's other side any more.
        if not piece:
            break
        found += piece
    return bytes(found)
