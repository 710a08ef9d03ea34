"""A conversation whose server is not there, ends, or loses the session: nothing that was typed is lost or doubled."""

import os
import re
import signal
from typing import TYPE_CHECKING

import pytest
from tests.iterate.chatting import SLOWLY, chat, on_terminal, run

if TYPE_CHECKING:
    from tests.iterate.conftest import World

pytestmark = [pytest.mark.processes, pytest.mark.systems("linux", "darwin")]

LINE = r"\n> ?\n"


def test_a_server_that_cannot_start_is_said_and_tried_again_with_what_was_typed(world: "World") -> None:
    with chat(world, {}) as asked:
        world.state.parent.mkdir(parents=True, exist_ok=True)
        world.state.write_text("no folder")
        with on_terminal(world) as shown:
            shown.until(LINE)
            shown.type("hello\r")
            shown.until(r"error:[\s\S]*Not a directory")
            shown.until("queued: hello\nnot sent: Enter on an empty line tries again")
            world.state.unlink()
            shown.type("\r")
            shown.until(r"> hello\n+Yes\.")
        assert len(asked) == 1


def test_a_server_that_is_killed_is_replaced_and_what_was_queued_goes_to_the_next(world: "World") -> None:
    with chat(world, {"slow": (SLOWLY,)}) as asked, on_terminal(world) as shown:
        shown.until(LINE)
        shown.type("slow\r")
        shown.until("word9")
        shown.type("meanwhile\r")
        shown.until("queued: meanwhile")
        (server,) = world.servers()
        os.kill(server, signal.SIGKILL)
        shown.until(r"(?s)\(interrupted\).*> meanwhile\n+Yes\.")
        words = re.findall(r"word(\d+)", shown.text)
        assert [int(each) for each in words] == list(range(len(words)))
        assert len(asked) == 2
        shown.type("\x04")
        assert shown.end() == 0
        assert shown.is_cooked()


def test_a_session_that_somebody_deletes_is_followed_by_a_new_one(world: "World") -> None:
    with chat(world, {}), on_terminal(world) as shown:
        shown.until(LINE)
        shown.type("hello\r")
        shown.until(r"Yes\.")
        assert run(world, "session", "delete", "last", "--yes").returncode == 0
        shown.type("more\r")
        shown.until(r"(?s)this session was deleted.*> more\n+Yes\.")
        # What another client asks appears too.
        assert run(world, "run", "-c", "from elsewhere").returncode == 0
        shown.until(r"> from elsewhere\n+Yes\.")


def test_the_whole_screen_is_taken_and_given_back_without_loss(world: "World") -> None:
    said = {"long": ("\n\n".join(f"line {number}" for number in range(60)),), "slow": (SLOWLY,)}
    with chat(world, said), on_terminal(world, columns=110) as shown:
        shown.until(LINE)
        shown.type("long\r")
        shown.until(r"line 59\n[\s\S]* tokens in")
        shown.type("slow\r")
        shown.until("word9")
        shown.type("/full\r")
        shown.wait_for(lambda: shown.screen.seen().is_alternate)
        shown.until("Cost and context")
        shown.until("word30")
        shown.type("/full\r")
        shown.wait_for(lambda: not shown.screen.seen().is_alternate)
        shown.until("word60")
        shown.type("\x03")
        shown.until("the answer was stopped")
        words = re.findall(r"word(\d+)", shown.text)
        assert [int(each) for each in words] == list(range(len(words)))
        assert re.findall(r"line (\d+)", shown.text) == [str(number) for number in range(60)]


def test_the_scrollback_gets_each_prompt_once_that_the_whole_screen_showed(world: "World") -> None:
    with chat(world, {}), on_terminal(world, "--full", columns=90) as shown:
        shown.wait_for(lambda: shown.screen.seen().is_alternate)
        for prompt in ("one", "two", "three", "four", "five"):
            shown.type(f"{prompt}\r")
            shown.until(rf"> {prompt}\b[\s\S]*Yes\.[\s\S]*/help")
        for prompt in ("six", "seven"):
            shown.type("/full\r")
            shown.wait_for(lambda: not shown.screen.seen().is_alternate)
            shown.until(rf"(?s)> five\n.*Yes\.{'.*> six.*Yes' if prompt == 'seven' else ''}")
            shown.type("/full\r")
            shown.wait_for(lambda: shown.screen.seen().is_alternate)
            shown.type(f"{prompt}\r")
            shown.until(rf"> {prompt}\b[\s\S]*Yes\.")
        shown.type("/new\r")
        shown.until("a new session begins")
        shown.type("other\r")
        shown.until(r"> other\b[\s\S]*Yes\.")
        shown.type("/full\r")
        shown.wait_for(lambda: not shown.screen.seen().is_alternate)
        shown.until(r"> other\n+Yes\.")
        assert re.findall(r"(?m)^> (\w+)$", shown.text) == ["one", "two", "three", "four", "five", "six", "other"]
        assert len(re.findall(r"(?m)^iterate \d.*leaves$", shown.text)) == 1
        assert "what the whole screen showed of 'one'" in shown.text


def test_the_scrollback_says_how_many_prompts_it_lacks_of_a_session_that_the_whole_screen_showed(
    world: "World",
) -> None:
    with chat(world, {}):
        with on_terminal(world, lines=100) as shown:
            shown.until(LINE)
            shown.type("".join(f"said {number}\r" for number in range(-1, 21)))
            shown.until(r"> said 20\n+Yes\.")
            shown.type("\x04")
            assert shown.end() == 0
        with on_terminal(world, "--full", "-c", columns=90, lines=100) as shown:
            shown.until("> said 20")
            shown.type("/full\r")
            shown.wait_for(lambda: not shown.screen.seen().is_alternate)
            shown.until(r"(?s)2 earlier prompts above this; /full shows all.*> said 20\n+Yes\.")
            assert re.findall(r"(?m)^> said (\d+)$", shown.text) == [str(each) for each in range(1, 21)]


def test_a_copy_of_the_session_goes_on_below_what_stands_there_and_says_that_it_is_one(world: "World") -> None:
    with chat(world, {}) as asked, on_terminal(world, columns=100) as shown:
        shown.until(LINE)
        for prompt in ("one", "two"):
            shown.type(f"{prompt}\r")
            shown.until(rf"> {prompt}\n+Yes\.[\s\S]*/help")
        shown.type("/fork\r")
        shown.until("a copy of the session from here on")
        shown.type("three\r")
        shown.until(r"> three\n+Yes\.")
        shown.type("/full\r")
        shown.wait_for(lambda: shown.screen.seen().is_alternate)
        shown.until(r"(?s)> one.*> two.*> three")
        shown.type("four\r")
        shown.until(r"> four\b[\s\S]*Yes\.")
        shown.type("/full\r")
        shown.wait_for(lambda: not shown.screen.seen().is_alternate)
        shown.until(r"> four\n+Yes\.")
        assert re.findall(r"(?m)^> (\w+)$", shown.text) == ["one", "two", "three", "four"]
        assert shown.text.count("a copy of the session") == 1
        assert len(asked) == 4
        assert "one" in str(asked[-1]["messages"])
    assert len(run(world, "session", "list").stdout.splitlines()) == 2
