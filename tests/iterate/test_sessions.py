"""The routes of sessions, over a real socket."""

import json
import urllib.parse
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.iterate.conftest import Frames, LiveServer


def test_a_session_begins_with_an_empty_body_or_an_empty_object(server: "LiveServer") -> None:
    for content in (b"", b"{}"):
        answer = server.ask("POST", "/session", content=content, headers={"Content-Type": "application/json"})
        assert answer.status == 200
        assert list(answer.json()) == ["id"]


def shown(events: list[dict[str, object]]) -> str:
    """The text of an answer as a client shows it: deltas where they belong, then what a whole part adds."""
    text: dict[object, str] = {}
    for event in events:
        number, part = event.get("number"), event.get("part")
        if event["type"] == "delta":
            assert event["offset"] == len(text.get(number, ""))
            text[number] = text.get(number, "") + str(event["text"])
        elif isinstance(part, dict) and part["type"] == "text":
            assert part["text"].startswith(text.get(number, ""))
            text[number] = part["text"]
    return "".join(text.values())


def stored(frames: list[dict[str, str]]) -> list[dict[str, str]]:
    """The frames of events, without those of deltas."""
    return [frame for frame in frames if "." not in frame["id"]]


def test_a_prompt_streams_numbered_events_and_one_ending(server: "LiveServer") -> None:
    session = server.begin()
    with server.stream("POST", f"/session/{session}/prompt", {"text": "one two three"}) as frames:
        got = list(frames)
    events = [json.loads(frame["data"]) for frame in stored(got)]
    assert [int(frame["id"]) for frame in stored(got)] == [event["number"] for event in events] == [1, 2, 3]
    assert [event["type"] for event in events] == ["prompted", "part", "done"]
    assert shown([json.loads(frame["data"]) for frame in got]) == "one two three"


def test_the_next_prompt_goes_on_counting(server: "LiveServer") -> None:
    session = server.begin()
    numbers = []
    for text in ("first", "second"):
        with server.stream("POST", f"/session/{session}/prompt", {"text": text}) as frames:
            numbers += [int(frame["id"]) for frame in stored(list(frames))]
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
    assert shown(events) == text
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
    body = {"text": " ".join("abcdefghijklmnopqrstuvwxyz"), "model": "echo/slow"}
    first = server.begin()
    with (
        server.stream("POST", f"/session/{first}/prompt", body) as one,
        server.stream("POST", f"/session/{server.begin()}/prompt", body) as other,
    ):
        events = other.events()
        assert "delta" in (event["type"] for event in events)
        # The second has begun to speak, and the first has not ended.
        assert server.ask("POST", f"/session/{first}/prompt", {"text": "me too"}).error == "SessionBusy"
        endings = [list(one.events())[-1]["type"], list(events)[-1]["type"]]
    assert endings == ["done", "done"]


@pytest.mark.parametrize(
    ("body", "status", "name"),
    [
        ({"text": "hi", "model": "nobody/none"}, 400, "ModelUnknown"),
        ({"text": ""}, 400, "BadBody"),
        ({"text": "  \n"}, 400, "BadBody"),
        # A bound in words that the server does not know would be no bound.
        ({"text": "hi", "model": "echo/echo", "limits": {"cost_usd": 1}}, 400, "BadBody"),
        ({"text": "hi", "model": "echo/echo", "workspace": {"directory": "/a\0b"}}, 400, "BadBody"),
    ],
)
def test_a_prompt_that_cannot_be_answered_is_refused(
    server: "LiveServer", body: dict[str, object], status: int, name: str
) -> None:
    refused = server.ask("POST", f"/session/{server.begin()}/prompt", body)
    assert (refused.status, refused.error) == (status, name)


@pytest.mark.parametrize("session", ["ses_none", "%2e%2e", "a%20b", "x" * 4000])
def test_an_unknown_session_is_not_found(server: "LiveServer", session: str) -> None:
    refused = server.ask("POST", f"/session/{session}/prompt", {"text": "hi"})
    assert (refused.status, refused.error) == (404, "SessionUnknown")


def test_a_client_that_leaves_leaves_the_answer_running(server: "LiveServer") -> None:
    session = server.begin()
    body = {"text": "a b c d e", "model": "echo/slow"}
    with server.stream("POST", f"/session/{session}/prompt", body) as frames:
        next(frames.events())
    with server.stream("GET", f"/session/{session}/event") as frames:
        events = []
        for event in frames.events():
            events.append(event)
            if event["type"] in {"done", "failed"}:
                break
    assert events[-1]["type"] == "done"
    assert shown(events) == "a b c d e"


def test_cancelling_is_a_request_of_its_own_and_every_reader_sees_the_ending(server: "LiveServer") -> None:
    session = server.begin()
    body = {"text": "a b c d e f g h i j k l", "model": "echo/slow"}
    with (
        server.stream("POST", f"/session/{session}/prompt", body) as frames,
        server.stream("GET", f"/session/{session}/event?after=1") as other,
    ):
        events = frames.events()
        assert [next(events)["type"], next(events)["type"]] == ["prompted", "delta"]
        assert server.ask("POST", f"/session/{session}/cancel").body == b'{"cancelled":true}'
        ending = list(events)[-1]
        assert (ending["type"], ending["reason"]) == ("failed", "cancelled")
        assert ending in (event for event in other.events() if event["type"] == "failed")
    assert server.ask("POST", f"/session/{session}/cancel").body == b'{"cancelled":false}'
    with server.stream("POST", f"/session/{session}/prompt", {"text": "again"}) as frames:
        assert next(frames.events())["number"] == int(str(ending["number"])) + 1


def test_a_prompt_sent_twice_under_one_id_is_answered_once_and_read_twice(server: "LiveServer") -> None:
    session = server.begin()
    body = {"text": "a b c", "model": "echo/slow", "id": "prm_mine"}
    with (
        server.stream("POST", f"/session/{session}/prompt", body) as frames,
        server.stream("POST", f"/session/{session}/prompt", body) as again,
    ):
        first, second = list(frames.events()), list(again.events())
    with server.stream("POST", f"/session/{session}/prompt", body) as later:
        third = list(later.events())
    assert shown(first) == shown(second) == shown(third) == "a b c"
    assert first[-1] == second[-1] == third[-1] == {"type": "done", "number": 3, "session": session}
    assert third[0]["id"] == "prm_mine"


@pytest.mark.parametrize("directory", ["relative", "./x", "~"])
def test_a_workspace_is_an_absolute_path(server: "LiveServer", directory: str) -> None:
    body = {"text": "hi", "workspace": {"directory": directory}}
    refused = server.ask("POST", f"/session/{server.begin()}/prompt", body)
    assert (refused.status, refused.error) == (400, "BadBody")
    assert "$.workspace.directory" in refused.json()["error"]["message"]


def test_a_session_remembers_its_folder_and_a_prompt_may_name_another(server: "LiveServer") -> None:
    session = str(server.ask("POST", "/session", {"workspace": {"directory": "/home/one"}}).json()["id"])
    folders = []
    for body in ({"text": "hi"}, {"text": "hi", "workspace": {"directory": "/home/two"}}):
        with server.stream("POST", f"/session/{session}/prompt", body) as frames:
            folders += [event["directory"] for event in frames.events() if event["type"] == "prompted"]
    assert folders == ["/home/one", "/home/two"]


@pytest.mark.parametrize("place", ["x", "-1", "1.", ".1", "1.x", "0.1", "1.2.3", "9" * 30, "\u0661"])
def test_a_place_that_is_none_is_refused(server: "LiveServer", place: str) -> None:
    session = server.begin()
    refused = server.ask("GET", f"/session/{session}/event?after={urllib.parse.quote(place)}")
    assert (refused.status, refused.error) == (400, "BadCursor")


def frames_until_ending(frames: "Frames") -> list[dict[str, str]]:
    got = []
    for frame in frames:
        if frame.get("data"):
            got.append(frame)
            if json.loads(frame["data"])["type"] in {"done", "failed"}:
                break
    return got


@pytest.mark.parametrize("is_over", [False, True], ids=["while it runs", "when it is over"])
def test_a_stream_that_is_lost_anywhere_is_taken_up_exactly(server: "LiveServer", *, is_over: bool) -> None:
    session = server.begin()
    text = "one two three four five six"
    with server.stream("POST", f"/session/{session}/prompt", {"text": text, "model": "echo/slow"}) as frames:
        whole = list(frames) if is_over else [frame for _, frame in zip(range(4), frames, strict=False)]
    for index, frame in enumerate(whole):
        headers = {"Last-Event-ID": frame["id"]}
        with server.stream("GET", f"/session/{session}/event", headers=headers) as frames:
            if frame["id"] == whole[-1]["id"] and is_over:
                continue
            rest = frames_until_ending(frames)
        events = [json.loads(frame["data"]) for frame in (*whole[: index + 1], *rest)]
        assert shown(events) == text
        numbers = [event["number"] for event in events if event["type"] != "delta"]
        assert numbers == [1, 2, 3]


def test_a_session_is_read_from_its_beginning_and_the_last_event_id_wins(server: "LiveServer") -> None:
    session = server.begin()
    for text in ("first", "second"):
        with server.stream("POST", f"/session/{session}/prompt", {"text": text}) as frames:
            list(frames)
    with server.stream("GET", f"/session/{session}/event") as frames:
        assert [next(frames.events())["number"] for _ in range(6)] == [1, 2, 3, 4, 5, 6]
    with server.stream("GET", f"/session/{session}/event?after=1", headers={"Last-Event-ID": "5"}) as frames:
        assert next(frames.events())["number"] == 6
    for method in ("GET", "HEAD"):
        assert server.ask(method, "/session/ses_none/event").status == 404
    assert server.ask("HEAD", f"/session/{session}/event").status == 200
