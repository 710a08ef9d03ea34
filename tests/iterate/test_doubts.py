"""Why the program on PATH is not the wanted version: what is told for each manager, and for each cause."""

import json
import os
from pathlib import Path

import pytest
from tests.iterate.copies import NEW, copy

from iterate.errors import UpgradeFailed
from iterate.install import doubts, upgrade
from iterate.install.copy import Copy
from iterate.install.doubts import Answer, Failed
from iterate.install.methods import Method
from iterate.install.programs import Place
from iterate.install.ways import Step, Wanted

pytestmark = [pytest.mark.systems("linux", "darwin")]
WANTED = Wanted(NEW, "latest")
OLD = "1.2.0"


def says(folder: Path, name: str, text: str) -> Path:
    """A program in a folder that prints a text, whatever it is asked."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\ncat <<'END'\n{text}\nEND\n")
    file.chmod(0o755)
    return file


def place(*folders: Path) -> Place:
    return Place(Path("/"), path=os.pathsep.join(map(str, folders)))


def why(here: Copy, where: Place, failed: Failed | None = None) -> UpgradeFailed:
    return doubts.explain(here, WANTED, doubts.ask(here, where), failed, where, Step(("x",)))


@pytest.mark.parametrize(
    ("method", "words"),
    [
        (Method.BREW, "the tap is stale"),
        (Method.SCOOP, "the bucket is stale"),
        (Method.AUR, "the package of the AUR is not"),
        (Method.NPM, "a release-age gate holds it back (min-release-age or before, in .npmrc)"),
        (Method.PNPM, "a release-age gate holds it back (minimumReleaseAge)"),
        (Method.YARN, "a release-age gate holds it back (npmMinimalAgeGate, in yarn 4)"),
        (Method.BUN, "a release-age gate holds it back (minimumReleaseAge, in bunfig.toml)"),
        (Method.DEB, "its sources do not have"),
        (Method.RPM, "its repositories do not have"),
        (Method.WINGET, "its source does not have"),
    ],
)
def test_a_manager_that_found_nothing_to_do_is_told_with_what_holds_a_version_back(
    tmp_path: Path, method: Method, words: str
) -> None:
    program = says(tmp_path, "iterate", OLD)
    problem = why(copy(method), place(tmp_path))
    assert str(problem) == f"{program} is {OLD}, not {NEW}"
    assert words in problem.hint
    assert problem.exit_code == 50


@pytest.mark.parametrize(
    ("method", "setting", "value"),
    [
        (Method.NPM, "min-release-age", "7"),
        (Method.PNPM, "minimumReleaseAge", "1440"),
        (Method.MISE, "minimum_release_age", "24h"),
    ],
)
def test_a_gate_that_is_set_is_named_with_its_value(tmp_path: Path, method: Method, setting: str, value: str) -> None:
    says(tmp_path, "iterate", OLD)
    says(tmp_path, method.value, value)
    here = copy(method)
    problem = doubts.explain(here, WANTED, Answer(str(tmp_path / "iterate"), OLD), None, place(tmp_path), None)
    assert f"{setting} is {value}" in problem.hint


@pytest.mark.parametrize("value", ["null", "undefined", "0", "", "false"])
def test_a_gate_that_is_not_set_is_not_the_cause(tmp_path: Path, value: str) -> None:
    says(tmp_path, "iterate", OLD)
    says(tmp_path, "npm", value)
    assert "its registry may not have" in why(copy(Method.NPM), place(tmp_path)).hint


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ({"versions": {"stable": OLD}, "pinned": False}, f"the tap acme/tap is stale: its formula is {OLD}"),
        ({"versions": {"stable": NEW}, "pinned": True}, "brew unpin acme/tap/iterate"),
        ({"versions": None}, "the tap is stale"),
    ],
)
def test_brew_says_whether_its_tap_is_stale_or_the_formula_pinned(
    tmp_path: Path, said: dict[str, object], hint: str
) -> None:
    says(tmp_path, "iterate", OLD)
    says(tmp_path, "brew", json.dumps({"formulae": [said], "casks": []}))
    assert hint in why(copy(Method.BREW), place(tmp_path)).hint


def test_a_command_that_failed_is_told_with_its_words_and_exit_code(tmp_path: Path) -> None:
    says(tmp_path, "iterate", OLD)
    step = Step(("brew", "upgrade", "acme/tap/iterate"))
    problem = why(copy(Method.BREW), place(tmp_path), Failed(step, 1))
    assert str(problem).startswith("brew upgrade acme/tap/iterate ended with exit code 1; ")
    assert "brew trust" in problem.hint
    killed = why(copy(Method.BREW), place(tmp_path), Failed(step, -9))
    assert "ended by signal 9; " in str(killed)


def test_yarn_of_the_new_kind_is_told_to_have_no_global_packages(tmp_path: Path) -> None:
    says(tmp_path, "iterate", OLD)
    problem = why(copy(Method.YARN), place(tmp_path), Failed(Step(("yarn", "global", "add", "iterate@latest")), 1))
    assert "yarn 2 and newer have no global packages" in problem.hint


def test_a_program_that_is_gone_or_does_not_start_is_told_as_that(tmp_path: Path) -> None:
    nowhere = why(copy(Method.NPM), place(tmp_path))
    assert str(nowhere) == f"no iterate is on PATH, not {NEW}"
    program = says(tmp_path, "iterate", OLD)
    program.write_text("#!/bin/sh\nexit 3\n")
    assert str(why(copy(Method.NPM), place(tmp_path))) == f"{program} does not start, not {NEW}"


def test_another_copy_first_on_path_is_named_with_both_paths(tmp_path: Path) -> None:
    first, own = says(tmp_path / "a", "iterate", OLD), says(tmp_path / "b", "iterate", NEW)
    here = copy(Method.NPM)._replace(command=own)
    problem = why(here, place(first.parent, own.parent))
    assert str(problem) == f"{first} is {OLD}, not {NEW}; the upgraded one is {own}"
    assert problem.hint.startswith(f"{first} comes first on PATH and hides it")
    off = why(here, place(tmp_path / "empty"))
    assert str(off) == f"iterate {NEW} is at {own}, and no iterate is on PATH"


def test_another_owners_copy_on_path_is_named_where_nothing_says_where_the_own_one_is(tmp_path: Path) -> None:
    other = says(tmp_path / "Cellar/iterate/1/libexec", "iterate", OLD)
    problem = why(copy(Method.YARN), place(other.parent))
    assert problem.hint.startswith(f"{other} comes first on PATH and is a copy of brew")


def test_a_program_that_replaced_itself_is_hidden_by_another_one_only_if_that_has_another_version(
    tmp_path: Path,
) -> None:
    own = says(tmp_path / "own", "iterate", NEW)
    here = copy(Method.SELF)._replace(command=own)
    assert upgrade.settled(here, WANTED, place(tmp_path / "none")).path == str(own)
    assert upgrade.settled(here, WANTED, place(own.parent)).version == NEW
    first = says(tmp_path / "first", "iterate", OLD)
    with pytest.raises(UpgradeFailed, match="the upgraded one is"):
        upgrade.settled(here, WANTED, place(first.parent, own.parent))
