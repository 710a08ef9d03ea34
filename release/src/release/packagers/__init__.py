"""Every package manager we speak to: a row each. An outlet takes part where the profile has a place for it."""

from collections.abc import Iterable

from release.errors import ArtifactIgnoredError
from release.model import Bundle, Packager, Product, Profile, Read, Release
from release.packagers import archives, aur, channel, homebrew, scoop

FLEET: tuple[Packager, ...] = (
    archives.PACKAGER,
    homebrew.PACKAGER,
    scoop.PACKAGER,
    aur.PACKAGER,
    channel.PACKAGER,
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


def made(packager: Packager, product: Product, profile: Profile, release: Release, held: Read) -> tuple[Bundle, ...]:
    """The bundles of one outlet, for a place that holds something already; see `bundles` for what is raised."""
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
    return found


def nothing(_path: str) -> None:
    """What an empty place holds under any path."""


def mentions(made: Iterable[Bundle], sha256: str) -> bool:
    """Whether any file of these bundles holds this digest, in its text or as its own."""
    return any(
        file.sha256 == sha256 or (isinstance(file.content, bytes) and sha256.encode() in file.content)
        for bundle in made
        for file in bundle.files
    )
