"""`iterate mcp ...`, run as people run it, with real servers of MCP."""

import contextlib
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from tests.iterate.conftest import eventually

if TYPE_CHECKING:
    from tests.iterate.conftest import World

SERVER = str(Path(__file__).with_name("mcp_server.py"))
pytestmark = pytest.mark.processes


def run(world: "World", *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [world.program, "mcp", *words],
        env=world.environment | variables,
        cwd=world.home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_server_is_added_tried_listed_and_removed(warm: "World") -> None:
    file = warm.home / ".config" / "iterate" / "config.toml"
    assert "name no MCP server" in run(warm, "list").stderr
    added = run(warm, "add", "small", "--env", "MY_TOKEN", "--", sys.executable, SERVER, "stdio")
    assert (added.returncode, added.stdout) == (0, f"{file}\n")
    assert 'MY_TOKEN = "${env:MY_TOKEN}"' in file.read_text()
    assert "small  command  ready" in run(warm, "list").stdout
    tried = run(warm, "debug", "small")
    assert (tried.returncode, "variable MY_TOKEN, which is not set" in tried.stderr) == (92, True)
    tried = run(warm, "debug", "small", MY_TOKEN="a secret")
    assert tried.returncode == 0, tried
    assert "hello on stderr" in tried.stdout
    assert "a secret" not in tried.stdout + tried.stderr
    (row,) = json.loads(run(warm, "list", "--json").stdout)["servers"]
    assert (row["state"], "add" in row["tools"], row["prompts"]) == ("running", True, ["greet"])
    assert run(warm, "remove", "small").returncode == 0
    assert "small" not in file.read_text()
    assert run(warm, "remove", "small").returncode == 91
    assert run(warm, "add", "nothing").returncode == 2


def test_a_program_that_is_no_server_is_told_with_what_it_wrote(warm: "World") -> None:
    run(warm, "add", "bad", "--", sys.executable, "-c", "import sys; sys.exit('no such key')")
    tried = run(warm, "debug", "bad")
    assert tried.returncode == 92
    assert "exit code 1" in tried.stdout
    assert "no such key" in tried.stdout


def test_nothing_is_left_when_the_server_is_killed(warm: "World") -> None:
    run(warm, "add", "small", "--", sys.executable, SERVER, "stdio")
    assert run(warm, "debug", "small").returncode == 0
    server = psutil.Process(warm.announced().pid)
    below = server.children(recursive=True)
    assert len(below) >= 2
    server.kill()

    def is_gone() -> bool:
        with contextlib.suppress(psutil.NoSuchProcess):
            return not any(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in below)
        return True

    eventually(is_gone)
