"""Publishing is reconciliation: again changes nothing, resumed ends the same, and nothing published is rewritten."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from tests.ending import ending
from tests.release import project

from release import publish, status
from release.errors import ArtifactChangedError, DestinationConflictError, PublishRefusedError, PushError
from release.model import Outcome, Receipt, Release
from release.product import Channel

pytestmark = pytest.mark.processes


def published(folder: Path, release: Release, profile: str = "local") -> tuple[Receipt, ...]:
    otter = project.product(folder)
    return publish.publish(otter, otter.profiles[profile], release, folder / "dist").receipts


def outcomes(receipts: tuple[Receipt, ...]) -> dict[str, Outcome]:
    return {receipt.outlet: receipt.outcome for receipt in receipts}


def state(public: Path) -> dict[str, tuple[bytes | str, ...]]:
    """What people can see: every file of the site with its time, every branch of every repository."""
    seen: dict[str, tuple[bytes | str, ...]] = {}
    for path in sorted(public.rglob("*")):
        inside = [parent for parent in path.parents if parent.suffix == ".git"]
        if path.suffix == ".git":
            seen[str(path.relative_to(public))] = (
                project.git(path, "for-each-ref"),
                project.git(path, "symbolic-ref", "HEAD"),
            )
        elif path.is_file() and not inside:
            seen[str(path.relative_to(public))] = (path.read_bytes(), str(path.stat().st_mtime))
    return seen


def mtimes(public: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in sorted(public.rglob("*"))}


def test_everything_reaches_its_place(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    receipts = published(folder, project.released(folder))
    assert set(outcomes(receipts).values()) == {Outcome.PUSHED}
    public = folder / "dist" / "public"
    for name, package in (("tap", "Formula/otter-dev.rb"), ("bucket", "bucket/otter-dev.json")):
        held = project.git(public / f"{name}.git", "ls-tree", "-r", "--name-only", "main").split()
        assert sorted(held) == sorted([".gitattributes", "README.md", package])
    aur = public / "aur" / "otter-dev-bin.git"
    assert project.git(aur, "ls-tree", "-r", "--name-only", "master").split() == [".SRCINFO", "PKGBUILD"]
    assert (public / "site" / f"v{project.VERSION}" / f"otter-{project.VERSION}-linux-x64.tar.gz").is_file()
    assert (public / "site" / "channels" / "dev.json").is_file()


def test_publishing_twice_changes_nothing(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    release = project.released(folder)
    published(folder, release)
    before = mtimes(folder / "dist" / "public")
    receipts = published(folder, release)
    assert set(outcomes(receipts).values()) == {Outcome.UNCHANGED}
    assert mtimes(folder / "dist" / "public") == before


def test_another_packaging_of_the_same_version_is_published_under_the_next_number(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    release = project.released(folder)
    published(folder, release)
    for name, old, new in (
        ("homebrew/formula.rb", "  def install\n", "  # another comment\n  def install\n"),
        ("aur/PKGBUILD", "package() {\n", "# another comment\npackage() {\n"),
    ):
        template = project.eject(folder, name)
        template.write_text(template.read_text().replace(old, new))
    for outcome in (Outcome.PUSHED, Outcome.UNCHANGED):
        receipts = outcomes(published(folder, release))
        assert (receipts["homebrew"], receipts["aur"]) == (outcome, outcome)
        assert receipts["scoop"] is Outcome.UNCHANGED
    public = folder / "dist" / "public"
    assert "\n  revision 1\n" in project.git(public / "tap.git", "show", "main:Formula/otter-dev.rb")
    assert "\npkgrel=2\n" in project.git(public / "aur" / "otter-dev-bin.git", "show", "master:PKGBUILD")
    # What is there is what the release wants there: nobody calls it drift.
    otter = project.product(folder)
    standing = status.status(otter, otter.profiles["local"], release, folder / "dist")
    assert {each.outlet: each.state for each in standing}["homebrew"] == "same"
    assert {each.outlet: each.state for each in standing}["aur"] == "same"


def test_a_readme_that_people_wrote_survives_publishing(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    release = project.released(folder)
    published(folder, release)
    tap, clone = folder / "dist" / "public" / "tap.git", tmp_path / "clone"
    project.git(tmp_path, "clone", "-q", str(tap), str(clone))
    (clone / "README.md").write_text("# Ours\n")
    (clone / "Formula" / "otter-dev.rb").write_text("# broken by hand\n")
    project.commit(clone, "by hand")
    project.git(clone, "push", "-q", "origin", "HEAD")
    published(folder, release)
    assert project.git(tap, "show", "main:README.md") == "# Ours"
    assert "class OtterDev" in project.git(tap, "show", "main:Formula/otter-dev.rb")


def test_who_clones_a_bucket_gets_manifests_with_the_line_ends_of_windows(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    published(folder, project.released(folder))
    for name, package, ends in (("bucket", "bucket/otter-dev.json", b"\r\n"), ("tap", "Formula/otter-dev.rb", b"\n")):
        project.git(tmp_path, "clone", "-q", str(folder / "dist" / "public" / f"{name}.git"), name)
        content = (tmp_path / name / package).read_bytes()
        assert content.count(b"\n") == content.count(ends)
        assert (b"\r" in content) is (ends == b"\r\n")


def test_the_same_release_makes_the_same_commits_elsewhere(tmp_path: Path) -> None:
    one = project.make(tmp_path / "one")
    project.git(tmp_path, "clone", "-q", str(one), "two")
    for folder in (one, tmp_path / "two"):
        published(folder, project.released(folder))
    assert state(one / "dist" / "public") == state(tmp_path / "two" / "dist" / "public")


def test_channels_live_side_by_side_in_one_tap(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    config = folder / "release.toml"
    config.write_text(f"beta = true\n{config.read_text()}")
    project.commit(folder, "with pre-releases")
    for tag in ("v1.2.3", "v1.3.0-rc.1"):
        project.git(folder, "tag", tag)
    for channel in Channel:
        published(folder, project.released(folder, channel=channel))
    names = project.git(folder / "dist" / "public" / "tap.git", "ls-tree", "-r", "--name-only", "main").split()
    packages = [name for name in names if "/" in name]
    assert packages == [
        "Formula/otter-beta.rb",
        "Formula/otter-dev.rb",
        "Formula/otter-snapshot-main.rb",
        "Formula/otter.rb",
    ]
    count = project.git(folder / "dist" / "public" / "tap.git", "rev-list", "--count", "main")
    assert count == "4"


def test_a_snapshot_s_pkgbuild_is_rendered_and_not_pushed(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    receipts = published(folder, project.released(folder, channel=Channel.SNAPSHOT))
    assert outcomes(receipts)["aur"] is Outcome.RENDERED
    assert not (folder / "dist" / "public" / "aur").exists()


@pytest.mark.parametrize("milliseconds", [250, 400, 550, 700])
def test_killed_half_way_and_run_again_ends_like_one_clean_run(tmp_path: Path, milliseconds: int) -> None:
    clean, killed = project.make(tmp_path / "clean"), tmp_path / "killed"
    project.git(tmp_path, "clone", "-q", str(clean), "killed")
    published(clean, project.released(clean))
    release = project.released(killed)
    with ending(
        subprocess.Popen(
            [sys.executable, "-m", "release", "publish"],
            cwd=killed,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
        )
    ) as process:
        time.sleep(milliseconds / 1000)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        published(killed, release)
        assert state(killed / "dist" / "public") == state(clean / "dist" / "public")
        assert not list((killed / "dist" / "public").rglob("*.partial"))


def test_a_half_written_file_of_a_killed_run_is_cleared(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    release = project.released(folder)
    site = folder / "dist" / "public" / "site"
    (site / "v0").mkdir(parents=True)
    old, young = site / "v0" / ".x.tar.gz.partial", site / "v0" / ".y.tar.gz.partial"
    old.write_text("half")
    os.utime(old, (project.WHEN, project.WHEN))
    young.write_text("another run is at it")
    published(folder, release)
    assert not old.exists()
    assert young.exists()


def test_a_half_made_repository_below_a_site_is_left_to_its_own_place(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    release = project.released(folder)
    left = folder / "dist" / "public" / "site" / ".tap.git.partial"
    left.mkdir(parents=True)
    assert set(outcomes(published(folder, release)).values()) == {Outcome.PUSHED}
    assert left.is_dir()


def test_other_bytes_under_a_published_name_stop_everything(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    release = project.released(folder)
    published(folder, release)
    path = next((folder / "dist" / "public" / "site").rglob("*linux-x64.tar.gz"))
    path.write_bytes(path.read_bytes() + b"!")
    project.commit(folder, "second", when=project.WHEN)
    before = state(folder / "dist" / "public")
    done = publish.publish(project.product(folder), project.product(folder).profiles["local"], release, folder / "dist")
    assert set(outcomes(done.receipts).values()) == {Outcome.REFUSED, Outcome.UNCHANGED}
    assert outcomes(done.receipts)["archives"] is Outcome.REFUSED
    ((outlet, failure),) = done.failures
    assert outlet == "archives"
    assert isinstance(failure, DestinationConflictError)
    assert path.name in str(failure)
    assert state(folder / "dist" / "public") == before


def as_if_real(folder: Path, rehearsal: Release) -> Release:
    """The first artifact, with other bytes and no longer marked as a stand-in."""
    import hashlib

    first = rehearsal.artifacts[0]
    path = folder / "dist" / "artifacts" / first.file
    path.write_bytes(b"compiled")
    digest = hashlib.sha256(b"compiled").hexdigest()
    return replace(rehearsal, artifacts=(replace(first, fake=False, size=8, sha256=digest),))


def test_a_published_release_never_gives_way_to_a_rehearsal(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    rehearsal = project.released(folder)
    content = (folder / "dist" / "artifacts" / rehearsal.artifacts[0].file).read_bytes()
    published(folder, as_if_real(folder, rehearsal))
    (folder / "dist" / "artifacts" / rehearsal.artifacts[0].file).write_bytes(content)
    again = published(folder, rehearsal)
    assert outcomes(again)["archives"] is Outcome.REFUSED
    assert "already there with another content" in again[0].detail


def test_an_archive_changed_after_merging_is_not_published(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    release = project.released(folder)
    path = folder / "dist" / "artifacts" / release.artifacts[0].file
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(ArtifactChangedError):
        published(folder, release)
    assert not (folder / "dist" / "public").exists()


def test_stand_ins_changes_and_parts_do_not_leave_this_machine(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    fakes = project.released(folder)
    real = replace(fakes, artifacts=tuple(replace(each, fake=False) for each in fakes.artifacts))
    for unfit, why in (
        (fakes, "stand-ins"),
        (replace(real, plan=replace(real.plan, dirty=True)), "uncommitted"),
        (replace(real, artifacts=real.artifacts[:1]), "only a part"),
        (
            replace(real, artifacts=(replace(real.artifacts[0], above=("f@GLIBC_9.9 in m.so",)), *real.artifacts[1:])),
            r"newer glibc .* f@GLIBC_9\.9 in m\.so of otter-.*-linux-x64\.tar\.gz",
        ),
    ):
        with pytest.raises(PublishRefusedError, match=why):
            published(folder, unfit, "far")
    assert not (folder / "dist" / "far").exists()


def test_a_place_that_refuses_does_not_stop_the_others_but_holds_back_the_channel_file(
    tmp_path: Path,
) -> None:
    folder = project.make(tmp_path)
    release = project.released(folder)
    tap = folder / "dist" / "public" / "tap.git"
    tap.parent.mkdir(parents=True)
    project.git(folder, "init", "-q", "--bare", "-b", "main", str(tap))
    hook = tap / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'not today' >&2\nexit 1\n")
    hook.chmod(0o755)
    receipts = published(folder, release)
    assert outcomes(receipts) == {
        "archives": Outcome.PUSHED,
        "homebrew": Outcome.REFUSED,
        "scoop": Outcome.PUSHED,
        "aur": Outcome.PUSHED,
        "channel": Outcome.REFUSED,
    }
    assert "not today" in next(receipt.detail for receipt in receipts if receipt.outlet == "homebrew")
    hook.unlink()
    again = outcomes(published(folder, release))
    assert again["homebrew"] is again["channel"] is Outcome.PUSHED
    assert again["scoop"] is Outcome.UNCHANGED


def test_a_place_that_is_no_repository_is_found_before_anything_is_pushed(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    release = project.released(folder)
    (folder / "dist" / "public" / "tap.git").mkdir(parents=True)
    receipts = published(folder, release)
    assert set(outcomes(receipts).values()) == {Outcome.REFUSED}
    details = {receipt.outlet: receipt.detail for receipt in receipts}
    assert "tap.git: " in details.pop("homebrew")
    assert set(details.values()) == {"not written: waits for homebrew"}
    assert not list((folder / "dist" / "public").rglob("*.tar.gz"))


def test_files_of_others_in_a_tap_stay(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    release = project.released(folder)
    published(folder, release)
    tap = folder / "dist" / "public" / "tap.git"
    project.git(tmp_path, "clone", "-q", str(tap), "copy")
    (tmp_path / "copy" / "README.md").write_text("hello")
    project.commit(tmp_path / "copy", "mine")
    project.git(tmp_path / "copy", "push", "-q", "origin", "main")
    assert outcomes(published(folder, release))["homebrew"] is Outcome.UNCHANGED
    assert "README.md" in project.git(tap, "ls-tree", "--name-only", "main")


def test_status_tells_same_absent_and_different_and_changes_nothing(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    release = project.released(folder)
    otter = project.product(folder)

    def states() -> dict[str, str]:
        seen = status.status(otter, otter.profiles["local"], release, folder / "dist")
        return {each.outlet: each.state for each in seen}

    assert set(states().values()) == {"absent"}
    assert not (folder / "dist" / "public").exists()
    published(folder, release)
    assert set(states().values()) == {"same"}
    (folder / "dist" / "public" / "site" / "channels" / "dev.json").write_text("{}")
    assert states()["channel"] == "different"


def test_a_place_that_does_not_answer_does_not_hide_the_others(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    published(folder, project.released(folder))
    shutil.rmtree(folder / "dist" / "public" / "tap.git" / "objects")
    seen = project.command(folder, "status", "--json")
    states = {row["outlet"]: row["state"] for row in json.loads(seen.stdout)}
    assert states == {"archives": "same", "homebrew": "unknown", "scoop": "same", "aur": "same", "channel": "same"}
    assert seen.returncode == PushError.exit_code
    assert "no answer about homebrew" in seen.stderr
