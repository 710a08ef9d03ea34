"""Sessions that go on: resumed, forked, taken back, deleted with those under them, carried away, found again."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
from tests.iterate.conftest import LiveServer, serving
from tests.iterate.scripts import Line, Script, call, step

from iterate import settings
from iterate.events import Json, Piece
from iterate.providers import BUILT_IN, Listed
from iterate.request import Model
from iterate.runtime.kit import Kit
from iterate.server import bodies
from iterate.tools.table import TABLE

type Lines = list[Line]
OVER: Lines = [Piece(text="ok"), *step()]


@contextmanager
def project_server(tmp_path: Path, script: Script) -> Iterator[LiveServer]:
    """A server with all tools, two models that say the same script, and the settings of a home."""
    here = settings.read({"HOME": str(tmp_path / "home")})
    models = Listed((*BUILT_IN, *(Model(name=name, stream=script.stream) for name in ("m/m", "n/n"))))
    (tmp_path / "project").mkdir(exist_ok=True)
    kit = Kit(here, models=models, tools=TABLE, default="echo/echo")
    with serving(tmp_path / "data" / "iterate.db", kit=kit) as server:
        yield server


def begin(server: LiveServer, tmp_path: Path) -> str:
    body = {"workspace": {"directory": str(tmp_path / "project")}}
    return str(server.ask("POST", "/session", body).json()["id"])


def prompt(server: LiveServer, session: str, text: str, **more: object) -> list[dict[str, object]]:
    with server.stream("POST", f"/session/{session}/prompt", {"text": text, **more}) as frames:
        found = [event for event in frames.events() if event["type"] not in {"delta", "tool.output"}]
    assert found[-1]["type"] == "done", found[-1]
    return found


def got(server: LiveServer, session: str) -> dict[str, Json]:
    found: dict[str, Json] = json.loads(server.ask("GET", f"/session/{session}").body)
    return found


def numbers(server: LiveServer, session: str) -> list[int]:
    prompts = got(server, session)["prompts"]
    assert isinstance(prompts, list)
    return [each["number"] for each in prompts]


def write(id_: str, path: str, content: str) -> Lines:
    return [call(f"r{id_}", "read", path=path), call(id_, "write", path=path, content=content), *step("tool_calls")]


def test_a_session_goes_on_with_the_model_and_the_agent_of_its_last_prompt_unless_told_otherwise(
    tmp_path: Path,
) -> None:
    agents = tmp_path / "home" / ".config" / "iterate" / "agents"
    agents.mkdir(parents=True)
    (agents / "careful.md").write_text("---\nmodel: n/n\n---\nBe careful.")
    script = Script(*[OVER] * 8)

    def asked(events: list[dict[str, object]]) -> tuple[object, object]:
        return events[0]["model"], events[0]["agent"]

    with project_server(tmp_path, script) as server:
        session = begin(server, tmp_path)
        assert asked(prompt(server, session, "a")) == ("echo/echo", "build")
        assert asked(prompt(server, session, "b", model="m/m", agent="plan")) == ("m/m", "plan")
        assert asked(prompt(server, session, "c")) == ("m/m", "plan")
        # An agent that is asked for brings its own model, a model alone leaves the agent.
        assert asked(prompt(server, session, "d", agent="careful")) == ("n/n", "careful")
        assert asked(prompt(server, session, "e", model="m/m")) == ("m/m", "careful")
    with project_server(tmp_path, script) as server:
        assert asked(prompt(server, session, "f")) == ("m/m", "careful")
        fork = str(server.ask("POST", f"/session/{session}/fork", {}).json()["id"])
        assert asked(prompt(server, fork, "g")) == ("m/m", "careful")
        assert asked(prompt(server, begin(server, tmp_path), "h")) == ("echo/echo", "build")


def test_a_prompt_under_the_same_id_is_read_again_also_by_the_next_server(tmp_path: Path) -> None:
    script = Script(OVER)
    with project_server(tmp_path, script) as server:
        session = begin(server, tmp_path)
        first = prompt(server, session, "do it", model="m/m", id="prm_mine")
        assert prompt(server, session, "other words", model="m/m", id="prm_mine") == first
    with project_server(tmp_path, script) as server:
        assert prompt(server, session, "do it", model="m/m", id="prm_mine") == first
    assert len(script.requests) == 1


def test_a_fork_at_a_prompt_takes_back_what_it_holds_and_both_know_what_is_on_the_disk(tmp_path: Path) -> None:
    script = Script(
        write("1", "a.txt", "one\n"), OVER, write("2", "a.txt", "two\n"), OVER, write("3", "b.txt", "x\n"), OVER
    )
    project = tmp_path / "project"
    with project_server(tmp_path, script) as server:
        session = begin(server, tmp_path)
        for text in ("first", "second", "third"):
            prompt(server, session, text, model="m/m")
        first, second, third = numbers(server, session)
        fork = str(server.ask("POST", f"/session/{session}/fork", {"at": third}).json()["id"])
        assert numbers(server, fork) == [first, second]
        assert str(got(server, fork)["session"]["title"]).endswith("(fork)")  # type: ignore[index]
        turned = json.loads(server.ask("POST", f"/session/{fork}/revert", {"to": second}).body)
        assert turned["files"] == ["a.txt"]
        assert (project / "a.txt").read_text() == "one\n"
        # For the other one nothing is left to do with it.
        turned = json.loads(server.ask("POST", f"/session/{session}/revert", {"to": second}).body)
        assert turned["files"] == ["b.txt"]
        # Each brings back what it took back itself, and never over somebody's own words.
        (project / "a.txt").write_text("mine\n")
        refused = server.ask("POST", f"/session/{fork}/unrevert", {})
        assert (refused.status, refused.error) == (409, "FilesChangedSince")
        assert json.loads(server.ask("POST", f"/session/{session}/unrevert", {}).body)["files"] == ["b.txt"]
        assert (project / "a.txt").read_text() == "mine\n"
        (project / "a.txt").write_text("one\n")
        assert server.ask("POST", f"/session/{fork}/unrevert", {}).status == 200
        assert (project / "a.txt").read_text() == "two\n"
        assert server.ask("POST", f"/session/{session}/revert", {"to": first}).status == 200
        assert list(project.iterdir()) == []
        assert numbers(server, session) == []
        assert got(server, session)["reverted"] == [first, second, third]
        assert numbers(server, fork) == [first, second]


def test_what_an_agent_below_changed_and_this_one_changed_again_is_taken_back_to_what_was_before(
    tmp_path: Path,
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "a.txt").write_text("zero\n")
    task: Lines = [call("t", "task", agent="general", prompt="write"), *step("tool_calls")]
    script = Script(
        task,
        write("1", "a.txt", "one\n"),
        OVER,
        write("2", "a.txt", "two\n"),
        task,
        write("3", "a.txt", "three\n"),
        OVER,
        OVER,
    )
    with project_server(tmp_path, script) as server:
        session = begin(server, tmp_path)
        prompt(server, session, "go", model="m/m")
        assert (project / "a.txt").read_text() == "three\n"
        diff = json.loads(server.ask("GET", f"/session/{session}/diff").body)["diff"]
        assert "-zero" in diff
        assert "+three" in diff
        assert "one" not in diff
        assert server.ask("POST", f"/session/{session}/revert", {}).status == 200
        assert (project / "a.txt").read_text() == "zero\n"
        assert server.ask("POST", f"/session/{session}/unrevert", {}).status == 200
        assert (project / "a.txt").read_text() == "three\n"


def test_a_session_is_deleted_with_those_under_it_and_what_they_changed_is_named_as_lost_in_a_fork(
    tmp_path: Path,
) -> None:
    task: Lines = [call("t", "task", agent="general", prompt="write"), *step("tool_calls")]
    script = Script(task, write("1", "a.txt", "one\n"), OVER, write("2", "b.txt", "two\n"), OVER)
    project = tmp_path / "project"
    with project_server(tmp_path, script) as server:
        session = begin(server, tmp_path)
        prompt(server, session, "go", model="m/m")
        (child,) = json.loads(server.ask("GET", f"/session?parent={session}").body)["sessions"]
        fork = str(server.ask("POST", f"/session/{session}/fork", {}).json()["id"])
        removed = json.loads(server.ask("DELETE", f"/session/{session}").body)["removed"]
        assert sorted(removed) == sorted([session, child["id"]])
        assert (project / "a.txt").exists()
        refused = server.ask("POST", f"/session/{fork}/revert", {})
        assert (refused.status, refused.error) == (409, "UndoUnknown")
        assert child["id"] in refused.json()["error"]["message"]
        assert (project / "b.txt").exists()
        assert server.ask("POST", f"/session/{fork}/revert", {"leaves_changed": True}).status == 200
        assert not (project / "b.txt").exists()
        assert (project / "a.txt").exists()


def test_a_session_is_not_deleted_while_one_under_it_answers(tmp_path: Path) -> None:
    task: Lines = [call("t", "task", agent="general", prompt="look"), *step("tool_calls")]
    asks: Lines = [call("q", "question", questions=[{"text": "Which?"}]), *step("tool_calls")]
    script = Script(task, OVER, OVER, asks, OVER)
    with project_server(tmp_path, script) as server:
        session = begin(server, tmp_path)
        prompt(server, session, "go", model="m/m")
        (child,) = json.loads(server.ask("GET", f"/session?parent={session}").body)["sessions"]
        with server.stream("POST", f"/session/{child['id']}/prompt", {"text": "more", "model": "m/m"}) as frames:
            for event in frames.events():
                if event["type"] == "question.asked":
                    refused = server.ask("DELETE", f"/session/{session}")
                    assert (refused.status, refused.error) == (409, "SessionBusy")
                    assert server.ask("POST", f"/question/{event['id']}", {"answers": None}).status == 200
        assert len(json.loads(server.ask("DELETE", f"/session/{session}").body)["removed"]) == 2


def test_sessions_are_found_by_their_new_titles_and_by_words_of_their_prompts(tmp_path: Path) -> None:
    with project_server(tmp_path, Script()) as server:
        session = begin(server, tmp_path)
        prompt(server, session, "mend the 100% wrong_thing", model="echo/echo")
        other = begin(server, tmp_path)
        prompt(server, other, "something else", model="echo/echo")
        assert server.ask("PATCH", f"/session/{session}", {"title": " A  better\ttitle "}).status == 200

        def found(words: str) -> list[str]:
            page = json.loads(server.ask("GET", f"/session?search={quote(words)}").body)
            return [row["id"] for row in page["sessions"]]

        assert found("better title") == [session]
        assert found("TITLE better 100%") == [session]
        assert found("wrong_thing") == [session]
        assert found("wrongXthing") == []
        assert found("better else") == []
        fork = str(server.ask("POST", f"/session/{session}/fork", {}).json()["id"])
        assert set(found("better")) == {session, fork}
        assert server.ask("DELETE", f"/session/{session}").status == 200
        assert found("better") == [fork]


def test_an_export_larger_than_other_bodies_is_imported_again_event_for_event(tmp_path: Path) -> None:
    words = "many words of every kind " * 40_000
    with project_server(tmp_path, Script()) as server:
        session = begin(server, tmp_path)
        for _ in range(12):
            prompt(server, session, words, model="echo/echo")
        exported = server.ask("GET", f"/session/{session}/export").body
        assert len(exported) > 2 * bodies.LIMIT_BYTES
        headers = {"Content-Type": "application/json"}
        begun = server.ask("POST", "/session/import", content=exported, headers=headers)
        assert begun.status == 200, begun.body[:300]
        again = json.loads(server.ask("GET", f"/session/{begun.json()['id']}/export").body)
        before = json.loads(exported)
        assert [{**event, "session": ""} for event in again["events"]] == [
            {**event, "session": ""} for event in before["events"]
        ]
        # Elsewhere such a body is refused as before.
        refused = server.ask("POST", f"/session/{session}/prompt", content=exported, headers=headers)
        assert (refused.status, refused.error) == (413, "BodyTooLarge")


@pytest.mark.parametrize("ending", ["revert", "fork"])
def test_after_a_prompt_was_taken_back_the_next_one_may_change_the_files_anew(tmp_path: Path, ending: str) -> None:
    """What the model read before is on the disk no more, and it is told so instead of overwriting."""
    again: Lines = [
        call("4", "edit", path="a.txt", edits=[{"old_text": "one", "new_text": "four"}]),
        *step("tool_calls"),
    ]
    project = tmp_path / "project"
    project.mkdir()
    (project / "a.txt").write_text("one\n")
    script = Script(write("1", "a.txt", "two\n"), OVER, again, OVER)
    with project_server(tmp_path, script) as server:
        session = begin(server, tmp_path)
        prompt(server, session, "go", model="m/m")
        assert server.ask("POST", f"/session/{session}/revert", {}).status == 200
        if ending == "fork":
            session = str(server.ask("POST", f"/session/{session}/fork", {}).json()["id"])
        found = prompt(server, session, "again", model="m/m")
        parts = [event["part"] for event in found if event["type"] == "part"]
        (result,) = [part for part in parts if isinstance(part, dict) and part["type"] == "tool_result"]
        assert result["status"] == "error"
        assert "read it" in str(result).lower()
        assert (project / "a.txt").read_text() == "one\n"


def test_after_a_restart_a_file_has_to_be_read_again_before_it_is_changed(tmp_path: Path) -> None:
    edits = [{"old_text": "two", "new_text": "three"}]
    edit: Lines = [call("e", "edit", path="a.txt", edits=edits), *step("tool_calls")]
    with project_server(tmp_path, Script(write("1", "a.txt", "two\n"), OVER)) as server:
        session = begin(server, tmp_path)
        prompt(server, session, "go", model="m/m")
    reread: Lines = [call("r", "read", path="a.txt"), *step("tool_calls")]
    with project_server(tmp_path, Script(edit, reread, edit, OVER)) as server:
        parts = [event["part"] for event in prompt(server, session, "on") if event["type"] == "part"]
        results = [part for part in parts if isinstance(part, dict) and part["type"] == "tool_result"]
        assert [result["status"] for result in results] == ["error", "ok", "ok"]
        assert "read it first" in results[0]["text"]
    assert (tmp_path / "project" / "a.txt").read_text() == "three\n"
