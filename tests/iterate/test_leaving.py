"""Ctrl-C in front of a person: it ends the answer, twice leaves, and the last line says how to go on."""

from typing import TYPE_CHECKING

import pytest
from tests.iterate.chatting import SLOWLY, bash, chat, on_terminal

from iterate.reach import Wanted
from iterate.tui import farewell

if TYPE_CHECKING:
    from tests.iterate.conftest import World

pytestmark = [pytest.mark.processes, pytest.mark.systems("linux", "darwin")]

GOES_ON = r"iterate (run --session \w{8} \.\.\.|--session \w{8}) goes on with this session$"
READY = r"\n+(>|you:)( ?(\n[^\n]*){0,3})$"
SAID = {"slow": (SLOWLY,), "ask": (bash("curl http://127.0.0.1:1/"), "It is over.")}


@pytest.mark.parametrize(("prompt", "there"), [("slow", "word3"), ("ask", "y once")])
def test_ctrl_c_ends_an_answer_and_the_last_line_says_how_to_go_on(world: "World", prompt: str, there: str) -> None:
    with chat(world, SAID), on_terminal(world, "run", prompt) as shown:
        shown.until(there)
        shown.type("\x03")
        assert shown.end() == 130
        assert shown.is_cooked()
        shown.until(GOES_ON)


def test_the_last_line_is_for_people_at_a_terminal_and_is_broken_between_words(world: "World") -> None:
    with chat(world, {}):
        with on_terminal(world, "run", "hello", columns=40) as shown:
            assert shown.end() == 0
            shown.until(r"\nthis session goes on by:\n  iterate run --session \w{8}$")
        assert b"--session" not in world.run("run", "hello").stderr
        with on_terminal(world, "run", "--quiet", "hello") as shown:
            assert shown.end() == 0
            assert "--session" not in shown.text
        with on_terminal(world, "run", "--json", "hello") as shown:
            assert shown.end() == 0
            assert "--session" not in shown.text


@pytest.mark.parametrize("is_plain", ["", "1"])
def test_in_a_conversation_ctrl_c_ends_the_answer_and_a_second_one_leaves(world: "World", is_plain: str) -> None:
    with chat(world, SAID), on_terminal(world, variables={"ITERATE_PLAIN": is_plain}) as shown:
        shown.until(READY)
        shown.type("slow\r")
        shown.until("word3")
        shown.type("\x03")
        shown.until("the answer was stopped")
        shown.type("hello\r")
        shown.until("Yes.")
        shown.until(r" s" + READY)
        shown.type("\x03")
        shown.until("Ctrl-C again leaves")
        shown.type("\x03")
        assert shown.end() == (130 if is_plain else 0)
        assert shown.is_cooked()
        shown.until(GOES_ON)


def test_twice_while_an_answer_does_not_end_leaves_at_once(world: "World") -> None:
    with chat(world, SAID), on_terminal(world) as shown:
        shown.until(READY)
        shown.type("slow\r")
        shown.until("word3")
        shown.type("\x03\x03")
        assert shown.end() == 130
        assert shown.is_cooked()
        shown.until(GOES_ON)


def test_a_server_elsewhere_is_named_in_the_last_line() -> None:
    words = farewell.line("ses_0123456789", Wanted("http://127.0.0.1:4096"), 100)
    how = "iterate run --attach http://127.0.0.1:4096 --session 01234567"
    assert words == f"{how} ... goes on with this session"
    # The id is there once, in what is typed, also where that has a line of its own.
    assert farewell.line("ses_0123456789", Wanted("http://127.0.0.1:4096"), 80) == f"this session goes on by:\n  {how}"
