"""The keyboard of a terminal: read key by key while somebody is asked or types, and always given back as it was."""

import os
import select
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from iterate import interrupts, settings
from iterate.terminal import modes
from iterate.terminal.keys import Decoder, Key
from iterate.terminal.modes import Mode

if sys.platform != "win32":
    import fcntl
    import termios

if TYPE_CHECKING:
    from iterate.terminal.keeper import Keeper

_READ_BYTES = 1 << 16
# What follows an Escape that begins another key is there at once, also over a slow line.
ESCAPE_S = 0.05
_ENDING = ("SIGTERM", "SIGHUP", "SIGQUIT")
# A terminal that takes nothing any more is not waited for when the process is to end, and answers not for long.
STALLED_S, ANSWER_S = 0.2, 0.3


class Keyboard:
    """A terminal that somebody types on; `descriptor` can be waited for."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._decoder = Decoder()
        self._saved: list[object] | None = None
        self._has_signals = True
        # So many bytes that wait were typed before keys were read one by one.
        self._ahead = 0
        self._modes: set[Mode] = set()
        self._title = ""
        self._keeper: Keeper | None = None
        # The terminal was asked for something and has not answered the last question.
        self.is_asked = False
        # What is to be done in the place of stopping when somebody sends SIGTSTP, and when the process goes on after a
        # stop that it was not asked about. Both are called between two steps of the program, whatever it does.
        self.stopping: Callable[[], object] = self.suspend
        self.continued: Callable[[], object] = lambda: None
        # What takes away what is painted, so that whoever has the terminal next begins on a row of their own.
        self.last: Callable[[], str] = str

    @contextmanager
    def held(self, *, has_signals: bool, wanted: Iterable[Mode] = ("paste",)) -> Iterator[None]:
        """Keys come one by one and are not shown; with signals Ctrl-C and Ctrl-Z do what they always do.

        The terminal is given back as it was in every end there is; in those that no process is told of, with `keep`.
        """
        if sys.platform == "win32":
            yield
            return
        self._has_signals, self._modes, self._title = has_signals, set(wanted), ""
        before = {name: signal.getsignal(getattr(signal, name)) for name in (*_ENDING, "SIGTSTP", "SIGCONT")}
        try:
            # Before anything is changed, so that no signal finds it changed and nobody to put it back.
            interrupts.before_leaving(self._give_back)
            interrupts.knock(frozenset(getattr(signal, name) for name in _ENDING))
            for name in _ENDING:
                signal.signal(getattr(signal, name), self._end)
            signal.signal(signal.SIGTSTP, lambda _number, _frame: self.stopping())
            signal.signal(signal.SIGCONT, lambda _number, _frame: self._go_on())
            self._take()
            yield
        finally:
            self._hear_out()
            self._give_back()
            keeper, self._keeper = self._keeper, None
            if keeper is not None:
                keeper.close()
            for name, handler in before.items():
                signal.signal(getattr(signal, name), handler)
            interrupts.before_leaving(None)
            interrupts.knock(frozenset())

    def keep(self) -> None:
        """Within a block of `held`: have the terminal given back when this process is killed, or crashes."""
        from iterate.terminal.keeper import Keeper  # The first frame needs none.

        if self._saved is not None:
            self._keeper = Keeper(self.descriptor, self._saved)
            self._remember()

    def switch(self, on: Iterable[Mode] = (), off: Iterable[Mode] = ()) -> None:
        """Within a block of `held`: other modes, which are given back as well."""
        more, fewer = set(on) - self._modes, set(off) & self._modes
        # Each screen has keys of its own.
        again = (more | fewer) & {"alternate"} and self._modes & {"kitty"}
        self._modes = (self._modes | more) - fewer
        self._remember()
        self._send(modes.off(fewer | (again or set())) + modes.on(more | (again or set())))

    def title(self, text: str) -> None:
        """Within a block of `held`: a title, until the terminal is given back and has its own again."""
        if text != self._title and settings.emulator().has_title:
            is_first, self._title = not self._title, text
            if is_first:
                self._remember()
            self._send(modes.titled(text, is_first=is_first))

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

    @contextmanager
    def lent(self, torn: type[BaseException] = Exception) -> Iterator[None]:
        """Within a block of `held`: the terminal as it was, for another program, which may stop together with us.

        `torn` says that it was ended in the middle of everything, and switched nothing back.
        """
        if sys.platform == "win32":
            yield
            return
        self._hear_out()
        saved = self._saved
        self._give_back()
        self._write(modes.LENT)
        before = {number: signal.signal(number, signal.SIG_DFL) for number in (signal.SIGTSTP, signal.SIGCONT)}
        try:
            yield
        except torn:
            self._restore(saved)
            self._write(modes.FORGOTTEN)
            raise
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            self._take()

    def _go_on(self) -> None:
        """The process was stopped; a shell may have given the terminal modes of its own meanwhile."""
        if sys.platform != "win32" and self._saved is not None:
            self._set()
            self._send(modes.on(self._modes - {"kitty"}))
            self.continued()

    def _remember(self) -> None:
        """Tell the keeper what there would be to be given back."""
        if self._keeper is not None:
            is_held = self._saved is not None
            self._keeper.remember(modes.given_back(self._modes, has_title=bool(self._title)) if is_held else "")

    def _send(self, text: str) -> None:
        if text and sys.platform != "win32" and self._saved is not None:
            self._write(text)

    def _write(self, text: str) -> None:
        with suppress(OSError):
            os.write(self.descriptor, text.encode())

    def _hear_out(self) -> None:
        """Wait a moment for what was asked, so that a late answer is not typed into the shell."""
        while self.is_asked and select.select([self.descriptor], [], [], ANSWER_S)[0]:
            keys = self.read()
            self.is_asked = not any(
                key.name == "end-of-file"
                or (key.name == "reply" and key.text.startswith("\x1b[?") and key.text[-1] == "c")
                for key in keys
            )

    if sys.platform == "win32":

        def _set(self) -> None:
            pass

        def _restore(self, saved: list[object] | None) -> None:
            pass

    else:

        def _take(self) -> None:
            try:
                self._saved = list(termios.tcgetattr(self.descriptor))
            except termios.error:
                return  # Nobody is there any more, which is read next.
            self._remember()
            self._set()
            with suppress(OSError):
                waiting = fcntl.ioctl(self.descriptor, termios.FIONREAD, bytes(4))
                self._ahead = int.from_bytes(waiting, sys.byteorder)
            self._send(
                modes.BEGUN + modes.on(self._modes) + (modes.titled(self._title, is_first=True) if self._title else "")
            )

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
                with suppress(OSError, ValueError):
                    # One that is stopped by Ctrl-S, or whose line is dead, would be waited for for ever.
                    if select.select([], [self.descriptor], [], STALLED_S)[1]:
                        text = modes.given_back(self._modes, self.last(), has_title=bool(self._title))
                        os.write(self.descriptor, text.encode())
                self._restore(saved)
                self._remember()

        def _restore(self, saved: list[object] | None) -> None:
            with suppress(termios.error):
                if saved is not None:
                    termios.tcsetattr(self.descriptor, termios.TCSANOW, saved)  # type: ignore[arg-type]

    def _end(self, number: int, _frame: object) -> None:
        # Not again in the middle of it.
        signal.signal(number, signal.SIG_IGN)
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
