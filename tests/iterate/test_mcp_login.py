"""Servers of MCP that are reached over HTTP, with and without a log-in; a browser is played by a plain HTTP client."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.iterate.conftest import eventually
from tests.iterate.runtimes import model, read, run
from tests.iterate.scripts import Script, call, results, step
from tests.iterate.test_agent import begin
from tests.iterate.test_mcp import configure, project, small, working

from iterate.events import Warned
from iterate.mcp.served import Served
from iterate.runtime.runtime import Runtime
from iterate.workspace import Workspace

if TYPE_CHECKING:
    from iterate.mcp.frames import Listing

HERE = Path(__file__).parent
pytestmark = pytest.mark.processes
__all__ = ["project"]


@contextmanager
def served(name: str, *words: str) -> Iterator[str]:
    """A server in a process of its own, and its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    line = [sys.executable, str(HERE / name), str(port), *words]
    with subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        try:
            eventually(lambda: is_open(port))
            yield f"http://127.0.0.1:{port}/mcp"
        finally:
            child.kill()


def is_open(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def settings_of(url: str) -> str:
    return f'[mcp.far]\nurl = {json.dumps(url)}\n[permission]\nmcp = "allow"\n'


def test_a_tool_is_called_over_http(tmp_path: Path, project: Path) -> None:
    script = Script([call("c1", "far__add", a=2, b=3), *step("tool_calls")], [*step()])

    async def main() -> None:
        with served("mcp_server.py") as url:
            async with working(configure(tmp_path, settings_of(url)), model(script.stream)) as runtime:
                _, reading = await begin(runtime, project)
                await read(reading)
        assert [each.text for each in results(script.requests[1])] == ["5"]

    run(main)


@pytest.mark.parametrize("is_far", ["far", "near"])
def test_what_nobody_uses_is_ended_and_comes_back_with_the_next_call(
    tmp_path: Path, project: Path, is_far: str
) -> None:
    name = "far" if is_far == "far" else "small"
    script = Script(
        [call("c1", f"{name}__add", a=2, b=3), *step("tool_calls")],
        [*step()],
        [call("c2", f"{name}__add", a=3, b=3), *step("tool_calls")],
        [*step()],
    )

    async def main() -> None:
        with served("mcp_server.py") as url:
            here = configure(tmp_path, settings_of(url) if is_far == "far" else small())
            async with working(here, model(script.stream)) as runtime:
                session, reading = await begin(runtime, project)
                await read(reading)
                hub = runtime.kit.hub()
                await hub.tired(3600)
                assert hub.pid != 0
                await hub.tired(0)
                assert hub.pid == 0
                where = Workspace(directory=str(project))
                await read(await runtime.prompt(session, "again", "m/m", where, ""))
        assert [results(script.requests[number])[0].text for number in (1, 3)] == ["5", "6"]

    run(main)


@pytest.mark.parametrize("way", ["killed", "disposed"])
def test_a_server_that_is_far_is_reached_again_when_the_child_is_gone(tmp_path: Path, project: Path, way: str) -> None:
    script = Script(
        [call("c1", "far__add", a=2, b=3), *step("tool_calls")],
        [*step()],
        [call("c2", "far__add", a=3, b=3), *step("tool_calls")],
        [*step()],
    )

    async def main() -> None:
        with served("mcp_server.py") as url:
            async with working(configure(tmp_path, settings_of(url)), model(script.stream)) as runtime:
                session, reading = await begin(runtime, project)
                await read(reading)
                hub = runtime.kit.hub()
                if way == "killed":
                    os.kill(hub.pid, signal.SIGKILL)
                    async with asyncio.timeout(20):
                        while hub.pid:  # noqa: ASYNC110
                            await asyncio.sleep(0.01)
                else:
                    await runtime.dispose()
                where = Workspace(directory=str(project))
                await read(await runtime.prompt(session, "again", "m/m", where, ""))
        assert results(script.requests[3])[0].text == "6"

    run(main)


def test_a_server_that_is_not_there_is_told_and_one_that_went_away_is_found_again(
    tmp_path: Path, project: Path
) -> None:
    script = Script(
        [call("c1", "far__pid"), *step("tool_calls")],
        [*step()],
        [call("c2", "far__pid"), *step("tool_calls")],
        [call("c3", "far__pid"), *step("tool_calls")],
        [*step()],
    )

    async def main() -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        line = [sys.executable, str(HERE / "mcp_server.py"), str(port)]
        url = f"http://127.0.0.1:{port}/mcp"
        silent = subprocess.DEVNULL
        async with working(configure(tmp_path, settings_of(url)), model(script.stream)) as runtime:
            with subprocess.Popen(line, stdout=silent, stderr=silent) as child:  # noqa: ASYNC220  # It is quick.
                await asyncio.to_thread(eventually, lambda: is_open(port))
                session, reading = await begin(runtime, project)
                await read(reading)
                child.kill()
            reading = await runtime.prompt(session, "again", "m/m", Workspace(directory=str(project)), "")
            await read(reading)
        first, gone = results(script.requests[1])[0], results(script.requests[3])[0]
        assert (first.status, gone.status) == ("ok", "error")

    run(main)


class Stay(urllib.request.HTTPRedirectHandler):
    """Goes nowhere."""

    def redirect_request(self, *_: object) -> None:
        return None


def returned(url: str) -> str:
    """Where a browser would be sent from there."""
    try:
        urllib.request.build_opener(Stay).open(url, timeout=10)
    except urllib.error.HTTPError as answer:
        return answer.headers["Location"] or ""
    return ""


async def log_in(runtime: Runtime, here: Path, *, is_browser_near: bool) -> Served:
    kit = runtime.kit
    found = kit.hub().find("far", await kit.configured(Workspace(directory=str(here))))
    visited: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    ids: list[int] = []
    task = asyncio.ensure_future(found.login(visited.set_result, ids))
    both: list[asyncio.Future[str] | asyncio.Task[Listing]] = [task, visited]
    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        task.result()
    url = await visited
    if is_browser_near:
        page = await asyncio.to_thread(lambda: urllib.request.urlopen(url, timeout=10).read())  # noqa: S310
        assert b"logged in" in page
    else:
        await found.returned(ids[0], await asyncio.to_thread(returned, url))
    await asyncio.wait_for(task, 20)
    return found


@pytest.mark.parametrize("is_near", [True, False])
def test_a_person_logs_in_once_and_tokens_are_renewed_without_them(
    tmp_path: Path,
    project: Path,
    is_near: bool,  # noqa: FBT001
) -> None:
    before, after = Script([*step()]), Script([call("c1", "far__counts"), *step("tool_calls")], [*step()])

    async def main() -> None:
        with served("mcp_login_server.py", "2") as url:
            here = configure(tmp_path, settings_of(url))
            async with working(here, model(before.stream)) as runtime:
                _, reading = await begin(runtime, project)
                told = [each.text for each in await read(reading) if isinstance(each, Warned)]
                assert ["iterate mcp login far" in text for text in told] == [True]
                await log_in(runtime, project, is_browser_near=is_near)
            (kept,) = list((here.state / "mcp").iterdir())
            assert kept.stat().st_mode & 0o777 == 0o600
            await asyncio.sleep(2.5)
            async with working(here, model(after.stream)) as runtime:
                _, reading = await begin(runtime, project)
                await read(reading)
        assert results(after.requests[1])[0].text.split()[0] == "1"
        assert int(results(after.requests[1])[0].text.split()[1]) >= 1

    run(main)
