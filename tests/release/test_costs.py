"""What a verb costs before it does its work: modules and programs are counted; milliseconds depend on the machine."""

import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from tests.release import project

from release.check import finding
from release.wheel import building

pytestmark = pytest.mark.processes

# What other verbs need, and libraries that read what is typed or paint screens.
HEAVY = {
    "asyncio", "concurrent.futures", "cryptography", "elftools", "httpx2", "installer",
    "license_expression", "logging", "nuitka", "packaging", "pydantic", "release.compile",
    "release.derive", "release.keys", "release.publish", "release.verify", "release.wheel", "rich",
    "securesystemslib", "socket", "ssl", "tuf", "xml",
}  # fmt: skip
# What a plan needs, and a help text does not.
PLANNING = {"jinja2", "tomllib", "release.config", "release.git", "release.model", "release.packagers", "release.plan"}
# Upper bounds, a little above what was counted on CPython 3.13, without the modules that the interpreter starts with.
BUDGET = {"plan": 285, "": 290, "--version": 230, "--help": 190}


def loaded(folder: Path, *words: str, variables: dict[str, str] | None = None) -> set[str]:
    """The modules that a run of the tool imports, beyond those that Python itself starts with."""

    def imported(*arguments: str) -> set[str]:
        done = subprocess.run(
            [sys.executable, "-X", "importtime", *arguments],
            cwd=folder,
            env={**os.environ, **(variables or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
        )
        lines = [line.rpartition("|") for line in done.stderr.splitlines() if line.startswith("import time:")]
        return {name.strip() for _, _, name in lines}

    return imported("-P", "-m", "release", *words) - imported("-P", "-m", "this")


@pytest.mark.parametrize("words", BUDGET)
def test_a_verb_loads_what_it_needs_and_nothing_of_others(tmp_path: Path, words: str) -> None:
    modules = loaded(project.make(tmp_path / "otter"), *words.split())
    assert modules.isdisjoint(HEAVY), sorted(modules & HEAVY)
    assert len(modules) <= BUDGET[words], (len(modules), sorted(modules))


def test_a_check_loads_no_client_of_any_network_and_nothing_that_reads_programs(tmp_path: Path) -> None:
    modules = loaded(project.make(tmp_path / "otter"), "check")
    heavy = {"cryptography", "elftools", "httpx2", "license_expression", "pydantic", "rich", "tuf", "urllib3"}
    assert modules.isdisjoint(heavy), sorted(modules & heavy)


@pytest.mark.parametrize("words", ["--version", "--help", "plan --help", "keys --help", "help run", "completion bash"])
def test_a_text_about_the_tool_loads_nothing_to_plan_with(tmp_path: Path, words: str) -> None:
    assert loaded(tmp_path, *words.split()).isdisjoint(HEAVY | PLANNING)


def test_a_completion_loads_nothing_to_plan_with(tmp_path: Path) -> None:
    asked = {"_RELEASE_COMPLETE": "complete_bash", "COMP_WORDS": "release plan --ch", "COMP_CWORD": "2"}
    assert loaded(tmp_path, variables=asked).isdisjoint(HEAVY | PLANNING)


@pytest.mark.parametrize(
    "words",
    ["plan --channel dev --branch main --dist d --config release.toml", "run --help", "render --out o --profile local"],
)
def test_what_is_typed_is_read_without_a_library_for_it(tmp_path: Path, words: str) -> None:
    folder = project.make(tmp_path / "otter")
    project.released(folder)
    assert "pydantic" not in loaded(folder, *words.split())


def test_a_wheel_that_was_built_is_looked_for_where_the_build_puts_it() -> None:
    assert finding.COMMIT == building.COMMIT


def asked_of_git(folder: Path, *words: str) -> list[str]:
    """How git is called by a verb, in order."""
    git, log = shutil.which("git"), folder.parent / "git.log"
    programs = folder.parent / "bin"
    programs.mkdir()
    (programs / "git").write_text(f'#!/bin/sh\necho "$@" >>"{log}"\nexec "{git}" "$@"\n')
    (programs / "git").chmod(0o755)
    (folder.parent / "temporary").mkdir()
    env = {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "TMPDIR": str(folder.parent / "temporary")}
    done = project.command(folder, *words, env=env)
    assert done.returncode == 0, done.stderr
    return log.read_text().splitlines()


@pytest.mark.systems("linux", "darwin")
@pytest.mark.parametrize(("words", "most"), [("plan", 13), ("check", 14), ("", 13), ("plan --channel dev", 12)])
def test_git_is_asked_everything_once(tmp_path: Path, words: str, most: int) -> None:
    asked = asked_of_git(project.make(tmp_path / "otter"), *words.split())
    assert len(asked) == len(set(asked)), "\n".join(asked)
    assert len(asked) <= most, "\n".join(asked)


@pytest.mark.systems("linux", "darwin")
def test_a_place_is_fetched_once_by_each_who_looks_at_it_however_many_files_are_read(tmp_path: Path) -> None:
    folder = project.make(tmp_path / "otter")
    project.released(folder)
    assert project.command(folder, "publish", "--yes").returncode == 0
    asked = asked_of_git(folder, "status")
    fetched = Counter(each.partition(" -- ")[2].split()[0] for each in asked if " fetch " in each)
    assert {Path(place).name for place in fetched} == {"tap.git", "bucket.git", "otter-dev-bin.git"}
    # Who renders the files reads what is there, and who compares them looks again.
    assert max(fetched.values()) <= 2, fetched
    assert not list((tmp_path / "temporary").iterdir())
