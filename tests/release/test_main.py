"""The command line: words to a verb, values to text or JSON, failures to exit codes."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from tests.ending import ending
from tests.release import project

from release import manifest, publish
from release.errors import PublishRefusedError, WriteError

pytestmark = pytest.mark.processes

VERBS = ("plan", "build", "merge", "render", "publish", "status", "verify", "run")


def test_a_rehearsal_of_everything_in_one_command(tmp_path: Path) -> None:
    folder = project.make(tmp_path / "otter")
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
    assert "5 outlets: 5 unchanged" in again.stderr
    assert " ok  verify " in again.stderr
    assert again.stdout.startswith("Done in ")
    assert "\nNext:  release status --rehearsal  " in again.stdout


@pytest.mark.systems("linux", "darwin")
@pytest.mark.parametrize(("closed", "code"), [("2>&-", 0), ("<&-", 0), ("<&- 2>&-", 0), (">&-", 31), (">&- 2>&-", 31)])
def test_closed_standard_files_are_no_bug(tmp_path: Path, closed: str, code: int) -> None:
    folder = project.make(tmp_path / "otter")
    program = Path(sys.executable).with_name("release")
    done = subprocess.run(
        ["bash", "-c", f"{program} plan --channel dev {closed}"], cwd=folder, capture_output=True, check=False
    )
    assert done.returncode == code
    assert b"Traceback" not in done.stderr
    assert (b"standard output is closed" in done.stderr) == (closed == ">&-")


def test_verbs_one_by_one_give_json(tmp_path: Path) -> None:
    folder = project.make(tmp_path)

    def told(*words: str) -> object:
        done = project.command(folder, *words, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    told("build", "--fake", "--target", "linux-x64", "--channel", "dev")
    told("merge", "--partial", "--channel", "dev", "--rehearsal")
    files = told("render", "--out", "out", "--rehearsal")
    assert isinstance(files, list)
    assert all((folder / path).is_file() for path in files)
    told("publish", "--rehearsal")
    states = told("status", "--rehearsal")
    assert isinstance(states, list)
    assert {row["state"] for row in states} == {"same"}


def test_merging_without_a_channel_takes_the_one_that_was_built(tmp_path: Path) -> None:
    folder = project.make(tmp_path)  # on main, which is dev by itself
    built = project.command(
        folder, "build", "--fake", "--target", "linux-x64", "--channel", "snapshot", "--branch", "a-b"
    )
    assert built.returncode == 0, built.stderr
    done = project.command(folder, "merge", "--partial", "--json", "--rehearsal")
    assert json.loads(done.stdout)["version"] == "0.0.0-snapshot-a-b-20260102030405"


@pytest.mark.parametrize("verb", [*VERBS, "derive", "refresh", "withdraw"])
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
        (["publish", "--profile", "nowhere"], 28),
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
    assert " ok  build     linux-x64 " in done.stderr


# --- rehearsals --------------------------------------------------------------------------------------------


def everything(dist: Path) -> dict[str, tuple[int, bytes]]:
    """All files of the real results: their times and contents."""
    return {
        str(path.relative_to(dist)): (path.stat().st_mtime_ns, path.read_bytes())
        for path in dist.rglob("*")
        if path.is_file() and "rehearsal" not in path.relative_to(dist).parts
    }


def real(folder: Path) -> dict[str, tuple[int, bytes]]:
    """A release that is no rehearsal, merged and published to the local places."""
    made = project.released(folder)
    release = replace(made, artifacts=tuple(replace(each, fake=False) for each in made.artifacts))
    otter = project.product(folder)
    manifest.write(otter, release, folder / "dist")
    publish.publish(otter, otter.profiles["local"], release, folder / "dist")
    return everything(folder / "dist")


def test_a_rehearsal_never_touches_a_real_release(tmp_path: Path) -> None:
    folder = project.make(tmp_path / "otter")
    before = real(folder)
    assert before
    env = project.path_with(tmp_path / "bin", "git")
    done = project.command(folder, "run", "--channel", "dev", "--fake", "--target", "all", env=env)
    assert done.returncode == 0, done.stderr
    assert everything(folder / "dist") == before
    (folder / "src" / "otter" / "main.py").write_text(project.SCRIPT + "# changed\n")
    for words in (
        ("build", "--fake", "--target", "linux-x64", "--channel", "dev", "--allow-dirty"),
        ("merge", "--partial", "--channel", "dev", "--allow-dirty"),
        ("publish", "--rehearsal"),
    ):
        done = project.command(folder, *words, env=env)
        assert done.returncode == 0, done.stderr
    assert everything(folder / "dist") == before
    project.git(folder, "checkout", "-q", "src")
    done = project.command(folder, "publish", "--json")
    assert {row["outcome"] for row in json.loads(done.stdout)} == {"unchanged"}


def test_a_rehearsal_stays_on_this_machine(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    project.command(folder, "build", "--fake", "--target", "all", "--channel", "dev")
    project.command(folder, "merge", "--channel", "dev", "--rehearsal")
    done = project.command(folder, "publish", "--rehearsal", "--profile", "far")
    assert done.returncode == PublishRefusedError.exit_code
    assert not list((folder / "dist").rglob("far"))


@pytest.mark.parametrize("address", ["file:{there}/site", "file:../../there", "git+file:{there}/tap.git"])
def test_a_rehearsal_writes_to_its_own_folder_only(tmp_path: Path, address: str) -> None:
    folder, there = project.make(tmp_path / "otter"), tmp_path / "there"
    text = (folder / "release.toml").read_text()
    line = 'homebrew = "git+file:public/tap.git"'
    (folder / "release.toml").write_text(
        text.replace(line, f'homebrew = "{address.replace("{there}", str(there))}"', 1)
    )
    project.commit(folder, "a place elsewhere")
    project.command(folder, "build", "--fake", "--target", "all", "--channel", "dev")
    project.command(folder, "merge", "--channel", "dev", "--rehearsal")
    done = project.command(folder, "publish", "--rehearsal")
    assert done.returncode == PublishRefusedError.exit_code
    assert "homebrew" in done.stderr
    assert not there.exists()


@pytest.mark.systems("linux", "darwin")
def test_an_interruption_says_cancelled_and_ends_with_130(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    ready = tmp_path / "bin"
    ready.mkdir()
    (ready / "git").write_text(f"#!/bin/sh\ntouch {tmp_path}/started\nexec sleep 30\n")
    (ready / "git").chmod(0o755)
    with ending(
        subprocess.Popen(
            [sys.executable, "-m", "release", "plan"],
            cwd=folder,
            env={**os.environ, "PATH": f"{ready}{os.pathsep}{os.environ['PATH']}"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    ) as process:
        deadline = time.monotonic() + 30
        while not (tmp_path / "started").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        assert (process.returncode, out, err.strip()) == (130, "", "cancelled")


@pytest.mark.parametrize("encoding", ["cp1252", "iso-8859-1", "ascii"])
def test_a_character_that_the_output_has_no_code_for_is_spelt_out(tmp_path: Path, encoding: str) -> None:
    folder = project.make(tmp_path / "水獭")
    project.git(folder, "switch", "-q", "-c", "feature/日本")
    env = {**os.environ, "PYTHONIOENCODING": encoding}
    for words, code in ((("plan", "--channel", "snapshot"), 0), (("build", "--target", "日本"), 20)):
        done = project.command(folder, *words, env=env)
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        assert "\\u65e5\\u672c" in done.stdout + done.stderr


@pytest.mark.parametrize("dist", [".", "..", "src/.."])
def test_a_folder_of_results_never_holds_the_project(tmp_path: Path, dist: str) -> None:
    folder = project.make(tmp_path / "otter")
    kept = folder / "artifacts" / "ours.txt"
    kept.parent.mkdir()
    kept.write_text("precious")
    project.commit(folder, "artifacts of our own")
    done = project.command(folder, "run", "--fake", "--target", "all", "--channel", "dev", "--dist", dist)
    assert done.returncode == WriteError.exit_code
    assert "holds the project itself" in done.stderr
    assert kept.read_text() == "precious"
