"""The release tool in a real terminal, and the screen that a person sees."""

import contextlib
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pyte

PATIENCE_S = 60.0
# The leader of a session whose terminal is descriptor 0, so that Ctrl-C there is a signal; then the program.
_IN_TERMINAL = (
    "import os, sys, fcntl, termios as t; fcntl.ioctl(0, t.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)
type Program = Sequence[str]
TOOL: Program = (sys.executable, "-m", "release")


class Terminal:
    """A terminal with the tool in it.

    Attributes:
        sent: all that the tool sent, as it is.
    """

    def __init__(
        self,
        folder: Path,
        *words: str,
        columns: int = 80,
        lines: int = 24,
        env: Mapping[str, str],
        program: Program = TOOL,
    ) -> None:
        import termios

        self._ours, theirs = os.openpty()
        termios.tcsetwinsize(self._ours, (lines, columns))
        self._screen = pyte.HistoryScreen(columns, lines, history=10_000)
        self._stream = pyte.ByteStream(self._screen)
        self.sent = b""
        unset = {"CI", "GITHUB_ACTIONS", "NO_COLOR"}
        inherited = {name: value for name, value in os.environ.items() if name not in unset}
        self.child = subprocess.Popen(
            [sys.executable, "-c", _IN_TERMINAL, *program, *words],
            cwd=folder,
            env={**inherited, "TERM": "xterm-256color", **env},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)

    def lines(self) -> list[str]:
        """What stands there, with what was scrolled away."""
        above = ["".join(line[x].data for x in range(self._screen.columns)) for line in self._screen.history.top]
        return [line.rstrip() for line in (*above, *self._screen.display)]

    def text(self) -> str:
        """The lines that are not empty."""
        return "\n".join(line for line in self.lines() if line)

    def until(self, true: Callable[[], bool]) -> None:
        """Read until something is so."""
        deadline = time.monotonic() + PATIENCE_S
        while not true():
            assert time.monotonic() < deadline, self.text()
            self._read()

    def type(self, text: str) -> None:
        """Type."""
        os.write(self._ours, text.encode())

    def end(self) -> int:
        """Wait for the end, and give the exit code."""
        deadline = time.monotonic() + PATIENCE_S
        while self._read() or self.child.poll() is None:
            assert time.monotonic() < deadline, self.text()
        return self.child.wait()

    def close(self) -> None:
        """End what still runs."""
        with contextlib.suppress(OSError):
            self.child.kill()
        self.child.wait()
        os.close(self._ours)

    def _read(self) -> bool:
        if not select.select([self._ours], [], [], 0.1)[0]:
            return False
        try:
            new = os.read(self._ours, 65536)
        except OSError:  # nobody holds the other end any more
            return False
        self.sent += new
        self._stream.feed(new)
        return bool(new)


@contextlib.contextmanager
def terminal(
    folder: Path, *words: str, columns: int = 80, env: Mapping[str, str] | None = None, program: Program = TOOL
) -> Iterator[Terminal]:
    """A terminal for as long as a block lasts, with the tool in it or another program."""
    made = Terminal(folder, *words, columns=columns, env=env or {}, program=program)
    try:
        yield made
    finally:
        made.close()
