"""What goes on, as steps: whoever works says so here, and `screen` shows it to whoever watches."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

LONG = 10.0  # seconds after which somebody asks what took so long


class Mark(StrEnum):
    """How a step ended."""

    OK = "ok"
    SKIPPED = "skipped"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(slots=True, kw_only=True)
class Step:
    """One thing that is being done, or was done.

    Attributes:
        name: what: `build`.
        subject: of what: `linux-x64`; may be empty.
        detail: what it came to, in a few words; set by whoever does it.
        mark: how it ended; None while it goes on.
        is_quiet: it has no line of its own when all went well and soon, and nothing is noted.
        seconds: how long it took.
        expected: how long it took the last time, in seconds; None when that is not known.
        now, done, total, unit: what is going on inside, and how far: `C compiler`, 61, 140, `files`.
        notes: what belongs to it and is worth reading.
        inner: its own steps, those that have ended.
    """

    name: str
    subject: str = ""
    detail: str = ""
    mark: Mark | None = None
    is_quiet: bool = False
    seconds: float = 0.0
    expected: float | None = None
    now: str = ""
    done: int = 0
    total: int = 0
    unit: str = ""
    notes: list[str] = field(default_factory=list)
    inner: list["Step"] = field(default_factory=list)
    begun: float = field(default_factory=time.monotonic)

    @property
    def is_shown(self) -> bool:
        """Whether it has a line of its own, now that it has ended: no time goes by without one that says so."""
        return not self.is_quiet or self.mark is not Mark.OK or self.seconds >= LONG

    def skip(self, why: str) -> None:
        """It cannot be done here."""
        self.mark, self.detail = Mark.SKIPPED, why

    def fail(self, why: str) -> None:
        """It went wrong, and what follows goes on."""
        self.mark, self.detail = Mark.FAILED, why


class Watcher(Protocol):
    """Somebody who shows what goes on. The steps that are open come outermost first."""

    def began(self, opened: Sequence[Step]) -> None:
        """The last of these has begun."""

    def moved(self, opened: Sequence[Step]) -> None:
        """The last of these is at something else; called often."""

    def noted(self, opened: Sequence[Step], note: str) -> None:
        """Something is worth reading; it is among the notes of the last of these, if there is one."""

    def ended(self, opened: Sequence[Step], step: Step) -> None:
        """A step of the last of these, or of none, has ended."""


class _Nobody:
    """Watches nothing."""

    def began(self, opened: Sequence[Step]) -> None:
        """Look away."""

    def moved(self, opened: Sequence[Step]) -> None:
        """Look away."""

    def noted(self, opened: Sequence[Step], note: str) -> None:
        """Look away."""

    def ended(self, opened: Sequence[Step], step: Step) -> None:
        """Look away."""


def _never(_step: Step) -> None:
    """Nothing is known of the last time."""


class Progress:
    """Where whoever works says what goes on: steps, which may have steps of their own; used by one thread.

    Attributes:
        steps: those that have ended and were no step of another, in order.
        expected: how long a step took the last time; asked when it begins.
    """

    def __init__(self, watcher: Watcher | None = None) -> None:
        """Begin with nothing; without a watcher nobody is told."""
        self.steps: list[Step] = []
        self.expected: Callable[[Step], float | None] = _never
        self._watcher: Watcher = watcher or _Nobody()
        self._open: list[Step] = []

    @contextmanager
    def begin(self, name: str, subject: str = "", *, is_quiet: bool = False) -> Iterator[Step]:
        """Do something as a step; it ends with the block, failed when the block is left by an error."""
        step = Step(name=name, subject=subject, is_quiet=is_quiet)
        step.expected = self.expected(step)
        self._open.append(step)
        self._watcher.began(tuple(self._open))
        try:
            yield step
        except (KeyboardInterrupt, SystemExit):
            step.mark = Mark.CANCELLED
            raise
        except BaseException:
            step.mark = Mark.FAILED
            raise
        finally:
            self._end(step)

    def now(self, text: str, done: int = 0, total: int = 0, unit: str = "") -> None:
        """The innermost step is at this now, and so far; may be called often."""
        if self._open:
            step = self._open[-1]
            step.now, step.done, step.total, step.unit = text, done, total, unit
            self._watcher.moved(tuple(self._open))

    def note(self, text: str) -> None:
        """Something worth reading, which belongs to the innermost step."""
        if self._open:
            self._open[-1].notes.append(text)
        self._watcher.noted(tuple(self._open), text)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Somebody is asked in this block: that is no time of the steps that are open."""
        begun = time.monotonic()
        try:
            yield
        finally:
            for step in self._open:
                step.begun += time.monotonic() - begun

    def _end(self, step: Step) -> None:
        step.seconds = time.monotonic() - step.begun
        step.mark = step.mark or Mark.OK
        self._open.remove(step)
        (self._open[-1].inner if self._open else self.steps).append(step)
        self._watcher.ended(tuple(self._open), step)
