"""What is seen: the transcript, what is open, and the bottom, painted on one screen."""

import _thread
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from iterate import settings
from iterate.errors import ThemeUnusable
from iterate.terminal import rows, screen, theme, width
from iterate.terminal.live import SPARE, Live, size_of
from iterate.terminal.rows import Paint, Row, span
from iterate.tui import frame
from iterate.tui.contract import Size

if TYPE_CHECKING:
    from pathlib import Path

    from iterate.heard import Heard
    from iterate.settings import Mode, Screen
    from iterate.terminal.capabilities import Capabilities, Inquiry
    from iterate.terminal.images import Way
    from iterate.terminal.keyboard import Keyboard
    from iterate.terminal.story import Story
    from iterate.terminal.times import Times
    from iterate.tui.bottom import Bottom
    from iterate.tui.frame import Seen
    from iterate.tui.stalls import Stalls

# Nobody looks elsewhere while a shorter answer comes.
LONG_S = 10.0
# So much of what the program said and agents below did is kept, to be shown again on another screen.
OWN = 1000


class Scene:
    """The screen of one conversation."""

    def __init__(self, of: "Screen", themes: "Path | None", mode: "Mode | None" = None) -> None:
        self.of = of
        self._themes = themes
        self.mode: Mode = mode or of.mode
        self.size = Size(*size_of(1))
        # What the terminal has said of itself.
        self._inquiry: Inquiry | None = None
        # Whether somebody looks at this terminal, as far as it tells.
        self.is_focused = True
        self._begun = 0.0
        self.theme = of.theme
        self._worn = theme.BUILT_IN.get(of.theme, theme.TERMINAL)
        self._live = Live(screen.send, paint=self._paint(), columns=self.size.columns, lines=self.size.lines)
        self._live.hides_cursor = True
        # The first frame needs to know, and does without everything else of it.
        self._live.is_pushing = settings.emulator().name == "tmux"
        # It comes after the first frame.
        self.story: Story | None = None
        # While the whole screen is ours.
        self.stalls: Stalls | None = None
        # Of what is seen, whichever screen it is on.
        self._times: Times | None = None
        # What this session does not tell again: what the program said, what agents below did. Each shows itself behind
        # the event of its number; so many are shown on this screen, and in the scrollback below it.
        self._own: list[tuple[int, Callable[[], None]]] = []
        self._shown = self._below = 0
        # The sessions of those agents.
        self.known: set[str] = set()
        # The newest event, and the one that the scrollback stopped at.
        self._number = self._stopped = 0
        self._greeting: Sequence[Row] = ()
        # The first rows of the scrollback, until they stand there.
        self._first: Sequence[Row] = ()
        self._final: list[Row] = []
        self._open: list[Row] = []
        # Of the bottom, as it was painted last.
        self._height = 0
        # Whether the story has something that its open rows do not show.
        self._is_stale = True

    def wear(self, name: str) -> None:
        """Paint with another theme from now on; raises `ThemeUnusable`."""
        from iterate.terminal import wardrobe

        self._worn = wardrobe.worn(name, self._inquiry.known.ground if self._inquiry else "", self._themes)
        self.theme = name
        self._repaint()

    def _repaint(self) -> None:
        self._live.paint = self._paint()
        if self.stalls is not None:
            self.stalls.screen.paint = self._live.paint

    def _paint(self) -> Paint:
        has_links = self._inquiry is not None and self._inquiry.known.has_links
        return theme.painting(self._worn, self.of.depth, has_links=has_links)

    def opened(self, number: int) -> list[Row]:
        """All of a call of a tool, by the number that is seen."""
        if self.stalls is not None:
            return self.stalls.pages.opened(number)
        return [] if self.story is None else self.story.opened(number)

    def ask(self, held: "Keyboard") -> None:
        """Ask the terminal what it can do; nobody waits for what it says."""
        from iterate.terminal.capabilities import Inquiry

        self._inquiry = Inquiry(settings.emulator())
        questions = self._inquiry.questions()
        held.is_asked = self._inquiry.is_open
        self._live.asks = True
        if questions:
            screen.send(questions)
        width.adapt(self._inquiry.known.habits)
        self._knows(self._inquiry.known, held)
        try:
            self.wear(self.theme)
        except ThemeUnusable:
            self.theme = theme.TERMINAL.name
            raise

    def _knows(self, known: "Capabilities", held: "Keyboard") -> None:
        self._live.is_reflowing, self._live.is_sinking = known.is_reflowing, known.is_sinking
        self._live.is_pushing = known.is_pushing
        if known.is_emptying:
            held.switch(on={"prompt"})
        self._live.is_emptying = known.is_emptying

    def heard(self, reply: str, held: "Keyboard") -> None:
        """What the terminal has said; raises `ThemeUnusable`."""
        if self._inquiry is None:
            return
        if reply.endswith("R"):
            row, _, column = reply[2:-1].partition(";")
            if row.isdigit() and column.isdigit():
                self._live.placed(int(row), int(column))
            return
        before = self._inquiry.known
        more = self._inquiry.take(reply)
        held.is_asked = self._inquiry.is_open
        if more:
            screen.send(more)
        known = self._inquiry.known
        if known.has_kitty_keys:
            held.switch(on={"kitty"})
        elif known.has_other_keys and self._inquiry.has_heard:
            held.switch(on={"other-keys"})
        if known != before:
            width.adapt(known.habits)
            self._knows(known, held)
            if known.ground != before.ground:
                self.wear(self.theme)
            self._repaint()
            self._tell()

    def _tell(self) -> None:
        """Let the story know what this terminal can show."""
        if self._inquiry is None:
            return
        from iterate.terminal.images import Way, cell_of

        known = self._inquiry.known
        way = Way(known.images, cell_of(1)) if known.images else None
        if self.story is not None:
            self.story.look = self.story.look._replace(has_links=known.has_links, images=way)
        if self.stalls is not None:
            look = self.stalls.pages.look
            self.stalls.pages.adapt(look._replace(has_links=known.has_links, images=self._lasting(look.images)))

    def _lasting(self, before: "Way | None" = None) -> "Way | None":
        """The way of images on a screen of its own, where an album has them."""
        protocol = self._inquiry.known.lasting_images if self._inquiry is not None else ""
        if not protocol:
            return None
        if before is not None and before.album is not None and before.protocol == protocol:
            return before
        from iterate.terminal.album import Album
        from iterate.terminal.images import Way, cell_of

        return Way(protocol, cell_of(1), Album(in_cells=protocol == "kitty"))

    def notify(self, title: str, text: str) -> None:
        """Tell somebody who looks elsewhere; nothing where somebody looks here."""
        if not self.is_focused and self._inquiry is not None:
            from iterate.terminal import notices

            screen.send(notices.notice(title, text, self._inquiry.known))

    @property
    def stage(self) -> Size:
        """The room of a widget: the lines above, that tell and of the status are not its own."""
        return Size(self.room, max(1, self.size.lines - SPARE - (2 if self.size.lines >= frame.STATUS_LINES else 0)))

    @property
    def has_status(self) -> bool:
        """Whether there is a row that tells the mode."""
        return self.size.lines >= frame.STATUS_LINES and (self.mode != "mini" or self.stalls is not None)

    @property
    def room(self) -> int:
        """Columns of a row: a terminal may wrap as soon as the last one is filled."""
        return self.size.columns - 1

    def furnish(self) -> None:
        """What the first frame did without."""
        from iterate.terminal import drawing
        from iterate.terminal.story import Story
        from iterate.terminal.times import Times

        self._times = Times() if self._times is None else self._times
        self.story = Story(drawing.look(self.of, is_talk=True)._replace(has_prompts=True), self._times)
        self._tell()

    def take(self, event: "Heard", now: float | None) -> None:
        """Hear of one event; `now` is None for what happened before somebody looked."""
        self._catch_up(event.number - 1)
        if self.stalls is not None:
            self.stalls.pages.take(event, now)
        elif self.story is not None:
            self._final += self.story.take(event, now)
            self._final += [()] if event.is_ending else []
        if event.kind != "delta":
            self._number = max(self._number, event.number)
            self._catch_up(event.number)
        self._is_stale = True
        if now is None:
            return
        if event.kind == "part":
            _prepare(event)
        if event.is_ending and self.stalls is not None:
            told = "the answer is there" if event.kind == "done" else "the answer ended early"
            self.stalls.leafing.came((span(told, "dim" if event.kind == "done" else "bad"),))
        if event.kind == "prompted":
            self._begun = now
        if event.is_ending and now - self._begun >= LONG_S:
            self.notify("iterate", "the answer is there" if event.kind == "done" else "the answer ended early")

    def take_below(self, event: "Heard", now: float | None) -> None:
        """Hear of an event of an agent that works for this session; `now` is None for what is read again."""
        if now is None:
            self._hear(event, None)
            return
        from iterate.tui import nested  # Where there are agents.

        self._catch_up(self._number)
        self._hear(event, now)
        if nested.is_shown(event):
            kept = nested.without_much(event)
            self.known.add(event.word("session"))
            self._keep(lambda: self._hear(kept, None))

    def _hear(self, event: "Heard", now: float | None) -> None:
        if self.stalls is not None:
            self.stalls.pages.take(event, now)
        elif self.story is not None:
            self._final += self.story.take(event, now)
        self._is_stale = True

    def greet(self, found: Sequence[Row], whole: Sequence[Row]) -> None:
        """The first rows of all, and those of a screen of its own."""
        self._greeting = whole
        if self.stalls is not None:
            self._first = found
            self.stalls.pages.greet(whole)
        elif self.mode == "inline":
            self._final += found

    def say(self, found: Sequence[Row], *, is_kept: bool = True) -> None:
        """Put rows of ours behind what is final; what is not kept is of this screen alone."""
        if not is_kept:
            self._put(found)
            return
        self._catch_up(self._number)
        self._put(found)
        rows_ = tuple(found)
        self._keep(lambda: self._put(rows_))
        if self.stalls is not None:
            self.stalls.leafing.came(next((each for each in found if rows.plain(each)), ()))

    def _keep(self, again: "Callable[[], None]") -> None:
        """What was just shown is shown so on another screen."""
        self._own.append((self._number, again))
        self._shown += 1
        if len(self._own) > OWN:
            del self._own[0]
            self._shown, self._below = self._shown - 1, max(0, self._below - 1)

    def catch_up(self) -> None:
        """All that was to be read again is there."""
        self._catch_up(self._number)

    def _catch_up(self, number: int) -> None:
        """Say again what was said up to this event, where this screen does not have it yet."""
        while self._shown < len(self._own) and self._own[self._shown][0] <= number:
            self._shown += 1
            self._own[self._shown - 1][1]()

    def _put(self, found: Sequence[Row]) -> None:
        if self.stalls is not None:
            self.stalls.pages.say(found)
        else:
            self._final += found

    def follow(self) -> None:
        """The person did something whose end is to be seen."""
        if self.stalls is not None:
            self.stalls.leafing.follow()

    def hides(self, count: int) -> bool:
        """Whether so many rows of ours, said now, are not on the screen: what is open stands below them."""
        if self.stalls is not None:
            return self.stalls.pages.hides(count)
        return bool(self._open) and self._height + count > self.size.lines

    def settle(self) -> None:
        """Another session is shown from now on: what was open of this one stays as far as it came."""
        self._own, self._shown, self._below = [], 0, 0
        self.known = set()
        self._number = self._stopped = 0
        if self.stalls is not None:
            self.stalls.pages.settle()
        if self.story is not None:
            left = self.story.left()
            self._final += left if self.stalls is None else []
            self._is_stale = True

    @property
    def is_still(self) -> bool:
        """Whether nothing that is seen changes by time alone, though an answer runs: all of it waits for a person."""
        from iterate.terminal import story  # It comes after the first frame.

        if self.stalls is not None:
            return story.is_still(self.stalls.pages.log)
        return self.story is not None and story.is_still(self.story.log)

    def tick(self) -> None:
        """Time went by."""
        self._is_stale = True

    def open(self, now: float) -> list[Row]:
        """What of the transcript may still change."""
        if self.stalls is not None:
            return []
        if self._is_stale and self.story is not None:
            self._open, self._is_stale = self.story.open(now), False
        return self._open

    def paint(self, seen: "Seen", panel: "Bottom") -> None:
        """Show it."""
        if self.stalls is not None:
            self.stalls.paint(seen, self.size, panel)
            return
        shown = frame.mini(seen, self.size) if self.mode == "mini" else frame.picture(seen, self.size)
        final, self._final = self._final, []
        self._height = len(shown.rows)
        self._live.show(final, shown.rows, shown.cursor, self.story.settled if self.story is not None else 0)

    def whole(self, held: "Keyboard", copy: "Callable[[str], None]", clock: "Callable[[], float]") -> None:
        """Take the whole screen; nothing but the greeting is in its pages yet."""
        from iterate.terminal import drawing
        from iterate.terminal.times import Times
        from iterate.tui.stalls import Stalls

        self._times = Times() if self._times is None else self._times

        look = (self.story.look if self.story is not None else drawing.look(self.of, is_talk=True))._replace(
            has_prompts=True, columns=self.size.columns, lines=self.size.lines
        )
        look = look._replace(images=self._lasting())
        if self.stalls is None:
            self._live.clear()
            held.switch(on={"alternate", "mouse"})
        self.stalls = Stalls(screen.send, self._live.paint, look, self.size, copy, self._times, clock)
        if self._greeting:
            self.stalls.pages.greet(self._greeting)
        # What the scrollback has, and what it lacks when it is back.
        self._below, self._shown, self._stopped = self._shown, 0, self._number
        self.mode = "full"

    def part(self, held: "Keyboard") -> None:
        """Back to the bottom of the terminal's own scrollback."""
        if self.stalls is not None:
            self.stalls.leave()
            self.stalls = None
            held.switch(off={"alternate", "mouse"})
            self._live.forget()
            self._final += self._first
            self._first = ()
            self._go_on()
        self.mode = "inline"
        self._is_stale = True

    def _go_on(self) -> None:
        """The scrollback gets what belongs to the event that it stopped at; the others come again with theirs."""
        self._shown = self._below
        self._catch_up(self._stopped)

    def resize(self) -> None:
        """Look at the size of the terminal."""
        self.size = Size(*size_of(1))
        self._live.resize(*self.size)
        if self.stalls is not None:
            self.stalls.screen.resize(*self.size)
        if self.story is not None:
            self.story.resize(*self.size)
        self._is_stale = True

    def last(self) -> str:
        """What takes away the bottom when the process is to end right now."""
        return "" if self.stalls is not None else self._live.last()

    def clear(self) -> None:
        """Take away the bottom: somebody else gets the terminal."""
        if self.stalls is None:
            self._live.clear()

    def forget(self) -> None:
        """What is on the terminal is somebody else's."""
        if self.stalls is not None:
            self.stalls.screen.forget()
        self._live.forget()
        self._is_stale = True

    def wipe(self) -> None:
        """Empty the screen."""
        if self.stalls is not None:
            self.stalls.screen.wipe()
        else:
            # What is not shown yet was there before.
            final, self._final = self._final, []
            if final:
                self._live.show(final, ())
            self._live.wipe()

    def leave(self) -> None:
        """Show what is final, and leave a line of its own to whoever is next."""
        if self.stalls is not None:
            self.stalls.leave()
            return
        # What is open may go on elsewhere; here it stays as far as it came.
        said = self.story.said() if self.story is not None else []
        final, self._final = [*self._final, *said], []
        self._live.show(final, ())
        self._live.clear()


def prompt_row(text: str, room: int) -> list[Row]:
    """A prompt that is on its way."""
    return rows.wrapped([span(text, "dim")], room, [span(frame.MARK, "dim")], [span("  ")])


def _prepare(event: "Heard") -> None:
    """While a call works on a file: import what colours its diff."""
    part = event.inner("part")
    if part.kind != "tool_call":
        return
    from iterate.terminal import code

    if language := code.language_of(part.inner("arguments").word("path")):
        _thread.start_new_thread(code.prepare, (language,))
