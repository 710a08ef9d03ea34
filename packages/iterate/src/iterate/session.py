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
)
from iterate.workspace import Workspace


class Turn(Struct, frozen=True, kw_only=True):
    """One prompt and the parts of its answer so far; `ending` is None while the answer runs."""

    id: str
    number: int
    model: str
    prompt: tuple[PromptPart, ...]
    parts: tuple[Part, ...] = ()
    ending: Done | Failed | None = None


class Session(Struct, frozen=True, kw_only=True):
    """A conversation; `number` is that of its newest event, 0 when there is none."""

    id: str
    directory: str = ""
    number: int = 0
    title: str = ""
    turns: tuple[Turn, ...] = ()
    todo: tuple[TodoItem, ...] = ()


class Ask(Struct, frozen=True, kw_only=True):
    """What an engine is asked: the conversation so far, the model, the new prompt, and where it works."""

    session: Session
    model: str
    parts: tuple[PromptPart, ...]
    workspace: Workspace

    @property
    def text(self) -> str:
        """The text of the prompt."""
        return "".join(part.text for part in self.parts if isinstance(part, TextPart))


def fold(session: Session, events: Iterable[Event | Unknown]) -> Session:
    """The session after these events, which come in the order of their numbers.

    Every sequence has a meaning, also one that lost its beginning or its middle: a part or an ending without a prompt
    before it belongs to no turn and is skipped. So no row of a database can make a session unreadable.
    """
    folding = _Folding(session)
    for event in events:
        folding.add(event)
    return folding.session()


class _Folding:
    """A session that grows event by event, with lists where the finished one has tuples."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._number = session.number
        self._turns = list(session.turns)
        is_open = bool(self._turns) and self._turns[-1].ending is None
        self._parts = list(self._turns[-1].parts) if is_open else []
        self._is_open = is_open

    def add(self, event: Event | Unknown) -> None:
        self._number = max(self._number, event.number)
        match event:
            case Prompted():
                self._close(None)
                turn = Turn(id=event.id, number=event.number, model=event.model, prompt=event.parts)
                self._turns.append(turn)
                self._is_open = True
            case PartAdded(part=part):
                self._parts.append(part)
            case Done() | Failed():
                self._close(event)
            case TodoChanged(items=items):
                self._session = replace(self._session, todo=items)
            case SessionChanged(title=title):
                self._session = replace(self._session, title=title)
            case PermissionAsked() | PermissionAnswered() | QuestionAsked() | QuestionAnswered() | RetryScheduled():
                pass
            case FilesChanged() | TaskStarted() | Reverted() | Unreverted() | Compacted() | CompactionUndone():
                pass
            case Unknown():
                pass
            case _:
                assert_never(event)

    def _close(self, ending: Done | Failed | None) -> None:
        if self._is_open:
            self._turns[-1] = replace(self._turns[-1], parts=tuple(self._parts), ending=ending)
        self._parts.clear()
        self._is_open = False

    def session(self) -> Session:
        turns = self._turns
        if self._is_open:
            turns = [*turns[:-1], replace(turns[-1], parts=tuple(self._parts))]
        return replace(self._session, number=self._number, turns=tuple(turns))
