"""A conversation, folded from its events. It knows neither the database nor the server."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import assert_never

from iterate.events import Done, Event, Failed, Prompted, Token


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One prompt and what was answered so far; `ending` is None while the answer runs."""

    model: str
    prompt: str
    answer: str = ""
    ending: Done | Failed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A conversation; `number` is that of its newest event, 0 when there is none."""

    id: str
    number: int = 0
    turns: tuple[Turn, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What an engine is asked: the conversation so far, the model, and the new prompt."""

    session: Session
    model: str
    text: str


def fold(session: Session, events: Iterable[Event]) -> Session:
    """The session after these events; raises ValueError when they are not its next ones."""
    turns, number = list(session.turns), session.number
    answer: list[str] = []
    for event in events:
        number += 1
        if event.number != number:
            raise ValueError(f"event {event.number} follows event {number - 1}")
        match event:
            case Prompted(model=model, text=text):
                turns.append(Turn(model=model, prompt=text))
                answer = []
            case Token(text=text):
                answer.append(text)
            case Done() | Failed():
                turns[-1] = replace(turns[-1], answer=turns[-1].answer + "".join(answer), ending=event)
                answer = []
            case _:
                assert_never(event)
    if answer:
        turns[-1] = replace(turns[-1], answer=turns[-1].answer + "".join(answer))
    return replace(session, number=number, turns=tuple(turns))
