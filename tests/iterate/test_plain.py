"""Lines of words for screen readers: by a flag, the environment, a file of settings, or a terminal that is dumb."""

from typing import TYPE_CHECKING

import pytest
from tests.iterate.chatting import bash, chat, on_terminal, project, run, write

if TYPE_CHECKING:
    from tests.iterate.conftest import World

pytestmark = [pytest.mark.processes, pytest.mark.systems("linux", "darwin")]

SAID = {"work": (write("a.txt", "one\n"), bash("touch b"), "# Done\n\n- it is **over**\n")}


def sayings(world: "World", text: str) -> None:
    """One more thing that the file of settings says."""
    file = world.home / ".config" / "iterate" / "config.toml"
    file.write_text(file.read_text() + text)


@pytest.mark.parametrize(
    ("words", "variables", "settings", "is_plain"),
    [
        ((), {}, "", False),
        (("--plain",), {}, "", True),
        ((), {"ITERATE_PLAIN": "1"}, "", True),
        ((), {"TERM": "dumb"}, "", True),
        ((), {}, "[terminal]\nplain = true\n", True),
        ((), {}, "[terminal]\nplain = false\n", False),
        ((), {"ITERATE_PLAIN": "0"}, "[terminal]\nplain = true\n", False),
    ],
)
def test_words_are_wanted_by_whoever_says_so(
    world: "World", words: tuple[str, ...], variables: dict[str, str], settings: str, *, is_plain: bool
) -> None:
    with chat(world, {}):
        sayings(world, settings)
        with on_terminal(world, "run", *words, "hello", variables=variables) as shown:
            assert shown.end() == 0
            assert "Yes." in shown.text
            assert (b"\x1b" not in shown.raw) == is_plain


def test_a_conversation_of_words_says_states_and_opens_calls_without_a_redraw(world: "World") -> None:
    with chat(world, SAID):
        run(world, "config", "set", "terminal.plain", "true")
        with on_terminal(world) as shown:
            shown.until("you:$")
            shown.type("work\n")
            shown.until("then Enter:$")
            shown.type("9\n")  # There is none.
            shown.until("(?s)then Enter: 9.*then Enter:$")
            shown.type("4 not this\n")
            shown.until("denied")
            shown.until(r" s\nyou:$")
            for line in (
                "tool 1 started: write a.txt",
                r"tool 1 done: write a.txt, \+1 -0, 0\.\d s",
                "tool 2 started: bash touch b",
                r"tool 2 denied: .*, 0\.\d s",
                r"- it is \*\*over\*\*",
            ):
                shown.until(line)
            shown.type("/open 2\n")
            shown.until("command: touch b\n.*not this")
            shown.type("/open 9\n")
            shown.until("there is no call 9; there are 2")
            # Nobody goes on with what is not there.
            shown.type(f"/sessions ses_{'f' * 24}\n")
            shown.until("error: .*no session")
            shown.type("\x04")
            assert shown.end() == 0
            assert b"\x1b" not in shown.raw
            assert not any(sign in shown.text for sign in "│─┌✓✗…")
    assert not (project(world) / "b").exists()


def test_in_words_there_are_lines_for_the_shell_notes_keys_and_rules_too(world: "World") -> None:
    heard = {"see it": ("Seen.",)}
    with chat(world, heard):
        run(world, "config", "set", "terminal.plain", "true")
        with on_terminal(world) as shown:
            shown.until("you:$")
            shown.type("!printf 'one\\ntwo'; exit 3\n")
            shown.until(r"one\ntwo\nexit 3; what it printed goes to the model with the next prompt\nyou:$")
            shown.type("!!echo $((40 + 2))\n")
            shown.until(r"42\nexit 0\nyou:$")
            shown.type("#use tabs\n")
            shown.until("1: project, ")
            shown.until("nowhere at all:$")
            shown.type("1\n")
            shown.until(r"(?s)kept in .*/memory")
            shown.type("/memory undo\n")
            shown.until(r"(?s)taken back from.*you:$")
            shown.type("/permissions forget 1\n")
            shown.until(r"(?s)no rule that was always allowed.*you:$")
            shown.type("/keys\n")
            shown.until("A question is answered by its number or letter")
            shown.until("takes the one that is chosen")
            shown.until("you:$")
            shown.type("\x04")
            assert shown.end() == 0
            assert b"\x1b" not in shown.raw
