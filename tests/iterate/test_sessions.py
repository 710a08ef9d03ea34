"""The routes of sessions, over a real socket."""

import json
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.iterate.conftest import LiveServer


def test_a_session_begins_with_an_empty_body_or_an_empty_object(server: "LiveServer") -> None:
    for content in (b"", b"{}"):
        answer = server.ask("POST", "/session", content=content, headers={"Content-Type": "application/json"})
        assert answer.status == 200
        assert list(answer.json()) == ["id"]


def test_a_prompt_streams_numbered_events_and_one_ending(server: "LiveServer") -> None:
    session = server.begin()
    with server.stream("POST", f"/session/{session}/prompt", {"text": "one two three"}) as frames:
        got = list(frames)
    events = [json.loads(frame["data"]) for frame in got]
    assert [int(frame["id"]) for frame in got] == [event["number"] for event in events] == list(range(1, 6))
    assert [event["type"] for event in events] == ["prompted", "token", "token", "token", "done"]
    assert "".join(event["text"] for event in events if event["type"] == "token") == "one two three"


def test_the_next_prompt_goes_on_counting(server: "LiveServer") -> None:
    session = server.begin()
    numbers = []
    for text in ("first", "second"):
        with server.stream("POST", f"/session/{session}/prompt", {"text": text}) as frames:
            numbers += [int(frame["id"]) for frame in frames]
    assert numbers == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    "text",
    [
        "naïve 日本語 🎈",
        "two\nlines\r\n\r\nand\ttabs",
        "data: not a frame\n\nid: 7\n\n",
        "\x00\x1b[31m",
        "x" * 1_000_000,
    ],
    ids=["unicode", "newlines", "frames", "controls", "one megabyte"],
)
def test_an_answer_is_the_prompt_to_the_last_character(server: "LiveServer", text: str) -> None:
    session = server.begin()
    with server.stream("POST", f"/session/{session}/prompt", {"text": text}) as frames:
        events = list(frames.events())
    assert "".join(str(event["text"]) for event in events if event["type"] == "token") == text
    assert events[-1]["type"] == "done"


def test_a_second_prompt_to_a_busy_session_is_refused_and_leaves_the_first_alone(
    server: "LiveServer",
) -> None:
    session = server.begin()
    body = {"text": "a b c d", "model": "echo/slow"}
    with server.stream("POST", f"/session/{session}/prompt", body) as frames:
        events = frames.events()
        next(events)
        refused = server.ask("POST", f"/session/{session}/prompt", {"text": "me too"})
        assert (refused.status, refused.error) == (409, "SessionBusy")
        assert [event["type"] for event in events][-1] == "done"


def test_two_sessions_answer_at_the_same_time(server: "LiveServer") -> None:
    body = {"text": "a b c d e", "model": "echo/slow"}
    begun = time.monotonic()
    with (
        server.stream("POST", f"/session/{server.begin()}/prompt", body) as one,
        server.stream("POST", f"/session/{server.begin()}/prompt", body) as other,
    ):
        endings = [list(one.events())[-1]["type"], list(other.events())[-1]["type"]]
    assert endings == ["done", "done"]
    assert time.monotonic() - begun < 0.95


@pytest.mark.parametrize(
    ("body", "status", "name"),
    [
        ({"text": "hi", "model": "nobody/none"}, 400, "ModelUnknown"),
        ({"text": ""}, 400, "BadBody"),
        ({"text": "  \n"}, 400, "BadBody"),
    ],
)
def test_a_prompt_that_cannot_be_answered_is_refused(
    server: "LiveServer", body: dict[str, str], status: int, name: str
) -> None:
    refused = server.ask("POST", f"/session/{server.begin()}/prompt", body)
    assert (refused.status, refused.error) == (status, name)


@pytest.mark.parametrize("session", ["ses_none", "%2e%2e", "a%20b", "x" * 4000])
def test_an_unknown_session_is_not_found(server: "LiveServer", session: str) -> None:
    refused = server.ask("POST", f"/session/{session}/prompt", {"text": "hi"})
    assert (refused.status, refused.error) == (404, "SessionUnknown")


def test_a_client_that_leaves_cancels_its_prompt_and_the_ending_is_kept(server: "LiveServer") -> None:
    session = server.begin()
    body = {"text": "a b c d e f g h i j k l", "model": "echo/slow"}
    with server.stream("GET", "/global/event") as watched:
        seen = watched.events()
        with server.stream("POST", f"/session/{session}/prompt", body) as frames:
            next(frames.events())
        ending = next(event for event in seen if event["type"] in {"done", "failed"})
    assert (ending["type"], ending["reason"]) == ("failed", "cancelled")
    with server.stream("POST", f"/session/{session}/prompt", {"text": "again"}) as frames:
        assert next(frames.events())["number"] == int(ending["number"]) + 1
