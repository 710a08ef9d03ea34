"""Folding events into a conversation."""

from hypothesis import given
from hypothesis import strategies as st
from tests.iterate.samples import ANY_EVENT, answered

from iterate.events import (
    Done,
    Event,
    Failed,
    PartAdded,
    Prompted,
    ReasoningPart,
    Reverted,
    SessionChanged,
    TextPart,
    TodoChanged,
    TodoItem,
    Unknown,
)
from iterate.session import Session, Turn, fold

SESSION = Session(id="s")
HI = (TextPart(text="hi"),)
FIRST: list[Event] = [
    Prompted(number=1, session="s", id="p", model="m", directory="/x", parts=HI),
    PartAdded(number=2, session="s", part=TextPart(text="ho ")),
    PartAdded(number=3, session="s", part=ReasoningPart(text="hm")),
    PartAdded(number=4, session="s", part=TextPart(text="hum")),
]
PARTS = (TextPart(text="ho "), ReasoningPart(text="hm"), TextPart(text="hum"))


def test_parts_add_up_to_the_answer() -> None:
    ending = Done(number=5, session="s")
    folded = fold(SESSION, [*FIRST, ending])
    assert folded.number == 5
    assert folded.turns == (
        Turn(id="p", number=1, model="m", prompt=HI, parts=PARTS, numbers=(2, 3, 4), ending=ending),
    )
    assert answered(folded.turns[0]) == "ho hum"


@given(st.lists(ANY_EVENT, max_size=12), st.integers(0, 12))
def test_folding_in_two_parts_is_folding_at_once(events: list[Event], cut: int) -> None:
    assert fold(fold(SESSION, events[:cut]), events[cut:]) == fold(SESSION, events)


@given(st.lists(ANY_EVENT | st.builds(Unknown, st.integers(1), st.just("s")), max_size=12))
def test_every_sequence_has_a_meaning(events: list[Event | Unknown]) -> None:
    folded = fold(SESSION, events)
    prompts = sum(isinstance(event, Prompted) for event in events)
    reverts = any(isinstance(event, Reverted) for event in events)
    assert len(folded.turns) == prompts or (reverts and len(folded.turns) <= prompts)
    assert folded.number == max((event.number for event in events), default=0)


@given(st.data())
def test_whatever_is_lost_of_a_conversation_the_rest_is_read(data: st.DataObject) -> None:
    whole: list[Event] = [
        *FIRST,
        Failed(number=5, session="s", reason="provider", message="x"),
        Prompted(number=6, session="s", id="q", model="m", directory="", parts=HI),
        PartAdded(number=7, session="s", part=TextPart(text="again")),
        Done(number=8, session="s"),
    ]
    kept = [event for event in whole if data.draw(st.booleans(), label=str(event.number))]
    folded = fold(SESSION, kept)
    assert [turn.number for turn in folded.turns] == [event.number for event in kept if isinstance(event, Prompted)]
    if whole[5] in kept and whole[7] in kept:
        assert folded.turns[-1].ending == whole[7]


def test_a_session_whose_first_event_is_an_ending_goes_on() -> None:
    # Older versions wrote this when the prompt could not be stored, and could not read it again.
    lost: list[Event] = [Failed(number=1, session="s", reason="store", message="locked")]
    again = fold(SESSION, [*lost, Prompted(number=2, session="s", id="p", model="m", directory="", parts=HI)])
    assert [turn.ending for turn in again.turns] == [None]
    assert again.number == 2


def test_without_an_ending_the_newest_turn_has_none_and_keeps_what_was_answered() -> None:
    assert fold(SESSION, FIRST).turns == (Turn(id="p", number=1, model="m", prompt=HI, parts=PARTS, numbers=(2, 3, 4)),)


def test_title_and_todo_are_the_newest() -> None:
    items = (TodoItem(text="test", status="open"),)
    folded = fold(
        SESSION,
        [
            SessionChanged(number=1, session="s", title="first"),
            TodoChanged(number=2, session="s", items=items),
            SessionChanged(number=3, session="s", title="second"),
        ],
    )
    assert (folded.title, folded.todo) == ("second", items)
