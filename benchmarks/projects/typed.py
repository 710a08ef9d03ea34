"""What a person types to release a project, each command run as they would, with its time."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

# How often it is told that a command still runs.
TELL_S = 5


@dataclass(slots=True, kw_only=True)
class Person:
    """Somebody at a terminal in the folder of a project.

    Attributes:
        log: all that was printed.
        tell: given a line about what is going on.
        typed: how many commands were typed.
        waited: seconds that these took.
    """

    source: Path
    log: Path
    tell: Callable[[str], None]
    typed: int = 0
    waited: float = 0.0
    path: str = field(default_factory=lambda: f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")

    def type(self, *words: str) -> float:
        """Run a command that has to succeed; gives its seconds.

        Raises:
            FailedError: it did not; with the last of what it printed.
        """
        self.typed += 1
        start = told = time.monotonic()
        before = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            log.write(f"$ {' '.join(words)}\n".encode())
            log.flush()
            process = subprocess.Popen(
                words, cwd=self.source, env=self._env(), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
            while process.poll() is None:
                time.sleep(0.1)
                if time.monotonic() - told > TELL_S:
                    told = time.monotonic()
                    self.tell(f"{' '.join(words)}, {told - start:.0f} s: {self._last()}")
        seconds = time.monotonic() - start
        self.waited += seconds
        if process.returncode != 0:
            text = self.log.read_bytes()[before:].decode(errors="replace")
            raise FailedError(f"{' '.join(words)} ended with code {process.returncode}:\n{text.strip()[-3000:]}")
        return seconds

    def _env(self) -> dict[str, str]:
        ours = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "VIRTUAL_ENV", "CI", "GITHUB_ACTIONS")
        return {**{name: value for name, value in os.environ.items() if name not in ours}, "PATH": self.path}

    def _last(self) -> str:
        """The last line that was printed."""
        with self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - 2000))
            lines = log.read().decode(errors="replace").replace("\r", "\n").split("\n")
        return next((line.strip()[:90] for line in reversed(lines) if line.strip()), "")


class FailedError(Exception):
    """A command did not succeed."""
