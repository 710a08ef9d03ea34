"""What the bottom is made of: what is past is summed up already, what happens is asked for."""

from typing import TYPE_CHECKING, cast

from tests.iterate.fakeprogram import FakeProgram

from iterate.heard import Heard
from iterate.tui.bottom import Bottom

if TYPE_CHECKING:
    from iterate.tui.program import Conversation


def test_a_session_that_is_opened_is_summed_up_by_what_came_with_it_and_asked_for_only_when_an_answer_ends() -> None:
    program = FakeProgram({"GET /session/ses_1/earlier": {"session": {"total_cost_micro_usd": 40}}})
    program.session = "ses_1"
    bottom = Bottom(cast("Conversation", program))
    bottom.opened("ses_1")
    ending = Heard("", "", {"type": "done", "session": "ses_1", "number": 3})
    for _ in range(3):
        bottom.take(ending, is_past=True)
    bottom.figures.cost(30)
    assert program.asked == []
    assert bottom.figures.micro_usd == 30
    bottom.take(ending)
    assert [path for _, path, _ in program.asked] == ["/session/ses_1/earlier?prompts=1"]
    assert bottom.figures.micro_usd == 40
