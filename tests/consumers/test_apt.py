"""The apt repository before the real apt and dpkg, in a root of their own: install, run, upgrade, remove."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from msgspec.structs import replace as changed
from tests.release import project, world

from release import derive, manifest, publish
from release.model import Release
from release.product import Channel, Product

pytestmark = pytest.mark.consumer("apt-get", "dpkg", "dpkg-deb")

TARGET = "linux-x64-baseline"


class Root:
    """A Debian system of one folder: apt's lists, dpkg's database, and what they install."""

    def __init__(self, folder: Path, repository: Path, suite: str) -> None:
        self.folder, self.root = folder, folder / "root"
        for path in (
            "lists/partial",
            "cache/archives/partial",
            "apt/preferences.d",
            "log",
            "root/var/lib/dpkg/info",
            "root/var/lib/dpkg/updates",
        ):
            (folder / path).mkdir(parents=True)
        (self.root / "var" / "lib" / "dpkg" / "status").write_text(
            "Package: libc6\nStatus: install ok installed\nVersion: 2.99\nArchitecture: amd64\n"
            "Maintainer: nobody\nDescription: stands for the C library of a system\n\n"
        )
        (folder / "sources.list").write_text(f"deb [trusted=yes] file:{repository} {suite} main\n")
        options = {
            "Dir::Etc::sourcelist": folder / "sources.list",
            "Dir::Etc::sourceparts": "-",
            "Dir::Etc::parts": "-",
            "Dir::Etc::main": "-",
            "Dir::Etc::preferences": "-",
            "Dir::Etc::preferencesparts": folder / "apt" / "preferences.d",
            "Dir::State": folder,
            "Dir::State::lists": folder / "lists",
            "Dir::State::extended_states": folder / "extended_states",
            "Dir::State::status": self.root / "var" / "lib" / "dpkg" / "status",
            "Dir::Cache": folder / "cache",
            "Dir::Log": folder / "log",
            "APT::Architecture": "amd64",
            "APT::Architectures": "amd64",
            "APT::Sandbox::User": "root",
            "Acquire::Languages": "none",
            "Debug::NoLocking": "true",
            "DPkg::Options::": f"--root={self.root}",
            "DPkg::Path": os.environ["PATH"],
        }
        self.options = [word for key, value in options.items() for word in ("-o", f"{key}={value}")]
        if os.geteuid() != 0:
            self.options += ["-o", "DPkg::Options::=--force-not-root"]

    def apt(self, *words: str) -> str:
        """Run apt-get, which must be content."""
        done = subprocess.run(
            ["apt-get", *self.options, "-y", "-q", *words],
            env={"PATH": os.environ["PATH"], "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def status(self, package: str) -> str:
        """What dpkg says about a package."""
        words = ["dpkg", f"--root={self.root}", "--verify", package]
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
        return done.stdout + done.stderr

    def runs(self, name: str, *words: str) -> str:
        """What an installed program prints."""
        return subprocess.run(
            [self.root / "usr" / "bin" / name, *words], capture_output=True, text=True, check=True, timeout=60
        ).stdout

    def files(self, name: str) -> list[str]:
        """Everything below the root that is called after the program, without dpkg's own records."""
        return [
            str(path.relative_to(self.root))
            for path in self.root.rglob("*")
            if name in path.name and "dpkg" not in path.relative_to(self.root).parts
        ]


@pytest.fixture
def product(tmp_path: Path) -> Product:
    """Our product, with its licence and its completions, in a checkout of its own."""
    (tmp_path / "project").mkdir()
    return changed(world.product(), root=tmp_path / "project")


def published(product: Product, dist: Path, channel: Channel, *, committed_at: int = world.COMMITTED_AT) -> Release:
    """Pack archives that run, derive, and publish to the local places."""
    planned = world.plan(channel, committed_at=committed_at)
    packed = world.pack(product, planned, dist / "packed", TARGET)
    (dist / "artifacts").mkdir(parents=True, exist_ok=True)
    for artifact in packed.release.artifacts:
        shutil.copy(packed.site / planned.tag / artifact.file, dist / "artifacts" / artifact.file)
    manifest.write(product, packed.release, dist)
    release = derive.derive(product, world.local(), dist, partial=False, progress=project.Quiet())
    places = {"deb": "file:public/deb"}
    done = publish.publish(product, changed(world.local(), places=places), release, dist)
    assert not done.failures
    return release


def test_apt_installs_runs_upgrades_and_removes(product: Product, tmp_path: Path) -> None:
    dist = tmp_path / "dist"
    older = published(product, dist, Channel.DEV)
    root = Root(tmp_path / "system", dist / "public" / "deb", "dev")
    root.apt("update")
    assert "Inst iterate-dev" in root.apt("install", "-s", "iterate-dev")
    root.apt("install", "iterate-dev")
    assert root.runs("iterate", "--version") == f"{older.plan.version.text}\n"
    assert root.status("iterate-dev") == ""
    for path in (
        "usr/share/bash-completion/completions/iterate",
        "usr/share/zsh/vendor-completions/_iterate",
        "usr/share/fish/vendor_completions.d/iterate.fish",
        "usr/share/man/man1/iterate.1.gz",
        "usr/lib/systemd/user/iterate.service",
        "usr/share/doc/iterate-dev/copyright",
        "usr/share/doc/iterate-dev/README.md",
    ):
        assert (root.root / path).is_file(), path
    assert '"method": "deb"' in (root.root / "usr" / "lib" / "iterate" / "install-receipt.json").read_text()
    newer = published(product, dist, Channel.DEV, committed_at=world.COMMITTED_AT + 60)
    root.apt("update")
    assert "Inst iterate-dev" in root.apt("upgrade", "-s")
    root.apt("upgrade")
    assert root.runs("iterate", "--version") == f"{newer.plan.version.text}\n"
    assert "Inst" not in root.apt("upgrade", "-s")
    root.apt("install", "--allow-downgrades", f"iterate-dev={derived_version(older)}")
    assert root.runs("iterate", "--version") == f"{older.plan.version.text}\n"
    root.apt("remove", "iterate-dev")
    assert root.files("iterate") == []


def derived_version(release: Release) -> str:
    """As apt writes it."""
    return f"0.0.0~dev.{release.plan.version.number}"


def test_one_channel_at_a_time(product: Product, tmp_path: Path) -> None:
    dist = tmp_path / "dist"
    latest = published(product, dist, Channel.LATEST)
    published(product, dist, Channel.DEV)
    published(product, dist, Channel.SNAPSHOT)
    root = Root(tmp_path / "system", dist / "public" / "deb", "dev")
    repository = dist / "public" / "deb"
    suites = ("dev", "latest", "snapshot-feature-fast-start")
    lines = [f"deb [trusted=yes] file:{repository} {suite} main\n" for suite in suites]
    (root.folder / "sources.list").write_text("".join(lines))
    root.apt("update")
    for package in ("iterate-dev", "iterate-snapshot-feature-fast-start", "iterate"):
        root.apt("install", package)
        installed = [line for line in root.apt("remove", "-s", "iterate*").splitlines() if line.startswith("Remv")]
        assert [line.split()[1] for line in installed] == [package]
    assert root.runs("iterate", "--version") == f"{latest.plan.version.text}\n"
