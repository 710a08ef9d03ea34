"""A line for the shell out of a conversation: what is started, what is seen of it, what the model is told."""

import base64
import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.iterate.conftest import SECRET
from tests.iterate.fakeprogram import FakeProgram, press, seen

from iterate.client import Client
from iterate.discovery import Announcement
from iterate.errors import Failure
from iterate.tui import commands
from iterate.tui.contract import Body
from iterate.tui.shell import Output, Shell, behind

if TYPE_CHECKING:
    from tests.iterate.conftest import LiveServer


@pytest.mark.parametrize(
    ("pieces", "lines"),
    [
        ([b"one\r\ntwo\r\n"], ["one", "two"]),
        ([b"one\r", b"\ntwo"], ["one", "two"]),
        ([b"10%\r50%\r100%\r\n"], ["100%"]),
        ([b"10%\r", b"50%"], ["50%"]),
        ([b"\x1b[31mred\x1b[0m\x1b]0;title\x07!\n"], ["red!"]),
        ([b"a\x1b[3", b"1mred\x1b[0m\n"], ["ared"]),
        (["ü".encode()[:1], "ü".encode()[1:] + b"\n"], ["ü"]),
        ([b"abc\b\bX\n"], ["aXc"[:1] + "X"]),
        ([b"a\n\nb"], ["a", "", "b"]),
        ([b""], []),
    ],
)
def test_what_a_terminal_was_sent_is_read_as_text(pieces: list[bytes], lines: list[str]) -> None:
    output = Output()
    for each in pieces:
        output.take(each)
    assert output.lines() == lines


def test_of_much_output_the_end_is_kept_and_the_rest_counted() -> None:
    output = Output()
    for number in range(100_000):
        output.take(b"line %d\r\n" % number)
    assert output.lines()[-1] == "line 99999"
    assert output.lost + len(output.lines()) == 100_000


def test_a_line_is_started_in_the_folder_without_colours_by_the_persons_shell() -> None:
    program = FakeProgram({"POST /pty": None})
    assert commands.obey(program, "!git log")
    method, path, body = program.asked[-1]
    assert (method, path) == ("POST", "/pty")
    assert body is not None
    assert body["command"] == ["/bin/sh", "-c", "git log"]
    assert body["workspace"] == {
        "directory": "/work",
        "environment": {"TERM": "dumb", "PAGER": "cat", "GIT_PAGER": "cat"},
    }
    assert isinstance(program.widgets[-1], Shell)


@pytest.mark.parametrize(("line", "told"), [("!make", True), ("!!make", False)])
def test_what_it_printed_is_said_and_goes_to_the_model_unless_it_is_not_to(line: str, *, told: bool) -> None:
    program = FakeProgram({"POST /pty": None})
    commands.obey(program, line)
    shell = program.widgets[-1]
    assert isinstance(shell, Shell)
    shell.take(b"hello\r\n")
    assert "  hello" in seen(shell)
    shell.ended("exit 2")
    assert program.widgets == []
    assert program.said[:3] == [f"{'! ' if told else '!! '}make", "  hello", "  exit 2"]
    assert len(program.added) == int(told)
    for each in program.added:
        text = base64.b64decode(str(each["url"]).partition(",")[2]).decode()
        assert text == "The person ran this in the shell:\n$ make\nhello\n[exit 2]\n"


def test_escape_lets_it_go_on_and_its_end_is_said() -> None:
    program = FakeProgram({"POST /pty": None})
    commands.obey(program, "!sleep 9")
    shell = program.widgets[-1]
    assert isinstance(shell, Shell)
    press(shell, "escape")
    assert program.widgets == []
    # It is told where it stays, and is found again.
    assert program.said[:2] == [
        "! sleep 9",
        "  goes on, and its end is told; ! alone shows it again, and Ctrl-C ends it there",
    ]
    assert behind(program) == [shell]
    assert commands.obey(program, "!")
    assert (program.widgets, behind(program)) == ([shell], [])
    press(shell, "escape")
    assert behind(program) == [shell]
    program.said.clear()
    shell.ended("exit 0")
    assert program.said[:2] == ["! sleep 9", "  has ended"]
    assert behind(program) == []
    assert not commands.obey(program, "!")


def test_what_the_model_is_given_is_named_by_the_line_that_printed_it() -> None:
    program = FakeProgram({"POST /pty": None})
    for line in ("!git status", "!echo " + "x" * 100):
        commands.obey(program, line)
        shell = program.widgets[-1]
        assert isinstance(shell, Shell)
        shell.ended("exit 0")
    names = [str(each["name"]) for each in program.added]
    assert names[0] == "output of ! git status"
    assert len(names[1]) == 72
    assert names[1].startswith("output of ! echo xxx")


@pytest.mark.parametrize("text", ["!", "!!", "! "])
def test_a_mark_alone_is_no_line(text: str) -> None:
    program = FakeProgram()
    assert not commands.obey(program, text)


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (20, 5), (10, 2), (8, 1)])
def test_it_fits_into_any_room(columns: int, lines: int) -> None:
    program = FakeProgram({"POST /pty": None})
    commands.obey(program, "!" + "make " * 30)
    shell = program.widgets[-1]
    assert isinstance(shell, Shell)
    shell.take(b"x" * 300 + b"\r\n" * 30)
    seen(shell, columns, lines)


class Live(FakeProgram):
    """A program with a real server; what threads post is done by `settle`."""

    def __init__(self, server: "LiveServer", directory: Path) -> None:
        super().__init__()
        self.directory = str(directory)
        self._server = Announcement(f"http://127.0.0.1:{server.port}", 1, "v", SECRET)
        self._client = Client(self._server)
        self._posted: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()

    def call(
        self,
        method: str,
        path: str,
        body: Body | None = None,
        *,
        then: Callable[[Body], None],
        otherwise: Callable[[Failure], None] | None = None,
        timeout_s: float | None = None,
    ) -> None:
        del otherwise, timeout_s
        then(self._client.call(method, path, body))

    def server(self) -> Announcement:
        return self._server

    def post(self, then: Callable[[], None]) -> None:
        self._posted.put(then)

    def work(self, job: Callable[[], object], then: Callable[[object], None]) -> None:
        def run() -> None:
            result = job()
            self.post(lambda: then(result))

        threading.Thread(target=run, daemon=True).start()

    def settle(self, is_done: Callable[[], bool]) -> None:
        while not is_done():
            self._posted.get(timeout=60)()


@pytest.mark.systems("linux", "darwin")
def test_a_real_line_is_shown_while_it_runs_typed_into_and_ended(gate_server: "LiveServer", tmp_path: Path) -> None:
    program = Live(gate_server, tmp_path)
    commands.obey(program, "!pwd; read word; echo got $word; exit 3")
    shell = program.widgets[-1]
    program.settle(lambda: tmp_path.name in "".join(seen(shell, 200, 20)))
    press(shell, "hello", "enter")
    program.settle(lambda: not program.widgets)
    assert "  got hello" in program.said
    assert "  exit 3" in program.said
    commands.obey(program, "!!echo begun; sleep 1000")
    shell = program.widgets[-1]
    program.settle(lambda: "  begun" in seen(shell))
    press(shell, "ctrl+c")
    program.settle(lambda: not program.widgets)
    assert any("exit" in each for each in program.said[-3:])


@pytest.mark.systems("linux", "darwin")
def test_where_the_server_is_gone_the_line_ends_and_says_so() -> None:
    program = FakeProgram({"POST /pty": {"id": "pty_1"}})
    commands.obey(program, "!make")
    assert program.widgets == []
    assert program.said[1].startswith("  exit unknown: ")
