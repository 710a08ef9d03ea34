"""The keyboard of a terminal: read key by key while somebody is asked or types, and always given back as it was."""

import os
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from iterate import interrupts
from iterate.terminal.keys import Decoder, Key

if sys.platform != "win32":
    import fcntl
    import termios

# Text that is pasted comes between marks.
_PASTE_ON, _PASTE_OFF = b"\x1b[?2004h", b"\x1b[?2004l"
_READ_BYTES = 1 << 16
# What follows an Escape that begins another key is there at once, also over a slow line.
ESCAPE_S = 0.05
_ENDING = ("SIGTERM", "SIGHUP")


class Keyboard:
    """A terminal that somebody types on; `descriptor` can be waited for."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._decoder = Decoder()
        self._saved: list[object] | None = None
        self._has_signals = True
        # So many bytes that wait were typed before keys were read one by one.
        self._ahead = 0

    @contextmanager
    def held(self, *, has_signals: bool) -> Iterator[None]:
        """Keys come one by one and are not shown; with signals Ctrl-C and Ctrl-Z do what they always do."""
        if sys.platform == "win32":
            yield
            return
        self._has_signals = has_signals
        self._take()
        interrupts.before_leaving(self._give_back)
        before = {name: signal.signal(getattr(signal, name), self._end) for name in _ENDING}
        stops = signal.signal(signal.SIGTSTP, lambda _number, _frame: self.suspend())
        try:
            yield
        finally:
            signal.signal(signal.SIGTSTP, stops)
            for name, handler in before.items():
                signal.signal(getattr(signal, name), handler)
            self._give_back()
            interrupts.before_leaving(None)

    @contextmanager
    def signals(self) -> Iterator[None]:
        """Within a block of `held`: Ctrl-C and Ctrl-Z are signals for a while, as when nobody reads keys."""
        before, self._has_signals = self._has_signals, True
        self._set()
        try:
            yield
        finally:
            self._has_signals = before
            self._set()

    def forget(self) -> None:
        """Forget what was typed before anybody was asked: it is no answer."""
        self._decoder = Decoder()
        self._ahead = 0
        if sys.platform != "win32":
            with suppress(termios.error):
                termios.tcflush(self.descriptor, termios.TCIFLUSH)

    def read(self) -> list[Key]:
        """The keys that have come, at least a part of one; `end-of-file` when there is no terminal any more."""
        found = self.arrived()
        if self._decoder.has_escape and not select.select([self.descriptor], [], [], ESCAPE_S)[0]:
            found += self.flush()
        return found

    @property
    def patience(self) -> float | None:
        """Seconds to wait for the rest of a key before `flush`; None when nothing waits."""
        return self._decoder.patience

    def flush(self) -> list[Key]:
        """What has come in part, as what it is when nothing follows."""
        return self._decoder.flush()

    def arrived(self) -> list[Key]:
        """As `read`, without a wait for the rest of a key."""
        try:
            content = os.read(self.descriptor, _READ_BYTES)
        except OSError:
            content = b""
        if not content:
            return [Key("end-of-file")]
        if self._ahead:
            # The terminal had made an Enter a Ctrl-J.
            before, behind = content[: self._ahead], content[self._ahead :]
            self._ahead -= len(before)
            content = before.replace(b"\n", b"\r") + behind
        return self._decoder.take(content)

    def line(self) -> str | None:
        """A line that a terminal hands over as a whole; None when there will be none."""
        try:
            content = os.read(self.descriptor, _READ_BYTES)
        except OSError:
            content = b""
        return content.decode(errors="replace") if content else None

    def suspend(self) -> None:
        """Stop as Ctrl-Z does, and go on when somebody says so."""
        if sys.platform != "win32":
            self._give_back()
            os.kill(os.getpid(), signal.SIGSTOP)
            self._take()

    if sys.platform == "win32":

        def _set(self) -> None:
            pass

    else:

        def _take(self) -> None:
            self._saved = list(termios.tcgetattr(self.descriptor))
            self._set()
            with suppress(OSError):
                waiting = fcntl.ioctl(self.descriptor, termios.FIONREAD, bytes(4))
                self._ahead = int.from_bytes(waiting, sys.byteorder)
            with suppress(OSError):
                os.write(self.descriptor, _PASTE_ON)

        def _set(self) -> None:
            with suppress(termios.error):  # Nobody is there any more.
                mode = termios.tcgetattr(self.descriptor)
                mode[3] &= ~(termios.ICANON | termios.ECHO)
                # Enter and Ctrl-J are to be told apart, and Ctrl-S and Ctrl-V are keys.
                mode[0] &= ~(termios.ICRNL | termios.IXON)
                mode[3] &= ~termios.IEXTEN
                mode[3] = mode[3] | termios.ISIG if self._has_signals else mode[3] & ~termios.ISIG
                termios.tcsetattr(self.descriptor, termios.TCSADRAIN, mode)

        def _give_back(self) -> None:
            if self._saved is not None:
                saved, self._saved = self._saved, None
                with suppress(OSError, termios.error):
                    os.write(self.descriptor, _PASTE_OFF)
                    termios.tcsetattr(self.descriptor, termios.TCSADRAIN, saved)  # type: ignore[arg-type]

    def _end(self, number: int, _frame: object) -> None:
        if sys.platform != "win32":
            self._give_back()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)


def can_be_held() -> bool:
    """Whether keys can be read one by one on this system."""
    return sys.platform != "win32"


def found() -> Keyboard | None:
    """The keyboard of whoever sees what goes to stderr, also when standard input is a pipe; None when there is none."""
    if sys.platform == "win32" or sys.stderr is None or not sys.stderr.isatty():
        return None
    if sys.stdin is not None and sys.stdin.isatty():
        return Keyboard(sys.stdin.fileno())
    try:
        return Keyboard(os.open("/dev/tty", os.O_RDWR | os.O_CLOEXEC))
    except OSError:
        return None
