"""Servers of MCP, real ones in processes of their own, called through whole answers."""

import asyncio
import base64
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.iterate.conftest import eventually
from tests.iterate.runtimes import model, read, run
from tests.iterate.scripts import Script, call, results, step
from tests.iterate.test_agent import begin, until

from iterate import settings
from iterate.errors import CommandUnknown
from iterate.events import FilePart, Json, PermissionAsked, Piece, QuestionAsked, ToolOutput, Warned
from iterate.mcp import prompting
from iterate.providers import Listed
from iterate.request import Model, UserMessage
from iterate.runtime.asking import Answered, Decided
from iterate.runtime.kit import Kit
from iterate.runtime.runtime import Runtime
from iterate.runtime.working import Bounds
from iterate.workspace import Workspace

SERVER = Path(__file__).with_name("mcp_server.py")
pytestmark = pytest.mark.processes


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "home" / "project"
    (folder / ".git").mkdir(parents=True)
    return folder


def configure(tmp_path: Path, text: str) -> settings.Settings:
    here = settings.read({"HOME": str(tmp_path / "home")})
    assert here.config is not None
    here.config.parent.mkdir(parents=True, exist_ok=True)
    here.config.write_text(text)
    return here


def small(*words: str, env: Mapping[str, str] | None = None, more: str = "", permission: str = '"*" = "allow"') -> str:
    command = json.dumps([sys.executable, str(SERVER), "stdio", *words])
    lines = ["[mcp.small]", f"command = {command}", more, "[mcp.small.env]"]
    lines += [f"{name} = {json.dumps(text)}" for name, text in (env or {}).items()]
    return "\n".join([*lines, "[permission.mcp]", permission, ""])


@asynccontextmanager
async def working(here: settings.Settings, *models: Model) -> AsyncIterator[Runtime]:
    runtime = Runtime(here.data / "iterate.db", Kit(here, models=Listed(models)))
    runtime.claim()
    # Other tests run beside this one.
    runtime.kit.hub().first_s = 60
    try:
        yield runtime
    finally:
        await runtime.finish(0)


def calling(name: str, /, **arguments: Json) -> Script:
    return Script([call("c1", name, **arguments), *step("tool_calls")], [Piece(text="done"), *step()])


def test_a_tool_of_a_program_is_offered_called_and_answers(tmp_path: Path, project: Path) -> None:
    script = calling("small__add", a=2, b=3)

    async def main() -> None:
        async with working(configure(tmp_path, small()), model(script.stream)) as runtime:
            _, reading = await begin(runtime, project)
            await read(reading)
        assert "small__add" in [tool.name for tool in script.requests[0].tools]
        assert [(each.status, each.text) for each in results(script.requests[1])] == [("ok", "5")]

    run(main)


def test_what_a_tool_draws_says_at_length_or_fails_with_reaches_the_model_bounded(
    tmp_path: Path, project: Path
) -> None:
    script = Script(
        [
            call("c1", "small__draw"),
            call("c2", "small__much", lines=9000),
            call("c3", "small__fail"),
            call("c4", "small__add", a="x"),
            *step("tool_calls"),
        ],
        [*step()],
    )

    async def main() -> None:
        async with working(configure(tmp_path, small()), model(script.stream)) as runtime:
            _, reading = await begin(runtime, project)
            await read(reading)
        drawn, much, failed, wrong = results(script.requests[1])
        assert [(each.media_type, each.url[:22]) for each in drawn.files] == [("image/png", "data:image/png;base64,")]
        assert len(much.text) < 60_000
        assert "line 8999" in await asyncio.to_thread(Path(much.full).read_text)
        assert (failed.status, "broken on purpose" in failed.text) == ("error", True)
        assert wrong.status == "error"

    run(main)


def test_a_server_gets_only_what_the_settings_name_and_what_programs_need(tmp_path: Path, project: Path) -> None:
    script = Script(
        [call("c1", "small__environment"), call("c2", "small__variable", name="KEY"), *step("tool_calls")], [*step()]
    )

    async def main() -> None:
        here = configure(tmp_path, small(env={"KEY": "${env:MY_KEY}"}))
        where = Workspace(
            directory=str(project), environment={"MY_KEY": "k-1", "OTHER_KEY": "k-2", "PATH": os.environ["PATH"]}
        )
        async with working(here, model(script.stream)) as runtime:
            session = await runtime.create(where)
            await read(await runtime.prompt(session, "go", "m/m", where, ""))
        names, key = results(script.requests[1])
        assert {"OTHER_KEY", "MY_KEY"} & set(names.text.splitlines()) == set()
        assert key.text == "k-1"

    run(main)


def test_a_variable_that_is_not_set_is_told_and_the_rest_goes_on(tmp_path: Path, project: Path) -> None:
    script = Script([Piece(text="done"), *step()])

    async def main() -> None:
        here = configure(tmp_path, small(env={"KEY": "${env:MY_KEY}"}))
        async with working(here, model(script.stream)) as runtime:
            _, reading = await begin(runtime, project)
            found = await read(reading)
        assert ["MY_KEY" in each.text for each in found if isinstance(each, Warned)] == [True]

    run(main)


def test_a_server_that_a_project_names_is_not_started_before_that_project_is_trusted(
    tmp_path: Path, project: Path
) -> None:
    script = Script([Piece(text="done"), *step()])
    mark = tmp_path / "started"
    file = project / ".iterate" / "config.toml"
    file.parent.mkdir()
    program = f"open({str(mark)!r}, 'w')"
    file.write_text(f"[mcp.sly]\ncommand = {json.dumps([sys.executable, '-c', program])}\n")

    async def main() -> None:
        async with working(configure(tmp_path, ""), model(script.stream)) as runtime:
            _, reading = await begin(runtime, project)
            await read(reading)
            assert runtime.kit.hub().pid == 0
        assert not mark.exists()

    run(main)


def test_a_tool_asks_and_a_hint_that_it_only_reads_allows_nothing(tmp_path: Path, project: Path) -> None:
    script = calling("small__draw")

    async def main() -> None:
        async with working(configure(tmp_path, small(permission="")), model(script.stream)) as runtime:
            _, reading = await begin(runtime, project)
            found = await until(reading, PermissionAsked)
            asked = next(each for each in found if isinstance(each, PermissionAsked))
            assert asked.tool == "small__draw"
            runtime.asking.permissions.give(asked.id, Decided(decision="deny", message="no drawing"))
            await read(reading)
        assert [each.status for each in results(script.requests[1])] == ["denied"]

    run(main)


def test_a_tool_whose_definition_changed_since_it_was_allowed_asks_again(tmp_path: Path, project: Path) -> None:
    def answered(*words: str) -> list[bool]:
        script = calling("small__add", a=1, b=1)
        asked: list[bool] = []

        async def main() -> None:
            async with working(configure(tmp_path, small(*words)), model(script.stream)) as runtime:
                _, reading = await begin(runtime, project)
                while (lines := await reading.next(20)) is not None:
                    for line in lines:
                        if isinstance(line.event, PermissionAsked):
                            asked.append("definition changed" in line.event.why)
                            runtime.asking.permissions.give(line.event.id, Decided(decision="once"))
            assert results(script.requests[1])[0].text == "2"

        run(main)
        return asked

    assert answered() == []
    assert answered("changed") == [True]
    assert answered("changed") == []


def test_a_tool_that_becomes_another_one_in_mid_answer_asks_once_more(tmp_path: Path, project: Path) -> None:
    asked: list[str] = []

    async def main() -> None:
        async def turned() -> None:
            await listed(runtime, "small", project, "send me all")

        script = Script(
            [call("c0", "small__add", a=1, b=1), *step("tool_calls")],
            [call("c1", "small__turn"), *step("tool_calls")],
            [turned, call("c2", "small__add", a=2, b=2), *step("tool_calls")],
            [call("c3", "small__add", a=3, b=3), *step("tool_calls")],
            [call("c4", "small__add", a=4, b=4), *step("tool_calls")],
            [*step()],
        )
        async with working(configure(tmp_path, small()), model(script.stream)) as runtime:
            _, reading = await begin(runtime, project)
            while (lines := await reading.next(20)) is not None:
                for line in lines:
                    if isinstance(line.event, PermissionAsked):
                        asked.append(line.event.why)
                        decided = Decided(decision="deny" if len(asked) == 1 else "once")
                        runtime.asking.permissions.give(line.event.id, decided)
        last = [results(request)[-1] for request in script.requests[1:]]
        assert (last[0].text, last[2].status) == ("2", "denied")
        assert [each.text for each in last[3:]] == ["6", "8"]
        assert ["definition changed" in why for why in asked] == [True, True]

    run(main)


def test_a_call_that_is_cancelled_is_cancelled_at_its_server_and_its_progress_was_shown(
    tmp_path: Path, project: Path
) -> None:
    started, ended = tmp_path / "started", tmp_path / "ended"
    script = calling("small__slow", started=str(started), ended=str(ended))

    async def main() -> None:
        async with working(configure(tmp_path, small()), model(script.stream)) as runtime:
            watcher = runtime.watch()
            session, reading = await begin(runtime, project)
            await there(started)
            shown: list[str] = []
            while not any("at 1" in text for text in shown):
                lines = await asyncio.wait_for(watcher.next(20), 30)
                shown += [line.event.text for line in lines or () if isinstance(line.event, ToolOutput)]
            await runtime.cancel(session)
            await read(reading)
            await there(ended)

    run(main)


def test_a_call_that_takes_longer_than_it_may_is_given_up(tmp_path: Path, project: Path) -> None:
    script = calling("small__slow", started=str(tmp_path / "a"), ended=str(tmp_path / "b"))

    async def main() -> None:
        async with working(configure(tmp_path, small(more="timeout_s = 0.5")), model(script.stream)) as runtime:
            _, reading = await begin(runtime, project)
            await read(reading)
        assert "within 0.5 s" in results(script.requests[1])[0].text

    run(main)


def test_a_question_of_a_server_is_a_question_to_the_person(tmp_path: Path, project: Path) -> None:
    script = calling("small__ask")

    async def main() -> None:
        async with working(configure(tmp_path, small()), model(script.stream)) as runtime:
            _, reading = await begin(runtime, project)
            found = await until(reading, QuestionAsked)
            asked = next(each for each in found if isinstance(each, QuestionAsked))
            assert ["What do you want?" in each.text for each in asked.questions] == [True, True, True]
            runtime.asking.questions.give(asked.id, Answered(answers=(("Ann",), ("3",), ("yes",))))
            await read(reading)
        assert results(script.requests[1])[0].text == "accept: Wanted(name='Ann', count=3, is_sure=True)"

    run(main)


def test_a_tool_that_a_server_gets_later_comes_with_the_next_prompt(tmp_path: Path, project: Path) -> None:
    script = Script([call("c1", "small__grow"), *step("tool_calls")], [*step()], [*step()])

    async def main() -> None:
        async with working(configure(tmp_path, small()), model(script.stream)) as runtime:
            session, reading = await begin(runtime, project)
            await read(reading)
            await listed(runtime, "small", project, "grown")
            await read(await runtime.prompt(session, "again", "m/m", Workspace(directory=str(project)), ""))
        names = [[tool.name for tool in request.tools] for request in script.requests]
        assert ["small__grown" in each for each in names] == [False, False, True]

    run(main)


def test_many_tools_are_found_by_words_and_called_and_the_list_of_tools_stays_the_same(
    tmp_path: Path, project: Path
) -> None:
    script = Script(
        [call("c1", "tool_search", query="thing 77"), *step("tool_calls")],
        [call("c2", "tool_call", tool="small__tool_77"), call("c3", "small__tool_78"), *step("tool_calls")],
        [*step()],
    )

    async def main() -> None:
        async with working(configure(tmp_path, small("many")), model(script.stream)) as runtime:
            _, reading = await begin(runtime, project)
            found = await read(reading)
        assert not [tool.name for tool in script.requests[0].tools if tool.name.startswith("small__")]
        assert len({json.dumps([tool.name for tool in each.tools]) for each in script.requests}) == 1
        assert "small__tool_77" in results(script.requests[1])[0].text
        assert [each.text for each in results(script.requests[2])] == ["ok", "ok"]
        assert not [each for each in found if isinstance(each, PermissionAsked)]

    run(main)


def test_a_tool_that_is_called_through_another_is_judged_as_itself(tmp_path: Path, project: Path) -> None:
    script = Script([call("c2", "tool_call", tool="small__tool_7", arguments={}), *step("tool_calls")], [*step()])

    async def main() -> None:
        rule = '"*" = "allow"\n"small/tool_7" = "deny"'
        here = configure(tmp_path, small("many", permission=rule))
        async with working(here, model(script.stream)) as runtime:
            _, reading = await begin(runtime, project)
            await read(reading)
        assert [each.status for each in results(script.requests[1])] == ["denied"]

    run(main)


def test_what_a_server_has_to_read_is_listed_and_read(tmp_path: Path, project: Path) -> None:
    script = Script(
        [
            call("c1", "mcp_resource", server="small"),
            call("c2", "mcp_resource", server="small", uri="note://one"),
            call("c3", "mcp_resource", server="small", uri="note://none"),
            *step("tool_calls"),
        ],
        [*step()],
    )

    async def main() -> None:
        async with working(configure(tmp_path, small()), model(script.stream)) as runtime:
            _, reading = await begin(runtime, project)
            await read(reading)
        listed, one, none = results(script.requests[1])
        assert "note://one" in listed.text
        assert one.text == "note://one:\nthe first note"
        assert none.status == "error"

    run(main)


def test_a_prompt_of_a_server_is_a_command_and_what_it_has_to_read_a_file_of_a_prompt(
    tmp_path: Path, project: Path
) -> None:
    script = Script([*step()], [*step()])

    async def main() -> None:
        async with working(configure(tmp_path, small()), model(script.stream)) as runtime:
            where = Workspace(directory=str(project))
            hub, configured = runtime.kit.hub(), await runtime.kit.configured(where)
            said = await prompting.expand(hub, configured, "small__greet", "'Ann Lee' very warm")
            assert said is not None
            assert said.text == "Greet Ann Lee in a very warm way."
            assert [name for name, _ in prompting.commands(hub, configured)] == ["small__greet"]
            assert await prompting.expand(hub, configured, "other__greet", "") is None
            with pytest.raises(CommandUnknown, match="needs name"):
                await prompting.expand(hub, configured, "small__greet", "")
            session = await runtime.create(where)
            file = FilePart(name="note", media_type="", url="mcp:small/note://one")
            bounds = Bounds(files=(file,), has_files=True)
            await read(await runtime.prompt(session, "look", "m/m", where, "", files=(file,), bounds=bounds))
        (message,) = script.requests[0].messages
        assert isinstance(message, UserMessage)
        (part,) = [each for each in message.parts if isinstance(each, FilePart)]
        assert base64.b64decode(part.url.partition(",")[2]) == b"the first note"

    run(main)


@pytest.mark.parametrize("tool", ["ask", "roots", "sample", "grow"])
def test_a_server_of_the_years_before_2026_is_understood_as_well(tmp_path: Path, project: Path, tool: str) -> None:
    script = Script([call("c1", f"old__{tool}"), *step("tool_calls")], [*step()], [*step()])
    command = json.dumps([sys.executable, str(SERVER.with_name("mcp_old_server.py"))])

    async def main() -> None:
        here = configure(tmp_path, f'[mcp.old]\ncommand = {command}\n[permission]\nmcp = "allow"\n')
        async with working(here, model(script.stream)) as runtime:
            session, reading = await begin(runtime, project)
            if tool == "ask":
                found = await until(reading, QuestionAsked)
                asked = next(each for each in found if isinstance(each, QuestionAsked))
                runtime.asking.questions.give(asked.id, Answered(answers=(("blue",),)))
            await read(reading)
            if tool == "grow":
                await listed(runtime, "old", project, "new")
            await read(await runtime.prompt(session, "again", "m/m", Workspace(directory=str(project)), ""))
        text = results(script.requests[1])[0].text
        match tool:
            case "ask":
                assert json.loads(text)["result"] == {"action": "accept", "content": {"colour": "blue"}}
            case "roots":
                assert json.loads(text)["result"]["roots"] == [{"uri": project.as_uri(), "name": "project"}]
            case "sample":
                assert "error" in json.loads(text)
            case _:
                assert "old__new" in [each.name for each in script.requests[2].tools]

    run(main)


async def listed(runtime: Runtime, server: str, project: Path, text: str) -> None:
    (served,) = runtime.kit.hub().running(server, project)
    await asyncio.to_thread(eventually, lambda: text in repr(served.listing))


async def there(path: Path) -> None:
    await asyncio.to_thread(eventually, path.exists)


def test_a_server_that_never_answers_makes_one_prompt_wait_and_no_other(tmp_path: Path, project: Path) -> None:
    script = Script([Piece(text="done"), *step()], [Piece(text="done"), *step()])
    here = configure(tmp_path, f"[mcp.silent]\ncommand = {json.dumps([sys.executable, '-c', 'input()'])}\n")

    async def main() -> None:
        async with working(here, model(script.stream)) as runtime:
            runtime.kit.hub().first_s = 0.1
            session, reading = await begin(runtime, project)
            assert [event for event in await read(reading) if isinstance(event, Warned)]
            # Whoever waited so long again would be noticed.
            runtime.kit.hub().first_s = 3600
            again = await read(await runtime.prompt(session, "again", "m/m", Workspace(directory=str(project)), ""))
            (warned,) = [event for event in again if isinstance(event, Warned)]
            assert "silent is left out: it is still starting" in warned.text

    run(main)
