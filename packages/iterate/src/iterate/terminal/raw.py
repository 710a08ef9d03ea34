"""A terminal given to a shell of the server: every key goes there, what it shows comes here, and all is put back."""

import contextlib
import json
import os
import select
import signal
import sys
from collections.abc import Iterator
from typing import NamedTuple

from iterate.errors import UsageError
from iterate.talk import Talk
from iterate.terminal import screen

# Ctrl-], as telnet has it: no shell and few programs use it.
DETACH = b"\x1d"
_READ_BYTES = 1 << 14
# What programs switch on and forget when they are left in the middle: the mouse, pasting, the other screen, colours.
_RESET = b"\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[?1049l\x1b[?25h\x1b[0m"


class Left(NamedTuple):
    """How a view ended: the bytes of the terminal that were shown; a reason when the shell or the server ended."""

    offset: int
    code: int = 0
    reason: str = ""

    @property
    def is_detached(self) -> bool:
        """Whether the person left and the shell goes on."""
        return self.code == 0


def size() -> tuple[int, int]:
    """Columns and rows of this terminal."""
    try:
        found = os.get_terminal_size(1)
    except OSError:
        return (80, 24)
    return (found.columns or 80, found.lines or 24)


def check() -> None:
    """Raises `UsageError` where there is no terminal here."""
    if not (os.isatty(0) and os.isatty(1)):
        raise UsageError("this is no terminal", "run it in one; POST /pty is for programs")


if sys.platform == "win32":

    def view(talk: Talk) -> Left:
        """There is none on Windows; raises `UsageError`."""
        talk.close()
        raise UsageError("there are no terminals of the server on Windows", "use WSL")

else:
    import termios
    import tty

    def view(talk: Talk) -> Left:
        """Show the terminal until somebody leaves it or it ends; there has to be one here."""
        with _raw(), _resized() as resized:
            try:
                return _loop(talk, resized)
            finally:
                talk.close()

    def _loop(talk: Talk, resized: int) -> Left:
        shown = 0
        for message in talk.begun():
            shown = _took(message, shown)
        _send_size(talk)
        while True:
            connection = talk.fileno()
            ready = select.select([0, connection, resized], [], [])[0]
            if resized in ready:
                os.read(resized, _READ_BYTES)
                _send_size(talk)
            if connection in ready:
                for message in talk.messages():
                    shown = _took(message, shown)
                if talk.closed is not None:
                    return Left(shown, *talk.closed)
            if 0 in ready:
                typed = os.read(0, _READ_BYTES)
                before, key, _ = typed.partition(DETACH)
                if before:
                    talk.send(before)
                if key or not typed:
                    return Left(shown)

    def _took(message: str | bytes, shown: int) -> int:
        """Show bytes, and follow what is said about places."""
        if isinstance(message, bytes):
            screen.raw(message)
            return shown + len(message)
        match json.loads(message):
            case {"type": "attached" | "lost", "offset": int(offset)}:
                return offset
            case _:
                return shown

    def _send_size(talk: Talk) -> None:
        columns, rows = size()
        talk.send(json.dumps({"type": "resize", "columns": columns, "rows": rows}))

    @contextlib.contextmanager
    def _raw() -> Iterator[None]:
        """Every key as it is; on every way out the terminal is as it was, also when this process is asked to end."""
        before = termios.tcgetattr(0)

        def restore() -> None:
            termios.tcsetattr(0, termios.TCSAFLUSH, before)
            with contextlib.suppress(OSError):
                os.write(1, _RESET)

        def ended(number: int, _frame: object) -> None:
            restore()
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

        handlers = {number: signal.signal(number, ended) for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)}
        try:
            tty.setraw(0)
            yield
        finally:
            restore()
            for number, handler in handlers.items():
                signal.signal(number, handler)

    @contextlib.contextmanager
    def _resized() -> Iterator[int]:
        """A pipe that is readable after the terminal got another size."""
        reading, writing = os.pipe()
        os.set_blocking(writing, False)

        def told(_number: int, _frame: object) -> None:
            with contextlib.suppress(OSError):
                os.write(writing, b"1")

        before = signal.signal(signal.SIGWINCH, told)
        try:
            yield reading
        finally:
            signal.signal(signal.SIGWINCH, before)
            os.close(reading)
            os.close(writing)
