"""Releases whose packages of npm are made by the tool itself, out of archives whose program is a shell script."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import msgspec
from tests.release import project, world

from release import derive, disk, manifest, packagers, targets
from release.model import Bundle, File, Plan, Release
from release.packagers import npm
from release.product import Channel, Product

# What people do with a program: ask it, give it input, stop it, look at its end.
SCRIPT = """\
#!/bin/sh
case "$1" in
    --version) echo VERSION ;;
    target) echo TARGET ;;
    cat) cat ;;
    end) exit "$2" ;;
    die) kill -"$2" $$ ;;
    terminal) test -t 0 && test -t 1 && echo yes ;;
    environment) env ;;
    wait)
        for each in INT TERM HUP USR1 USR2 ALRM ABRT PROF XCPU SYS; do trap "echo $each" "$each"; done
        echo ready $$
        while :; do sleep 0.05; done ;;
    *) echo iterate "$@" ;;
esac
"""
LINUX = ("linux-x64", "linux-x64-baseline", "linux-x64-musl", "linux-x64-baseline-musl")


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A release with its packages in dist/artifacts, and the bundle of npm."""

    product: Product
    release: Release
    dist: Path

    @property
    def plan(self) -> Plan:
        """Its plan."""
        return self.release.plan

    @property
    def version(self) -> str:
        """Its version."""
        return self.plan.version.text

    @property
    def bundle(self) -> Bundle:
        """What is to be published."""
        profile = self.product.profiles["local"]
        (bundle,) = packagers.made(npm.PACKAGER, self.product, profile, self.release, packagers.nothing, self.dist)
        return bundle

    @property
    def files(self) -> tuple[File, ...]:
        """The packages, the main one last."""
        return self.bundle.files

    def packages(self, folder: Path) -> dict[str, Path]:
        """The packages as files, by their names; in a folder for those that are in memory only."""
        folder.mkdir(parents=True, exist_ok=True)
        found = {}
        for file in self.files:
            name = file.path.partition("/-/")[0]
            found[name] = folder / f"{name.replace('/', '-')}.tgz"
            if isinstance(file.content, bytes):
                found[name].write_bytes(file.content)
            else:
                shutil.copyfile(file.content, found[name])
        return found


def product(name: str = "", places: dict[str, str] | None = None, base: Product | None = None) -> Product:
    """Our product, or another one, with npm as its only outlet."""
    only = msgspec.structs.replace(world.local(), places=places or {"npm": "file:public/npm"})
    outlets = (npm.Npm(package=name, repository="https://example.invalid/owner/tool"),)
    return msgspec.structs.replace(base or world.product(), tables=outlets, profiles={"local": only})


def make(
    folder: Path,
    channel: Channel = Channel.LATEST,
    *,
    text: str = world.LATEST,
    when: int = world.COMMITTED_AT,
    name: str = "",
    script: str = SCRIPT,
    only: tuple[str, ...] = (),
    base: Product | None = None,
) -> Made:
    """Make a release of all targets, or of those named."""
    made, dist = product(name, base=base), folder / "dist"
    planned = [target for target in targets.TARGETS if not only or target.name in only]
    plan = world.plan(channel, text=text, committed_at=when, planned=planned)
    packed = world.pack(made, plan, folder / "site", script=script)
    (folder / "site" / plan.tag).rename(disk.emptied(dist) / manifest.ARTIFACTS)
    manifest.write(made, packed.release, dist)
    release = derive.derive(made, made.profiles["local"], dist, partial=False, progress=project.Quiet())
    return Made(product=made, release=release, dist=dist)
