"""The verb derive: packages made out of the archives of a release, before anything is rendered."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import assert_never

from release import manifest, packagers, shell
from release.derive import deb, npm, patch
from release.errors import ArtifactIgnoredError
from release.model import Artifact, Kind, Plan, Release
from release.product import Product, Profile
from release.progress import Progress

type Maker = Callable[[Product, Plan, Artifact, Path], Artifact]


def derive(product: Product, profile: Profile, dist: Path, *, partial: bool, progress: Progress) -> Release:
    """Make every package that an outlet of release.toml wants, and patches; add them to dist/release.json.

    Args:
        product: what release.toml says.
        profile: whose site names the earlier versions that patches start from.
        dist: folder of results; the packages come to lie beside the archives.
        partial: leave out what this machine has no program for, and say so.
        progress: told what is going on.

    Raises:
        ReleaseMissingError, ReleaseCorruptError: there is no release to derive from.
        ToolMissingError: a program is missing, and `partial` is not set.
        ArtifactMissingError, ArtifactChangedError: an archive is not the one that was hashed.
        ArtifactIgnoredError: two archives would become the same package.
    """
    with progress.begin("derive", is_quiet=True) as step:
        release = manifest.read(product, dist)
        made = _made(product, release, dist, partial=partial, progress=progress)
        made += patch.make(product, profile, release, dist, progress)
        derived = replace(release, artifacts=tuple(made))
        manifest.write(product, derived, dist)
        step.detail = f"{len(made)} files"
    return derived


def _made(product: Product, release: Release, dist: Path, *, partial: bool, progress: Progress) -> list[Artifact]:
    """The archives of a release, and the packages that its outlets want."""
    made = list(packagers.archives_of(release))
    for archive, kind in packagers.wanted(product, release):
        program, make = _maker(kind)
        if partial and program and shell.find(program) is None:
            progress.note(f"no {kind} of {archive.target.name}: {program} is not on PATH")
            continue
        if program:
            shell.need(program, hint=f"install it, or take {kind} out of the places of release.toml")
        progress.now(f"the {kind} package of {archive.file}")
        manifest.check(archive, dist / manifest.ARTIFACTS / archive.file)
        package = make(product, release.plan, archive, dist)
        if other := next((each.made_from for each in made if each.file == package.file), None):
            raise ArtifactIgnoredError(
                f"{archive.file} and {other} would both become {package.file}",
                hint="let the packager decline one of the two targets",
            )
        made.append(package)
    return made


def _maker(kind: Kind) -> tuple[str, Maker]:
    """The program that a kind is made with, empty for none, and how."""
    match kind:
        case Kind.DEB:
            return "dpkg-deb", deb.make
        case Kind.ARCHIVE | Kind.PATCH:
            raise AssertionError(kind)  # what the others are made from, and what no outlet asks for
        case Kind.NPM:
            return "", npm.make
        case _ as never:
            assert_never(never)
