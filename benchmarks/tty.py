"""A program on a terminal of 120 x 40, for measuring: what it writes with the time of it, keys, memory, processor."""

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.iterate.emulated.answering import KITTY, Kind
from tests.iterate.emulated.plain import Plain

COLUMNS, LINES = 120, 40
PATIENCE_S = 60.0
# Begins a frame of whoever uses synchronized updates.
FRAME = b"\x1b[?2026h"


class Piece(NamedTuple):
    """What came, and when."""

    at: float
    content: bytes


class Tty:
    """The program, and all that it wrote."""

    def __init__(self, pid: int, end: int, kind: Kind, begun: float) -> None:
        self.pid = pid
        self.begun = begun
        self.pieces: list[Piece] = []
        self._end, self._kind = end, kind

    @property
    def written(self) -> bytes:
        """All of it."""
        return b"".join(each.content for each in self.pieces)

    def read(self, pause_s: float) -> bytes:
        """What comes within this time, answering what is asked."""
        if not select.select([self._end], [], [], pause_s)[0]:
            return b""
        try:
            content = os.read(self._end, 1 << 16)
        except OSError:
            return b""
        if content:
            self.pieces.append(Piece(time.perf_counter(), content))
            if replies := self._kind.replies(content, (0, 0)):
                os.write(self._end, replies)
        return content

    def until(self, is_so: Callable[[], bool], patience_s: float = PATIENCE_S) -> float:
        """Read on until something is so; when that was."""
        deadline = time.perf_counter() + patience_s
        while not is_so():
            if time.perf_counter() > deadline:
                raise SystemExit(f"it never came: {self.written[-2000:]!r}")
            self.read(0.5)
        return self.pieces[-1].at if self.pieces else self.begun

    def seen(self, *wanted: bytes, patience_s: float = PATIENCE_S) -> float:
        """Read on until these bytes come from now on, each behind the one before; when they were there."""
        found, left = b"", list(wanted)

        def is_so() -> bool:
            nonlocal found
            found = b"".join(each.content for each in self.pieces[begun:])
            place = 0
            for each in left:
                place = found.find(each, place)
                if place < 0:
                    return False
            return True

        begun = len(self.pieces)
        return self.until(is_so, patience_s)

    def quiet(self, seconds: float = 0.5) -> None:
        """Read on until nothing comes for so long."""
        while self.read(seconds):
            pass

    def during(self, seconds: float) -> list[Piece]:
        """What comes in that time."""
        begun, until = len(self.pieces), time.perf_counter() + seconds
        while (left := until - time.perf_counter()) > 0:
            self.read(left)
        return self.pieces[begun:]

    def type(self, keys: str) -> float:
        """Type; when."""
        at = time.perf_counter()
        os.write(self._end, keys.encode())
        return at

    def text_ms(self) -> float:
        """Milliseconds from the start to the first text on the screen."""
        screen, shown = Plain(COLUMNS, LINES), 0

        def has_text() -> bool:
            nonlocal shown
            for each in self.pieces[shown:]:
                screen.feed(each.content)
            shown = len(self.pieces)
            return bool(screen.seen().text.strip())

        return (self.until(has_text) - self.begun) * 1000

    def processor_s(self) -> float:
        """Seconds of processor time of all its threads and children until now."""
        return sum(_spent(pid) for pid in family(self.pid))

    def memory_mb(self) -> float:
        """What it and its children hold."""
        return sum(_resident(pid) for pid in family(self.pid))


def family(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += family(int(child))
    return found


def _spent(pid: int) -> float:
    """Of a process with its threads and children, those that have ended too: nothing of it is ever taken back."""
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def _resident(pid: int) -> float:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1000
    return 0.0


@contextlib.contextmanager
def running(
    words: Sequence[str | Path],
    cwd: Path,
    env: Mapping[str, str],
    *,
    kind: Kind = KITTY,
    size: tuple[int, int] = (COLUMNS, LINES),
) -> Iterator[Tty]:
    """A program for the time of the block; it is killed with its children."""
    argv = list(map(str, words))
    begun = time.perf_counter()
    pid, end = pty.fork()
    if pid == 0:
        try:
            os.chdir(cwd)
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
            os.execvpe(argv[0], argv, {"TERM": kind.term, **kind.variables, **env})  # noqa: S606
        finally:
            os._exit(127)
    try:
        yield Tty(pid, end, kind, begun)
    finally:
        for each in reversed(family(pid)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(end)
