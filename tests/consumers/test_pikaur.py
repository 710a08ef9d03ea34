"""A real AUR helper installs and upgrades what is rendered, from a look-alike of the AUR into a private root.

pikaur runs as whoever runs the tests. Its makepkg and git run as nobody where that is root, and its pacman in
the private root, under fakeroot for everybody else; nothing of this machine is touched.
"""

import io
import os
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.consumers import aurweb, stage
from tests.release import world

from release.model import Plan
from release.packagers import aur, nothing
from release.product import Channel

TOMORROW = world.COMMITTED_AT + 86_400

# Stands in for sudo: drops the options, and changes the user where one is named. Whoever is not root plays root
# under fakeroot, once and not again inside, and leaves it where a user is named.
SUDO = f"""
user=
while :; do
  case $1 in
    --user=*) user=${{1#--user=#}} ;;
    --) shift; break ;;
    -*) ;;
    *) break ;;
  esac
  shift
done
[ $# -gt 0 ] || exit 0
if [ {int(stage.ROOT)} = 1 ]; then
  [ -z "$user" ] || exec setpriv --reuid {stage.NOBODY} --regid {stage.NOBODY} --clear-groups "$@"
elif [ -n "$user" ]; then
  exec env -u LD_PRELOAD -u LD_LIBRARY_PATH -u FAKEROOTKEY "$@"
elif [ -z "${{FAKEROOTKEY:-}}" ]; then
  exec fakeroot -- "$@"
fi
exec "$@"
"""

pytestmark = pytest.mark.consumer(
    "pikaur", "makepkg", "pacman", "fakeroot", "bsdtar", "curl", "git", "setpriv", "vercmp"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Helper:
    """pikaur with a home, a look-alike of the AUR and a private root."""

    folder: Path
    web: aurweb.Aurweb
    arch: stage.Arch

    def script(self, name: str, text: str) -> Path:
        """A small shell script that pikaur calls."""
        path = self.folder / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return path

    def command(self) -> tuple[list[str], dict[str, str]]:
        """What pikaur is to be told besides what it shall do, and its environment."""
        home = self.folder / "home"
        pacman = self.script("pacman", f'unset LD_PRELOAD LD_LIBRARY_PATH FAKEROOTKEY\nexec {self.arch.command} "$@"')
        config = home / ".config" / "pikaur.conf"
        config.parent.mkdir(parents=True, exist_ok=True)
        config.write_text(
            f"[network]\nAurUrl = {self.web.base}\nNewsUrl = {self.web.base}/news\n"
            f"[misc]\nPacmanPath = {pacman}\nPrivilegeEscalationTool = {self.script('sudo', SUDO)}\n"
            "[ui]\nWarnAboutNonDefaultPrivilegeEscalationTool = no\n"
        )
        if stage.ROOT:
            subprocess.run(["chown", "-R", f"{stage.NOBODY}:{stage.NOBODY}", home], check=True)
        as_nobody = [f"--user-id={stage.NOBODY}", f"--group-id={stage.NOBODY}"] if stage.ROOT else []
        return ["--noedit", "--nodiff", "--config", str(self.arch.config), *as_nobody], {
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / ".config"),
            "XDG_DATA_HOME": str(home / ".local" / "share"),
            "XDG_CACHE_HOME": str(home / ".cache"),
            "PACMAN": str(pacman),
            "LANG": "C.UTF-8",
            "NO_PROXY": "127.0.0.1",
        }

    def run(self, *words: str) -> str:
        """Run pikaur, which must succeed; gives what it printed."""
        more, variables = self.command()
        done = subprocess.run(
            ["pikaur", *words, "--noconfirm", *more],
            env=variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr


def c_library(folder: Path) -> Path:
    """A package that stands for glibc, which every Arch system has."""
    info = "pkgname = glibc\npkgver = 2.99-1\npkgdesc = C library\narch = x86_64\nsize = 0\n"
    path = folder / "glibc-2.99-1-x86_64.pkg.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        entry = tarfile.TarInfo(".PKGINFO")
        entry.size = len(info)
        archive.addfile(entry, io.BytesIO(info.encode()))
    return path


@pytest.fixture
def helper(tmp_path: Path) -> Iterator[Helper]:
    """A helper whose AUR runs."""
    with stage.workshop() as shop:
        for name in ("aur", "arch", "site"):
            (shop.folder / name).mkdir(mode=0o755)
        arch = stage.Arch(folder=shop.folder / "arch")
        assert arch.pacman("-U", c_library(tmp_path)).returncode == 0
        with aurweb.running(shop.folder / "aur") as web:
            yield Helper(folder=shop.folder, web=web, arch=arch)


def test_a_helper_installs_a_package_and_upgrades_it_when_the_aur_has_a_newer_one(helper: Helper) -> None:
    product = world.product()

    def publish(plan: Plan) -> None:
        packed = world.pack(product, plan, helper.folder / "site" / "site", "linux-x64-baseline")
        (bundle,) = aur.PACKAGER.bundles(product, world.local(base), packed.release, nothing)
        helper.web.push(
            bundle.package, {file.path: file.content for file in bundle.files if isinstance(file.content, bytes)}
        )

    old, new = (world.plan(Channel.DEV, committed_at=time) for time in (world.COMMITTED_AT, TOMORROW))
    with stage.serving(helper.folder / "site") as base:
        for plan, words in ((old, ("-S", "iterate-dev-bin")), (new, ("-Sua",))):
            publish(plan)
            helper.run(*words)
            shown = helper.arch.pacman("-Q", "iterate-dev-bin").stdout
            assert shown == f"iterate-dev-bin {aur.PACKAGER.spell(plan.version)}-1\n"
        program = helper.arch.root / "usr" / "bin" / "iterate"
        done = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
        assert done.stdout == f"{new.version.text}\n"
        assert "nothing to do" in helper.run("-Sua").lower()
