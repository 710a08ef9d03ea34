"""The words about the tool itself, and what the command line refuses."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from tests.release import project
from tests.release.terminals import terminal

pytestmark = pytest.mark.processes


@pytest.mark.parametrize("words", [["-h"], ["--help"], ["help"]])
def test_help_is_found_by_every_usual_name(tmp_path: Path, words: list[str]) -> None:
    done = project.command(tmp_path, *words)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Usage: release ")
    assert "completion" in done.stdout


def test_help_of_a_verb_is_the_same_by_all_its_names(tmp_path: Path) -> None:
    told = {
        project.command(tmp_path, *words).stdout
        for words in (
            ["help", "keys", "make"],
            ["keys", "help", "make"],
            ["keys", "make", "-h"],
            ["keys", "make", "--help"],
        )
    }
    assert len(told) == 1
    assert told.pop().startswith("Usage: release keys make ")


def test_every_line_of_every_help_page_is_whole_and_fits_a_terminal(tmp_path: Path) -> None:
    whole = project.command(tmp_path, "--help").stdout
    assert "..." not in whole.replace("[ARGS]...", "")
    listed = re.findall(r"^  ([a-z]+)  +\S", whole.partition("Commands:")[2], re.MULTILINE)
    assert listed[:3] == ["init", "check", "plan"]
    assert project.command(tmp_path, "keys", "help").stdout == project.command(tmp_path, "keys", "-h").stdout
    for words in (["keys", "rotate"], ["withdraw"], ["completion"], ["help"], ["templates", "eject"]):
        told = project.command(tmp_path, *words, "-h").stdout
        usage, _, arguments = told.partition("Options:")[0].partition("Arguments:")
        assert not set("{}") & set(usage), usage
        assert "<" not in arguments, arguments
        assert re.search(r"^  [A-Z]+  [A-Zb]", arguments, re.MULTILINE)
    for name in ("run", "publish", "keys", "templates", "config"):
        told = project.command(tmp_path, name, "-h").stdout
        assert max(map(len, told.splitlines())) <= 80


@pytest.mark.systems("linux", "darwin")
def test_nobody_is_asked_for_a_passphrase_where_no_keys_are_to_be(tmp_path: Path) -> None:
    with terminal(project.make(tmp_path), "keys", "init") as screen:
        assert screen.end() == 11
        assert "release.toml names no folder of keys" in screen.text()
        assert "passphrase" not in screen.text()


def test_the_version_is_that_of_the_installed_package(tmp_path: Path) -> None:
    for words in (["--version"], ["version"]):
        done = project.command(tmp_path, *words)
        assert (done.returncode, done.stdout) == (0, f"{metadata.version('release')}\n")
    assert json.loads(project.command(tmp_path, "version", "--json").stdout)["version"] == metadata.version("release")
    declared = tomllib.loads((project.ROOT / "release" / "pyproject.toml").read_text())["project"]["version"]
    assert metadata.version("release") == declared


@pytest.mark.parametrize(
    ("words", "error", "hint"),
    [
        (["publsh"], "release: no such command 'publsh'", "did you mean publish?"),
        (["plan", "--chanel"], "release plan: no such option: --chanel", "did you mean --channel"),
        (["plan", "--channel", "x"], "'x' is not one of 'latest', 'dev', 'snapshot'", "release plan --help says"),
        (["plan", "--version"], "release plan: no such option: --version", "did you mean release --version?"),
        (["keys", "-V"], "release keys: no such option: -V", "did you mean release --version?"),
        (["keys"], "release keys: missing command", "release keys --help lists the commands"),
        (["help", "nope"], "release: no such command 'nope'", "release --help lists the commands"),
        (["withdraw"], "release withdraw: missing argument 'VERSION'", "release withdraw --help says what it takes"),
    ],
)
def test_a_mistake_on_the_command_line_has_the_form_of_every_error(
    tmp_path: Path, words: list[str], error: str, hint: str
) -> None:
    done = project.command(tmp_path, *words)
    assert (done.returncode, done.stdout) == (2, "")
    first, second = done.stderr.splitlines()
    assert first.startswith("error: ")
    assert error in first
    assert second.startswith(f"hint: {hint}")


def test_github_shows_a_failure_beside_the_file_that_it_is_about(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    (folder / "release.toml").write_text((folder / "release.toml").read_text().replace("summary", "sumary"))
    done = project.command(folder, "plan", env={"GITHUB_ACTIONS": "true"})
    assert done.returncode == 11
    (line,) = (line for line in done.stderr.splitlines() if line.startswith("::error "))
    assert line.startswith("::error file=release.toml,title=ConfigInvalidError::")
    assert "%0Ahint: " in line


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_is_one_that_its_shell_reads(tmp_path: Path, shell: str) -> None:
    done = project.command(tmp_path, "completion", shell)
    assert done.returncode == 0
    assert "_RELEASE_COMPLETE" in done.stdout
    if found := shutil.which(shell):
        (tmp_path / "script").write_text(done.stdout)
        subprocess.run([found, "-n", "script"], cwd=tmp_path, check=True)


@pytest.mark.systems("linux", "darwin")
def test_bash_completes_verbs_and_options(tmp_path: Path) -> None:
    script = (
        f'eval "$({sys.executable} -m release completion bash)"\n'
        'COMP_WORDS=(release "$1" "$2"); COMP_CWORD=$3; _release_completion release; echo "${COMPREPLY[@]}"'
    )
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}

    def completed(*words: str) -> str:
        done = subprocess.run(["bash", "-c", script, "-", *words], env=env, capture_output=True, text=True, check=False)
        return done.stdout.strip()

    assert completed("publ", "", "1") == "publish"
    assert "--channel" in completed("plan", "--ch", "2")
