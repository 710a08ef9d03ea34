"""What a server of MCP started, wherever it went: found in /proc by its session, its parents or a mark, and signalled.

Only Linux has /proc; elsewhere the process group of the server is what is known of it.
"""

import os
import signal
import sys
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

# A variable of every server, which what it starts inherits: a program that made a session of its own is known by it
# also when whoever started it is gone.
MARK = "ITERATE_MCP"
# What is killed may start something in that moment.
_ROUNDS = 5


def ask(leader: int, mark: str) -> None:
    """Ask all to end."""
    if sys.platform != "win32":
        _signal(leader, {leader, *of(leader, mark)}, signal.SIGTERM)


def kill(leader: int, mark: str) -> None:
    """Kill all, until there are none."""
    if sys.platform == "win32":
        with suppress(OSError):
            os.kill(leader, signal.SIGTERM)
        return
    _signal(leader, set(), signal.SIGKILL)
    for _ in range(_ROUNDS):
        found = of(leader, mark)
        if not found:
            return
        _signal(leader, found, signal.SIGKILL)


def kill_adopted() -> None:
    """Kill what became a child of this process because nobody else was left, with all below it."""
    me = os.getpid()
    for _ in range(_ROUNDS):
        found = _below({me}, _living()) - {me}
        if not found:
            return
        for pid in found:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)


def of(leader: int, mark: str) -> set[int]:
    """The processes that live of a server: of its session, begun by one of these, or with its mark."""
    rows = _living()
    found = {pid for pid, (_, session) in rows.items() if session == leader}
    if mark:
        found |= {pid for pid in rows if pid not in found and _is_marked(pid, f"{MARK}={mark}".encode())}
    return _below(found, rows) - {os.getpid()}


def _signal(leader: int, pids: set[int], number: int) -> None:
    if sys.platform != "win32":
        with suppress(OSError):
            os.killpg(leader, number)
        for pid in pids:
            with suppress(OSError):
                os.kill(pid, number)


def _living() -> dict[int, tuple[int, int]]:
    """Parent and session of each process that is no zombie; nothing is there but on Linux."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            # Behind the name in parentheses: state, parent, group, session; see proc(5).
            state, parent, _, session = entry.read_bytes().rpartition(b")")[2].split()[:4]
        except (OSError, ValueError):
            continue
        if state != b"Z":
            found[int(entry.parent.name)] = int(parent), int(session)
    return found


def _below(pids: set[int], rows: dict[int, tuple[int, int]]) -> set[int]:
    """These, and all that they began."""
    children = defaultdict(list)
    for pid, (parent, _) in rows.items():
        children[parent].append(pid)
    found: set[int] = set()
    todo = list(pids)
    while todo:
        pid = todo.pop()
        if pid not in found:
            found.add(pid)
            todo += children[pid]
    return found


def _is_marked(pid: int, line: bytes) -> bool:
    try:
        return line in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False
