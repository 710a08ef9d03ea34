"""The program that bare `iterate` is: a conversation in front of a person, in one thread."""

import time
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

from iterate._stamp import VERSION
from iterate.errors import Failure
from iterate.settings import Settings
from iterate.terminal.editor import Editor
from iterate.terminal.keyboard import Keyboard
from iterate.terminal.keys import Key
from iterate.terminal.resizing import resizing
from iterate.terminal.rows import Row, row, span
from iterate.tui import frame, jobs, place, prompts, rest, whole
from iterate.tui.answering import HINT, Answering
from iterate.tui.attention import Attention
from iterate.tui.bottom import Bottom
from iterate.tui.contract import Body, Size, Widget
from iterate.tui.door import Door
from iterate.tui.ear import Ear
from iterate.tui.frame import Seen
from iterate.tui.hands import Hands
from iterate.tui.loop import Loop
from iterate.tui.opened import Opened
from iterate.tui.options import Options
from iterate.tui.prompts import Prompts, workspace
from iterate.tui.remarks import Remarks
from iterate.tui.scene import Scene, prompt_row
from iterate.waiting import Voice

if TYPE_CHECKING:
    from iterate.discovery import Announcement
    from iterate.heard import Heard
    from iterate.reach import Wanted
    from iterate.settings import Screen
    from iterate.terminal.keymap import Keymap
    from iterate.tui.asking import Asking
    from iterate.tui.past import Past

# What does not answer for so long hangs; summing up takes longer.
SILENCE_S = 30.0
# What only keys need is loaded so long after the first frame, when the session that was to be opened is there.
LATER_S = 0.25


class Conversation:
    """One conversation; see `contract.Program` for what its parts may do with it."""

    def __init__(self, here: Settings, of: "Screen", held: Keyboard, wanted: "Wanted | None", meant: Options) -> None:
        self.here = here
        self.directory = meant.folder(is_elsewhere=wanted is not None and bool(wanted.url))
        self.clock: Callable[[], float] = time.monotonic
        self.session = ""
        self.model = meant.model
        self.agent = meant.agent
        self.code = 0
        self.is_answering = False
        self.kept: dict[str, object] = {}
        # Files that go with the next prompt.
        self._added: list[Body] = []
        self._notes: set[str] = set()
        # A session is being looked for, so nothing is sent yet.
        self.is_opening = False
        # What is wrong with the connection.
        self.state = ""
        self.editor = Editor()
        self.scene = Scene(of, here.config and here.config.parent / "themes", meant.mode)
        self.answering = Answering(self)
        self.prompts = Prompts(self)
        self.now = Opened(self)
        self.bottom = Bottom(self)
        self.door = Door(here, wanted, Voice(self._note, self._note))
        self._meant = meant
        self.keyboard = held
        # Loaded behind the first frame.
        self.asking: Asking | None = None
        self._hands = Hands(self)
        self.attention = Attention(held.title, self.scene.notify)
        self._loop = Loop(self._paint, on_idle=rest.collect)
        self._widgets: list[Widget] = []
        self.remarks = Remarks(self.scene)
        self._past: Past | None = None

    # What the parts may do: `contract.Program`.

    def call(
        self,
        method: str,
        path: str,
        body: Body | None = None,
        *,
        then: Callable[[Body], None],
        otherwise: Callable[[Failure], None] | None = None,
        timeout_s: float | None = None,
    ) -> None:
        """Ask the server in the background; only a GET is asked again when the server ended meanwhile."""
        if method == "GET":
            self.start(lambda: self.door.ask(lambda client: client.call(method, path)), then, otherwise)
        else:
            patience = timeout_s or SILENCE_S
            self.start(lambda: self.door.client().call(method, path, body, patience), then, otherwise)

    def rows(self, path: str, then: Callable[[list[Body]], None]) -> None:
        """The same for a GET that gives a list."""
        self.start(lambda: self.door.ask(lambda client: client.rows(path)), then, None)

    def work(self, job: Callable[[], object], then: Callable[[object], None]) -> None:
        """Do something slow in a thread."""
        self.start(job, then, None)

    def after(self, seconds: float, then: Callable[[], None]) -> None:
        """Do something later, once."""
        self._loop.after(seconds, then)

    def post(self, then: Callable[[], None]) -> None:
        """From any thread: do this in the loop."""
        self._loop.post(then)

    def say(self, rows: Sequence[Row]) -> None:
        """Put rows of ours behind what is final."""
        self.remarks.say(rows)
        self._loop.dirty()

    def tell(self, text: str) -> None:
        """Say something short beside the prompt."""
        self.remarks.told = text
        self._loop.dirty()

    def fail(self, failure: Failure) -> None:
        """Show what went wrong and what to do."""
        self.remarks.fail(failure)
        self._loop.dirty()

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

    @property
    def keymap(self) -> "Keymap":
        """The bindings in force."""
        return self._hands.keymap

    @property
    def theme(self) -> str:
        """The name of the theme that is worn."""
        return self.scene.theme

    @property
    def answer(self) -> str:
        """The text of the newest answer."""
        return self.now.answer

    def wear(self, theme: str) -> None:
        """Paint with another theme from now on."""
        self._try(lambda: self.scene.wear(theme))
        self._loop.dirty()

    def learn(self) -> None:
        """Read the settings of keys again."""
        self._hands.learn()

    def turn(self) -> None:
        """Take the whole screen, or go back to the scrollback."""
        self.now.turn(is_full=self.scene.stalls is None)
        self._loop.dirty()

    def wipe(self) -> None:
        """Empty the screen."""
        self.scene.wipe()
        self._loop.dirty()

    def workspace(self) -> Body:
        """The folder, and the environment that prompts and commands work in."""
        return dict(workspace(self.directory, self.door)._asdict())

    def add(self, file: Body) -> None:
        """Have a file go with the next prompt."""
        self._added.append(file)

    def server(self) -> "Announcement":
        """For a thread: the server, which is started if none runs."""
        return self.door.client().server

    def opened(self, number: int) -> Sequence[Row]:
        """All of a call of a tool, by its number."""
        return self.scene.opened(number)

    def send(self, text: str, *, model: str = "", agent: str = "", files: Sequence[Body] = ()) -> None:
        """Send a prompt, or queue it while an answer runs."""
        self.answering.has_plan = False
        self.door.want()
        self.scene.follow()
        added, self._added = self._added, []
        self.prompts.send(text, model or self.model, agent or self.agent, files, added)
        self._loop.dirty()

    def write(self, text: str) -> None:
        """Put a text into the editor; what stood there is found by Up."""
        if self._past is not None and self.editor.text.strip() and self.editor.text != text:
            self._past.add(self.editor.text)
        self.editor.set(text)
        self._loop.dirty()

    def copy(self, text: str) -> None:
        """Put a text onto the clipboard of the terminal."""
        from iterate.tui import outside

        outside.copy(self, text)

    def go_on(self, session: str, *, is_copy: bool = False) -> None:
        """Open another session, or a copy of this one; empty begins a new one with the next prompt."""
        if session:
            (self.now.copied if is_copy else self.now.open)(session)
        else:
            self.left(self.prompts.queue.ids)

    def left(self, waiting: Collection[str]) -> None:
        """No session is open any more; what waits is forgotten where it was meant for that one."""
        self.prompts.leave(waiting)
        self.now.look_no_more()
        self._part()

    def _part(self) -> None:
        self.now.close()
        self.scene.settle()
        if self.asking is not None:
            self.asking.forget()
        self.session, self.is_answering, self.state = "", False, ""
        self.answering.has_plan = False
        self._widgets = [each for each in self._widgets if each.is_lasting]
        self._loop.dirty()

    def bereft(self) -> None:
        """The session was deleted by somebody else; what waits goes to the next one."""
        self._part()
        self.say([row(span("this session was deleted; the next prompt begins a new one", "busy")), ()])

    def refresh(self) -> None:
        """Look at the state again."""
        self._loop.dirty()

    def leave(self) -> None:
        """End the program."""
        self._loop.is_over = True

    # What its own parts ask of it.

    @property
    def top(self) -> Widget | None:
        """The widget that takes the keys."""
        return self._widgets[-1] if self._widgets else None

    @property
    def widgets(self) -> Sequence[Widget]:
        """All of them, the one on top first."""
        return self._widgets[::-1]

    @property
    def is_busy(self) -> bool:
        """Whether there is an answer to be ended."""
        return self.is_answering or self.prompts.queue.sent is not None

    @property
    def is_offering(self) -> bool:
        """Whether something is shown that could stand at the cursor."""
        return self._hands.completing is not None and self._hands.completing.is_open

    @property
    def waits(self) -> bool:
        """Whether something is asked."""
        return self.asking is not None and self.asking.count > 0

    @property
    def is_stuck(self) -> bool:
        """Whether the person has to say that something is tried again."""
        return self.prompts.queue.is_held or bool(self.state)

    def start[T](
        self, job: Callable[[], T], then: Callable[[T], None], otherwise: Callable[[Failure], None] | None = None
    ) -> None:
        """Do a job in a thread, and go on with what came of it in the loop."""

        def post(call: Callable[[], None]) -> None:
            self.post(call)
            self.post(self._loop.dirty)

        jobs.start(job, post, then, otherwise or self.fail)

    def begun(self, session: str) -> None:
        """A session began with a prompt."""
        self.now.begun(session)

    def ended(self, event: "Heard") -> None:
        """An answer has come to its end."""
        self.is_answering = False
        self.answering.ended(event)
        self.prompts.pump()

    def entered(self) -> None:
        """The line is whole."""
        from iterate.tui import commands

        text = self.editor.text
        if (failure := prompts.too_long(text)) is not None:
            self.fail(failure)
            return
        self.editor.set("")
        if not text.strip():
            return
        self.scene.follow()
        if self._past is not None:
            self._past.add(text)
        if not commands.obey(self, text):
            self.send(text)

    def refused(self, text: str, files: Sequence[Body], failure: Failure) -> None:
        """A prompt was refused: the line is free for what mends it, and the text is found where all others are."""
        if self._past is not None:
            self._past.add(text)
        self._added = [*files, *self._added]
        self.remarks.refuse(failure)
        self._loop.dirty()

    def again(self) -> None:
        """Try again what could not be done."""
        self.state = ""
        self.door.want()
        self.answering.look()
        self.now.again()
        self.prompts.again()

    def suspend(self) -> None:
        """Stop as Ctrl-Z does, and go on when somebody says so."""
        self.scene.clear()
        # No thread starts a server between the moment that the process goes on and the end of it.
        with self.door.held():
            self.keyboard.suspend()
        self._continued()

    def write_outside(self) -> None:
        """Write the line in the person's own editor; the old text stays where that fails."""
        from iterate.tui import outside

        self.scene.clear()
        self._try(lambda: outside.write(self))
        self._continued()

    # From here on: its life.

    def run(self) -> int:
        """Talk until the person leaves."""
        held = self.keyboard
        held.last = self.scene.last
        held.stopping = lambda: self._loop.post(self.suspend)
        held.continued = lambda: self._loop.post(self._continued)
        with held.held(has_signals=False, wanted=("paste", "focus")), resizing(lambda: self._loop.post(self._resized)):
            # It may have got another size since it was asked first; of a size from now on it is heard.
            self.scene.resize()
            self._loop.watch(held.descriptor, Ear(held, self._loop, self._taken).typed)
            if self.scene.mode == "full":
                self.scene.whole(held, self.copy, self.clock)
            short = place.short(self.directory, str(self.here.home))
            self.scene.greet(*frame.greetings(f"iterate {VERSION}", self.answering.model, short, self.scene.room))
            self._paint()
            self._furnish()
            self._loop.dirty(is_urgent=True)
            try:
                self._loop.run()
            finally:
                if self._past is not None:
                    self._past.close()
                self.now.close()
                self.bottom.leave()
                self.scene.leave()
                self._loop.close()
        return self.code

    def _furnish(self) -> None:
        """What the first frame did without."""
        self._try(lambda: self.scene.ask(self.keyboard))
        if self._meant.goes_on:
            self.now.open(self._meant.session, is_newest=self._meant.is_newest, is_fork=self._meant.is_fork)
        wait = LATER_S if self._meant.goes_on else 0.0
        self.after(wait, self.answering.look)
        self.scene.furnish()
        from iterate.tui.asking import Asking
        from iterate.tui.past import Past

        self.asking = Asking(self)
        self.bottom.furnish()
        self._past = Past(self)
        self._hands.learn()
        self.after(wait, self.keyboard.keep)
        rest.settle()
        self.after(LATER_S, self._hands.furnish)

    def _note(self, text: str) -> None:
        """Of a thread that looks for the server; of one at an address the same is so each time that it comes back."""
        if not self.door.is_elsewhere or text not in self._notes:
            self._notes.add(text)
            self.post(lambda: self.say([row(span(f"note: {text}", "dim"))]))

    def _taken(self, keys: Sequence[Key]) -> None:
        for key in keys:
            if key.name == "end-of-file":  # Nobody is there any more.
                self.leave()
                return
            if key.name in {"reply", "focus", "blur"}:
                self._heard(key)
                continue
            self.remarks.pressed()
            self._hands.take(key)
            if key.name == "paste" and (failure := prompts.too_long(self.editor.text)) is not None:
                self.tell(f"{failure}; {failure.hint}")
        if self._past is not None:
            self._past.keep_soon()
        self._loop.dirty(is_urgent=True)

    def _heard(self, key: Key) -> None:
        """Of the terminal itself."""
        if key.name == "reply":
            self._try(lambda: self.scene.heard(key.text, self.keyboard))
        else:
            self.scene.is_focused = key.name == "focus"

    def _try(self, action: Callable[[], None]) -> None:
        try:
            action()
        except Failure as failure:
            self.fail(failure)

    def _continued(self) -> None:
        """The process was stopped without being asked, and somebody else wrote on the terminal."""
        self.scene.forget()
        self._resized()

    def _resized(self) -> None:
        self.scene.resize()
        self._loop.dirty(is_urgent=True)

    def _paint(self) -> None:
        room = self.scene.room
        mark = frame.MARK if self.scene.has_status else self.answering.marked(room)
        found, cursor = self.editor.rows(mark, room, max(1, self.scene.size.lines // 2))
        top = self.top
        seen = Seen(
            open=self._open(),
            widget=None if top is None else top.picture(self._room_of(top)),
            is_box=top is not None and self._is_boxed(top),
            queue=self.prompts.queue.rows(room),
            line=frame.typed(found, cursor, mark, self.scene.mode),
            offers=self._offers(len(found)),
            noted=self.remarks.noted(max(1, self.scene.size.lines // 3)),
            told=self.remarks.told or (HINT if self.answering.has_plan else ""),
            status=self.bottom.row(room),
        )
        self.attention.look(
            self.now.title or place.short(self.directory, str(self.here.home)), is_busy=self.is_busy, waits=self.waits
        )
        self.scene.paint(seen, self.bottom)
        self.now.look_up()

    def _is_boxed(self, widget: Widget) -> bool:
        """A list or a page of text stands in a box where the screen is ours, a question above the line."""
        return self.scene.stalls is not None and widget.is_lasting

    def _room_of(self, widget: Widget) -> Size:
        if self._is_boxed(widget):
            return whole.inside(self.scene.size)
        return frame.short(self.scene.stage) if widget.is_short else self.scene.stage

    def _offers(self, lines: int) -> Sequence[Row]:
        if self._hands.completing is None or self.top is not None:
            return ()
        return self._hands.completing.rows(self.scene.room, self.scene.stage.lines - lines)

    def _open(self) -> list[Row]:
        sent = self.prompts.queue.sent
        return [*self.scene.open(self.clock()), *(prompt_row(sent.text, self.scene.room) if sent is not None else ())]

    def answerer(self) -> tuple[str, str]:
        """Who answers the next prompt: the agent and the model, as far as that is known."""
        return self.answering.agent, self.answering.model

    def pressed(self) -> str:
        """What was pressed of a longer key, or the mode of vi."""
        return self._hands.pending or self.editor.pending or self.editor.mode or ""
