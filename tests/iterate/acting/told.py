"""A server that those who act agree on: sessions with events, answers to requests, or no server at all."""

import json
import time
from collections import deque
from collections.abc import Callable
from typing import override

from iterate import events, heard, settings
from iterate.client import Client, Prompt
from iterate.discovery import Announcement
from iterate.errors import Failure, ServerLost, SessionUnknown
from iterate.events import Delta, PartAdded, Prompted, TextPart, Watched
from iterate.heard import Heard
from iterate.tui import opened
from iterate.tui.contract import Body
from iterate.tui.door import Door
from iterate.waiting import Voice

# Nobody listens on that port.
NOWHERE = Announcement("http://127.0.0.1:9", 0, "", "")
CALL, CHILD = "c", "ses_below"


class Session:
    """What happened in one, and how far its answer has come."""

    def __init__(self, id_: str) -> None:
        self.id = id_
        self.events: list[Heard] = []
        self.is_answering = False
        self.text = ""
        # Calls that have no result yet, and what is asked and not answered.
        self.calls: list[str] = []
        self.asked: list[str] = []

    @property
    def number(self) -> int:
        """Of the next event."""
        return sum(not is_piece(each) for each in self.events) + 1


class Told:
    """All that there is of a server."""

    def __init__(self) -> None:
        self.is_there = True
        self.sessions: dict[str, Session] = {}
        self.readers: list[Reading] = []
        self.count = 0
        # Called with each event that is taken of the session that is open.
        self.took: Callable[[Heard], None] = lambda _: None
        # Whether an earlier session was read, whose prompts are shown again.
        self.is_read = False

    def mark(self) -> str:
        """A word that nothing else has in it."""
        self.count += 1
        return f"<{self.count}>"

    def tell(self, session: Session, *told: Watched) -> None:
        """These happened; whoever reads hears of it."""
        session.events += [as_heard(each) for each in told]
        for each in list(self.readers):
            each.wake()

    def prompted(self, session: Session, text: str, id_: str = "another") -> None:
        """Somebody has sent a prompt."""
        session.is_answering, session.text = True, ""
        part = TextPart(text=text)
        self.tell(
            session, Prompted(number=session.number, session=session.id, id=id_, model="m", directory="", parts=(part,))
        )

    def say(self, session: Session, text: str) -> None:
        """A piece of an answer."""
        told = Delta(number=session.number, session=session.id, kind="text", offset=len(session.text), text=text)
        session.text += text
        self.tell(session, told)

    def said(self, session: Session) -> None:
        """The pieces are whole."""
        if session.text:
            part = TextPart(text=session.text)
            session.text = ""
            self.tell(session, PartAdded(number=session.number, session=session.id, part=part))

    def answer(self, method: str, path: str, body: Body | None) -> Body:
        """What a request gets; raises what a server refuses with."""
        if not self.is_there:
            raise ServerLost("there is no server")
        self.is_read = self.is_read or path.endswith(f"prompts={opened.LAST}")
        words = path.partition("?")[0].strip("/").split("/")
        found: Body = {}
        match words:
            case ["session"] if method == "POST":
                found = {"id": self._new().id}
            case ["session"]:
                found = {"sessions": [self._row(each) for each in self.sessions.values()]}
            case ["session", id_, *rest]:
                found = self._of_session(self._known(id_), method, rest, body or {})
            case ["agent"]:
                found = {"agents": [{"name": each, "mode": "main"} for each in ("build", "plan")], "default": "build"}
            case ["config"]:
                found = {"config": {"model": "trial/m"}}
            case [("permission" | "question") as kind, id_]:
                self._answered(kind, id_, body or {})
            case _:
                pass
        return found

    def _new(self) -> Session:
        made = Session(f"ses_{len(self.sessions) + 1}")
        self.sessions[made.id] = made
        return made

    def _known(self, id_: str) -> Session:
        if id_ not in self.sessions:
            raise SessionUnknown(f"there is no session {id_}")
        return self.sessions[id_]

    def _row(self, session: Session) -> Body:
        return {"id": session.id, "title": f"called {session.id}", "directory": "", "model": "m", "agent": "build"}

    def _of_session(self, session: Session, method: str, words: list[str], body: Body) -> Body:
        match method, words:
            case "POST", ["prompt"]:
                self.prompted(session, str(body["text"]), str(body["id"]))
            case "POST", ["cancel"] if session.is_answering:
                end(self, session, is_well=False)
            case "POST", ["fork"]:
                made = self._new()
                made.events = list(session.events)
                return {"id": made.id}
            case "GET", ["earlier"]:
                whole = [each.fields for each in session.events if not is_piece(each)]
                return {"session": self._row(session), "events": whole, "first": 1, "above": 0}
            case "GET", []:
                return {"session": self._row(session), "events": [each.fields for each in session.events]}
            case _:
                pass
        return {}

    def _answered(self, kind: str, id_: str, body: Body) -> None:
        for session in self.sessions.values():
            if id_ in session.asked:
                session.asked.remove(id_)
                self.said(session)
                common = {"number": session.number, "session": session.id, "id": id_}
                more: Body = (
                    {"answers": body.get("answers")}
                    if kind == "question"
                    else {"decision": body.get("decision", "once")}
                )
                self.tell(session, events.decode(json.dumps({"type": f"{kind}.answered", **common, **more}).encode()))


def is_piece(event: Heard) -> bool:
    """Whether it is told and not kept."""
    return event.kind in {"delta", "tool.output"}


def as_heard(event: Watched) -> Heard:
    """As a client reads it."""
    return heard.read("", events.encode(event).decode())


def end(told: Told, session: Session, *, is_well: bool) -> None:
    """The answer ends, and all that belongs to it."""
    told.said(session)
    for call in session.calls:
        part = events.ToolResultPart(call=call, status="cancelled", text="ended", title=f"ended {call}")
        told.tell(session, PartAdded(number=session.number, session=session.id, part=part))
    session.calls, session.asked, session.is_answering = [], [], False
    number = session.number
    ending: Watched = events.Done(number=number, session=session.id)
    if not is_well:
        ending = events.Failed(number=number, session=session.id, reason="cancelled", message="it was ended")
    told.tell(session, ending)


class Reading:
    """The reading of one session, as `link.Following` does it: each event once, from a place on."""

    def __init__(
        self, told: Told, session: str, place: str, post: Callable[[Callable[[], None]], None],
        news: Callable[["Reading"], None], clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self.session, self.state, self.failure = session, "connecting", None
        self._told, self._post, self._news = told, post, news
        self._came: deque[Heard] = deque()
        self._clock, self.came = clock, 0.0
        self.place = self.taken = place
        self._next = self._read_again(place)
        told.readers.append(self)
        self.wake()

    def _read_again(self, place: str) -> int:
        """What is kept behind that place, and the pieces that are no part yet; how many events that is in all."""
        known = self._told.sessions.get(self.session)
        every = known.events if known is not None and self._told.is_there else []
        kept = [number for number, each in enumerate(every) if not is_piece(each)]
        last = kept[-1] if kept else -1
        for number, each in enumerate(every):
            is_wanted = number > last if is_piece(each) else each.number > int(place or 0)
            if is_wanted:
                self._take(each)
        return len(every)

    def _take(self, event: Heard) -> None:
        self._came.append(event)
        if not is_piece(event):
            self.place = str(event.number)

    def wake(self) -> None:
        """Something happened: hand over what is new, or say that nobody answers."""
        if self not in self._told.readers:
            return
        self.state = "connected" if self._told.is_there else "lost"
        if self._told.is_there:
            known = self._told.sessions.get(self.session)
            for each in known.events[self._next :] if known else ():
                self._next += 1
                self._take(each)
        self._post(self._call)

    def take(self) -> Heard | None:
        """The next one."""
        if not self._came:
            return None
        event, self.came = self._came.popleft(), self._clock()
        if not is_piece(event):
            self.taken = str(event.number)
        self._told.took(event)
        return event

    def again(self) -> None:
        """Look for the server now."""
        self.wake()

    def close(self) -> None:
        """Read no more."""
        if self in self._told.readers:
            self._told.readers.remove(self)

    def _call(self) -> None:
        if self in self._told.readers:
            self._news(self)


class Asking(Client):
    """A client of that server."""

    def __init__(self, told: Told) -> None:
        self.server, self._told = NOWHERE, told

    @override
    def call(
        self, method: str, path: str, body: Body | None = None, timeout_s: float = 0.0, most: int | None = None
    ) -> Body:
        return self._told.answer(method, path, body)

    @override
    def rows(self, path: str) -> list[Body]:
        self._told.answer("GET", path, None)
        return []

    @override
    def prompt(self, session: str, prompt: Prompt) -> str:
        self._told.answer("POST", f"/session/{session}/prompt", prompt.body())
        return ""


class Way(Door):
    """The way to it."""

    def __init__(self, told: Told) -> None:
        super().__init__(settings.read(), None, Voice(lambda _: None, lambda _: None))
        self._told = told

    @override
    def client(self) -> Client:
        if not self._told.is_there:
            raise ServerLost("there is no server")
        return Asking(self._told)

    @override
    def want(self) -> None:
        pass

    @override
    def doubt(self, client: Client, lost: Failure) -> None:
        pass

    @override
    def ask[T](self, question: Callable[[Client], T]) -> T:
        return question(self.client())
