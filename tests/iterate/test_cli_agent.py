"""`iterate agent ...`, run as people run it."""

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from tests.iterate.test_config_layers import written

if TYPE_CHECKING:
    from tests.iterate.conftest import World


def run(world: "World", *words: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [world.program, "agent", *words],
        env=world.environment,
        cwd=folder or world.home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_agents_are_begun_listed_and_shown(warm: "World") -> None:
    file = warm.home / ".config" / "iterate" / "agents" / "review.md"
    done = run(warm, "create", "review", "--description", 'Says: "no"', "--mode", "sub", "--model", "a/1")
    assert (done.returncode, done.stdout) == (0, f"{file}\n")
    assert file.read_text().startswith('---\ndescription: "Says: \\"no\\""\nmode: sub\nmodel: "a/1"\n---\n')
    written(file.with_name("bad.md"), "---\nmodle: x\n---\n")
    listed = run(warm, "list")
    assert [line.split()[:2] for line in listed.stdout.splitlines()[:2]] == [["*", "build"], ["plan", "primary"]]
    assert '  review   sub      Says: "no"\n' in listed.stdout
    assert "bad.md: there is no setting modle" in listed.stderr
    names = [row["name"] for row in json.loads(run(warm, "list", "--json").stdout)["agents"]]
    assert names == ["build", "plan", "general", "explore", "review"]
    shown = run(warm, "show", "review").stdout
    assert f"file         {file}\n" in shown
    assert shown.endswith("\nYou are review. Say here how you work.\n")
    assert json.loads(run(warm, "show", "plan", "--json").stdout)["tools"] == ["!write", "!edit", "!patch"]


def test_a_file_that_is_there_and_a_name_that_nobody_can_type_are_refused(warm: "World") -> None:
    project = warm.home / "work"
    (project / ".git").mkdir(parents=True)
    done = run(warm, "create", "mine", "--project", folder=project)
    file = project / ".iterate" / "agents" / "mine.md"
    assert done.stdout == f"{file}\n"
    file.write_text("mine")
    assert run(warm, "create", "mine", "--project", folder=project).returncode == 89
    assert file.read_text() == "mine"
    assert run(warm, "create", "My Agent").returncode == 2
    assert run(warm, "show", "nobody").returncode == 72
    assert "(not trusted)" in run(warm, "list", folder=project).stdout
