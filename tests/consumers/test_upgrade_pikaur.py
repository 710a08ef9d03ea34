"""`iterate upgrade` of a package of the AUR by a helper and by makepkg, from a look-alike of it into a private root."""

import contextlib
import json
import os
import re
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from msgspec.structs import replace as changed
from tests.consumers import launcher, stage
from tests.consumers.test_pikaur import Helper, c_library
from tests.consumers.worlds import World, world
from tests.ending import ending
from tests.release import world as releases

from iterate.errors import NotReplaceable, UpgradeFailed
from release.model import Plan
from release.packagers import aur, nothing
from release.product import Channel

pytestmark = pytest.mark.consumer(
    "pikaur", "makepkg", "pacman", "fakeroot", "bsdtar", "curl", "git", "setpriv", "vercmp"
)
TOMORROW = releases.COMMITTED_AT + 86_400
PROGRAM = "/usr/bin/iterate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arch:
    """A private root with a helper, and what is published to its AUR."""

    here: World
    helper: Helper
    archives: str

    def publish(self, plan: Plan) -> None:
        """Push the package of a release whose program is the real command line, run from source."""
        product = releases.product()
        root = self.here.folder / "root.json"
        root.write_bytes(self.here.repository.first_root)
        script = launcher.text(plan.channel.value, site=self.here.url, root=root, user=1000)
        packed = releases.pack(product, plan, self.helper.folder / "site/site", "linux-x64-baseline", script=script)
        profile = changed(releases.local(self.archives), sites=(self.here.url,))
        (bundle,) = aur.PACKAGER.bundles(product, profile, packed.release, nothing)
        files = {file.path: file.content for file in bundle.files if isinstance(file.content, bytes)}
        self.helper.web.push(bundle.package, files)
        self.here.repository.release(plan.channel.value, plan.version.text)

    def packages(self) -> str:
        """What is installed, without the C library."""
        lines = self.helper.arch.pacman("-Q").stdout.splitlines()
        return "\n".join(line for line in lines if not line.startswith("glibc "))


@pytest.fixture
def arch(tmp_path: Path) -> Iterator[Arch]:
    with stage.workshop() as shop, world(tmp_path) as here:
        for name in ("aur", "arch", "site"):
            (shop.folder / name).mkdir(mode=0o755)
        private = stage.Arch(folder=shop.folder / "arch")
        assert private.pacman("-U", c_library(tmp_path)).returncode == 0
        from tests.consumers import aurweb

        with aurweb.running(shop.folder / "aur") as web, stage.serving(shop.folder / "site") as base:
            helper = Helper(folder=shop.folder, web=web, arch=private)
            # The helper as people have it: one command, set up by files of their own.
            words, variables = helper.command()
            real = Path(shutil.which("pikaur") or "").absolute()
            front = tmp_path / "tools/pikaur"
            front.parent.mkdir()
            front.write_text(f'#!/bin/sh\nexec {real} "$@" {" ".join(words)}\n')
            front.chmod(0o755)
            path = [private.root / "usr/bin", front.parent]
            path += [Path(each) for each in variables.pop("PATH").split(os.pathsep)]
            here.variables.update(variables | {"XDG_STATE_HOME": str(tmp_path / "state")})
            here.path.extend(path)
            yield Arch(here=here, helper=helper, archives=base)


def test_a_package_is_upgraded_by_the_helper_that_is_there_and_moves_to_another_channel(arch: Arch) -> None:
    old, new = (
        releases.plan(text=text, committed_at=when) for text, when in (("1.2.0", TOMORROW), ("1.3.0", TOMORROW))
    )
    dev = releases.plan(Channel.DEV, committed_at=releases.COMMITTED_AT)
    arch.publish(old)
    installed = arch.here.run("-S", "--noconfirm", "iterate-bin", program="pikaur")
    assert installed.returncode == 0, installed.stdout + installed.stderr
    assert arch.here.version() == "1.2.0"

    # The channel has it, and the AUR does not yet.
    arch.here.repository.release("latest", "1.3.0")
    stale = arch.here.run("upgrade")
    assert stale.returncode == UpgradeFailed.exit_code, stale.stdout + stale.stderr
    assert "the package of the AUR is not 1.3.0 yet" in stale.stderr

    arch.publish(new)
    done = arch.here.run("upgrade", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert (told["owner"], told["version"]) == ("aur", "1.3.0")
    assert told["commands"] == [["pikaur", "-S", "--noconfirm", "iterate-bin"]]
    assert arch.packages() == "iterate-bin 1.3.0-1"

    arch.publish(dev)
    refused = arch.here.run("upgrade", "--channel", "dev")
    assert refused.returncode == NotReplaceable.exit_code
    assert "pikaur asks whether iterate-bin may be removed" in refused.stderr

    said = at_terminal(arch.here, "iterate", "upgrade", "--channel", "dev")
    assert arch.packages() == f"iterate-dev-bin {aur.PACKAGER.spell(dev.version)}-1", said
    assert arch.here.version() == dev.version.text


def plain(shown: str) -> str:
    """A text without the sequences that move or colour."""
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown)


def at_terminal(here: World, *words: str) -> str:
    """What a program shows to somebody at a terminal who answers every question with yes."""
    ours, theirs = os.openpty()
    with ending(
        subprocess.Popen(
            ["/usr/bin/env", *words], env=here.environment, stdin=theirs, stdout=theirs, stderr=theirs, cwd=here.home
        )
    ) as process:
        os.close(theirs)
        said = answered = ""
        deadline = time.monotonic() + 120
        with contextlib.suppress(OSError):  # the other side is closed
            while time.monotonic() < deadline:
                if not select.select([ours], [], [], 2)[0]:
                    # pacman throws away what was typed before it listens, by us or by pikaur, which answers
                    # some questions itself: an answer to which nothing followed is given again.
                    if re.search(r"(\[[yY]/[nN]\]|>>)[yY\s]*$", plain(said)):
                        os.write(ours, b"y\n")
                    continue
                said += os.read(ours, 4096).decode(errors="replace")
                if re.search(r"(\[[yY]/[nN]\]|>>)\s*$", plain(said.removeprefix(answered))):
                    answered = said
                    os.write(ours, b"y\n")
        assert time.monotonic() < deadline, said
        process.wait(timeout=60)
        os.close(ours)
        return said


# makepkg refuses root: there it works as nobody, in a copy of the folder that nobody may enter.
MAKEPKG = f"""
export PACMAN={{pacman}}
if [ {int(stage.ROOT)} = 1 ]; then
  cp -R . {{build}}
  chown -R {stage.NOBODY}:{stage.NOBODY} {{build}} {{arch}}
  cd {{build}}
  exec setpriv --reuid {stage.NOBODY} --regid {stage.NOBODY} --clear-groups {{makepkg}} "$@"
fi
exec {{makepkg}} "$@"
"""


def without_helper(arch: Arch) -> None:
    """Take every helper off PATH, and let makepkg work for this user, in the private root, from the look-alike."""
    here, helper = arch.here, arch.helper
    here.path[:] = [each for each in here.path if not (each / "pikaur").exists()]
    state = helper.arch.folder / "fakeroot"
    state.touch()
    pacman = helper.script(
        "pacman",
        "unset LD_PRELOAD LD_LIBRARY_PATH FAKEROOTKEY\n"
        f'exec fakeroot -i {state} -s {state} -- {shutil.which("pacman")} --config {helper.arch.config} "$@"',
    )
    helper.script("sudo", 'while [ "$1" != "${1#-}" ]; do shift; done\nexec "$@"')
    makepkg = shutil.which("makepkg")
    build = helper.folder / "build"
    helper.script("makepkg", MAKEPKG.format(pacman=pacman, makepkg=makepkg, build=build, arch=helper.arch.folder))
    here.variables.update(
        GIT_CONFIG_COUNT="1",
        GIT_CONFIG_KEY_0=f"url.file://{helper.web.folder}/.insteadOf",
        GIT_CONFIG_VALUE_0="https://aur.archlinux.org/",
    )


def test_without_a_helper_makepkg_builds_and_installs_what_the_aur_has(arch: Arch) -> None:
    old, new = (
        releases.plan(text=text, committed_at=when) for text, when in (("1.2.0", TOMORROW), ("1.3.0", TOMORROW))
    )
    arch.publish(old)
    installed = arch.here.run("-S", "--noconfirm", "iterate-bin", program="pikaur")
    assert installed.returncode == 0, installed.stdout + installed.stderr
    arch.publish(new)
    without_helper(arch)
    done = arch.here.run("upgrade", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert (told["owner"], told["version"], arch.here.version()) == ("aur", "1.3.0", "1.3.0")
    assert [words[0] for words in told["commands"]] == ["git", "makepkg"]
    assert arch.packages() == "iterate-bin 1.3.0-1"
    # What was built from is not kept.
    assert not list((arch.here.folder / "state/iterate-updates").glob("aur*"))
