"""A plan is what HEAD is: the same commit gives the same version, and what cannot be released is refused."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.release import project

from release import plan, version
from release.errors import (
    BranchIllegalError,
    ConfigInvalidError,
    DirtyCheckoutError,
    NotARepositoryError,
    ReleaseError,
    ShallowCheckoutError,
    TagMissingError,
    VersionIllegalError,
)
from release.model import Plan
from release.product import Channel


def planned(folder: Path, channel: Channel = Channel.DEV, branch: str | None = None, *, dirty: bool = False) -> Plan:
    return plan.plan(project.product(folder), channel=channel, branch=branch, allow_dirty=dirty)


def test_dev_is_named_after_the_time_of_the_commit_in_utc(tmp_path: Path) -> None:
    # The commit is made at 05:04:05 +0200.
    assert planned(project.make(tmp_path)).version.text == "0.0.0-dev-20260102030405"


def test_snapshot_is_named_after_the_branch(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    project.git(folder, "switch", "-q", "-c", "fast-start")
    assert planned(folder, Channel.SNAPSHOT).version.text == "0.0.0-snapshot-fast-start-20260102030405"
    project.git(folder, "switch", "-q", "-c", "feature/Fast_Start")
    assert planned(folder, Channel.SNAPSHOT).version.text == "0.0.0-snapshot-feature-fast-start-63edd9-20260102030405"


def test_latest_is_the_tag_on_head(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    project.git(folder, "tag", "v1.2.3")
    one = planned(folder, Channel.LATEST)
    assert (one.version.text, one.tag, one.branch) == ("1.2.3", "v1.2.3", "")


def test_the_final_tag_counts_where_a_candidate_was_promoted(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    for tag in ("v1.2.3-rc.1", "v1.2.3", "vacation"):
        project.git(folder, "tag", tag)
    assert planned(folder, Channel.LATEST).version.text == "1.2.3"


@pytest.mark.parametrize(
    ("tags", "error"),
    [
        ([], TagMissingError),
        (["1.2.3", "version-2"], TagMissingError),
        (["v1.2.3", "v1.2.4"], TagMissingError),
        (["v1.2.3-rc.1"], VersionIllegalError),
        (["v1"], TagMissingError),
        (["v1.2+build"], TagMissingError),
        (["v01.2.3"], TagMissingError),
        (["v3-stable"], TagMissingError),
        (["v1.2.3+build"], TagMissingError),
        (["v0.0.0"], VersionIllegalError),
    ],
)
def test_latest_without_one_final_tag_is_refused(tmp_path: Path, tags: list[str], error: type[ReleaseError]) -> None:
    folder = project.make(tmp_path)
    for tag in tags:
        project.git(folder, "tag", tag)
    with pytest.raises(error):
        planned(folder, Channel.LATEST)


def test_the_tag_of_an_older_commit_does_not_count(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    project.git(folder, "tag", "v1.2.3")
    project.commit(folder, "second", when=project.WHEN + 1)
    with pytest.raises(TagMissingError):
        planned(folder, Channel.LATEST)


def test_a_detached_head_is_called_detached_or_what_it_is_told(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    project.git(folder, "switch", "-q", "--detach")
    assert planned(folder, Channel.SNAPSHOT).version.slug == "detached"
    assert planned(folder, Channel.SNAPSHOT, "topic/x").version.slug == version.slug("topic/x")


@pytest.mark.parametrize("branch", ["", " ", "a b", "a..b", "a~b", "x.lock", "/x", "x/", "-x", "a\nb", "///"])
def test_an_illegal_branch_is_refused(tmp_path: Path, branch: str) -> None:
    with pytest.raises(BranchIllegalError):
        planned(project.make(tmp_path), Channel.SNAPSHOT, branch)


def test_a_changed_file_and_a_new_file_are_uncommitted_changes(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    (folder / "README.md").write_text("changed")
    with pytest.raises(DirtyCheckoutError, match=r"README\.md"):
        planned(folder)
    project.git(folder, "checkout", "-q", ".")
    (folder / "new.txt").write_text("new")
    with pytest.raises(DirtyCheckoutError, match=r"new\.txt"):
        planned(folder)
    assert planned(folder, dirty=True).dirty


def test_an_ignored_file_is_no_change(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    (folder / "dist").mkdir()
    (folder / "dist" / "x").touch()
    assert not planned(folder).dirty


def test_a_shallow_clone_is_refused(tmp_path: Path) -> None:
    folder = project.make(tmp_path / "whole")
    project.commit(folder, "second")
    project.git(tmp_path, "clone", "-q", "--depth=1", folder.as_uri(), "part")
    with pytest.raises(ShallowCheckoutError):
        planned(tmp_path / "part")


def test_a_folder_without_git_and_a_repository_without_commits_are_refused(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    subprocess.run(["rm", "-rf", folder / ".git"], check=True)
    with pytest.raises(NotARepositoryError):
        planned(folder)
    project.git(folder, "init", "-q")
    with pytest.raises(NotARepositoryError):
        planned(folder)


@pytest.mark.parametrize(
    ("prepare", "channel"),
    [
        ([], Channel.DEV),
        (["switch", "-q", "-c", "topic"], Channel.SNAPSHOT),
        (["switch", "-q", "--detach"], Channel.SNAPSHOT),
        (["tag", "v1.0.0"], Channel.LATEST),
        (["tag", "vacation"], Channel.DEV),
        (["tag", "v3-stable"], Channel.DEV),
        (["tag", "v1"], Channel.DEV),
        (["tag", "v1.2.3-rc.1"], Channel.DEV),
        (["tag", "v0.0.0"], Channel.DEV),
        (["tag", "main"], Channel.DEV),
    ],
)
def test_the_channel_of_head(tmp_path: Path, prepare: list[str], channel: Channel) -> None:
    folder = project.make(tmp_path)
    if prepare:
        project.git(folder, *prepare)
    assert plan.channel_of_head(project.product(folder)) is channel


def test_two_clones_of_a_commit_have_the_same_plan(tmp_path: Path) -> None:
    folder = project.make(tmp_path / "one")
    project.git(tmp_path, "clone", "-q", str(folder), "two")
    assert planned(folder) == planned(tmp_path / "two")


def test_the_json_of_a_plan_is_a_matrix_and_names_every_outlet(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    done = project.command(folder, "plan", "--channel", "snapshot", "--branch", "a-b", "--json")
    told = json.loads(done.stdout)
    assert done.stderr == ""
    assert told["version"] == "0.0.0-snapshot-a-b-20260102030405"
    assert [row["target"] for row in told["matrix"]["include"]] == list(project.SOME)
    assert all(row["runner"] for row in told["matrix"]["include"])
    outlets = {row["outlet"]: (row["package"], row["version"]) for row in told["outlets"]}
    assert outlets["aur"] == ("otter-snapshot-a-b-bin", "0.0.0snapshot.a.b.20260102030405")
    assert outlets["homebrew"] == ("otter-snapshot-a-b", "0.0.0-snapshot-a-b-20260102030405")
    assert outlets["scoop"] == ("otter-snapshot-a-b", "0.0.0-snapshot-a-b-20260102030405")


def test_planning_loads_neither_templates_nor_the_network() -> None:
    code = "import release.show, release.plan, sys; print({'httpx2', 'jinja2', 'rich', 'elftools'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


# --- the form of tags --------------------------------------------------------------------------------------


def with_tags(folder: Path, form: str, *tags: str) -> Path:
    """A project whose release.toml says what its tags look like, and HEAD with some tags."""
    project.make(folder)
    file = folder / "release.toml"
    file.write_text(f'tag = "{form}"\n{file.read_text()}')
    project.commit(folder, "the form of tags")
    for tag in tags:
        project.git(folder, "tag", tag)
    return folder


@pytest.mark.parametrize(
    ("form", "tags", "text"),
    [
        ("{version}", ("3.2.4", "v9.9.9", "latest"), "3.2.4"),
        ("release-{version}", ("release-24.10", "24.11"), "24.10"),
        ("otter/v{version}", ("otter/v1.2.3", "badger/v1.2.4", "v7.0"), "1.2.3"),
        ("v{version}", ("v1.2", "v1.2.3", "v1"), "1.2.3"),
        ("v{version}", ("v1.0.1", "v1.0.1rc1"), "1.0.1"),
        ("{version}", ("2024.1.0", "0.0.0-dev-20260102030405"), "2024.1.0"),
    ],
)
def test_a_tag_of_the_project_s_own_form_is_the_version(
    tmp_path: Path, form: str, tags: tuple[str, ...], text: str
) -> None:
    folder = with_tags(tmp_path, form, *tags)
    found = planned(folder, Channel.LATEST)
    assert (found.version.text, found.tag) == (text, form.replace("{version}", text))
    assert plan.channel_of_head(project.product(folder)) is Channel.LATEST
    assert planned(folder, Channel.DEV).tag == form.replace("{version}", project.VERSION)


def test_a_tag_of_another_form_is_no_version_and_the_hint_names_the_form(tmp_path: Path) -> None:
    folder = with_tags(tmp_path, "otter/v{version}", "v1.2.3")
    with pytest.raises(TagMissingError, match=r"no version is v1\.2\.3") as refused:
        planned(folder, Channel.LATEST)
    assert "git tag otter/v1.2.3" in refused.value.hint


def test_a_version_that_an_outlet_would_sort_wrong_is_refused_before_anything_is_built(tmp_path: Path) -> None:
    with pytest.raises(VersionIllegalError, match=r"Scoop would sort 1\.0\.post1 above the next version"):
        planned(with_tags(tmp_path, "{version}", "1.0.post1"), Channel.LATEST)


def test_two_versions_on_one_commit_are_still_refused(tmp_path: Path) -> None:
    folder = with_tags(tmp_path, "{version}", "1.2.3", "1.2.4")
    with pytest.raises(TagMissingError, match=r"1\.2\.3, 1\.2\.4"):
        planned(folder, Channel.LATEST)


@pytest.mark.parametrize(
    "form", ["v", "{version} x", "a..{version}", "-{version}", "{version}.lock", "{version}/{version}"]
)
def test_a_form_that_git_would_not_take_is_a_mistake_of_release_toml(tmp_path: Path, form: str) -> None:
    with pytest.raises(ConfigInvalidError, match="tag: "):
        project.product(with_tags(tmp_path, form))


# --- pre-releases ------------------------------------------------------------------------------------------


def with_beta(folder: Path, *tags: str) -> Path:
    """A project that releases its pre-releases, and HEAD with some tags."""
    project.make(folder)
    file = folder / "release.toml"
    file.write_text(f"beta = true\n{file.read_text()}")
    project.commit(folder, "pre-releases")
    for tag in tags:
        project.git(folder, "tag", tag)
    return folder


@pytest.mark.parametrize("text", ["1.3.0-rc.1", "1.3rc1", "2.0-beta.2", "2026.1rc4"])
def test_a_pre_release_is_of_the_channel_beta_where_a_key_says_so(tmp_path: Path, text: str) -> None:
    folder = with_beta(tmp_path, f"v{text}")
    found = planned(folder, Channel.BETA)
    assert (found.version.text, found.tag, found.branch) == (text, f"v{text}", "")
    assert plan.channel_of_head(project.product(folder)) is Channel.BETA
    with pytest.raises(VersionIllegalError, match="latest channel takes final versions only") as refused:
        planned(folder, Channel.LATEST)
    assert "--channel beta" in refused.value.hint


def test_a_final_version_is_latest_and_never_beta_for_its_archives_say_their_channel(tmp_path: Path) -> None:
    folder = with_beta(tmp_path, "v1.3.0")
    with pytest.raises(VersionIllegalError, match="beta channel takes pre-releases only"):
        planned(folder, Channel.BETA)
    project.git(folder, "tag", "v1.3.0-rc.2")
    assert plan.channel_of_head(project.product(folder)) is Channel.LATEST
    assert planned(folder, Channel.LATEST).version.text == "1.3.0"
    assert planned(folder, Channel.BETA).version.text == "1.3.0-rc.2"
    told = json.loads(project.command(folder, "plan", "--channel", "beta", "--json").stdout)
    outlets = {row["outlet"]: row["package"] for row in told["outlets"]}
    assert outlets == {
        "archives": "otter",
        "homebrew": "otter-beta",
        "scoop": "otter-beta",
        "aur": "otter-beta-bin",
        "channel": "beta",
    }


def test_without_the_key_pre_releases_are_refused_and_the_key_is_named(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    project.git(folder, "tag", "v1.3.0-rc.1")
    with pytest.raises(ConfigInvalidError, match="no channel") as missing:
        planned(folder, Channel.BETA)
    with pytest.raises(VersionIllegalError) as refused:
        planned(folder, Channel.LATEST)
    assert "beta = true" in missing.value.hint
    assert "beta = true" in refused.value.hint
    assert plan.channel_of_head(project.product(folder)) is Channel.DEV


@pytest.mark.parametrize("tags", [("v1.3.0-rc.1", "v1.3.0-rc.2"), ("v1.3.0-dev.1",)])
def test_two_candidates_and_dev_versions_are_no_release_of_beta(tmp_path: Path, tags: tuple[str, ...]) -> None:
    with pytest.raises((TagMissingError, VersionIllegalError)):
        planned(with_beta(tmp_path, *tags), Channel.BETA)
