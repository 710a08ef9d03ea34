"""The small worlds that tests live in: a home of their own, a real server in this process, real processes."""

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from iterate import discovery, places, settings
from iterate.discovery import Announcement
from iterate.providers import BUILT_IN, Listed
from iterate.providers.ondemand import OnDemand
from iterate.pty.terminals import Terminals
from iterate.request import Model
from iterate.runtime.kit import Kit
from iterate.runtime.runtime import Runtime
from iterate.server import app, doc, listen
from iterate.server.bulletin import Board, Bulletin
from iterate.server.limits import Limits
from iterate.server.routes import ROUTES
from iterate.tools.tool import Tool

PROGRAM = Path(sys.executable).with_name("iterate")
SECRET = "the secret of these tests"
PATIENCE_S = 60.0


def eventually(is_so: Callable[[], bool]) -> None:
    """Wait until something is so, or fail."""
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline, "it never became so"
        time.sleep(0.01)


@pytest.fixture(scope="session", autouse=True)
def the_root_of_the_machine() -> Iterator[None]:
    """No test writes there: a home that a test only made up must not become a real folder."""
    before = set(Path("/").iterdir())
    yield
    assert set(Path("/").iterdir()) <= before, "a test made something in the root folder of this machine"


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A home folder of its own, and the installed program run in it."""

    home: Path
    children: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def program(self) -> Path:
        return PROGRAM

    @property
    def state(self) -> Path:
        return self.home / "state" / places.folder_name()

    @property
    def data(self) -> Path:
        return self.home / "data" / places.folder_name()

    @property
    def environment(self) -> dict[str, str]:
        return {
            "HOME": str(self.home),
            "XDG_STATE_HOME": str(self.state.parent),
            "XDG_DATA_HOME": str(self.data.parent),
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "ITERATE_MODEL": "echo/echo",
            # Windows looks there for the user's folder, and for its own libraries.
            **({"USERPROFILE": str(self.home), "SYSTEMROOT": os.environ["SYSTEMROOT"]} if os.name == "nt" else {}),
        }

    def run(
        self, *words: str, input_: bytes | None = None, variables: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        """Run the program to its end; without input its standard input is empty."""
        return subprocess.run(
            [PROGRAM, *words],
            env=self.environment | (variables or {}),
            cwd=self.home,
            input=input_ or b"",
            capture_output=True,
            timeout=60,
            check=False,
        )

    def start(self, *words: str, variables: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Run the program beside the test; the test's end ends it."""
        child = subprocess.Popen(
            [PROGRAM, *words],
            env=self.environment | (variables or {}),
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            bufsize=0,
        )
        self.children.append(child)
        return child

    def serve(self, *words: str) -> tuple[subprocess.Popen[bytes], str]:
        """A server in the foreground that is ready, and its ready line."""
        child = self.start("serve", *(words or ("--port", "0")))
        assert child.stdout is not None
        return child, child.stdout.readline().decode()

    def announced(self) -> Announcement:
        """The live server, which there must be."""
        found = discovery.look(self.state)
        assert found is not None, "no server is announced"
        return found

    def servers(self) -> list[int]:
        """The process ids of all servers of this home, by the environment that each process was started with."""
        found = []
        try:
            running = list(psutil.process_iter())
        except IndexError:  # psutil's word for a system that lists none
            return []
        for process in running:
            # Others' processes tell nothing, and some end while they are asked.
            with contextlib.suppress(psutil.Error):
                if process.environ().get("XDG_STATE_HOME") == str(self.state.parent) and "serve" in process.cmdline():
                    found.append(process.pid)
        return found

    def close(self) -> None:
        for child in self.children:
            child.kill()
            child.communicate()
        # A server leaves something in its home, so most tests need not go through all processes.
        for pid in self.servers() if self.state.parent.exists() or self.data.parent.exists() else []:
            with contextlib.suppress(psutil.Error):
                psutil.Process(pid).kill()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """An empty home."""
    home = tmp_path / "home"
    home.mkdir()
    made = World(home=home)
    yield made
    made.close()


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A home whose server runs already, for many commands."""
    made = World(home=tmp_path_factory.mktemp("warm"))
    made.serve()
    yield made
    made.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An HTTP answer, read to its end."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> dict[str, dict[str, str]]:
        content = json.loads(self.body)
        assert isinstance(content, dict)
        return content

    @property
    def error(self) -> str:
        return self.json()["error"]["name"]


class Frames:
    """A stream of server-sent events, frame by frame."""

    def __init__(self, answer: http.client.HTTPResponse) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[dict[str, str]]:
        """Each frame as its fields; a comment has the field of the empty name."""
        fields: dict[str, str] = {}
        deadline = time.monotonic() + PATIENCE_S
        for line in self._answer:
            # Heartbeats would keep a test waiting for ever for an event that does not come.
            assert time.monotonic() < deadline, "the stream went on for too long"
            name, _, value = line.decode().rstrip("\n").partition(":")
            if name or value:
                fields[name] = value.removeprefix(" ")
            else:
                yield fields
                fields = {}

    def events(self) -> Iterator[dict[str, object]]:
        """The data of each frame that has some."""
        for frame in self:
            if "data" in frame:
                content = json.loads(frame["data"])
                assert isinstance(content, dict)
                yield content


def check_documented(method: str, path: str, reply: Reply) -> None:
    """Every error that any test gets from a route must be one that the route says it may fail with."""
    asked = path.partition("?")[0]
    # A path that is one word for word wins over those with parameters, as in the server.
    exact = [route for route in ROUTES if route.path == asked]
    for route in exact or ROUTES:
        pattern = re.sub(r"{\w+}", "[^/]+", route.path)
        is_asked = method in {route.method, "HEAD" if route.method == "GET" else route.method}
        if reply.status >= 400 and reply.body and is_asked and re.fullmatch(pattern, asked):
            names = {failure.__name__ for failure in doc.failures(route)}
            assert reply.error in names, f"add {reply.error} to what {method} {route.path} may fail with"


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveServer:
    """A real server on a loopback port, in a thread of the test's own process."""

    port: int
    runtime: Runtime
    life: "LiveLife"
    store: Path
    tell: Callable[[int], None]

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: dict[str, str] | None = None,
        content: bytes | None = None,
    ) -> Reply:
        """One request with the secret and a JSON body, or with exactly this content."""
        connection = self.connect()
        try:
            answer = self.send(connection, method, path, body, headers=headers, content=content)
            reply = Reply(
                status=answer.status,
                headers={name.lower(): value for name, value in answer.getheaders()},
                body=answer.read(),
            )
            check_documented(method, path, reply)
            return reply
        finally:
            connection.close()

    def send(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: dict[str, str] | None = None,
        content: bytes | None = None,
    ) -> http.client.HTTPResponse:
        sent = {"Authorization": f"Bearer {SECRET}"}
        if content is None and body is not None:
            content = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        connection.request(method, path, body=content, headers=sent | (headers or {}))
        return connection.getresponse()

    @contextlib.contextmanager
    def stream(
        self, method: str, path: str, body: object = None, *, headers: dict[str, str] | None = None
    ) -> Iterator[Frames]:
        """The frames of a streamed answer; leaving closes the connection."""
        connection = self.connect()
        try:
            answer = self.send(connection, method, path, body, headers=headers)
            assert answer.status == 200, answer.read()
            yield Frames(answer)
            answer.close()
        finally:
            connection.close()

    def raw(self, request: bytes) -> bytes:
        """What comes back for these very bytes until the server closes or is done answering."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S) as connection:
            connection.sendall(request)
            received = b""
            while chunk := connection.recv(65536):
                received += chunk
            return received

    def begin(self) -> str:
        """A new session's id."""
        return str(self.ask("POST", "/session", {}).json()["id"])


class LiveLife:
    """A server's life without a discovery file; it notes what was asked of it."""

    def __init__(self, runtime: Runtime, terminals: Terminals) -> None:
        self._runtime = runtime
        self._terminals = terminals
        self.is_ready = threading.Event()
        self.asked: list[float | str] = []

    def ready(self, wake: Callable[[], None]) -> None:  # noqa: ARG002  # Nothing here ends by itself.
        self.is_ready.set()

    def is_wanted(self) -> bool:
        return True

    async def stop(self, patience_s: float) -> None:
        self.asked.append(patience_s)

    async def hand_over(self, version: str) -> None:
        self.asked.append(version)

    async def finish(self, *, at_once: bool) -> None:
        await self._runtime.finish(0 if at_once else 1.0)
        await self._terminals.close()


class Blank:
    """A board with nothing on it."""

    def reserve(self, version: str) -> None:  # noqa: ARG002  # Nobody is told anything.
        return None

    def settle(self, bulletin: Bulletin, *, is_told: bool) -> None:
        raise AssertionError((bulletin, is_told))


@contextlib.contextmanager
def serving(
    store: Path,
    limits: Limits | None = None,
    *,
    models: tuple[Model, ...] = BUILT_IN,
    tools: Sequence[Tool] = (),
    patience_s: float = 5.0,
    board: Board | None = None,
    known: OnDemand | None = None,
    kit: Kit | None = None,
) -> Iterator[LiveServer]:
    """A live server with this store, and the usual limits unless told."""
    kit = kit or Kit(models=Listed(models), tools=tools, default="echo/echo")
    runtime = Runtime(store, kit, patience_s=patience_s)
    runtime.claim()
    with listen.bind("127.0.0.1", 0) as bound:
        # So that a reader who does not read is felt after kilobytes, not megabytes.
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 16)
        address = listen.address_of("127.0.0.1", bound)
        terminals = Terminals()
        life = LiveLife(runtime, terminals)
        keys = app.Keys(SECRET, board or Blank())
        here = settings.read({"HOME": str(store.parent)})
        known = known or OnDemand(here)
        loop = listen.Server(app.build(runtime, terminals, life, here, address, keys, known), life, limits)
        thread = threading.Thread(target=loop.run, args=(bound,))
        thread.start()
        try:
            assert life.is_ready.wait(PATIENCE_S)
            yield LiveServer(
                port=address.port,
                runtime=runtime,
                life=life,
                store=store,
                tell=lambda number: loop.handle_exit(number, None),
            )
        finally:
            loop.handle_exit(signal.SIGINT, None)
            thread.join(PATIENCE_S)
            assert not thread.is_alive()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LiveServer]:
    """A live server of the test's own, with an empty store."""
    with serving(tmp_path / "sessions.db") as made:
        yield made


@pytest.fixture(scope="module")
def gate_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """One live server for many requests that change nothing."""
    with serving(tmp_path_factory.mktemp("gate") / "sessions.db") as made:
        yield made
