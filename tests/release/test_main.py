"""The command line: words to a verb, values to text or JSON, failures to exit codes."""

import json
from pathlib import Path

import pytest
from tests.release import project

from release import network

pytestmark = pytest.mark.processes

VERBS = ("plan", "build", "merge", "render", "publish", "status", "verify", "run")


def test_a_rehearsal_of_everything_in_one_command(tmp_path: Path) -> None:
    folder = project.make(tmp_path / "otter", port=network.free_port())
    env = project.path_with(tmp_path / "bin", "git")
    done = project.command(folder, "run", "--channel", "dev", "--fake", "--target", "all", "--json", env=env)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["plan"]["version"] == told["release"]["version"] == project.VERSION
    assert {receipt["outcome"] for receipt in told["receipts"]} == {"pushed"}
    results = {check["name"]: check["result"] for check in told["checks"]}
    assert results["unpacked"] == "passed"
    assert results["pacman"] == "skipped"
    again = project.command(folder, "run", "--channel", "dev", "--fake", "--target", "all", env=env)
    assert again.returncode == 0, again.stderr
    assert "unchanged" in again.stdout
    assert "0 failed" in again.stdout


def test_verbs_one_by_one_give_json(tmp_path: Path) -> None:
    folder = project.make(tmp_path)

    def told(*words: str) -> object:
        done = project.command(folder, *words, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    told("build", "--fake", "--target", "linux-x64", "--channel", "dev")
    told("merge", "--partial", "--channel", "dev")
    files = told("render", "--out", "out")
    assert isinstance(files, list)
    assert all((folder / path).is_file() for path in files)
    told("publish")
    states = told("status")
    assert isinstance(states, list)
    assert {row["state"] for row in states} == {"same"}


def test_merging_without_a_channel_takes_the_one_that_was_built(tmp_path: Path) -> None:
    folder = project.make(tmp_path)  # on main, which is dev by itself
    built = project.command(
        folder, "build", "--fake", "--target", "linux-x64", "--channel", "snapshot", "--branch", "a-b"
    )
    assert built.returncode == 0, built.stderr
    done = project.command(folder, "merge", "--partial", "--json")
    assert json.loads(done.stdout)["version"] == "0.0.0-snapshot-a-b-20260102030405"


@pytest.mark.parametrize("verb", VERBS)
def test_help_goes_to_standard_output_and_fits_in_80_columns(tmp_path: Path, verb: str) -> None:
    done = project.command(tmp_path, verb, "--help", env={"COLUMNS": "200"})
    assert (done.returncode, done.stderr) == (0, "")
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "--json" in done.stdout


def test_a_mistyped_verb_is_a_usage_error_with_the_nearest(tmp_path: Path) -> None:
    done = project.command(tmp_path, "publsh")
    assert done.returncode == 2
    assert "publish" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["publish", "--profile", "nowhere"], 60),
        (["merge", "--channel", "dev"], 42),
        (["render", "--out", "x"], 40),
        (["plan", "--channel", "latest"], 15),
        (["plan", "--config", "nothing.toml"], 10),
    ],
)
def test_a_failure_has_its_code_a_hint_and_no_trace(tmp_path: Path, words: list[str], code: int) -> None:
    folder = project.make(tmp_path)
    if words[0] == "publish":
        project.released(folder)
    done = project.command(folder, *words)
    assert done.returncode == code, done.stderr
    assert done.stderr.startswith("error: ")
    assert "\nhint: " in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_progress_never_mixes_with_json(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    done = project.command(folder, "build", "--fake", "--target", "linux-x64", "--channel", "dev", "--json")
    json.loads(done.stdout)
    assert "packing" in done.stderr
