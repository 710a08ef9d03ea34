"""The one door to other programs; refuses shell lines and hidden failures."""

import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict, Unpack

from release import settings
from release.errors import ProgramFailedError, ToolMissingError

TAIL_LINES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A program that has ended: exit code, and what it printed."""

    code: int
    out: str
    err: str


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
        env: changes to the environment.
        stdin: what it reads; nothing when left out.
        timeout: in seconds; the program is killed then, with code -9.
        uid: user and group to run as; only root may ask for another.
    """

    cwd: Path
    env: Mapping[str, str]
    stdin: bytes
    timeout: float
    uid: int | None


def attempt(command: Sequence[str | Path], **options: Unpack[Options]) -> Done:
    """Run a program, given as a list of words and never as a shell line, to its end, whatever that is.

    Raises:
        ToolMissingError: there is no such program.
    """
    uid = options.get("uid")
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words,
            cwd=options.get("cwd"),
            env={**settings.read().environment, **options.get("env", {})},
            input=options.get("stdin", b""),
            capture_output=True,
            timeout=options.get("timeout"),
            check=False,
            user=uid,
            group=uid,
            extra_groups=None if uid is None else [],
        )
    except FileNotFoundError:
        raise ToolMissingError(f"'{words[0]}' could not be started", hint="install it, or put it on PATH") from None
    except subprocess.TimeoutExpired as late:
        out, err = late.stdout or b"", late.stderr or b""
        return Done(code=-signal.SIGKILL, out=out.decode(errors="replace"), err=err.decode(errors="replace"))
    return Done(
        code=done.returncode,
        out=done.stdout.decode(errors="replace"),
        err=done.stderr.decode(errors="replace"),
    )


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
    text = "\n  ".join([f"'{' '.join(map(str, command))}' ended with code {done.code}", *lines])
    return ProgramFailedError(text, hint="its own words are above; nothing of this step was kept")


def watch(
    command: Sequence[str | Path],
    *,
    cwd: Path,
    env: Mapping[str, str],
    log: Path,
    tick: Callable[[float], None],
) -> int:
    """Run a long program with its output in a log file.

    Args:
        command: program and arguments.
        cwd: folder to run in.
        env: changes to the environment.
        log: file that takes everything it prints.
        tick: called about ten times a second with the seconds since the start.

    Returns:
        Its exit code.
    """
    import time

    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(word) for word in command],
            cwd=cwd,
            env={**settings.read().environment, **env},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        start = time.monotonic()
        try:
            while True:
                try:
                    return process.wait(timeout=0.1)
                except subprocess.TimeoutExpired:
                    tick(time.monotonic() - start)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """A program that runs beside us until `stop`."""

    process: "subprocess.Popen[bytes]"

    @property
    def ended(self) -> int | None:
        """Its exit code, or None while it runs."""
        return self.process.poll()

    def stop(self) -> None:
        """End it: asked first, killed after 5 seconds."""
        self.process.terminate()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start(command: Sequence[str | Path], *, env: Mapping[str, str], log: Path) -> Background:
    """Start a program in the background, with its output in a log file."""
    with log.open("wb") as output:
        return Background(
            process=subprocess.Popen(
                [str(word) for word in command],
                env={**settings.read().environment, **env},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        )
