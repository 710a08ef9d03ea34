"""`iterate mcp ...`, run as people run it, with real servers of MCP."""

import contextlib
import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from tests.iterate import chatting
from tests.iterate.chatting import chat, on_terminal, project
from tests.iterate.conftest import eventually
from tests.iterate.test_mcp_login import returned, served

from iterate.errors import McpFailed, McpUnknown

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
    again = run(warm, "add", "small", "--", "elsewhere")
    assert (again.returncode, "takes the place of another small" in again.stderr) == (0, True)
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


@pytest.mark.parametrize("is_near", ["near", "far"])
def test_a_person_logs_in_with_a_browser_here_or_elsewhere(warm: "World", is_near: str) -> None:
    with served("mcp_login_server.py", "600") as url:
        assert run(warm, "add", "far", "--url", url).returncode == 0
        tried = run(warm, "debug", "far")
        assert (tried.returncode, "wants a log-in" in tried.stdout) == (92, True)
        with subprocess.Popen(
            [warm.program, "mcp", "login", "far", *(["--paste"] if is_near == "far" else [])],
            env=warm.environment,
            cwd=warm.home,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as child:
            assert child.stderr is not None
            visit = next(line.strip() for line in child.stderr if line.strip().startswith("http"))
            given = ""
            if is_near == "near":
                urllib.request.urlopen(visit, timeout=10).read()  # noqa: S310
            else:
                given = returned(visit)
            out, err = child.communicate(given, timeout=60)
        assert (child.returncode, out) == (0, "logged in to far\n"), err
        assert run(warm, "debug", "far").returncode == 0


def told(asked: list[dict[str, object]]) -> str:
    return json.dumps(asked[-1]["messages"])


def test_what_a_server_has_to_read_goes_with_a_prompt_that_names_it(world: "World") -> None:
    with chat(world, {}) as asked:
        run(world, "add", "small", "--", sys.executable, SERVER, "stdio")
        done = chatting.run(world, "run", "--file", "mcp:small/note://one", "read this")
        assert (done.returncode, done.stdout) == (0, b"Yes.\n"), done.stderr
        assert told(asked).count("the first note") == 1
        done = chatting.run(world, "run", "read @small:note://one, @small:note://one and mail a@small:x")
        assert (done.returncode, done.stdout) == (0, b"Yes.\n"), done.stderr
        assert told(asked).count("the first note") == 1
        for words in (("run", "--file", "mcp:none/note://one", "x"), ("run", "@small:note://none")):
            done = chatting.run(world, *words)
            assert done.returncode in {McpUnknown.exit_code, McpFailed.exit_code}, done


@pytest.mark.systems("linux", "darwin")
def test_in_a_conversation_prompts_and_resources_of_servers_are_offered_and_taken(world: "World") -> None:
    with chat(world, {}) as asked:
        run(world, "add", "small", "--", sys.executable, SERVER, "stdio")
        project(world)
        with on_terminal(world) as shown:
            shown.until(r"\n>")
            shown.type("hello\r")
            # Of what is typed while an answer comes, the letters are kept for the next line, and Tab is not.
            shown.until(r"(?s:tokens in.*)\n>")
            shown.type("look at @sma\t")
            shown.until("@small:")
            shown.type("no\t")
            shown.until("@small:note://one")
            shown.type("\r")
            shown.until(r"(?s:tokens in.*){2}\n>")
            assert "the first note" in told(asked)
            shown.type("/small__gr\t")
            shown.until("small__greet")
            shown.type(" Ann\r")
            shown.until(r"(?s:Yes\..*){3}")
            assert "Greet Ann in a kind way." in told(asked)


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
