"""A whole session in front of a person: asked, permitted, undone, queued, interrupted, left, continued."""

import os
import re
import signal
from typing import TYPE_CHECKING

import pytest
from tests.iterate.chatting import SLOWLY, Terminal, bash, chat, on_terminal, project, write
from tests.iterate.emulated.answering import KINDS, KITTY, XTERM
from tests.iterate.emulated.plain import Plain
from tests.iterate.emulated.seen import replay
from tests.iterate.emulated.wrapping import PROGRAM, Wrapping

from iterate.tui import parts

if TYPE_CHECKING:
    from tests.iterate.conftest import World

pytestmark = [pytest.mark.processes, pytest.mark.systems("linux", "darwin")]

# What is typed in the first moment after a question is no answer to it.
GRACE_S = parts.GRACE_S + 0.1
READY = r"(?m)^> ?$"
SAID = {
    "work": (write("a.txt", "one\ntwo\n"), "It is **over**."),
    "run": (bash("touch b"), "It ran."),
    "slow": (SLOWLY,),
}


def say(shown: Terminal, line: str, wanted: str) -> None:
    """Send a line, and wait for what comes of it, once more than it is there."""
    before = len(re.findall(wanted, shown.text))
    shown.type(f"{line}\r")
    shown.wait_for(lambda: len(re.findall(wanted, shown.text)) > before)


def check_once(shown: Terminal) -> None:
    """Each prompt and each word of an answer stands there once, in order."""
    words = [int(each) for each in re.findall(r"\bword(\d+)\b", shown.text)]
    assert words == list(range(len(words)))
    assert words
    for prompt in ("> work", "> run", "> slow", "> and then this"):
        assert len(re.findall(rf"(?m)^{prompt}$", shown.text)) == 1, shown.text


def test_a_whole_session_is_on_the_terminal_once_and_goes_on_later(world: "World") -> None:
    folder = project(world)
    with chat(world, SAID) as asked:
        with on_terminal(world, kind=XTERM) as shown:
            shown.until(READY)
            say(shown, "work", "It is over")
            assert (folder / "a.txt").read_text() == "one\ntwo\n"
            say(shown, "run", "touch b")
            shown.until(r"\by\b.*once")
            shown.pass_time(GRACE_S)
            shown.type("y")
            shown.until(r"It ran[\s\S]*tokens in")
            assert (folder / "b").exists()
            say(shown, "/undo", "taken back")
            assert not (folder / "b").exists()
            say(shown, "slow", "word30")
            shown.resize(60, 30)
            say(shown, "and then this", "queued")
            shown.type("\x1b")
            shown.until(r"(?s)the answer was stopped.*> and then this.*Yes\.")
            shown.type("\x04")
            assert shown.end() == 0
            assert shown.is_cooked()
            check_once(shown)
            assert not shown.screen.hides_cursor
            assert not shown.screen.modes & {1000, 1002, 1003, 1004, 1006, 1049, 2004}
        with on_terminal(world, "--continue", kind=XTERM) as again:
            again.until("It ran")
            again.until(READY)
            say(again, "once more", "(?m)^> once more")
            again.until(r"(?s)once more.*Yes\.")
        assert "slow" in str(asked[-1]["messages"])


def test_a_server_that_is_killed_comes_back_and_a_program_that_is_ended_gives_the_terminal_back(world: "World") -> None:
    with chat(world, SAID), on_terminal(world, kind=KITTY) as shown:
        shown.until(READY)
        say(shown, "work", "It is over")
        for server in world.servers():
            os.kill(server, signal.SIGKILL)
        say(shown, "run", "touch b")
        shown.until(r"\by\b.*once")
        shown.pass_time(GRACE_S)
        shown.type("n\r")
        say(shown, "slow", "word5")
        for prompt in ("> work", "> run", "> slow"):
            assert len(re.findall(rf"(?m)^{prompt}$", shown.text)) == 1, shown.text
        shown.child.send_signal(signal.SIGTERM)
        assert shown.end() == -signal.SIGTERM
        assert shown.is_cooked()
        assert not shown.screen.hides_cursor
        assert not shown.screen.modes & {1000, 1002, 1003, 1004, 1006, 1049, 2004}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_terminal_gets_an_answer_and_is_given_back(world: "World", kind: str) -> None:
    with chat(world, SAID), on_terminal(world, kind=KINDS[kind]) as shown:
        shown.until(READY)
        say(shown, "hello", r"Yes\.")
        assert len(re.findall("(?m)^> hello$", shown.text)) == 1
        shown.type("\x04")
        assert shown.end() == 0
        assert shown.is_cooked()
        assert not shown.screen.modes & {1000, 1002, 1003, 1004, 1006, 1049, 2004}


@pytest.mark.consumer(PROGRAM, "node")
def test_a_terminal_that_wraps_again_shows_the_same_of_a_session(world: "World") -> None:
    with chat(world, SAID), on_terminal(world, columns=70, lines=30, kind=KITTY) as shown:
        shown.until(READY)
        say(shown, "work", "It is over")
        say(shown, "slow", "word40")
        shown.type("\x1b")
        shown.until("the answer was stopped")
        shown.type("\x04")
        assert shown.end() == 0
        steps = shown.steps
    other = Wrapping(70, 30)
    try:
        ours, theirs = list(replay(Plain(70, 30), steps)), list(replay(other, steps))
    finally:
        other.close()
    assert [each.rows for each in ours] == [each.rows for each in theirs]


@pytest.mark.parametrize(("way", "size"), [("--full", (100, 30)), ("--mini", (20, 5))])
def test_other_ways_to_begin_lose_no_row_when_the_server_is_killed(
    world: "World", way: str, size: tuple[int, int]
) -> None:
    folder = project(world)
    columns, lines = size
    with chat(world, SAID), on_terminal(world, way, columns=columns, lines=lines, kind=XTERM) as shown:
        shown.until(READY)
        shown.wait_for(lambda: shown.seen.is_alternate == (way == "--full"))
        say(shown, "run", "yes, this once")
        assert "touch b" in shown.text
        shown.pass_time(GRACE_S)
        shown.type("y")
        shown.until("It ran")
        assert (folder / "b").exists()
        (server,) = world.servers()
        os.kill(server, signal.SIGKILL)
        say(shown, "slow", "word20")
        shown.resize(columns + 4, lines + 1)
        shown.until("word30")
        shown.type("\x1b")
        shown.until(r"the answer was\s+stopped")
        say(shown, "hello", r"Yes\.")
        for prompt in ("> run", "> slow", "> hello"):
            # The panel may stand beside it.
            assert len(re.findall(rf"(?m)^{prompt} *(?:\N{{BOX DRAWINGS LIGHT VERTICAL}}.*)?$", shown.text)) == 1, (
                shown.text
            )
        words = [int(each) for each in re.findall(r"\bword(\d+)\b", shown.text)]
        assert words == list(range(words[0], words[0] + len(words)))
        shown.type("\x04")
        assert shown.end() == 0
        assert shown.is_cooked()
        assert not shown.seen.is_alternate
        assert not shown.screen.modes & {1000, 1002, 1003, 1004, 1006, 1049, 2004}
