"""A model that says what a test wrote down, as a real HTTP server, and a terminal with the screen that people see."""

import contextlib
import http.server
import json
import os
import re
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.iterate.emulated.answering import SILENT, Kind
from tests.iterate.emulated.plain import Plain
from tests.iterate.emulated.seen import Seen
from tests.iterate.emulated.seen import Step as Written

if TYPE_CHECKING:
    from tests.iterate.conftest import World

PATIENCE_S = 60.0
# Says one word after the other until nobody listens any more.
SLOWLY = "..."
# The terminal becomes that of the new session, so that Ctrl-C there is a signal.
_BEGIN = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """A step that calls a tool."""

    tool: str
    arguments: Mapping[str, object]


type Step = str | Calls
type Said = Mapping[str, Sequence[Step]]


def bash(command: str) -> Calls:
    return Calls(tool="bash", arguments={"command": command})


def write(path: str, content: str) -> Calls:
    return Calls(tool="write", arguments={"path": path, "content": content})


class _Answering(http.server.BaseHTTPRequestHandler):
    said: Said
    asked: list[dict[str, object]]

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """The list of models."""
        content = json.dumps({"data": [{"id": "m"}]}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.asked.append(body)
        messages = body["messages"]
        at = max(number for number, each in enumerate(messages) if each["role"] == "user")
        content = messages[at]["content"]
        prompt = content if isinstance(content, str) else "".join(each.get("text", "") for each in content)
        done = sum(each["role"] == "assistant" for each in messages[at:])
        steps = next((steps for word, steps in self.said.items() if prompt.startswith(word)), ("Yes.",))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        with contextlib.suppress(OSError):
            self._say(steps[done], f"c{len(messages)}")

    def _say(self, step: Step, id_: str) -> None:
        if step == SLOWLY:
            for number in range(10_000):
                self._send({"content": f"word{number} "})
                time.sleep(0.01)
        elif isinstance(step, str):
            self._send({"content": step}, "stop")
        else:
            function = {"name": step.tool, "arguments": json.dumps(step.arguments)}
            called: dict[str, object] = {
                "tool_calls": [{"index": 0, "id": id_, "type": "function", "function": function}]
            }
            self._send(called, "tool_calls")

    def _send(self, delta: dict[str, object], reason: str = "") -> None:
        choices: list[dict[str, object]] = [{"index": 0, "delta": delta}]
        choices += [{"index": 0, "delta": {}, "finish_reason": reason}] if reason else []
        for choice in choices:
            self.wfile.write(f"data: {json.dumps({'id': 'x', 'choices': [choice]})}\n\n".encode())
        if reason:
            usage = {"prompt_tokens": 100, "completion_tokens": 20}
            self.wfile.write(f"data: {json.dumps({'id': 'x', 'choices': [], 'usage': usage})}\n\n".encode())
            self.wfile.write(b"data: [DONE]\n\n")
        self.wfile.flush()


@contextlib.contextmanager
def chat(world: "World", said: Said) -> Iterator[list[dict[str, object]]]:
    """A model `trial/m` that the settings name; it says the steps of the word that a prompt begins with."""
    asked: list[dict[str, object]] = []
    handler = type("Answering", (_Answering,), {"said": said, "asked": asked})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    config = world.home / ".config" / "iterate" / "config.toml"
    config.parent.mkdir(parents=True, exist_ok=True)
    address = f"http://127.0.0.1:{server.server_address[1]}/v1"
    config.write_text(
        f'model = "trial/m"\n[providers.trial]\nbase_url = "{address}"\n[providers.trial.models.m]\n'
        "prices = {input = 1.0, output = 2.0}\n"
    )
    try:
        yield asked
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
    return {**world.environment, "ITERATE_MODEL": ""}


def run(world: "World", *words: str, input_: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """The program in a pipe, in the project."""
    return subprocess.run(
        [world.program, *words],
        env=environment(world),
        cwd=project(world),
        input=input_,
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
    )


class Terminal:
    """The program on a terminal of some size and kind, and what somebody sees there."""

    def __init__(
        self,
        world: "World",
        *words: str,
        columns: int = 80,
        lines: int = 40,
        variables: dict[str, str] | None = None,
        kind: Kind = SILENT,
    ) -> None:
        import fcntl
        import pty
        import struct
        import termios

        self.ours, self.theirs = pty.openpty()
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.child = subprocess.Popen(
            [sys.executable, "-c", _BEGIN, world.program, *words],
            env={**environment(world), "TERM": kind.term, **kind.variables, **(variables or {})},
            cwd=project(world),
            stdin=self.theirs,
            stdout=self.theirs,
            stderr=self.theirs,
            start_new_session=True,
        )
        self.screen = Plain(columns, lines)
        self._kind = kind
        self._asked = b""
        self.raw = b""
        # Every byte, and the sizes in between.
        self.steps: list[Written] = []

    @property
    def text(self) -> str:
        """Everything that is on the screen and above it, a line each."""
        return self.seen.text

    @property
    def seen(self) -> Seen:
        """The same with the place of the cursor."""
        return self.screen.seen()

    def until(self, pattern: str) -> None:
        """Wait for something to be seen."""
        deadline = time.monotonic() + PATIENCE_S
        while not re.search(pattern, self.text):
            assert time.monotonic() < deadline, self.text
            self._read(0.2)

    def wait_for(self, is_so: Callable[[], bool]) -> None:
        """Read on until something is so."""
        deadline = time.monotonic() + PATIENCE_S
        while not is_so():
            assert time.monotonic() < deadline, self.text
            self._read(0.05)

    def pass_time(self, seconds: float) -> None:
        """Read on for so long, where time itself is what matters."""
        until = time.monotonic() + seconds
        self.wait_for(lambda: time.monotonic() > until)

    def end(self) -> int:
        """Its exit code, when it ends by itself; all that it wrote is seen then."""
        deadline = time.monotonic() + PATIENCE_S
        while self.child.poll() is None:
            assert time.monotonic() < deadline, self.text
            self._read(0.1)
        while self._read(0.1):
            pass
        return self.child.returncode

    def type(self, keys: str) -> None:
        os.write(self.ours, keys.encode())

    def resize(self, columns: int, lines: int) -> None:
        """Another size, which the program is told of; what is there is wrapped as real terminals do not all do."""
        import fcntl
        import struct
        import termios

        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.screen.resize(columns, lines)
        self.steps.append((columns, lines))

    def is_cooked(self) -> bool:
        import termios

        mode = termios.tcgetattr(self.theirs)[3]
        return isinstance(mode, int) and bool(mode & termios.ICANON and mode & termios.ECHO and mode & termios.ISIG)

    def close(self) -> None:
        self.child.kill()
        self.child.wait()
        os.close(self.ours)
        os.close(self.theirs)

    def _read(self, pause_s: float) -> bool:
        if not select.select([self.ours], [], [], pause_s)[0]:
            return False
        content = os.read(self.ours, 65536)
        self.raw += content
        self.steps.append(content)
        self.screen.feed(content)
        self._answer(content)
        return True

    def _answer(self, content: bytes) -> None:
        """Answer what was asked; a question that has not come whole waits."""
        self._asked += content
        begun = self._asked.rfind(b"\x1b", max(0, len(self._asked) - 64))
        whole = self._kind.replies(self._asked, self.seen.cursor)
        if whole:
            os.write(self.ours, whole)
            self._asked = b""
        else:
            self._asked = self._asked[begun:] if begun >= 0 else b""


@contextlib.contextmanager
def on_terminal(
    world: "World",
    *words: str,
    columns: int = 80,
    lines: int = 40,
    variables: dict[str, str] | None = None,
    kind: Kind = SILENT,
) -> Iterator[Terminal]:
    shown = Terminal(world, *words, columns=columns, lines=lines, variables=variables, kind=kind)
    try:
        yield shown
    finally:
        shown.close()
