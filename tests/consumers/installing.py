"""What the tests of install.sh stand on: a site with two versions, and homes to install them in."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from msgspec.structs import replace as changed
from tests.consumers import faults
from tests.release import world

from release.model import Plan
from release.packagers import installer
from release.product import Channel, Product, Profile

SHELLS = ("dash", "bash", "zsh", "busybox sh", "mksh")
OLD, NEW = "1.2.3", "1.2.4"
DEV = world.plan(Channel.DEV).version.text
FAST = {"ITERATE_INSTALLER_PATIENCE": "1", "ITERATE_INSTALLER_TRIES": "1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How a program ended, and what it said."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """A user's home."""

    folder: Path
    path: str = os.environ["PATH"]

    @property
    def bin(self) -> Path:
        """Where commands go."""
        return self.folder / ".local" / "bin"

    @property
    def hold(self) -> Path:
        """Where the versions are."""
        return self.bin / ".iterate"

    def environment(self, **variables: str) -> dict[str, str]:
        """What a shell of this user has."""
        own = {"HOME": str(self.folder), "PATH": self.path, "SHELL": "/bin/bash", "TMPDIR": str(self.folder / "tmp")}
        (self.folder / "tmp").mkdir(parents=True, exist_ok=True)
        return {**own, "ITERATE_MODEL": "echo/echo", **FAST, **variables}

    def run(
        self,
        script: Path,
        *words: str,
        shell: str = "dash",
        piped: bool = False,
        more: Mapping[str, str] = MappingProxyType({}),
        **variables: str,
    ) -> Done:
        """Run an installer: as a file, or as curl would pipe it."""
        command = [*shell.split(), *(["-s", "--", *words] if piped else [str(script), *words])]
        done = subprocess.run(
            command,
            input=script.read_text() if piped else "",
            env=self.environment(**variables, **more),
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return Done(code=done.returncode, out=done.stdout, err=done.stderr)

    def version(self) -> str:
        """What the installed command prints."""
        command = [str(self.bin / "iterate"), "--version"]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()

    def current(self) -> str:
        """The version that the command leads to."""
        return (self.bin / "iterate").readlink().parts[1]

    def previous(self) -> str:
        """The version that is kept."""
        return str((self.hold / "previous").readlink())

    def litter(self) -> list[str]:
        """What no installation may leave."""
        names = [path.name for path in self.hold.iterdir()] if self.hold.exists() else []
        left = [name for name in names if name.startswith((".new", ".old")) or name == "lock.d"]
        return left + [path.name for path in (self.folder / "tmp").iterdir()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A served site; `a` serves its archives, and `b` is the mirror."""

    served: faults.Served
    product: Product

    @property
    def profile(self) -> Profile:
        """Where the public finds everything."""
        base = self.served.base
        return changed(
            world.local(base),
            archive_url=f"{base}/a/{{tag}}/{{file}}",
            mirrors=(f"{base}/b/{{tag}}/{{file}}",),
            sites=(f"{base}/",),
        )

    def script(self, version: str) -> Path:
        """The installer of a version."""
        return self.served.folder / "a" / f"v{version}" / "install.sh"

    def publish(self, plan: Plan, *only: str, script: str = "") -> None:
        """Put a version there: archives and installers."""
        folder = self.served.folder
        packed = world.pack(self.product, plan, folder / "a", *only, script=script)
        for name, content in installer.scripts(self.product, self.profile, packed.release).items():
            (folder / "a" / plan.tag / name).write_bytes(content)
        (folder / "b").mkdir(exist_ok=True)
        (folder / "b" / plan.tag).symlink_to(folder / "a" / plan.tag)
        held: dict[str, bytes] = {}
        (bundle,) = installer.PACKAGER.bundles(self.product, self.profile, packed.release, held.get)
        for file in bundle.files:
            (folder / file.path).parent.mkdir(exist_ok=True)
            assert isinstance(file.content, bytes)
            (folder / file.path).write_bytes(file.content)


@contextmanager
def site(folder: Path) -> Iterator[Site]:
    """A site with two versions of latest and one of dev."""
    with faults.serving(folder) as served:
        made = Site(served=served, product=world.product())
        for plan in (world.plan(text=OLD), world.plan(text=NEW), world.plan(Channel.DEV)):
            made.publish(plan)
        yield made
