"""A conversation, folded from its events. It knows neither the database nor the server."""

from collections.abc import Iterable
from typing import assert_never

from msgspec import Struct
from msgspec.structs import replace

from iterate.events import (
    Compacted,
    CompactionUndone,
    Done,
    Event,
    Failed,
    FileChange,
    FilesChanged,
    Part,
    PartAdded,
    PermissionAnswered,
    PermissionAsked,
    Prompted,
    PromptPart,
    QuestionAnswered,
    QuestionAsked,
    RetryScheduled,
    Reverted,
    SessionChanged,
    TaskStarted,
    TextPart,
    TodoChanged,
    TodoItem,
    Unknown,
    Unreverted,
    UsagePart,
    Warned,
)
from iterate.workspace import Workspace

# The most characters of a title that is made from a prompt.
TITLE_LENGTH = 60


class Turn(Struct, frozen=True, kw_only=True):
    """One prompt and the parts of its answer so far; `ending` is None while the answer runs.

    `numbers` are those of the parts. Parts of a try that broke are not among them.
    """

    id: str
    number: int
    model: str
    prompt: tuple[PromptPart, ...]
    agent: str = "build"
    parts: tuple[Part, ...] = ()
    numbers: tuple[int, ...] = ()
    changes: tuple[FilesChanged, ...] = ()
    # The sessions of the tool `task` that it began.
    children: tuple[str, ...] = ()
    ending: Done | Failed | None = None

    @property
    def text(self) -> str:
        """The text of the prompt."""
        return text_of(self.prompt)


class Spent(Struct, frozen=True, kw_only=True):
    """Tokens, and millionths of a US dollar where the price was known."""

    tokens: int = 0
    cost_micro_usd: int = 0
    steps: int = 0

    def plus(self, usage: UsagePart) -> "Spent":
        """And that of one step."""
        return Spent(
            tokens=self.tokens + usage.input + usage.output,
            cost_micro_usd=self.cost_micro_usd + (usage.cost_micro_usd or 0),
            steps=self.steps + 1,
        )


class Back(Struct, frozen=True, kw_only=True):
    """One step of taking back: what the conversation was before it, and the change of files that it made.

    `change` is empty where no file was changed, or where an older iterate did it, which told only `files`.
    """

    turns: tuple[Turn, ...]
    change: str = ""
    files: tuple[str, ...] = ()


class Session(Struct, frozen=True, kw_only=True):
    """A conversation; `number` is that of its newest event, 0 when there is none.

    `reverted` are the turns that were taken back and can come again, with the compactions among them, and `backs` the
    steps that did it, the oldest first. `allowed` are the patterns that a person allowed for this session, `open` the
    permissions that nobody answered yet.
    """

    id: str
    directory: str = ""
    number: int = 0
    title: str = ""
    parent: str = ""
    turns: tuple[Turn, ...] = ()
    todo: tuple[TodoItem, ...] = ()
    compactions: tuple[Compacted, ...] = ()
    reverted: tuple[Turn, ...] = ()
    reverted_compactions: tuple[Compacted, ...] = ()
    backs: tuple[Back, ...] = ()
    allowed: tuple[str, ...] = ()
    open: tuple[PermissionAsked, ...] = ()
    spent: Spent = Spent()


class Ask(Struct, frozen=True, kw_only=True):
    """What an engine is asked: the conversation so far, the model, the new prompt, who answers, and where it works."""

    session: Session
    model: str
    parts: tuple[PromptPart, ...]
    workspace: Workspace
    agent: str = "build"

    @property
    def text(self) -> str:
        """The text of the prompt."""
        return "".join(part.text for part in self.parts if isinstance(part, TextPart))


def text_of(parts: Iterable[PromptPart]) -> str:
    """The texts of a prompt."""
    return "".join(part.text for part in parts if isinstance(part, TextPart))


def title_of(parts: Iterable[PromptPart]) -> str:
    """A title from a prompt: its first line that says something, cut between words."""
    text = "\n".join(part.text for part in parts if isinstance(part, TextPart))
    line = next((" ".join(line.split()) for line in text.splitlines() if any(map(str.isalnum, line))), "")
    line = line.lstrip("#>*- ")
    if len(line) <= TITLE_LENGTH:
        return line
    cut = line[: TITLE_LENGTH - 1]
    return f"{cut.rpartition(' ')[0] or cut}\N{HORIZONTAL ELLIPSIS}"


def fold(session: Session, events: Iterable[Event | Unknown]) -> Session:
    """The session after these events, which come in the order of their numbers.

    Every sequence has a meaning, also one that lost its beginning or its middle: a part or an ending without a prompt
    before it belongs to no turn and is skipped. So no row of a database can make a session unreadable.
    """
    folding = _Folding(session)
    for event in events:
        folding.add(event)
    return folding.session()


def _left(turns: tuple[Turn, ...], event: Reverted) -> tuple[Turn, ...]:
    """The turns that count after something was taken back; the last of them has what became of files since it began.

    So whoever takes back that one as well finds every change in its order, the one that took others back included.
    """
    if event.what == "files":
        files = tuple(FileChange(path=path, kind="modified") for path in event.files)
        took = FilesChanged(number=event.number, session=event.session, call="", change=event.change, files=files)
        return _with(turns, (took,) if event.change else (), ())
    kept = tuple(turn for turn in turns if turn.number < event.to)
    gone = turns[len(kept) :] if event.what == "conversation" else ()
    changes = tuple(change for turn in gone for change in turn.changes)
    return _with(kept, changes, tuple(child for turn in gone for child in turn.children))


def _with(turns: tuple[Turn, ...], changes: tuple[FilesChanged, ...], children: tuple[str, ...]) -> tuple[Turn, ...]:
    if not turns:
        return turns
    last = turns[-1]
    return (*turns[:-1], replace(last, changes=(*last.changes, *changes), children=(*last.children, *children)))


class _Folding:
    """A session that grows event by event, with lists where the finished one has tuples."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._number = session.number
        self._turns = list(session.turns)
        self._spent = session.spent
        self._open_last()

    def _open_last(self) -> None:
        """Go on with the last turn, if it has no ending."""
        last = self._turns[-1] if self._turns and self._turns[-1].ending is None else None
        self._is_open = last is not None
        self._parts = list(zip(last.numbers, last.parts, strict=True)) if last else []
        self._changes = list(last.changes) if last else []
        self._children = list(last.children) if last else []

    def add(self, event: Event | Unknown) -> None:  # A row for each kind.
        self._number = max(self._number, event.number)
        match event:
            case Prompted():
                self._begin(event)
            case PartAdded() | FilesChanged() | TaskStarted() | RetryScheduled():
                self._grow(event)
            case Done() | Failed():
                self._close(event)
            case PermissionAsked() | PermissionAnswered():
                self._permit(event)
            case Reverted() | Unreverted():
                self._revert(event)
            case Compacted() | CompactionUndone():
                self._compact(event)
            case TodoChanged(items=items):
                self._session = replace(self._session, todo=items)
            case SessionChanged(title=title):
                self._session = replace(self._session, title=title)
            case QuestionAsked() | QuestionAnswered() | Warned() | Unknown():
                pass
            case _:
                assert_never(event)

    def _grow(self, event: PartAdded | FilesChanged | TaskStarted | RetryScheduled) -> None:
        match event:
            case PartAdded(part=part):
                if self._is_open:
                    self._parts.append((event.number, part))
                if isinstance(part, UsagePart):
                    self._spent = self._spent.plus(part)
            case FilesChanged():
                if self._is_open:
                    self._changes.append(event)
            case TaskStarted(child=child):
                if self._is_open:
                    self._children.append(child)
            case RetryScheduled(first=first):
                if first:
                    self._parts = [(number, part) for number, part in self._parts if number < first]

    def _begin(self, event: Prompted) -> None:
        self._close(None)
        title = self._session.title or title_of(event.parts)
        # What was taken back before a prompt stays so.
        self._session = replace(self._session, title=title, reverted=(), reverted_compactions=(), backs=(), open=())
        turn = Turn(id=event.id, number=event.number, model=event.model, prompt=event.parts, agent=event.agent)
        self._turns.append(turn)
        self._is_open = True

    def _permit(self, event: PermissionAsked | PermissionAnswered) -> None:
        session = self._session
        if isinstance(event, PermissionAsked):
            self._session = replace(session, open=(*session.open, event))
            return
        asked = next((each for each in session.open if each.id == event.id), None)
        rest = tuple(each for each in session.open if each.id != event.id)
        allowed = session.allowed
        if asked is not None and event.decision in ("session", "always"):
            said = asked.patterns if event.patterns is None else event.patterns
            allowed = (*allowed, *(pattern for pattern in said if pattern not in allowed))
        self._session = replace(session, open=rest, allowed=allowed)

    def _revert(self, event: Reverted | Unreverted) -> None:
        if self._is_open:
            self._turns[-1] = self._current(None)
        session, turns = self._session, tuple(self._turns)
        if isinstance(event, Unreverted):
            self._turns = list(session.backs[0].turns if session.backs else turns)
            compactions = (*session.compactions, *session.reverted_compactions)
            self._session = replace(session, compactions=compactions, reverted=(), reverted_compactions=(), backs=())
        else:
            back = Back(turns=turns, change=event.change, files=event.files)
            self._turns = list(_left(turns, event))
            there = {turn.number for turn in self._turns}
            first = session.backs[0] if session.backs else back
            gone = tuple(each for each in session.compactions if event.what != "files" and each.number >= event.to)
            self._session = replace(
                session,
                compactions=tuple(each for each in session.compactions if each not in gone),
                reverted=tuple(turn for turn in first.turns if turn.number not in there),
                reverted_compactions=(*gone, *session.reverted_compactions),
                backs=(*session.backs, back),
            )
        self._open_last()

    def _compact(self, event: Compacted | CompactionUndone) -> None:
        before = self._session.compactions
        after = (*before, event) if isinstance(event, Compacted) else before[:-1]
        self._session = replace(self._session, compactions=after)

    def _close(self, ending: Done | Failed | None) -> None:
        if self._is_open:
            self._turns[-1] = self._current(ending)
            self._session = replace(self._session, open=())
        self._parts.clear()
        self._changes.clear()
        self._children.clear()
        self._is_open = False

    def _current(self, ending: Done | Failed | None) -> Turn:
        return replace(
            self._turns[-1],
            parts=tuple(part for _, part in self._parts),
            numbers=tuple(number for number, _ in self._parts),
            changes=tuple(self._changes),
            children=tuple(self._children),
            ending=ending,
        )

    def session(self) -> Session:
        turns = self._turns
        if self._is_open:
            turns = [*turns[:-1], self._current(None)]
        return replace(self._session, number=self._number, turns=tuple(turns), spent=self._spent)
