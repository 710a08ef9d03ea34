"""The server of MCP that its makers test clients with, a program of node: tools, prompts, things to read."""

import asyncio
import json
import shutil
from pathlib import Path

import pytest
from tests.iterate.runtimes import model, read, run
from tests.iterate.scripts import Script, call, results, step
from tests.iterate.test_agent import begin
from tests.iterate.test_mcp import configure, project, working

from iterate.mcp import prompting
from iterate.workspace import Workspace

pytestmark = pytest.mark.consumer("node", "mcp-server-everything")
__all__ = ["project"]


def test_the_tools_prompts_and_resources_of_the_reference_server_are_used(tmp_path: Path, project: Path) -> None:
    node, server = shutil.which("node"), shutil.which("mcp-server-everything")
    command = json.dumps([node, server, "stdio"])
    script = Script(
        [
            call("c1", "every__echo", message="hello"),
            call("c2", "every__get-sum", a=2, b=40),
            call("c3", "every__get-tiny-image"),
            call("c4", "every__get-structured-content", location="New York"),
            call("c5", "every__trigger-long-running-operation", duration=1, steps=2),
            call("c6", "every__get-sum", a="no number", b=1),
            call("c7", "mcp_resource", server="every"),
            *step("tool_calls"),
        ],
        [*step()],
    )

    async def main() -> None:
        text = f'[mcp.every]\ncommand = {command}\n[permission]\nmcp = "allow"\n'
        async with working(configure(tmp_path, text), model(script.stream)) as runtime:
            _, reading = await begin(runtime, project)
            await read(reading)
            echo, total, image, structured, long, wrong, listed = results(script.requests[1])
            assert (echo.text, echo.status) == ("Echo: hello", "ok")
            assert "42" in total.text
            assert [each.media_type for each in image.files] == ["image/png"]
            assert "temperature" in structured.text
            assert (long.status, wrong.status) == ("ok", "error")
            hub, configured = runtime.kit.hub(), await runtime.kit.configured(Workspace(directory=str(project)))
            names = [name for name, _ in prompting.commands(hub, configured)]
            assert "every__args-prompt" in names
            said = await prompting.expand(hub, configured, "every__args-prompt", "Paris Texas")
            assert said is not None
            assert "Paris" in said.text
            uri = next(line.split()[0] for line in listed.text.splitlines() if "{" not in line)
            await asyncio.sleep(0)
        assert uri

    run(main)
