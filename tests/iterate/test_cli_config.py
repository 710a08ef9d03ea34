"""`iterate config ...` and what it says, run as people run it."""

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

from iterate.config.schema import schema
from iterate.config.sections import Config

if TYPE_CHECKING:
    from tests.iterate.conftest import World


def file_of(world: "World") -> Path:
    return world.home / ".config" / "iterate" / "config.toml"


def run(
    world: "World", *words: str, folder: Path | None = None, variables: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [world.program, "config", *words],
        env=world.environment | {"ITERATE_MODEL": "", **(variables or {})},
        cwd=folder or world.home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def project(world: "World") -> Path:
    folder = world.home / "work"
    (folder / ".git").mkdir(parents=True)
    return folder


def test_a_setting_is_set_got_listed_and_unset(world: "World", project: Path) -> None:
    file = file_of(world)
    assert run(world, "path").stdout == f"{file}\n"
    assert run(world, "get", "model").returncode == 88
    done = run(world, "set", "model", "a/1")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{file}\n", "")
    assert file.read_text() == 'model = "a/1"\n'
    assert run(world, "set", "model", "a/1").stdout == f"{file}: it says so already\n"
    assert run(world, "get", "model").stdout == "a/1\n"
    assert run(world, "set", "--project", "limits.steps", "20", folder=project).returncode == 0
    assert run(world, "get", "limits", folder=project).stdout == "steps = 20\n"
    assert run(world, "get", "--project", "limits", folder=project).stdout == "steps = 20\n"
    listed = run(world, "list", folder=project).stdout.splitlines()
    assert [line.split() for line in listed] == [
        ["model", "=", '"a/1"', "user", f"{file}:1"],
        ["limits.steps", "=", "20", "project", f"{project}/.iterate/config.toml:2"],
    ]
    assert run(world, "unset", "model").returncode == 0
    assert file.read_text() == ""
    done = run(world, "unset", "model")
    assert (done.returncode, "does not say model" in done.stderr) == (88, True)


def test_a_list_for_programs_has_sources_and_no_secrets(world: "World") -> None:
    file = file_of(world)
    file.parent.mkdir(parents=True)
    file.write_text('[mcp.x]\nurl = "https://host/?key=s3cret"\nheaders = {Authorization = "s3cret"}\n')
    done = run(world, "list", "--json", variables={"ITERATE_MODEL": "a/1"})
    assert "s3cret" not in done.stdout
    found = {row["key"]: row for row in json.loads(done.stdout)["settings"]}
    assert found["model"] == {"key": "model", "value": "a/1", "layer": "environment", "file": None, "line": None}
    assert (found["mcp.x.url"]["layer"], found["mcp.x.url"]["line"]) == ("user", 2)
    assert run(world, "get", "mcp.x.headers.Authorization").stdout == "s3cret\n"
    whole = run(world, "list", "--all").stdout
    assert 'shell.mode = "keep"' in whole
    assert "s3cret" not in whole


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("get", "modle"), 87, "did you mean model?"),
        (("set", "limits.step", "1"), 87, "did you mean limits.steps?"),
        (("set", "limits.steps", "many"), 29, "limits.steps is a whole number"),
        (("unset", "limits.steps"), 88, "does not say"),
    ],
)
def test_what_cannot_be_is_an_error_of_its_own(world: "World", words: tuple[str, ...], code: int, said: str) -> None:
    done = run(world, *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert not file_of(world).exists()


def test_a_value_that_does_not_count_here_is_told(world: "World", project: Path) -> None:
    done = run(world, "set", "model", "b/2", variables={"ITERATE_MODEL": "a/1"})
    assert "what counts here is said elsewhere: model in the environment" in done.stderr
    done = run(world, "set", "--project", "model", "c/3", folder=project)
    assert "model of" in done.stderr
    assert "iterate config trust" in done.stderr


def test_an_editor_is_opened_and_the_file_checked_afterwards(world: "World") -> None:
    file = file_of(world)
    editor = world.home / "my editor"
    editor.write_text('#!/bin/sh\necho "modle = 1" >> "$2"\n')
    editor.chmod(0o755)
    done = run(world, "edit", variables={"VISUAL": f"'{editor}' -w", "EDITOR": "false"})
    assert done.returncode == 29
    assert f"{file}:2: there is no setting modle; did you mean model?" in done.stderr
    assert file.stat().st_mode & 0o777 == 0o600
    file.unlink()
    done = run(world, "edit", variables={"EDITOR": "true"})
    assert (done.returncode, file.exists()) == (0, False)
    done = run(world, "edit", variables={"EDITOR": "no-such-editor"})
    assert (done.returncode, "cannot be started" in done.stderr) == (76, True)
    done = run(world, "edit", variables={"EDITOR": "false"})
    assert (done.returncode, "ended with exit code 1" in done.stderr) == (76, True)


def test_trust_is_given_and_taken_back(world: "World", project: Path) -> None:
    file = project / ".iterate" / "config.toml"
    file.parent.mkdir()
    file.write_text('model = "a/1"\n')
    assert "does not count" in run(world, "list", folder=project).stderr
    done = run(world, "trust", folder=project)
    assert (done.returncode, "nobody can be asked" in done.stderr) == (62, True)
    done = run(world, "trust", "--yes", folder=project)
    assert done.stdout.splitlines() == [f"new     {file}", f"counts  model of {file}"]
    assert run(world, "get", "model", folder=project).stdout == "a/1\n"
    assert json.loads(run(world, "trust", "--json", folder=project).stdout) == {"files": [str(file)], "trusted": []}
    file.write_text('model = "b/2"\n')
    assert run(world, "get", "model", folder=project).returncode == 88
    assert run(world, "trust", "--revoke", folder=project).stdout == f"revoked {file}\n"
    assert run(world, "trust", "--revoke", folder=project).stdout == "nothing was trusted\n"


def test_the_schema_is_valid_and_says_what_the_classes_say(world: "World") -> None:
    printed = json.loads(run(world, "schema").stdout)
    assert printed == json.loads(json.dumps(schema()))
    page = Path(__file__).parents[2] / "docs" / "config.schema.json"
    assert json.loads(page.read_text()) == printed, "iterate config schema > docs/config.schema.json"
    jsonschema.Draft202012Validator.check_schema(printed)
    known = jsonschema.Draft202012Validator(printed)
    assert not list(known.iter_errors({"$schema": "x", "model": "a/1", "permission": {"bash": {"rm *": "deny"}}}))
    for wrong in ({"modle": 1}, {"limits": {"step": 1}}, {"limits": {"steps": 0}}, {"permission": {"bsh": "ask"}}):
        assert list(known.iter_errors(wrong)), wrong
    properties = printed["properties"]
    assert set(properties) == {field if field != "schema" else "$schema" for field in Config.__struct_fields__}


def test_no_server_is_started_for_settings(world: "World") -> None:
    run(world, "set", "model", "a/1")
    run(world, "list")
    assert world.servers() == []


def test_two_changes_at_once_are_both_there(world: "World") -> None:
    keys = ("limits.steps", "limits.tokens", "shell.timeout_s", "undo.days", "server.idle_minutes")
    children = [world.start("config", "set", key, "7") for key in keys]
    codes = [child.wait(60) for child in children]
    assert set(codes) == {0}
    listed = run(world, "list").stdout
    for key in keys:
        assert f"{key} = 7" in listed
    assert [path.name for path in file_of(world).parent.iterdir()] == ["config.toml"]
