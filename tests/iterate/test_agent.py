"""A prompt that a model answers with tools: steps, calls, words of people, results, and one ending."""

import asyncio
from pathlib import Path

import pytest
from tests.iterate.runtimes import Read, numbered, read, run, running, stored, stored_in
from tests.iterate.scripts import LOOK, PUT, Script, call, results, said, step

from iterate import events
from iterate.errors import AlreadyAnswered, RequestUnknown
from iterate.events import Done, Event, PartAdded, PermissionAnswered, PermissionAsked, Piece
from iterate.runtime.asking import Decided, Decision
from iterate.runtime.reading import Reading
from iterate.runtime.runtime import Runtime
from iterate.workspace import Workspace


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "iterate.db"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "a.txt").write_text("what is in a")
    return folder


def kinds(found: list[Read]) -> list[str]:
    return [
        events.kind(type(event.part)) if isinstance(event, PartAdded) else events.kind(type(event))
        for event in numbered(found)
        if isinstance(event, Event.__value__)
    ]


async def until(reading: Reading, kind: type[Event]) -> list[Read]:
    """What comes until an event of that kind came."""
    found: list[Read] = []
    while not any(isinstance(event, kind) for event in found):
        lines = await asyncio.wait_for(reading.next(20.0), 30)
        assert lines, f"no {kind.__name__} came, but {kinds(found)}"
        found += stored_in(lines)
    return found


async def begin(runtime: Runtime, project: Path, text: str = "do it") -> tuple[str, Reading]:
    where = Workspace(directory=str(project))
    session = await runtime.create(where)
    return session, await runtime.prompt(session, text, "m/m", where, "")


def test_a_call_is_judged_and_run_and_its_result_read_before_the_answer_ends_once(path: Path, project: Path) -> None:
    script = Script(
        [Piece(text="I look"), call("c1", "look", path="a.txt"), *step("tool_calls")],
        [Piece(text="There is "), Piece(text="a."), *step()],
    )

    async def main() -> None:
        async with running(path, script.stream, tools=[LOOK]) as runtime:
            session, reading = await begin(runtime, project)
            found = await read(reading)
        assert kinds(found) == [
            *("prompted", "text", "tool_call", "usage", "step", "tool_result", "text", "usage", "step", "done")
        ]
        assert numbered(found) == stored(path, session)
        assert [tool.name for tool in script.requests[0].tools] == ["look"]
        assert said(script.requests[1]) == ["do it", "what is in a"]
        # What was sent first is the beginning of what is sent next.
        assert script.requests[1].messages[:1] == script.requests[0].messages

    run(main)


@pytest.mark.parametrize("decision", ["once", "deny"])
def test_what_asks_waits_for_the_first_word_and_everybody_sees_it(
    path: Path, project: Path, decision: Decision
) -> None:
    script = Script([call("c1", "put", path="b", text="new"), *step("tool_calls")], [Piece(text="ok"), *step()])

    async def main() -> None:
        async with running(path, script.stream, tools=[PUT]) as runtime:
            session, reading = await begin(runtime, project)
            found = await until(reading, PermissionAsked)
            (waiting,) = runtime.asking.permissions.list()
            assert (waiting.call, waiting.tool) == ("c1", "put")
            assert not (project / "b").exists()
            runtime.asking.permissions.give(waiting.id, Decided(decision=decision, message="because"))
            with pytest.raises(AlreadyAnswered):
                runtime.asking.permissions.give(waiting.id, Decided(decision="always"))
            found += await read(reading)
            with pytest.raises(AlreadyAnswered):
                runtime.asking.permissions.give(waiting.id, Decided(decision="always"))
            with pytest.raises(RequestUnknown):
                runtime.asking.permissions.give("per_none", Decided(decision="once"))
        answered = [event for event in found if isinstance(event, PermissionAnswered)]
        assert [(event.id, event.decision) for event in answered] == [(waiting.id, decision)]
        (result,) = results(script.requests[1])
        assert result.status == ("ok" if decision == "once" else "denied")
        assert (project / "b").exists() == (decision == "once")
        assert ("because" in result.text) == (decision == "deny")
        assert isinstance(found[-1], Done)
        assert numbered(found) == stored(path, session)

    run(main)
