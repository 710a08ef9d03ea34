"""The session that is open: found by a word, shown from its last screens on, followed."""

from typing import TYPE_CHECKING, NamedTuple

from iterate.errors import Failure, SessionUnknown
from iterate.heard import Heard
from iterate.terminal.rows import row, span, wrapped
from iterate.tui.door import LOST

if TYPE_CHECKING:
    from collections.abc import Collection

    from iterate.client import Client
    from iterate.tui.link import Following
    from iterate.tui.program import Conversation

# Events are taken for so long before keys are looked at again, in seconds.
SLICE_S = 0.004
# What counts seconds is looked at so often, and only while something runs.
TICK_S = 0.25
# Of an earlier session so many prompts are shown at once, with their answers; on a screen of its own so many are read.
LAST, PAGE = 3, 20
# What the server puts behind the title of a copy.
FORKED = " (fork)"


class Found(NamedTuple):
    """A session that goes on, and from which place on it is shown."""

    session: str
    directory: str
    title: str
    model: str
    agent: str
    # With all below, in millionths of a dollar.
    cost: int | None
    past: "Past"
    # The session above, of an agent that works for another one.
    parent: str = ""


class Past(NamedTuple):
    """Prompts with their answers, as events: where the page before them ends, and how many prompts are above."""

    events: list[Heard]
    first: int
    above: int


class Kept(NamedTuple):
    """Where the scrollback stopped to be told of a session: its event, and how many prompts it lacks above that."""

    after: str
    above: int = 0
    # What is not told there of a session that was left since: its title.
    lacks: str = ""


class Opened:
    """What the session says, as it comes."""

    def __init__(self, program: "Conversation") -> None:
        self._program = program
        self.title = ""
        # Whether it is that of an agent that worked for another session.
        self.is_below = False
        # Since when its answer runs, where that was seen.
        self.since: float | None = None
        # The text of the newest answer that says something.
        self.answer = ""
        self._is_new = True
        self._following: Following | None = None
        self._is_ticking = False
        # The newest event that was heard of: what is read again before it is shown and changes nothing.
        self._number = 0
        # While the screen is ours, by the session.
        self._kept: dict[str, Kept] = {}
        # The `before` of the page that is above what is read, and whether it is being fetched.
        self._first = 0
        self._is_fetching = False
        # The reading of the session for a screen that was just taken or given back.
        self._reading: object | None = None
        # The search for another session.
        self._looking: object | None = None
        # The session cannot be read for now.
        self._is_cut = False

    def open(self, word: str, *, is_newest: bool = False, is_fork: bool = False) -> None:
        """Go on with the session that a word means, the newest of the folder, or a copy; until then nothing changes."""
        program = self._program
        looking = self._looking = object()
        self._tell()
        directory, door, most = program.directory, program.door, self._most
        meant = "last" if is_newest else word
        # What is typed from now on is meant for the session that is looked for.
        before = program.prompts.queue.ids

        def came(there: Found) -> None:
            if looking is self._looking:
                program.left(before)
                self._found(there)

        def failed(failure: Failure) -> None:
            if looking is self._looking:
                self.look_no_more()
                program.prompts.stay(before)
            program.fail(failure)

        program.start(
            lambda: door.ask(lambda client: found(client, meant, directory, most, is_fork=is_fork)), came, failed
        )

    def copied(self, session: str) -> None:
        """Go on in a copy of the session that is open, with all that was shown of it; what runs meanwhile stays."""
        program, following, before = self._program, self._following, self._program.session
        if program.is_busy:
            program.tell("the copy is there, and this session goes on: /sessions lists both")
            return
        if following is None:
            self.open(session)
            return
        following.close()
        if before in self._kept:
            self._kept[session] = self._kept.pop(before)
        program.session, self.title = session, self.title.removesuffix(FORKED) + FORKED
        # Also where it is one of an agent that worked for another session.
        self.is_below = False
        program.bottom.figures.session = session
        # Its events have the numbers of those that they are copies of.
        self._follow(session, following.taken)
        told = "a copy of the session from here on; /sessions goes back to the one that was copied"
        program.say([row(span(told, "dim")), ()])

    def look_no_more(self) -> None:
        """No session is looked for."""
        self._looking = None
        self._tell()

    def _tell(self) -> None:
        """Prompts wait until it is known which session they go to."""
        self._program.is_opening = self._looking is not None or self._reading is not None

    @property
    def _most(self) -> int:
        return LAST if self._program.scene.stalls is None else PAGE

    def turn(self, *, is_full: bool) -> None:
        """Take the whole screen, or go back to the scrollback, which gets what came meanwhile."""
        program = self._program
        session, following = program.session, self._following
        if is_full:
            self._kept = {session: Kept(following.taken)} if following is not None else {}
            program.scene.whole(program.keyboard, program.copy, program.clock)
        else:
            program.scene.part(program.keyboard)
            self._tell_lacking()
        if not session or (following is None and self._reading is None):
            program.scene.catch_up()
            return
        if following is not None:
            following.close()
        self._stop_reading()
        if not is_full and (kept := self._kept.get(session)) is not None:
            self._tell_above(kept.above)
            self._follow(session, kept.after)
        else:
            self._read_again(session)

    def look_up(self) -> None:
        """Fetch what is above, where somebody leafs there."""
        program, stalls = self._program, self._program.scene.stalls
        if stalls is None or self._is_fetching or not stalls.pages.wants_earlier():
            return
        session, first, known = program.session, self._first, frozenset(program.scene.known)
        self._is_fetching = True

        def came(page: Past) -> None:
            self._is_fetching = False
            if program.session == session and program.scene.stalls is stalls:
                stalls.pages.prepend(page.events, page.above)
                self._first = page.first
                program.refresh()

        def failed(failure: Failure) -> None:
            self._is_fetching = False
            stalls.pages.above = 0
            program.fail(failure)

        program.start(
            lambda: program.door.ask(lambda client: past(client, session, PAGE, first, known=known)), came, failed
        )

    def _read_again(self, session: str) -> None:
        """Show the end of the session that is open on the screen that is new."""
        program = self._program
        self._following = None
        reading = self._reading = object()
        self._tell()
        most, known = self._most, frozenset(program.scene.known)

        def came(page: Past) -> None:
            if reading is self._reading:
                self._stop_reading()
                self._show(session, page)

        def failed(failure: Failure) -> None:
            if reading is self._reading:
                # What happens from now on is shown nevertheless.
                self._stop_reading()
                self._follow(session, str(self._number) if self._number else "")
                program.prompts.stay(())
                program.fail(failure)

        program.start(lambda: program.door.ask(lambda client: past(client, session, most, known=known)), came, failed)

    def _stop_reading(self) -> None:
        """What is being read for a screen is shown on no other one."""
        self._reading = None
        self._tell()

    def begun(self, session: str) -> None:
        """Follow a session that has just begun."""
        self._program.session = session
        self._number = 0
        self._keep(session, Kept(""))
        self._program.bottom.opened(session)
        self._follow(session, "")

    def close(self) -> None:
        """Follow it no more."""
        session = self._program.session
        if (kept := self._kept.get(session)) is not None and str(self._number or "") != kept.after:
            self._kept[session] = kept._replace(lacks=self.title or session)
        self._stop_reading()
        if self._following is not None:
            self._following.close()
        self._following, self.title, self.answer, self.is_below = None, "", "", False
        self._program.bottom.opened("")

    def again(self) -> None:
        """Look for the server now."""
        if self._following is not None:
            self._following.again()

    def _found(self, there: Found) -> None:
        program = self._program
        program.session, program.directory, self.title = (
            there.session,
            there.directory or program.directory,
            there.title,
        )
        program.answering.heard(there.model, there.agent)
        self.is_below = bool(there.parent)
        if self.is_below:
            where = f"this is the session of a sub-agent ({there.agent}), and a prompt goes to it; /sessions goes back"
            program.say([*wrapped([span(where, "busy")], program.scene.room), ()])
        if program.scene.stalls is None:
            self._tell_above(there.past.above)
        program.bottom.opened(there.session)
        self._number = 0
        self._show(there.session, there.past)
        program.bottom.figures.cost(there.cost)

    def _keep(self, session: str, place: Kept) -> None:
        """The scrollback has nothing of a session that is first shown while the screen is ours."""
        if self._program.scene.stalls is not None:
            self._kept.setdefault(session, place)

    def _tell_lacking(self) -> None:
        """In the scrollback: of which other sessions it lacks what was seen while the screen was ours."""
        for session, kept in self._kept.items():
            if kept.lacks and session != self._program.session:
                said = f"not told here: what the whole screen showed of {kept.lacks!r}; /sessions goes back to it"
                self._program.scene.say([row(span(said, "dim")), ()], is_kept=False)

    def _tell_above(self, above: int) -> None:
        """In the scrollback: how much of the session is not told there."""
        if above:
            from iterate.terminal.tally import counted

            said = f"{self.title}: {counted(above, 'earlier prompt')} above this; /full shows all"
            self._program.scene.say([row(span(said, "dim")), ()], is_kept=False)

    def _show(self, session: str, page: Past) -> None:
        """What is past, and from there on what happens."""
        program = self._program
        before = page.events[0].number - 1 if page.events else 0
        self._keep(session, Kept(str(before) if before > 0 else "", page.above))
        for event in page.events:
            self._hear(event, None)
        program.scene.catch_up()
        self._first = page.first
        if program.scene.stalls is not None:
            program.scene.stalls.pages.above = page.above
        last = page.events[-1].number if page.events else 0
        self._follow(session, str(last) if last else "")
        program.refresh()
        program.prompts.pump()

    def _follow(self, session: str, after: str) -> None:
        from iterate.tui.link import Following

        program = self._program
        self._following = Following(program.door, session, after, program.post, self._news, program.clock)

    def _news(self, following: "Following") -> None:
        if following is not self._following:
            return
        until = self._program.clock() + SLICE_S
        while (event := following.take()) is not None:
            self._hear(event, following.came)
            if self._program.clock() > until:
                self._program.post(lambda: self._news(following))
                break
        self._connected(following)
        self._program.refresh()

    def _connected(self, following: "Following") -> None:
        program = self._program
        match following.state:
            case "connecting":
                program.state = ""
            case "connected":
                program.state = ""
                if self._is_cut:
                    # What could not be sent meanwhile goes out now.
                    self._is_cut = False
                    program.prompts.again()
            case "lost":
                program.state, self._is_cut = LOST, True
            case "stopped":
                program.state, self._is_cut = "the server was stopped: Enter starts it again", True
                program.prompts.queue.is_held = True
            case "failed":
                program.state, self._is_cut = "no server: Enter tries again", True
                program.prompts.queue.is_held = True
            case "gone":
                program.bereft()

    def _hear(self, event: Heard, came: float | None) -> None:
        """One event, and when it came; None of what is past."""
        program, is_past = self._program, came is None
        if is_past and event.word("session") not in {"", program.session}:
            program.scene.take_below(event, None)
            return
        is_new = not event.number or event.number > self._number
        program.scene.take(event, came if is_new else None)
        if not is_new:
            return
        if event.kind != "delta":
            self._number = max(self._number, event.number)
        self._listen(event)
        if event.kind == "prompted":
            program.remarks.go_on()
            program.prompts.queue.heard(event.word("id"))
            program.is_answering = True
            self.since = None if is_past else program.clock()
            program.answering.heard(event.word("model"), event.word("agent"))
            self.title = self.title or _first_line(event)
        program.bottom.take(event, is_past=is_past)
        if program.asking is not None:
            program.asking.take(event)
        if event.is_ending:
            program.ended(event)
        self.stir()

    def _listen(self, event: Heard) -> None:
        if event.kind == "prompted":
            self._is_new = True
        elif event.kind == "part" and (said := event.part())[0] == "text":
            self.answer = said[1] if self._is_new else f"{self.answer}\n\n{said[1]}"
            self._is_new = False

    def stir(self) -> None:
        """Something was heard of: while something runs, what counts seconds is looked at."""
        program = self._program
        if self._is_ticking or not program.is_answering or program.scene.is_still:
            return
        self._is_ticking = True

        def tick() -> None:
            self._is_ticking = False
            if program.is_answering:
                program.scene.tick()
                program.refresh()
                self.stir()

        program.after(TICK_S, tick)


def _first_line(event: Heard) -> str:
    """What a session that just began is about, until somebody gives it a title."""
    texts = [part.word("text") for part in event.rows("parts") if part.kind == "text"]
    return texts[0].strip().partition("\n")[0] if texts else ""


def found(client: "Client", word: str, directory: str, most: int, *, is_fork: bool = False) -> Found:
    """The session that a word means, or its copy; raises `SessionUnknown`, `SessionAmbiguous`."""
    from iterate.tui import sessions

    session = sessions.resolved(client, word, directory)
    if is_fork:
        session = str(client.call("POST", f"/session/{session}/fork").get("id"))
    told = _earlier(client, session, most)
    known = told.inner("session")
    if not known.fields:
        raise SessionUnknown(f"there is no session {session}")
    return Found(
        session=session,
        directory=known.word("directory"),
        title=known.word("title"),
        model=known.word("model"),
        agent=known.word("agent"),
        cost=cost if isinstance(cost := known.fields.get("total_cost_micro_usd"), int) else None,
        past=_past(client, told),
        parent=known.word("parent"),
    )


def past(client: "Client", session: str, prompts: int, before: int = 0, *, known: "Collection[str]" = ()) -> Past:
    """So many prompts before an event, 0 for the last ones, with their answers and what agents below did for them.

    What the `known` ones did is not read: the screen has it.
    """
    return _past(client, _earlier(client, session, prompts, before), known)


def _earlier(client: "Client", session: str, prompts: int, before: int = 0) -> Heard:
    # Not all of it is looked at: a session may be long.
    path = f"/session/{session}/earlier?before={before}&prompts={prompts}"
    return Heard("", "", client.call("GET", path))


def _past(client: "Client", told: Heard, known: "Collection[str]" = ()) -> Past:
    events = told.rows("events")
    if any(each.kind == "task" for each in events):
        from iterate.tui import nested  # Where agents worked.

        events = nested.whole(events, lambda child: _earlier(client, child, 1).rows("events"), known)
    return Past(events, told.count("first"), told.count("above"))
