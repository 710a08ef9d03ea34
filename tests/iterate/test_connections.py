"""Connections in number and in time: nobody without the secret keeps the owner out, and nobody waits for ever."""

import contextlib
import json
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec import structs
from tests.iterate.conftest import eventually, serving

from iterate.server.limits import Limits, for_files

if TYPE_CHECKING:
    from tests.iterate.conftest import LiveServer, World

SECRET = "the secret of these tests"
HEALTH = b"GET /global/health HTTP/1.1\r\nHost: localhost\r\n\r\n"
STREAM = f"GET /global/event HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {SECRET}\r\n\r\n".encode()
POST = (
    f"POST /session HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {SECRET}\r\n"
    "Content-Type: application/json\r\nContent-Length: 4\r\n\r\n{"
).encode()
# Every phase a little different, so that a test sees which one ended the connection.
QUICK = Limits(head_s=0.3, body_s=0.5, idle_s=0.7, untrusted_answer_s=0.9, closing_s=0.4, sweep_s=0.02)
FEW = structs.replace(QUICK, head_s=60, idle_s=60, total=12, untrusted=6)


@contextlib.contextmanager
def connected(server: "LiveServer") -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        yield connection


@pytest.fixture
def quick(tmp_path: Path) -> "Iterator[LiveServer]":
    with serving(tmp_path / "sessions.db", QUICK) as made:
        yield made


@pytest.fixture
def few(tmp_path: Path) -> "Iterator[LiveServer]":
    with serving(tmp_path / "sessions.db", FEW) as made:
        yield made


def rest(connection: socket.socket) -> tuple[bytes, float]:
    """All that still comes until the server closes, and how long that took."""
    begun = time.monotonic()
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while chunk := connection.recv(65536):
            received += chunk
    return received, time.monotonic() - begun


def until(connection: socket.socket, mark: bytes) -> bytes:
    """What comes, up to and with the mark, or all there is."""
    received = b""
    while mark not in received and (chunk := connection.recv(65536)):
        received += chunk
    return received


def error(received: bytes) -> str:
    return str(json.loads(received.partition(b"\r\n\r\n")[2])["error"]["name"])


def test_a_connection_that_says_nothing_is_closed(quick: "LiveServer") -> None:
    with connected(quick) as connection:
        received, seconds = rest(connection)
    assert received == b""
    assert seconds < 8


def test_a_head_that_trickles_is_too_slow_however_often_a_byte_comes(quick: "LiveServer") -> None:
    with connected(quick) as connection:
        connection.sendall(b"GET /")
        with contextlib.suppress(OSError):
            for _ in range(40):
                time.sleep(0.02)
                connection.sendall(b"a")
        received, _ = rest(connection)
    assert received.startswith(b"HTTP/1.1 408 ")
    assert error(received) == "RequestTooSlow"


def test_a_body_that_stops_is_too_slow(quick: "LiveServer") -> None:
    with connected(quick) as connection:
        connection.sendall(POST)
        received, seconds = rest(connection)
    assert received.startswith(b"HTTP/1.1 408 ")
    assert error(received) == "RequestTooSlow"
    assert seconds > QUICK.body_s / 2


def test_a_slow_body_that_goes_on_is_waited_for(quick: "LiveServer") -> None:
    with connected(quick) as connection:
        connection.sendall(POST.replace(b"Length: 4", b"Length: 5"))
        for part in (b" ", b" ", b" ", b"}"):
            time.sleep(QUICK.body_s * 0.6)
            connection.sendall(part)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_between_requests_a_connection_is_closed_when_nothing_comes(quick: "LiveServer") -> None:
    with connected(quick) as connection:
        for _ in range(2):
            connection.sendall(HEALTH)
            assert until(connection, b"}").startswith(b"HTTP/1.1 200 ")
            time.sleep(QUICK.idle_s * 0.5)
        received, _ = rest(connection)
    assert received == b""


def test_a_stream_with_the_secret_has_no_time_limit(quick: "LiveServer") -> None:
    with connected(quick) as connection:
        connection.sendall(STREAM)
        until(connection, b"server.connected")
        time.sleep(1.5)
        quick.begin()
        assert b"session.created" in until(connection, b"session.created")


def test_answers_that_nobody_reads_end_the_connection(quick: "LiveServer") -> None:
    with connected(quick) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(0.2)
        sent = 0
        with contextlib.suppress(OSError):
            while sent < 200_000:
                connection.sendall(HEALTH * 100)
                sent += 100
        time.sleep(3 * QUICK.untrusted_answer_s)
        # A server that had only waited would go on now, and answer what it has received.
        connection.settimeout(20)
        answers = 0
        with contextlib.suppress(ConnectionError):
            while received := connection.recv(1 << 16):
                answers += received.count(b"HTTP/1.1 200")
        assert answers < sent


def test_a_body_that_never_ends_after_a_refusal_is_cut_off(tmp_path: Path) -> None:
    limits = structs.replace(QUICK, closing_s=60, discard_bytes=1 << 20)
    with serving(tmp_path / "sessions.db", limits) as server, connected(server) as connection:
        connection.sendall(b"POST /session HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999\r\n\r\n")
        with pytest.raises(OSError, match=r"reset|Broken|aborted"):  # noqa: PT012
            for _ in range(1000):
                connection.sendall(b"x" * 65536)


def test_idle_connections_keep_nobody_out(few: "LiveServer") -> None:
    with contextlib.ExitStack() as stack:
        idle = [stack.enter_context(connected(few)) for _ in range(5 * FEW.total)]
        assert few.ask("POST", "/session", {}).status == 200
        # The oldest had to go.
        assert rest(idle[0])[0] == b""


def test_a_trusted_stream_outlives_any_number_of_idle_connections(few: "LiveServer") -> None:
    with contextlib.ExitStack() as stack:
        stream = stack.enter_context(connected(few))
        stream.sendall(STREAM)
        until(stream, b"server.connected")
        for _ in range(5 * FEW.total):
            stack.enter_context(connected(few))
        few.begin()
        assert b"session.created" in until(stream, b"session.created")


def test_when_all_are_trusted_a_new_one_is_told_that_the_server_is_busy(few: "LiveServer") -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(FEW.total):
            stream = stack.enter_context(connected(few))
            stream.sendall(STREAM)
            until(stream, b"server.connected")
        late = stack.enter_context(connected(few))
        late.sendall(HEALTH)
        received, _ = rest(late)
    assert received.startswith(b"HTTP/1.1 503 ")
    assert error(received) == "ServerBusy"
    eventually(lambda: few.ask("GET", "/global/health").status == 200)


@pytest.mark.parametrize("files", [32, 64, 256, 1024, 4096, 1 << 20])
def test_connections_leave_files_for_the_rest_of_the_server(files: int) -> None:
    limits = for_files(files)
    assert 1 <= limits.untrusted < limits.total <= files - 20


@pytest.mark.processes
@pytest.mark.systems("linux", "darwin")
def test_more_idle_connections_than_files_stop_no_command(world: "World") -> None:
    import psutil

    limited = subprocess.Popen(
        ["bash", "-c", f"ulimit -n 128; exec {world.program} serve --port 0"],
        env=world.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    world.children.append(limited)
    assert limited.stdout is not None
    limited.stdout.readline()
    port = int(world.announced().url.rpartition(":")[2])
    with contextlib.ExitStack() as stack:
        for _ in range(400):
            stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20))
        begun = time.monotonic()
        assert world.run("run", "hello").stdout == b"hello\n"
        assert time.monotonic() - begun < 30
        process = psutil.Process(limited.pid)
        before = process.cpu_times().user + process.cpu_times().system
        time.sleep(2)
        assert process.cpu_times().user + process.cpu_times().system - before < 0.4
    limited.terminate()
    _, log = limited.communicate(timeout=20)
    assert len(log) < 1000
