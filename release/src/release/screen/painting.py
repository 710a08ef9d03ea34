"""Who shows steps to whom: one moving line on a terminal, lines now and then elsewhere, groups on GitHub."""

import contextlib
import os
import threading
import time
from collections.abc import Iterator, Sequence
from typing import TextIO

from release.progress import Mark, Step
from release.screen import lines

OFTEN = 0.2  # seconds between two paintings of the line that moves
SILENT = 4.0  # seconds that may pass elsewhere without a line
WIDEST = 100
_COLOURS = {Mark.OK: "32", Mark.SKIPPED: "33", Mark.FAILED: "1;31", Mark.CANCELLED: "1;31"}


class Plain:
    """Lines for a file, a pipe or a terminal that cannot move: one when a step ends, and one when it takes long."""

    every = 1.0  # seconds between two looks whether something must be said

    def __init__(self, out: TextIO, *, has_colour: bool = False) -> None:
        """Write to `out`."""
        self.out = out
        self.has_colour = has_colour
        self.width = lines.WIDTH
        self.opened: tuple[Step, ...] = ()
        self.said = time.monotonic()
        self.lock = threading.RLock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    # --- what a watcher is told

    def began(self, opened: Sequence[Step]) -> None:
        """Begin to look now and then."""
        with self.lock:
            self.opened = tuple(opened)
            self.opening()
        if self._thread is None:
            self._stop.clear()
            self._thread = threading.Thread(target=self._beat, daemon=True, name="progress")
            self._thread.start()

    def moved(self, opened: Sequence[Step]) -> None:
        """Know the steps; the next look shows them."""
        self.opened = tuple(opened)

    def noted(self, opened: Sequence[Step], note: str) -> None:
        """A note of no step stands alone; the others come below theirs when it ends."""
        if not opened:
            with self.lock:
                self.say(lines.noted(note, self.width, 5))

    def ended(self, opened: Sequence[Step], step: Step) -> None:
        """Show a step that was no part of another."""
        with self.lock:
            self.opened = tuple(opened)
            if not opened and (step.is_shown or step.notes):
                self.say(lines.ended(step, self.width), step.mark)
        if not opened:
            self._rest()

    # --- what differs between those who watch

    def opening(self) -> None:
        """A step has begun."""

    def look(self) -> None:
        """Say that something still goes on, when nothing was said for long."""
        if time.monotonic() - self.said >= SILENT:
            self.say([lines.going(self.opened, None)])

    def measure(self) -> None:
        """Find out how wide lines may be: here always the same."""

    def say(self, text: Sequence[str], mark: Mark | None = None) -> None:
        """Write whole lines; the mark of the first one is coloured where there are colours."""
        first, *rest = text
        self.write("".join(f"{line}\n" for line in (self._coloured(first, mark), *rest)))

    def write(self, text: str) -> None:
        """Write as it is; whoever reads it may be gone."""
        self.said = time.monotonic()
        with contextlib.suppress(OSError, ValueError):
            self.out.write(text)
            self.out.flush()

    @contextlib.contextmanager
    def still(self) -> Iterator[None]:
        """Leave the terminal alone while somebody is asked."""
        with self.lock:
            yield

    # --- inside

    def _coloured(self, line: str, mark: Mark | None) -> str:
        if not self.has_colour or mark is None:
            return line
        return f"\033[{_COLOURS[mark]}m{line[:3]}\033[0m{line[3:]}"

    def _beat(self) -> None:
        while not self._stop.wait(self.every):
            with self.lock:
                if self.opened:
                    self.look()

    def _rest(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None


class Live(Plain):
    """A terminal: below the lines of what has ended, one that moves."""

    every = OFTEN

    def opening(self) -> None:
        """Show it at once."""
        self.look()

    def look(self) -> None:
        """Paint the line again; it never reaches the last column, where terminals wrap.

        The cursor waits at its start: what a terminal echoes for Ctrl-C is painted over with it.
        """
        self.measure()
        self.write(f"\r{lines.going(self.opened, self.width)}\033[K\r")

    def measure(self) -> None:
        """Take the width of the terminal as it is now."""
        with contextlib.suppress(OSError, ValueError):
            self.width = max(lines.NARROWEST, min(os.get_terminal_size(self.out.fileno()).columns, WIDEST))

    def say(self, text: Sequence[str], mark: Mark | None = None) -> None:
        """Put lines where the moving one was; it comes again below them."""
        self.write("\r\033[K")
        super().say(text, mark)

    def ended(self, opened: Sequence[Step], step: Step) -> None:
        """Take the moving line away, also where a step ends without a line."""
        super().ended(opened, step)
        if not opened:
            self.write("\r\033[K")

    @contextlib.contextmanager
    def still(self) -> Iterator[None]:
        """Take the moving line away first."""
        with self.lock:
            self.write("\r\033[K")
            yield


class GitHub(Plain):
    """A log of GitHub Actions: what goes on inside a step is folded away, its line stays in sight."""

    is_open = False

    def look(self) -> None:
        """Say it in the group."""
        if time.monotonic() - self.said >= SILENT:
            self._open()
        super().look()

    def noted(self, opened: Sequence[Step], note: str) -> None:
        """Say it at once; nobody counts the lines of a group."""
        with self.lock:
            if opened:
                self._open()
            self.say(lines.noted(note, self.width, 5))

    def ended(self, opened: Sequence[Step], step: Step) -> None:
        """End the group before the line."""
        with self.lock:
            if not opened and self.is_open:
                self.write("::endgroup::\n")
                self.is_open = False
        super().ended(opened, step)

    def _open(self) -> None:
        """Begin the group of the step, which has something to fold away."""
        if not self.is_open:
            step = self.opened[0]
            said = self.said
            self.write(f"::group::{' '.join(filter(None, (step.name, lines.plain(step.subject))))}\n")
            self.is_open, self.said = True, said
