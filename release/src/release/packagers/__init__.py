"""Every package manager we speak to: a row each. An outlet takes part where the profile has a place for it."""

import functools
import hashlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import msgspec

from release import destinations
from release.errors import (
    ArtifactIgnoredError,
    ConfigInvalidError,
    KeyMissingError,
    KeyUnfitError,
    PassphraseError,
    together,
)
from release.model import Artifact, Bundle, File, Kind, Packager, Plan, Read, Release
from release.packagers import archives, aur, channel, deb, homebrew, installer, npm, scoop, winget
from release.product import Product, Profile, Target

FLEET: tuple[Packager, ...] = (
    archives.PACKAGER,
    homebrew.PACKAGER,
    scoop.PACKAGER,
    aur.PACKAGER,
    deb.PACKAGER,
    winget.PACKAGER,
    npm.PACKAGER,
    channel.PACKAGER,
    installer.PACKAGER,
)


def taking_part(*profiles: Profile) -> tuple[Packager, ...]:
    """The packagers that have a place in any of these profiles."""
    places = {name for profile in profiles for name in profile.places}
    return tuple(packager for packager in FLEET if packager.name in places)


def bundles(product: Product, profile: Profile, release: Release) -> tuple[Bundle, ...]:
    """All bundles of a release, as they are for places that hold nothing yet.

    Raises:
        TemplateError: a template is missing or broken.
        ArtifactIgnoredError: a packager takes an artifact and mentions it nowhere; the message names both.
        ConfigInvalidError: an ecosystem does not allow a value of release.toml.
    """
    return tuple(
        bundle for packager in taking_part(profile) for bundle in made(packager, product, profile, release, nothing)
    )


def standing(product: Product, profile: Profile, release: Release, dist: Path) -> tuple[Bundle, ...]:
    """All bundles of a release, as they are for the places of a profile, which hold something already.

    Raises:
        PushError: a place cannot be read.
        TemplateError, ArtifactIgnoredError, ConfigInvalidError: see `bundles`.
    """
    found: list[Bundle] = []
    for packager in taking_part(profile):
        package = packager.package(product, release.plan)
        _, place = destinations.located(product, profile, release.plan, dist, outlet=packager.name, package=package)
        read = functools.cache(place.read)
        try:
            found += made(packager, product, profile, release, read, dist)
        except (KeyMissingError, KeyUnfitError, PassphraseError):
            # Something there is another than ours. Whoever only looks at it needs no key to be told so.
            found += made(packager, product, profile, release, read)
    return tuple(found)


def check(product: Product, plan: Plan) -> None:
    """Say before anything is compiled what rendering would fail with: render stand-ins for all planned targets.

    Raises:
        ReleaseError: what the outlets of all profiles have against this release; the message names everything.
    """
    built = Release(plan=plan, artifacts=tuple(stand_in(product, plan, target) for target in plan.targets))
    derived = (
        replace(archive, kind=kind, file=f"{archive.file}.{kind}", made_from=archive.file)
        for archive, kind in wanted(product, built)
    )
    release = Release(plan=plan, artifacts=(*built.artifacts, *derived))
    together(*(functools.partial(_check_profile, product, profile, release) for profile in product.profiles.values()))


def _check_profile(product: Product, profile: Profile, release: Release) -> None:
    there: list[Bundle] = []

    def render(packager: Packager) -> None:
        there.extend(made(packager, product, profile, release, nothing))

    together(*(functools.partial(render, packager) for packager in taking_part(profile)))
    _need_apart(profile, there)


def _need_apart(profile: Profile, there: Iterable[Bundle]) -> None:
    """Refuse two outlets that would write one file of one place, each its own, at every publish again.

    Raises:
        ConfigInvalidError: there are such.
    """
    written: dict[tuple[str, str], tuple[str, File]] = {}
    for bundle in (bundle for bundle in there if not bundle.kept):
        where = destinations.address(profile, outlet=bundle.outlet, package=bundle.package)
        for file in bundle.files:
            outlet, other = written.setdefault((where, file.path), (bundle.outlet, file))
            if other.content != file.content:
                raise ConfigInvalidError(
                    f"{outlet} and {bundle.outlet} both write {file.path} at {where}",
                    hint="give each outlet a place of its own in release.toml",
                )


def stand_in(product: Product, plan: Plan, target: Target) -> Artifact:
    """An archive that nobody built, to ask outlets what they would do with it."""
    file = product.archive(plan.version, target)
    digest = hashlib.sha256(file.encode()).hexdigest()
    return Artifact(file=file, target=target, size=0, sha256=digest, glibc=None, fake=True)


def made(
    packager: Packager, product: Product, profile: Profile, release: Release, held: Read, dist: Path | None = None
) -> tuple[Bundle, ...]:
    """The bundles of one outlet, for a place that holds something already; see `bundles` for what is raised.

    The paths of artifacts start at `dist`, the folder of results. Without one nothing is signed: it is rendered to
    be read.
    """
    product = msgspec.structs.replace(product, results=dist)
    found = packager.bundles(product, profile, release, held)
    left = [
        artifact.file
        for artifact in release.artifacts
        if packager.takes(artifact) and not mentions(found, artifact.sha256)
    ]
    if left:
        raise ArtifactIgnoredError(
            f"{packager.name} leaves {', '.join(left)} behind",
            hint="teach the packager where that artifact belongs, or let it decline the artifact",
        )
    return tuple(
        replace(bundle, files=tuple(_below(dist or Path(), file) for file in bundle.files)) for bundle in found
    )


def _below(dist: Path, file: File) -> File:
    return file if isinstance(file.content, bytes) else replace(file, content=dist / file.content)


def archives_of(release: Release) -> tuple[Artifact, ...]:
    """What was built, without what was made of it."""
    return tuple(artifact for artifact in release.artifacts if artifact.kind is Kind.ARCHIVE)


def wanted(product: Product, release: Release, *profiles: Profile) -> tuple[tuple[Artifact, Kind], ...]:
    """What is to be made of a release's archives, for the outlets of these profiles; of all when none is given."""
    outlets = taking_part(*(profiles or product.profiles.values()))
    pairs = ((archive, packager.derives(archive)) for packager in outlets for archive in archives_of(release))
    return tuple(dict.fromkeys((archive, kind) for archive, kind in pairs if kind is not None))


def not_derived(product: Product, release: Release, profile: Profile) -> bool:
    """Whether an outlet of a profile wants a package that nobody made yet."""
    there = {(artifact.made_from, artifact.kind) for artifact in release.artifacts}
    return any((archive.file, kind) not in there for archive, kind in wanted(product, release, profile))


def nothing(_path: str) -> None:
    """What an empty place holds under any path."""


def mentions(made: Iterable[Bundle], sha256: str) -> bool:
    """Whether any file of these bundles holds this digest, in its text or as its own."""
    return any(
        file.sha256 == sha256 or (isinstance(file.content, bytes) and sha256.encode() in file.content)
        for bundle in made
        for file in bundle.files
    )
