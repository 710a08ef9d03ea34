"""What the server tells of settings, agents, commands and skills."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from tests.iterate.conftest import serving
from tests.iterate.test_config_layers import written

from iterate import settings
from iterate.runtime.kit import Kit

if TYPE_CHECKING:
    from tests.iterate.conftest import LiveServer


def asked(server: "LiveServer", path: str, folder: Path) -> dict[str, object]:
    answer = server.ask("GET", f"{path}?directory={quote(str(folder))}")
    assert answer.status == 200, answer.body
    found: dict[str, object] = json.loads(answer.body)
    return found


def test_settings_come_with_their_sources_and_what_does_not_count(server: "LiveServer", tmp_path: Path) -> None:
    user = written(tmp_path / ".config" / "iterate" / "config.toml", 'model = "a/1"\n[limits]\nsteps = 3\n')
    own = written(tmp_path / "work" / ".iterate" / "config.toml", 'model = "b/2"\n[limits]\nsteps = 2\n')
    found = asked(server, "/config", tmp_path / "work")
    assert found["sources"] == {
        "model": {"layer": "user", "file": str(user), "line": 1},
        "limits.steps": {"layer": "project", "file": str(own), "line": 3},
    }
    assert found["left_out"] == [
        {"file": str(own), "key": "model", "why": "the file is not trusted: iterate config trust"}
    ]
    config = found["config"]
    assert isinstance(config, dict)
    assert (config["model"], config["limits"]["steps"], config["shell"]["mode"]) == ("a/1", 2, "keep")


def test_no_secret_is_told(server: "LiveServer", tmp_path: Path) -> None:
    text = """
[providers.x]
base_url = "https://me:s3cret@host/v1?key=s3cret#s3cret"
headers = {Authorization = "Bearer s3cret"}
[mcp.y]
command = ["server", "--token", "s3cret"]
env = {TOKEN = "s3cret"}
[mcp.z]
url = "https://host/mcp?token=s3cret"
[[hooks]]
on = "before"
command = ["hook", "s3cret"]
"""
    written(tmp_path / ".config" / "iterate" / "config.toml", text)
    found = json.dumps(asked(server, "/config", tmp_path))
    assert "s3cret" not in found
    assert "https://***@host/v1?***" in found
    assert '"server"' in found


def test_agents_commands_and_skills_come_with_what_was_skipped(server: "LiveServer", tmp_path: Path) -> None:
    written(tmp_path / "work" / ".iterate" / "agents" / "review.md", "---\ndescription: d\nmodel: a/b\n---\nx")
    bad = written(tmp_path / "work" / ".iterate" / "agents" / "bad.md", "---\nmodle: x\n---\nx")
    written(tmp_path / ".config" / "iterate" / "commands" / "go.md", "Go $1")
    written(tmp_path / ".agents" / "skills" / "pdf" / "SKILL.md", "---\ndescription: d\n---\nx")
    found = asked(server, "/agent", tmp_path / "work")
    agents = found["agents"]
    assert isinstance(agents, list)
    assert [row["name"] for row in agents] == ["build", "plan", "general", "explore", "review"]
    assert (agents[-1]["model"], agents[-1]["is_trusted"], found["default"]) == (None, False, "build")
    problems = found["problems"]
    assert isinstance(problems, list)
    assert problems[0].startswith(str(bad))
    commands = asked(server, "/command", tmp_path / "work")["commands"]
    assert isinstance(commands, list)
    assert [(row["name"], row["is_trusted"]) for row in commands] == [("go", True)]
    skills = asked(server, "/skill", tmp_path / "work")["skills"]
    assert isinstance(skills, list)
    assert [row["name"] for row in skills] == ["pdf"]


@pytest.mark.parametrize("path", ["/config", "/agent", "/command", "/skill"])
@pytest.mark.parametrize("query", ["", "?directory=", "?directory=work", "?directory=%00", "?directory=/a%00b"])
def test_a_folder_is_named_by_its_whole_path(gate_server: "LiveServer", path: str, query: str) -> None:
    answer = gate_server.ask("GET", path + query)
    assert (answer.status, answer.error) == (400, "BadQuery")


@pytest.mark.parametrize("folder", ["/nowhere/at/all", "/" + "x" * 5000, "/%FF%FE", "/dev/null", "/proc/self/../.."])
def test_a_folder_that_is_none_has_only_what_is_built_in(gate_server: "LiveServer", folder: str) -> None:
    answer = gate_server.ask("GET", f"/agent?directory={folder}")
    assert answer.status in {200, 400}
    if answer.status == 400:
        assert answer.error == "ConfigInvalid"


def test_a_mistake_in_a_file_of_settings_is_told_by_name_and_line(server: "LiveServer", tmp_path: Path) -> None:
    written(tmp_path / ".config" / "iterate" / "config.toml", "\nmodle = 1\n")
    answer = server.ask("GET", f"/config?directory={quote(str(tmp_path))}")
    assert (answer.status, answer.error) == (400, "ConfigInvalid")
    assert "config.toml:2: there is no setting modle" in json.loads(answer.body)["error"]["message"]


def test_a_command_becomes_what_to_prompt_with(server: "LiveServer", tmp_path: Path) -> None:
    file = written(tmp_path / "work" / "notes" / "a b.md", "x")
    (tmp_path / "work" / "b.png").write_bytes(b"x")
    text = "---\nagent: plan\n---\nRead @notes and @b.png and !`git log -$1`, $2!"
    written(tmp_path / ".config" / "iterate" / "commands" / "go.md", text)
    body = {"arguments": "3 please now", "workspace": {"directory": str(tmp_path / "work")}}
    answer = server.ask("POST", "/command/go", body)
    found = json.loads(answer.body)
    assert (answer.status, found["agent"], found["model"], found["shell"]) == (200, "plan", "", ["git log -3"])
    assert found["text"].startswith("Read @notes and @b.png and (output of command 1), please now!")
    picture = tmp_path / "work" / "b.png"
    assert found["files"] == [{"type": "file", "name": "b.png", "media_type": "image/png", "url": picture.as_uri()}]
    assert file.exists()
    answer = server.ask("POST", "/command/none", body)
    assert (answer.status, answer.error) == (404, "CommandUnknown")
    assert server.ask("POST", "/command/go", {"workspace": {"directory": "x"}}).error == "BadBody"


@pytest.mark.processes
def test_what_an_mcp_server_prompts_takes_no_file_along_from_outside(tmp_path: Path) -> None:
    command = json.dumps([sys.executable, str(Path(__file__).with_name("mcp_server.py")), "stdio"])
    written(tmp_path / ".config" / "iterate" / "config.toml", f"[mcp.small]\ncommand = {command}\n")
    written(tmp_path / "key", "x")
    written(tmp_path / "work" / "a.py", "x")
    body = {"arguments": "'@../key and @a.py'", "workspace": {"directory": str(tmp_path / "work")}}
    kit = Kit(settings.read({"HOME": str(tmp_path)}))
    with serving(tmp_path / "sessions.db", kit=kit) as server:
        answer = server.ask("POST", "/command/small__greet", body)
        assert answer.status == 200, answer.body
        assert json.loads(answer.body)["text"] == "Greet ../key and @a.py in a kind way."
