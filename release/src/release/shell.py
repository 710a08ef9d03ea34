"""The one door to other programs: lists of words, never shell lines; their code, their words, and their end.

Each program gets a session of its own (on Windows: is ended with everything below it), so that what it started ends
with it when its time is up, or when this tool is asked to end (Ctrl-C, SIGTERM, SIGHUP).
"""

import contextlib
import contextvars
import errno
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TypedDict, Unpack

from release import settings
from release.errors import ProgramFailedError, ProgramNotStartedError, ReleaseError, ToolMissingError, WriteError

TAIL_LINES = 12
# What a program killed by us has for a code, on every system: a signal's number, negative, as POSIX has it.
KILLED = -9
PATIENCE_SECONDS = 5


class TerminatedError(SystemExit):
    """This tool was told to end by a signal; goes through every `finally`, and no check takes it for a failure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A program that has ended.

    Attributes:
        code: its exit code.
        out, err: what it printed, as UTF-8; bytes that are none are replaced.
        raw: what it printed on standard output, as it is.
    """

    code: int
    out: str
    err: str
    raw: bytes = b""


def find(program: str) -> Path | None:
    """Where a program is, if it is on PATH."""
    path = settings.read().environment.get("PATH")
    found = shutil.which(program, path=path)
    return Path(found) if found else None


def need(program: str, *, hint: str) -> Path:
    """Where a program is.

    Raises:
        ToolMissingError: it is not on PATH.
    """
    found = find(program)
    if found is None:
        raise ToolMissingError(f"'{program}' is not on PATH", hint=hint)
    return found


class Options(TypedDict, total=False):
    """How to run a program.

    Attributes:
        cwd: folder to run in.
        env: changes to the environment; None takes a variable away.
        stdin: what it reads; nothing when left out.
        timeout: in seconds; then the program and all that it started are killed, and the code is `KILLED`.
        uid: user and group to run as; only root may ask for another.
        terminal: it may ask the person at the terminal (a passphrase), so it stays in this tool's session; past its
            time it is asked to end first, and only it is killed.
        gently: past its time it is asked to end first, because it may hold a lock.
    """

    cwd: Path
    env: Mapping[str, str | None]
    stdin: bytes
    timeout: float
    uid: int | None
    terminal: bool
    gently: bool


class Leash:
    """The programs that other threads run, for whoever waits for these threads, but not for ever."""

    def __init__(self) -> None:
        """Begin with none."""
        self._lock = threading.Lock()
        self._running: list[tuple[subprocess.Popen[bytes], bool]] = []
        self._threads: list[threading.Thread] = []
        self._is_cut = False

    def start(self, work: Callable[[], None]) -> threading.Thread:
        """Do some work in a thread; at the end of this program nobody waits for it."""

        def hold() -> None:
            _leash.set(self)
            work()

        # Not of a pool, which would wait for whoever never answers.
        thread = threading.Thread(target=hold, daemon=True)
        self._threads.append(thread)
        thread.start()
        return thread

    def cut(self, *, patience: float = 1.0) -> None:
        """Kill their programs, also those that they would start from now on, and let them put away what they made."""
        import time

        with self._lock:
            self._is_cut = True
            for process, own_session in self._running:
                _kill_living(process, own_session=own_session)
        end = time.monotonic() + patience
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))

    @contextmanager
    def over(self, process: "subprocess.Popen[bytes]", *, own_session: bool) -> Iterator[None]:
        """A program that one of the threads runs."""
        with self._lock:
            self._running.append((process, own_session))
            if self._is_cut:
                _kill_living(process, own_session=own_session)
        try:
            yield
        finally:
            with self._lock:
                self._running.remove((process, own_session))


def _kill_living(process: "subprocess.Popen[bytes]", *, own_session: bool) -> None:
    if process.returncode is None:  # else its number may be somebody else's by now
        _kill(process, own_session=own_session)


_leash: contextvars.ContextVar[Leash | None] = contextvars.ContextVar("leash", default=None)


def leashed() -> Callable[[], object]:
    """What another thread has to call for its programs to be on the leash that this one's are on."""
    return partial(_leash.set, _leash.get())


def attempt(command: Sequence[str | Path], **options: Unpack[Options]) -> Done:
    """Run a program, given as a list of words and never as a shell line, to its end, whatever that is.

    Raises:
        ToolMissingError: there is no such program.
        ProgramNotStartedError: it is there, and the system does not start it.
        WriteError: the folder to run in is not there.
    """
    own = not options.get("terminal", False)
    with _running(command, options, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            out, err = process.communicate(options.get("stdin", b""), timeout=options.get("timeout"))
            code = process.returncode
        except subprocess.TimeoutExpired:
            _end(process, own_session=own, at_once=own and not options.get("gently", False))
            code = KILLED
            try:
                out, err = process.communicate(timeout=1)
            except subprocess.TimeoutExpired as held:
                # Something that left the session still holds the pipes; what was read until now is what there is.
                out, err = held.stdout or b"", held.stderr or b""
    return Done(code=code, out=out.decode(errors="replace"), err=err.decode(errors="replace"), raw=out)


def run(command: Sequence[str | Path], **options: Unpack[Options]) -> str:
    """Run a program that must succeed, and give what it printed.

    Raises:
        ToolMissingError: there is no such program.
        ProgramFailedError: it ended with another code than 0; the end of its output is in the message.
    """
    done = attempt(command, **options)
    if done.code != 0:
        raise failed(command, done)
    return done.out


def failed(command: Sequence[str | Path], done: Done) -> ProgramFailedError:
    """The error for a program that ended badly, with the last lines it printed."""
    lines = (done.err.strip() or done.out.strip()).splitlines()[-TAIL_LINES:]
    how = "was killed: its time was up" if done.code == KILLED else f"ended with code {done.code}"
    text = "\n  ".join([f"'{' '.join(map(str, command))}' {how}", *lines])
    return ProgramFailedError(text, hint="its own words are above; nothing of this step was kept")


def watch(
    command: Sequence[str | Path],
    *,
    cwd: Path,
    env: Mapping[str, str | None],
    log: Path,
    tick: Callable[[float], None],
) -> int:
    """Run a long program with its output in a log file; all that it started ends with it, and both with this tool.

    Args:
        command: program and arguments.
        cwd: folder to run in.
        env: changes to the environment; None takes a variable away.
        log: file that takes everything it prints.
        tick: called about ten times a second with the seconds since the start.

    Returns:
        Its exit code.
    """
    import time

    begun = time.monotonic()
    options: Options = {"cwd": cwd, "env": env}
    with (
        log.open("wb") as output,
        _running(command, options, stdout=output.fileno(), stderr=subprocess.STDOUT) as process,
        _leashed(process),
    ):
        while True:
            try:
                return process.wait(timeout=0.1)
            except subprocess.TimeoutExpired:
                tick(time.monotonic() - begun)


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """A program that runs beside us until `stop`."""

    process: "subprocess.Popen[bytes]"

    @property
    def ended(self) -> int | None:
        """Its exit code, or None while it runs."""
        return self.process.poll()

    def stop(self) -> None:
        """End it and what it started: asked first, killed after 5 seconds."""
        _end(self.process, own_session=True, at_once=False)


def start(command: Sequence[str | Path], *, env: Mapping[str, str | None], log: Path) -> Background:
    """Start a program in the background, with its output in a log file."""
    with log.open("wb") as output:
        return Background(process=_started(command, {"env": env}, stdout=output.fileno(), stderr=subprocess.STDOUT))


@dataclass(slots=True)
class _Signals:
    """What asks this tool to end, and whether that has to wait a moment.

    A signal that strikes while a program is being started would leave that one behind, unknown to anybody.
    """

    held: bool = False
    arrived: int | None = None

    def answer(self, number: int, _frame: FrameType | None = None) -> None:
        """End, by an exception that goes through every `finally`."""
        if self.held:
            self.arrived = number
        elif number == signal.SIGINT:
            raise KeyboardInterrupt
        else:
            raise TerminatedError(128 + number)

    def hold(self) -> None:
        """From now on they wait; only the main thread is ever struck by one."""
        self.held = self.held or threading.current_thread() is threading.main_thread()

    def release(self) -> None:
        """Answer the one that waited, if there is one."""
        if threading.current_thread() is threading.main_thread():
            self.held = False
            number, self.arrived = self.arrived, None
            if number is not None:
                self.answer(number)


_signals = _Signals()


def end_on_signals() -> None:
    """From now on a signal that asks this tool to end raises an exception in the main thread.

    It is KeyboardInterrupt for Ctrl-C and `TerminatedError` for all others.
    """
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
        number = getattr(signal, name, None)
        # `nohup` starts us with SIGHUP ignored, and means it.
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _signals.answer)


@contextmanager
def _running(
    command: Sequence[str | Path], options: Options, *, stdout: int, stderr: int, stdin: int = subprocess.DEVNULL
) -> Iterator["subprocess.Popen[bytes]"]:
    """Start a program, and leave the block with it ended."""
    _signals.hold()
    try:
        process = _started(command, options, stdout=stdout, stderr=stderr, stdin=stdin)
    except BaseException:
        _signals.release()
        raise
    own_session, leash = not options.get("terminal", False), _leash.get()
    with (
        _ending(process, own_session=own_session),
        leash.over(process, own_session=own_session) if leash else contextlib.nullcontext(),
    ):
        _signals.release()
        yield process


@contextmanager
def _leashed(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    """End all that a program started when the block is left, and also when this tool is killed in the middle of it."""
    if sys.platform == "win32":
        yield
        return
    # It reads from a pipe that nobody writes to: the end comes when we are gone.
    with subprocess.Popen(
        ["/bin/sh", "-c", f"read _; kill -9 -{process.pid}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as guard:
        try:
            yield
        finally:
            guard.kill()
            _end(process, own_session=True, at_once=False)
            # The compiler may have been ended by others, and leave its own children behind.
            _send(process, signal.SIGKILL, own_session=True)


def _started(
    command: Sequence[str | Path],
    options: Options,
    *,
    stdout: int,
    stderr: int,
    stdin: int = subprocess.DEVNULL,
) -> "subprocess.Popen[bytes]":
    uid, cwd = options.get("uid"), options.get("cwd")
    words = [str(word) for word in command]
    changed = {**settings.read().environment, **options.get("env", {})}
    try:
        return subprocess.Popen(
            words,
            cwd=cwd,
            env={name: value for name, value in changed.items() if value is not None},
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            user=uid,
            group=uid,
            extra_groups=None if uid is None else [],
            start_new_session=not options.get("terminal", False),
        )
    except OSError as error:
        raise refusal(words[0], cwd, error) from None


def refusal(program: str, cwd: Path | None, error: OSError) -> ReleaseError:
    """The named error for a program that did not start, and why."""
    if cwd is not None and (not cwd.is_dir() or error.filename == str(cwd)):
        return WriteError(f"{cwd}: no folder that '{program}' can run in", hint="check that it exists and is yours")
    is_name = os.sep not in program
    path = Path(program) if is_name or cwd is None else cwd / program
    if is_name:
        path = Path(shutil.which(program, os.F_OK, settings.read().environment.get("PATH")) or program)
    if not path.is_file():
        return ToolMissingError(f"'{program}' could not be started", hint="install it, or put it on PATH")
    why, hint = f"{error.strerror or error}", "check that you may run it"
    if isinstance(error, FileNotFoundError):
        why = "the loader or interpreter that it names is not there"
        hint = "it was made for another system or C library: run it where it belongs"
    elif isinstance(error, PermissionError) and forbids_programs(path.parent):
        why = f"the file system of {path.parent} is mounted noexec"
        hint = "set TMPDIR to a folder where programs may run"
    elif error.errno == errno.ENOEXEC:
        hint = "it was made for another kind of machine: run it there"
    return ProgramNotStartedError(f"'{program}' could not be started: {why}", hint=hint)


def forbids_programs(folder: Path) -> bool:
    """Whether a folder's file system is mounted noexec; where the system does not say, no."""
    if sys.platform != "linux":
        return False
    try:
        return bool(os.statvfs(folder).f_flag & os.ST_NOEXEC)
    except OSError:
        return False


@contextmanager
def _ending(process: "subprocess.Popen[bytes]", *, own_session: bool) -> Iterator[None]:
    """Leave the block with the program ended, however it is left."""
    try:
        yield
    finally:
        if process.poll() is None:
            _end(process, own_session=own_session, at_once=False)
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


def _end(process: "subprocess.Popen[bytes]", *, own_session: bool, at_once: bool) -> None:
    """End a program, and with a session of its own all that it started: asked first unless `at_once`, then killed."""
    if process.returncode is not None:
        return  # its number may be somebody else's by now
    try:
        if not at_once:
            _send(process, signal.SIGTERM, own_session=own_session)
            process.wait(timeout=PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        pass
    finally:
        _kill(process, own_session=own_session)
        process.wait()


def _kill(process: "subprocess.Popen[bytes]", *, own_session: bool) -> None:
    """Kill a program, and with a session of its own all that it started."""
    if sys.platform == "win32":
        _send(process, signal.SIGTERM, own_session=own_session)
        process.kill()
    else:
        _send(process, signal.SIGKILL, own_session=own_session)


def _send(process: "subprocess.Popen[bytes]", number: signal.Signals, *, own_session: bool) -> None:
    if sys.platform == "win32":
        # No signals there. /T takes the tree below it along, while its root still stands.
        words = ["taskkill", "/F", "/T", "/PID", str(process.pid)]
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(words, capture_output=True, check=False, timeout=PATIENCE_SECONDS)
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if own_session:
            # The session's first group has the program's own number, and outlives it while a member lives.
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
