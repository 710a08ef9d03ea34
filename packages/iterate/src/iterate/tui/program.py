"""The program that bare `iterate` is: a conversation in front of a person, in one thread."""

import os
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from iterate.errors import Failure, SessionBusy
from iterate.heard import Heard
from iterate.settings import Settings
from iterate.terminal import rows, screen, theme
from iterate.terminal.editor import Editor
from iterate.terminal.keyboard import Keyboard
from iterate.terminal.keys import Key
from iterate.terminal.live import Live, size_of
from iterate.terminal.rows import Row, span
from iterate.tui import frame, place
from iterate.tui.contract import Body, Picture, Size, Widget
from iterate.tui.frame import Seen, Status
from iterate.tui.loop import Loop
from iterate.tui.queued import Queue, Waiting

if TYPE_CHECKING:
    from iterate.settings import Screen
    from iterate.terminal.story import Story
    from iterate.tui.asking import Asking
    from iterate.tui.door import Door
    from iterate.tui.link import Following

MARK = "> "
# What counts seconds is looked at so often, and only while something runs.
TICK_S = 0.25
# Events are taken for so long before keys are looked at again.
SLICE_S = 0.004


class Conversation:
    """One conversation; see `contract.Program` for what its parts may do with it."""

    def __init__(self, here: Settings, of: "Screen", held: Keyboard, door: "Door", directory: str) -> None:
        self.here = here
        self.directory = directory
        self.session = ""
        self.model = ""
        self.agent = ""
        self.door = door
        self.is_answering = False
        self._of = of
        self._keyboard = held
        self._size = Size(*size_of(1))
        self._live = Live(
            screen.send, paint=theme.painting(depth=of.depth), columns=self._size.columns, lines=self._size.lines
        )
        self._loop = Loop(self._paint, on_idle=_collect)
        self.editor = Editor()
        self.queue = Queue()
        self._widgets: list[Widget] = []
        self._final: list[Row] = []
        self._told = ""
        self._state = ""
        # Ctrl-C was the last key, so that another one leaves.
        self._is_warned = False
        self._is_cancelled = False
        self._is_ticking = False
        self._folder = place.short(directory, str(here.home))
        self._branch = place.branch(directory)
        # Both come after the first frame.
        self._story: Story | None = None
        self._following: Following | None = None
        # Loaded behind the first frame.
        self.asking: Asking | None = None
        self._file: str | None = None
        self.code = 0

    # What the parts may do: `contract.Program`.

    def call(
        self,
        method: str,
        path: str,
        body: Body | None = None,
        *,
        then: Callable[[Body], None],
        otherwise: Callable[[Failure], None] | None = None,
    ) -> None:
        """Ask the server in the background; only a GET is asked again when the server ended meanwhile."""

        def ask() -> Body:
            if method == "GET":
                return self.door.ask(lambda client: client.call(method, path))
            return self.door.client().call(method, path, body)

        self._start(ask, then, otherwise)

    def rows(self, path: str, then: Callable[[list[Body]], None]) -> None:
        """The same for a GET that gives a list."""
        self._start(lambda: self.door.ask(lambda client: client.rows(path)), then, None)

    def work(self, job: Callable[[], object], then: Callable[[object], None]) -> None:
        """Do something slow in a thread."""
        self._start(job, then, None)

    def after(self, seconds: float, then: Callable[[], None]) -> None:
        """Do something later, once."""
        self._loop.after(seconds, then)

    def say(self, rows: Sequence[Row]) -> None:
        """Put rows of ours behind what is final."""
        self._final += rows
        self._loop.dirty()

    def tell(self, text: str) -> None:
        """Say something short beside the prompt."""
        self._told = text
        self._loop.dirty()

    def fail(self, failure: Failure) -> None:
        """Show what went wrong and what to do."""
        room = self._size.columns - 1
        found = rows.wrapped([span(f"error: {failure}", "bad")], room)
        found += rows.wrapped([span(f"hint: {failure.hint}", "dim")], room) if failure.hint else []
        self.say(found)

    def show(self, widget: Widget) -> None:
        """Put a widget on top."""
        self._widgets.append(widget)
        self._loop.dirty()

    def close(self, widget: Widget) -> None:
        """Take it away."""
        self._widgets = [each for each in self._widgets if each is not widget]
        self._loop.dirty()

    @property
    def is_elsewhere(self) -> bool:
        """Whether the server is at an address."""
        return self.door.is_elsewhere

    def workspace(self) -> Body:
        """The folder, and the environment that prompts and commands work in."""
        from iterate import settings

        environment = {} if self.door.is_elsewhere else dict(settings.environment())
        return {"directory": self.directory, "environment": environment}

    def opened(self, number: int) -> Sequence[Row]:
        """All of a call of a tool, by its number."""
        return self._story.opened(number) if self._story is not None else ()

    def send(self, text: str, *, model: str = "", agent: str = "", files: Sequence[Body] = ()) -> None:
        """Send a prompt, or queue it while an answer runs."""
        id_ = f"prm_{os.urandom(12).hex()}"
        self.queue.add(Waiting(text, id_, model or self.model, agent or self.agent, tuple(files)))
        self._pump()
        self._loop.dirty()

    def write(self, text: str) -> None:
        """Put a text into the editor."""
        self.editor.set(text)
        self._loop.dirty()

    def copy(self, text: str) -> None:
        """Put a text onto the clipboard of the terminal."""
        import base64

        screen.send(f"\x1b]52;c;{base64.b64encode(text.encode()).decode()}\a")

    def go_on(self, session: str) -> None:
        """Open another session; empty begins a new one with the next prompt."""
        if self._following is not None:
            self._following.close()
        self._following, self.session, self.is_answering, self._state = None, session, False, ""
        if self.asking is not None:
            self.asking.forget()
        self._widgets = [each for each in self._widgets if each.is_lasting]
        if session:
            self._follow(session)
        self._loop.dirty()

    def refresh(self) -> None:
        """Look at the state again."""
        self._loop.dirty()

    def leave(self) -> None:
        """End the program."""
        self._loop.is_over = True

    # From here on: the program itself.

    def run(self, first: Callable[[], None]) -> int:
        """Talk until the person leaves; `first` is done behind the first frame."""
        with self._keyboard.held(has_signals=False):
            self._loop.watch(self._keyboard.descriptor, self._typed)
            self._paint()
            self._furnish()
            first()
            try:
                from iterate.terminal.resizing import resizing

                with resizing(lambda: self._loop.post(self._resized)):
                    self._loop.run()
            finally:
                self._end()
        return self.code

    def _furnish(self) -> None:
        """What the first frame did without."""
        from iterate.terminal import history, views
        from iterate.terminal.story import Story
        from iterate.tui.asking import Asking

        self.asking = Asking(self)
        self._story = Story(views.look(self._of, is_talk=True))
        file = history.file_of(self.here.state, self.directory)
        self._history_file = file
        self.editor.remember(history.read(file))

    def _end(self) -> None:
        if self._following is not None:
            self._following.close()
        self._paint()
        self._live.clear()
        self._loop.close()

    def _start[T](
        self, job: Callable[[], T], then: Callable[[T], None], otherwise: Callable[[Failure], None] | None
    ) -> None:
        import threading

        def go_on(result: T) -> None:
            then(result)
            self._loop.dirty()

        def failed(failure: Failure) -> None:
            (otherwise or self.fail)(failure)
            self._loop.dirty()

        def run() -> None:
            try:
                result = job()
            except Failure as failure:
                known = failure
                self._loop.post(lambda: failed(known))
            except BaseException as bug:  # noqa: BLE001  # It is raised again in the loop.
                problem = bug
                self._loop.post(lambda: _raise(problem))
            else:
                self._loop.post(lambda: go_on(result))

        threading.Thread(target=run, daemon=True).start()

    # Keys.

    def _typed(self) -> None:
        for key in self._keyboard.read():
            self._told = ""
            if key.name == "end-of-file":  # Nobody is there any more.
                self.leave()
                break
            self._key(key)
        self._loop.dirty(is_urgent=True)

    def _key(self, key: Key) -> None:
        was_warned, self._is_warned = self._is_warned, False
        match key.name:
            case "ctrl+c":
                self._interrupted(was_warned=was_warned)
            case "ctrl+z":
                self._suspend()
            case "ctrl+l":
                self._live.wipe()
            case _ if any(each.act("", key) for each in reversed(self._widgets)):
                pass
            case "ctrl+d" if not self.editor.text:
                self.leave()
            case "escape" if self.is_answering and not self.editor.is_searching:
                self._cancel()
            case "up" if not self.editor.text and self.queue.waiting:
                self.editor.set(self.queue.take_back())
            case "enter" if not self.editor.text.strip() and self.queue.is_held:
                self._again()
            case _ if self.editor.take(key):
                self._entered()
            case _:
                pass

    def _interrupted(self, *, was_warned: bool) -> None:
        """Ctrl-C: it clears the line, ends the answer, and pressed twice leaves."""
        if was_warned:
            self.code = 130 if self.is_answering else 0
            self.leave()
        elif self._widgets and self._widgets[-1].act("interrupt", Key("ctrl+c")):
            pass
        elif self.editor.is_searching:
            self.editor.take(Key("ctrl+c"))
        elif self.editor.text:
            self.editor.set("")
        else:
            self._is_warned = True
            self.tell("Ctrl-C again leaves")
            if self.is_answering or self.queue.sent is not None:
                self._cancel()

    def _cancel(self) -> None:
        """End the answer that runs, also one whose prompt is on its way."""
        session, self._is_cancelled = self.session, True
        if session:
            self.call("POST", f"/session/{session}/cancel", then=lambda _: None, otherwise=lambda _: None)

    def _suspend(self) -> None:
        self._live.clear()
        self._keyboard.suspend()
        self._resized()

    def _entered(self) -> None:
        from iterate.terminal import history
        from iterate.tui import basics

        text = self.editor.text
        self.editor.set("")
        if not text.strip():
            return
        history.add(self._history_file, text)
        self.editor.remembered(text)
        if not basics.obey(self, text):
            self.send(text)

    def _again(self) -> None:
        """Try again what could not be sent."""
        self.queue.is_held = False
        if self._following is not None:
            self._following.again()
        self._pump()

    # Prompts.

    def _pump(self) -> None:
        """Send what is next, when nothing runs."""
        if self.is_answering or (one := self.queue.next()) is None:
            return
        from iterate.tui.delivery import deliver

        session, self._is_cancelled = self.session, False

        def job() -> tuple[str, str]:
            return self.door.ask(lambda client: deliver(client, session, one, self.directory, self.door))

        self._start(job, self._delivered, lambda failure: self._refused(one, session, failure))

    def _delivered(self, sent: tuple[str, str]) -> None:
        session, notice = sent
        if notice:
            self.tell(notice)
        if session != self.session:
            self.session = session
            self._follow(session)
        if self._is_cancelled:
            self._cancel()

    def _refused(self, one: Waiting, session: str, failure: Failure) -> None:
        from iterate.errors import ServerLost, ServerStopping, StartFailed, StartTimedOut

        if session != self.session:
            return
        if isinstance(failure, SessionBusy):
            self.queue.back(is_held=False)
            self.is_answering = True
        elif isinstance(failure, ServerLost | ServerStopping | StartFailed | StartTimedOut):
            self.queue.back(is_held=True)
            self.fail(failure)
        else:
            self.queue.sent = None
            self.fail(failure)
            if not self.editor.text:
                self.editor.set(one.text)

    # What the session says.

    def _follow(self, session: str, after: str = "") -> None:
        from iterate.tui.link import Following

        self._following = Following(self.door, session, after, self._loop.post, self._news)

    def _news(self, following: "Following") -> None:
        if following is not self._following:
            return
        until = time.monotonic() + SLICE_S
        while (event := following.take()) is not None:
            self._hear(event)
            if time.monotonic() > until:
                self._loop.post(lambda: self._news(following))
                break
        self._connected(following)
        self._loop.dirty()

    def _connected(self, following: "Following") -> None:
        match following.state:
            case "connected":
                self._state = ""
            case "connecting":
                self._state = "connecting"
            case "lost":
                self._state = "the server is gone, looking for it"
            case "failed":
                self._state = "no server: Enter tries again"
                self.queue.is_held = True
            case "gone":
                self._state = ""
                self.tell("this session was deleted; the next prompt begins a new one")
                self.go_on("")

    def _hear(self, event: Heard) -> None:
        now = time.monotonic()
        if event.kind == "prompted":
            self.queue.heard(event.word("id"))
            self.is_answering = True
            self._final += self._prompt_rows(event)
        if self._story is not None:
            self._final += self._story.take(event, now)
        if self.asking is not None:
            self.asking.take(event)
        if event.is_ending:
            self.is_answering = False
            self._final.append(())
            self._pump()
        self._tick()

    def _prompt_rows(self, event: Heard) -> list[Row]:
        texts = [part.word("text") for part in event.rows("parts") if part.kind == "text"]
        text = "\n".join(texts[:1])
        return rows.wrapped([span(text)], self._size.columns - 1, [span(MARK, "dim")], [span("  ")])

    def _tick(self) -> None:
        """While something runs, what counts seconds is looked at."""
        if self._is_ticking or self._story is None or not self.is_answering:
            return
        self._is_ticking = True

        def tick() -> None:
            self._is_ticking = False
            if self.is_answering:
                self._loop.dirty()
                self._tick()

        self._loop.after(TICK_S, tick)

    # What is seen.

    def _resized(self) -> None:
        self._size = Size(*size_of(1))
        self._live.resize(*self._size)
        if self._story is not None:
            self._story.resize(*self._size)
        self._loop.dirty(is_urgent=True)

    def _paint(self) -> None:
        room = self._size.columns - 1
        found, cursor = self.editor.rows(MARK, room)
        top = self._widgets[-1] if self._widgets else None
        status = Status(self._folder, self._branch, self.model, self.agent, self._state)
        seen = Seen(
            open=self._open_rows(),
            widget=None if top is None else top.picture(Size(room, self._size.lines)),
            queue=self.queue.rows(room),
            line=Picture(found, cursor),
            told=self._told,
            status=frame.status_row(status, room),
        )
        shown = frame.picture(seen, self._size)
        final, self._final = self._final, []
        self._live.show(final, shown.rows, shown.cursor)

    def _open_rows(self) -> list[Row]:
        found = self._story.open(time.monotonic()) if self._story is not None else []
        if self.queue.sent is not None:
            text = rows.wrapped([span(self.queue.sent.text, "dim")], self._size.columns - 1, [span(MARK, "dim")])
            found = [*found, *text]
        return found


def _raise(problem: BaseException) -> None:
    raise problem


def _collect() -> None:
    import gc

    gc.collect()
