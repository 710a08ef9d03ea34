"""The package made from the real compiled archive: built by makepkg, installed, upgraded and removed by pacman."""

import json
import re
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.consumers import stage
from tests.consumers.conftest import TARGET, Compiled, in_home, release
from tests.release import project

from release import config, manifest, packagers
from release.packagers import scoop

pytestmark = [pytest.mark.native, pytest.mark.consumer("gcc", "makepkg", "pacman", "fakeroot", "bsdtar", "curl")]


@pytest.fixture(scope="module")
def packages(compiled: Compiled) -> Iterator[tuple[Path, Path]]:
    """The older and the newer package file, made by makepkg from the public archives of two versions."""
    with stage.workshop() as workshop, stage.serving(compiled.folder / "dist" / "public" / "site") as base:
        made = []
        for revision, version in (("main~1", compiled.older), ("main", compiled.newer)):
            package, files = published(compiled, revision, base)
            done = workshop.makepkg(package, files, "-f")
            assert done.returncode == 0, done.stderr
            pkgver = version.replace("-dev-", "dev")
            made.append(workshop.built(package)[f"{package}-{pkgver}-1-x86_64.pkg.tar.gz"])
        yield made[0], made[1]


def published(compiled: Compiled, revision: str, base: str) -> tuple[str, dict[str, bytes]]:
    """Publish a version to the local site; its package name, and its files with the address of a test server."""
    project.git(compiled.folder, "switch", "-q", "--detach", revision)
    release(compiled.folder, "merge", "--channel", "dev", "--partial")
    release(compiled.folder, "publish")
    product = config.read(compiled.folder / "release.toml")
    local = product.profiles["local"]
    frozen = manifest.read(product, compiled.folder / "dist")
    (bundle,) = (each for each in packagers.bundles(product, local, frozen) if each.outlet == "aur")
    public = local.archive_url.partition("/{tag}")[0]
    return bundle.package, {
        file.path: file.content.replace(public.encode(), base.encode())
        for file in bundle.files
        if isinstance(file.content, bytes)
    }


def test_no_file_of_the_archive_needs_more_room_than_scoop_leaves_below_the_programs_folder(
    compiled: Compiled,
) -> None:
    # The archive for Linux stands for the one for Windows: both hold the same modules.
    with tarfile.open(compiled.archive(compiled.newer)) as archive:
        names = archive.getnames()
    assert "iterate/iterate/iterate" in names
    assert max(map(len, names)) <= len("iterate/iterate/") + scoop.INSIDE


def test_it_installs_runs_upgrades_and_leaves_nothing(
    packages: tuple[Path, Path], compiled: Compiled, tmp_path: Path
) -> None:
    older, newer = packages
    arch = stage.Arch(folder=tmp_path)
    program = arch.root / "usr" / "bin" / "iterate"
    home = in_home(tmp_path / "home")
    (tmp_path / "home").mkdir()

    def prints(*words: str) -> str:
        done = subprocess.run([program, *words], env=home, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def pacman(*words: str | Path) -> str:
        done = arch.pacman(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    pacman("-U", older)
    assert prints("--version") == f"{compiled.older}\n"
    try:
        assert "hello" in prints("run", "hello")
        about = json.loads(prints("version", "--json"))
        assert (about["method"], about["version"], about["target"]) == ("aur", compiled.older, TARGET)
        pacman("-U", newer)
        assert prints("--version") == f"{compiled.newer}\n"
        assert "again" in prints("run", "again")
        assert "0 altered files" in pacman("-Qkk", "iterate-dev-bin")
    finally:
        prints("server", "stop")
    for file in (
        "bash-completion/completions/iterate",
        "zsh/site-functions/_iterate",
        "fish/vendor_completions.d/iterate.fish",
    ):
        assert "iterate" in (arch.root / "usr" / "share" / file).read_text()
    pacman("-R", "iterate-dev-bin")
    assert not [path for path in (arch.root / "usr").rglob("*") if "iterate" in path.name]


def test_the_whole_run_installs_with_the_package_manager_of_this_machine(compiled: Compiled) -> None:
    """`release verify` on the real archive; its own table must say that pacman passed."""
    release(compiled.folder, "merge", "--channel", "dev", "--partial")
    release(compiled.folder, "publish")
    checks = json.loads(release(compiled.folder, "verify", "--json"))
    results = {check["name"]: check["result"] for check in checks}
    assert results[f"download {TARGET}"] == results["unpacked"] == results["pacman"] == "passed"
    assert results["scoop"] == "skipped"


@pytest.mark.consumer("objdump")
def test_the_data_says_which_glibc_the_program_needs(compiled: Compiled, program: Path) -> None:
    """Held against what objdump reads in the program and its libraries."""
    record = compiled.archive(compiled.newer).with_name(f"{compiled.archive(compiled.newer).name}.json")
    recorded = json.loads(record.read_text())["artifacts"][0]["glibc"]
    parts = [path for path in program.parent.rglob("*") if path.is_file() and path.read_bytes()[:4] == b"\x7fELF"]
    symbols = subprocess.run(["objdump", "-T", *parts], capture_output=True, text=True, check=True).stdout
    newest = max(tuple(map(int, text.split("."))) for text in re.findall(r"GLIBC_(\d+(?:\.\d+)+)", symbols))
    assert recorded == "GLIBC_" + ".".join(map(str, newest))
