"""The commands of a project, plain or compiled, run in an empty home, and what they said, to be compared."""

import contextlib
import http.client
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

SECONDS = 60

# What two runs never have in common: times, ports, addresses in memory; and what docs/compiled.md says of tracebacks.
VOLATILE = (
    (re.compile(r"127\.0\.0\.1:\d+|localhost:\d+"), "127.0.0.1:PORT"),
    (re.compile(r"\bport=\d+|'127\.0\.0\.1', \d+"), "PORT"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+"), "DATE"),
    (re.compile(r"\b\d+:\d+\.\d+"), "TIME"),
    (re.compile(r"[\d.]+ (?:bytes|\w?B)/s"), "SPEED"),
    (re.compile(r"\b\d+(?:\.\d+)?\s?(?:ms|s)\b"), "TIME"),
    (re.compile(r"0x[0-9a-f]{6,}"), "0xADDRESS"),
    (re.compile(r"(?<=/)tmp[a-z0-9_]{8}\b"), "TEMPORARY"),
    (re.compile(r"(?<=\(most recent call last\):\n)(?:[ ].*\n)+"), ""),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where commands lie, and the home and folder that they work in.

    Attributes:
        commands: the folder with the commands.
        home: an empty folder.
        work: the folder that they are run in, with the files of the work.
    """

    commands: Path
    home: Path
    work: Path

    @property
    def env(self) -> dict[str, str]:
        """Nothing of the person's own."""
        return {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.home),
            "LC_ALL": "C.UTF-8",
            "TERM": "xterm-256color",
            "COLUMNS": "100",
            "TZ": "UTC",
        }

    def path(self, name: str) -> str:
        """A command by its whole path."""
        return str(self.commands / name)

    def run(self, name: str, *words: str, stdin: str = "") -> str:
        """What a command printed, with its exit code; what differs from run to run is made alike."""
        done = self.done(name, *words, stdin=stdin)
        said = f"exit code {done.returncode}\n{done.stdout}"
        if done.stderr.strip():
            said += f"--- stderr\n{done.stderr}"
        return self.alike(said)

    def done(self, name: str, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """The same as it came."""
        return subprocess.run(
            [self.path(name), *words],
            cwd=self.work,
            env=self.env,
            input=stdin,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SECONDS,
            check=False,
        )

    @contextlib.contextmanager
    def serving(self, port: int, name: str, *words: str) -> Iterator[subprocess.Popen[bytes]]:
        """A server that listens, for the time of the block; it has to end by itself after SIGINT."""
        with (self.work / "server.log").open("wb") as log:
            process = subprocess.Popen(
                [self.path(name), *words],
                cwd=self.work,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Whoever runs this behind a shell that does not wait for it ignores interrupts, and the server too.
                preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
            )
        try:
            self._wait(process, port)
            yield process
            process.send_signal(signal.SIGINT)
            process.wait(SECONDS)
        finally:
            process.kill()
            process.wait()

    def _wait(self, process: subprocess.Popen[bytes], port: int) -> None:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end and process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                return
            time.sleep(0.05)
        said = (self.work / "server.log").read_text(errors="replace")
        raise SystemExit(f"no server at the port, exit code {process.poll()}:\n{said[-2000:]}")

    def alike(self, said: str) -> str:
        """Text without what differs from run to run."""
        for folder, name in ((self.work, "WORK"), (self.home, "HOME"), (self.commands, "COMMANDS")):
            said = said.replace(str(folder), name)
        for pattern, name in VOLATILE:
            said = pattern.sub(name, said)
        return said


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
        return port


def page(port: int, path: str, headers: Mapping[str, str] | None = None) -> str:
    """Status, type and body of a page."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request("GET", path, headers=dict(headers or {}))
        answer = connection.getresponse()
        body = answer.read().decode(errors="replace")
        return f"{answer.status} {answer.getheader('content-type')}\n{body}"
    finally:
        connection.close()


def must(said: str, *wanted: str) -> str:
    """The text, which has to hold what is wanted.

    Raises:
        WrongError: it does not.
    """
    for each in wanted:
        if each not in said:
            raise WrongError(f"no {each!r} in:\n{said[-2000:]}")
    return said


class WrongError(Exception):
    """A program did not do its work."""


def emptied(folder: Path) -> Path:
    """A new folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def here(commands: Path, below: Path) -> Place:
    """A place with a new home and a new folder of work."""
    return Place(commands=commands, home=emptied(below / "home"), work=emptied(below / "work"))
