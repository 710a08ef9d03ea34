"""tmux and GNU screen as terminals without a window: what they show of a program, keys, sizes."""

import shlex
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

PATIENCE_S = 60.0

type Room = tuple[int, int]


class Tmux:
    """A tmux server of its own, with one pane."""

    def __init__(
        self, below: Path, words: Sequence[str], env: Mapping[str, str], cwd: Path, size: tuple[int, int]
    ) -> None:
        self._socket = below / "tmux"
        self._env = {**env, "TERM": "xterm-256color"}
        columns, lines = size
        settings = below / "tmux.conf"
        settings.write_text("set -g status off\nset -g history-limit 50000\n")
        self._tmux(
            "-f",
            str(settings),
            "new-session",
            "-d",
            "-x",
            str(columns),
            "-y",
            str(lines),
            "-c",
            str(cwd),
            shlex.join(words),
        )

    @property
    def text(self) -> str:
        """The screen and what is above it, without the blanks at the ends of rows."""
        shown = self._tmux("capture-pane", "-p", "-S", "-").splitlines()
        return "\n".join(each.rstrip() for each in shown).rstrip()

    def type(self, keys: str) -> None:
        self._tmux("send-keys", "-H", *(f"{byte:x}" for byte in keys.encode()))

    def resize(self, columns: int, lines: int) -> None:
        self._tmux("resize-window", "-x", str(columns), "-y", str(lines))

    def close(self) -> None:
        self._tmux("kill-server", check=False)

    def _tmux(self, *words: str, check: bool = True) -> str:
        done = subprocess.run(
            ["tmux", "-S", str(self._socket), *words], env=self._env, capture_output=True, text=True, check=False
        )
        assert not check or not done.returncode, done.stderr
        return done.stdout


class Screen:
    """A session of GNU screen, detached."""

    def __init__(
        self, below: Path, words: Sequence[str], env: Mapping[str, str], cwd: Path, size: tuple[int, int]
    ) -> None:
        self._copy = below / "hardcopy"
        folder = below / "screens"
        folder.mkdir(mode=0o700)
        self._env = {**env, "SCREENDIR": str(folder), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
        settings = below / "screenrc"
        settings.write_text("defscrollback 50000\nstartup_message off\ndefutf8 on\nvbell off\ndefescape '^Gg'\n")
        subprocess.run(
            ["screen", "-U", "-c", str(settings), "-dmS", "one", *words],
            env=self._env,
            cwd=cwd,
            check=True,
            timeout=PATIENCE_S,
        )
        self.resize(*size)

    @property
    def text(self) -> str:
        """The screen and what is above it, without the blanks at the ends of rows."""
        self._copy.unlink(missing_ok=True)
        self._screen("hardcopy", "-h", str(self._copy))
        deadline = time.monotonic() + PATIENCE_S
        while not (self._copy.exists() and self._copy.stat().st_size):
            assert time.monotonic() < deadline, "screen writes no copy"
            time.sleep(0.01)
        return "\n".join(each.rstrip() for each in self._copy.read_text(errors="replace").splitlines()).strip("\n")

    def type(self, keys: str) -> None:
        self._screen("stuff", "".join(f"\\{byte:03o}" for byte in keys.encode()))

    def resize(self, columns: int, lines: int) -> None:
        self._screen("width", "-w", str(columns), str(lines))

    def close(self) -> None:
        self._screen("quit")

    def _screen(self, *words: str) -> None:
        subprocess.run(
            ["screen", "-S", "one", "-p", "0", "-X", *words],
            env=self._env,
            capture_output=True,
            check=False,
            timeout=PATIENCE_S,
        )


type Multiplexer = Tmux | Screen


def until(shown: Multiplexer, is_so: Callable[[str], bool]) -> str:
    """Wait until something is to be seen; all that is, then."""
    deadline = time.monotonic() + PATIENCE_S
    while not is_so(text := shown.text):
        assert time.monotonic() < deadline, text
        time.sleep(0.05)
    return text
