"""Runs the package managers, and asks a program for its version. What they say is seen as they say it.

They are started in the home folder unless told otherwise: npm, yarn and others obey files of settings in the folder
they are started in, and a checkout of strangers may bring such a file. So commands are found before, from where we are:
PATH may have entries that are no whole paths.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple, Self

from iterate.interrupts import Calling, Elsewhere

# How long a program may take to print its version, in seconds: the first start after an upgrade reads it from disk.
ANSWER_S = 60.0
# More than any answer that is asked for, of which the one of brew about a formula is the longest.
ANSWER_BYTES = 1 << 20
# How long a signal to us may wait until it is passed on.
_SLICE_S = 0.1


class Place(NamedTuple):
    """What commands are run with."""

    home: Path
    path: str | None = None
    """Where commands are looked for; None for PATH."""
    output: IO[bytes] | None = None
    """Where their results go; None for our own output."""

    def find(self, name: str, near: Path | None = None) -> str | None:
        """The whole path of a command, on PATH or else in the folder of its program; None when it is nowhere."""
        found = shutil.which(name, path=self.path) or (shutil.which(name, path=str(near)) if near else None)
        return str(Path(found).absolute()) if found else None

    def run(self, words: Sequence[str], folder: Path | None = None) -> int:
        """Run a command to its end and return its exit code, which is negative for a signal.

        An interrupt is the command's own: it ends as it does, and only then do we. Raises OSError when it cannot start.
        """
        words = (self.find(words[0]) or words[0], *words[1:])
        with _PassedOn() as passed, Calling(passed.interrupt):
            return passed.run(lambda: subprocess.Popen(words, cwd=folder or self._start, stdout=self.output))

    def lend(self, words: Sequence[str], keys: int) -> int:
        """Run a command that has the terminal to itself until it ends; its exit code. `keys` is what it reads.

        An interrupt that is typed there is the command's alone. Raises OSError when it cannot start.
        """
        words = (self.find(words[0]) or words[0], *words[1:])
        with Elsewhere():
            before = signal.signal(signal.SIGINT, lambda _number, _frame: None)
            try:
                return subprocess.Popen(words, stdin=keys).wait()
            finally:
                signal.signal(signal.SIGINT, before)

    def ask(self, words: Sequence[str], seconds: float = ANSWER_S) -> str:
        """What a command prints, without spaces around it; empty when it fails, takes too long or prints too much."""
        with suppress(OSError, UnicodeDecodeError):
            process = subprocess.Popen(
                words,
                cwd=self._start,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            said = _said(process, seconds)
            return said.decode().strip() if process.returncode == 0 else ""
        return ""

    @property
    def _start(self) -> Path:
        """The home folder; where there is none, as for users of services, the root of the disk."""
        return self.home if self.home.is_dir() and os.access(self.home, os.X_OK) else Path(self.home.anchor)


def _said(process: "subprocess.Popen[bytes]", seconds: float) -> bytes:
    """What a process prints until it ends; one that takes too long or prints too much is killed."""
    said: list[bytes] = []

    def read() -> None:
        if process.stdout is not None:
            with process.stdout:
                said.append(process.stdout.read(ANSWER_BYTES))

    deadline = time.monotonic() + seconds
    # A thread, because what the process has started may keep its output open for longer than we wait.
    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        reader.join(seconds)
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, deadline - time.monotonic()))
    finally:
        process.kill()
        process.wait()
    return b"".join(said)


class _PassedOn:
    """A block in which a signal that ends us goes to a process that it starts; when that has ended, so do we.

    The signals are caught before there is a process, because one may come as soon as there is: it would end us alone.
    """

    def __init__(self) -> None:
        self._is_decided = threading.Event()  # Whether there is a process, or will be none.
        self._process: subprocess.Popen[bytes] | None = None
        self._before: dict[int, object] = {}
        self._came = 0
        self._to_send: list[int] = []

    def __enter__(self) -> Self:
        # Only the main thread may say what a signal does.
        if sys.platform != "win32" and threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGHUP):
                # What whoever started us wants ignored, as nohup does, stays so for the process too.
                if signal.getsignal(number) != signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._pass)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # What it gave us.
        if self._came:
            os._exit(128 + self._came)

    def run(self, start: "Callable[[], subprocess.Popen[bytes]]") -> int:
        """Start the process, and give its exit code when it has ended; raises what the start raises."""
        try:
            process = self._process = start()
        finally:
            self._is_decided.set()
        self._send()
        while True:
            # Python acts on signals between two steps of ours: one that comes right before a step that waits for the
            # system is acted on after that step.
            with suppress(subprocess.TimeoutExpired):
                return process.wait(_SLICE_S)

    def interrupt(self) -> None:
        """Let the process end by an interrupt that came to us, and wait until it has; runs in another thread."""
        was_started = self._process is not None
        self._is_decided.wait()
        if self._process is not None:
            if not (was_started and _has_keyboard()):
                with suppress(OSError):
                    self._process.send_signal(signal.SIGINT)
            self._process.wait()

    def _pass(self, number: int, _frame: object) -> None:
        self._came = number
        self._to_send.append(number)
        self._send()

    def _send(self) -> None:
        while self._process is not None and self._to_send:
            with suppress(OSError):
                self._process.send_signal(self._to_send.pop())


def _has_keyboard() -> bool:
    """Whether the keyboard's interrupts reach us, and with us everything that we started."""
    if sys.platform == "win32":
        return True
    for number in (0, 1, 2):
        with suppress(OSError):
            return os.tcgetpgrp(number) == os.getpgrp()
    return False


def has_terminal() -> bool:
    """Whether a person can be asked."""
    return sys.stdin is not None and sys.stdin.isatty()


type IsWritable = Callable[[Path], bool]


def is_writable(folder: Path) -> bool:
    """Whether this user may put files into a folder; the system says, which knows of read-only disks too."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return os.access(folder, os.W_OK)


def user() -> int:
    """The number of the user; 0 is root. Windows has none, and gives -1."""
    return -1 if sys.platform == "win32" else os.geteuid()


def owner_of(folder: Path) -> int:
    """The number of the user that a folder belongs to; -1 where nobody knows."""
    if sys.platform == "win32":
        return -1
    try:
        return folder.stat().st_uid
    except OSError:
        return -1
