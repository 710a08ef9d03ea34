"""Folding events into a conversation."""

import pytest

from iterate.events import Done, Event, Failed, Prompted, Token
from iterate.session import Session, Turn, fold

SESSION = Session(id="s")
FIRST: list[Event] = [
    Prompted(number=1, session="s", model="m", text="hi"),
    Token(number=2, session="s", text="ho "),
    Token(number=3, session="s", text="hum"),
]


def test_tokens_add_up_to_the_answer() -> None:
    ending = Done(number=4, session="s")
    folded = fold(SESSION, [*FIRST, ending])
    assert folded.number == 4
    assert folded.turns == (Turn(model="m", prompt="hi", answer="ho hum", ending=ending),)


def test_folding_in_two_parts_is_folding_at_once() -> None:
    ending = Failed(number=4, session="s", reason="provider", message="x")
    again = Prompted(number=5, session="s", model="m", text="again")
    whole: list[Event] = [*FIRST, ending, again]
    for cut in range(len(whole) + 1):
        assert fold(fold(SESSION, whole[:cut]), whole[cut:]) == fold(SESSION, whole)


def test_without_an_ending_the_newest_turn_has_none_and_keeps_what_was_answered() -> None:
    assert fold(SESSION, FIRST).turns == (Turn(model="m", prompt="hi", answer="ho hum", ending=None),)


@pytest.mark.parametrize("wrong", [[FIRST[1]], [FIRST[0], FIRST[2]], [FIRST[0], FIRST[0]]])
def test_a_gap_in_the_numbers_is_refused(wrong: list[Event]) -> None:
    with pytest.raises(ValueError, match=r"event \d+ follows event \d+"):
        fold(SESSION, wrong)
