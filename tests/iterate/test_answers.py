"""One answer: told when it is stored, ended once, and cancelled without harm to its provider."""

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from tests.iterate.runtimes import HERE, Locked, Read, Said, numbered, prompt, read, run, running, stored, stored_in

from iterate import events
from iterate.errors import StoreUnusable
from iterate.events import Delta, Done, Failed, PartAdded, Piece, Prompted, TextPart, ToolCallPart, ToolResultPart
from iterate.request import Request, ToolMessage
from iterate.runtime.reading import Cursor
from iterate.runtime.reading import Read as Line
from iterate.store import PAGE_BYTES, PAGE_EVENTS


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "iterate.db"


def test_an_answer_is_told_as_it_is_stored(path: Path) -> None:
    async def main() -> None:
        async with running(path) as runtime:
            session = await runtime.create(HERE)
            found = await read(await prompt(runtime, session))
        assert numbered(found) == stored(path, session)
        assert [type(event) for event in numbered(found)] == [Prompted, PartAdded, Done]

    run(main)


def test_parts_of_every_kind_pass_through_in_order(path: Path) -> None:
    call = ToolCallPart(call="c1", tool="read", arguments={"path": "x", "lines": [1, 2], "deep": {"yes": None}})

    async def agent(_request: Request) -> Said:
        yield Piece(kind="reasoning", text="hm")
        yield Piece(text="I look ")
        yield Piece(text="at x")
        yield call

    async def stream(request: Request) -> Said:
        if isinstance(request.messages[-1], ToolMessage):
            yield Piece(text="done\ud800")
            return
        async for item in agent(request):
            yield item

    async def main() -> None:
        async with running(path, stream) as runtime:
            session = await runtime.create(HERE)
            found = await read(await prompt(runtime, session, name="m/m"))
        parts = [event.part for event in numbered(found) if isinstance(event, PartAdded)]
        assert [events.kind(type(part)) for part in parts] == ["reasoning", "text", "tool_call", "tool_result", "text"]
        assert parts[2] == call
        # What is no text cannot be stored; it is replaced, and breaks nothing.
        assert parts[4] == TextPart(text="done?")
        assert numbered(found) == stored(path, session)

    run(main)


@pytest.mark.parametrize("seconds", [0.7, 2.0])
def test_a_database_that_is_locked_for_a_while_delays_an_answer_and_nothing_else(path: Path, seconds: float) -> None:
    async def main() -> None:
        async with running(path) as runtime:
            session, other = await runtime.create(HERE), await runtime.create(HERE)
            reading = await prompt(runtime, session, "a b c d e", "echo/slow")
            lock = asyncio.create_task(Locked(path).for_(seconds))
            await asyncio.sleep(0)
            # A prompt that comes now waits for the lock as well.
            late = asyncio.create_task(prompt(runtime, other, "x y"))
            pauses, last = [], time.monotonic()
            while not lock.done():
                await asyncio.sleep(0.005)
                pauses.append(time.monotonic() - last)
                last = time.monotonic()
            for found, one in ((await read(reading), session), (await read(await late), other)):
                assert isinstance(found[-1], Done)
                assert numbered(found) == stored(path, one)
            # The loop went on; the rest is for a machine that has other things to do.
            assert max(pauses) < 0.8 * seconds

    run(main)


def test_a_prompt_that_cannot_be_stored_is_refused_and_nothing_is_left(path: Path) -> None:
    async def main() -> None:
        async with running(path, patience_s=0.2) as runtime:
            session = await runtime.create(HERE)
            lock = Locked(path)
            lock.begin()
            for work in (prompt(runtime, session), runtime.create(HERE)):
                with pytest.raises(StoreUnusable, match="locked"):
                    await work
            lock.end()
            assert stored(path, session) == []
            assert runtime.running == 0
            assert isinstance((await read(await prompt(runtime, session)))[-1], Done)

    run(main)


def test_a_reader_that_is_slow_gets_a_running_answer_in_pages(path: Path) -> None:
    async def stream(_request: Request) -> Said:
        for index in range(20):
            yield ToolResultPart(call=str(index), status="ok", text="x" * (PAGE_BYTES // 4))
        for _ in range(3 * PAGE_EVENTS):
            yield TextPart(text="y")
        yield Piece(text="z")
        await asyncio.sleep(60)

    async def main() -> None:
        async with running(path, stream) as runtime:
            session = await runtime.create(HERE)
            slow = await prompt(runtime, session, name="m/m")
            total = 1 + 20 + 3 * PAGE_EVENTS
            fast = await runtime.read(session, Cursor(0))
            seen: list[Read] = []
            while not (seen and isinstance(seen[-1], Delta)):
                seen += stored_in(await fast.next(5.0) or ())
            pages: list[Sequence[Line]] = []
            while sum(len(page) for page in pages) < total + 1:
                pages.append(await slow.next(5.0) or ())
            assert [line.event for page in pages for line in page] == seen
            assert max(len(page) for page in pages) <= PAGE_EVENTS + 1
            assert max(sum(len(line.json) for line in page) for page in pages) <= PAGE_BYTES + 1000

    run(main)


def test_an_ending_that_cannot_be_stored_is_told_and_exactly_that_one_is_stored_later(path: Path) -> None:
    async def main() -> None:
        async with running(path, patience_s=0.2) as runtime:
            session = await runtime.create(HERE)
            reading = await prompt(runtime, session, "a b c d e f g h", "echo/slow")
            before = await read(reading, 2)
            lock = Locked(path)
            lock.begin()
            found = before + await read(reading)
            ending = found[-1]
            assert isinstance(ending, Failed)
            assert ending.reason == "store"
            assert "locked" in ending.message
            # Told, and not yet written: the session waits, others may read.
            with pytest.raises(StoreUnusable, match="ending"):
                await prompt(runtime, session)
            again = await runtime.read(session, Cursor(0))
            assert numbered(await read(again, 3)) == numbered(found)
            lock.end()
            await asyncio.wait_for(runtime.drained(), 10)
            assert stored(path, session) == numbered(found)
            following = await read(await prompt(runtime, session))
            assert following[0].number == ending.number + 1

    run(main)


def test_one_ending_that_cannot_be_stored_leaves_other_answers_alone(path: Path) -> None:
    async def main() -> None:
        async with running(path, patience_s=2) as runtime:
            sessions = [await runtime.create(HERE) for _ in range(5)]
            readings = [await prompt(runtime, session, "a b c d e", "echo/slow") for session in sessions]
            await runtime.cancel(sessions[0])
            await Locked(path).for_(0.6)
            found = [await read(reading) for reading in readings]
            assert isinstance(found[0][-1], Failed)
            assert [type(each[-1]) for each in found[1:]] == [Done] * 4
            assert [numbered(each) for each in found] == [stored(path, session) for session in sessions]

    run(main)


def test_cancelling_twice_leaves_the_clean_up_of_a_provider_in_peace(path: Path) -> None:
    cleaned: list[str] = []

    async def careful(_request: Request) -> Said:
        try:
            yield Piece(text="a")
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.2)
            cleaned.append("up")

    async def main() -> None:
        async with running(path, careful) as runtime:
            session = await runtime.create(HERE)
            reading = await prompt(runtime, session, name="m/m")
            await read(reading, 2)
            assert await runtime.cancel(session)
            await asyncio.sleep(0.05)
            assert await runtime.cancel(session)
            disposing = asyncio.create_task(runtime.dispose())
            ending = (await read(reading))[-1]
            await disposing
        assert isinstance(ending, Failed)
        assert ending.reason == "cancelled"
        assert cleaned == ["up"]

    run(main)


def test_a_generator_is_closed_and_cleaned_up_when_the_store_fails(path: Path) -> None:
    closed: list[str] = []

    async def endless(_request: Request) -> Said:
        try:
            while True:
                yield Piece(text="x")
                await asyncio.sleep(0.01)
        finally:
            await asyncio.sleep(0.05)
            closed.append("yes")

    async def main() -> None:
        async with running(path, endless, patience_s=0.1) as runtime:
            session = await runtime.create(HERE)
            reading = await prompt(runtime, session, name="m/m")
            await read(reading, 2)
            lock = Locked(path)
            lock.begin()
            ending = (await read(reading))[-1]
            assert closed == ["yes"]
            lock.end()
        assert isinstance(ending, Failed)
        assert ending.reason == "store"
        assert stored(path, session)[-1] == ending

    run(main)


async def stubborn(_request: Request) -> Said:
    while True:
        try:
            yield Piece(text="x")
            await asyncio.sleep(0.01)
        except asyncio.CancelledError:
            pass


async def raising(_request: Request) -> Said:
    try:
        yield Piece(text="x")
        await asyncio.sleep(60)
    finally:
        raise ZeroDivisionError


async def no_json(_request: Request) -> Said:
    yield Piece(text="x")
    yield ToolCallPart(call="c", tool="t", arguments={"x": "\ud800"})


async def cancelled_inside(_request: Request) -> Said:
    yield Piece(text="x")
    inner = asyncio.ensure_future(asyncio.sleep(60))
    inner.cancel()
    await inner


@pytest.mark.parametrize("stream", [no_json, cancelled_inside])
def test_a_provider_that_breaks_in_an_odd_way_ends_as_failed(path: Path, stream: Callable[[Request], Said]) -> None:
    async def main() -> None:
        async with running(path, stream) as runtime:
            session = await runtime.create(HERE)
            found = await read(await prompt(runtime, session, name="m/m"))
        assert isinstance(found[-1], Failed)
        assert found[-1].reason == "provider"
        assert numbered(found) == stored(path, session)

    run(main)


@pytest.mark.parametrize("stream", [stubborn, raising])
def test_a_provider_that_does_not_take_a_cancellation_well_ends_as_cancelled(
    path: Path, stream: Callable[[Request], Said]
) -> None:
    async def main() -> None:
        async with running(path, stream) as runtime:
            session = await runtime.create(HERE)
            reading = await prompt(runtime, session, name="m/m")
            await read(reading, 2)
            await runtime.cancel(session)
            ending = (await read(reading))[-1]
        assert isinstance(ending, Failed)
        assert ending.reason == "cancelled"

    run(main)


def test_cancelling_at_once_ends_an_answer_that_has_hardly_begun(path: Path) -> None:
    async def main() -> None:
        async with running(path) as runtime:
            session = await runtime.create(HERE)
            reading = await prompt(runtime, session, "a b c d", "echo/slow")
            assert await runtime.cancel(session)
            found = await read(reading)
        assert isinstance(found[-1], Failed)
        assert numbered(found) == stored(path, session)

    run(main)
