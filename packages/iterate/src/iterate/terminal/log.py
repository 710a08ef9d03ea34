"""What happened in a session, entry by entry: its events, put together into what a person looks at.

The same entries are shown as rows in the scrollback (`story`), as pages of a full screen (`pages`) and as lines of
words (`words`). Nothing here writes, waits or looks at a clock.
"""

import json
import zlib
from typing import NamedTuple

from iterate import foreign
from iterate.heard import Heard
from iterate.terminal import diff, tally
from iterate.terminal.images import Image, images
from iterate.terminal.rows import Row, Style
from iterate.terminal.tail import Tail
from iterate.terminal.tally import Tally
from iterate.terminal.times import Times

NOTHING = Heard("", "", {})
# What is longer, in characters of JSON, is kept packed: it is looked at once, and then seldom.
PACKED = 1000
# Calls among which the one is whose files changed.
_RECENT = 64
_ANSWERED = frozenset({"permission.answered", "question.answered"})


class Kept(NamedTuple):
    """A part that is over, kept small."""

    packed: bytes

    def heard(self) -> Heard:
        """The part again."""
        text = self.packed if self.packed[:1] == b"{" else zlib.decompress(self.packed)
        return Heard("", "", json.loads(text))


def kept(part: Heard) -> Kept:
    """A part, made small."""
    fields = {**part.fields, "files": ()} if part.fields.get("files") else part.fields
    text = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
    return Kept(zlib.compress(text, 1) if len(text) > PACKED else text)


class Prompt(NamedTuple):
    """What a person asked, here or at another client."""

    number: int
    text: str
    files: tuple[str, ...] = ()


class Piece(NamedTuple):
    """The next of a text that grows; it is in the text that comes behind it, too."""

    number: int
    text: str


class Said(NamedTuple):
    """A text of the model that is complete; `given` of its characters came as pieces."""

    number: int
    text: str
    given: int = 0


class Thought(NamedTuple):
    """What the model thought before it went on."""

    number: int
    kept: Kept
    seconds: float | None = None


class Call(NamedTuple):
    """A call of a tool: what it was asked, when it began, and its result once there is one."""

    number: int
    about: str
    asked: Kept
    tool: str = ""
    begun: float | None = None
    result: Kept | None = None
    status: str = ""
    title: str = ""
    # Without the time that it waited for a person.
    seconds: float | None = None
    # The number of the event, and the agent that works below another one.
    at: int = 0
    agent: str = ""
    id: str = ""
    # Lines that it added to files and removed from them.
    added: int = 0
    removed: int = 0
    # What a person said who did not want it; None where nobody denied it.
    reason: str | None = None
    # Only when it is told: nobody keeps them.
    images: tuple[Image, ...] = ()


class Started(NamedTuple):
    """A call began; it comes again when it is over."""

    number: int
    call: Call


class Note(NamedTuple):
    """A line about what happened."""

    number: int
    text: str
    style: Style = "dim"


class Summary(NamedTuple):
    """The session was summed up."""

    number: int
    text: str
    before: int
    after: int


class Todo(NamedTuple):
    """The list of things to do, as it is now: texts, each with its status."""

    number: int
    items: tuple[tuple[str, str], ...]


class Ended(NamedTuple):
    """The end of an answer: why it is not complete, and what it cost."""

    number: int
    failure: str
    cost: str
    seconds: float | None = None


class Void(NamedTuple):
    """What is there from this number on belongs to a try that broke, and counts no more."""

    number: int
    first: int


class Own(NamedTuple):
    """Rows that the program itself has put there."""

    number: int
    rows: tuple[Row, ...]


type Entry = Prompt | Piece | Said | Thought | Started | Call | Note | Summary | Todo | Ended | Void | Own


class Running(NamedTuple):
    """A call that runs, with the end of what it puts out, and the agent that works for it, if one does."""

    call: Call
    tail: Tail
    child: "Log | None" = None
    # Whether it waits for a person's word, who has it before them.
    is_asked: bool = False


class Log:
    """Folds the events of a session into entries; `calls` are all calls, to be opened by their numbers."""

    def __init__(
        self, agent: str = "", calls: list[Call] | None = None, session: str = "", times: Times | None = None
    ) -> None:
        self.tally = Tally()
        self.calls: list[Call] = [] if calls is None else calls
        self.running: dict[str, Running] = {}
        # Of the part that grows.
        self.thought = ""
        self.thinks_since: float | None = None
        self.retry: tuple[str, float] | None = None
        self.begun: float | None = None
        self.is_waiting = False
        self.is_answering = False
        self.agent = agent
        # Of an agent below.
        self.session = session
        # Of this process, whoever reads the session.
        self.times = Times() if times is None else times
        # The session of the event that is heard of, whose numbers are its own.
        self._of = session
        self._waits = self.times.waiting(session)
        # The calls of what is asked, by the ids of the requests; and why calls were denied.
        self._asked: dict[str, str] = {}
        self._denied: dict[str, str] = {}
        # What each request would be allowed for, and what was allowed of calls that run.
        self._patterns: dict[str, list[str]] = {}
        self._granted: dict[str, list[str]] = {}
        # What was taken back last: the conversation, the files or both.
        self._taken = ""
        self._number = 0
        self._shown = 0
        # As far as it came.
        self.text = ""

    def end(self) -> None:
        """Nothing runs any more, as far as somebody looks."""
        self._of = self.session
        self.running.clear()
        self.thought, self.thinks_since, self.retry, self.begun = "", None, None, None
        self.is_waiting = self.is_answering = False

    def take(self, event: Heard, now: float | None) -> list[Entry]:  # noqa: PLR0911  # A row for each kind.
        """What is new by this event; `now` is None for what happened before somebody looked."""
        if self.running and (child := self.child_of(event.word("session"))) is not None:
            found = child.take(event, now)
            # What was answered is told by the session above as well.
            return [] if event.kind in _ANSWERED else _below(found)
        if self._is_foreign(event):
            return []
        self._count(event, now)
        match event.kind:
            case "prompted":
                return self._prompted(event, now)
            case "delta":
                self.is_waiting = False
                return self._delta(event, now)
            case "part":
                self.is_waiting = False
                return self._part(event, now)
            case "tool.output":
                if (running := self.running.get(event.word("call"))) is not None:
                    running.tail.add(event.word("text"))
                return []
            case "done" | "failed":
                return [*self._cut(), self._ending(event, now)]
            case _:
                return self._other(event, now)

    def _count(self, event: Heard, now: float | None) -> None:
        """What every event changes."""
        self._of = event.word("session")
        self.tally.take(event)
        if now is not None:
            self._waits.take(event, now)
        if event.kind != "retry":
            self.retry = None

    def _is_foreign(self, event: Heard) -> bool:
        """Whether it is of an agent below whose call is over: what it does now is nothing that this session does."""
        return bool(self._of) and event.kind != "prompted" and event.word("session") not in {self._of, ""}

    def spent(self, call: Call, now: float | None) -> float | None:
        """How long a call took, without what it waited for a person."""
        if now is None or call.begun is None:
            return None
        return now - call.begun - self._waits.of(call.id, now)

    def _prompted(self, event: Heard, now: float | None) -> list[Entry]:
        self.tally, self.begun = Tally(), self.times.begun(self._of, event.number, now)
        self._waits = self.times.waits(self._of, event.number, is_past=now is None)
        self.is_waiting = self.is_answering = True
        # Another session counts its events from the beginning again.
        self._number = self._shown = 0
        self.text = self.thought = ""
        self.running.clear()
        self._asked.clear()
        self._denied.clear()
        self._patterns.clear()
        self._granted.clear()
        parts = event.rows("parts")
        texts = [part.word("text") for part in parts if part.kind == "text"]
        files = tuple(foreign.plain(part.word("name")) for part in parts if part.kind == "file")
        return [Prompt(event.number, "\n".join(texts[:1]), files)]

    def _delta(self, event: Heard, now: float | None) -> list[Entry]:
        before = self._cut() if event.number != self._number else []
        new = self._new(event.number, event.count("offset"), event.word("text"))
        if event.word("kind") == "reasoning":
            if not self.thought:
                self.thinks_since = self.times.begun(self._of, event.number, now, is_first=False)
            self.thought += new
            return before
        self.text += new
        return [*before, Piece(event.number, new)] if new else before

    def _new(self, number: int, offset: int, text: str) -> str:
        if number != self._number:
            self._number, self._shown, self.thought, self.text = number, 0, "", ""
        new = text[max(0, self._shown - offset) :]
        self._shown = max(self._shown, offset + len(text))
        return new

    def _cut(self) -> list[Entry]:
        """What of the text was open."""
        text, self.text, self.thought = self.text, "", ""
        return [Said(self._number, text, len(text))] if text else []

    def _part(self, event: Heard, now: float | None) -> list[Entry]:
        part = event.inner("part")
        match part.kind:
            case "text":
                before = self._cut() if event.number != self._number else []
                given = len(self.text)
                self._new(event.number, 0, part.word("text"))
                self.text = self.thought = ""
                return [*before, Said(event.number, part.word("text"), given)]
            case "reasoning":
                before = self._cut() if event.number != self._number else []
                spent = None if now is None or self.thinks_since is None else now - self.thinks_since
                spent = self.times.spent(self._of, event.number, spent, is_past=now is None)
                self._new(event.number, 0, "")
                self.thought, self.thinks_since = "", None
                return [*before, Thought(event.number, kept(part), spent)] if part.word("text").strip() else before
            case "tool_call":
                return [*self._cut(), *self._called(event.number, part, now)]
            case "tool_result":
                return [*self._cut(), *self._result(event.number, part, now)]
            case _:
                return []

    def _called(self, number: int, part: Heard, now: float | None) -> list[Entry]:
        call = Call(
            len(self.calls) + 1,
            foreign.plain(tally.about(part)),
            kept(part),
            part.word("tool"),
            self.times.begun(self._of, number, now),
            at=number,
            agent=self.agent,
            id=part.word("call"),
        )
        self.calls.append(call)
        self.running[part.word("call")] = Running(call, self.times.tail(call.id, is_past=now is None))
        return [Started(number, call)]

    def _result(self, number: int, part: Heard, now: float | None) -> list[Entry]:
        id_ = part.word("call")
        running = self.running.pop(id_, None)
        if now is not None:
            self.times.over(id_)
        call = running.call if running is not None else Call(0, "", kept(NOTHING), at=number, agent=self.agent)
        title = foreign.plain(tally.title(part, call.about, call.tool))
        added, removed = diff.counted(part.word("diff"))
        call = call._replace(
            result=kept(part),
            status=part.word("status"),
            title=title,
            seconds=self.times.spent(self._of, number, self.spent(call, now), is_past=now is None),
            added=added,
            removed=removed,
            reason=self._denied.pop(id_, None) if part.word("status") == "denied" else None,
        )
        if call.number:
            self.calls[call.number - 1] = call
        # Denied was what it had done, and not the call.
        after = [Note(number, told) for told in self._granted.pop(id_, [])]
        after += [Note(number, tally.denial(self._denied.pop(id_)))] if id_ in self._denied else []
        return [call._replace(images=images(part)) if part.fields.get("files") else call, *after]

    def _ask(self, event: Heard) -> None:
        """A call waits for a person."""
        id_ = event.word("call")
        self._asked[event.word("id")] = id_
        self._patterns[event.word("id")] = event.words("patterns")
        if (holder := self._holder(id_)) is not None:
            holder.running[id_] = holder.running[id_]._replace(is_asked=True)

    def _answered(self, event: Heard) -> list[Entry]:
        """A person gave their word; a call that is denied tells it itself."""
        id_ = self._asked.pop(event.word("id"), "")
        patterns = self._patterns.pop(event.word("id"), [])
        holder = self._holder(id_)
        if holder is not None:
            holder.running[id_] = holder.running[id_]._replace(is_asked=id_ in self._asked.values())
        if event.kind == "question.answered":
            return [Note(event.number, tally.answered(event))]
        if told := tally.allowed(event, patterns):
            if holder is None:
                return [Note(event.number, told)]
            # It is of the call, and stands behind it.
            holder._granted.setdefault(id_, []).append(told)  # noqa: SLF001  # One of ours.
            return []
        message = foreign.plain(event.word("message"))
        if holder is None:
            return [Note(event.number, tally.denial(message))]
        holder._denied[id_] = message  # noqa: SLF001  # One of ours.
        return []

    def _holder(self, call: str) -> "Log | None":
        """Whose call it is: ours, or that of an agent below."""
        if call in self.running:
            return self
        below = (each.child for each in self.running.values() if each.child is not None)
        return next((found for child in below if (found := child._holder(call)) is not None), None)  # noqa: SLF001

    def _ending(self, event: Heard, now: float | None) -> Ended:
        spent = None if now is None or self.begun is None else now - self.begun - self._waits.total(now)
        spent = self.times.spent(self._of, event.number, spent, is_past=now is None)
        if now is not None:
            self.times.ended(self._of)
        self.begun, self.is_answering, self.is_waiting = None, False, False
        self.running.clear()
        # That all of it was ended is told once, by the session above.
        is_told = event.kind != "failed" or (bool(self.agent) and event.word("reason") == "cancelled")
        failure = "" if is_told else foreign.plain(tally.failed(event))
        return Ended(event.number, failure, self.tally.words(), spent)

    def child_of(self, session: str) -> "Log | None":
        """Who works for a call of ours in that session, or for a call of theirs."""
        for child in [each.child for each in self.running.values() if each.child is not None]:
            if child.session == session:
                return child
            if (below := child.child_of(session)) is not None:
                return below
        return None

    def _other(self, event: Heard, now: float | None) -> list[Entry]:  # noqa: C901, PLR0911  # A row each.
        number = event.number
        match event.kind:
            case "retry":
                said = self._cut()
                self.retry = (foreign.plain(event.word("reason")), (now or 0.0) + event.count("wait_ms") / 1000)
                self.thought = ""
                first = event.count("first")
                return [*said, Void(number, first or number)] if first or said else []
            case "files.changed":
                return self._changed(event)
            case "compacted":
                return [
                    Summary(number, event.word("summary"), event.count("tokens_before"), event.count("tokens_after"))
                ]
            case "compaction.undone":
                return [Note(number, "the summary counts no more: the model reads all of it again")]
            case "reverted":
                self._taken = event.word("what")
                return [Note(number, tally.taken_back(event))]
            case "unreverted":
                return [Note(number, tally.brought_back(event, self._taken))]
            case "task":
                return self._task(event)
            case "todo":
                items = tuple((foreign.plain(each.word("text")), each.word("status")) for each in event.rows("items"))
                return [Todo(number, items)]
            case "permission.asked" | "question.asked":
                self._ask(event)
                return []
            case "permission.answered" | "question.answered":
                return self._answered(event)
            case "warned":
                return [Note(number, foreign.plain(event.word("text")), "warning")]
            case _:
                return []

    def _changed(self, event: Heard) -> list[Entry]:
        id_ = event.word("call")
        if any(call.id == id_ and (call.added or call.removed) for call in self.calls[-_RECENT:]):
            return []
        return [Note(event.number, foreign.plain(f"changed {tally.changed(event)}"))]

    def _task(self, event: Heard) -> list[Entry]:
        agent, child, id_ = foreign.plain(event.word("agent")), event.word("child"), event.word("call")
        if (running := self.running.get(id_)) is not None:
            name = f"{self.agent} {agent}".strip()
            self.running[id_] = running._replace(child=Log(name, self.calls, child, self.times))
            # The call tells of it.
            return []
        return [Note(event.number, f"the agent {agent} works in {foreign.plain(child)}")]


def _below(found: list[Entry]) -> list[Entry]:
    """What of an agent below is told: its calls and what went wrong. Its words are the result of the call."""
    return [
        each for each in found if isinstance(each, Started | Call | Note) or (isinstance(each, Ended) and each.failure)
    ]
