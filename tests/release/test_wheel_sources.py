"""Where a build takes things from: the history beside an exported tree, indexes, and folders of the same commit."""

import os
import sys
from pathlib import Path

import pytest
from tests.release import project

from release import plan
from release.errors import PythonUnfitError, SourceIncompleteError
from release.product import Channel
from release.wheel import building, indexes, neighbours, python


def exported(folder: Path, into: Path, *, dirty: bool = False) -> Path:
    otter = project.product(folder)
    planned = plan.plan(otter, channel=Channel.DEV, allow_dirty=dirty)
    return building.exported(otter, planned, into, results=folder)


def test_an_exported_tree_is_a_checkout_of_its_commit_with_the_tags_before_it(tmp_path: Path) -> None:
    folder = project.make(tmp_path / "otter")
    project.git(folder, "tag", "-a", "-m", "first", "v1.2.3")
    commit = project.commit(folder, "more")
    project.git(folder, "checkout", "-q", "-b", "later")
    project.git(folder, "tag", "v9", project.commit(folder, "later"))
    project.git(folder, "checkout", "-q", "main")
    tree = exported(folder, tmp_path / "tree")
    assert project.git(tree, "rev-parse", "HEAD") == commit
    assert project.git(tree, "describe", "--dirty") == f"v1.2.3-1-g{commit[:7]}"
    assert project.git(tree, "log", "--format=%s") == "more\nfirst"
    assert "src/otter/main.py" in project.git(tree, "ls-files").splitlines()
    assert project.git(tree, "status", "--porcelain") == ""
    # Nothing is copied, and nothing of it reaches the repository it was taken from.
    assert len([path for path in (tree / ".git" / "objects").rglob("*") if path.is_file()]) == 1
    assert project.git(folder, "worktree", "list").count("\n") == 0


def test_changes_that_are_allowed_are_changes_there_too(tmp_path: Path) -> None:
    folder = project.make(tmp_path / "otter")
    (folder / "README.md").write_text("# other\n")
    tree = exported(folder, tmp_path / "tree", dirty=True)
    assert project.git(tree, "status", "--porcelain") == "M README.md"


@pytest.mark.parametrize("form", ["sha1", "sha256"])
def test_a_linked_worktree_of_any_kind_of_repository_has_its_history_too(tmp_path: Path, form: str) -> None:
    folder = project.make(tmp_path / "otter")
    if form == "sha256":
        (folder / ".git").rename(tmp_path / "old")
        project.git(folder, "init", "-q", "-b", "main", "--object-format=sha256")
        project.commit(folder, "first")
    project.git(folder, "worktree", "add", "-q", "-b", "more", str(tmp_path / "linked"))
    commit = project.commit(tmp_path / "linked", "more")
    assert project.git(exported(tmp_path / "linked", tmp_path / "tree"), "rev-parse", "HEAD") == commit


def test_uv_is_told_what_pip_was_told_and_its_own_settings_go_first(tmp_path: Path) -> None:
    file = tmp_path / "pip.conf"
    file.write_text(
        "[global]\nindex-url = https://one.invalid/simple\nextra-index-url =\n    https://two.invalid/a\n"
        "    https://two.invalid/b\n[install]\nfind-links = /wheels\n    /more\n[list]\nindex-url = https://no.invalid/\n"
    )
    outside = {"PIP_CONFIG_FILE": str(file), "PIP_TRUSTED_HOST": "one.invalid", "HOME": str(tmp_path)}
    told = indexes.of_pip(outside)
    assert told["UV_DEFAULT_INDEX"] == "https://one.invalid/simple"
    assert told["UV_INDEX"] == "https://two.invalid/a https://two.invalid/b"
    assert told["UV_FIND_LINKS"] == "/wheels,/more"
    assert told["UV_INSECURE_HOST"] == "one.invalid"
    assert told["UV_INDEX_STRATEGY"] == "unsafe-best-match"
    assert indexes.of_pip({**outside, "PIP_INDEX_URL": "https://var.invalid/"})["UV_DEFAULT_INDEX"].endswith(
        "var.invalid/"
    )
    assert indexes.of_pip({**outside, "UV_INDEX": "https://three.invalid/"}) == {}
    assert indexes.of_pip({"PIP_CONFIG_FILE": os.devnull, "HOME": str(tmp_path)}) == {}
    (tmp_path / ".config" / "uv").mkdir(parents=True)
    (tmp_path / ".config" / "uv" / "uv.toml").touch()
    assert indexes.of_pip(outside) == {}


def said(folder: Path, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(text)


def test_sources_of_uv_become_constraints(tmp_path: Path) -> None:
    said(
        tmp_path,
        '[tool.uv.workspace]\nmembers = ["packages/*"]\n[tool.uv.sources]\nBed = { workspace = true }\n'
        'reef = { path = "vendor/reef" }\n',
    )
    said(
        tmp_path / "packages" / "otter",
        '[tool.uv.sources]\nkelp = { git = "https://one.invalid/kelp", tag = "v1", subdirectory = "k" }\n'
        'clam = [{ url = "https://one.invalid/clam-1.whl", marker = "sys_platform == \'linux\'" }]\n'
        'crab = { index = "internal" }\nreef = { path = "../../other/reef", editable = true }\n',
    )
    said(tmp_path / "packages" / "sea", '[project]\nname = "bed"\n')
    (tmp_path / "other" / "reef").mkdir(parents=True)
    assert sorted(neighbours.constraints("otter", tmp_path / "packages" / "otter", tmp_path)) == [
        f"bed @ {(tmp_path / 'packages/sea').as_uri()}",
        "clam @ https://one.invalid/clam-1.whl ; sys_platform == 'linux'",
        "kelp @ git+https://one.invalid/kelp@v1#subdirectory=k",
        f"reef @ {(tmp_path / 'other/reef').as_uri()}",
    ]
    with pytest.raises(SourceIncompleteError, match="no part of the commit"):
        list(neighbours.constraints("otter", tmp_path / "packages" / "otter", tmp_path / "packages"))


def test_a_folder_in_a_list_of_versions_gives_way_to_its_wheel(tmp_path: Path) -> None:
    folder = tmp_path / "a b"
    lock = f"anyio==4 \\\n    --hash=sha256:00\nOtter_Bed[soft] @ {folder.as_uri()}\n"
    (found,) = neighbours.local(lock)
    assert (found.name, found.path) == ("otter-bed", folder)
    changed = neighbours.replaced(lock, {"otter-bed": (tmp_path / "x.whl", "ab")})
    assert changed == lock.replace(
        f"Otter_Bed[soft] @ {folder.as_uri()}", f"Otter_Bed @ {(tmp_path / 'x.whl').as_uri()} --hash=sha256:ab"
    )


def test_the_python_that_a_project_takes_is_read_where_it_says_so(tmp_path: Path) -> None:
    said(tmp_path / "new", '[project]\nrequires-python = ">=3.99"\n')
    said(tmp_path / "older", '[tool.poetry.dependencies]\npython = "^2.7"\n')
    (tmp_path / "oldest").mkdir()
    (tmp_path / "oldest" / "setup.cfg").write_text("[options]\npython_requires = >=3.98\n")
    assert [python.required(tmp_path / name) for name in ("new", "older", "oldest")] == [">=3.99", "", ">=3.98"]
    here = python.ask(Path(sys.executable))
    python.need(here, "", "otter")
    python.need(here, "what is this", "otter")
    with pytest.raises(PythonUnfitError, match="otter requires Python <3"):
        python.need(here, "<3", "otter")
