"""What answers are shown on: painted rows, lines of words, or the bare text where only stderr is a terminal."""

import time
from collections.abc import Callable, Sequence

from iterate import settings
from iterate.heard import Heard
from iterate.settings import Screen
from iterate.terminal import live, screen, theme, wardrobe
from iterate.terminal.answer import AsText
from iterate.terminal.capabilities import Capabilities
from iterate.terminal.dialog import Dialog
from iterate.terminal.live import Live
from iterate.terminal.rows import Row, row, span
from iterate.terminal.story import Look, Story
from iterate.terminal.words import Words


class Drawn:
    """Rows on stdout, those that may change painted again."""

    has_keys = True

    def __init__(self, look: Look, size: Callable[[], tuple[int, int]]) -> None:
        self.story = Story(look)
        self._size = size
        self.live = Live(screen.send, paint=theme.painting(depth=look.depth), columns=look.columns, lines=look.lines)
        self._final: list[Row] = []
        self._is_resized = False

    def take(self, event: Heard, now: float) -> None:
        """Keep what became final."""
        self._final += self.story.take(event, now)

    def say(self, rows: Sequence[Row]) -> None:
        """Put rows of ours behind what is final."""
        self._final += rows

    def paint(self, now: float) -> None:
        """Show it, and what may still change."""
        self._adapt()
        final, self._final = self._final, []
        self.live.show(final, self.story.open(now))

    def has_clock(self) -> bool:
        """As the story says."""
        return self.story.has_clock()

    def resize(self) -> None:
        """Look at the size before the next rows."""
        self._is_resized = True

    def ask(self, asked: Dialog) -> None:
        """Show what is asked below all that is final."""
        self._adapt()
        final, self._final = self._final, []
        self.live.show([*final, *asked.head(self._room)], ())
        self.ask_again(asked)

    def ask_again(self, asked: Dialog) -> None:
        """Show it as it is now."""
        self._adapt()
        found, cursor = asked.prompt(self._room)
        self.live.show((), found, cursor)

    def answered(self, told: str) -> None:
        """Take away what waited for a key."""
        self.live.show([row(span(f"    {told}", "dim"))] if told else [], ())

    @property
    def _room(self) -> int:
        return self.story.look.columns - 1

    def _adapt(self) -> None:
        if self._is_resized:
            self._is_resized = False
            columns, lines = self._size()
            self.story.resize(columns, lines)
            self.live.resize(columns, lines)


class Spoken:
    """Lines of words on stdout; nothing is painted again."""

    has_keys = False

    def __init__(self, look: Look) -> None:
        self.words = Words(look)

    def take(self, event: Heard, now: float) -> None:
        """Say it at once."""
        screen.show(self.words.take(event, now))

    def paint(self, now: float) -> None:
        """Nothing: it was said."""

    def has_clock(self) -> bool:
        """Nothing changes by time."""
        return False

    def resize(self) -> None:
        """Lines wrap by themselves."""

    def ask(self, asked: Dialog) -> None:
        """Ask in words."""
        screen.prompt(asked.spoken())

    def ask_again(self, asked: Dialog) -> None:
        """Ask once more."""
        screen.prompt(asked.spoken())

    def answered(self, told: str) -> None:
        """Say who answered."""
        if told:
            screen.prompt(f"\n{told}\n")


class Piped(Spoken):
    """The bare text on stdout, which is no terminal; what is asked goes to stderr, in words."""

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self._show = beside(look)

    def take(self, event: Heard, now: float) -> None:  # noqa: ARG002  # Of the protocol.
        """Show its text."""
        self._show(event)


def beside(look: Look) -> Callable[[Heard], None]:
    """Shows the bare text of answers on stdout, and when much is wanted, what else happens on stderr in words."""
    text = AsText()
    if not look.is_verbose:
        return text
    words = Words(look, has_text=False)

    def show(event: Heard) -> None:
        screen.say(words.take(event, time.monotonic()))
        text(event)

    return show


def drawn(look: Look, of: Screen) -> Drawn:
    """A view on the terminal behind stdout, which is asked nothing: an answer is soon over."""
    view = Drawn(look, lambda: live.size_of(1))
    known = Capabilities(settings.emulator().name)
    view.live.is_reflowing, view.live.is_sinking = known.is_reflowing, known.is_sinking
    view.live.is_pushing = known.is_pushing
    view.live.paint = wardrobe.painting(of)
    return view
