"""Starts a server process that outlives this command and its terminal. It is the one place that starts a program."""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from iterate import about, folders
from iterate.errors import AlreadyRunning, ServerElsewhere, StartFailed, StateUnusable
from iterate.settings import Settings

LOG_LIMIT_BYTES = 1 << 20
# How long a server that did not get ready in time may take to end when it is asked to.
GRACE_S = 1.0

# Windows keeps a child on its parent's console unless told: DETACHED_PROCESS, CREATE_NEW_PROCESS_GROUP.
_DETACHED = 0x00000208 if sys.platform == "win32" else 0
# Another server was faster, here or elsewhere.
_NOT_ELECTED = {AlreadyRunning.exit_code, ServerElsewhere.exit_code}


class Launched:
    """A server that was started, and what its log says since then."""

    def __init__(self, place: Settings, side: int) -> None:
        self._log = place.state / "server.log"
        with _open_log(self._log) as output:
            self._begin = output.tell()
            self._process = subprocess.Popen(
                [*about.start_words(), "serve", "--port", "0", *(["--side", str(side)] if side else [])],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=place.home if place.home.is_dir() else Path(place.home.anchor),
                start_new_session=True,
                creationflags=_DETACHED,
            )

    def lost_election(self) -> bool:
        """Whether it ended because another server is running; raises `StartFailed` when it ended otherwise."""
        code = self._process.poll()
        if code is None:
            return False
        if code in _NOT_ELECTED:
            return True
        raise StartFailed(f"the server ended with exit code {code}{self.tail()}")

    def end(self) -> None:
        """End it, at first in a way that lets a server finish that got ready in this very moment."""
        self._process.terminate()
        try:
            self._process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def tail(self) -> str:
        """What the log says since the start, the last lines of it, for the error message."""
        try:
            lines = self._log.read_bytes()[self._begin :].decode(errors="replace").strip().splitlines()
        except OSError:
            return ""
        return "".join(f"\n  {line}" for line in lines[-8:])


def _open_log(path: Path) -> BinaryIO:
    # One that cannot be moved aside is cut by the server while it runs.
    with suppress(OSError):
        if path.is_file() and path.stat().st_size > LOG_LIMIT_BYTES:
            path.replace(path.with_suffix(".log.1"))
    try:
        return os.fdopen(folders.open_private(path, os.O_APPEND, follows=True), "ab")
    except OSError as problem:
        raise StateUnusable(f"{path}: {problem.strerror}") from problem
