"""Disposing: what is held is released, and the server goes on."""

import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.iterate.conftest import LiveServer


def test_disposing_answers_true_and_the_next_request_works(server: "LiveServer") -> None:
    session = server.begin()
    answer = server.ask("POST", "/instance/dispose")
    assert (answer.status, answer.body) == (200, b"true")
    with server.stream("POST", f"/session/{session}/prompt", {"text": "still here"}) as frames:
        assert [event["type"] for event in frames.events()][-1] == "done"


def test_disposing_twice_is_as_good_as_once(server: "LiveServer") -> None:
    assert [server.ask("POST", "/instance/dispose").body for _ in range(2)] == [b"true", b"true"]


def test_a_running_prompt_ends_with_failed_and_says_disposed(server: "LiveServer") -> None:
    session = server.begin()
    body = {"text": "a b c d e f g h", "model": "echo/slow"}
    with (
        server.stream("GET", "/global/event") as watched,
        server.stream("POST", f"/session/{session}/prompt", body) as frames,
    ):
        events = frames.events()
        numbers = [next(events)["number"]]
        assert server.ask("POST", "/instance/dispose").body == b"true"
        rest = list(events)
        assert (rest[-1]["type"], rest[-1]["reason"]) == ("failed", "disposed")
        assert [event["type"] for event in rest].count("failed") == 1
        numbers += [event["number"] for event in rest]
        assert numbers == list(range(1, len(numbers) + 1))
        assert any(event["type"] == "instance.disposed" for event in watched.events())


def test_disposing_lets_go_of_the_database(server: "LiveServer") -> None:
    server.begin()
    server.ask("POST", "/instance/dispose")
    # SQLite removes the write-ahead log when the last connection closes.
    assert [path.name for path in server.store.parent.iterdir() if path.name.startswith("sessions")] == ["sessions.db"]


def test_a_locked_database_is_an_honest_503_and_the_server_recovers(server: "LiveServer") -> None:
    session = server.begin()
    rival = sqlite3.connect(server.store, isolation_level=None)
    try:
        rival.execute("BEGIN EXCLUSIVE")
        refused = server.ask("POST", "/session", {})
        assert (refused.status, refused.error) == (503, "StoreUnusable")
        with server.stream("POST", f"/session/{session}/prompt", {"text": "hi"}) as frames:
            events = list(frames.events())
        assert [(event["type"], event["reason"], event["number"]) for event in events] == [("failed", "store", 1)]
    finally:
        rival.execute("ROLLBACK")
        rival.close()
    with server.stream("POST", f"/session/{session}/prompt", {"text": "hi"}) as frames:
        assert list(frames.events())[-1]["type"] == "done"


def test_a_damaged_database_is_an_honest_503(server: "LiveServer") -> None:
    server.store.write_bytes(b"this is no database, " * 500)
    refused = server.ask("POST", "/session", {})
    assert (refused.status, refused.error) == (503, "StoreUnusable")
    assert str(server.store) in refused.json()["error"]["message"]
    assert server.ask("GET", "/global/health").status == 200
