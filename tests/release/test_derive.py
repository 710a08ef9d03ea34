"""Packages are made out of archives: the same file every time, and never left out without a word."""

import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec.structs import replace as changed
from tests.release import project, world

from release import derive, disk, manifest, publish
from release.derive import deb as making
from release.errors import ArtifactChangedError, PublishRefusedError, ToolMissingError
from release.model import Kind, Outcome, Release
from release.packagers import deb, nothing

pytestmark = [pytest.mark.processes, pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="needs dpkg-deb")]

PLACE = 'deb = "file:public/deb"\n'


def make(folder: Path, *, targets: tuple[str, ...] = project.SOME) -> Path:
    """A project with an apt repository."""
    made = project.make(folder, targets=targets)
    text = (made / "release.toml").read_text().replace("[profiles.local.places]\n", f"[profiles.local.places]\n{PLACE}")
    (made / "release.toml").write_text(text)
    project.commit(made, "with apt")
    return made


def derived(folder: Path, *, partial: bool = False) -> Release:
    otter = project.product(folder)
    profile = otter.profiles["local"]
    return derive.derive(otter, profile, folder / "dist", partial=partial, progress=project.Quiet())


def printed(folder: Path, *words: str) -> str:
    return subprocess.run(words, cwd=folder, check=True, capture_output=True, text=True).stdout


def test_a_package_is_made_of_each_archive_that_apt_has_a_use_for(tmp_path: Path) -> None:
    folder = make(
        tmp_path, targets=("linux-x64", "linux-x64-baseline", "linux-arm64", "linux-arm64-musl", "darwin-arm64")
    )
    built = project.released(folder)
    release = derived(folder)
    assert release.artifacts[: len(built.artifacts)] == built.artifacts
    packages = release.artifacts[len(built.artifacts) :]
    assert [(each.kind, each.target.name) for each in packages] == [
        (Kind.DEB, "linux-x64-baseline"),
        (Kind.DEB, "linux-arm64"),
    ]
    assert [each.made_from for each in packages] == [built.artifacts[1].file, built.artifacts[2].file]
    assert [each.file for each in packages] == [
        "otter-dev_0.0.0~dev.20260102030405_amd64.deb",
        "otter-dev_0.0.0~dev.20260102030405_arm64.deb",
    ]
    assert manifest.read(project.product(folder), folder / "dist") == release
    for each in packages:
        manifest.check(each, folder / "dist" / "artifacts" / each.file)
    assert derived(folder) == release


def test_the_same_archive_makes_the_same_package_whatever_the_umask_and_the_clock(tmp_path: Path) -> None:
    folder = make(tmp_path, targets=("linux-x64-baseline",))
    project.released(folder)
    first = derived(folder)
    before = os.umask(0o077)
    try:
        assert derived(folder) == first
    finally:
        os.umask(before)


def test_what_a_package_holds_is_what_debian_expects(tmp_path: Path) -> None:
    folder = make(tmp_path, targets=("linux-x64-baseline",))
    project.released(folder)
    package = derived(folder).artifacts[-1].file
    artifacts = folder / "dist" / "artifacts"
    fields = dict(
        line.split(": ", 1) for line in printed(artifacts, "dpkg-deb", "--field", package).splitlines() if ": " in line
    )
    assert fields["Package"] == "otter-dev"
    assert fields["Architecture"] == "amd64"
    assert fields["Provides"] == "otter"
    assert fields["Conflicts"] == fields["Replaces"] == "otter"
    assert fields["Depends"] == "libc6"
    rows = [line.split(maxsplit=5) for line in printed(artifacts, "dpkg-deb", "--contents", package).splitlines()]
    assert {row[1] for row in rows} == {"root/root"}
    assert {row[0] for row in rows} == {"drwxr-xr-x", "-rw-r--r--", "-rwxr-xr-x", "lrwxrwxrwx"}
    paths = [row[5] for row in rows]
    for path in (
        "./usr/lib/otter/otter",
        "./usr/share/doc/otter-dev/copyright",
        "./usr/lib/otter/install-receipt.json",
    ):
        assert path in paths
    assert "./usr/bin/otter -> ../lib/otter/otter" in paths


def test_an_archive_that_changed_is_not_packed(tmp_path: Path) -> None:
    folder = make(tmp_path, targets=("linux-x64-baseline",))
    archive = folder / "dist" / "artifacts" / project.released(folder).artifacts[0].file
    archive.write_bytes(archive.read_bytes() + b"!")
    with pytest.raises(ArtifactChangedError):
        derived(folder)


def test_without_the_program_a_whole_release_stops_and_a_partial_one_says_so(tmp_path: Path) -> None:
    folder = make(tmp_path / "otter", targets=("linux-x64-baseline",))
    env = project.path_with(tmp_path / "bin", "git")
    for verb in (
        ("build", "--fake", "--target", "all", "--channel", "dev"),
        ("merge", "--channel", "dev", "--rehearsal"),
    ):
        assert project.command(folder, *verb, env=env).returncode == 0
    done = project.command(folder, "derive", "--rehearsal", env=env)
    assert done.returncode == ToolMissingError.exit_code
    assert "'dpkg-deb' is not on PATH" in done.stderr
    done = project.command(folder, "run", "--fake", "--target", "all", "--channel", "dev", env=env)
    assert "no deb of linux-x64-baseline: dpkg-deb is not on PATH" in done.stderr
    assert "skipped" in done.stderr


def test_archives_without_their_packages_stay_on_this_machine(tmp_path: Path) -> None:
    folder = make(tmp_path)
    text = (folder / "release.toml").read_text()
    (folder / "release.toml").write_text(text.replace("[profiles.far.places]\n", f"[profiles.far.places]\n{PLACE}"))
    project.commit(folder, "apt far away")
    made = project.released(folder)
    otter = project.product(folder)
    real = replace(made, artifacts=tuple(replace(each, fake=False) for each in made.artifacts))
    with pytest.raises(PublishRefusedError, match="archives without the packages made of them"):
        publish.publish(otter, otter.profiles["far"], real, folder / "dist")


def test_the_index_of_an_apt_repository_keeps_what_it_held(tmp_path: Path) -> None:
    folder = make(tmp_path, targets=("linux-x64-baseline",))
    otter = project.product(folder)

    def publish_one() -> Outcome:
        project.released(folder)
        done = publish.publish(otter, otter.profiles["local"], derived(folder), folder / "dist")
        assert not done.failures
        return next(receipt.outcome for receipt in done.receipts if receipt.outlet == "deb")

    assert publish_one() is Outcome.PUSHED
    assert publish_one() is Outcome.UNCHANGED
    project.commit(folder, "second", when=project.WHEN + 60)
    assert publish_one() is Outcome.PUSHED
    suite = folder / "dist" / "public" / "deb" / "dists" / "dev"
    index = (suite / "main" / "binary-amd64" / "Packages").read_text()
    assert index.count("Package: otter-dev\n") == 2
    dated = [line for line in (suite / "Release").read_text().splitlines() if line.startswith("Date: ")]
    assert dated == ["Date: Fri, 02 Jan 2026 03:05:05 GMT"]
    project.git(folder, "checkout", "-q", "HEAD~1")
    project.git(folder, "switch", "-q", "-C", "main")
    assert publish_one() is Outcome.UNCHANGED
    assert dated == [line for line in (suite / "Release").read_text().splitlines() if line.startswith("Date: ")]


@pytest.mark.parametrize("held", [b"", b"nonsense", b"Date: yesterday\n", b"\xff\xfe"])
def test_whatever_a_place_holds_as_its_release_file_is_replaced(held: bytes) -> None:
    product = world.product()
    release = world.derived(product, world.release(product, world.plan()))

    def read(path: str) -> bytes | None:
        return held if path.endswith("/Release") else None

    assert deb.PACKAGER.bundles(product, world.local(), release, read) == deb.PACKAGER.bundles(
        product, world.local(), release, nothing
    )


def test_a_whole_run_derives_publishes_and_verifies(tmp_path: Path) -> None:
    folder = tmp_path / "otter"
    make(folder, targets=("linux-x64", "linux-x64-baseline"))
    env = project.path_with(tmp_path / "bin", "git", "dpkg-deb", "tar", "xz", "gzip")
    done = project.command(folder, "run", "--fake", "--target", "all", "--channel", "dev", "--json", env=env)
    assert done.returncode == 0, done.stderr
    whole = json.loads(done.stdout)
    assert [each["kind"] for each in whole["release"]["artifacts"]] == ["archive", "archive", "deb"]
    assert {row["outlet"]: row["outcome"] for row in whole["receipts"]}["deb"] == "pushed"
    again = project.command(folder, "run", "--fake", "--target", "all", "--channel", "dev", env=env)
    assert "need other machines" not in again.stdout
    assert {check["result"] for check in whole["checks"] if check["name"].startswith("download")} == {"passed"}


def test_a_package_has_every_command_with_its_completions_and_page(tmp_path: Path) -> None:
    product = changed(world.several(), completions=("complete", "{shell}"), man=("man",))
    packed = world.pack(product, world.plan(), tmp_path / "site", "linux-x64-baseline")
    plan, (archive,) = packed.release.plan, packed.release.artifacts
    (tmp_path / "site" / plan.tag).rename(disk.emptied(tmp_path / "dist") / manifest.ARTIFACTS)
    made = making.make(product, plan, archive, tmp_path / "dist")
    listed = printed(tmp_path / "dist" / manifest.ARTIFACTS, "dpkg-deb", "--contents", made.file)
    for command in product.commands:
        assert f"./usr/bin/{command} -> ../lib/weather-tools/weather.bin\n" in listed
        assert f"./usr/share/bash-completion/completions/{command}\n" in listed
        assert f"./usr/share/zsh/vendor-completions/_{command}\n" in listed
        assert f"./usr/share/fish/vendor_completions.d/{command}.fish\n" in listed
        assert f"./usr/share/man/man1/{command}.1.gz\n" in listed
    fields = printed(tmp_path / "dist" / manifest.ARTIFACTS, "dpkg-deb", "--field", made.file, "Conflicts", "Replaces")
    assert fields == "Conflicts: weather-tools-dev, weather, weather3.12-gui\nReplaces: weather-tools-dev\n"
