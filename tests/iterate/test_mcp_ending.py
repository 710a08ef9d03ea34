"""How servers of MCP end: with what they started, however that happens; and how they start again."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from tests.iterate.conftest import eventually
from tests.iterate.runtimes import model, read, run
from tests.iterate.scripts import Line, Script, call, results, step
from tests.iterate.test_agent import begin
from tests.iterate.test_mcp import configure, project, small, working

from iterate.events import PermissionAsked
from iterate.runtime.asking import Decided
from iterate.workspace import Workspace

__all__ = ["project"]
pytestmark = pytest.mark.processes


def test_a_server_that_crashes_in_a_call_is_told_of_and_starts_again_until_that_is_too_often(
    tmp_path: Path, project: Path
) -> None:
    crash: list[list[Line]] = [[call(f"c{number}", "small__crash"), *step("tool_calls")] for number in range(4)]
    script = Script([call("c", "small__pid"), *step("tool_calls")], *crash, [*step()])

    async def main() -> None:
        async with working(configure(tmp_path, small()), model(script.stream)) as runtime:
            _, reading = await begin(runtime, project)
            found: list[str] = []
            while (lines := await reading.next(20)) is not None:
                for line in lines:
                    if isinstance(line.event, PermissionAsked):
                        runtime.asking.permissions.give(line.event.id, Decided(decision="once"))
            found = [results(request)[0].text for request in script.requests[2:]]
        assert ["exit code 7" in text for text in found] == [True, True, True, True]
        assert ["left alone" in text for text in found] == [False, False, False, True]

    run(main)


def test_nothing_is_left_when_the_server_of_a_session_ends(tmp_path: Path, project: Path) -> None:
    script = Script([call("c1", "small__stay"), call("c2", "small__pid"), *step("tool_calls")], [*step()])

    async def main() -> None:
        async with working(configure(tmp_path, small()), model(script.stream)) as runtime:
            _, reading = await begin(runtime, project)
            await read(reading)
            pids = [int(each.text) for each in results(script.requests[1])]
            assert all(psutil.pid_exists(pid) for pid in pids)
        assert {each.status for each in results(script.requests[1])} == {"ok"}
        assert [lives(pid) for pid in pids] == [False, False]

    run(main)


@pytest.mark.systems("linux")
@pytest.mark.parametrize("how", ["the server ends", "it is closed", "the child is killed"])
def test_what_a_server_put_into_a_session_of_its_own_ends_with_it(tmp_path: Path, project: Path, how: str) -> None:
    script = Script([call("c1", "small__leave"), *step("tool_calls")], [*step()])

    async def main() -> None:
        async with working(configure(tmp_path, small()), model(script.stream)) as runtime:
            _, reading = await begin(runtime, project)
            await read(reading)
            (found,) = results(script.requests[1])
            pid = int(found.text)
            assert os.getsid(pid) == pid
            match how:
                case "it is closed":
                    await runtime.kit.hub().forget("small")
                    await asyncio.to_thread(eventually, lambda: not lives(pid))
                case "the child is killed":
                    os.kill(runtime.kit.hub().pid, signal.SIGKILL)
                    await asyncio.to_thread(eventually, lambda: not lives(pid))
                case _:
                    assert lives(pid)
        assert not lives(pid)

    run(main)


def test_nothing_is_left_when_the_child_is_killed_and_the_next_call_starts_anew(tmp_path: Path, project: Path) -> None:
    script = Script(
        [call("c1", "small__stay"), call("c2", "small__pid"), *step("tool_calls")],
        [*step()],
        [call("c3", "small__pid"), *step("tool_calls")],
        [*step()],
    )

    async def main() -> None:
        async with working(configure(tmp_path, small()), model(script.stream)) as runtime:
            session, reading = await begin(runtime, project)
            await read(reading)
            pids = [int(each.text) for each in results(script.requests[1])]
            os.kill(runtime._kit.hub().pid, signal.SIGKILL)
            await asyncio.to_thread(eventually, lambda: not any(lives(pid) for pid in pids))
            where = Workspace(directory=str(project))
            await read(await runtime.prompt(session, "again", "m/m", where, ""))
            assert int(results(script.requests[3])[0].text) not in pids

    run(main)


def lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_child_that_is_not_wanted_any_more_ends_while_it_still_loads() -> None:
    text = "import time; from iterate.mcp.intake import Intake; Intake().start(); time.sleep(600)"
    done = subprocess.run([sys.executable, "-c", text], input=b"\0\0\0\1x", timeout=60, check=False)
    assert done.returncode == 0
