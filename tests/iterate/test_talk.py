"""A conversation on a terminal: what is typed, what its commands do, and what is left on the screen."""

import os
import re
import signal
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from tests.iterate.chatting import SLOWLY, Calls, Terminal, bash, chat, on_terminal, project, run, write

if TYPE_CHECKING:
    from tests.iterate.conftest import World

pytestmark = [pytest.mark.processes, pytest.mark.systems("linux", "darwin")]

READY = r"(^|\n)> ?(\n[^\n]*){0,3}$"
SENTENCE = "This is a long sentence about nothing at all."
LONG = f"{SENTENCE} " * 400
SAID = {
    "work": (write("a.txt", "one\ntwo\n"), "It is over."),
    "run": (bash("printf 'out\\nput\\n'; touch b"), "It ran."),
    "outer": (Calls(tool="task", arguments={"agent": "explore", "prompt": "inner"}), "They looked."),
    "inner": (Calls(tool="list", arguments={"path": "."}), "I looked."),
    "tell": (LONG,),
    "slow": (SLOWLY,),
}


@pytest.fixture
def asked(world: "World") -> Iterator[list[dict[str, object]]]:
    with chat(world, SAID) as heard:
        yield heard


def prompt(asked: list[dict[str, object]]) -> str:
    """What the person said last, as the model got it."""
    messages = asked[-1]["messages"]
    assert isinstance(messages, list)
    content = next(each["content"] for each in reversed(messages) if each["role"] == "user")
    return content if isinstance(content, str) else "".join(each.get("text", "") for each in content)


def say(shown: Terminal, line: str, wanted: str) -> None:
    """Type a line, and wait for what it leads to, once more than it was there, and for the line to be empty again."""
    before = len(re.findall(wanted, shown.text))
    shown.type(f"{line}\r")
    shown.wait_for(lambda: len(re.findall(wanted, shown.text)) > before and re.search(READY, shown.text) is not None)


def test_models_and_agents_are_taken_and_slips_are_named(world: "World", asked: list[dict[str, object]]) -> None:
    with on_terminal(world) as shown:
        shown.until(r"build  trial/m")
        say(
            shown,
            "/model trial/other",
            r"trial/other answers until you leave; iterate config set model trial/other keeps\s+it",
        )
        shown.until(r"\nbuild  trial/other")
        say(shown, "/agent plan", "plan answers until you leave")
        say(shown, "hello", "Yes.")
        assert asked[-1]["model"] == "other"
        assert "You plan; you change nothing" in str(asked[-1]["messages"])
        # What the plan says is carried out by a word.
        shown.until("Enter carries the plan out")
        say(shown, "", r"> Carry out the plan\.\n+Yes\.")
        assert "You plan; you change nothing" not in str(asked[-1]["messages"])
        say(shown, "/agent pln", r"there is no agent 'pln' to talk with\nhint: did you mean plan\?")
        say(shown, "/agent explore", "there is no agent 'explore' to talk with")
        say(shown, "/model trail/m", r"there is no model 'trail/m'\nhint: did you mean trial/m\?")
        say(shown, "/compat", r"there is no command /compat\nhint: did you mean /compact\?")
        shown.type("/quit\r")
        assert shown.end() == 0


def test_modes_are_gone_through_by_a_key_and_always_seen(world: "World", asked: list[dict[str, object]]) -> None:
    with on_terminal(world) as shown:
        shown.until(r"\nbuild  trial/m")
        shown.type("\x1b[Z")
        shown.until(r"\nplan  trial/m")
        shown.type("\x1b[Z")
        shown.until(r"\nbuild  trial/m")
    assert not asked


def test_commands_of_people_are_completed_and_sent(world: "World", asked: list[dict[str, object]]) -> None:
    folder = world.home / ".config" / "iterate" / "commands"
    folder.mkdir()
    (folder / "greet.md").write_text("---\ndescription: says hello\nmodel: trial/polite\n---\nSay hello to $1.\n")
    with on_terminal(world) as shown:
        shown.until(READY)
        shown.type("/gre")
        shown.until("/greet +says hello")
        shown.type("\t")
        shown.until("> /greet ?\n")
        say(shown, "plover", "Yes.")
        assert (prompt(asked), asked[-1]["model"]) == ("Say hello to plover.", "polite")


def test_what_was_done_is_opened_shown_taken_back_and_brought_back(
    world: "World", asked: list[dict[str, object]]
) -> None:
    file = project(world) / "a.txt"
    with on_terminal(world) as shown:
        shown.until(READY)
        say(shown, "/undo", "there is no session yet")
        say(shown, "work", r"It is over\.[\s\S]* s\n")
        for line, wanted in (
            ("/diff", r"a\.txt  new file\n@@ -0,0 \+1,2 @@"),
            ("/open 1", r"path: a\.txt\n"),
            ("/open 7", "there is no call 7; there is 1"),
        ):
            shown.type(f"{line}\r")
            shown.until(wanted)
            shown.until("q closes")
            shown.type("q")
            shown.until(READY)
        say(shown, "/undo", r"taken back: a\.txt")
        assert not file.exists()
        say(shown, "/redo", r"brought back: a\.txt and the conversation; /undo takes")
        assert file.read_text() == "one\ntwo\n"
    assert asked


def test_another_session_begins_and_an_earlier_one_goes_on(world: "World", asked: list[dict[str, object]]) -> None:
    with on_terminal(world) as shown:
        shown.until(READY)
        say(shown, "remember plover", "Yes.")
        say(shown, "/new", "a new session begins")
        say(shown, "something else", "Yes.")
        assert "plover" not in str(asked[-1]["messages"])
        shown.type("/sessions\r")
        shown.until(r"\n\W*remember plover  just now")
        shown.type("remember")
        shown.until(r"\n\W*\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}\W*remember plover")
        shown.type("\r")
        shown.until(READY)
        say(shown, "go on", r"> go on\n+Yes\.")
        assert "plover" in str(asked[-1]["messages"])
        # One that is not there leaves this one open.
        say(shown, "/session nope", "there is no session 'nope'")
        say(shown, "and stay", r"> and stay\n+Yes\.")
        assert "plover" in str(asked[-1]["messages"])
        shown.type("\x04")
        assert shown.end() == 0
        found = re.findall(r"iterate --session (\w+) goes on", shown.text)
    with on_terminal(world, "--session", found[-1]) as again:
        again.until(r"> remember plover\n+Yes\.[\s\S]*> go on\n+Yes\.[\s\S]*> and stay\n+Yes\.")
        say(again, "and on", r"> and on\n+Yes\.")
        assert "plover" in str(asked[-1]["messages"])


def test_a_session_is_summed_up_when_it_is_asked_for(world: "World", asked: list[dict[str, object]]) -> None:
    with on_terminal(world) as shown:
        shown.until(READY)
        say(shown, "/compact", "there is no session yet")
        for _ in range(2):
            say(shown, "tell me", r"all\.\s+\d[\d,]* tokens")
        say(shown, "/compact", r"[\d,]+ tokens became [\d,]+")
        say(shown, "go on", r"> go on\n+Yes\.")
        assert "a long sentence about nothing" not in str(asked[-1]["messages"])


def test_more_lines_pastes_history_and_files(world: "World", asked: list[dict[str, object]]) -> None:
    (project(world) / "plover.txt").write_text("x\n")
    with on_terminal(world) as shown:
        shown.until(READY)
        say(shown, "first\\\rsecond\x1b\rthird", r"third\n+Yes\.")
        assert prompt(asked) == "first\nsecond\nthird"
        shown.type("\x1b[200~pasted\rlines\r\x1b[201~")
        shown.until("  lines\n")
        say(shown, "end", r"end\n+Yes\.")
        assert prompt(asked) == "pasted\nlines\nend"
        shown.type("look at @plo")
        shown.until("\n +plover.txt|@plover.txt")
        shown.type("\t")
        shown.until("look at @plover.txt")
        say(shown, "", r"look at @plover.txt ?\n+Yes\.")
        assert prompt(asked).startswith("look at @plover.txt")
        shown.type("\x12fir")
        shown.until("(?i)search[^\n]*fir")
        shown.type("\r")
        shown.wait_for(lambda: prompt(asked) == "first\nsecond\nthird")
    with on_terminal(world) as again:
        again.until(READY)
        # Of what was typed twice, the newest comes first.
        again.type("\x1b[A\x1b[A\x1b[A\x1b[A")
        again.until("> first|> look at @plover.txt|> pasted")


def test_what_is_typed_while_an_answer_comes_is_sent_next(world: "World", asked: list[dict[str, object]]) -> None:
    with on_terminal(world) as shown:
        shown.until(READY)
        shown.type("slow\r")
        shown.until("word3")
        shown.type("and then this\r\x03")
        shown.until("(?s)the answer was stopped.*> and then this.*Yes.")
        assert prompt(asked) == "and then this"


def test_what_is_typed_before_the_first_prompt_is_sent(world: "World", asked: list[dict[str, object]]) -> None:
    with on_terminal(world) as shown:
        # The terminal is not ours yet: it makes an Enter a Ctrl-J, which begins another line elsewhere.
        shown.type("at once\r")
        shown.until(r"(?s)Yes\..*" + READY)
        assert prompt(asked) == "at once"


def test_ctrl_z_gives_the_terminal_back_and_fg_goes_on(world: "World", asked: list[dict[str, object]]) -> None:
    with on_terminal(world) as shown:
        shown.until(READY)
        assert not shown.is_cooked()
        for begin in ("", "slow\r"):
            shown.type(begin)
            shown.until("word3" if begin else READY)
            shown.type("\x1a")
            stopped, status = os.waitpid(shown.child.pid, os.WUNTRACED)
            assert (stopped, os.WIFSTOPPED(status)) == (shown.child.pid, True)
            assert shown.is_cooked()
            os.kill(shown.child.pid, signal.SIGCONT)
            shown.wait_for(lambda: not shown.is_cooked())
            shown.until("word30" if begin else READY)
        shown.type("\x03")
        shown.until("the answer was stopped")
    assert asked


@pytest.mark.parametrize("columns", [80, 40])
def test_rows_fit_the_terminal_also_after_it_got_another_size(
    world: "World", asked: list[dict[str, object]], columns: int
) -> None:
    def answers() -> list[int]:
        """How many whole sentences there are behind each prompt."""
        return [" ".join(each.split()).count(SENTENCE) for each in shown.text.split("\n> ")[1:]]

    end = r" s\n+> ?(\n[^\n]*){0,2}$"
    with on_terminal(world, columns=columns) as shown:
        shown.until(READY)
        shown.type("tell me of 日本語\r")
        shown.until(end)
        assert answers()[0] == 400
        # While a line is typed, and while something is asked.
        shown.type("tell me mo")
        shown.until("tell me mo\n")
        shown.resize(columns - 7, 40)
        shown.type("re\r")
        shown.until(f"(?s)more.*{end}")
        assert answers()[1] == 400
        shown.type("run it\r")
        shown.until("Run this command?")
        shown.resize(columns, 40)
        answer(shown, "y")
        shown.until(rf"(?s)It ran\..*{end}")
        shown.type("tell me again\r")
        shown.until(f"(?s)again.*{end}")
        assert answers()[3] == 400
    assert asked


def answer(shown: Terminal, key: str) -> None:
    """Press a key that answers, and again where nobody could have read the question yet."""
    pressed = 0.0

    def is_answered() -> bool:
        nonlocal pressed
        if time.monotonic() - pressed > 2:
            pressed = time.monotonic()
            shown.type(key)
        return "allowed once" in shown.text

    shown.wait_for(is_answered)
    # What came too early stands in the line.
    shown.type("\x15")


def test_nothing_is_left_of_the_project_of_somebody_who_only_looked(world: "World") -> None:
    with chat(world, {}), on_terminal(world) as shown:
        shown.until(READY)
        shown.type("\x04")
        assert shown.end() == 0
    assert list(project(world).iterdir()) == []
    assert b"sessions" in run(world, "session", "list", "--json").stdout


def test_what_agents_did_is_nested_in_a_session_that_goes_on_on_both_screens(
    world: "World", asked: list[dict[str, object]]
) -> None:
    assert run(world, "run", "outer").returncode == 0
    for words in (("-c",), ("--full", "-c")):
        with on_terminal(world, *words) as shown:
            shown.until(r"explore 2 list[\s\S]*They looked\.")
            assert len(re.findall("explore 2 list", shown.text)) == 1
            shown.type("/quit\r")
            assert shown.end() == 0
    assert len(asked) == 4
