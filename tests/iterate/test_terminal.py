"""What a person sees: the program on a real terminal, with foreign text that tries to steer it."""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from iterate import foreign

if TYPE_CHECKING:
    from tests.iterate.conftest import World

pytestmark = [
    pytest.mark.processes,
    pytest.mark.systems("linux", "darwin"),
]

FOUL = "\x1b[31mred\x1b[0m \x9b2J \x07 \x7f \x08 \u202eevil\u202c \u2066x\u2069 \u200f"


class Shown:
    """All that a terminal was sent, as text."""

    def __init__(self, terminal: int) -> None:
        self._terminal = terminal
        self.raw = b""

    def until(self, is_there: Callable[[bytes], bool]) -> None:
        while not is_there(self.raw):
            self.raw += os.read(self._terminal, 65536)

    def rest(self) -> str:
        # Linux says "input/output error" when the last one who had the terminal open is gone.
        with contextlib.suppress(OSError):
            while part := os.read(self._terminal, 65536):
                self.raw += part
        return self.raw.decode().replace("\r\n", "\n")


@contextlib.contextmanager
def on_terminal(world: "World", *words: str) -> Iterator[tuple[subprocess.Popen[bytes], Shown]]:
    """The program with a terminal for both outputs."""
    import pty  # Windows has none.

    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [world.program, *words], env=world.environment, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    try:
        yield child, Shown(ours)
    finally:
        child.kill()
        child.wait()
        os.close(ours)


def is_fit(shown: str) -> bool:
    return foreign.plain(shown) == shown


def test_an_answer_cannot_steer_the_terminal(warm: "World") -> None:
    with on_terminal(warm, "run", FOUL) as (_, shown):
        text = shown.rest()
    assert "[31mred" in text
    assert is_fit(text)


def test_events_in_json_on_a_terminal_keep_their_meaning_and_steer_nothing(warm: "World") -> None:
    with on_terminal(warm, "run", "--format", "stream-json", FOUL) as (_, shown):
        text = shown.rest()
    assert is_fit(text)
    events = [json.loads(line) for line in text.splitlines()]
    assert json.dumps(FOUL)[1:-1] in json.dumps(events)


@pytest.mark.parametrize(
    "words",
    [
        ("run", "--model", FOUL, "hi"),
        ("run", "--session", FOUL, "hi"),
        ("run", "--format", FOUL, "hi"),
        ("run", f"--x{FOUL}".replace(" ", ""), "hi"),
        (FOUL,),
        ("server", FOUL),
        ("serve", "--hostname", FOUL),
        ("serve", "--port", FOUL),
        ("completion", FOUL),
    ],
)
def test_a_failure_that_quotes_foreign_text_cannot_either(warm: "World", words: tuple[str, ...]) -> None:
    with on_terminal(warm, *words) as (_, shown):
        text = shown.rest()
    assert text.startswith("error: ")
    assert is_fit(text)


def test_ctrl_c_leaves_the_next_prompt_on_a_line_of_its_own(warm: "World") -> None:
    with on_terminal(warm, "run", "--model", "echo/slow", " ".join("abcdefghijklmnopqrstuvw")) as (child, shown):
        shown.until(lambda raw: b"a b" in raw)
        child.send_signal(signal.SIGINT)
        assert child.wait(20) == 130
        text = shown.rest()
    assert text.startswith("a b")
    assert text.endswith("\n")
    assert "Traceback" not in text


def test_ctrl_c_does_so_too_when_it_ends_a_server(world: "World") -> None:
    with on_terminal(world, "serve", "--port", "0") as (child, shown):
        shown.until(lambda raw: raw.endswith(b"\r\n"))
        child.send_signal(signal.SIGINT)
        assert child.wait(20) == 0
        assert [line[:24] for line in shown.rest().split("\n")] == ["iterate server listening", "", ""]


def test_a_server_that_dies_leaves_the_error_on_a_line_of_its_own(world: "World") -> None:
    server, _ = world.serve()
    with on_terminal(world, "run", "--model", "echo/slow", " ".join("abcdefghijklmnopqrstuvw")) as (_, shown):
        shown.until(lambda raw: b"a b" in raw)
        time.sleep(0.05)
        server.kill()
        lines = shown.rest().splitlines()
    assert lines[0].startswith("a b")
    assert any(line.startswith("error: ") for line in lines[1:])
