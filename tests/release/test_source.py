"""The source of a build is the commit's tree, whole: nothing around it changes it, and what is missing is named."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.release import hostile, project

from release import plan, targets
from release.errors import SourceIncompleteError
from release.git import checkout, source
from release.product import Channel
from release.wheel import building

LINUX = targets.named("linux-x64")


def repository(folder: Path, files: dict[str, str | bytes]) -> Path:
    """A repository with one commit."""
    folder.mkdir(parents=True)
    project.git(folder, "init", "-q", "-b", "main")
    write(folder, files)
    project.commit(folder, "first")
    return folder


def write(folder: Path, files: dict[str, str | bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def exported(
    folder: Path, into: Path, *, changes: bool = False, results: Sequence[Path] = ()
) -> dict[str, bytes | str]:
    """What an export of HEAD holds: files by their path, and the targets of links."""
    found = checkout.find(folder)
    source.export(found, found.commit(), into, changes=changes, results=results)
    return held(into)


def held(into: Path) -> dict[str, bytes | str]:
    return {
        path.relative_to(into).as_posix(): str(path.readlink()) if path.is_symlink() else path.read_bytes()
        for path in into.rglob("*")
        if path.is_symlink() or path.is_file()
    }


# --- the commit, whatever the working tree looks like -----------------------------------------------------


@pytest.mark.systems("linux", "darwin")  # links and executable bits
def test_what_is_exported_is_what_the_commit_holds(tmp_path: Path) -> None:
    folder = repository(tmp_path / "r", {"a.py": "1", "d/b.py": "2", "run.sh": "#!/bin/sh\n", ".gitignore": "made/\n"})
    (folder / "run.sh").chmod(0o755)
    project.commit(folder, "executable")
    write(folder, {"made/x": "ignored", "new.py": "untracked"})
    found = exported(folder, tmp_path / "out")
    assert found == {"a.py": b"1", "d/b.py": b"2", "run.sh": b"#!/bin/sh\n", ".gitignore": b"made/\n"}
    assert os.access(tmp_path / "out" / "run.sh", os.X_OK)
    assert not os.access(tmp_path / "out" / "a.py", os.X_OK)


def test_flags_and_sparse_checkouts_leave_nothing_out_and_let_nothing_in(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"a.py": "a", "b.py": "b", "sub/c.py": "c", "far/d.py": "d"}
    folder = repository(tmp_path / "r", files)
    wanted = {name: _bytes(content) for name, content in files.items()}
    project.git(folder, "update-index", "--skip-worktree", "b.py")
    write(folder, {"b.py": "hidden edit"})
    assert exported(folder, tmp_path / "skipped", changes=True) == wanted
    (folder / "b.py").write_text("b")
    project.git(folder, "sparse-checkout", "set", "sub")
    project.git(folder, "update-index", "--assume-unchanged", "a.py")
    write(folder, {"a.py": "hidden edit"})
    assert not (folder / "far").exists()
    assert exported(folder, tmp_path / "out") == wanted
    assert exported(folder, tmp_path / "with-changes", changes=True) == wanted


def test_no_attribute_and_no_setting_changes_a_byte(tmp_path: Path) -> None:
    attributes = (
        "*.py text eol=crlf ident filter=shout export-subst\n"
        "secret.py export-ignore\n*.txt text=auto working-tree-encoding=UTF-16\n"
    )
    files: dict[str, str | bytes] = {"a.py": "# $Id$ $Format:%H$\n", "secret.py": "1\n", "crlf.txt": b"a\r\nb\r\n"}
    folder = repository(tmp_path / "r", files)
    write(folder, {".gitattributes": attributes})
    project.git(folder, "add", ".gitattributes")
    project.git(folder, "commit", "-q", "-m", "attributes")
    for key, value in (("filter.shout.smudge", "tr a-z A-Z"), ("core.autocrlf", "true"), ("core.eol", "crlf")):
        project.git(folder, "config", key, value)
    wanted = {name: _bytes(content) for name, content in files.items()}
    assert exported(folder, tmp_path / "out") == {**wanted, ".gitattributes": attributes.encode()}


def _bytes(content: str | bytes) -> bytes:
    return content if isinstance(content, bytes) else content.encode()


@pytest.mark.systems("linux")  # other systems do not take them all
def test_names_that_shells_and_lists_stumble_over_are_exported(tmp_path: Path) -> None:
    names = ["-x", "a b", "new\nline", "tab\there", 'quo"te', "back\\slash", "äöü", ":(top)x", "*", "HEAD", "-/-", " "]
    folder = repository(tmp_path / "r", dict.fromkeys(names, "content"))
    raw = os.fsdecode(b"latin-\xe4")
    (folder / raw).write_text("content")
    project.commit(folder, "raw bytes")
    assert set(exported(folder, tmp_path / "out")) == {*names, raw}


def test_an_export_is_the_same_under_hostile_settings(tmp_path: Path) -> None:
    folder = project.make(tmp_path / "otter")
    code = (
        "import sys; from pathlib import Path; from release.git import checkout, source\n"
        "found = checkout.find(Path(sys.argv[1])); source.export(found, found.commit(), Path(sys.argv[2]))\n"
    )
    bent = {**os.environ, **hostile.environment(tmp_path / "hostile"), **hostile.exported(tmp_path)}
    for name, env in (("plain", dict(os.environ)), ("bent", bent)):
        subprocess.run([sys.executable, "-c", code, folder, tmp_path / name], env=env, cwd=folder, check=True)
    assert held(tmp_path / "plain") == held(tmp_path / "bent")
    assert "src/otter/main.py" in held(tmp_path / "bent")


def test_a_linked_worktree_and_a_sha_256_repository_are_exported(tmp_path: Path) -> None:
    folder = repository(tmp_path / "r", {"a": "1"})
    project.git(folder, "worktree", "add", "-q", "-b", "other", str(tmp_path / "linked"))
    write(tmp_path / "linked", {"b": "2"})
    project.commit(tmp_path / "linked", "second")
    assert exported(tmp_path / "linked", tmp_path / "out") == {"a": b"1", "b": b"2"}
    (tmp_path / "s").mkdir()
    project.git(tmp_path / "s", "init", "-q", "--object-format=sha256")
    write(tmp_path / "s", {"a": "1"})
    project.commit(tmp_path / "s", "first")
    assert exported(tmp_path / "s", tmp_path / "out-of-s") == {"a": b"1"}


def test_a_partial_clone_fetches_what_it_lacks_and_says_when_it_cannot(tmp_path: Path) -> None:
    whole = repository(tmp_path / "whole", {"top.py": "1", "far/away.py": "2"})
    project.git(whole, "config", "uploadpack.allowFilter", "true")
    for name in ("one", "two"):
        project.git(tmp_path, "clone", "-q", "--filter=blob:none", "--sparse", whole.as_uri(), name)
    assert exported(tmp_path / "one", tmp_path / "out") == {"top.py": b"1", "far/away.py": b"2"}
    whole.rename(tmp_path / "gone")
    with pytest.raises(SourceIncompleteError, match="cannot be read whole"):
        exported(tmp_path / "two", tmp_path / "out-of-two")


def test_big_files_go_in_batches(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {f"{number}": bytes([number % 256]) * 17_000_000 for number in range(3)}
    files |= {f"small/{number}": str(number) for number in range(1201)}
    folder = repository(tmp_path / "r", files)
    assert exported(folder, tmp_path / "out") == {name: _bytes(content) for name, content in files.items()}


# --- submodules ------------------------------------------------------------------------------------------


def with_submodule(tmp_path: Path) -> Path:
    """A project whose library is a submodule, which has one itself."""
    inner = repository(tmp_path / "inner", {"deep.py": "deep"})
    library = repository(tmp_path / "library", {"lib.py": "one"})
    added = ("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "--name")
    project.git(library, *added, "in-ner", str(inner), "inner")
    project.commit(library, "with inner")
    folder = repository(tmp_path / "r", {"main.py": "main"})
    project.git(folder, *added, "lib/rary", str(library), "src/library")
    project.git(folder, "-c", "protocol.file.allow=always", "submodule", "--quiet", "update", "--init", "--recursive")
    project.commit(folder, "with library")
    return folder


WHOLE = {"main.py": b"main", "src/library/lib.py": b"one", "src/library/inner/deep.py": b"deep"}


def without_modules(found: dict[str, bytes | str]) -> dict[str, bytes | str]:
    return {name: content for name, content in found.items() if not name.endswith(".gitmodules")}


def test_submodules_are_exported_at_their_commits(tmp_path: Path) -> None:
    folder = with_submodule(tmp_path)
    assert without_modules(exported(folder, tmp_path / "out")) == WHOLE
    # At those that the commit names, not those that are checked out.
    write(folder / "src/library", {"lib.py": "two"})
    project.commit(folder / "src/library", "two")
    assert without_modules(exported(folder, tmp_path / "still")) == WHOLE


def test_a_submodule_that_is_not_checked_out_is_found_in_git_s_own_store(tmp_path: Path) -> None:
    folder = with_submodule(tmp_path)
    project.git(folder, "submodule", "--quiet", "deinit", "-f", "--all")
    assert not (folder / "src/library/lib.py").exists()
    assert without_modules(exported(folder, tmp_path / "out")) == WHOLE
    project.git(folder, "worktree", "add", "-q", "-b", "other", str(tmp_path / "linked"))
    assert without_modules(exported(tmp_path / "linked", tmp_path / "from-linked")) == WHOLE


def test_a_submodule_that_is_not_here_is_refused_by_name(tmp_path: Path) -> None:
    folder = with_submodule(tmp_path)
    project.git(tmp_path, "clone", "-q", str(folder), "clone")
    with pytest.raises(SourceIncompleteError, match="submodule src/library") as told:
        exported(tmp_path / "clone", tmp_path / "out")
    assert "git submodule update" in told.value.hint


# --- links -----------------------------------------------------------------------------------------------


@pytest.mark.systems("linux", "darwin")  # links and executable bits
def test_links_within_the_commit_stay_links(tmp_path: Path) -> None:
    folder = repository(tmp_path / "r", {"lib/otter/__init__.py": "1"})
    (folder / "src").mkdir()
    (folder / "src" / "otter").symlink_to("../lib/otter")
    (folder / "dangling").symlink_to("lib/none")
    project.commit(folder, "links")
    found = exported(folder, tmp_path / "out")
    assert (found["src/otter"], found["dangling"]) == ("../lib/otter", "lib/none")
    assert (tmp_path / "out/src/otter/__init__.py").read_text() == "1"


@pytest.mark.systems("linux", "darwin")
@pytest.mark.parametrize("target", ["/etc", "../..", "../../outside", "d/../../../outside", "into-d/../.."])
def test_a_link_that_leads_out_of_the_commit_is_refused_by_name(tmp_path: Path, target: str) -> None:
    folder = repository(tmp_path / "r", {"d/x": "1"})
    (folder / "into-d").symlink_to("d")
    (folder / "d" / "out").symlink_to(target if target != "into-d/../.." else "../into-d/../../r")
    project.commit(folder, "a link")
    with pytest.raises(SourceIncompleteError, match="leads out of the commit"):
        exported(folder, tmp_path / "out")


@pytest.mark.systems("linux", "darwin")  # links and executable bits
def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    folder = repository(tmp_path / "r", {"d/x": "1"})
    victim = tmp_path / "victim"
    victim.mkdir()
    # A tree that only a hand can make: a link and a folder that are one name where case does not count, and `..`.
    blob = project.git(folder, "hash-object", "-w", "d/x")
    for rows in (f"100644 blob {blob}\t..\n", f"040000 tree {project.git(folder, 'rev-parse', 'HEAD:d')}\t.git\n"):
        tree = subprocess.run(
            ["git", "mktree"], cwd=folder, input=rows, capture_output=True, text=True, check=True
        ).stdout.strip()
        commit = project.git(folder, "commit-tree", tree, "-m", "odd")
        with pytest.raises(SourceIncompleteError, match="holds a file called"):
            source.export(checkout.find(folder), commit, tmp_path / "out")
    assert not list(victim.iterdir())


# --- git-lfs ---------------------------------------------------------------------------------------------


def pointer(content: bytes) -> str:
    digest = hashlib.sha256(content).hexdigest()
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {len(content)}\n"


def test_a_git_lfs_file_is_its_content_or_refused_by_name(tmp_path: Path) -> None:
    content = b"large" * 1000
    files: dict[str, str | bytes] = {
        ".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n",
        "a.bin": pointer(content),
        "example.txt": pointer(content),
    }
    folder = repository(tmp_path / "r", files)
    with pytest.raises(SourceIncompleteError, match=r"a\.bin is kept by git-lfs") as told:
        exported(folder, tmp_path / "out")
    assert told.value.hint == "git lfs pull"
    digest = hashlib.sha256(content).hexdigest()
    stored = folder / ".git" / "lfs" / "objects" / digest[:2] / digest[2:4] / digest
    write(stored.parent, {digest: b"other content"})
    with pytest.raises(SourceIncompleteError, match=r"a\.bin"):
        exported(folder, tmp_path / "cut")
    write(stored.parent, {digest: content})
    found = exported(folder, tmp_path / "whole")
    assert (found["a.bin"], found["example.txt"]) == (content, pointer(content).encode())


# --- uncommitted changes ----------------------------------------------------------------------------------


@pytest.mark.systems("linux", "darwin")  # links and executable bits
def test_changes_that_git_shows_go_on_top(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = dict.fromkeys(
        ("kept", "edited", "staged", "removed", "file-to-folder", "folder/x", "moved", "link-me"), "old"
    )
    folder = repository(tmp_path / "r", {**files, ".gitignore": "ignored\n"})
    write(folder, dict.fromkeys(("edited", "staged", "untracked/deep/x"), "new"))
    write(folder, dict.fromkeys(("ignored", "out/artifacts/x"), "no"))
    project.git(folder, "add", "staged")
    project.git(folder, "mv", "moved", "moved-there")
    for name in ("removed", "file-to-folder", "folder/x", "link-me"):
        (folder / name).unlink()
    (folder / "folder").rmdir()
    write(folder, {"file-to-folder/y": "new", "folder": "new"})
    (folder / "link-me").symlink_to("kept")
    (folder / "untracked/deep/x").chmod(0o755)
    nested = repository(folder / "nested", {"n": "new"})
    write(nested, {"m": "new"})
    found = exported(folder, tmp_path / "export", changes=True, results=(folder / "out",))
    new = ("edited", "staged", "untracked/deep/x", "file-to-folder/y", "folder", "nested/n", "nested/m")
    assert found == {
        **dict.fromkeys(("kept", "moved-there"), b"old"),
        **dict.fromkeys(new, b"new"),
        ".gitignore": b"ignored\n",
        "link-me": "kept",
    }
    assert os.access(tmp_path / "export/untracked/deep/x", os.X_OK)


def test_changes_in_a_submodule_go_along(tmp_path: Path) -> None:
    folder = with_submodule(tmp_path)
    write(folder / "src/library", {"lib.py": "edited", "inner/new.py": "new"})
    found = without_modules(exported(folder, tmp_path / "out", changes=True))
    assert found == {**WHOLE, "src/library/lib.py": b"edited", "src/library/inner/new.py": b"new"}


# --- what is compiled -------------------------------------------------------------------------------------


@pytest.mark.systems("linux", "darwin")  # links and executable bits
def test_what_is_compiled_is_the_commit(tmp_path: Path) -> None:
    folder = project.make(tmp_path / "otter")
    (folder / "src" / "otter").rename(folder / "elsewhere")
    (folder / "src" / "otter").symlink_to("../elsewhere")
    project.commit(folder, "the package is a link")
    project.git(folder, "update-index", "--assume-unchanged", "elsewhere/main.py")
    (folder / "elsewhere" / "main.py").write_text("hidden = True\n")
    otter = project.product(folder)
    planned = plan.plan(otter, channel=Channel.DEV)
    root = building.exported(otter, planned, tmp_path / "copy", results=tmp_path) / "src"
    assert (root / "otter" / "main.py").read_text() == project.SCRIPT


@pytest.mark.systems("linux", "darwin")  # links and executable bits
def test_a_project_below_the_top_of_its_checkout_finds_what_lies_beside_it(tmp_path: Path) -> None:
    top = tmp_path / "top"
    project.make(top / "products" / "otter")
    (top / "products" / "otter" / ".git").rename(tmp_path / "old")
    (top / "common").mkdir()
    (top / "common" / "more.py").write_text("MORE = 1\n")
    (top / "products/otter/src/otter/more.py").symlink_to("../../../../common/more.py")
    project.git(top, "init", "-q", "-b", "main")
    project.commit(top, "first")
    otter = project.product(top / "products" / "otter")
    planned = plan.plan(otter, channel=Channel.DEV)
    root = building.exported(otter, planned, tmp_path / "copy", results=tmp_path) / "src"
    assert (root / "otter" / "more.py").read_text() == "MORE = 1\n"


def test_with_changes_allowed_the_working_tree_is_compiled_without_results(tmp_path: Path) -> None:
    folder = project.make(tmp_path / "otter")
    (folder / ".gitignore").unlink()
    (folder / "src/otter/new.py").write_text("NEW = 1\n")
    (folder / "dist/artifacts").mkdir(parents=True)
    (folder / "dist/artifacts/x").write_text("a result")
    otter = project.product(folder)
    planned = plan.plan(otter, channel=Channel.DEV, allow_dirty=True)
    root = building.exported(otter, planned, tmp_path / "copy", results=tmp_path) / "src"
    assert (root / "otter" / "new.py").exists()
    assert not (tmp_path / "copy" / "dist").exists()
