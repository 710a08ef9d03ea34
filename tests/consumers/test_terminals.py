"""A conversation in tmux and in GNU screen, with a shell below it: nothing is lost, nothing stands there twice."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.consumers.multiplexed import Multiplexer, Screen, Tmux, until
from tests.iterate.chatting import SLOWLY, chat, environment, project, write
from tests.iterate.conftest import World

from iterate.tui.frame import STATUS_LINES

SAID = {"work": (write("a.txt", "one\ntwo\n"), "It is over."), "slow": (SLOWLY,)}
SHELL = ("env", "PS1=shell: ", "ENV=", "sh", "-i")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """An empty home."""
    home = tmp_path / "home"
    home.mkdir()
    made = World(home=home)
    yield made
    made.close()


@pytest.fixture
def shell(tmp_path: Path, world: World, request: pytest.FixtureRequest) -> Iterator[Multiplexer]:
    """A shell in one of them, in the project."""
    env = environment(world)
    below = tmp_path / "below"
    below.mkdir()
    shown: Multiplexer = request.param(below, SHELL, env, project(world), (80, 24))
    try:
        until(shown, lambda text: "shell:" in text)
        yield shown
    finally:
        shown.close()


BOTH = pytest.mark.parametrize(
    "shell",
    [
        pytest.param(Tmux, marks=pytest.mark.consumer("tmux")),
        pytest.param(Screen, marks=pytest.mark.consumer("screen")),
    ],
    indirect=True,
)


def is_ready(text: str) -> bool:
    """Whether the line is there to type on, above the status."""
    return re.search(r"(?m)^> ?\n(.*\n)*.*project", text) is not None


def check_words(text: str) -> None:
    words = [int(each) for each in re.findall(r"\bword(\d+)\b", text)]
    assert words, text
    assert words == list(range(len(words))), text


@BOTH
def test_a_conversation_stops_and_goes_on_and_what_others_wrote_stays(world: World, shell: Multiplexer) -> None:
    with chat(world, SAID):
        # A program before left a region that scrolls, insertion and line drawing.
        shell.type(f"printf '\\033[3;6r\\033[4h\\033(0'; {world.program}\r")
        until(shell, is_ready)
        shell.type("work\r")
        until(shell, lambda text: "It is over" in text and is_ready(text))
        shell.type("\x1a")
        until(shell, lambda text: re.search(r"(?m)^shell: *\Z", text) is not None)
        shell.type("echo between; echo the rows\r")
        until(shell, lambda text: re.search(r"(?m)^the rows$", text) is not None)
        shell.type("fg\r")
        until(shell, is_ready)
        shell.type("slow\r")
        until(shell, lambda text: "word40" in text)
        shell.type("\x1b")
        until(shell, lambda text: "the answer was stopped" in text and is_ready(text))
        shell.type("\x04")
        text = until(shell, lambda text: re.search(r"(?m)^shell: *\Z", text) is not None)
        check_words(text)
        for row in ("> work", "It is over.", "between", "the rows", "> slow", "the answer was stopped"):
            assert len(re.findall(rf"(?m)^{row}$", text)) == 1, text
        places = [text.index(each) for each in ("> work", "It is over", "\nbetween", "> slow", "word0", "was stopped")]
        assert places == sorted(places)
        shell.type("echo 'still '\"here\"\r")
        until(shell, lambda text: "\nstill here" in text)


@pytest.mark.consumer("tmux")
@pytest.mark.parametrize("shell", [Tmux], indirect=True)
def test_sizes_change_while_an_answer_comes_and_while_nothing_does(world: World, shell: Tmux) -> None:
    with chat(world, SAID):
        shell.type(f"{world.program}\r")
        until(shell, is_ready)
        shell.type("work\r")
        until(shell, lambda text: "It is over" in text and is_ready(text))
        for columns, lines in ((60, 20), (100, 30), (41, 12), (80, 24)):
            shell.resize(columns, lines)
        shell.type("slow\r")
        until(shell, lambda text: "word30" in text)
        shell.resize(50, 20)
        until(shell, lambda text: "word60" in text)
        shell.resize(90, 30)
        until(shell, lambda text: "word90" in text)
        shell.type("\x1b")
        text = until(shell, lambda text: "the answer was stopped" in text and is_ready(text))
        for row in ("> work", "It is over.", "> slow"):
            assert len(re.findall(rf"(?m)^{row}$", text)) == 1, text
        assert len(re.findall(r"\bproject\b", text.rpartition("\n")[2])) == 1
        check_words(text)
        shell.type("\x0c")
        until(shell, is_ready)
        assert "It is over." in shell.text


# Steps of somebody who drags an edge, jumps, and sizes in which nothing has room.
DRAGS = (
    ((20, 5), (60, 14)),
    ((40, 10), (60, 14)),
    ((59, 14), (58, 14), (57, 14), (50, 14), (30, 14), (29, 14), (60, 14)),
    ((8, 3), (2, 2), (1, 1), (60, 14)),
    ((100, 30), (20, 30), (100, 6), (33, 9), (60, 14)),
)


def check_line(text: str, line: str) -> None:
    """It stands there once, the status once below it, and nothing of either elsewhere."""
    said = [row for row in text.splitlines() if row and not row.startswith(("iterate ", "> work"))]
    assert [row for row in said if row.startswith((">", "build"))] == [f"> {line}".rstrip(), said[-1]], text
    assert text.count("abc") == line.count("abc"), text


@pytest.mark.consumer("tmux")
@pytest.mark.parametrize("shell", [Tmux], indirect=True)
def test_the_line_stands_there_once_after_each_drag_wherever_on_the_screen_it_is(world: World, shell: Tmux) -> None:
    def drag(line: str) -> None:
        for sizes in DRAGS:
            for columns, lines in sizes:
                shell.resize(columns, lines)
                if columns >= 20:
                    status = r"\nbuild .*" if lines >= STATUS_LINES else ""
                    until(shell, lambda text: re.search(rf"(?m)^> ?{line}{status}\s*\Z", text) is not None)  # noqa: B023
            check_line(shell.text, line)

    with chat(world, SAID):
        shell.resize(60, 14)
        shell.type(f"clear; exec {world.program}\r")
        until(shell, lambda text: re.search(r"(?m)^> ?\nbuild .*/help\s*\Z", text) is not None)
        # With nothing above it but what it says of itself, at the top of the screen, and with all of it in use.
        drag("")
        shell.type("\x0cabcdef")
        until(shell, lambda text: "> abcdef" in text)
        drag("abcdef")
        shell.type("\x15work\r")
        until(shell, lambda text: "It is over" in text and is_ready(text))
        shell.type("abc abc")
        until(shell, lambda text: "> abc abc" in text)
        drag("abc abc")
        assert len(re.findall(r"(?m)^(?:> work|It is over\.)$", shell.text)) == 2, shell.text
