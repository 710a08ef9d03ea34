"""Signals to all processes of a session, by the id of the one that began it."""

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path


def ask(leader: int) -> None:
    """Ask all to end."""
    if sys.platform != "win32":
        _signal(leader, signal.SIGTERM)


def kill(leader: int) -> None:
    """Kill all."""
    if sys.platform != "win32":
        _signal(leader, signal.SIGKILL)
    else:
        with suppress(OSError):
            os.kill(leader, signal.SIGTERM)


def _signal(leader: int, number: int) -> None:
    """To the process group and, on Linux, to what left the group and not the session."""
    if sys.platform != "win32":
        with suppress(OSError):
            os.killpg(leader, number)
        for pid in _of_session(leader):
            with suppress(OSError):
                os.kill(pid, number)


def _of_session(leader: int) -> list[int]:
    found = []
    # Nothing is there but on Linux.
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            # Behind the name in parentheses: state, parent, group, session; see proc(5).
            session = int(entry.read_bytes().rpartition(b")")[2].split()[3])
        except (OSError, ValueError, IndexError):
            continue
        if session == leader:
            found.append(int(entry.parent.name))
    return found
