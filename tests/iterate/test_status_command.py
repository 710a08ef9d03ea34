"""A status line of the person's own: asked beside everything else, seldom enough, its colours kept and nothing else."""

import json
import os
import sys
import threading
import time

import psutil
import pytest
from tests.iterate.fakeprogram import Onstage

from iterate.terminal import rows
from iterate.tui import status_command
from iterate.tui.status import Facts
from iterate.tui.status_command import StatusCommand

WIDE = "wide \N{CJK UNIFIED IDEOGRAPH-4E2D}"


class Stage:
    """A program, a command that says what it is told to, and a clock that is turned by hand."""

    def __init__(self) -> None:
        self.now = 100.0
        self.program = Onstage()
        self.asked: list[dict[str, object]] = []
        self.says: tuple[str, str] = ("line", "")
        self.command = StatusCommand(self.program, ["x"], 1.0, self.run, lambda: self.now)

    def run(self, command: object, given: bytes, _begun: object) -> tuple[str, str]:
        assert command == ("x",)
        self.asked.append(json.loads(given))
        return self.says

    def work(self) -> None:
        """What runs comes to its end."""
        while self.program.jobs:
            job, then = self.program.jobs.pop(0)
            then(job())


def test_it_is_asked_when_something_changed_and_not_more_often_than_it_may() -> None:
    stage = Stage()
    stage.command.look(Facts(mode="build"), session="ses_1")
    assert stage.command.line == ""
    stage.work()
    assert stage.command.line == "line"
    assert (stage.asked[0]["mode"], stage.asked[0]["session"]) == ("build", "ses_1")
    stage.command.look(Facts(mode="build"), session="ses_1")
    assert stage.program.jobs == []
    for context in range(50):
        stage.command.look(Facts(mode="build", context=context + 1))
    assert stage.program.jobs == []
    assert len(stage.program.later) == 1
    stage.now += 1
    stage.program.settle()
    stage.work()
    assert [each["context"] for each in stage.asked] == [0, 50]


def test_it_never_runs_twice_at_once() -> None:
    stage = Stage()
    stage.command.look(Facts(mode="build"))
    stage.now += 5
    stage.command.look(Facts(mode="plan"))
    assert len(stage.program.jobs) == 1
    stage.work()
    assert [each["mode"] for each in stage.asked] == ["build", "plan"]


def test_what_goes_wrong_is_told_once_and_the_last_line_stays() -> None:
    stage = Stage()
    for number, says in enumerate(
        [("good", ""), ("", "exit code 3"), ("", "exit code 3"), ("better", ""), ("", "gone")]
    ):
        stage.says = says
        stage.now += 5
        stage.command.look(Facts(context=number + 1))
        stage.work()
    assert stage.command.line == "better"
    assert stage.program.told == ["terminal.status_command: exit code 3", "terminal.status_command: gone"]


@pytest.mark.parametrize(
    ("line", "text", "raws"),
    [
        ("plain", "plain", []),
        ("\x1b[1;32mgreen\x1b[0m end", "green end", ["\x1b[1;32m", "\x1b[0m", "\x1b[m"]),
        ("\x1b[38:2::1:2:3mtrue", "true", ["\x1b[38:2::1:2:3m", "\x1b[m"]),
        ("a\x1b[2J\x1b[Hb\x1b]0;title\x07c\x1b]52;c;AAAA\x1b\\d\x1bPq\x1b\\e", "abcde", []),
        ("a\x1b[31", "a\N{REPLACEMENT CHARACTER}[31", []),
        ("bell\x07 \u202eturned", "bell\N{REPLACEMENT CHARACTER} \N{REPLACEMENT CHARACTER}turned", []),
        ("\x1b[31m" + WIDE * 9, f"{WIDE * 2}wide ", ["\x1b[31m", "\x1b[m"]),
    ],
)
def test_colours_are_kept_and_whatever_else_would_steer_the_terminal_is_not(
    line: str, text: str, raws: list[str]
) -> None:
    found = status_command.row(line, 20)
    assert rows.plain(found) == text.rstrip()
    assert rows.columns(found) <= 20
    assert [each.raw for each in found if each.raw] == raws
    assert not any(each.raw for each in status_command.row(line, 20, has_colour=False))


@pytest.mark.processes
@pytest.mark.systems("linux", "darwin")
def test_the_command_reads_json_gives_its_first_line_and_says_what_is_wrong() -> None:
    echo = "import json,sys; print(json.load(sys.stdin)['mode']); print('second')"
    assert status_command.run([sys.executable, "-c", echo], b'{"mode": "plan"}') == ("plan", "")
    assert status_command.run(["/nowhere/at/all"], b"{}") == ("", "No such file or directory")
    said = status_command.run([sys.executable, "-c", "import sys; sys.exit('bad luck')"], b"{}")
    assert said == ("", "exit code 1: bad luck")
    assert status_command.run(["sh", "-c", "sleep 60 & sleep 60"], b"{}") == ("", "it took longer than 2 s")


@pytest.mark.processes
@pytest.mark.systems("linux", "darwin")
@pytest.mark.parametrize("is_over_before", [False, True])
def test_a_command_that_hangs_ends_with_the_program(is_over_before: bool) -> None:  # noqa: FBT001
    program, found = Onstage(), list[object]()
    command = StatusCommand(program, ["sh", "-c", "sleep 600 & wait"], 0.0)
    command.look(Facts(mode="build"))
    [(job, _)] = program.jobs
    thread = threading.Thread(target=lambda: found.append(job()))
    if is_over_before:
        command.close()
    thread.start()
    while not command._child:
        time.sleep(0.01)
    command.close()
    thread.join()
    # Not after the time that it may take.
    assert found == [("", "exit code -9")]
    assert not [each for each in psutil.process_iter() if is_of(each, command._child)]


def is_of(process: psutil.Process, group: int) -> bool:
    """Whether it runs in that group."""
    try:
        return os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE
    except (OSError, psutil.Error):
        return False


@pytest.mark.parametrize(
    ("facts", "line", "room", "shown"),
    [
        (Facts(mode="plan", keys="normal", queued=2), "mine", 60, "normal  plan  2 queued  mine"),
        # What says it itself does not say it twice.
        (Facts(mode="plan"), "\x1b[1mplan\x1b[m m", 60, "plan m"),
        (Facts(mode="plan"), "planned", 60, "plan  planned"),
        (Facts(mode="plan"), "a long line of mine", 12, "plan  a long"),
        (Facts(mode="plan"), "mine", 5, "plan"),
        (Facts(model="m"), "mine", 60, "mine"),
    ],
)
def test_the_mode_the_queue_and_keys_stay_to_be_seen_beside_it(facts: Facts, line: str, room: int, shown: str) -> None:
    found = status_command.beside(facts, line, room)
    assert rows.plain(found) == shown
    assert rows.columns(found) <= room
