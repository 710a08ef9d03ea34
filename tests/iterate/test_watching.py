"""The stream of everything."""

import socket
import time
from typing import TYPE_CHECKING

from iterate.server.watching import LIMIT_FRAMES

if TYPE_CHECKING:
    from tests.iterate.conftest import LiveServer


def test_it_begins_with_server_connected_and_carries_every_session(server: "LiveServer") -> None:
    with server.stream("GET", "/global/event") as frames:
        events = frames.events()
        assert next(events)["type"] == "server.connected"
        sessions = [server.begin(), server.begin()]
        assert [next(events), next(events)] == [{"type": "session.created", "session": session} for session in sessions]
        for session in sessions:
            server.ask("POST", f"/session/{session}/prompt", {"text": "hi"})
            kinds = [(event["session"], event["type"]) for _, event in zip(range(3), events, strict=False)]
            assert kinds == [(session, "prompted"), (session, "token"), (session, "done")]


def test_two_readers_both_see_everything(server: "LiveServer") -> None:
    with server.stream("GET", "/global/event") as one, server.stream("GET", "/global/event") as other:
        server.begin()
        for frames in (one, other):
            events = frames.events()
            assert [next(events)["type"], next(events)["type"]] == ["server.connected", "session.created"]


def test_a_head_request_ends_at_once(server: "LiveServer") -> None:
    answer = server.ask("HEAD", "/global/event")
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["content-type"].startswith("text/event-stream")


def test_a_reader_that_never_reads_is_dropped_with_a_closing_event(server: "LiveServer") -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        connection.sendall(
            b"GET /global/event HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            b"Authorization: Bearer the secret of these tests\r\n\r\n"
        )
        begun = b""
        while b"server.connected" not in begun:
            begun += connection.recv(65536)
        session, large = server.begin(), "some words " * 20_000
        for _ in range(LIMIT_FRAMES // 256 * 2):
            server.ask("POST", f"/session/{session}/prompt", {"text": large})
        received = b""
        deadline = time.monotonic() + 20
        while chunk := connection.recv(1 << 20):
            received += chunk
            assert time.monotonic() < deadline, "it was never dropped"
    assert b'{"type":"server.overflow"}' in received
    assert received.rstrip().endswith(b"0")
