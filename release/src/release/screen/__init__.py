"""What people and programs see: results on standard output, what goes on on standard error."""

import contextlib
import getpass
import json
import os
import sys
from pathlib import Path

from release import settings
from release.progress import Progress
from release.screen import github, lines, painting


def asked_secret(question: str) -> str:
    """What a person types at a terminal, which does not show it; empty where there is no terminal."""
    if not sys.stdin or not sys.stdin.isatty():
        return ""
    return getpass.getpass(f"{question}: ")


class Screen:
    """Results as text or as JSON; beside them what goes on, for whoever watches."""

    def __init__(self, *, as_json: bool) -> None:
        """Find out who is watching."""
        self.as_json = as_json
        self.watcher = _watcher()
        self.progress = Progress(self.watcher)

    def show(self, value: object, text: str) -> None:
        """The result: its value for programs, or its text for people."""
        print(json.dumps(value, indent=2) if self.as_json else text, flush=True)

    def summarise(self, title: str) -> None:
        """Add the steps to the summary of a job of GitHub; quietly nowhere, where there is none."""
        if (file := settings.read().summary) and self.progress.steps:
            with contextlib.suppress(OSError), Path(file).open("a", encoding="utf-8") as summary:
                summary.write(github.summary(title, self.progress.steps))

    def tell(self, text: str) -> None:
        """What is about to happen, for people: never on standard output."""
        self.watcher.say(text.splitlines())

    @property
    def can_ask(self) -> bool:
        """Whether a person is there to answer."""
        return bool(sys.stdin) and sys.stdin.isatty() and sys.stderr.isatty() and not settings.read().ci

    def asked(self, question: str) -> str:
        """What a person types as an answer; only for terminals."""
        return self._answer(f"{question} ").strip()

    def asks(self, question: str) -> bool:
        """Whether a person says yes; a bare Enter is a no."""
        return self._answer(f"{question} [y/N] ").strip().lower() in {"y", "yes"}

    def _answer(self, question: str) -> str:
        """A line; what stands behind the question ends with it also where none was typed."""
        line = ""
        with self.progress.waiting(), self.watcher.still():
            self.watcher.write(question)
            try:
                line = sys.stdin.readline()
            finally:
                if not line.endswith("\n"):
                    self.watcher.write("\n")
        return line

    def head(self, left: str, right: str = "") -> None:
        """What this is about, above the steps: never on standard output."""
        self.watcher.measure()
        self.watcher.say(lines.title(left, right, self.watcher.width))


def _watcher() -> painting.Plain:
    """Who shows steps on standard error, by what that is."""
    read = settings.read()
    is_terminal = sys.stderr.isatty() and not read.ci and not read.is_dumb
    has_colour = is_terminal and read.has_colour
    if is_terminal:
        return painting.Live(sys.stderr, has_colour=has_colour)
    return painting.GitHub(sys.stderr) if read.is_github else painting.Plain(sys.stderr)


def show_cancelled() -> None:
    """Say so on a line of its own, in the place of what the terminal echoed for Ctrl-C."""
    read = settings.read()
    start = "" if not sys.stderr.isatty() else "\n" if read.is_dumb else "\r\033[K"
    print(f"{start}cancelled", file=sys.stderr)


def show_failure(message: str, hint: str, *, title: str, file: str = "") -> None:
    """An error and what to do about it, on standard error; GitHub also shows it beside the change that it is about."""
    read = settings.read()
    has_colour = sys.stderr.isatty() and not read.ci and not read.is_dumb and read.has_colour
    error, hinted = ("\033[1;31merror:\033[0m", "\033[36mhint:\033[0m") if has_colour else ("error:", "hint:")
    if sys.stderr.isatty():  # elsewhere somebody may look for the words
        width = os.get_terminal_size(sys.stderr.fileno()).columns or lines.WIDTH
        message, hint = lines.folded(message, width, len("error: ")), lines.folded(hint, width, len("hint: "))
    print(f"{error} {message}\n{hinted} {hint}", file=sys.stderr)
    if read.is_github:
        print(github.annotation(message, hint, title=title, file=file), file=sys.stderr)
