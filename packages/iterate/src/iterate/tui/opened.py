"""The session that is open: found by a word, shown from its last screens on, followed."""

import time
from typing import TYPE_CHECKING, NamedTuple

from iterate.errors import SessionUnknown
from iterate.heard import Heard
from iterate.terminal.rows import row, span

if TYPE_CHECKING:
    from iterate.client import Client
    from iterate.tui.contract import Body
    from iterate.tui.link import Following
    from iterate.tui.program import Conversation

# Events are taken for so long before keys are looked at again, in seconds.
SLICE_S = 0.004
# What counts seconds is looked at so often, and only while something runs.
TICK_S = 0.25
# Of an earlier session so many prompts are shown at once, with their answers.
LAST = 3


class Found(NamedTuple):
    """A session that goes on, and from which place on it is shown."""

    session: str
    directory: str
    title: str
    model: str
    agent: str
    # The number of the event before what is shown.
    place: int
    # So many prompts are above that.
    above: int


class Opened:
    """What the session says, as it comes."""

    def __init__(self, program: "Conversation") -> None:
        self._program = program
        self.title = ""
        # The text of the newest answer that says something.
        self.answer = ""
        self._is_new = True
        self._following: Following | None = None
        self._is_ticking = False

    def open(self, word: str, *, is_newest: bool = False, is_fork: bool = False) -> None:
        """Go on with the session that a word means, the newest one of the folder, or a copy."""
        program = self._program
        self.close()
        program.is_opening = True
        directory, door = program.directory, program.door
        program.start(
            lambda: door.ask(lambda client: found(client, "last" if is_newest else word, directory, is_fork=is_fork)),
            self._found,
            program.not_opened,
        )

    def begun(self, session: str) -> None:
        """Follow a session that has just begun."""
        self._program.session = session
        self._program.bottom.opened(session)
        self._follow(session, "")

    def close(self) -> None:
        """Follow it no more."""
        if self._following is not None:
            self._following.close()
        self._following, self.title, self.answer = None, "", ""
        self._program.bottom.opened("")

    def again(self) -> None:
        """Look for the server now."""
        if self._following is not None:
            self._following.again()

    def _found(self, there: Found) -> None:
        program = self._program
        program.is_opening = False
        program.session, program.directory, self.title = (
            there.session,
            there.directory or program.directory,
            there.title,
        )
        program.answering.heard(there.model, there.agent)
        if there.above:
            count = f"{there.above:,} earlier prompt{'' if there.above == 1 else 's'}"
            program.say([row(span(f"{there.title}: {count} above this; /full shows all", "dim")), ()])
        program.bottom.opened(there.session)
        self._follow(there.session, str(there.place) if there.place > 0 else "")
        program.prompts.pump()

    def _follow(self, session: str, after: str) -> None:
        from iterate.tui.link import Following

        program = self._program
        self._following = Following(program.door, session, after, program.post, self._news)

    def _news(self, following: "Following") -> None:
        if following is not self._following:
            return
        until = time.monotonic() + SLICE_S
        while (event := following.take()) is not None:
            self._hear(event)
            if time.monotonic() > until:
                self._program.post(lambda: self._news(following))
                break
        self._connected(following)
        self._program.refresh()

    def _connected(self, following: "Following") -> None:
        program = self._program
        match following.state:
            case "connected" | "connecting":
                program.state = ""
            case "lost":
                program.state = "the server is gone, looking for it"
            case "failed":
                program.state = "no server: Enter tries again"
                program.prompts.queue.is_held = True
            case "gone":
                program.go_on("")
                program.say([row(span("this session was deleted; the next prompt begins a new one", "busy")), ()])

    def _hear(self, event: Heard) -> None:
        now = time.monotonic()
        program = self._program
        self._listen(event)
        if event.kind == "prompted":
            program.prompts.queue.heard(event.word("id"))
            program.is_answering = True
            program.answering.heard(event.word("model"), event.word("agent"))
        program.scene.take(event, now)
        program.bottom.take(event)
        if program.asking is not None:
            program.asking.take(event)
        if event.is_ending:
            program.ended(event)
        self._tick()

    def _listen(self, event: Heard) -> None:
        if event.kind == "prompted":
            self._is_new = True
        elif event.kind == "part" and (said := event.part())[0] == "text":
            self.answer = said[1] if self._is_new else f"{self.answer}\n\n{said[1]}"
            self._is_new = False

    def _tick(self) -> None:
        """While something runs, what counts seconds is looked at."""
        program = self._program
        if self._is_ticking or not program.is_answering:
            return
        self._is_ticking = True

        def tick() -> None:
            self._is_ticking = False
            if program.is_answering:
                program.scene.tick()
                program.refresh()
                self._tick()

        program.after(TICK_S, tick)


def found(client: "Client", word: str, directory: str, *, is_fork: bool) -> Found:
    """The session that a word means, or its copy; raises `SessionUnknown`, `SessionAmbiguous`."""
    from iterate.tui import sessions

    session = sessions.resolved(client, word, directory)
    if is_fork:
        session = str(client.call("POST", f"/session/{session}/fork").get("id"))
    # Not all of it is looked at: a session may be long.
    return there(session, client.call("GET", f"/session/{session}/earlier?prompts={LAST}"))


def there(session: str, told: "Body") -> Found:
    """What is known of it, and where its last prompts begin."""
    whole = Heard("", "", told)
    known = whole.inner("session")
    if not known.fields:
        raise SessionUnknown(f"there is no session {session}")
    return Found(
        session=session,
        directory=known.word("directory"),
        title=known.word("title"),
        model=known.word("model"),
        agent=known.word("agent"),
        place=max(0, whole.count("first") - 1),
        above=whole.count("above"),
    )
