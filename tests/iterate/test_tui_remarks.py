"""What the program says by itself: seen where one looks, and once."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from iterate.errors import ModelMissing, UsageError
from iterate.terminal import rows
from iterate.terminal.rows import Row, row
from iterate.tui.remarks import READ_S, SAME_S, Remarks

if TYPE_CHECKING:
    from iterate.tui.scene import Scene


class Shown:
    """A scene whose open part fills the screen, or does not."""

    room = 60

    def __init__(self, *, is_full: bool) -> None:
        self.is_full = is_full
        self.said: list[str] = []

    def hides(self, count: int) -> bool:
        assert count
        return self.is_full

    def say(self, found: Sequence[Row]) -> None:
        self.said += [rows.plain(each) for each in found]


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def begun(*, is_full: bool = False) -> tuple[Remarks, Shown, Clock]:
    shown, clock = Shown(is_full=is_full), Clock()
    return Remarks(cast("Scene", shown), clock), shown, clock


def noted(remarks: Remarks, lines: int = 10) -> list[str]:
    return [rows.plain(each) for each in remarks.noted(lines)]


def test_what_is_said_above_an_answer_that_fills_the_screen_is_seen_above_the_prompt_too() -> None:
    remarks, shown, clock = begun(is_full=True)
    remarks.fail(UsageError("/compact waits for the answer that runs", ""))
    remarks.say([row("written to a.md")])
    assert shown.said == ["error: /compact waits for the answer that runs", "", "written to a.md"]
    assert noted(remarks) == ["error: /compact waits for the answer that runs", "written to a.md"]
    # A key that was on its way already takes nothing away.
    remarks.pressed()
    assert len(noted(remarks)) == 2
    clock.now += READ_S + 0.1
    remarks.pressed()
    assert noted(remarks) == []


def test_what_can_be_seen_is_not_said_twice() -> None:
    remarks, shown, _ = begun()
    remarks.say([row("written to a.md")])
    assert (shown.said, noted(remarks)) == (["written to a.md"], [])


def test_of_much_that_is_out_of_sight_the_beginning_and_the_end_are_seen() -> None:
    remarks, _, _ = begun(is_full=True)
    remarks.say([row("! make"), *(row(f"line {number}") for number in range(30)), row("exit 2"), ()])
    assert noted(remarks, 5) == ["! make", "  28 more above", "line 28", "line 29", "exit 2"]
    assert noted(remarks, 1) == ["! make"]
    for lines in range(1, 40):
        assert len(noted(remarks, lines)) <= lines


def test_the_same_failure_again_is_one_line_and_goes_with_the_next_key() -> None:
    remarks, shown, clock = begun()
    assert remarks.fail(ModelMissing("no model"))
    before = list(shown.said)
    # Two requests met the same cause.
    assert not remarks.fail(ModelMissing("no model"))
    assert remarks.told == ""
    clock.now += SAME_S + 0.1
    assert not remarks.fail(ModelMissing("no model"))
    assert remarks.told == "error, as before: no model"
    assert shown.said == before
    remarks.pressed()
    assert remarks.told == ""


def test_a_failure_behind_something_else_is_told_whole() -> None:
    remarks, shown, _ = begun()
    remarks.fail(ModelMissing("no model"))
    remarks.fail(UsageError("another", ""))
    remarks.fail(ModelMissing("no model"))
    remarks.go_on()
    remarks.fail(ModelMissing("no model"))
    assert shown.said.count("error: no model") == 3


def test_a_prompt_that_is_refused_again_is_one_line_that_says_why() -> None:
    remarks, shown, _ = begun()
    remarks.refuse(ModelMissing("no model"))
    assert remarks.told == "not sent; Up brings it back"
    before = list(shown.said)
    remarks.refuse(ModelMissing("no model"))
    assert remarks.told == "not sent: no model; Up brings it back"
    assert shown.said == before
