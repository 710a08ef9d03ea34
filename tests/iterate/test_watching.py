"""The stream of everything."""

import asyncio
import socket
import time
from typing import TYPE_CHECKING

from iterate import events
from iterate.events import SessionCreated
from iterate.runtime.watching import LIMIT_BYTES, Watcher, Watchers

if TYPE_CHECKING:
    from tests.iterate.conftest import LiveServer


def test_it_begins_with_server_connected_and_carries_every_session(server: "LiveServer") -> None:
    with server.stream("GET", "/global/event") as frames:
        events = frames.events()
        assert next(events)["type"] == "server.connected"
        sessions = [server.begin(), server.begin()]
        created = [
            {"type": "session.created", "session": session, "directory": "", "parent": ""} for session in sessions
        ]
        assert [next(events), next(events)] == created
        for session in sessions:
            server.ask("POST", f"/session/{session}/prompt", {"text": "hi"})
            kinds = []
            while "done" not in kinds:
                event = next(events)
                assert event["session"] == session
                if event["type"] != "delta":
                    kinds.append(event["type"])
            assert kinds == ["prompted", "part", "done"]


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
        session, large = server.begin(), "some words " * 90_000
        for _ in range(8):
            server.ask("POST", f"/session/{session}/prompt", {"text": large})
        received = b""
        deadline = time.monotonic() + 60
        while chunk := connection.recv(1 << 20):
            received += chunk
            assert time.monotonic() < deadline, "it was never dropped"
        assert len(received) < LIMIT_BYTES + (4 << 20)
    assert b'{"type":"server.overflow"}' in received
    assert received.rstrip().endswith(b"0")


def entry(text: str) -> "events.Entry[events.Watched]":
    return events.entry(SessionCreated(session=text, directory=""))


async def drained(watcher: Watcher) -> list[str]:
    names: list[str] = []
    while (entries := await watcher.next(1.0)) is not None:
        names += [getattr(line.event, "session", "the end") for line in entries]
    return names


def test_entries_come_in_order_and_the_last_one_comes_last() -> None:
    async def main() -> list[str]:
        watcher = Watcher()
        for name in ("a", "b"):
            watcher.offer(entry(name))
        watcher.close(entry("last"))
        watcher.offer(entry("too late"))
        return await drained(watcher)

    assert asyncio.run(main()) == ["a", "b", "last"]


def test_what_a_watcher_does_not_read_is_bounded_in_bytes() -> None:
    async def main() -> list[str]:
        watchers, watcher = Watchers(), Watcher(limit=10_000)
        watchers.join(watcher)
        for _ in range(1000):
            watchers.tell([entry("x" * 1000)])
        return await drained(watcher)

    assert asyncio.run(main()) == ["x" * 1000] * 7 + ["the end"]


def test_what_was_read_makes_room_again() -> None:
    async def main() -> bool:
        watcher = Watcher(limit=10_000)
        for _ in range(100):
            watcher.offer(entry("x" * 5000))
            await watcher.next(1.0)
        return watcher.is_closed

    assert not asyncio.run(main())


def test_one_entry_that_is_larger_than_the_bound_is_not_lost() -> None:
    async def main() -> list[str]:
        watcher = Watcher(limit=100)
        watcher.offer(entry("x" * 1000))
        watcher.close()
        return await drained(watcher)

    assert asyncio.run(main()) == ["x" * 1000]


def test_silence_is_nothing_and_a_watcher_that_left_hears_nothing() -> None:
    async def main() -> list[str]:
        watchers, watcher = Watchers(), Watcher()
        assert await watcher.next(0.01) == ()
        watchers.join(watcher)
        watchers.leave(watcher)
        watchers.tell([entry("x")])
        watchers.close(entry("last"))
        watcher.close()
        return await drained(watcher)

    assert asyncio.run(main()) == []
