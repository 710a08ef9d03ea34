"""Waiting for something, with a bound, and what the person who waits is told meanwhile."""

import time
from collections.abc import Callable

POLL_S = 0.02
# A person wonders after about a second.
TOLD_AFTER_S = 1.0

type Say = Callable[[str], None]


def quietly(_text: str) -> None:
    """Say nothing."""


class Voice:
    """What is said beside the result of a command: each note once, however often it is found out."""

    def __init__(self, note: Say, waiting: Say = quietly) -> None:
        self._note = note
        self._said: set[str] = set()
        self.waiting = waiting

    def note(self, text: str) -> None:
        """Say this, unless it was said before."""
        if text not in self._said:
            self._said.add(text)
            self._note(text)


class Wait:
    """A wait of `seconds` at most; after the first of them `say` gets `what`, once."""

    def __init__(self, seconds: float, say: Say, what: str) -> None:
        self._begun = time.monotonic()
        self._seconds = seconds
        self._say = say
        self._what = what
        self._is_told = False

    @property
    def waited(self) -> float:
        """The seconds since the beginning."""
        return time.monotonic() - self._begun

    def goes_on(self, sleep: Callable[[float], None] = time.sleep) -> bool:
        """Sleep for a moment and come back with True; False at the end. Look before you ask: once more at the end.

        `sleep` may come back sooner, when there is something to look at.
        """
        waited = self.waited
        if waited >= self._seconds:
            return False
        if waited >= TOLD_AFTER_S and not self._is_told:
            self._is_told = True
            self._say(self._what)
        sleep(min(POLL_S, self._seconds - waited))
        return True
