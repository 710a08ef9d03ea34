"""What is seen: the transcript, what is open, and the bottom, painted on one screen."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from iterate.terminal import rows, screen, theme
from iterate.terminal.live import Live, size_of
from iterate.terminal.rows import Row, span
from iterate.tui import frame
from iterate.tui.contract import Size

if TYPE_CHECKING:
    from iterate.heard import Heard
    from iterate.settings import Screen
    from iterate.terminal.story import Story
    from iterate.tui.frame import Seen

MARK = "> "


class Scene:
    """The screen of one conversation."""

    def __init__(self, of: "Screen") -> None:
        self.of = of
        self.size = Size(*size_of(1))
        paint = theme.painting(depth=of.depth)
        self.theme = theme.TERMINAL.name
        self._live = Live(screen.send, paint=paint, columns=self.size.columns, lines=self.size.lines)
        # It comes after the first frame.
        self.story: Story | None = None
        self._final: list[Row] = []
        self._open: list[Row] = []
        # Whether the story has something that its open rows do not show.
        self._is_stale = True

    def wear(self, name: str) -> None:
        """Paint with another theme from now on."""
        self.theme = name
        self._live.paint = theme.painting(theme.BUILT_IN[name], self.of.depth)

    @property
    def room(self) -> int:
        """Columns of a row: a terminal may wrap as soon as the last one is filled."""
        return self.size.columns - 1

    def furnish(self) -> None:
        """What the first frame did without."""
        from iterate.terminal import views
        from iterate.terminal.story import Story

        self.story = Story(views.look(self.of, is_talk=True)._replace(has_prompts=True))

    def take(self, event: "Heard", now: float) -> None:
        """Hear of one event."""
        if self.story is not None:
            self._final += self.story.take(event, now)
        if event.is_ending:
            self._final.append(())
        self._is_stale = True

    def say(self, found: Sequence[Row]) -> None:
        """Put rows of ours behind what is final."""
        self._final += found

    def tick(self) -> None:
        """Time went by."""
        self._is_stale = True

    def open(self) -> list[Row]:
        """What of the transcript may still change."""
        if self._is_stale and self.story is not None:
            self._open, self._is_stale = self.story.open(time.monotonic()), False
        return self._open

    def paint(self, seen: "Seen") -> None:
        """Show it."""
        shown = frame.picture(seen, self.size)
        final, self._final = self._final, []
        self._live.show(final, shown.rows, shown.cursor)

    def resize(self) -> None:
        """Look at the size of the terminal."""
        self.size = Size(*size_of(1))
        self._live.resize(*self.size)
        if self.story is not None:
            self.story.resize(*self.size)
        self._is_stale = True

    def last(self) -> str:
        """What takes away the bottom when the process is to end right now."""
        return self._live.last()

    def forget(self) -> None:
        """What is on the screen is somebody else's."""
        self._live.forget()

    def clear(self) -> None:
        """Take away the bottom: somebody else gets the terminal."""
        self._live.clear()

    def wipe(self) -> None:
        """Empty the screen."""
        self._live.wipe()

    def leave(self) -> None:
        """Show what is final, and leave a line of its own to whoever is next."""
        final, self._final = self._final, []
        self._live.show(final, ())
        self._live.clear()


def prompt_row(text: str, room: int) -> list[Row]:
    """A prompt that is on its way."""
    return rows.wrapped([span(text, "dim")], room, [span(MARK, "dim")], [span("  ")])
