"""An agent that asks: in place on a terminal, not at all in a pipe, and the first answer counts for all."""

import contextlib
import http.server
import json
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from iterate.client import Client

if TYPE_CHECKING:
    from tests.iterate.conftest import World

pytestmark = [pytest.mark.processes, pytest.mark.systems("linux", "darwin")]

COMMAND = "touch made-by-the-agent; true"


class Model(http.server.BaseHTTPRequestHandler):
    """A model that calls the shell once, and then says that it is done."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        if body["messages"][-1]["role"] == "tool":
            said = json.dumps(body["messages"][-1]["content"])
            self._send({"content": f"It is over: {'person' in said or 'nobody' in said}"}, "stop")
        else:
            function = {"name": "bash", "arguments": json.dumps({"command": COMMAND})}
            self._send(
                {"tool_calls": [{"index": 0, "id": "c1", "type": "function", "function": function}]}, "tool_calls"
            )

    def _send(self, delta: dict[str, object], reason: str) -> None:
        for choice in ({"index": 0, "delta": delta}, {"index": 0, "delta": {}, "finish_reason": reason}):
            self.wfile.write(f"data: {json.dumps({'id': 'x', 'choices': [choice]})}\n\n".encode())
        self.wfile.write(b"data: [DONE]\n\n")


@pytest.fixture
def agent(world: "World") -> Iterator["World"]:
    """A home whose settings name that model."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    config = world.home / ".config" / "iterate" / "config.toml"
    config.parent.mkdir(parents=True)
    address = f"http://127.0.0.1:{server.server_address[1]}/v1"
    config.write_text(f'model = "trial/m"\n[providers.trial]\nbase_url = "{address}"\n[providers.trial.models.m]\n')
    try:
        yield world
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def project(world: "World") -> Path:
    """The folder that is worked in, which holds none of our own."""
    folder = world.home / "project"
    folder.mkdir(exist_ok=True)
    return folder


def environment(world: "World") -> dict[str, str]:
    return {**world.environment, "ITERATE_MODEL": "trial/m"}


def run(world: "World", *words: str) -> subprocess.CompletedProcess[bytes]:
    """The program in a pipe."""
    return subprocess.run(
        [world.program, "run", *words],
        env=environment(world),
        cwd=project(world),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )


class Terminal:
    """The program on a terminal, with keys."""

    def __init__(self, world: "World", *words: str, variables: dict[str, str]) -> None:
        import pty

        self.ours, theirs = pty.openpty()
        self.child = subprocess.Popen(
            [world.program, *words],
            env={**environment(world), "TERM": "xterm", **variables},
            cwd=project(world),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        self.theirs = theirs
        self.text = ""

    def until(self, pattern: str) -> None:
        import select

        deadline = time.monotonic() + 60
        while not re.search(pattern, self.text):
            assert time.monotonic() < deadline, self.text
            if select.select([self.ours], [], [], 0.2)[0]:
                self.text += os.read(self.ours, 65536).decode(errors="replace")

    def type(self, keys: str) -> None:
        os.write(self.ours, keys.encode())

    def is_cooked(self) -> bool:
        import termios

        mode = termios.tcgetattr(self.theirs)[3]
        return isinstance(mode, int) and bool(mode & termios.ICANON and mode & termios.ECHO and mode & termios.ISIG)


@contextlib.contextmanager
def on_terminal(world: "World", *words: str, variables: dict[str, str] | None = None) -> Iterator[Terminal]:
    shown = Terminal(world, *words, variables=variables or {})
    try:
        yield shown
    finally:
        shown.child.kill()
        shown.child.wait()
        os.close(shown.ours)
        os.close(shown.theirs)


def test_in_a_pipe_what_asks_is_denied_with_a_word_and_the_answer_goes_on(agent: "World") -> None:
    done = run(agent, "go")
    assert (done.returncode, done.stdout) == (0, b"It is over: True\n")
    assert b"denied, because nobody can be asked here: bash: touch made-by-the-agent" in done.stderr
    assert b"--yes" in done.stderr
    assert not (project(agent) / "made-by-the-agent").exists()
    assert json.loads(run(agent, "--json", "go").stdout)["denied"] == 1
    assert run(agent, "--quiet", "go").stderr == b""


@pytest.mark.systems("linux")
def test_with_yes_it_runs_unasked_inside_the_sandbox(agent: "World") -> None:
    done = run(agent, "--yes", "go")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"It is over: False\n", b"")
    assert (project(agent) / "made-by-the-agent").exists()


@pytest.mark.parametrize(
    ("keys", "is_made", "told"), [("y", True, "allowed once"), ("nnot so\r", False, "reason: not so")]
)
def test_on_a_terminal_it_asks_in_place_and_gives_the_terminal_back(
    agent: "World", keys: str, *, is_made: bool, told: str
) -> None:
    with on_terminal(agent, "run", "go") as shown:
        shown.until("y once")
        assert COMMAND in shown.text
        assert not shown.is_cooked()
        shown.type(keys)
        shown.until(told)
        shown.until("goes on")
        assert shown.child.wait(20) == 0
        assert shown.is_cooked()
    assert (project(agent) / "made-by-the-agent").exists() == is_made


def test_somebody_elses_answer_ends_the_asking(agent: "World") -> None:
    with on_terminal(agent, "run", "go") as shown:
        shown.until("y once")
        client = Client(agent.announced())
        waiting = client.call("GET", "/permission")["permissions"]
        assert isinstance(waiting, list)
        assert client.permit(waiting[0]["id"], "once") is True
        shown.until("answered elsewhere: once")
        shown.until("goes on")
        assert client.permit(waiting[0]["id"], "deny") is False


def test_words_for_screen_readers_are_asked_for_by_lines(agent: "World") -> None:
    with on_terminal(agent, "run", "--plain", "go") as shown:
        shown.until("then Enter: ")
        assert shown.is_cooked()
        shown.type("y\n")
        shown.until("allowed once")
        shown.until("It is over: False")
        assert "\x1b" not in shown.text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_in_the_middle_of_asking_gives_the_terminal_back(agent: "World", number: signal.Signals) -> None:
    with on_terminal(agent, "run", "go") as shown:
        shown.until("y once")
        shown.child.send_signal(number)
        assert shown.child.wait(20) == (130 if number == signal.SIGINT else -number)
        assert shown.is_cooked()


def test_a_conversation_asks_goes_on_takes_back_and_leaves(agent: "World") -> None:
    with on_terminal(agent) as shown:
        shown.until("> ")
        shown.type("go\r")
        shown.until("yes, this once")
        # What is typed before anybody can have read it is no answer.
        time.sleep(1.0)
        shown.type("y")
        shown.until("It is over: False")
        # Nothing is taken back while the answer runs.
        shown.until("2 steps, ")
        assert (project(agent) / "made-by-the-agent").exists()
        shown.type("/undo\r")
        shown.until("taken back: made-by-the-agent")
        assert not (project(agent) / "made-by-the-agent").exists()
        shown.type("/nothing\r")
        shown.until("there is no command /nothing")
        shown.type("\x03")
        shown.until("Ctrl-C again leaves")
        shown.type("\x03")
        assert shown.child.wait(20) == 0
        assert shown.is_cooked()
    kept = list((agent.state / "history").glob("*.jsonl"))
    assert [json.loads(line) for line in kept[0].read_text().splitlines()] == ["go", "/undo", "/nothing"]
