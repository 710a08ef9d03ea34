"""Finds, elects, starts and stops the per-user server. It is the one place that starts a program.

The rules of liveness are in `discovery.py`; what the server does once it runs is in `server/`.
"""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, NamedTuple

from iterate import about, discovery, election
from iterate.discovery import Announcement
from iterate.errors import StartFailed, StartTimedOut, StateUnusable, StopFailed
from iterate.settings import Settings

LOG_LIMIT_BYTES = 1 << 20
# A command that starts or ends a server gets so long before others go on without it.
TURN_S = 3.0

# Windows keeps a child on its parent's console unless told: DETACHED_PROCESS, CREATE_NEW_PROCESS_GROUP.
_DETACHED = 0x00000208 if sys.platform == "win32" else 0

type Note = Callable[[str], None]


class Stopped(NamedTuple):
    """The process id of the server that ended, None when there was none; and whether it had to be killed."""

    pid: int | None
    killed: bool


def find_or_start(settings: Settings, note: Note) -> Announcement:
    """The live server of this user and this version, started or replaced when need be."""
    found = discovery.look(settings.state)
    if found is not None and found.version == about.STAMP.version:
        return found
    with election.starting(settings.state, patience=TURN_S, is_settled=lambda: False):
        found = discovery.look(settings.state)
        if found is not None and found.version == about.STAMP.version:
            return found
        if found is not None:
            note(f"replacing the running server {found.version} with {about.STAMP.version}")
            _stop_live(settings)
        return _start(settings)


def stop(settings: Settings) -> Stopped:
    """End the server: SIGTERM, SIGKILL after `settings.stop_timeout`; does nothing when none runs."""
    with election.starting(settings.state, patience=TURN_S, is_settled=lambda: False):
        return _stop_live(settings)


def restart(settings: Settings) -> Announcement:
    """End the server when there is one, and start one."""
    with election.starting(settings.state, patience=TURN_S, is_settled=lambda: False):
        _stop_live(settings)
        return _start(settings)


def _stop_live(settings: Settings) -> Stopped:
    with discovery.watch(settings.state) as live:
        if live is None:
            return Stopped(pid=None, killed=False)
        import signal

        pid = live.announcement.pid
        for number in (signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)):
            # The lock is on the very file that names this process, so the id cannot be another program's.
            _send(pid, number)
            deadline = time.monotonic() + settings.stop_timeout
            while time.monotonic() < deadline:
                if live.ended():
                    return Stopped(pid=pid, killed=number != signal.SIGTERM)
                time.sleep(discovery.POLL_S)
        raise StopFailed(f"the server (pid {pid}) does not end")


def _send(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass  # It ended by itself; its lock says so in a moment.
    except PermissionError as problem:
        raise StopFailed(f"the server (pid {pid}) may not be stopped by this user") from problem


def _start(settings: Settings) -> Announcement:
    """Start a server that outlives this command and its terminal, and wait until it is announced."""
    import subprocess  # Costs a warm command 10 ms that it has no use for.

    log = settings.state / "server.log"
    with _open_log(log) as output:
        begin = output.tell()
        process = subprocess.Popen(
            [*about.start_words(), "serve", "--port", "0"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=settings.home if settings.home.is_dir() else Path(settings.home.anchor),
            start_new_session=True,
            creationflags=_DETACHED,
        )
    deadline = time.monotonic() + settings.start_timeout
    while time.monotonic() < deadline:
        # Ask for the end first: a server that ended right after it was announced has still failed.
        ended = process.poll() is not None
        found = discovery.look(settings.state)
        if found is not None:
            return found
        if ended:
            raise StartFailed(f"the server ended with exit code {process.returncode}{_tail(log, begin)}")
        time.sleep(discovery.POLL_S / 4)
    process.kill()
    process.wait()
    raise StartTimedOut(f"the server was not ready after {settings.start_timeout:g} s{_tail(log, begin)}")


def _open_log(path: Path) -> BinaryIO:
    try:
        if path.exists() and path.stat().st_size > LOG_LIMIT_BYTES:
            path.replace(path.with_suffix(".log.1"))
        return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")
    except OSError as problem:
        raise StateUnusable(f"{path}: {problem.strerror}") from problem


def _tail(log: Path, begin: int) -> str:
    """What the log says since `begin`, the last lines of it, for the error message."""
    try:
        lines = log.read_bytes()[begin:].decode(errors="replace").strip().splitlines()
    except OSError:
        return ""
    return "".join(f"\n  {line}" for line in lines[-8:])
