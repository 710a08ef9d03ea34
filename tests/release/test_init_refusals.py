"""What init refuses before anything is built: each with its own error and what to do, and nothing is written."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.release import project

from release import init
from release.errors import (
    ConfigInvalidError,
    NotARepositoryError,
    PapersMissingError,
    ProjectMissingError,
    ReleaseError,
)
from release.init import Wishes, again, finding, writing
from release.init.text import Written
from release.progress import Progress

PYPROJECT = '[project]\nname = "otter"\nversion = "1"\n'


class Nobody:
    """Takes the usual answers."""

    def __init__(self, *, yes: bool = False) -> None:
        self.yes = yes

    def some(self, question: str, options: Sequence[str], usual: Sequence[str]) -> tuple[str, ...]:
        assert set(usual) <= set(options), question
        return tuple(usual)

    def may(self, question: str) -> bool:
        return self.yes and bool(question)


def made(folder: Path, files: dict[str, str], *, git: bool = True) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    if git:
        project.git(folder, "init", "-q", "-b", "main")
        project.commit(folder, "first")
    return folder


PAPERS = {"LICENSE": "some", "README.md": "some"}


@pytest.mark.parametrize(
    ("files", "git", "error", "said"),
    [
        ({"pyproject.toml": PYPROJECT, **PAPERS}, False, NotARepositoryError, "not a git repository"),
        (PAPERS, True, ProjectMissingError, "there is no Python project"),
        ({"pyproject.toml": "[tool.black]\n", **PAPERS}, True, ProjectMissingError, "there is no Python project"),
        (
            {"a/pyproject.toml": PYPROJECT, "b/setup.py": "", **PAPERS},
            True,
            ProjectMissingError,
            "there are 2 projects below .*: a, b",
        ),
        ({"pyproject.toml": PYPROJECT, "README.md": ""}, True, PapersMissingError, "there is no licence file"),
    ],
)
def test_what_cannot_be_begun_with_is_a_named_error(
    tmp_path: Path,
    files: dict[str, str],
    git: bool,  # noqa: FBT001
    error: type[ReleaseError],
    said: str,
) -> None:
    folder = made(tmp_path / "otter", files, git=git)
    before = sorted(path.name for path in folder.iterdir())
    with pytest.raises(error, match=said) as refused:
        init.proposed(folder, Wishes(), Nobody(), Progress())
    assert refused.value.hint
    assert sorted(path.name for path in folder.iterdir()) == before


def test_an_outlet_that_there_is_not_is_told_before_anything_is_built(tmp_path: Path) -> None:
    folder = made(tmp_path / "otter", {"pyproject.toml": PYPROJECT, **PAPERS})
    with pytest.raises(ConfigInvalidError, match="no outlet is called 'homebrw'; did you mean 'homebrew'") as refused:
        init.proposed(folder, Wishes(outlets=("aur", "homebrw")), Nobody(), Progress())
    assert "scoop, aur" in refused.value.hint
    assert not (folder / "dist").exists()


def test_a_project_is_called_like_its_folder_until_its_wheel_says_more(tmp_path: Path) -> None:
    assert finding.nothing_yet(tmp_path / "otter", ".", ()).name == "otter"
    assert finding.nothing_yet(tmp_path, "packages/otter", ()).name == "otter"


@pytest.mark.parametrize(
    ("text", "usual"),
    [
        ('outlets = ["deb", "aur"]', ("deb", "aur")),
        ("outlets = []", ()),
        ('outlets = ["gone", "deb", "deb", 1]', ("deb",)),
        ('outlets = ["gone"]', ("aur",)),
        ("outlets = 1", ("aur",)),
        ("", ("aur",)),
        ("[outlets", ("aur",)),
    ],
)
def test_what_a_release_toml_says_is_the_usual_answer(tmp_path: Path, text: str, usual: tuple[str, ...]) -> None:
    (tmp_path / "release.toml").write_text(text)
    assert again.usual(tmp_path, "outlets", ("aur", "deb"), ("aur",)) == usual


def test_the_usual_answers_stand_in_a_table_too(tmp_path: Path) -> None:
    assert again.usual(tmp_path, "build.extras", ("fast",), ()) == ()
    (tmp_path / "release.toml").write_text('build.extras = ["fast"]')
    assert again.usual(tmp_path, "build.extras", ("fast",), ()) == ("fast",)


def test_a_repository_without_a_commit_is_a_named_error(tmp_path: Path) -> None:
    folder = made(tmp_path, {"pyproject.toml": PYPROJECT, **PAPERS}, git=False)
    project.git(folder, "init", "-q")
    with pytest.raises(NotARepositoryError, match="no commit"):
        init.proposed(folder, Wishes(), Nobody(), Progress())


def test_a_folder_that_is_named_holds_a_project(tmp_path: Path) -> None:
    folder = made(tmp_path, {"a/pyproject.toml": PYPROJECT, **PAPERS})
    with pytest.raises(ProjectMissingError, match="b holds no"):
        init.proposed(folder, Wishes(project="b"), Nobody(), Progress())


# --- writing -----------------------------------------------------------------------------------------------


def proposal(root: Path) -> init.Proposal:
    written = Written(name="otter", summary="Swims", license="MIT")
    files = {"release.toml": written.text, ".gitignore": "old/\ndist/\n", ".github/workflows/release.yml": "name: x\n"}
    return init.Proposal(root=root, written=written, files=files, notes=())


def states(files: tuple[writing.File, ...]) -> dict[str, str]:
    return {each.path.rpartition("/")[2]: each.state.value for each in files}


def test_nothing_that_is_there_is_replaced_unasked(tmp_path: Path) -> None:
    (tmp_path / "release.toml").write_text('name = "mine"\n')
    (tmp_path / ".gitignore").write_text("old/\n")
    done = writing.write(proposal(tmp_path), Nobody())
    assert states(done) == {"release.toml": "kept", ".gitignore": "kept", "release.yml": "written"}
    assert "+dist/" in done[1].difference
    assert (tmp_path / "release.toml").read_text() == 'name = "mine"\n'
    assert '-name = "mine"' in done[0].difference
    assert '+name = "otter"' in done[0].difference
    again = writing.write(proposal(tmp_path), Nobody())
    assert states(again) == {"release.toml": "kept", ".gitignore": "kept", "release.yml": "unchanged"}
    asked = writing.write(proposal(tmp_path), Nobody(yes=True))
    assert states(asked)["release.toml"] == "replaced"
    assert (tmp_path / "release.toml").read_text() == proposal(tmp_path).written.text


def test_where_a_project_begins_its_list_of_ignored_files_is_added_to(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("old/\n")
    done = writing.write(proposal(tmp_path), Nobody())
    assert states(done) == {"release.toml": "written", ".gitignore": "written", "release.yml": "written"}
    (tmp_path / ".gitignore").write_text("old/\n")
    again = writing.write(proposal(tmp_path), Nobody())
    assert states(again) == {"release.toml": "unchanged", ".gitignore": "kept", "release.yml": "unchanged"}


@pytest.mark.systems("linux", "darwin")  # a symbolic link
def test_nothing_is_written_through_a_link_out_of_the_project(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / ".github").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ReleaseError, match="leads out of the project"):
        writing.write(proposal(tmp_path / "inside"), Nobody(yes=True))
    assert [path.name for path in (tmp_path / "inside").iterdir()] == [".github"]
    assert not (tmp_path / "elsewhere").exists()
