"""The line that is typed on a terminal: the person's editor and keys, what was typed before, what a kill leaves."""

import signal
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from tests.iterate.chatting import chat, on_terminal

if TYPE_CHECKING:
    from tests.iterate.conftest import World

pytestmark = [pytest.mark.processes, pytest.mark.systems("linux", "darwin")]

READY = "(?m)^> ?$"


@pytest.fixture
def asked(world: "World") -> Iterator[list[dict[str, object]]]:
    with chat(world, {}) as heard:
        yield heard


def test_the_line_is_written_in_an_editor_kept_over_a_kill_and_found_again(
    world: "World", asked: list[dict[str, object]]
) -> None:
    editor = world.home / "editor"
    editor.write_text('#!/bin/sh\nstty -a <&0 | grep -q " icanon" || exit 9\nread answer\necho "$answer" >> "$1"\n')
    editor.chmod(0o755)
    with on_terminal(world, variables={"EDITOR": str(editor), "VISUAL": ""}) as shown:
        # The terminal is not ours yet.
        shown.type("be\tfore\r")
        shown.until("(?s)fore.*Yes")
        shown.until(READY)
        # While the editor reads, Ctrl-C is its own, and the line comes back whole.
        shown.type("one\x18\x05")
        shown.wait_for(shown.is_cooked)
        shown.type("two\n")
        shown.wait_for(lambda: not shown.is_cooked())
        shown.until("(?m)^> one\n  two")
        shown.type("\r")
        shown.until("(?s)two.*Yes")
        shown.until(READY)
        shown.type("\x1b[200~" + "pasted\r" * 240 + "\x1b[201~ not sent")
        shown.until(r"\[pasted 240 lines\] not sent")
        shown.pass_time(1.5)
        shown.child.send_signal(signal.SIGKILL)
        shown.child.wait()
    with on_terminal(world) as again:
        again.until("Up brings back what was not sent")
        again.type("\x1b[A")
        # From 200 lines on what comes back is one fold.
        again.until(r"\[pasted 24[01] lines\]")
        again.type("\x03")
        again.until(READY)
        again.type("\x12one")
        again.until("one  .1 of 1.")
        again.type("\r")
        again.until("(?s)> one.*Yes")
    assert "'be\\tfore'" in str(asked.pop(0)["messages"])
    assert ["'one\\ntwo'" in str(each["messages"]) for each in asked] == [True, True]


def test_the_keys_of_the_settings_are_in_force_and_slips_in_them_are_told(
    world: "World", asked: list[dict[str, object]]
) -> None:
    config = world.home / ".config" / "iterate" / "config.toml"
    config.parent.mkdir(parents=True, exist_ok=True)
    before = config.read_text() if config.exists() else ""
    config.write_text(f'{before}\n[terminal]\neditor = "vi"\n[keys.vi]\nvi-delete-end = ["ctrl+k"]\n')
    with on_terminal(world) as shown:
        shown.until("insert")
        shown.type("one two three\x1b")
        shown.until("normal")
        shown.type("0wdw")
        shown.until("(?m)^> one three")
        shown.type("\x0bAx")
        shown.until("(?m)^> one x")
    assert asked == []
    # A server reads this anew, and answers all the same: it has no keys.
    config.write_text(f'{before}\n[keys.editor]\nundoo = ["ctrl+z"]\n')
    with on_terminal(world) as shown:
        shown.until(r"(?s)a setting of yours is not in force.*keys\.editor\.undoo;")
        shown.type("still here")
        shown.until("(?m)^> still here")
        shown.type("\r")
        shown.until("\\$")
    assert "still here" in str(asked[0]["messages"])
    # What it does need is refused, by its name, and read again at a word.
    config.write_text(f"{before}\n[limits]\nstepz = 1\n")
    with on_terminal(world) as shown:
        shown.until("the settings are refused: Enter tries again")
        config.write_text(before)
        shown.type("\r")
        shown.until(r"(?m)^build  trial/m(?!.*refused)")
