"""MCP in the compiled program, which carries the client of the SDK and not the rest of it."""

import json
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from tests.consumers.conftest import in_home
from tests.iterate.chatting import Calls, chat
from tests.iterate.conftest import World

SERVER = str(Path(__file__).parents[1] / "iterate" / "mcp_server.py")
pytestmark = [pytest.mark.native, pytest.mark.consumer("gcc")]


def test_a_model_calls_a_tool_of_a_server_through_our_compiled_program(program: Path, tmp_path: Path) -> None:
    env = in_home(tmp_path)

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [program, *words], env=env, cwd=tmp_path, check=False, capture_output=True, text=True, timeout=120
        )

    script = {"go": (Calls(tool="small__add", arguments={"a": 2, "b": 40}), "It is done.")}
    try:
        with chat(World(home=tmp_path), script) as asked:
            added = run("mcp", "add", "small", "--", sys.executable, SERVER, "stdio")
            assert added.returncode == 0, added.stderr
            tried = run("mcp", "debug", "small")
            assert tried.returncode == 0, tried.stdout + tried.stderr
            with Path(added.stdout.strip()).open("a") as file:
                file.write('\n[permission]\nmcp = "allow"\n')
            done = run("run", "--model", "trial/m", "go")
        assert (done.returncode, done.stdout) == (0, "It is done.\n"), done.stderr
        assert "42" in [each.get("content") for each in json.loads(json.dumps(asked[-1]))["messages"]]
        (found,) = (tmp_path / ".local" / "state").glob("*/server.json")
        below = psutil.Process(json.loads(found.read_text())["pid"]).children(recursive=True)
        assert len(below) >= 2
    finally:
        stopped = run("server", "stop")
    assert stopped.returncode == 0, stopped.stderr
    _, alive = psutil.wait_procs(below, timeout=60)
    assert not [each for each in alive if each.status() != psutil.STATUS_ZOMBIE]
