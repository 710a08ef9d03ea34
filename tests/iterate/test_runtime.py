"""Answers as jobs: they go on whoever listens, end once, and are told when they are stored."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from iterate import events
from iterate.errors import ServerStopping, SessionBusy, SessionUnknown, StoreTaken, StoreUnusable
from iterate.events import Delta, Done, Event, Failed, Part, PartAdded, Piece, Prompted, TextPart, ToolCallPart, Unknown
from iterate.providers import MODELS, Model
from iterate.runtime.reading import Cursor, Reading
from iterate.runtime.runtime import Runtime
from iterate.session import Ask
from iterate.workspace import Workspace

type Said = AsyncGenerator[Piece | Part]
type Read = Event | Delta | Unknown

HERE = Workspace(directory="/here", environment={"TOKEN": "a secret of this test"})


def model(stream: Callable[[Ask], Said]) -> Model:
    return Model(name="m/m", stream=stream)


@asynccontextmanager
async def running(path: Path, *streams: Callable[[Ask], Said], patience_s: float = 5.0) -> AsyncIterator[Runtime]:
    """A runtime with the built-in models and these, called m/m."""
    runtime = Runtime(path, models=(*MODELS, *map(model, streams)), patience_s=patience_s)
    runtime.claim()
    try:
        yield runtime
    finally:
        await runtime.finish(0)


async def prompt(
    runtime: Runtime, session: str, text: str = "hi ho", name: str = "echo/echo", id_: str = ""
) -> Reading:
    return await runtime.prompt(session, text, name, HERE, id_)


async def read(reading: Reading, most: int = 10_000) -> list[Read]:
    """What comes until the end, or so many."""
    found: list[Read] = []
    while len(found) < most and (lines := await asyncio.wait_for(reading.next(5.0), 20)) is not None:
        found += [line.event for line in lines]
    return found


def stored(path: Path, session: str) -> list[Event | Unknown]:
    """What the database says, asked of SQLite itself."""
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute(
            "SELECT number, json FROM event WHERE session = ? ORDER BY number", (session,)
        ).fetchall()
    return [events.stored(number, session, json).event for number, json in rows]


def told(found: list[Read]) -> list[Event | Unknown]:
    return [event for event in found if not isinstance(event, Delta)]


def run(main: Callable[[], Awaitable[None]]) -> None:
    async def awaited() -> None:
        await main()

    asyncio.run(awaited())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "iterate.db"


class Locked:
    """Another program that holds the database, from `begin` to `end`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def begin(self) -> None:
        self._database = sqlite3.connect(self._path, isolation_level=None)
        self._database.execute("BEGIN IMMEDIATE")

    def end(self) -> None:
        self._database.execute("ROLLBACK")
        self._database.close()

    async def for_(self, seconds: float) -> None:
        self.begin()
        await asyncio.sleep(seconds)
        self.end()


def test_an_answer_is_told_as_it_is_stored(path: Path) -> None:
    async def main() -> None:
        async with running(path) as runtime:
            session = await runtime.create(HERE)
            found = await read(await prompt(runtime, session))
        assert told(found) == stored(path, session)
        assert [type(event) for event in told(found)] == [Prompted, PartAdded, Done]

    run(main)


def test_parts_of_every_kind_pass_through_in_order(path: Path) -> None:
    call = ToolCallPart(call="c1", tool="read", arguments={"path": "x", "lines": [1, 2], "deep": {"yes": None}})

    async def agent(_ask: Ask) -> Said:
        yield Piece(kind="reasoning", text="hm")
        yield Piece(text="I look ")
        yield Piece(text="at x")
        yield call
        yield Piece(text="done\ud800")

    async def main() -> None:
        async with running(path, agent) as runtime:
            session = await runtime.create(HERE)
            found = await read(await prompt(runtime, session, name="m/m"))
        parts = [event.part for event in told(found) if isinstance(event, PartAdded)]
        assert [events.kind(type(part)) for part in parts] == ["reasoning", "text", "tool_call", "text"]
        assert parts[2] == call
        # What is no text cannot be stored; it is replaced, and breaks nothing.
        assert parts[3] == TextPart(text="done?")
        assert told(found) == stored(path, session)

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
                assert told(found) == stored(path, one)
            # The loop went on; half a second is for a machine that has other things to do.
            assert max(pauses) < 0.5

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
            assert told(await read(again, 3)) == told(found)
            lock.end()
            await asyncio.wait_for(runtime.drained(), 10)
            assert stored(path, session) == told(found)
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
            assert [told(each) for each in found] == [stored(path, session) for session in sessions]

    run(main)


def test_cancelling_twice_leaves_the_clean_up_of_a_provider_in_peace(path: Path) -> None:
    cleaned: list[str] = []

    async def careful(_ask: Ask) -> Said:
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

    async def endless(_ask: Ask) -> Said:
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


async def stubborn(_ask: Ask) -> Said:
    while True:
        try:
            yield Piece(text="x")
            await asyncio.sleep(0.01)
        except asyncio.CancelledError:
            pass


async def raising(_ask: Ask) -> Said:
    try:
        yield Piece(text="x")
        await asyncio.sleep(60)
    finally:
        raise ZeroDivisionError


@pytest.mark.parametrize("stream", [stubborn, raising])
def test_a_provider_that_does_not_take_a_cancellation_well_ends_as_cancelled(
    path: Path, stream: Callable[[Ask], Said]
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
        assert told(found) == stored(path, session)

    run(main)


def test_disposing_holds_back_new_prompts_ends_what_runs_and_lets_them_go_on(path: Path) -> None:
    async def main() -> None:
        async with running(path) as runtime:
            sessions = [await runtime.create(HERE) for _ in range(4)]
            first = [await prompt(runtime, session, "a b c d e f", "echo/slow") for session in sessions[:2]]
            # One is just being stored when the disposing begins.
            racing = asyncio.create_task(prompt(runtime, sessions[2], "a b c d e f", "echo/slow"))
            await asyncio.sleep(0)
            disposing = asyncio.create_task(runtime.dispose())
            await asyncio.sleep(0)
            late = asyncio.create_task(prompt(runtime, sessions[3], "late"))
            await disposing
            endings = [(await read(reading))[-1] for reading in (*first, await racing)]
            assert [isinstance(ending, Failed) and ending.reason for ending in endings] == ["disposed"] * 3
            assert isinstance((await read(await late))[-1], Done)

    run(main)


def test_disposing_closes_the_database_and_the_next_prompt_opens_it(path: Path) -> None:
    async def main() -> None:
        async with running(path) as runtime:
            session = await runtime.create(HERE)
            await asyncio.gather(runtime.dispose(), runtime.dispose())
            # SQLite removes the write-ahead log when the last connection closes.
            assert not path.with_name("iterate.db-wal").exists()
            assert isinstance((await read(await prompt(runtime, session)))[-1], Done)

    run(main)


def test_many_readers_come_and_go_and_each_sees_everything_once(path: Path) -> None:
    async def main() -> None:
        async with running(path) as runtime:
            session = await runtime.create(HERE)
            first = await prompt(runtime, session, "before")
            await read(first)
            reading = await prompt(runtime, session, "a b c d e f", "echo/slow")
            found: list[list[Read]] = []

            async def join(after: float) -> None:
                await asyncio.sleep(after)
                one = await runtime.read(session, Cursor(0))
                seen: list[Read] = []
                while not (seen and seen[-1].number == 6 and isinstance(seen[-1], Done)):
                    seen += [line.event for line in await one.next(5.0) or ()]
                runtime.leave(one)
                found.append(seen)

            await asyncio.gather(read(reading), *(join(step / 20) for step in range(16)))
            runtime.leave(reading)
            runtime.leave(first)
            assert runtime._readings == {}
        for seen in found:
            assert [event.number for event in told(seen)] == [1, 2, 3, 4, 5, 6]
            text = "".join(event.text for event in seen if isinstance(event, Delta) and event.number == 5)
            assert text in {"", "a b c d e f"}

    run(main)


def test_a_session_is_busy_until_its_ending_is_stored_and_free_when_it_is_told(path: Path) -> None:
    async def main() -> None:
        async with running(path) as runtime:
            session = await runtime.create(HERE)
            for text in ("one", "two", "three"):
                reading = await prompt(runtime, session, text)
                with pytest.raises(SessionBusy):
                    await prompt(runtime, session, "me too")
                await read(reading)

    run(main)


def test_two_prompts_at_once_are_one_answer_and_one_refusal(path: Path) -> None:
    async def main() -> None:
        async with running(path) as runtime:
            session = await runtime.create(HERE)
            both = await asyncio.gather(
                prompt(runtime, session, "a b"), prompt(runtime, session, "c d"), return_exceptions=True
            )
            assert sorted(type(one).__name__ for one in both) == ["Reading", "SessionBusy"]
            for one in both:
                if isinstance(one, Reading):
                    await read(one)
            assert len(stored(path, session)) == 3

    run(main)


def test_the_environment_reaches_the_provider_and_nothing_else(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    seen: list[Workspace] = []

    async def looking(ask: Ask) -> Said:
        seen.append(ask.workspace)
        yield Piece(text="looked")
        raise ZeroDivisionError(repr(ask))

    async def main() -> None:
        async with running(path, looking) as runtime:
            watcher = runtime.watch()
            session = await runtime.create(HERE)
            found = await read(await prompt(runtime, session, name="m/m"))
            watched = await watcher.next(1.0) or ()
        assert seen == [HERE]
        everything = repr(found) + repr(watched) + caplog.text
        assert "a secret of this test" not in everything
        for file in path.parent.iterdir():
            if file.is_file():
                assert b"a secret of this test" not in file.read_bytes()

    run(main)


def test_a_second_owner_is_refused_and_the_first_goes_on(path: Path) -> None:
    async def main() -> None:
        async with running(path) as runtime:
            session = await runtime.create(HERE)
            reading = await prompt(runtime, session, "a b c", "echo/slow")
            with pytest.raises(StoreTaken):
                Runtime(path).claim()
            assert isinstance((await read(reading))[-1], Done)

    run(main)


def test_a_server_that_retires_finishes_its_answers_beside_the_next_one(path: Path) -> None:
    async def main() -> None:
        async with running(path) as old:
            session, idle = await old.create(HERE), await old.create(HERE)
            reading = await prompt(old, session, "a b c d e", "echo/slow")
            old.retire()
            with pytest.raises(ServerStopping):
                await prompt(old, idle)
            async with running(path) as new:
                with pytest.raises(SessionBusy):
                    await prompt(new, session)
                with pytest.raises(SessionBusy):
                    await new.cancel(session)
                # It can be read here meanwhile, and its ending comes.
                over_there = await new.read(session, Cursor(0))
                assert isinstance((await read(await prompt(new, idle)))[-1], Done)
                found = await read(reading)
                seen: list[Read] = []
                while not (seen and isinstance(seen[-1], Done)):
                    seen += [line.event for line in await over_there.next(5.0) or ()]
                await old.drained()
                assert told(found) == told(seen) == stored(path, session)
                assert isinstance((await read(await prompt(new, session)))[-1], Done)

    run(main)


def test_a_database_that_was_removed_is_made_anew(path: Path) -> None:
    async def main() -> None:
        async with running(path) as runtime:
            lost = await runtime.create(HERE)
            for file in path.parent.glob("iterate.db*"):
                file.unlink()
            session = await runtime.create(HERE)
            assert isinstance((await read(await prompt(runtime, session)))[-1], Done)
            assert len(stored(path, session)) == 3
            with pytest.raises(SessionUnknown):
                await prompt(runtime, lost)
            with pytest.raises(StoreTaken):
                Runtime(path).claim()

    run(main)


def test_finishing_waits_for_answers_and_then_ends_them(path: Path) -> None:
    async def main() -> None:
        async with running(path) as runtime:
            short, long = await runtime.create(HERE), await runtime.create(HERE)
            readings = [
                await prompt(runtime, short, "a b", "echo/slow"),
                await prompt(runtime, long, "a b c d e f g h i j k l", "echo/slow"),
            ]
            watcher = runtime.watch()
            endless = await runtime.read(short, Cursor(0))
            finishing = asyncio.create_task(runtime.finish(0.6))
            endings = [(await read(reading))[-1] for reading in readings]
            assert isinstance(endings[0], Done)
            assert isinstance(endings[1], Failed)
            assert endings[1].reason == "stopping"
            assert told(await read(endless)) == stored(path, short)
            runtime.leave(endless)
            for reading in readings:
                runtime.leave(reading)
            await finishing
            watched: list[object] = []
            while (lines := await watcher.next(1.0)) is not None:
                watched += [line.event for line in lines]
            assert isinstance(watched[-1], events.ServerStopping)

    run(main)
