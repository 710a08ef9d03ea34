"""What waits for a person's word, over HTTP: any client may answer, the first one counts, and all see it."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.iterate.conftest import serving
from tests.iterate.runtimes import model
from tests.iterate.scripts import PUT, Line, Script, acting, call, results, step

from iterate import settings
from iterate.asks import AskedFile
from iterate.errors import AlreadyAnswered, RequestUnknown
from iterate.events import Json, Piece
from iterate.permissions.need import Need
from iterate.providers import Listed
from iterate.runtime.kit import Kit
from iterate.tools.question import QUESTION
from iterate.tools.table import TABLE
from iterate.tools.tool import Result, Work

if TYPE_CHECKING:
    from tests.iterate.conftest import LiveServer

CLIENTS = 8
# Patterns of what was not asked, of nothing, none, and some beside a word that is not kept.
WRONG: tuple[tuple[list[str], str], ...] = (
    (["bash *"], "session"),
    (["fetch"], "session"),
    ([], "always"),
    (["fetch *"], "once"),
)
QUESTIONS: list[Json] = [{"text": "Which colour?", "choices": ["red", "blue"]}, {"text": "Why?"}]


@contextmanager
def asking(tmp_path: Path, *steps: list[Line]) -> Iterator[tuple["LiveServer", Script]]:
    """A server whose model says this, with tools that ask."""
    script = Script(*steps)
    tools = (PUT, QUESTION)
    with serving(tmp_path / "data" / "iterate.db", models=(model(script.stream),), tools=tools) as server:
        yield server, script


def begin(server: "LiveServer", folder: Path) -> str:
    folder.mkdir(exist_ok=True)
    session = str(server.ask("POST", "/session", {"workspace": {"directory": str(folder)}}).json()["id"])
    with server.stream("POST", f"/session/{session}/prompt", {"text": "do it", "model": "m/m"}) as frames:
        for event in frames.events():
            if event["type"] in {"permission.asked", "question.asked", "done", "failed"}:
                break
    return session


def waiting(server: "LiveServer", kind: str, session: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = json.loads(server.ask("GET", f"/{kind}?session={session}").body)[f"{kind}s"]
    return rows


def ended(server: "LiveServer", session: str) -> list[dict[str, object]]:
    """All that a reader of the session sees, to the ending of its last prompt."""
    found = []
    with server.stream("GET", f"/session/{session}/event?after=0") as frames:
        for event in frames.events():
            if event["type"] not in {"delta", "tool.output"}:
                found.append(event)
            if event["type"] in {"done", "failed"}:
                break
    return found


def race(server: "LiveServer", path: str, bodies: list[object]) -> list[tuple[int, str]]:
    """What each of these clients is told, who all answer in one moment."""
    start = threading.Barrier(len(bodies))

    def answer(body: object) -> tuple[int, str]:
        start.wait()
        reply = server.ask("POST", path, body)
        return reply.status, "" if reply.status == 200 else reply.error

    with ThreadPoolExecutor(len(bodies)) as pool:
        return list(pool.map(answer, bodies))


def test_of_many_clients_that_permit_and_deny_one_counts_and_every_reader_sees_whose_word(tmp_path: Path) -> None:
    with asking(
        tmp_path, [call("c1", "put", path="b", text="new"), *step("tool_calls")], [Piece(text="ok"), *step()]
    ) as (server, script):
        session = begin(server, tmp_path / "project")
        (row,) = waiting(server, "permission", session)
        assert (row["session"], row["call"], row["tool"]) == (session, "c1", "put")
        assert waiting(server, "permission", "ses_other") == []
        readers = ThreadPoolExecutor(2)
        seen = [readers.submit(ended, server, session) for _ in range(2)]
        bodies: list[object] = [
            {"decision": "deny" if number % 2 else "once", "message": f"client {number}"} for number in range(CLIENTS)
        ]
        told = race(server, f"/permission/{row['id']}", bodies)
        (winner,) = [number for number, (status, _) in enumerate(told) if status == 200]
        assert {name for number, (_, name) in enumerate(told) if number != winner} == {AlreadyAnswered.__name__}
        assert {status for number, (status, _) in enumerate(told) if number != winner} == {409}
        one, other = (each.result() for each in seen)
        readers.shutdown()
        assert one == other
        (answered,) = [event for event in one if event["type"] == "permission.answered"]
        expected = "deny" if winner % 2 else "once"
        assert (answered["id"], answered["decision"]) == (row["id"], expected)
        assert answered["message"] == f"client {winner}"
        (asked,) = [event for event in one if event["type"] == "permission.asked"]
        # The list says the same as the stream, its number in the session included.
        assert row == asked
        assert (tmp_path / "project" / "b").exists() == (expected == "once")
        assert results(script.requests[1])[0].status == ("ok" if expected == "once" else "denied")
        assert waiting(server, "permission", session) == []
        late = server.ask("POST", f"/permission/{row['id']}", {"decision": "once"})
        assert (late.status, late.error) == (409, AlreadyAnswered.__name__)
        never = server.ask("POST", "/permission/per_none", {"decision": "once"})
        assert (never.status, never.error) == (404, RequestUnknown.__name__)


def test_who_asks_why_and_by_which_rule_is_told_and_what_is_remembered_can_be_written_otherwise(
    tmp_path: Path,
) -> None:
    steps: list[list[Line]] = [[call(f"c{n}", "put", path=f"d/{n}", text="new"), *step("tool_calls")] for n in range(3)]
    with asking(tmp_path, *steps, [Piece(text="ok"), *step()]) as (server, _):
        session = begin(server, tmp_path / "project")
        (row,) = waiting(server, "permission", session)
        assert (row["asker"], row["agent"]) == (session, "build")
        needs = row["needs"]
        assert isinstance(needs, list)
        (need,) = needs
        assert (need["deed"], need["subject"], need["action"], need["command"]) == ("fetch", "d/0", "ask", "")
        assert (need["pattern"], need["source"], need["file"]) == ("*", "built-in", "")
        path = f"/permission/{row['id']}"
        for patterns, decision in (
            (["bash *"], "session"),
            (["edit"], "session"),
            ([], "always"),
            (["fetch *"], "once"),
        ):
            said = server.ask("POST", path, {"decision": decision, "patterns": patterns})
            assert (said.status, said.error) == (400, "BadBody"), patterns
        assert server.ask("POST", path, {"decision": "session", "patterns": ["fetch *"]}).status == 200
        # The others are not asked for: the pattern that was written fits them too.
        found = ended(server, session)
        assert [event["id"] for event in found if event["type"] == "permission.asked"] == [row["id"]]
        (answered,) = [event for event in found if event["type"] == "permission.answered"]
        assert (answered["patterns"], answered["files"]) == (["fetch *"], None)


def test_of_the_files_that_are_asked_about_some_are_taken_and_those_of_a_group_together(tmp_path: Path) -> None:
    async def offer(work: Work) -> Result:
        files = [AskedFile(path=path, kind="added", group=group) for path, group in (("a", 0), ("b", 1), ("c", 1))]
        need = Need(deed="bash", subject="make", is_grave=True)
        verdict = await work.person.permit([need], "take them?", "", files)
        return Result(text=f"{verdict.files}")

    script = Script([call("c1", "offer", path="x"), *step("tool_calls")], [Piece(text="ok"), *step()])
    tools = (acting("offer", offer),)
    with serving(tmp_path / "data" / "iterate.db", models=(model(script.stream),), tools=tools) as server:
        session = begin(server, tmp_path / "project")
        (row,) = waiting(server, "permission", session)
        files = row["files"]
        assert isinstance(files, list)
        assert [(each["path"], each["group"]) for each in files] == [("a", 0), ("b", 1), ("c", 1)]
        path = f"/permission/{row['id']}"
        for wrong in (["b"], ["z"], ["a", "c"], []):
            assert server.ask("POST", path, {"decision": "once", "files": wrong}).status == 400
        assert server.ask("POST", path, {"decision": "deny", "files": ["a"]}).status == 400
        # What asks every time is remembered for nothing, whatever the answer names.
        patterned = server.ask("POST", path, {"decision": "always", "patterns": ["bash *"]})
        assert (patterned.status, patterned.error) == (400, "BadBody")
        assert server.ask("POST", path, {"decision": "once", "files": ["c", "b"]}).status == 200
        (answered,) = [event for event in ended(server, session) if event["type"] == "permission.answered"]
        assert answered["files"] == ["c", "b"]
        assert results(script.requests[1])[0].text == "('c', 'b')"


def test_questions_take_a_row_for_each_from_the_first_who_answers(tmp_path: Path) -> None:
    with asking(
        tmp_path, [call("c1", "question", questions=QUESTIONS), *step("tool_calls")], [Piece(text="ok"), *step()]
    ) as (server, script):
        session = begin(server, tmp_path / "project")
        (row,) = waiting(server, "question", session)
        path = f"/question/{row['id']}"
        short = server.ask("POST", path, {"answers": [["red"]]})
        assert (short.status, short.error) == (400, "BadBody")
        bodies: list[object] = [{"answers": [["red"], [f"client {number}"]]} for number in range(CLIENTS)]
        told = race(server, path, bodies)
        (winner,) = [number for number, (status, _) in enumerate(told) if status == 200]
        assert sorted(status for status, _ in told) == [200] + [409] * (CLIENTS - 1)
        found = ended(server, session)
        (answered,) = [event for event in found if event["type"] == "question.answered"]
        assert answered["answers"] == [["red"], [f"client {winner}"]]
        assert f"client {winner}" in results(script.requests[1])[0].text
        assert found[-1]["type"] == "done"


def test_who_will_not_answer_says_so_and_the_model_goes_on(tmp_path: Path) -> None:
    with asking(
        tmp_path, [call("c1", "question", questions=QUESTIONS), *step("tool_calls")], [Piece(text="ok"), *step()]
    ) as (server, script):
        session = begin(server, tmp_path / "project")
        (row,) = waiting(server, "question", session)
        assert server.ask("POST", f"/question/{row['id']}", {"answers": None}).status == 200
        assert ended(server, session)[-1]["type"] == "done"
        assert "did not want to answer" in results(script.requests[1])[0].text


@pytest.mark.parametrize("kind", ["permission", "question"])
def test_an_abort_withdraws_what_is_asked(tmp_path: Path, kind: str) -> None:
    asks = (
        call("c1", "put", path="b", text="x") if kind == "permission" else call("c1", "question", questions=QUESTIONS)
    )
    with asking(tmp_path, [asks, *step("tool_calls")]) as (server, _):
        session = begin(server, tmp_path / "project")
        (row,) = waiting(server, kind, session)
        assert json.loads(server.ask("POST", f"/session/{session}/cancel").body) == {"cancelled": True}
        last = ended(server, session)[-1]
        assert (last["type"], last["reason"]) == ("failed", "cancelled")
        assert waiting(server, kind, session) == []
        body: object = {"decision": "once"} if kind == "permission" else {"answers": None}
        late = server.ask("POST", f"/{kind}/{row['id']}", body)
        assert (late.status, late.error) == (409, AlreadyAnswered.__name__)
        assert not (tmp_path / "project" / "b").exists()


@pytest.mark.parametrize("kind", ["permission", "question"])
def test_a_server_that_ends_while_it_asks_ends_the_answer_and_the_next_one_asks_nothing(
    tmp_path: Path, kind: str
) -> None:
    asks = (
        call("c1", "put", path="b", text="x") if kind == "permission" else call("c1", "question", questions=QUESTIONS)
    )
    with asking(tmp_path, [asks, *step("tool_calls")]) as (server, _):
        session = begin(server, tmp_path / "project")
        (row,) = waiting(server, kind, session)
    with asking(tmp_path, [Piece(text="again"), *step()]) as (server, _):
        assert waiting(server, kind, session) == []
        body: object = {"decision": "once"} if kind == "permission" else {"answers": None}
        late = server.ask("POST", f"/{kind}/{row['id']}", body)
        assert (late.status, late.error) == (404, RequestUnknown.__name__)
        found = ended(server, session)
        assert (found[-1]["type"], found[-1]["reason"]) == ("failed", "stopping")
        # Each call has its one result, and the session takes the next prompt.
        assert sum(event["type"] == "part" and event["part"]["type"] == "tool_result" for event in found) == 1  # type: ignore[index]
        with server.stream("POST", f"/session/{session}/prompt", {"text": "go on", "model": "m/m"}) as frames:
            assert [event["type"] for event in frames.events()][-1] == "done"


def test_what_is_shown_before_a_file_is_changed_is_the_diff_that_the_change_has(tmp_path: Path) -> None:
    """For each of the three tools that change files, and for a file with line endings of its own."""
    project = tmp_path / "project"
    project.mkdir()
    (project / "a.txt").write_bytes(b"one\r\ntwo\r\n")
    (project / "gone.txt").write_text("old\n")
    patch = "*** Begin Patch\n*** Delete File: gone.txt\n*** Add File: new.txt\n+new\n*** End Patch\n"
    calls = (
        call("r1", "read", path="a.txt"),
        call("r2", "read", path="gone.txt"),
        call("c1", "edit", path="a.txt", edits=[{"old_text": "two", "new_text": "three\nfour"}]),
        call("c2", "write", path="a.txt", content="all\nnew\n"),
        call("c3", "patch", patch=patch),
        # Nothing can be shown of this one; it asks all the same, and fails when it runs.
        call("c4", "edit", path="a.txt", edits=[{"old_text": "not there", "new_text": "x"}]),
    )
    (tmp_path / "project" / ".iterate").mkdir()
    (tmp_path / "project" / ".iterate" / "config.toml").write_text('[permission]\nedit = "ask"\n')
    script = Script([*calls, *step("tool_calls")], [Piece(text="ok"), *step()])
    found: list[dict[str, object]] = []
    with serving_project(tmp_path, script) as server:
        session = str(server.ask("POST", "/session", {"workspace": {"directory": str(project)}}).json()["id"])
        with server.stream("POST", f"/session/{session}/prompt", {"text": "do it", "model": "m/m"}) as frames:
            for event in frames.events():
                found.append(event)
                if event["type"] == "permission.asked":
                    assert server.ask("POST", f"/permission/{event['id']}", {"decision": "once"}).status == 200
    assert found[-1]["type"] == "done", found[-1]
    previews = {str(event["call"]): event["preview"] for event in found if event["type"] == "permission.asked"}
    parts = [event["part"] for event in found if event["type"] == "part"]
    diffs = {
        str(part["call"]): part["diff"] for part in parts if isinstance(part, dict) and part["type"] == "tool_result"
    }
    assert set(previews) == {"c1", "c2", "c3", "c4"}
    for each in ("c1", "c2", "c3"):
        assert str(previews[each]).startswith("--- ")
        assert previews[each] == diffs[each]
    assert '"not there"' in str(previews["c4"])
    assert diffs["c4"] == ""


@pytest.mark.systems("linux", "darwin")
def test_commands_of_one_step_run_beside_each_other_and_each_keeps_its_changes(tmp_path: Path) -> None:
    """Each waits for what the two others do: one after the other none would end well."""
    config = tmp_path / "home" / ".config" / "iterate" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('[permission]\nbash = "allow"\n')
    wait = "for i in $(seq 600); do [ $(ls $TMPDIR/met* | wc -l) = 3 ] && exit 0; sleep 0.1; done; exit 1"
    calls = [call(f"c{n}", "bash", command=f"echo {n} > made{n}; touch $TMPDIR/met{n}; {wait}") for n in (1, 2, 3)]
    script = Script([*calls, *step("tool_calls")], [Piece(text="ok"), *step()])
    project = tmp_path / "project"
    project.mkdir()
    with serving_project(tmp_path, script) as server:
        session = begin(server, project)
        assert ended(server, session)[-1]["type"] == "done"
        assert [(each.call, each.status) for each in results(script.requests[1])] == [
            ("c1", "ok"),
            ("c2", "ok"),
            ("c3", "ok"),
        ]
        assert {path.name: path.read_text() for path in project.iterdir()} == {f"made{n}": f"{n}\n" for n in (1, 2, 3)}
        assert server.ask("POST", f"/session/{session}/revert", {}).status == 200
        assert list(project.iterdir()) == []


@contextmanager
def serving_project(tmp_path: Path, script: Script) -> Iterator["LiveServer"]:
    """A server with all its tools, and with the settings of projects."""
    here = settings.read({"HOME": str(tmp_path / "home")})
    kit = Kit(here, models=Listed((model(script.stream),)), tools=TABLE)
    with serving(tmp_path / "data" / "iterate.db", kit=kit) as server:
        yield server


def test_a_limit_of_another_name_is_refused_instead_of_passed_over(tmp_path: Path) -> None:
    with asking(tmp_path) as (server, _):
        body = {"text": "hi", "model": "m/m", "limits": {"cost_usd": 4}}
        refused = server.ask("POST", f"/session/{server.begin()}/prompt", body)
        assert (refused.status, refused.error) == (400, "BadBody")
        assert "cost_usd" in refused.json()["error"]["message"]


def test_what_a_call_puts_out_comes_in_the_stream_of_its_session_without_a_place(tmp_path: Path) -> None:
    async def chat(work: Work) -> Result:
        for word in ("one ", "two "):
            work.show(word)
        await work.person.answers(())
        return Result(text="one two")

    script = Script([call("c1", "chat", path="."), *step("tool_calls")], [Piece(text="ok"), *step()])
    tools = (acting("chat", chat),)
    with serving(tmp_path / "iterate.db", models=(model(script.stream),), tools=tools) as server:
        session = server.begin()
        found: list[tuple[str | None, dict[str, object]]] = []
        with server.stream("POST", f"/session/{session}/prompt", {"text": "go", "model": "m/m"}) as frames:
            for frame in frames:
                event = json.loads(frame["data"])
                found.append((frame.get("id"), event))
                texts = "".join(str(each["text"]) for _, each in found if each["type"] == "tool.output")
                if event["type"] == "question.asked" or event["type"] == "tool.output":
                    asked = [each for _, each in found if each["type"] == "question.asked"]
                    if asked and texts == "one two ":
                        assert server.ask("POST", f"/question/{asked[0]['id']}", {"answers": None}).status == 200
        told = [(place, event) for place, event in found if event["type"] == "tool.output"]
        assert {place for place, _ in told} == {None}
        assert {event["call"] for _, event in told} == {"c1"}
        assert found[-1][1]["type"] == "done"
        numbers = [event["number"] for _, event in found if event["type"] not in {"tool.output", "delta"}]
        assert numbers == list(range(1, len(numbers) + 1))
        # It is not stored: who reads afterwards has it in the result.
        assert not [event for event in ended(server, session) if event["type"] == "tool.output"]
