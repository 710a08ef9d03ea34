"""The steps of an answer: tries that fail, bounds that are reached, calls at once and in order, and the way out."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.iterate.runtimes import Read, numbered, read, run, running, stored, stored_in
from tests.iterate.scripts import LOOK, PUT, Line, PathArgument, Script, acting, call, passing, results, said, step
from tests.iterate.test_agent import begin, kinds, until

from iterate.engine.job import Limits
from iterate.errors import ProviderFailed
from iterate.events import (
    Done,
    Failed,
    PartAdded,
    PermissionAsked,
    Piece,
    RetryScheduled,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from iterate.permissions.need import Need
from iterate.register import Search
from iterate.request import Prices
from iterate.runtime.asking import Decided
from iterate.runtime.working import Bounds
from iterate.session import Session, fold
from iterate.tools.tool import Result, Work, tool
from iterate.workspace import Workspace

type Lines = list[Line]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "iterate.db"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "a.txt").write_text("what is in a")
    return folder


def answered(path: Path, session: str) -> Session:
    return fold(Session(id=session), stored(path, session))


def given(found: Sequence[Read]) -> list[ToolResultPart]:
    return [event.part for event in found if isinstance(event, PartAdded) and isinstance(event.part, ToolResultPart)]


def test_a_try_that_breaks_is_told_and_counts_no_more(path: Path, project: Path) -> None:
    script = Script(
        [Piece(text="Hello wor"), call("c0", "look", path="a.txt"), passing("the line broke")],
        [passing("busy")],
        [Piece(text="Hello world"), *step()],
    )

    async def main() -> None:
        async with running(path, script.stream, tools=[LOOK]) as runtime:
            session, reading = await begin(runtime, project)
            found = await read(reading)
        retries = [event for event in found if isinstance(event, RetryScheduled)]
        assert [(event.attempt, event.reason, event.wait_ms) for event in retries] == [
            (1, "the line broke", 10),
            (2, "busy", 10),
        ]
        assert retries[0].at_ms > time.time() * 1000 - 60_000
        assert kinds(found) == ["prompted", "text", "tool_call", "retry", "retry", "text", "usage", "step", "done"]
        (turn,) = answered(path, session).turns
        assert [part.text for part in turn.parts if isinstance(part, TextPart)] == ["Hello world"]
        assert not any(isinstance(part, ToolCallPart) for part in turn.parts)
        # Each try is asked the same.
        assert script.requests[0] == script.requests[1] == script.requests[2]

    run(main)


@pytest.mark.parametrize(
    ("failure", "tries"),
    [
        (ProviderFailed("wrong key"), 1),
        (passing("busy", retry_after_s=0.001), 6),
        (passing("come back tomorrow", retry_after_s=86_400), 1),
    ],
)
def test_what_does_not_pass_ends_the_answer_in_the_words_of_the_vendor(
    path: Path, project: Path, failure: ProviderFailed, tries: int
) -> None:
    script = Script(*([failure] for _ in range(10)))

    async def main() -> None:
        async with running(path, script.stream) as runtime:
            _, reading = await begin(runtime, project)
            ending = (await read(reading))[-1]
        assert isinstance(ending, Failed)
        assert (ending.reason, str(failure) in ending.message) == ("provider", True)
        assert len(script.requests) == tries

    run(main)


def test_a_wait_before_the_next_try_is_ended_at_once(path: Path, project: Path) -> None:
    script = Script([passing("busy", retry_after_s=60)])

    async def main() -> None:
        async with running(path, script.stream) as runtime:
            session, reading = await begin(runtime, project)
            await until(reading, RetryScheduled)
            begun = time.monotonic()
            await runtime.cancel(session)
            ending = (await read(reading))[-1]
            # The number itself, 100 ms, is in benchmarks: here is room for a machine that has other things to do.
            assert time.monotonic() - begun < 5
        assert isinstance(ending, Failed)
        assert ending.reason == "cancelled"

    run(main)


@pytest.mark.parametrize(("reason", "word"), [("refused", "refused"), ("length", "length")])
def test_a_refusal_and_a_full_length_are_endings_of_their_own(
    path: Path, project: Path, reason: str, word: str
) -> None:
    ending = step("refused" if reason == "refused" else "length")
    script = Script([Piece(text="I"), call("c", "look", path="a.txt"), *ending], [Piece(text="ok"), *step()])

    async def main() -> None:
        async with running(path, script.stream, tools=[LOOK]) as runtime:
            session, reading = await begin(runtime, project)
            found = await read(reading)
            assert isinstance(found[-1], Failed)
            assert found[-1].reason == word
            # Each call has its result, also one that was not run.
            assert [(result.call, result.status) for result in given(found)] == [("c", "cancelled")]
            where = Workspace(directory=str(project))
            await read(await runtime.prompt(session, "again", "m/m", where, ""))
        # The conversation goes on; of what was refused nothing is read again.
        assert len(script.requests[1].messages) == (2 if reason == "refused" else 4)

    run(main)


@pytest.mark.parametrize(
    ("limits", "reason", "requests"),
    [
        (Limits(steps=3), "steps", 3),
        (Limits(tokens=300), "tokens", 2),
        (Limits(cost_micro_usd=2_500), "cost", 2),
    ],
)
def test_an_answer_ends_at_its_bound_whoever_asks(
    path: Path, project: Path, limits: Limits, reason: str, requests: int
) -> None:
    many: list[Lines] = [
        [call(f"c{n}", "look", path="a.txt", text=str(n)), *step("tool_calls", 80, 20)] for n in range(9)
    ]
    script = Script(*many)

    async def main() -> None:
        prices = Prices(input=10_000_000, output=10_000_000)
        async with running(path, script.stream, tools=[LOOK], prices=prices) as runtime:
            session = await runtime.create(Workspace(directory=str(project)))
            where = Workspace(directory=str(project))
            bounds = Bounds(limits=limits)
            ending = (await read(await runtime.prompt(session, "go", "m/m", where, "", bounds=bounds)))[-1]
            (row,) = [each for each in await runtime.shelf.search(Search()) if each.id == session]
        assert isinstance(ending, Failed)
        assert ending.reason == reason
        assert len(script.requests) == requests
        # 100 tokens a step, at ten millionths each.
        assert (row.tokens, row.cost_micro_usd) == (100 * requests, 1000 * requests)
        assert answered(path, session).spent.tokens == 100 * requests

    run(main)


def test_calls_that_may_run_beside_others_do_and_the_rest_keeps_its_order(path: Path, project: Path) -> None:
    running_now: list[str] = []
    most: list[int] = []
    order: list[str] = []

    async def act(work: Work) -> Result:
        running_now.append(work.call)
        order.append(work.call)
        most.append(len(running_now))
        await asyncio.sleep(0.02)
        running_now.remove(work.call)
        return Result(text=work.call)

    calls = [call(f"c{n}", name, path=str(n)) for n, name in enumerate(["both", "both", "alone", "alone", "both"])]
    first: Lines = [*calls, *step("tool_calls")]
    script = Script(first, [Piece(text="ok"), *step()])

    async def main() -> None:
        tools = [acting("both", act, is_parallel=True), acting("alone", act)]
        async with running(path, script.stream, tools=tools) as runtime:
            _, reading = await begin(runtime, project)
            await read(reading)
        assert most == [1, 2, 1, 1, 1]
        assert (set(order[:2]), order[2:]) == ({"c0", "c1"}, ["c2", "c3", "c4"])
        # The model reads the results in the order of its calls.
        assert [result.call for result in results(script.requests[1])] == [f"c{n}" for n in range(5)]

    run(main)


def test_calls_that_name_one_file_never_run_at_once_even_in_two_answers(path: Path, project: Path) -> None:
    inside: list[str] = []

    async def slowly(work: Work) -> Result:
        assert not inside
        inside.append(work.session)
        await asyncio.sleep(0.03)
        inside.clear()
        return Result(text="")

    writing = tool(
        "write",
        "Writes.",
        PathArgument,
        lambda given, _: [Need(deed="edit", subject=given.path)],
        lambda _, work: slowly(work),
        is_parallel=True,
    )
    lines: Lines = [call("c1", "write", path="x"), call("c2", "write", path="x"), *step("tool_calls")]
    script = Script(lines, lines, [Piece(text="ok")], [Piece(text="ok")])

    async def main() -> None:
        async with running(path, script.stream, tools=[writing]) as runtime:
            begun = [await begin(runtime, project) for _ in range(2)]
            for _, reading in begun:
                found = await read(reading)
                assert [result.status for result in given(found)] == ["ok", "ok"]

    run(main)


async def _broken(work: Work) -> Result:
    raise ZeroDivisionError


def test_a_model_reads_what_was_wrong_with_its_calls_and_goes_on(path: Path, project: Path) -> None:
    script = Script(
        [
            call("c1", "nothing"),
            ToolCallPart(call="c2", tool="look", arguments={}, broken='{"path": '),
            call("c3", "look", lines=1),
            call("c4", "look", path="missing"),
            call("c5", "buggy", path=""),
            *step("tool_calls"),
        ],
        [Piece(text="sorry"), *step()],
    )

    async def main() -> None:
        async with running(path, script.stream, tools=[LOOK, acting("buggy", _broken)]) as runtime:
            _, reading = await begin(runtime, project)
            found = await read(reading)
        assert isinstance(found[-1], Done)
        texts = [result.text for result in results(script.requests[1])]
        assert [result.status for result in results(script.requests[1])] == ["error"] * 5
        assert "there are buggy, look" in texts[0]
        assert '{"path": ' in texts[1]
        assert "path" in texts[2]
        assert texts[3] == "there is no missing"
        assert "ZeroDivisionError" in texts[4]

    run(main)


def test_a_model_that_goes_in_circles_is_stopped_by_a_question(path: Path, project: Path) -> None:
    circle: list[Lines] = [[call(f"c{n}", "look", path="a.txt"), *step("tool_calls")] for n in range(3)]
    script = Script(*circle, [Piece(text="ok"), *step()])

    async def main() -> None:
        async with running(path, script.stream, tools=[LOOK]) as runtime:
            _, reading = await begin(runtime, project)
            found = await until(reading, PermissionAsked)
            (waiting,) = runtime.asking.permissions.list()
            assert "3 times" in waiting.why
            runtime.asking.permissions.give(waiting.id, Decided(decision="deny", message="enough"))
            found += await read(reading)
        assert [result.status for result in given(found)] == ["ok", "ok", "denied"]
        assert isinstance(found[-1], Done)

    run(main)


def test_an_abort_ends_running_calls_and_each_call_has_one_result(path: Path, project: Path) -> None:
    begun_calls: list[str] = []
    all_run = asyncio.Event()
    cleaned: list[str] = []

    async def wait(work: Work) -> Result:
        begun_calls.append(work.call)
        if len(begun_calls) == 3:
            all_run.set()
        try:
            await asyncio.sleep(60)
        finally:
            cleaned.append(work.call)
        return Result(text="")

    lines: Lines = [
        *(call(f"c{n}", "wait", path=str(n)) for n in range(3)),
        call("c3", "put", path="x"),
        *step("tool_calls"),
    ]
    script = Script([Piece(text="hm"), *lines])

    async def main() -> None:
        async with running(path, script.stream, tools=[acting("wait", wait, is_parallel=True), PUT]) as runtime:
            session, reading = await begin(runtime, project)
            found: list[Read] = []
            while kinds(found)[-1:] != ["step"]:
                found += stored_in(await reading.next(5.0) or ())
            await all_run.wait()
            begun = time.monotonic()
            await runtime.cancel(session)
            found += await read(reading)
            # The number itself, 100 ms, is in benchmarks: here is room for a machine that has other things to do.
            assert time.monotonic() - begun < 5
        assert sorted(cleaned) == ["c0", "c1", "c2"]
        assert [(result.call, result.status) for result in given(found)] == [(f"c{n}", "cancelled") for n in range(4)]
        assert isinstance(found[-1], Failed)
        assert numbered(found) == stored(path, session)

    run(main)


def test_an_abort_while_a_person_is_asked_withdraws_the_question(path: Path, project: Path) -> None:
    script = Script([call("c1", "put", path="x"), *step("tool_calls")])

    async def main() -> None:
        async with running(path, script.stream, tools=[PUT]) as runtime:
            session, reading = await begin(runtime, project)
            found = await until(reading, PermissionAsked)
            await runtime.cancel(session)
            found += await read(reading)
            assert runtime.asking.permissions.list() == []
        assert [result.status for result in given(found)] == ["cancelled"]

    run(main)


def test_what_is_allowed_for_a_session_is_asked_once_also_after_a_restart(path: Path, project: Path) -> None:
    lines: list[Lines] = [[call("c1", "put", path="x.org", text="1"), *step("tool_calls")], [Piece(text="ok"), *step()]]
    script = Script(*lines, *lines, *lines)

    async def main() -> None:
        where = Workspace(directory=str(project))
        async with running(path, script.stream, tools=[PUT]) as runtime:
            session, reading = await begin(runtime, project)
            await until(reading, PermissionAsked)
            (waiting,) = runtime.asking.permissions.list()
            assert waiting.patterns == ("fetch x.org",)
            runtime.asking.permissions.give(waiting.id, Decided(decision="session"))
            await read(reading)
            found = await read(await runtime.prompt(session, "again", "m/m", where, ""))
            assert "permission.asked" not in kinds(found)
        async with running(path, script.stream, tools=[PUT]) as runtime:
            found = await read(await runtime.prompt(session, "again", "m/m", where, ""))
            assert "permission.asked" not in kinds(found)
            assert isinstance(found[-1], Done)

    run(main)


def test_what_was_said_is_a_prefix_of_what_is_said_next(path: Path, project: Path) -> None:
    script = Script(
        [Piece(text="a", kind="reasoning"), Piece(text="b"), call("c1", "look", path="a.txt"), *step("tool_calls")],
        [Piece(text="c"), *step()],
        [Piece(text="d"), *step()],
    )

    async def main() -> None:
        async with running(path, script.stream, tools=[PUT, LOOK]) as runtime:
            session, reading = await begin(runtime, project)
            await read(reading)
            await read(await runtime.prompt(session, "more", "m/m", Workspace(directory=str(project)), ""))
        one, two, three = script.requests
        assert two.messages[: len(one.messages)] == one.messages
        assert three.messages[: len(two.messages)] == two.messages
        assert (one.system, one.tools) == (two.system, two.tools) == (three.system, three.tools)
        assert [tool.name for tool in one.tools] == ["look", "put"]
        assert said(three) == ["do it", "what is in a", "more"]

    run(main)
