"""`iterate pty` in a real terminal, and what `watch` and `log` print."""

import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from tests.iterate.conftest import eventually

from iterate import errors

if TYPE_CHECKING:
    from tests.iterate.conftest import World

pytestmark = [pytest.mark.processes, pytest.mark.systems("linux")]
# It becomes the leader of a session whose terminal is descriptor 0, and then the program.
IN_TERMINAL = "import os, sys, fcntl, termios as t; fcntl.ioctl(0, t.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"


class Screen:
    """A terminal with a program in it."""

    def __init__(self, world: "World", *words: str) -> None:
        import termios

        self.ours, theirs = os.openpty()
        termios.tcsetwinsize(self.ours, (30, 100))
        self.before = termios.tcgetattr(self.ours)
        self.shown = b""
        self.child = subprocess.Popen(
            [sys.executable, "-c", IN_TERMINAL, str(world.program), *words],
            env=world.environment | {"SHELL": "/bin/sh", "PS1": "ready> ", "TERM": "xterm"},
            cwd=world.home,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        self._theirs = theirs
        world.children.append(self.child)

    def until(self, pattern: bytes) -> bytes:
        """Wait for what is shown."""
        deadline = time.monotonic() + 60
        while not (found := re.search(pattern, self.shown)):
            assert time.monotonic() < deadline, self.shown
            if select.select([self.ours], [], [], 0.2)[0]:
                self.shown += os.read(self.ours, 65536)
        self.shown = self.shown[found.end() :]
        return found[0]

    def type(self, text: bytes) -> None:
        os.write(self.ours, text)

    def end(self) -> int:
        """The exit code; the terminal must be as it was."""
        import termios

        deadline = time.monotonic() + 60
        while self.child.poll() is None:
            assert time.monotonic() < deadline, self.shown
            if select.select([self.ours], [], [], 0.05)[0]:
                self.shown += os.read(self.ours, 65536)
        assert termios.tcgetattr(self._theirs)[:4] == self.before[:4]
        return self.child.returncode


@contextmanager
def screen(world: "World", *words: str) -> Iterator[Screen]:
    made = Screen(world, *words)
    yield made
    os.close(made.ours)
    os.close(made._theirs)


def test_a_shell_of_the_server_is_left_and_come_back_to_and_its_code_is_ours(world: "World") -> None:
    with screen(world, "pty") as first:
        first.until(rb"ready> ")
        first.type(b"stty size; echo ma''rk\n")
        first.until(rb"30 100\r\nmark")
        first.type(b"\x03")
        first.until(rb"ready> ")
        first.type(b"\x1d")
        assert first.end() == 0
        # On a line of its own, behind the prompt of the shell.
        name = re.search(rb"\nnote: left running; iterate pty attach (\w+)", first.shown)
        assert name is not None
    with screen(world, "pty", "attach", name[1].decode()) as second:
        # What was shown before is shown again, and the size is that of this terminal.
        second.until(rb"30 100\r\nmark")
        second.type(b"exit 5\n")
        assert second.end() == 5
    listed = json.loads(world.run("pty", "list", "--json").stdout)["terminals"]
    assert [(each["is_running"], each["code"]) for each in listed] == [(False, 5)]
    assert b"ended (5)" in world.run("pty", "list").stdout


def test_a_new_size_reaches_the_shell(world: "World") -> None:
    import termios

    with screen(world, "pty", "start", "/bin/sh") as one:
        one.until(rb"ready> ")
        termios.tcsetwinsize(one.ours, (50, 160))
        os.kill(one.child.pid, signal.SIGWINCH)
        one.type(b"sleep 0.3; stty size\n")
        one.until(rb"50 160\r\n")
        one.type(b"exit\n")
        assert one.end() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_the_terminal_is_as_it_was_also_when_the_command_is_ended(world: "World", number: int) -> None:
    with screen(world, "pty") as one:
        one.until(rb"ready> ")
        one.child.send_signal(number)
        assert one.end() == -number
    assert b"running" in world.run("pty", "list").stdout


def test_the_end_of_the_server_is_told_and_the_terminal_as_it_was(world: "World") -> None:
    with screen(world, "pty") as one:
        one.until(rb"ready> ")
        assert world.run("server", "stop").returncode == 0
        assert one.end() in {errors.ServerLost.exit_code, 128 + signal.SIGKILL, 128 + signal.SIGTERM}


def test_a_terminal_is_ended_by_its_id_and_an_unknown_one_is_named(world: "World") -> None:
    with screen(world, "pty") as one:
        one.until(rb"ready> ")
        (row,) = json.loads(world.run("pty", "list", "--json").stdout)["terminals"]
        assert world.run("pty", "kill", row["id"]).returncode == 0
        assert one.end() in {128 + signal.SIGTERM, 128 + signal.SIGKILL, 128 + signal.SIGHUP}
    assert world.run("pty", "kill", "pty_none").returncode == errors.PtyUnknown.exit_code


@pytest.mark.parametrize("words", [("pty",), ("pty", "start", "true"), ("pty", "attach", "x")])
def test_without_a_terminal_here_nothing_is_started(world: "World", words: tuple[str, ...]) -> None:
    refused = world.run(*words)
    assert (refused.returncode, refused.stdout) == (errors.UsageError.exit_code, b"")
    assert b"this is no terminal" in refused.stderr
    assert json.loads(world.run("pty", "list", "--json").stdout) == {"terminals": []}


def test_a_terminal_outlives_its_servers_hand_over_and_is_found_again(world: "World") -> None:
    with screen(world, "pty") as one:
        one.until(rb"ready> ")
        one.type(b"\x1d")
        assert one.end() == 0
    old = world.announced().pid
    assert world.run("server", "restart").returncode == 0
    assert world.announced().pid != old
    (row,) = json.loads(world.run("pty", "list", "--json").stdout)["terminals"]
    with screen(world, "pty", "attach", row["id"]) as two:
        two.until(rb"ready> ")
        two.type(b"exit 3\n")
        assert two.end() == 3
    import psutil

    eventually(lambda: not psutil.pid_exists(old))


def test_everything_that_happens_is_watched_line_by_line(world: "World") -> None:
    world.serve()
    watching = world.start("watch", "--json")
    assert watching.stdout is not None
    assert json.loads(watching.stdout.readline())["type"] == "server.connected"
    world.run("run", "hello")
    kinds = []
    while "done" not in kinds:
        kinds.append(json.loads(watching.stdout.readline())["type"])
    assert kinds[:2] == ["session.created", "prompted"]
    plain = world.start("watch")
    assert plain.stdout is not None
    assert b"server.connected" in plain.stdout.readline()


def test_the_log_is_shown_by_level_and_followed(world: "World") -> None:
    assert world.run("run", "hello").returncode == 0
    assert b"listening on http://" in world.run("log").stdout
    assert world.run("log", "--level", "error").stdout == b""
    following = world.start("log", "-f", "-n", "1")
    assert following.stdout is not None
    assert b"listening" in following.stdout.readline()
    with (world.state / "server.log").open("ab") as file:
        file.write(b"2026-11-26T00:00:00Z WARNING iterate.server: something new\n")
    assert b"something new" in following.stdout.readline()
