"""A program on a terminal of its own: keys go in, the screen is read as a person sees it."""

import contextlib
import os
import select
import signal
import struct
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pyte

SECONDS = 60
COLUMNS, LINES = 100, 30


class Terminal:
    """The screen of one program."""

    def __init__(self, pid: int, end: int, columns: int, lines: int) -> None:
        self._pid, self._end = pid, end
        self.screen = _Answering(end, columns, lines)
        self._stream = pyte.ByteStream(self.screen)

    @property
    def text(self) -> str:
        """What is to be seen, without the blanks at the ends of lines."""
        return "\n".join(line.rstrip() for line in self.screen.display).strip("\n")

    def until(self, *wanted: str) -> str:
        """Wait until all texts stand on the screen, and what is drawn with them; gives the screen.

        Raises:
            TimeoutError: they never did; with the screen.
        """
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            alive = self._read(0.3)
            if all(each in self.text for each in wanted):
                while self._read(0.5) and time.monotonic() < end:
                    pass
                return self.text
            if not alive and self.ended:
                break
        raise TimeoutError(f"no {wanted} on the screen:\n{self.text}")

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._end, keys.encode())

    def left(self, seconds: float = SECONDS) -> int:
        """Wait for the end of the program; its exit code."""
        end = time.monotonic() + seconds
        while not self.ended and time.monotonic() < end:
            self._read(0.1)
        while self._read(0):
            pass
        if not self.ended:
            raise TimeoutError(f"it did not end:\n{self.text}")
        return self._code

    _code = -1
    _gone = False

    @property
    def ended(self) -> bool:
        """Whether the program has ended."""
        if not self._gone:
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            if pid:
                self._gone, self._code = True, os.waitstatus_to_exitcode(status)
        return self._gone

    def _read(self, seconds: float) -> bool:
        """Take in what comes; whether anything did."""
        ready, _, _ = select.select([self._end], [], [], seconds)
        if not ready:
            return False
        with contextlib.suppress(OSError):
            if said := os.read(self._end, 65536):
                self._stream.feed(said)
                return True
        time.sleep(0.05)
        return False

    def close(self) -> None:
        """End the program."""
        if not self.ended:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
        os.close(self._end)


class _Answering(pyte.Screen):
    """A screen that answers what programs ask a terminal, such as where the cursor is."""

    def __init__(self, end: int, columns: int, lines: int) -> None:
        super().__init__(columns, lines)
        self._end = end

    def write_process_input(self, data: str) -> None:
        """An answer."""
        os.write(self._end, data.encode())


@contextlib.contextmanager
def shown(
    words: Sequence[str], cwd: Path, env: Mapping[str, str], *, columns: int = COLUMNS, lines: int = LINES
) -> Iterator[Terminal]:
    """Run a program on a terminal for the time of the block."""
    import fcntl
    import pty
    import termios

    pid, end = pty.fork()
    if pid == 0:
        try:
            os.chdir(cwd)
            os.execve(words[0], list(words), dict(env))  # noqa: S606
        finally:
            os._exit(127)
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    terminal = Terminal(pid, end, columns, lines)
    try:
        yield terminal
    finally:
        terminal.close()
