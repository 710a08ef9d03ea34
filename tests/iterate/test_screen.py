"""What is printed where, in a real terminal and in a pipe."""

import io
import json
from contextlib import redirect_stderr, redirect_stdout

import pytest

from iterate.errors import NotRunning, OutputClosed
from iterate.events import Done, Event, Failed, Prompted, Token
from iterate.terminal import answer, screen


class Closed(io.RawIOBase):
    """An output whose reader left."""

    def writable(self) -> bool:
        return True

    def write(self, _content: object) -> int:
        raise BrokenPipeError(32, "Broken pipe")


def output() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="ascii")


def written(text: io.TextIOWrapper) -> str:
    buffer = text.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode()


def test_results_are_utf_8_whatever_the_locale() -> None:
    with redirect_stdout(out := output()):
        screen.show("日本\x1b")
    assert written(out) == "日本\x1b"


def test_a_failure_is_two_lines_on_stderr() -> None:
    with redirect_stderr(out := output()):
        screen.show_failure(NotRunning("nobody is there"))
        screen.show_failure(OutputClosed("no hint"))
        screen.note("by the way")
    assert written(out).splitlines() == [
        "error: nobody is there",
        "hint: iterate server start starts one",
        "error: no hint",
        "note: by the way",
    ]


def test_json_is_one_line() -> None:
    with redirect_stdout(out := output()):
        screen.show_json({"a": "ä\n", "b": None})
    assert written(out).count("\n") == 1
    assert json.loads(written(out)) == {"a": "ä\n", "b": None}


def test_a_closed_output_is_a_named_failure() -> None:
    with redirect_stdout(io.TextIOWrapper(io.BufferedWriter(Closed()))) as out, pytest.raises(OutputClosed):
        screen.show("x")
    with pytest.raises(BrokenPipeError):
        out.close()


EVENTS: list[Event] = [
    Prompted(number=1, session="s", model="m", text="not shown"),
    Token(number=2, session="s", text="hel"),
    Token(number=3, session="s", text="lo"),
]


@pytest.mark.parametrize(
    "ending", [Done(number=4, session="s"), Failed(number=4, session="s", reason="store", message="x")]
)
def test_an_answer_is_its_tokens_and_the_end_of_the_line(ending: Done | Failed) -> None:
    with redirect_stdout(out := output()):
        show = answer.as_text()
        for event in (*EVENTS, ending):
            show(event)
    assert written(out) == "hello\n"


def test_as_json_every_event_is_a_line() -> None:
    with redirect_stdout(out := output()):
        for event in EVENTS:
            answer.as_json(event)
    assert [json.loads(line)["number"] for line in written(out).splitlines()] == [1, 2, 3]
