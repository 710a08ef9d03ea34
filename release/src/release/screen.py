"""What people and programs see: results on standard output, progress on standard error."""

import getpass
import json
import sys

from release import settings

EVERY = 15  # seconds between two lines of progress where nothing can move


def asked_secret(question: str) -> str:
    """What a person types at a terminal, which does not show it; empty where there is no terminal."""
    if not sys.stdin or not sys.stdin.isatty():
        return ""
    return getpass.getpass(f"{question}: ")


class Screen:
    """Results as text or as JSON; progress as one moving line on a terminal, as a line now and then elsewhere."""

    def __init__(self, *, as_json: bool) -> None:
        """Find out who is watching."""
        self.as_json = as_json
        self.moving = sys.stderr.isatty() and not settings.read().ci
        self.seconds_shown = 0.0

    def show(self, value: object, text: str) -> None:
        """The result: its value for programs, or its text for people."""
        print(json.dumps(value, indent=2) if self.as_json else text, flush=True)

    def show_part(self, text: str) -> None:
        """A part of a result that is not yet whole, for people only."""
        if not self.as_json:
            print(text, end="\n\n", flush=True)

    def step(self, text: str) -> None:
        """Begin a line of progress."""
        self.seconds_shown = 0.0
        self._clear()
        print(text, file=sys.stderr, flush=True)

    def tick(self, text: str, seconds: float) -> None:
        """Show the time; elsewhere than on a terminal only now and then."""
        if self.moving:
            self._clear()
            minutes, rest = divmod(int(seconds), 60)
            print(f"  {minutes}:{rest:02} {text}"[:78], end="", file=sys.stderr, flush=True)
        elif seconds - self.seconds_shown >= EVERY:
            self.seconds_shown = seconds
            print(f"  {seconds:.0f} s {text}", file=sys.stderr, flush=True)

    def _clear(self) -> None:
        if self.moving:
            print("\r\033[K", end="", file=sys.stderr)
