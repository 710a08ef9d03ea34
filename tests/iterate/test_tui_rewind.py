"""Back to an earlier prompt from a list: the conversation, the files or both, and its text is in the line again."""

import time

import pytest
from tests.iterate.fakeprogram import FakeProgram, press, seen

from iterate.errors import FilesChangedSince
from iterate.tui import commands, rewind

PROMPTS = [
    {"number": 1, "id": "p1", "text": "first"},
    {"number": 7, "id": "p2", "text": "second\nand more"},
    {"number": 9, "id": "p3", "text": "third"},
]


class Clock:
    """Turned by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def begun(clock: Clock | None = None, **answers: object) -> FakeProgram:
    told = {"GET /session/ses_1": {"prompts": PROMPTS}, "POST /session/ses_1/revert": {"files": ["a", "b"]}}
    program = FakeProgram({**told, **answers})
    program.session = "ses_1"
    rewind.show(program, clock or Clock())
    return program


def test_prompts_are_listed_the_newest_first() -> None:
    shown = "\n".join(seen(begun().widgets[0]))
    assert shown.index("third") < shown.index("second") < shown.index("first")
    assert "and 1 more line" in shown


@pytest.mark.parametrize(("key", "what"), [("b", "both"), ("2", "conversation"), ("f", "files"), ("enter", "both")])
def test_what_is_taken_back_is_chosen_and_the_text_is_typed_again(key: str, what: str) -> None:
    program = begun()
    press(program.widgets[0], "down", "enter")
    assert "take back from here on: second" in seen(program.widgets[0])
    press(program.widgets[0], key)
    assert program.asked[-1] == (
        "POST",
        "/session/ses_1/revert",
        {"to": 7, "what": what, "leaves_changed": False},
    )
    assert program.written == ["second\nand more"]
    # The session itself tells what became of it.
    assert program.told == []
    assert program.widgets == []


@pytest.mark.parametrize("key", ["escape", "n", "4"])
def test_nothing_is_done_where_somebody_thinks_better_of_it(key: str) -> None:
    program = begun()
    press(program.widgets[0], "enter")
    press(program.widgets[0], key)
    assert len(program.asked) == 1
    assert (program.widgets, program.written) == ([], [])


def test_files_that_somebody_changed_since_are_named_and_can_be_left() -> None:
    failure = FilesChangedSince("not taken back, because of x.py (changed since)")
    clock = Clock()
    program = begun(clock, **{"POST /session/ses_1/revert": failure})
    press(program.widgets[0], "enter")
    press(program.widgets[0], "b")
    asked = len(program.asked)
    # What is typed before anybody can have read it is no answer.
    for _ in range(3):
        assert program.widgets[0].context == "editor"
        press(program.widgets[0], "o")
        clock.now += 0.3
    assert len(program.asked) == asked
    clock.now += 1
    assert program.widgets[0].context == "dialog"
    assert "x.py (changed since)" in "\n".join(seen(program.widgets[0]))
    program.answers["POST /session/ses_1/revert"] = {"files": []}
    press(program.widgets[0], "o")
    assert program.asked[-1][2] == {"to": 9, "what": "both", "leaves_changed": True}
    assert program.written == ["third"]


@pytest.mark.parametrize("columns", [1, 5, 40])
@pytest.mark.parametrize("lines", [1, 3, 20])
def test_it_fits_every_room(columns: int, lines: int) -> None:
    program = begun()
    press(program.widgets[0], "enter")
    seen(program.widgets[0], columns, lines)


@pytest.mark.parametrize(
    ("typed", "verb", "more", "offered"),
    [
        ("/undo", "revert", {"to": None}, "take back the others"),
        ("/redo", "unrevert", {}, "bring back the others"),
    ],
)
def test_undo_and_redo_offer_the_others_too(typed: str, verb: str, more: dict[str, object], offered: str) -> None:
    program = FakeProgram({f"POST /session/ses_1/{verb}": FilesChangedSince("not, because of x.py (changed since)")})
    program.session = "ses_1"
    commands.obey(program, typed)
    assert offered in "\n".join(seen(program.widgets[0]))
    program.answers[f"POST /session/ses_1/{verb}"] = {"files": []}
    asked = program.widgets[0]
    deadline = time.monotonic() + 60
    while asked.context != "dialog":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    press(asked, "o")
    assert program.asked[-1][2] == {**more, "leaves_changed": True}
    assert not program.widgets
