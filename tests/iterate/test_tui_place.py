"""Where a conversation works, as its first frame says it."""

import subprocess
from pathlib import Path

import pytest

from iterate import settings
from iterate.tui import place


def git(folder: Path, *words: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=n", "-c", "user.email=e", *words], cwd=folder, check=True, capture_output=True
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "-b", "some/branch")
    git(folder, "commit", "--allow-empty", "-m", "x")
    return folder


@pytest.mark.systems("linux", "darwin")
def test_the_branch_is_told_from_any_folder_of_the_repository(project: Path) -> None:
    below = project / "a" / "b"
    below.mkdir(parents=True)
    assert place.branch(str(below)) == place.branch(f"{project}/") == "some/branch"
    git(project, "checkout", "--detach")
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=project, check=True, capture_output=True, text=True).stdout
    assert place.branch(str(project)) == head[:8]


@pytest.mark.systems("linux", "darwin")
def test_a_worktree_has_a_branch_of_its_own(project: Path) -> None:
    git(project, "worktree", "add", "-b", "other", "../tree")
    assert place.branch(str(project.parent / "tree")) == "other"


@pytest.mark.systems("linux", "darwin")
def test_there_is_none_where_there_is_no_repository_or_none_that_can_be_read(tmp_path: Path) -> None:
    assert place.branch(str(tmp_path)) == place.branch("") == place.branch("/") == ""
    (tmp_path / ".git").write_text("gitdir: /nowhere/at/all\n")
    assert place.branch(str(tmp_path)) == ""


@pytest.mark.parametrize(
    ("folder", "home", "short"),
    [
        ("/users/me/work", "/users/me", "~/work"),
        ("/users/me", "/users/me", "~"),
        ("/users/meadow", "/users/me", "/users/meadow"),
        ("/srv", "/", "/srv"),
        ("", "/users/me", ""),
    ],
)
def test_a_folder_is_written_as_people_write_it(folder: str, home: str, short: str) -> None:
    assert place.short(folder, home) == short


@pytest.mark.parametrize(
    ("text", "model"),
    [
        ('model = "a/b"\n', "a/b"),
        ('# model = "no/no"\nmodel="a/b" # yes\n', "a/b"),
        ('[providers.x]\nmodel = "no/no"\n', ""),
        ('models = "no/no"\nmodel = broken\n', ""),
        ("", ""),
    ],
)
def test_the_model_is_guessed_from_the_beginning_of_the_file(tmp_path: Path, text: str, model: str) -> None:
    (tmp_path / "iterate").mkdir()
    (tmp_path / "iterate" / "config.toml").write_text(text)
    variables = {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    assert place.model(settings.read(variables)) == model
    assert place.model(settings.read(variables | {"ITERATE_MODEL": "e/e"})) == "e/e"
