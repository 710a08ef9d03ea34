"""What is lost and what is not: connections, clients, servers, disks."""

import contextlib
import json
import os
import queue
import signal
import socket
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests import limits
from tests.iterate.conftest import SECRET, eventually, serving
from tests.iterate.test_sessions import shown

from iterate import errors, heard
from iterate.client import Client, Workspace, new_prompt
from iterate.discovery import Announcement
from iterate.heard import Heard
from iterate.terminal.answer import AsText

if TYPE_CHECKING:
    import subprocess

    from tests.iterate.conftest import LiveServer, World

WORDS = " ".join("abcdefghijklmnopqrst")


class Cutter:
    """A proxy in front of a server, which cuts each connection after so many bytes of its answer."""

    def __init__(self, port: int, limits: list[int]) -> None:
        self._port = port
        self._limits: queue.Queue[int] = queue.Queue()
        for limit in limits:
            self._limits.put(limit)
        self.cuts = 0

    def serve(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                ours, _ = listener.accept()
                threading.Thread(target=self._pass_on, args=(ours,), daemon=True).start()

    def _pass_on(self, ours: socket.socket) -> None:
        with ours, socket.create_connection(("127.0.0.1", self._port)) as theirs:
            request = ours.recv(1 << 16)
            while b"\r\n\r\n" not in request:
                request += ours.recv(1 << 16)
            # The server wants to be called by its own address.
            here = b"127.0.0.1:%d" % ours.getsockname()[1]
            theirs.sendall(request.replace(here, b"127.0.0.1:%d" % self._port, 1))
            forward = threading.Thread(target=self._forward, args=(ours, theirs), daemon=True)
            forward.start()
            is_stream = b"/prompt " in request or b"/event " in request
            with contextlib.suppress(queue.Empty):
                limit = self._limits.get_nowait() if is_stream else 1 << 30
                self._answer(theirs, ours, limit)
                self.cuts += is_stream
                return
            self._answer(theirs, ours, 1 << 30)

    def _forward(self, ours: socket.socket, theirs: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while more := ours.recv(1 << 16):
                theirs.sendall(more)

    def _answer(self, theirs: socket.socket, ours: socket.socket, limit: int) -> None:
        with contextlib.suppress(OSError):
            while limit > 0 and (piece := theirs.recv(min(limit, 1 << 16))):
                ours.sendall(piece)
                limit -= len(piece)
            ours.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def cut(server: "LiveServer", limits: list[int]) -> Iterator[tuple[Client, Cutter]]:
    """A client of that server, behind a proxy that cuts."""
    cutter = Cutter(server.port, limits)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=cutter.serve, args=(listener,), daemon=True).start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        yield Client(Announcement(url=url, pid=1, version="v", secret=SECRET)), cutter
        listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("limits", [[0], [50], [300, 10, 0], [330, 400, 500, 450], [1000, 300, 350]])
def test_a_connection_that_breaks_anywhere_loses_and_doubles_nothing(
    server: "LiveServer", limits: list[int], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    text = "one two three four five six seven"
    seen: list[Heard] = []
    show = AsText()

    def hear(event: Heard) -> None:
        seen.append(event)
        show(event)

    with cut(server, limits) as (client, cutter):
        session = client.create_session(Workspace("", {}))
        ending = client.exchange(session, new_prompt(text, "echo/slow", Workspace("", {}))).follow(hear)
        assert cutter.cuts == len(limits)
    assert ending.kind == "done"
    events = [json.loads(event.json) for event in seen]
    assert [event["number"] for event in events if event["type"] != "delta"] == [1, 2, 3]
    assert shown(events) == text
    assert capsysbinary.readouterr().out.decode() == f"{text}\n"


def test_a_reader_that_does_not_read_costs_nothing_and_gets_everything_in_the_end(tmp_path: Path) -> None:
    with serving(tmp_path / "iterate.db") as server:
        session = server.begin()
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as slow:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 14)
            slow.sendall(
                f"GET /session/{session}/event HTTP/1.0\r\nHost: localhost\r\n"
                f"Authorization: Bearer {SECRET}\r\n\r\n".encode()
            )
            large = "some words " * 90_000
            for _ in range(5):
                with server.stream("POST", f"/session/{session}/prompt", {"text": large}) as frames:
                    assert list(frames.events())[-1]["type"] == "done"
            # What is kept for the slow reader is its place, and nothing of what it has not read.
            (reading,) = [each for each in server.runtime._readings[session] if not each._until_ending]
            assert not any(isinstance(value, list | bytes | bytearray) for value in vars(reading).values())
            received = b""
            kinds: list[str] = []
            while kinds.count("done") < 5:
                received += slow.recv(1 << 20)
                *lines, received = received.split(b"\n")
                kinds += [heard.read("", line[5:].decode()).kind for line in lines if line.startswith(b"data:")]
    assert [kind for kind in kinds if kind != "delta"] == ["prompted", "part", "done"] * 5


def rows(database: Path, session: str) -> list[dict[str, object]]:
    with closing(sqlite3.connect(database)) as opened:
        query = "SELECT json FROM event WHERE session = ? ORDER BY number"
        return [json.loads(row[0]) for row in opened.execute(query, (session,))]


def events_of(running: "subprocess.Popen[bytes]", most: int) -> list[dict[str, object]]:
    assert running.stdout is not None
    return [json.loads(running.stdout.readline()) for _ in range(most)]


@pytest.mark.processes
def test_a_client_that_is_killed_leaves_its_answer_running(warm: "World") -> None:
    running = warm.start("run", "--format", "stream-json", "--model", "echo/slow", "a b c d e f")
    session = str(events_of(running, 2)[0]["session"])
    running.kill()
    eventually(lambda: len(rows(warm.data / "iterate.db", session)) == 3)
    assert shown(rows(warm.data / "iterate.db", session)) == "a b c d e f"


@pytest.mark.processes
def test_an_output_that_nobody_reads_cancels_the_answer(warm: "World") -> None:
    running = warm.start("run", "--format", "stream-json", "--model", "echo/slow", WORDS)
    session = str(events_of(running, 2)[0]["session"])
    assert running.stdout is not None
    running.stdout.close()
    assert running.wait(20) == errors.OutputClosed.exit_code
    last = rows(warm.data / "iterate.db", session)[-1]
    assert (last["type"], last["reason"]) == ("failed", "cancelled")


@pytest.mark.processes
def test_a_server_that_is_killed_has_stored_all_that_it_told(world: "World") -> None:
    for pieces in (2, 5, 9):
        world.run("server", "start")
        running = world.start("run", "--format", "stream-json", "--model", "echo/slow", WORDS)
        received = events_of(running, pieces)
        os.kill(world.announced().pid, signal.SIGKILL)
        assert running.stdout is not None
        received += [json.loads(line) for line in running.stdout]
        assert running.wait(20) == errors.ServerLost.exit_code
        session = str(received[0]["session"])
        # The next server ends what was cut off, and the session goes on.
        assert world.run("run", "--session", session, "more").stdout == b"more\n"
        stored = rows(world.data / "iterate.db", session)
        assert [event["type"] for event in stored[:3]] == ["prompted", "part", "failed"]
        assert stored[2]["reason"] == "interrupted"
        assert shown(stored[:3]).startswith(shown(received))
        assert [event["number"] for event in stored] == list(range(1, len(stored) + 1))
        world.run("server", "stop")


@pytest.mark.processes
@pytest.mark.skipif(sys.platform != "linux", reason="prlimit fills the disk of one process only")
def test_a_full_disk_is_told_refused_and_heals_by_itself(world: "World") -> None:
    world.run("server", "start", variables=limits.KEEPS_NONE)
    server, database = world.announced().pid, world.data / "iterate.db"
    running = world.start("run", "--format", "stream-json", "--model", "echo/slow", WORDS)
    received = events_of(running, 3)
    session = str(received[0]["session"])
    with limits.files_of(100, server):
        assert running.stdout is not None
        received += [json.loads(line) for line in running.stdout]
        assert running.wait(30) == errors.PromptFailed.exit_code
        assert (received[-1]["type"], received[-1]["reason"]) == ("failed", "store")
        refused = world.run("run", "--format", "stream-json", "hello")
        assert refused.returncode == errors.StoreUnusable.exit_code
        assert world.run("server", "status").returncode == 0
    eventually(lambda: rows(database, session)[-1:] == received[-1:])
    assert rows(database, session) == [event for event in received if event["type"] != "delta"]
    assert world.run("run", "--session", session, "more").stdout == b"more\n"
    assert world.announced().pid == server
    with closing(sqlite3.connect(database)) as opened:
        assert opened.execute("SELECT count(*) FROM running").fetchone() == (0,)


@pytest.mark.processes
def test_two_servers_never_share_a_database(world: "World") -> None:
    world.run("server", "start")
    running = world.start("run", "--format", "stream-json", "--model", "echo/slow", "a b c d e f g h")
    session = str(events_of(running, 2)[0]["session"])
    other = {"XDG_STATE_HOME": str(world.home / "other")}
    refused = world.run("run", "hello", variables=other)
    assert refused.returncode != 0
    assert b"another server of this user has this database open" in refused.stderr
    assert b"Traceback" not in refused.stderr
    served = world.start("serve", "--port", "0", variables=other)
    assert served.wait(20) == errors.StoreTaken.exit_code
    assert running.wait(20) == 0
    assert [event["type"] for event in rows(world.data / "iterate.db", session)] == ["prompted", "part", "done"]


@pytest.mark.processes
def test_a_state_folder_that_is_removed_ends_no_answer(world: "World") -> None:
    import shutil

    world.run("server", "start")
    running = world.start("run", "--format", "stream-json", "--model", "echo/slow", "a b c d e f g h")
    session = str(events_of(running, 2)[0]["session"])
    shutil.rmtree(world.state)
    time.sleep(0.1)
    world.run("run", "hello")
    assert running.wait(20) == 0
    assert [event["type"] for event in rows(world.data / "iterate.db", session)] == ["prompted", "part", "done"]
