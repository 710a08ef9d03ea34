"""Servers of MCP, real ones in processes of their own, called through whole answers."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.iterate.runtimes import model, read, run
from tests.iterate.scripts import Script, call, results, step
from tests.iterate.test_agent import begin, until

from iterate import settings
from iterate.events import Json, PermissionAsked, Piece, QuestionAsked, Warned
from iterate.providers import Listed
from iterate.request import Model
from iterate.runtime.asking import Decided
from iterate.runtime.kit import Kit
from iterate.runtime.runtime import Runtime

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


def small(env: Mapping[str, str] | None = None, more: str = "", permission: str = '"*" = "allow"') -> str:
    command = json.dumps([sys.executable, str(SERVER), "stdio"])
    lines = ["[mcp.small]", f"command = {command}", more, "[mcp.small.env]"]
    lines += [f"{name} = {json.dumps(text)}" for name, text in (env or {}).items()]
    return "\n".join([*lines, "[permission.mcp]", permission, ""])


@asynccontextmanager
async def working(here: settings.Settings, *models: Model) -> AsyncIterator[Runtime]:
    runtime = Runtime(here.data / "iterate.db", Kit(here, models=Listed(models)))
    runtime.claim()
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
