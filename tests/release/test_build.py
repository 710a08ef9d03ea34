"""An archive holds what the packagers count on, and the same commit gives the same bytes."""

import random
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest
from msgspec import structs
from tests import limits
from tests.release import project

from release import compile as compiling
from release import config, disk, manifest, plan, targets, trial
from release.compile import fake, pack
from release.errors import (
    CompilerMissingError,
    DiskFullError,
    TargetForeignError,
    TargetUnknownError,
)
from release.model import Artifact
from release.product import Channel, CommandTest


def built(folder: Path, *names: str) -> tuple[Artifact, ...]:
    otter = project.product(folder)
    planned = plan.plan(otter, channel=Channel.DEV)
    chosen = tuple(map(targets.named, names)) or planned.targets
    return compiling.build(otter, planned, chosen, folder / "dist", stand_in=True, progress=project.Quiet())


def test_a_tar_archive_holds_one_folder_with_program_licence_and_readme(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    built(folder, "linux-x64")
    with tarfile.open(folder / "dist" / "artifacts" / f"otter-{project.VERSION}-linux-x64.tar.gz") as tar:
        entries = tar.getmembers()
    assert [entry.name for entry in entries] == [
        "otter",
        "otter/LICENSE",
        "otter/README.md",
        "otter/otter",
        "otter/otter/otter",
    ]
    assert {(entry.uid, entry.gid, entry.uname, entry.gname) for entry in entries} == {(0, 0, "root", "root")}
    assert {entry.mtime for entry in entries} == {project.WHEN}
    assert [entry.mode for entry in entries] == [0o755, 0o644, 0o644, 0o755, 0o755]


def test_an_archive_of_a_project_without_a_readme_has_none(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    without = (folder / "release.toml").read_text().replace('readme = "README.md"\n', "")
    (folder / "release.toml").write_text(without)
    (folder / "README.md").unlink()
    project.git(folder, "commit", "-qam", "Say nothing")
    (artifact,) = built(folder, "linux-x64")
    with tarfile.open(folder / "dist" / "artifacts" / artifact.file) as tar:
        assert tar.getnames() == ["otter", "otter/LICENSE", "otter/otter", "otter/otter/otter"]


def test_a_windows_archive_is_a_zip_with_an_exe(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    built(folder, "windows-x64-baseline")
    name = f"otter-{project.VERSION}-windows-baseline-x64.zip"
    with zipfile.ZipFile(folder / "dist" / "artifacts" / name) as packed:
        assert "otter/otter/otter.exe" in packed.namelist()
        assert {entry.date_time for entry in packed.infolist()} == {(2026, 1, 2, 3, 4, 4)}


def test_completions_go_in_for_all_three_shells_where_the_product_has_some(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    text = (folder / "release.toml").read_text()
    (folder / "release.toml").write_text('completions = ["completion", "{shell}"]\n' + text)
    project.commit(folder, "completions")
    built(folder, "linux-x64")
    with tarfile.open(folder / "dist" / "artifacts" / f"otter-{project.VERSION}-linux-x64.tar.gz") as tar:
        names = tar.getnames()
    assert {f"otter/completions/{name}" for name in ("otter.bash", "_otter", "otter.fish")} <= set(names)


def test_the_manual_page_goes_in_where_the_product_has_one(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    text = (folder / "release.toml").read_text()
    (folder / "release.toml").write_text('man = ["man"]\n' + text)
    project.commit(folder, "man")
    built(folder, "linux-x64")
    with tarfile.open(folder / "dist" / "artifacts" / f"otter-{project.VERSION}-linux-x64.tar.gz") as tar:
        page = tar.extractfile("otter/man/otter.1")
        assert page is not None
        assert page.read().startswith(b".TH OTTER 1")


def test_the_same_commit_gives_the_same_bytes_in_another_clone(tmp_path: Path) -> None:
    one = project.make(tmp_path / "one")
    project.git(tmp_path, "clone", "-q", str(one), "two")
    assert [artifact.sha256 for artifact in built(one)] == [artifact.sha256 for artifact in built(tmp_path / "two")]


@pytest.mark.systems("linux", "darwin")
def test_times_owners_and_order_on_disk_do_not_reach_the_archive(tmp_path: Path) -> None:
    digests = set()
    for number, names in enumerate((["b", "a"], ["a", "b"])):
        folder = tmp_path / str(number) / "thing"
        folder.mkdir(parents=True)
        for name in names:
            (folder / name).write_text(name)
            (folder / name).chmod(0o640 if number else 0o600)
        digests.add(pack.pack(folder, tmp_path / f"{number}.tar.gz", mtime=7).sha256)
        digests.add(pack.pack(folder, tmp_path / f"{number}.zip", mtime=7).sha256)
    assert len(digests) == 2


def test_the_record_says_size_digest_and_that_it_is_a_stand_in(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    (artifact,) = built(folder, "linux-x64")
    path = folder / "dist" / "artifacts" / artifact.file
    record = manifest.read_record(project.product(folder), manifest.record_path(folder / "dist", artifact.file))
    assert record.artifacts == (artifact,)
    assert artifact.fake
    assert path.stat().st_size == artifact.size
    manifest.check(artifact, path)


@pytest.mark.systems("linux", "darwin")
def test_the_stand_in_runs_and_prints_the_version(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    built(folder, "linux-x64")
    with tarfile.open(next((folder / "dist" / "artifacts").glob("*.tar.gz"))) as tar:
        tar.extractall(tmp_path / "out", filter="data")
    program = tmp_path / "out" / "otter" / "otter" / "otter"
    assert program.stat().st_mode & stat.S_IXUSR
    from release import shell

    assert shell.run([program, "--version"]) == f"{project.VERSION}\n"
    # A formula asks for the name in a completion script, which a rehearsal beside a real brew meets.
    assert "otter" in shell.run([program, "completion", "bash"])


@pytest.mark.systems("linux", "darwin")
def test_the_stand_in_says_what_the_command_tests_of_any_product_expect(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    otter, work = project.product(folder), tmp_path / "work"
    expected = ("splash", "it's 5 $fish `now`", "say fish")
    tests = tuple(CommandTest(args=("dive", str(depth)), expect=text) for depth, text in enumerate(expected))
    more = (CommandTest(args=("a b", "*"), expect="star"), CommandTest(args=("a b", "*"), expect="sea", script="other"))
    build = structs.replace(otter.build, scripts=("otter", "other"))
    otter = structs.replace(otter, build=build, command_tests=(*tests, *more))
    planned = plan.plan(otter, channel=Channel.DEV)
    fake.program(otter, planned, targets.named("linux-x64"), work / "otter")
    both = dict.fromkeys(otter.commands, work / "otter" / "otter")
    assert trial.installed(otter, planned, both, work).endswith("dive 1, dive 2, a b *, other a b *")


@pytest.mark.systems("linux", "darwin")
def test_the_stand_in_of_a_product_whose_version_is_a_command_test_says_what_that_expects(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    otter, work = project.product(folder), tmp_path / "work"
    tests = (CommandTest(args=("--version",), expect="Otter, the swimmer"),)
    otter = structs.replace(otter, build=structs.replace(otter.build, stamp=""), command_tests=tests)
    planned = plan.plan(otter, channel=Channel.DEV)
    fake.program(otter, planned, targets.named("linux-x64"), work / "otter")
    assert "--version" in trial.installed(otter, planned, {"otter": work / "otter" / "otter"}, work)


def test_another_machine_s_target_is_refused_by_name(tmp_path: Path) -> None:
    done = project.command(project.make(tmp_path), "build", "--target", "darwin-arm64")
    assert done.returncode == TargetForeignError.exit_code
    assert "darwin-arm64 cannot be built" in done.stderr
    assert "macos" in done.stderr


def test_an_unknown_target_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    done = project.command(project.make(tmp_path), "build", "--target", "linux-riscv64", "--fake")
    assert done.returncode == TargetUnknownError.exit_code
    assert "linux-x64-baseline" in done.stderr


@pytest.mark.systems("linux", "darwin")
def test_without_a_compiler_nothing_begins(tmp_path: Path) -> None:
    folder = project.make(tmp_path / "otter")
    done = project.command(folder, "build", "--channel", "dev", env=project.path_with(tmp_path / "bin", "git", "strip"))
    assert done.returncode == CompilerMissingError.exit_code
    assert "C compiler" in done.stderr
    assert "hint:" in done.stderr
    assert not (folder / "dist" / "artifacts").exists()


@pytest.mark.systems("linux", "darwin")
def test_a_full_disk_is_named_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    (folder / "README.md").write_bytes(random.Random(1).randbytes(200_000))
    project.commit(folder, "long")
    # A limit on the size of files: the system refuses to write on, as it does on a full disk.
    with limits.files_of(220_000), pytest.raises(DiskFullError, match="no space left"):
        filled(folder)
    assert not list((folder / "dist" / "artifacts").iterdir())


def filled(folder: Path) -> None:
    """Pack more than the limit allows: the program folder gets a second large file."""
    otter = project.product(folder)
    planned = plan.plan(otter, channel=Channel.DEV)
    big = folder / "dist" / "big"
    for number in range(3):
        disk.write(big / str(number), random.Random(number).randbytes(100_000))
    try:
        pack.pack(big, folder / "dist" / "artifacts" / "big.tar.gz", mtime=planned.committed_at)
    finally:
        assert not list(folder.rglob("*.partial"))


def test_the_readme_names_the_glibc_that_is_promised() -> None:
    promised = config.read(project.ROOT / "release.toml").build.glibc
    assert promised
    assert f"glibc {promised} or later" in (project.ROOT / "README.md").read_text(encoding="utf-8")
