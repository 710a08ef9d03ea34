"""PKGBUILDs before the real makepkg and pacman, and before the parser that the AUR's own server uses.

Everything is built and installed below a private folder, from archives that a loopback server gives out.
"""

import os
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from alpm.alpm_srcinfo import SourceInfoError, source_info_from_str
from msgspec.structs import replace as changed
from tests.consumers import stage
from tests.release import world

from release.model import Plan, Release
from release.packagers import aur, installed, nothing
from release.product import Channel, Product, Service

HOSTILE = 'It\'s "quoted" $(touch pwned) `touch pwned` $HOME \\ !x ünïcode'
TOMORROW = world.COMMITTED_AT + 86_400

pytestmark = pytest.mark.consumer("makepkg", "fakeroot", "bsdtar", "curl")


def rendered(product: Product, release: Release, base: str = "") -> dict[str, bytes]:
    """The files of the package's repository."""
    profile = world.local(base) if base else world.local()
    (bundle,) = aur.PACKAGER.bundles(product, profile, release, nothing)
    return {file.path: file.content for file in bundle.files if isinstance(file.content, bytes)}


def repositories() -> dict[str, dict[str, bytes]]:
    """One of every kind: each channel, a partial release, the smallest product, a hostile one."""
    product, minimal, several = world.product(), world.minimal(), world.several()
    hostile = changed(product, summary=HOSTILE, committer="O'Neill $(id) <o@neill.example>", license="MIT OR 0BSD")
    return {
        **{stream.value: rendered(product, world.release(product, world.plan(stream))) for stream in Channel},
        "partial": rendered(product, world.release(product, world.plan(), "linux-arm64")),
        "minimal": rendered(minimal, world.release(minimal, world.plan())),
        "several": rendered(several, world.release(several, world.plan(Channel.DEV))),
        "hostile": rendered(hostile, world.release(hostile, world.plan())),
    }


@pytest.fixture
def workshop() -> Iterator[stage.Workshop]:
    """Where makepkg works."""
    with stage.workshop() as found:
        yield found


@dataclass(frozen=True, slots=True, kw_only=True)
class Mill:
    """Makes real packages: packs archives, serves them, and runs makepkg on what is rendered."""

    workshop: stage.Workshop
    site: Path
    base: str

    def repository(self, product: Product, plan: Plan) -> dict[str, bytes]:
        """What is pushed for a plan, with its archives on the server."""
        packed = world.pack(product, plan, self.site / "site", "linux-x64-baseline", "linux-arm64")
        return rendered(product, packed.release, self.base)

    def package(self, product: Product, plan: Plan, carch: str = "x86_64") -> Path:
        """The package file."""
        package = aur.PACKAGER.package(product, plan)
        done = self.workshop.makepkg(package, self.repository(product, plan), "--force", carch=carch)
        assert done.returncode == 0, done.stderr
        pkgver = aur.PACKAGER.spell(plan.version)
        return self.workshop.built(package)[f"{package}-{pkgver}-1-{carch}.pkg.tar.gz"]


@pytest.fixture
def mill(workshop: stage.Workshop, tmp_path: Path) -> Iterator[Mill]:
    """A mill whose server runs."""
    with stage.serving(tmp_path) as base:
        yield Mill(workshop=workshop, site=tmp_path, base=base)


@pytest.fixture
def arch(tmp_path: Path) -> stage.Arch:
    """A private root to install into."""
    folder = tmp_path / "arch"
    folder.mkdir()
    return stage.Arch(folder=folder)


def test_srcinfo_is_what_makepkg_would_write(workshop: stage.Workshop) -> None:
    for name, files in repositories().items():
        done = workshop.makepkg(name, {"PKGBUILD": files["PKGBUILD"]}, "--printsrcinfo")
        assert (done.returncode, done.stderr) == (0, ""), name
        assert done.stdout == files[".SRCINFO"].decode(), name
        assert not list(workshop.folder.rglob("pwned")), name


def test_the_aur_server_would_take_every_srcinfo() -> None:
    for files in repositories().values():
        source_info_from_str(files[".SRCINFO"].decode())


def test_the_aur_servers_parser_can_say_no() -> None:
    text = repositories()["latest"][".SRCINFO"].decode()
    with pytest.raises(SourceInfoError):
        source_info_from_str(text.replace("pkgver = 1.2.3", "pkgver = 1.2.3-rc.1"))


def test_the_digests_are_those_of_the_archives_and_a_wrong_one_is_refused(mill: Mill) -> None:
    files = mill.repository(world.product(), world.plan(Channel.DEV))
    for carch in ("x86_64", "aarch64"):
        done = mill.workshop.makepkg("right", files, "--verifysource", carch=carch)
        assert done.returncode == 0, done.stderr
    lines = files["PKGBUILD"].decode().splitlines()
    (line,) = (line for line in lines if line.startswith("sha256sums_x86_64="))
    wrong = files["PKGBUILD"].replace(line.encode(), f"sha256sums_x86_64=('{'0' * 64}')".encode())
    done = mill.workshop.makepkg("wrong", {"PKGBUILD": wrong})
    assert done.returncode != 0
    assert "did not pass the validity check" in done.stderr
    assert mill.workshop.built("wrong") == {}


@pytest.mark.consumer("pacman")
def test_a_package_for_another_processor_holds_that_processors_archive(mill: Mill, arch: stage.Arch) -> None:
    package = mill.package(world.product(), world.plan(), "aarch64")
    with tarfile.open(package) as archive:
        library = archive.extractfile("usr/lib/iterate/library.so")
        assert library is not None
        assert library.read() == b"linux-arm64"
    assert "architecture" in arch.pacman("-U", package).stderr


@pytest.mark.consumer("pacman")
def test_a_package_is_installed_runs_is_upgraded_and_leaves_nothing(mill: Mill, arch: stage.Arch) -> None:
    product = world.product()
    old, new = (world.plan(Channel.DEV, committed_at=time) for time in (world.COMMITTED_AT, TOMORROW))
    for plan in (old, new):
        done = arch.pacman("-U", mill.package(product, plan))
        assert done.returncode == 0, done.stderr
        program = arch.root / "usr" / "bin" / "iterate"
        shown = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
        assert shown == f"{plan.version.text}\n"
        receipt = (program.resolve().parent / "install-receipt.json").read_text()
        assert receipt == installed.receipt(product, plan, method="aur", profile=world.local(mill.base)) + "\n"
        checked = arch.pacman("-Qkk", "iterate-dev-bin")
        assert (checked.returncode, "0 altered files" in checked.stdout) == (0, True), checked.stdout
    assert arch.pacman("-Q").stdout == f"iterate-dev-bin {aur.PACKAGER.spell(new.version)}-1\n"

    done = arch.pacman("-R", "iterate-dev-bin")
    assert done.returncode == 0, done.stderr
    assert [path for path in arch.root.rglob("*") if path.is_file() and "var" not in path.parts] == []


@pytest.mark.consumer("pacman")
def test_a_package_holds_these_files_and_no_others(mill: Mill, arch: stage.Arch) -> None:
    assert arch.pacman("-U", mill.package(world.product(), world.plan())).returncode == 0
    listed = arch.pacman("-Qlq", "iterate-bin").stdout.split()
    assert sorted(str(Path(path).relative_to(arch.root)) for path in listed if not path.endswith("/")) == [
        "usr/bin/iterate",
        "usr/lib/iterate/install-receipt.json",
        "usr/lib/iterate/iterate",
        "usr/lib/iterate/library.so",
        "usr/lib/systemd/user/iterate.service",
        "usr/share/bash-completion/completions/iterate",
        "usr/share/doc/iterate-bin/README.md",
        "usr/share/fish/vendor_completions.d/iterate.fish",
        "usr/share/licenses/iterate-bin/LICENSE",
        "usr/share/licenses/iterate-bin/part/COPYING",
        "usr/share/man/man1/iterate.1.gz",
        "usr/share/zsh/site-functions/_iterate",
    ]
    unit = (arch.root / "usr/lib/systemd/user/iterate.service").read_text()
    assert '\nExecStart=/usr/bin/iterate "serve"\n' in unit


@pytest.mark.consumer("pacman")
def test_every_command_is_a_link_to_the_program_with_its_own_completions_and_page(mill: Mill, arch: stage.Arch) -> None:
    product = changed(world.several(), completions=("complete", "{shell}"), man=("man",))
    assert arch.pacman("-U", mill.package(product, world.plan(Channel.DEV))).returncode == 0
    listed = arch.pacman("-Qlq", "weather-tools-dev-bin").stdout.split()
    found = {str(Path(path).relative_to(arch.root)) for path in listed if not path.endswith("/")}
    for command in product.commands:
        said = subprocess.run([arch.root / "usr/bin" / command, "hello"], capture_output=True, text=True, check=True)
        assert said.stdout == f"{command} hello\n"
        assert found >= {
            f"usr/share/bash-completion/completions/{command}",
            f"usr/share/zsh/site-functions/_{command}",
            f"usr/share/fish/vendor_completions.d/{command}.fish",
            f"usr/share/man/man1/{command}.1.gz",
        }
    assert arch.pacman("-R", "weather-tools-dev-bin").returncode == 0
    assert not list((arch.root / "usr").rglob("*eather*"))


@pytest.mark.consumer("systemd-analyze")
@pytest.mark.parametrize("service", [None, Service(run=(HOSTILE, "50% ${HOME} $$ 'x' -"), stop=())])
def test_systemd_has_nothing_to_say_about_the_unit(mill: Mill, tmp_path: Path, service: Service | None) -> None:
    product = world.product() if service is None else changed(world.product(), service=service)
    with tarfile.open(mill.package(product, world.plan())) as archive:
        member = archive.extractfile("usr/lib/systemd/user/iterate.service")
        assert member is not None
        unit = member.read().decode()
    program, file = tmp_path / "iterate", tmp_path / "iterate.service"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for text, objection in (
        (unit, ""),
        (unit.replace("Restart=", "Restarts="), "Unknown key 'Restarts'"),
        (unit.replace("ExecStart=", "ExecStart=no "), "Command no is not executable"),
    ):
        file.write_text(text.replace("/usr/bin/iterate", str(program)))
        done = subprocess.run(
            ["systemd-analyze", "verify", "--user", "--man=no", file],
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert objection in done.stderr
        assert (done.stderr == "") is (objection == ""), done.stderr


@pytest.mark.consumer("pacman")
def test_the_smallest_product_makes_a_package_too(mill: Mill, arch: stage.Arch) -> None:
    assert arch.pacman("-U", mill.package(world.minimal(), world.plan())).returncode == 0
    listed = arch.pacman("-Qlq", "hello-world-bin").stdout.split()
    assert sorted(Path(path).name for path in listed if not path.endswith("/")) == [
        "COPYING",
        "LICENSE.txt",
        "README.rst",
        "hello-world",
        "hello-world",
        "install-receipt.json",
        "library.so",
    ]


@pytest.mark.consumer("pacman")
def test_two_channels_cannot_be_installed_together(mill: Mill, arch: stage.Arch) -> None:
    product = world.product()
    assert arch.pacman("-U", mill.package(product, world.plan())).returncode == 0
    done = arch.pacman("-U", mill.package(product, world.plan(Channel.DEV)))
    assert done.returncode != 0
    assert "conflict" in done.stderr
    assert arch.pacman("-Qq").stdout == "iterate-bin\n"
    provided = arch.pacman("-Qi", "iterate-bin").stdout
    assert "iterate=1.2.3" in provided
