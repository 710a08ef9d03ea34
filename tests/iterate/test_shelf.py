"""What a person does with sessions over HTTP: list, search, rename, delete, fork, take back, sum up, carry away."""

import json
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.iterate.conftest import LiveServer, Reply


def answer(server: "LiveServer", session: str, text: str) -> None:
    with server.stream("POST", f"/session/{session}/prompt", {"text": text, "model": "echo/echo"}) as frames:
        assert list(frames.events())[-1]["type"] == "done"


def content(reply: "Reply", name: str) -> object:
    assert reply.status == 200, reply.body
    whole: dict[str, object] = json.loads(reply.body)
    return whole[name]


def rows(reply: "Reply", name: str) -> list[dict[str, object]]:
    found = content(reply, name)
    assert isinstance(found, list)
    return found


def listed(server: "LiveServer", query: str = "") -> list[dict[str, object]]:
    return rows(server.ask("GET", f"/session{query}"), "sessions")


def prompts(server: "LiveServer", session: str) -> list[str]:
    return [str(each["text"]) for each in rows(server.ask("GET", f"/session/{session}"), "prompts")]


def test_a_session_is_listed_under_the_title_of_its_first_prompt_the_newest_first(server: "LiveServer") -> None:
    first, second = server.begin(), server.begin()
    answer(server, first, "# Mend the parser, please\nand more")
    answer(server, second, "hello")
    answer(server, first, "again")
    rows = listed(server)
    assert [(row["id"], row["title"], row["prompts"]) for row in rows] == [
        (first, "Mend the parser, please", 2),
        (second, "hello", 1),
    ]
    assert rows[0]["model"] == "echo/echo"


def test_sessions_are_searched_by_all_words_of_titles_and_prompts(server: "LiveServer") -> None:
    first, second = server.begin(), server.begin()
    answer(server, first, "about apples")
    answer(server, first, "and 100% pears")
    answer(server, second, "about pears_")
    assert [row["id"] for row in listed(server, "?search=apples%20pears")] == [first]
    assert {row["id"] for row in listed(server, "?search=PEARS")} == {first, second}
    # What means something to SQL means itself here.
    assert [row["id"] for row in listed(server, "?search=0%25")] == [first]
    assert [row["id"] for row in listed(server, "?search=s_")] == [second]


def test_pages_of_sessions_hold_each_of_them_once(server: "LiveServer") -> None:
    made = [server.begin() for _ in range(7)]
    found: list[object] = []
    after = ""
    while True:
        page = server.ask("GET", f"/session?limit=3&after={after}")
        found += [row["id"] for row in rows(page, "sessions")]
        after = str(page.json()["next"])
        if not after:
            break
    assert sorted(map(str, found)) == sorted(made)
    assert server.ask("GET", "/session?limit=0").error == "BadQuery"
    assert server.ask("GET", "/session?after=x").error == "BadQuery"


def test_a_session_is_renamed_and_its_readers_see_it(server: "LiveServer") -> None:
    session = server.begin()
    answer(server, session, "hello")
    assert content(server.ask("PATCH", f"/session/{session}", {"title": " Another  one "}), "title") == "Another one"
    with server.stream("GET", f"/session/{session}/event?after=3") as frames:
        event = next(frames.events())
    assert (event["type"], event["number"], event["title"]) == ("session.changed", 4, "Another one")
    answer(server, session, "goes on")
    assert listed(server)[0]["title"] == "Another one"
    assert server.ask("PATCH", f"/session/{session}", {"title": " "}).error == "BadBody"


def test_a_deleted_session_is_gone_with_all_it_held(server: "LiveServer") -> None:
    session = server.begin()
    answer(server, session, "hello")
    with server.stream("GET", "/global/event") as frames:
        events = frames.events()
        next(events)
        assert content(server.ask("DELETE", f"/session/{session}"), "removed") == [session]
        assert next(events) == {"type": "session.removed", "session": session}
    assert listed(server) == []
    assert server.ask("GET", f"/session/{session}").error == "SessionUnknown"
    assert server.ask("DELETE", f"/session/{session}").error == "SessionUnknown"
    assert server.ask("GET", f"/session/{session}/event").error == "SessionUnknown"


@pytest.mark.parametrize("work", [("DELETE", "", None), ("POST", "/revert", {}), ("POST", "/compact", {})])
def test_a_session_that_answers_is_left_alone(server: "LiveServer", work: tuple[str, str, object]) -> None:
    session = server.begin()
    method, path, body = work
    with server.stream("POST", f"/session/{session}/prompt", {"text": "a b c d", "model": "echo/slow"}) as frames:
        next(frames.events())
        assert server.ask(method, f"/session/{session}{path}", body).error == "SessionBusy"


def test_a_fork_holds_what_came_before_a_prompt_and_goes_its_own_way(server: "LiveServer") -> None:
    session = server.begin()
    answer(server, session, "one")
    answer(server, session, "two")
    fork = str(server.ask("POST", f"/session/{session}/fork", {"at": 4}).json()["id"])
    copy = str(server.ask("POST", f"/session/{session}/fork").json()["id"])
    assert (prompts(server, fork), prompts(server, copy)) == (["one"], ["one", "two"])
    answer(server, fork, "three")
    assert (prompts(server, fork), prompts(server, session)) == (["one", "three"], ["one", "two"])
    assert server.ask("POST", f"/session/{session}/fork", {"at": 5}).error == "NotRevertible"


def test_what_was_taken_back_comes_again_until_another_prompt_makes_it_final(server: "LiveServer") -> None:
    session = server.begin()
    for text in ("one", "two", "three"):
        answer(server, session, text)
    path = f"/session/{session}"
    assert content(server.ask("POST", f"{path}/revert", {"to": 4}), "to") == 4
    assert prompts(server, session) == ["one"]
    assert content(server.ask("GET", path), "reverted") == [4, 7]
    assert server.ask("POST", f"{path}/unrevert", {}).status == 200
    assert prompts(server, session) == ["one", "two", "three"]
    assert server.ask("POST", f"{path}/unrevert", {}).error == "NotRevertible"
    server.ask("POST", f"{path}/revert")
    answer(server, session, "four")
    assert prompts(server, session) == ["one", "two", "four"]
    assert server.ask("POST", f"{path}/unrevert", {}).error == "NotRevertible"
    assert server.ask("POST", f"{path}/revert", {"to": 99}).error == "NotRevertible"


def test_an_export_is_imported_as_a_session_of_its_own(server: "LiveServer") -> None:
    session = server.begin()
    answer(server, session, "hello there")
    exported = server.ask("GET", f"/session/{session}/export").json()
    other = str(server.ask("POST", "/session/import", exported).json()["id"])
    assert other != session
    again = rows(server.ask("GET", f"/session/{other}/export"), "events")
    assert [{**event, "session": session} for event in again] == rows(
        server.ask("GET", f"/session/{session}/export"), "events"
    )
    answer(server, other, "goes on")
    assert prompts(server, other) == ["hello there", "goes on"]
    broken = {**exported, "events": [{"type": "done", "number": 2, "session": "x"}]}
    assert server.ask("POST", "/session/import", broken).error == "ExportInvalid"
    assert server.ask("POST", "/session/import", {**exported, "format": 99}).error == "ExportInvalid"
    text = server.ask("GET", f"/session/{session}/markdown").json()["markdown"]
    assert "# hello there" in str(text)


def test_whoever_wrote_an_export_allows_nothing_by_it(server: "LiveServer") -> None:
    session = server.begin()
    answer(server, session, "hello")
    exported = server.ask("GET", f"/session/{session}/export").json()
    prompted, *_, done = rows(server.ask("GET", f"/session/{session}/export"), "events")
    asked = {"session": "x", "id": "per_1"}
    granted: list[dict[str, object]] = [
        {**asked, "type": "permission.asked", "call": "c", "tool": "bash", "why": "", "patterns": ["bash *"]},
        {**asked, "type": "permission.answered", "decision": "session"},
        {**asked, "type": "permission.asked", "call": "c", "tool": "edit", "why": "", "patterns": ["outside *"]},
        {**asked, "type": "permission.answered", "decision": "always"},
    ]
    events = [{**event, "number": number} for number, event in enumerate([prompted, *granted, done], 1)]
    other = str(server.ask("POST", "/session/import", {**exported, "events": events}).json()["id"])
    again = rows(server.ask("GET", f"/session/{other}/export"), "events")
    assert [each["decision"] for each in again if each["type"] == "permission.answered"] == ["once", "once"]


@pytest.mark.parametrize("directory", ["a/b", "..", "/a\0b"])
def test_an_export_names_a_whole_path_or_none(server: "LiveServer", directory: str) -> None:
    exported = {"format": 1, "id": "x", "directory": directory, "events": []}
    assert server.ask("POST", "/session/import", exported).error == "ExportInvalid"


@pytest.mark.parametrize("change", ["../../x", "/etc/passwd", "a\0b", "."])
def test_a_change_that_an_export_names_by_a_path_is_none(server: "LiveServer", change: str) -> None:
    session = server.begin()
    answer(server, session, "hello")
    exported = server.ask("GET", f"/session/{session}/export").json()
    prompted, *_, done = rows(server.ask("GET", f"/session/{session}/export"), "events")
    changed: dict[str, object] = {"type": "files.changed", "session": "x", "call": "c", "change": change, "files": []}
    events = [{**event, "number": number} for number, event in enumerate([prompted, changed, done], 1)]
    other = str(server.ask("POST", "/session/import", {**exported, "events": events}).json()["id"])
    assert server.ask("POST", f"/session/{other}/revert", {}).error == "UndoUnknown"


def test_a_thousand_sessions_are_listed_without_reading_each(server: "LiveServer") -> None:
    for _ in range(1000):
        server.begin()
    took = []
    for _ in range(5):
        begun = time.perf_counter()
        assert len(listed(server, "?limit=1000")) == 1000
        took.append(time.perf_counter() - begun)
    # The best of some, with room for a machine that has other things to do; the number itself is in benchmarks.
    assert min(took) < 0.5


def test_what_was_used_is_counted_by_day_and_model(server: "LiveServer") -> None:
    assert rows(server.ask("GET", "/stats"), "rows") == []
    first, second = server.begin(), server.begin()
    server.begin()
    answer(server, first, "one")
    answer(server, first, "two")
    answer(server, second, "three")
    for by, count in (("day", 1), ("model", 1), ("session", 2)):
        reply = server.ask("GET", f"/stats?days=2&by={by}")
        found = rows(reply, "rows")
        assert len(found) == count
        assert sum(each["prompts"] == 3 for each in found) == (by != "session")
        total = content(reply, "total")
        assert isinstance(total, dict)
        assert (total["sessions"], total["prompts"]) == (2, 3)
    for query in ("days=0", "days=x", "by=week"):
        assert server.ask("GET", f"/stats?{query}").error == "BadQuery"


def test_a_session_is_read_backwards_by_whole_prompts(server: "LiveServer") -> None:
    session = server.begin()
    for text in ("one", "two", "three"):
        answer(server, session, text)
    whole = json.loads(server.ask("GET", f"/session/{session}/export").body)["events"]
    begins = [each["number"] for each in whole if each["type"] == "prompted"]
    last = json.loads(server.ask("GET", f"/session/{session}/earlier?prompts=1").body)
    assert (last["first"], last["above"]) == (begins[2], 2)
    before = json.loads(server.ask("GET", f"/session/{session}/earlier?before={last['first']}").body)
    assert (before["first"], before["above"]) == (begins[0], 0)
    assert [*before["events"], *last["events"]] == whole
    nothing = json.loads(server.ask("GET", f"/session/{session}/earlier?before={before['first']}").body)
    assert (nothing["events"], nothing["first"], nothing["above"]) == ([], 1, 0)
    assert nothing["session"] == json.loads(server.ask("GET", f"/session/{session}").body)["session"]
    assert server.ask("GET", f"/session/{session}/earlier?prompts=0").status == 400
    assert server.ask("GET", f"/session/{session}/earlier?before=x").status == 400
    assert server.ask("GET", "/session/none/earlier").status == 404


def test_a_stream_begins_with_the_last_prompts_that_are_wanted(server: "LiveServer") -> None:
    session = server.begin()
    for text in ("one", "two", "three"):
        answer(server, session, text)
    for count, first in ((1, "three"), (2, "two"), (9, "one")):
        with server.stream("GET", f"/session/{session}/event?last={count}") as frames:
            begun = next(iter(frames.events()))
        parts = begun["parts"]
        assert isinstance(parts, list)
        assert parts[0]["text"] == first
    assert server.ask("GET", f"/session/{session}/event?last=x").status == 400
    assert server.ask("GET", "/session/none/event?last=1").status == 404
