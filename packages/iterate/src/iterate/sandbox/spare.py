"""One launcher that was started before a command is there for it, because half of a command's cost is its start.

A spare has no environment, does nothing, and ends when its socket is closed, as the kernel does when the server dies.
What it is to do comes over the socket: the descriptors, the words and the environment of the command; see `confine.py`.
Linux only. Nothing depends on it: without one a launcher is started.
"""

import array
import asyncio
import os
import socket
import struct
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

# What is sent without waiting for who reads it.
MOST_BYTES = 100_000
_SEND_S = 1.0
_LENGTH = struct.Struct("<I")


class Child:
    """A process that was started without a loop; whoever has it waits for it once."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._code: int | None = None

    async def wait(self) -> int:
        """Its exit code, or the signal that ended it below zero."""
        if self._code is None:
            self._code = await _ended(self.pid)
        return self._code


async def _ended(pid: int) -> int:
    loop = asyncio.get_running_loop()
    handle = os.pidfd_open(pid)
    over = asyncio.Event()
    loop.add_reader(handle, over.set)
    try:
        await over.wait()
    finally:
        loop.remove_reader(handle)
        os.close(handle)
    return _reaped(pid)


def _reaped(pid: int) -> int:
    try:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    except ChildProcessError:
        return 0  # Somebody else has waited for it.


class _Spare(NamedTuple):
    pid: int
    line: socket.socket


_waiting: list[_Spare] = []
_lock = threading.Lock()


def begin(launcher: Sequence[str]) -> None:
    """Start one, if none waits; where that fails there is none."""
    with _lock, suppress(OSError, NotImplementedError, AttributeError):
        if _waiting:
            return
        # Its end is waited for by this, which a kernel before 5.3 does not know.
        os.close(os.pidfd_open(os.getpid()))
        ours, theirs = socket.socketpair()
        with theirs:
            os.set_inheritable(theirs.fileno(), True)  # noqa: FBT003
            nothing = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in range(3)]
            words = [*launcher, f"spare={theirs.fileno()}", "--"]
            pid = os.posix_spawnp(words[0], words, {}, file_actions=nothing)
        ours.settimeout(_SEND_S)
        _waiting.append(_Spare(pid, ours))


def take(handles: Sequence[int], words: Sequence[str], environment: Mapping[str, str]) -> Child | None:
    """Let one that waits do this; None when there is none, or it is too much to be sent.

    `handles` are its output, the leash, the report and its input; it gets copies.
    """
    texts = [*words, "", *(f"{name}={value}" for name, value in environment.items())]
    content = b"\0".join(os.fsencode(each) for each in texts)
    if len(content) > MOST_BYTES or any("\0" in each for each in texts):
        return None
    with _lock:
        if not _waiting or not _is_ready(_waiting[0]):
            return None
        spare = _waiting.pop()
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", handles))]
    with spare.line as line, suppress(OSError):
        line.sendmsg([_LENGTH.pack(len(content))], rights)
        line.sendall(content)
        # From here on it is the command's: nobody else may begin it.
        return Child(spare.pid)
    _forget(spare.pid)
    return None


def _is_ready(spare: _Spare) -> bool:
    """Whether it has said that it waits, and lives; one that ended is forgotten."""
    if _is_over(spare.pid):
        _waiting.remove(spare)
        spare.line.close()
        _forget(spare.pid)
        return False
    try:
        return spare.line.recv(1, socket.MSG_DONTWAIT | socket.MSG_PEEK) == b"r"
    except OSError:
        return False


def _is_over(pid: int) -> bool:
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return True  # Somebody else has waited for it.


def is_ready() -> bool:
    """Whether one waits."""
    with _lock:
        return bool(_waiting) and _is_ready(_waiting[0])


def end() -> None:
    """End the one that waits."""
    with _lock:
        for spare in _waiting:
            spare.line.close()
            _forget(spare.pid)
        _waiting.clear()


def _forget(pid: int) -> None:
    """It ends by itself, as its line is closed; the thread is gone with it."""
    threading.Thread(target=_reaped, args=(pid,), daemon=True).start()
