"""Starts a server process that outlives this command and its terminal, and waits until it is ready or ended."""

import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from iterate import folders, spawn
from iterate.errors import AlreadyRunning, ServerElsewhere, StartFailed, StateUnusable
from iterate.headstart import LOG_LIMIT_BYTES, Begun
from iterate.settings import Settings

# How long a server that did not get ready in time may take to end when it is asked to.
GRACE_S = 1.0
_POLL_S = 0.02

# Windows keeps a child on its parent's console unless told: DETACHED_PROCESS, CREATE_NEW_PROCESS_GROUP.
_DETACHED = 0x00000208
# Another server was faster, here or elsewhere.
_NOT_ELECTED = {AlreadyRunning.exit_code, ServerElsewhere.exit_code}


class Launched:
    """A server that was started, and what its log says since then."""

    def __init__(self, process: "Process", log: Path, begin: int) -> None:
        self._process = process
        self._log = log
        self._begin = begin

    def lost_election(self) -> bool:
        """Whether it ended because another server is running; raises `StartFailed` when it ended otherwise."""
        code = self._process.poll()
        if code is None:
            return False
        if code in _NOT_ELECTED:
            return True
        raise StartFailed(f"the server ended with exit code {code}{self.tail()}")

    def sleep(self, seconds: float) -> None:
        """Wait that long, or until it is ready or ended."""
        self._process.sleep(seconds)

    def wake(self) -> None:
        """Let it go on, if somebody stopped it."""
        self._process.wake()

    def end(self) -> None:
        """End it, at first in a way that lets a server finish that got ready in this very moment."""
        self._process.end()

    def tail(self) -> str:
        """What the log says since the start, the last lines of it, for the error message."""
        try:
            lines = self._log.read_bytes()[self._begin :].decode(errors="replace").strip().splitlines()
        except OSError:
            return ""
        return "".join(f"\n  {line}" for line in lines[-8:])


def launch(place: Settings, side: int) -> Launched:
    """Start a server for that side; raises `StateUnusable`, `StartFailed`."""
    log = place.state / "server.log"
    with _open_log(log) as output:
        begin = output.tell()
        try:
            return Launched(_started(place, side, output), log, begin)
        except OSError as problem:
            raise StartFailed(f"the server cannot be started: {problem}") from problem


def adopt(begun: Begun, place: Settings) -> Launched:
    """The server that was started before anything else was known."""
    return Launched(_adopted(begun), place.state / "server.log", begun.log_begin)


def private(patience_s: float) -> str:
    """Start a server that ends with this process, and return the line in which it says where; raises `StartFailed`.

    The other end of its standard input stays open in this process, and nowhere else.
    """
    import select
    import subprocess

    try:
        child = subprocess.Popen(
            [*spawn.words(), "serve", "--standalone", "--port", "0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
    except OSError as problem:
        raise StartFailed(f"the private server cannot be started: {problem}") from problem
    _private.append(child)
    output = child.stdout
    if output is None or (sys.platform != "win32" and not select.select([output], [], [], patience_s)[0]):
        child.kill()
        raise StartFailed(f"the private server was not ready after {patience_s:g} s")
    return output.readline().decode(errors="replace")


# Kept, so that their pipes stay open until the process ends.
_private: list[object] = []

if sys.platform == "win32":
    import subprocess

    class Process:
        """A child."""

        def __init__(self, child: "subprocess.Popen[bytes]") -> None:
            self._child = child

        def poll(self) -> int | None:
            """Its exit code, None while it runs."""
            return self._child.poll()

        def wake(self) -> None:
            """Nobody stops processes there."""

        def sleep(self, seconds: float) -> None:
            """Wait for a moment: nothing there says when it is ready."""
            time.sleep(seconds)

        def end(self) -> None:
            """End it."""
            self._child.terminate()
            try:
                self._child.wait(GRACE_S)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()

    def _started(place: Settings, side: int, output: BinaryIO) -> Process:
        words = [*spawn.words(), "serve", "--port", "0", *(["--side", str(side)] if side else [])]
        cwd = place.home if place.home.is_dir() else Path(place.home.anchor)
        return Process(
            subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=cwd, creationflags=_DETACHED
            )
        )

    def _adopted(begun: Begun) -> Process:
        raise AssertionError(begun)  # Nothing is begun there.

else:
    import select
    import signal

    class Process:
        """A child, and the pipe that says when it is ready or ended."""

        def __init__(self, pid: int, told: int) -> None:
            self._pid = pid
            self._told = told
            self._code: int | None = None

        def poll(self) -> int | None:
            """Its exit code, None while it runs."""
            if self._code is None:
                # Nobody else waits for our children; where the system reaps them by itself, nothing is known.
                with suppress(ChildProcessError):
                    ended, status = os.waitpid(self._pid, os.WNOHANG)
                    self._code = os.waitstatus_to_exitcode(status) if ended else None
            return self._code

        def wake(self) -> None:
            """Let it go on, if somebody stopped it."""
            if self.poll() is None:
                os.kill(self._pid, signal.SIGCONT)

        def sleep(self, seconds: float) -> None:
            """Wait that long, or until it is ready or ended."""
            if self._told < 0:
                time.sleep(seconds)
            elif select.select([self._told], [], [], seconds)[0]:
                os.close(self._told)
                self._told = -1

        def end(self) -> None:
            """End it."""
            for number in (signal.SIGTERM, signal.SIGKILL):
                deadline = time.monotonic() + GRACE_S
                if self.poll() is not None:
                    return
                os.kill(self._pid, number)
                while self.poll() is None and time.monotonic() < deadline:
                    time.sleep(_POLL_S)

    def _started(_place: Settings, side: int, output: BinaryIO) -> Process:
        reading, writing = os.pipe()
        try:
            pid = spawn.background(["serve", "--background", str(side)], output.fileno(), writing)
        except BaseException:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        return Process(pid, reading)

    def _adopted(begun: Begun) -> Process:
        return Process(begun.pid, begun.told)


def _open_log(path: Path) -> BinaryIO:
    # One that cannot be moved aside is cut by the server while it runs.
    with suppress(OSError):
        if path.is_file() and path.stat().st_size > LOG_LIMIT_BYTES:
            path.replace(path.with_suffix(".log.1"))
    try:
        return os.fdopen(folders.open_private(path, os.O_APPEND, follows=True), "ab")
    except OSError as problem:
        raise StateUnusable(f"{path}: {problem.strerror}") from problem
