"""A home with the program in it, a model that is a script, and what is looked at behind a fault."""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil

SECRET = "0123456789abcdef0123456789abcdef"
PATIENCE_S = 60.0

type Event = dict[str, object]
# What a model says to a request: text and calls of tools, by the number of results that it has seen.
type Script = Callable[[int], list[tuple[str, str | dict[str, object]]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What was tried, how often, what failed of it, and what else was measured."""

    name: str
    tried: int
    failed: int
    said: str = ""
    seconds: float = 0.0


@dataclass(slots=True, kw_only=True)
class World:
    """A home of its own. Every process that is started for it is known by a variable."""

    home: Path
    program: tuple[str, ...]
    children: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "HOME": str(self.home),
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "ITERATE_SECRET": SECRET,
            "FAULTS_WORLD": str(self.home),
        }

    @property
    def state(self) -> Path:
        return next((self.home / ".local" / "state").glob("iterate*"))

    @property
    def data(self) -> Path:
        return next((self.home / ".local" / "share").glob("iterate*"))

    @property
    def project(self) -> Path:
        folder = self.home / "project"
        folder.mkdir(exist_ok=True)
        return folder

    def configure(self, text: str) -> None:
        file = self.home / ".config" / "iterate" / "config.toml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def run(
        self, *words: str, timeout_s: float = 120, variables: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [*self.program, *words],
            env=self.environment | dict(variables or {}),
            cwd=self.project,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout_s,
            check=False,
        )

    def serve(self, *words: str, variables: Mapping[str, str] | None = None) -> "Server":
        child = subprocess.Popen(
            [*self.program, "serve", "--port", "0", *words],
            env=self.environment | dict(variables or {}),
            cwd=self.project,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.children.append(child)
        if child.stdout is None:
            raise SystemExit("no output")
        line = child.stdout.readline().decode()
        if "http" not in line:
            raise SystemExit(f"the server did not start: {line!r} {child.wait()}")
        return Server(world=self, child=child, port=int(line.rsplit(":", 1)[1]))

    def processes(self) -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get("FAULTS_WORLD") == str(self.home) and process.status() != "zombie":
                    found.append(process)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One that runs in the foreground, under the known secret."""

    world: World
    child: subprocess.Popen[bytes]
    port: int

    @contextlib.contextmanager
    def opened(
        self, method: str, path: str, body: object = None, *, timeout_s: float = 60
    ) -> Iterator[http.client.HTTPResponse]:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout_s)) as connection:
            sent = {"Authorization": f"Bearer {SECRET}", "Content-Type": "application/json"}
            connection.request(method, path, None if body is None else json.dumps(body), sent)
            with contextlib.closing(connection.getresponse()) as answer:
                yield answer

    def ask(self, method: str, path: str, body: object = None, *, timeout_s: float = 60) -> dict[str, object]:
        with self.opened(method, path, body, timeout_s=timeout_s) as answer:
            found: dict[str, object] = json.loads(answer.read())
            return found

    def session(self) -> str:
        return str(self.ask("POST", "/session", {"workspace": {"directory": str(self.world.project)}})["id"])

    def prompt(self, session: str, text: str, **more: object) -> Iterator[Event]:
        where = {"directory": str(self.world.project), "environment": self.world.environment}
        body = {"text": text, "workspace": where, **more}
        with self.opened("POST", f"/session/{session}/prompt", body) as answer:
            yield from events(answer)

    def read(self, session: str, after: str = "0") -> Iterator[Event]:
        with self.opened("GET", f"/session/{session}/event?after={after}") as answer:
            yield from events(answer)

    def kill(self) -> None:
        self.child.send_signal(signal.SIGKILL)
        self.child.wait()

    def stop(self) -> None:
        self.child.send_signal(signal.SIGINT)
        self.child.wait(PATIENCE_S)


def events(answer: http.client.HTTPResponse) -> Iterator[Event]:
    """The events of a stream, with their ids as `@`; a stream that breaks off just ends."""
    place = ""
    with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
        for line in answer:
            if line.startswith(b"id:"):
                place = line[3:].decode().strip()
            elif line.startswith(b"data:"):
                yield {**json.loads(line[5:]), "@": place}


def until_ending(stream: Iterator[Event]) -> list[Event]:
    """All events up to the one that ends the answer, or that waits for somebody: nobody is there."""
    found = []
    for event in stream:
        found.append(event)
        if event["type"] in {"done", "failed", "permission.asked"}:
            break
    return found


@contextlib.contextmanager
def world(program: tuple[str, ...]) -> Iterator[World]:
    """An empty home, and the end of all that was started in it."""
    with tempfile.TemporaryDirectory(prefix="faults-", ignore_cleanup_errors=True) as folder:
        made = World(home=Path(folder), program=program)
        try:
            yield made
        finally:
            for child in made.children:
                child.kill()
                child.communicate()
            for process in made.processes():
                with contextlib.suppress(psutil.Error):
                    process.kill()


class _Handler(BaseHTTPRequestHandler):
    """Answers in the chat format what a script says."""

    protocol_version = "HTTP/1.1"
    script: Script

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # The library's name.
        pass

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not body:
            return  # Whoever asked was killed.
        seen = sum(message["role"] == "assistant" for message in json.loads(body)["messages"])
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        with contextlib.suppress(OSError):
            self._say(type(self).script(seen), seen)

    def _say(self, said: list[tuple[str, str | dict[str, object]]], seen: int) -> None:
        calls = 0
        for kind, content in said:
            if isinstance(content, str):
                for word in content.split(" "):
                    self._send({"choices": [{"index": 0, "delta": {"content": word + " "}}]})
                    time.sleep(0.002)
            else:
                function = {"name": kind, "arguments": json.dumps(content)}
                call = {"index": calls, "id": f"call_{seen}_{calls}", "type": "function", "function": function}
                self._send({"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]})
                calls += 1
        self._send({"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls" if calls else "stop"}]})
        self._send({"choices": [], "usage": {"prompt_tokens": 100, "completion_tokens": 20}})
        self.wfile.write(b"data: [DONE]\n\n")

    def _send(self, value: object) -> None:
        self.wfile.write(b"data: " + json.dumps(value).encode() + b"\n\n")
        self.wfile.flush()


@contextlib.contextmanager
def model(script: Script) -> Iterator[str]:
    """A server of the chat format that says what the script says; its address."""
    handler = type("Handler", (_Handler,), {"script": staticmethod(script)})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/v1"
        finally:
            server.shutdown()


def eventually(is_so: Callable[[], bool], patience_s: float = PATIENCE_S) -> bool:
    """Wait until something is so; whether it became so."""
    deadline = time.monotonic() + patience_s
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def source() -> tuple[str, ...]:
    """The program of this checkout."""
    return (sys.executable, "-P", "-m", "iterate")
