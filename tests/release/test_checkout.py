"""What a checkout says, whatever settings, flags, names and calls from inside git do to the answer."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.release import hostile, project

from release import plan
from release.errors import CommitTimeError, DirtyCheckoutError, NotARepositoryError, ReleaseError, TagMissingError
from release.git import checkout
from release.model import Plan
from release.product import Channel


def planned(folder: Path, channel: Channel = Channel.DEV, *, dirty: bool = False) -> Plan:
    return plan.plan(project.product(folder), channel=channel, allow_dirty=dirty)


def with_templates(folder: Path) -> Path:
    """A project that has templates of its own."""
    project.make(folder)
    for name in ("homebrew/formula.rb", "aur/PKGBUILD"):
        project.eject(folder, name)
    project.commit(folder, "our templates")
    return folder


def head(folder: Path) -> str:
    return project.git(folder, "rev-parse", "HEAD")


# --- settings, and calls from inside git -----------------------------------------------------------------


@pytest.mark.systems("linux", "darwin")  # a file with a line break in its name
def test_no_setting_of_the_user_bends_a_plan(tmp_path: Path) -> None:
    folder = project.make(tmp_path / "otter")
    signed(folder)
    project.git(folder, "tag", "-a", "-m", "annotated", "v1.2.3")
    plain = project.command(folder, "plan", "--json")
    bent = project.command(folder, "plan", "--json", env=hostile.environment(tmp_path / "hostile"))
    assert bent.stderr == ""
    assert bent.stdout == plain.stdout
    assert json.loads(bent.stdout)["version"] == "1.2.3"
    # Those of the repository itself do not, either. What makes git refuse its own work is left out.
    for setting in ("log.showSignature=true", "core.quotePath=true", "status.showUntrackedFiles=no", "color.ui=always"):
        project.git(folder, "config", *setting.split("="))
    project.git(folder, "config", "core.fsmonitor", str(tmp_path / "hostile" / "hooks" / "fsmonitor"))
    assert project.command(folder, "plan", "--json").stdout == plain.stdout
    (folder / "wässrig \n neu").write_text("new")
    refused = project.command(folder, "plan", env=hostile.environment(tmp_path / "again"))
    assert refused.returncode == DirtyCheckoutError.exit_code
    assert r"wässrig \n neu" in refused.stderr
    assert not (tmp_path / "hostile" / "hooks-that-ran").exists()


def signed(folder: Path) -> None:
    """Make HEAD a signed commit. Nobody can check the signature, and nobody is to try."""
    raw = project.git(folder, "cat-file", "commit", "HEAD")
    lines = "-----BEGIN SSH SIGNATURE-----\n U1NIU0lH\n -----END SSH SIGNATURE-----"
    with_signature = raw.replace("\n\n", f"\nencoding ISO-8859-1\ngpgsig {lines}\n\n", 1)
    (folder / ".git" / "refs" / "heads" / "main").write_text(written(folder, f"{with_signature} f\xfcr alle\n"))


def written(folder: Path, raw: str) -> str:
    """Write a commit by hand, whatever it holds; gives its name."""
    words = ["git", "hash-object", "-t", "commit", "-w", "--stdin", "--literally"]
    return subprocess.run(
        words, cwd=folder, input=raw.encode("latin-1"), capture_output=True, check=True
    ).stdout.decode()


def test_planning_writes_nothing_into_the_repository(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    os.utime(folder / "README.md", (1, 1))  # so that git would like to refresh its index
    before = {path: path.stat().st_mtime_ns for path in (folder / ".git").rglob("*")}
    planned(folder)
    assert {path: path.stat().st_mtime_ns for path in (folder / ".git").rglob("*")} == before


def program() -> str:
    return f"'{sys.executable}' -m release"


@pytest.mark.processes
@pytest.mark.systems("linux", "darwin")  # git's own shell on Windows takes paths of another form
def test_an_alias_of_git_releases_a_linked_worktree_and_nothing_of_it_gets_into_the_tap(tmp_path: Path) -> None:
    main = project.make(tmp_path / "otter")
    project.git(main, "worktree", "add", "-q", "-b", "topic", str(tmp_path / "linked"))
    folder = tmp_path / "linked"
    project.git(folder, "fetch", "-q", str(main), "main")  # FETCH_HEAD is there now
    refs, count = project.git(main, "for-each-ref"), project.git(main, "count-objects")
    for words in ("run --fake --target all --channel dev", "publish --rehearsal"):
        alias = f"alias.r=!{program()} {words}"
        done = subprocess.run(["git", "-c", alias, "r"], cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    places = [path.parent for path in (folder / "dist").rglob("HEAD") if "build" not in path.parts]
    assert len(places) >= 3
    for place in places:
        # One commit a package, and none of the project's files.
        assert "release.toml" not in project.git(place, "ls-tree", "-r", "--name-only", "HEAD").split()
        assert project.git(place, "rev-list", "--count", "--all") == "1"
        assert "first" not in project.git(place, "log", "--all", "--format=%s")
    assert project.git(main, "rev-parse", "--is-shallow-repository") == "false"
    assert (project.git(main, "for-each-ref"), project.git(main, "count-objects")) == (refs, count)


@pytest.mark.systems("linux", "darwin")
def test_a_hook_and_a_rebase_can_release_too(tmp_path: Path) -> None:
    folder = project.make(tmp_path / "otter")
    before = project.commit(folder, "second", when=project.WHEN + 1)
    hook = folder / ".git" / "hooks" / "post-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\n{program()} plan --json --channel dev >../of-hook.json\n")
    hook.chmod(0o755)
    project.git(folder, "commit", "-q", "--allow-empty", "-m", "third", when=project.WHEN + 2)
    assert json.loads((tmp_path / "of-hook.json").read_text())["commit"] == head(folder) != before
    hook.unlink()
    command = f"{program()} plan --json --channel snapshot >{tmp_path}/of-rebase.json"
    project.git(folder, "rebase", "-q", "--exec", command, "HEAD~1")
    seen = json.loads((tmp_path / "of-rebase.json").read_text())
    assert (seen["commit"], seen["branch"]) == (head(folder), "detached")


# --- what HEAD is ----------------------------------------------------------------------------------------


def test_files_and_refs_called_like_head_confuse_nobody(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    for name in ("HEAD", "main", "-x", "--help"):
        (folder / name).write_text("a file")
    commit = project.commit(folder, "odd names")
    project.git(folder, "update-ref", "refs/heads/HEAD", "HEAD~1")
    project.git(folder, "update-ref", "refs/tags/HEAD", "HEAD~1")
    project.git(folder, "update-ref", "refs/tags/main", "HEAD~1")
    project.git(folder, "update-ref", "refs/heads/v1.0.0", "HEAD~1")
    project.git(folder, "tag", "v1.0.0")
    assert planned(folder, Channel.LATEST).commit == commit
    assert planned(folder, Channel.SNAPSHOT).branch == "main"


def test_a_submodule_of_something_is_a_checkout_of_its_own(tmp_path: Path) -> None:
    whole = project.make(tmp_path / "otter")
    project.git(tmp_path, "init", "-q", "-b", "main", "outer")
    added = ("-c", "protocol.file.allow=always", "submodule", "--quiet", "add")
    project.git(tmp_path / "outer", *added, str(whole), "otter")
    made = planned(tmp_path / "outer" / "otter")
    assert (made.commit, made.dirty) == (head(whole), False)


def test_replaced_and_grafted_commits_are_not_what_head_is(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    commit = project.commit(folder, "second", when=project.WHEN + 60)
    project.git(folder, "replace", "HEAD", "HEAD~1")
    made = planned(folder)
    assert (made.commit, made.committed_at) == (commit, project.WHEN + 60)


def test_a_tag_of_a_tag_is_a_tag_of_the_commit(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    project.git(folder, "tag", "-a", "-m", "one", "inner")
    project.git(folder, "tag", "-a", "-m", "two", "v1.2.3", "inner")
    project.git(folder, "tag", "-a", "-m", "three", "outer", "v1.2.3")
    assert planned(folder, Channel.LATEST).version.text == "1.2.3"


def test_a_tag_that_is_no_version_stands_beside_one_that_is(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    for tag in ("v1", "v1.2", "v3-stable", "v1.2.3", "v1.2.3;rm", "v1.2.3'", "x/v4.5.6", "v9.9.9.lück", "v٣.0.0"):
        project.git(folder, "tag", tag)
    assert planned(folder, Channel.LATEST).version.text == "1.2.3"


def test_what_is_told_without_a_version_tag_names_those_that_are_there(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    project.git(folder, "tag", "v3-stable")
    with pytest.raises(TagMissingError, match="no version is v3-stable") as raised:
        planned(folder, Channel.LATEST)
    assert "git tag v1.2.3" in raised.value.hint
    for tag in ("v1.2.3", "v1.2.4"):
        project.git(folder, "tag", tag)
    with pytest.raises(TagMissingError, match=r"v1\.2\.3, v1\.2\.4") as two:
        planned(folder, Channel.LATEST)
    assert "delete" in two.value.hint


def test_a_repository_with_sha_256_is_planned(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    (folder / ".git").rename(tmp_path.parent / f"{tmp_path.name}.git")
    project.git(folder, "init", "-q", "-b", "main", "--object-format=sha256")
    commit = project.commit(folder, "first")
    assert planned(folder).commit == commit
    assert len(commit) == 64


@pytest.mark.systems("linux")  # other systems take no such names
def test_a_branch_whose_name_is_no_utf_8_is_named_by_its_bytes(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    for name in (b"f\xe4hre", b"f\xf6hre"):
        subprocess.run([b"git", b"switch", b"-q", b"-c", name], cwd=folder, check=True)
        assert planned(folder, Channel.SNAPSHOT).branch == name.decode("utf-8", "backslashreplace")


# --- when ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("when", [0, 4354819199])
def test_a_commit_of_any_time_that_archives_can_hold_is_released(tmp_path: Path, when: int) -> None:
    folder = project.make(tmp_path)
    made_at(folder, str(when))
    assert project.released(folder).plan.committed_at == when
    done = project.command(folder, "publish")
    assert done.returncode == 0, done.stdout + done.stderr
    tap = folder / "dist" / "public" / "tap.git"
    assert project.git(tap, "log", "-1", "--format=%ct", "main") == str(when)


@pytest.mark.parametrize("when", ["4354819200", "253402300800", "99999999999999999999999"])
def test_a_commit_after_the_end_of_time_is_refused_before_anything_is_made(tmp_path: Path, when: str) -> None:
    folder = project.make(tmp_path)
    made_at(folder, when)
    with pytest.raises(CommitTimeError):
        planned(folder)
    done = project.command(folder, "build", "--fake", "--target", "all", "--channel", "dev")
    assert done.returncode == CommitTimeError.exit_code
    assert not (folder / "dist").exists()


@pytest.mark.parametrize("when", ["-5", "soon", ""])
def test_a_commit_without_a_time_is_refused_by_name(tmp_path: Path, when: str) -> None:
    folder = project.make(tmp_path)
    made_at(folder, when)
    with pytest.raises(ReleaseError, match="time"):
        planned(folder)


def made_at(folder: Path, when: str) -> None:
    """Make HEAD a commit of this time, written by hand: git itself would not take all of them."""
    raw = project.git(folder, "cat-file", "commit", "HEAD").replace(str(project.WHEN), when)
    (folder / ".git" / "refs" / "heads" / "main").write_text(written(folder, raw + "\n"))


# --- changes ---------------------------------------------------------------------------------------------


@pytest.mark.processes
def test_what_the_tool_writes_is_no_change(tmp_path: Path) -> None:
    folder = project.make(tmp_path / "otter")
    (folder / ".gitignore").unlink()
    project.commit(folder, "nothing is ignored")
    words = ("build", "--fake", "--target", "all", "--channel", "dev")
    (folder / "dist" / "rehearsal").mkdir(parents=True)
    for options in ((), ("--dist", "out/of/here"), ("--dist", "out/of/here"), ()):
        done = project.command(folder, *words, *options)
        assert done.returncode == 0, done.stderr
    assert not planned(folder).dirty
    assert project.git(folder, "status", "--porcelain") == ""
    (folder / "dist-notes.txt").write_text("mine")
    with pytest.raises(DirtyCheckoutError, match=r"changes: dist-notes\.txt$"):
        planned(folder)


def test_a_tracked_file_in_the_folder_of_results_is_a_source_like_any_other(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    (folder / "dist").mkdir()
    (folder / "dist" / "bundle.js").write_text("one")
    project.git(folder, "add", "-f", "dist/bundle.js")
    project.commit(folder, "a tracked bundle")
    (folder / "dist" / "bundle.js").write_text("two")
    with pytest.raises(DirtyCheckoutError, match=r"dist/bundle\.js"):
        planned(folder)


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
@pytest.mark.parametrize("name", ["release.toml", "LICENSE", "README.md", "packaging/aur/PKGBUILD.j2"])
def test_a_hidden_edit_of_what_is_read_from_the_working_tree_is_a_change(tmp_path: Path, flag: str, name: str) -> None:
    folder = with_templates(tmp_path)
    project.git(folder, "update-index", flag, name)
    with (folder / name).open("a") as file:
        file.write("\n# hidden\n")
    assert project.git(folder, "status", "--porcelain") == ""
    with pytest.raises(DirtyCheckoutError, match=name):
        planned(folder)
    assert planned(folder, dirty=True).dirty


def test_a_hidden_edit_of_the_source_is_no_change_because_the_source_is_the_commit(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    project.git(folder, "update-index", "--assume-unchanged", "src/otter/main.py")
    (folder / "src/otter/main.py").write_text("hidden")
    assert not planned(folder).dirty


def test_templates_that_a_sparse_checkout_leaves_out_are_named(tmp_path: Path) -> None:
    folder = with_templates(tmp_path)
    project.git(folder, "sparse-checkout", "set", "--no-cone", "/*", "!/packaging/aur/")
    with pytest.raises(DirtyCheckoutError, match="packaging/aur"):
        planned(folder)


@pytest.mark.parametrize("name", ["packaging/homebrew/formula.rb.j2", "LICENSE", "release.toml", "pyproject.toml"])
def test_what_is_read_from_the_working_tree_is_a_part_of_the_commit_though_git_ignores_it(
    tmp_path: Path, name: str
) -> None:
    folder = with_templates(tmp_path)
    (folder / ".git" / "info" / "exclude").write_text(f"/{name}\n")
    project.git(folder, "rm", "-q", "--cached", name)
    project.git(folder, "commit", "-q", "-m", "forgotten")
    assert project.git(folder, "status", "--porcelain") == ""
    with pytest.raises(DirtyCheckoutError, match=f"no part of the commit: .*{name.rpartition('/')[2]}"):
        planned(folder)
    assert planned(folder, dirty=True).dirty


@pytest.mark.systems("linux", "darwin")  # a symbolic link
@pytest.mark.parametrize("name", ["packaging", "LICENSE"])
def test_a_link_out_of_the_checkout_leads_to_no_part_of_the_commit(tmp_path: Path, name: str) -> None:
    folder = with_templates(tmp_path / "otter")
    (folder / name).rename(tmp_path / "elsewhere")
    (folder / name).symlink_to("../elsewhere")
    project.commit(folder, "a link")
    with pytest.raises(DirtyCheckoutError, match=r"no part of the commit: .*(?:elsewhere|LICENSE)"):
        planned(folder)


def test_what_the_user_ignores_everywhere_is_no_change(tmp_path: Path) -> None:
    folder = project.make(tmp_path / "otter")
    (tmp_path / "ignored").write_text("*.swp\n")
    (tmp_path / "gitconfig").write_text(f"[core]\nexcludesFile = {tmp_path}/ignored\n")
    (folder / "x.swp").write_text("an editor's")
    env = {"GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig")}
    assert project.command(folder, "plan", "--channel", "dev", env=env).returncode == 0
    assert project.command(folder, "plan", "--channel", "dev").returncode == DirtyCheckoutError.exit_code


def test_line_ends_that_the_user_has_git_write_are_no_change(tmp_path: Path) -> None:
    whole = project.make(tmp_path / "otter")
    (tmp_path / "gitconfig").write_text("[core]\nautocrlf = true\n")
    env = {**os.environ, "GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig")}
    subprocess.run(["git", "clone", "-q", whole, tmp_path / "there"], env=env, check=True)
    assert b"\r\n" in (tmp_path / "there" / "README.md").read_bytes()
    os.utime(tmp_path / "there" / "README.md", (1, 1))
    done = project.command(
        tmp_path / "there", "plan", "--channel", "dev", env={"GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig")}
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.systems("linux", "darwin")  # Windows has no executable bits
def test_a_setting_of_the_repository_goes_before_the_same_one_of_the_user(tmp_path: Path) -> None:
    folder = project.make(tmp_path / "otter")
    (tmp_path / "gitconfig").write_text("[core]\nfileMode = true\n")
    (folder / "README.md").chmod(0o755)
    env = {"GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig")}
    assert project.command(folder, "plan", "--channel", "dev", env=env).returncode == DirtyCheckoutError.exit_code
    project.git(folder, "config", "core.fileMode", "false")
    assert project.command(folder, "plan", "--channel", "dev", env=env).returncode == 0


# --- no checkout -----------------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
def test_a_checkout_of_somebody_else_is_refused_in_git_s_own_words(tmp_path: Path) -> None:
    folder = project.make(tmp_path / "otter")
    for path in (folder, *folder.rglob("*")):
        os.chown(path, 65534, 65534, follow_symlinks=False)
    env = {"GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig"), "SUDO_UID": ""}
    done = project.command(folder, "plan", "--channel", "dev", env=env)
    assert done.returncode == NotARepositoryError.exit_code
    assert "dubious ownership" in done.stderr
    assert "safe.directory" in done.stderr
    assert "git init" not in done.stderr
    (tmp_path / "gitconfig").write_text(f"[safe]\ndirectory = {folder}\n")
    assert project.command(folder, "plan", "--channel", "dev", env=env).returncode == 0


def test_a_folder_that_is_no_checkout_is_told_in_git_s_own_words(tmp_path: Path) -> None:
    with pytest.raises(NotARepositoryError, match="not a git repository") as raised:
        checkout.find(tmp_path)
    assert raised.value.hint.startswith("git init")


def test_a_bare_repository_is_no_checkout(tmp_path: Path) -> None:
    project.git(tmp_path, "init", "-q", "--bare", "bare.git")
    with pytest.raises(NotARepositoryError, match="work tree"):
        checkout.find(tmp_path / "bare.git")


def test_a_repository_without_a_commit_says_so(tmp_path: Path) -> None:
    project.git(tmp_path, "init", "-q", ".")
    with pytest.raises(NotARepositoryError, match="has no commit") as raised:
        checkout.find(tmp_path).commit()
    assert raised.value.hint == "commit what is to be released"
    with pytest.raises(NotARepositoryError, match="has no commit"):
        _ = checkout.find(tmp_path).head().tags


@pytest.mark.systems("linux", "darwin")
def test_a_folder_whose_name_has_lines_is_a_checkout_like_any_other(tmp_path: Path) -> None:
    folder = project.make(tmp_path / "two\nlines")
    found = checkout.find(folder / "src")
    assert (found.top, found.git.folder) == (folder, folder / ".git")
    head = found.head()
    assert (head.commit, head.committed_at) == (found.commit(), project.WHEN)
