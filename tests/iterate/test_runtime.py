"""Many answers, readers and servers: who waits for whom, and who sees what."""

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import override

import pytest
from tests.iterate.runtimes import HERE, Read, Said, model, numbered, prompt, read, run, running, stored, stored_in

from iterate import events
from iterate.config.sections import Config
from iterate.errors import ServerStopping, SessionBusy, SessionUnknown, StoreTaken
from iterate.events import Delta, Done, Failed, Piece
from iterate.providers import Listed
from iterate.request import Model, Request
from iterate.runtime.reading import Cursor, Reading
from iterate.runtime.runtime import Runtime


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "iterate.db"


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
                    seen += stored_in(await one.next(5.0) or ())
                runtime.leave(one)
                found.append(seen)

            await asyncio.gather(read(reading), *(join(step / 20) for step in range(16)))
            runtime.leave(reading)
            runtime.leave(first)
            assert runtime._readings == {}
        for seen in found:
            assert [event.number for event in numbered(seen)] == [1, 2, 3, 4, 5, 6]
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


def test_one_prompt_that_comes_many_times_at_once_is_one_answer_with_many_readers(path: Path) -> None:
    async def main() -> None:
        async with running(path) as runtime:
            session = await runtime.create(HERE)
            readings = await asyncio.gather(
                *(runtime.prompt(session, "a b c", "echo/slow", HERE, "prm_mine") for _ in range(5))
            )
            found = [await read(reading) for reading in readings]
            assert [numbered(each) for each in found] == [stored(path, session)] * 5
            assert len(stored(path, session)) == 3

    run(main)


def test_the_environment_reaches_the_provider_and_nothing_else(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    seen: list[Mapping[str, str]] = []

    async def looking(request: Request) -> Said:
        yield Piece(text="looked")
        raise ZeroDivisionError(repr(request))

    class Looking(Listed):
        @override
        def find(self, name: str, config: Config, environment: Mapping[str, str]) -> Model:
            seen.append(environment)
            return super().find(name, config, environment)

    async def main() -> None:
        async with running(path, models=Looking([model(looking)])) as runtime:
            watcher = runtime.watch()
            session = await runtime.create(HERE)
            found = await read(await prompt(runtime, session, name="m/m"))
            watched = await watcher.next(1.0) or ()
        assert seen == [HERE.environment]
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
                    seen += stored_in(await over_there.next(5.0) or ())
                await old.drained()
                assert numbered(found) == numbered(seen) == stored(path, session)
                assert isinstance((await read(await prompt(new, session)))[-1], Done)

    run(main)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows removes no open file")
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


@pytest.mark.skipif(sys.platform == "win32", reason="Windows removes no open file")
def test_an_answer_whose_database_was_removed_ends_and_keeps_no_server_from_ending(path: Path) -> None:
    async def main() -> None:
        async with running(path) as runtime:
            session = await runtime.create(HERE)
            reading = await prompt(runtime, session, "a b c d e f", "echo/slow")
            await read(reading, 2)
            for file in path.parent.glob("iterate.db*"):
                file.unlink()
            ending = (await read(reading))[-1]
            assert isinstance(ending, Failed)
            assert ending.reason == "store"
            await asyncio.wait_for(runtime.drained(), 5)
            with pytest.raises(SessionUnknown):
                await prompt(runtime, session)

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
            assert numbered(await read(endless)) == stored(path, short)
            runtime.leave(endless)
            for reading in readings:
                runtime.leave(reading)
            await finishing
            watched: list[object] = []
            while (lines := await watcher.next(1.0)) is not None:
                watched += [line.event for line in lines]
            assert isinstance(watched[-1], events.ServerStopping)

    run(main)
