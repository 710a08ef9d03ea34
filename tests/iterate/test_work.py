"""Whole answers with the built-in tools in a real project: files, the shell, other agents, undo, and a short memory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.iterate.runtimes import model, read, run, stored
from tests.iterate.scripts import Line, Script, call, results, said, step
from tests.iterate.test_agent import begin, until

from iterate import settings
from iterate.engine.job import Limits
from iterate.errors import AgentUnknown, ContextTooLong, FilesChangedSince, FileUnusable
from iterate.events import Compacted, Done, Failed, FilePart, FilesChanged, PermissionAsked, Piece, TaskStarted
from iterate.providers import Listed
from iterate.register import Search
from iterate.request import Model, UserMessage
from iterate.runtime.asking import Decided
from iterate.runtime.kit import Kit, _is_confined
from iterate.runtime.runtime import Runtime
from iterate.runtime.working import Bounds
from iterate.workspace import Workspace

type Lines = list[Line]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "home" / "project"
    (folder / ".git").mkdir(parents=True)
    (folder / "a.txt").write_text("one\ntwo\n")
    (folder / "AGENTS.md").write_text("Write like a pirate.")
    return folder


@asynccontextmanager
async def working(tmp_path: Path, *models: Model) -> AsyncIterator[Runtime]:
    environment = {"HOME": str(tmp_path / "home")}
    here = settings.read(environment)
    runtime = Runtime(here.data / "iterate.db", Kit(here, models=Listed(models)))
    runtime.claim()
    try:
        yield runtime
    finally:
        await runtime.finish(0)


def database(tmp_path: Path) -> Path:
    return settings.read({"HOME": str(tmp_path / "home")}).data / "iterate.db"


def test_a_file_is_read_and_changed_and_the_change_is_taken_back_with_its_prompt(tmp_path: Path, project: Path) -> None:
    edits = [{"old_text": "two", "new_text": "three"}]
    script = Script(
        [call("c1", "read", path="a.txt"), *step("tool_calls")],
        [call("c2", "edit", path="a.txt", edits=edits), *step("tool_calls")],
        [Piece(text="done"), *step()],
    )

    async def main() -> None:
        async with working(tmp_path, model(script.stream)) as runtime:
            session, reading = await begin(runtime, project)
            found = await read(reading)
            assert isinstance(found[-1], Done)
            assert (project / "a.txt").read_text() == "one\nthree\n"
            (changed,) = [event for event in found if isinstance(event, FilesChanged)]
            assert [(file.path, file.kind) for file in changed.files] == [("a.txt", "modified")]
            assert "+three" in await runtime.shelf.diff(session, None)
            assert (await runtime.shelf.revert(session, None)).files == ("a.txt",)
            assert (project / "a.txt").read_text() == "one\ntwo\n"
            assert await runtime.shelf.diff(session, None) == ""
            await runtime.shelf.unrevert(session)
            assert (project / "a.txt").read_text() == "one\nthree\n"
            (project / "a.txt").write_text("mine")
            with pytest.raises(FilesChangedSince, match=r"a\.txt"):
                await runtime.shelf.revert(session, None)
            assert (project / "a.txt").read_text() == "mine"
            _, whole = await runtime.shelf.get(session)
            assert len(whole.turns) == 1
        # What the project says is told before all else, and the same each time.
        assert any("pirate" in text for text in script.requests[0].system)
        assert script.requests[0].system == script.requests[2].system
        names = [tool.name for tool in script.requests[0].tools]
        assert names == sorted(names)
        assert {"read", "edit", "bash", "task"} <= set(names)

    run(main)


def test_the_agent_that_plans_changes_nothing(tmp_path: Path, project: Path) -> None:
    lines: list[Lines] = [
        [call("c1", "bash", command="rm a.txt"), call("c2", "write", path="b", text="x"), *step("tool_calls")],
        [Piece(text="the plan"), *step()],
    ]
    script = Script(*lines)

    async def main() -> None:
        async with working(tmp_path, model(script.stream)) as runtime:
            where = Workspace(directory=str(project))
            session = await runtime.create(where)
            found = await read(await runtime.prompt(session, "plan", "m/m", where, "", agent="plan"))
            assert isinstance(found[-1], Done)
            with pytest.raises(AgentUnknown):
                await runtime.prompt(session, "plan", "m/m", where, "", agent="nobody")
        assert [result.status for result in results(script.requests[1])] == ["denied", "error"]
        assert (project / "a.txt").exists()

    run(main)


def test_another_agent_works_in_a_session_under_this_one_and_asks_where_this_one_is_read(
    tmp_path: Path, project: Path
) -> None:
    script = Script(
        [call("c1", "task", agent="general", prompt="count the lines"), *step("tool_calls", 100, 10)],
        [call("d1", "fetch_nothing"), call("d2", "bash", command="curl example.org"), *step("tool_calls", 1000, 10)],
        [Piece(text="there are two"), *step("stop", 50, 5)],
        [Piece(text="two, it says"), *step()],
    )

    async def main() -> None:
        async with working(tmp_path, model(script.stream)) as runtime:
            session, reading = await begin(runtime, project)
            found = await until(reading, PermissionAsked)
            (asked,) = [event for event in found if isinstance(event, PermissionAsked)]
            (started,) = [event for event in found if isinstance(event, TaskStarted)]
            # It is seen at both, under the call of each.
            assert (asked.session, asked.call) == (session, "c1")
            (waiting,) = runtime.asking.permissions.list()
            assert (waiting.session, waiting.call, waiting.id) == (started.child, "d2", asked.id)
            runtime.asking.permissions.give(asked.id, Decided(decision="deny", message="no network"))
            found += await read(reading)
            assert isinstance(found[-1], Done)
            under = await runtime.shelf.search(Search(parent=session))
            assert [(row.id, row.agent, row.parent) for row in under] == [(started.child, "general", session)]
            assert [row.id for row in await runtime.shelf.search(Search())] == [session]
            assert sorted(await runtime.shelf.delete(session)) == sorted([session, started.child])
        assert said(script.requests[1]) == ["count the lines"]
        assert results(script.requests[3])[0].text == "there are two"

    run(main)


def test_an_abort_reaches_the_agents_below(tmp_path: Path, project: Path) -> None:
    script = Script(
        [call("c1", "task", agent="general", prompt="wait"), *step("tool_calls")],
        [call("d1", "bash", command="curl example.org"), *step("tool_calls")],
    )

    async def main() -> None:
        async with working(tmp_path, model(script.stream)) as runtime:
            session, reading = await begin(runtime, project)
            found = await until(reading, PermissionAsked)
            await runtime.cancel(session)
            found += await read(reading)
            (started,) = [event for event in found if isinstance(event, TaskStarted)]
            await runtime.drained()
            assert runtime.asking.permissions.list() == []
        assert type(stored(database(tmp_path), started.child)[-1]).__name__ == "Failed"

    run(main)


def test_a_conversation_that_is_too_long_is_summed_up_and_the_persons_words_stay(tmp_path: Path, project: Path) -> None:
    (project / "long.txt").write_text("a long line of words and more\n" * 1500)
    skill = project / ".iterate" / "skills" / "knots"
    skill.mkdir(parents=True)
    (skill / "SKILL.md").write_text("---\nname: knots\ndescription: How knots are tied.\n---\nOver, then under.")
    script = Script(
        [call("c0", "skill", name="knots"), *step("tool_calls", 3000)],
        [call("c1", "read", path="long.txt"), *step("tool_calls", 3000)],
        [Piece(text="SUMMARY: the file is long"), *step("stop", 9000, 50)],
        [Piece(text="done"), *step()],
        [Piece(text="more"), *step()],
        [Piece(text="again"), *step()],
    )

    async def main() -> None:
        async with working(tmp_path, model(script.stream, window=16_000)) as runtime:
            session, reading = await begin(runtime, project, "my very own words")
            found = await read(reading)
            assert isinstance(found[-1], Done)
            (compacted,) = [event for event in found if isinstance(event, Compacted)]
            assert compacted.summary == "SUMMARY: the file is long"
            assert compacted.tokens_after < compacted.tokens_before / 3
            # Asked with the same beginning, so that what the vendor kept of it is used.
            assert script.requests[2].messages[:3] == script.requests[1].messages[:3]
            (short,) = script.requests[3].messages
            assert isinstance(short, UserMessage)
            texts = said(script.requests[3])
            assert "my very own words" in texts
            assert "SUMMARY: the file is long" in texts
            assert any("Over, then under." in text for text in texts)
            assert not any("a long line" in text for text in texts)
            where = Workspace(directory=str(project))
            await read(await runtime.prompt(session, "go on", "m/m", where, ""))
            assert said(script.requests[4])[-1] == "go on"
            assert not any("a long line" in text for text in said(script.requests[4]))
            await runtime.shelf.undo_compaction(session)
            _, whole = await runtime.shelf.get(session)
            assert whole.compactions == ()

    run(main)


def test_a_session_is_summed_up_when_somebody_asks_for_it(tmp_path: Path, project: Path) -> None:
    script = Script(
        [call("c1", "read", path="a.txt"), *step("tool_calls")],
        [Piece(text="words " * 400), *step()],
        [Piece(text="short"), *step("stop", 500, 5)],
        [Piece(text="ok"), *step()],
    )

    async def main() -> None:
        async with working(tmp_path, model(script.stream)) as runtime:
            session, reading = await begin(runtime, project, "look")
            await read(reading)
            where = Workspace(directory=str(project))
            whole = await runtime.compact(session, "", where)
            assert whole.compactions[-1].summary == "short"
            await read(await runtime.prompt(session, "and now", "m/m", where, ""))
            assert [text for text in said(script.requests[3]) if text in ("look", "short", "and now")] == [
                "look",
                "short",
                "and now",
            ]
            # What summing up cost counts for the session.
            assert (await runtime.shelf.get(session))[0].tokens == 15 + 15 + 505 + 15

    run(main)


def test_what_is_allowed_for_always_is_asked_in_no_later_session(tmp_path: Path, project: Path) -> None:
    lines: Lines = [call("c1", "bash", command="touch made"), *step("tool_calls")]
    over: Lines = [Piece(text="ok"), *step()]
    script = Script(lines, over, lines, over)

    async def main() -> None:
        async with working(tmp_path, model(script.stream)) as runtime:
            _, reading = await begin(runtime, project)
            await until(reading, PermissionAsked)
            (waiting,) = runtime.asking.permissions.list()
            assert waiting.preview == "touch made"
            runtime.asking.permissions.give(waiting.id, Decided(decision="always"))
            assert isinstance((await read(reading))[-1], Done)
            assert (project / "made").exists()
        async with working(tmp_path, model(script.stream)) as runtime:
            _, reading = await begin(runtime, project)
            found = await read(reading)
            assert not any(isinstance(event, PermissionAsked) for event in found)
            assert isinstance(found[-1], Done)

    run(main)


@pytest.mark.skipif(not _is_confined(), reason="commands are not confined on this system")
def test_without_asking_a_command_runs_inside_the_sandbox_which_it_cannot_leave(tmp_path: Path, project: Path) -> None:
    script = Script(
        [call("c1", "bash", command="touch made"), *step("tool_calls")],
        [call("c2", "bash", command="touch ../outside"), *step("tool_calls")],
        [Piece(text="ok"), *step()],
    )

    async def main() -> None:
        async with working(tmp_path, model(script.stream)) as runtime:
            where = Workspace(directory=str(project))
            session = await runtime.create(where)
            bounds = Bounds(is_trusting=True)
            found = await read(await runtime.prompt(session, "go", "m/m", where, "", bounds=bounds))
            assert not any(isinstance(event, PermissionAsked) for event in found)
        assert (project / "made").exists()
        assert results(script.requests[2])[0].status == "error"
        assert not (project.parent / "outside").exists()

    run(main)


def test_files_that_go_with_a_prompt_are_read_once_and_may_be_changed(tmp_path: Path, project: Path) -> None:
    edits = [{"old_text": "two", "new_text": "three"}]
    script = Script([call("c1", "edit", path="a.txt", edits=edits), *step("tool_calls")], [Piece(text="ok"), *step()])
    (tmp_path / "b.txt").write_text("what is in b")

    async def main() -> None:
        async with working(tmp_path, model(script.stream)) as runtime:
            where = Workspace(directory=str(project))
            session = await runtime.create(where)
            beside = [FilePart(name="b.txt", media_type="", url=(tmp_path / "b.txt").as_uri())]
            # As a command gives it that names the file in its text, too.
            beside.append(FilePart(name="a.txt", media_type="", url=(project / "a.txt").as_uri()))
            found = await read(await runtime.prompt(session, "mend @a.txt", "m/m", where, "", files=beside))
            assert isinstance(found[-1], Done)
            (tmp_path / "b.txt").unlink()
            with pytest.raises(FileUnusable, match=r"b\.txt"):
                await runtime.prompt(session, "again", "m/m", where, "", files=beside)
            other = [FilePart(name="x", media_type="", url="https://example.org/x")]
            with pytest.raises(FileUnusable, match="https"):
                await runtime.prompt(session, "again", "m/m", where, "", files=other)
        texts = said(script.requests[0])
        assert texts[0] == "mend @a.txt"
        assert any("what is in b" in text for text in texts)
        assert sum("one\ntwo" in text for text in texts) == 1
        assert results(script.requests[1])[0].status == "ok"
        assert (project / "a.txt").read_text() == "one\nthree\n"

    run(main)


def test_what_an_agent_below_spends_counts_above(tmp_path: Path, project: Path) -> None:
    script = Script(
        [call("c1", "task", agent="explore", prompt="look"), *step("tool_calls", 100, 10)],
        [Piece(text="found"), *step("stop", 40_000, 10)],
        [Piece(text="never said"), *step()],
    )

    async def main() -> None:
        async with working(tmp_path, model(script.stream)) as runtime:
            where = Workspace(directory=str(project))
            session = await runtime.create(where)
            bounds = Bounds(limits=Limits(tokens=40_000))
            found = await read(await runtime.prompt(session, "go", "m/m", where, "", bounds=bounds))
        assert isinstance(found[-1], Failed)
        assert found[-1].reason == "tokens"
        assert len(script.requests) == 2

    run(main)


def test_a_vendor_that_finds_it_too_long_is_asked_again_with_a_summary(tmp_path: Path, project: Path) -> None:
    (project / "long.txt").write_text("a long line of words and more\n" * 400)
    script = Script(
        [call("c1", "read", path="long.txt"), *step("tool_calls")],
        [ContextTooLong("too long")],
        [Piece(text="in short"), *step()],
        [Piece(text="done"), *step()],
    )

    async def main() -> None:
        async with working(tmp_path, model(script.stream)) as runtime:
            _, reading = await begin(runtime, project)
            found = await read(reading)
        assert isinstance(found[-1], Done)
        assert any(isinstance(event, Compacted) for event in found)
        assert "in short" in said(script.requests[3])

    run(main)


def test_instructions_further_in_are_told_once_when_a_file_there_is_read(tmp_path: Path, project: Path) -> None:
    inner = project / "inner"
    inner.mkdir()
    (inner / "AGENTS.md").write_text("Whisper here.")
    (inner / "x.txt").write_text("x")
    script = Script(
        [call("c1", "read", path="inner/x.txt"), *step("tool_calls")],
        [call("c2", "read", path="inner/x.txt"), *step("tool_calls")],
        [Piece(text="ok"), *step()],
    )

    async def main() -> None:
        async with working(tmp_path, model(script.stream)) as runtime:
            _, reading = await begin(runtime, project)
            await read(reading)
        assert "Whisper here." in results(script.requests[1])[0].text
        assert "Whisper here." not in results(script.requests[2])[0].text
        assert not any("Whisper" in text for text in script.requests[0].system)

    run(main)


def test_a_hook_that_refuses_keeps_a_call_from_being_made(tmp_path: Path, project: Path) -> None:
    folder = tmp_path / "home" / ".config" / "iterate"
    folder.mkdir(parents=True)
    command = '["sh", "-c", "echo not today >&2; exit 2"]'
    (folder / "config.toml").write_text(f'[[hooks]]\non = "before"\ncommand = {command}\ntools = ["write"]\n')
    script = Script([call("c1", "write", path="new", content="x"), *step("tool_calls")], [Piece(text="ok"), *step()])

    async def main() -> None:
        async with working(tmp_path, model(script.stream)) as runtime:
            _, reading = await begin(runtime, project)
            await read(reading)
        (result,) = results(script.requests[1])
        assert (result.status, "not today" in result.text) == ("denied", True)
        assert not (project / "new").exists()

    run(main)
