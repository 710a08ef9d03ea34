"""Every package manager we speak to, in publishing order; refuses to leave an artifact behind.

The archives come first and the channel file last, so nothing public names what is not public yet.
"""

from release.errors import ArtifactIgnoredError
from release.model import Bundle, Packager, Product, Profile, Release
from release.packagers import archives, aur, channel, homebrew, scoop

FLEET: tuple[Packager, ...] = (
    archives.PACKAGER,
    homebrew.PACKAGER,
    scoop.PACKAGER,
    aur.PACKAGER,
    channel.PACKAGER,
)


def bundles(product: Product, profile: Profile, release: Release) -> tuple[Bundle, ...]:
    """All bundles of a release, in publishing order.

    Raises:
        TemplateError: a template is missing or broken.
        ArtifactIgnoredError: a packager takes an artifact and mentions it nowhere; the message names both.
        ConfigInvalidError: an ecosystem does not allow a value of release.toml.
    """
    made = tuple(packager.bundles(product, profile, release) for packager in FLEET)
    if left := _left_behind(made, release):
        raise ArtifactIgnoredError(
            "; ".join(f"{packager} leaves {file} behind" for packager, file in left),
            hint="teach the packager where that target belongs, or let it decline the target",
        )
    return tuple(bundle for each in made for bundle in each)


def ignored(product: Product, profile: Profile, release: Release) -> list[tuple[str, str]]:
    """The artifacts that a packager takes and then mentions nowhere by digest: (packager, file)."""
    return _left_behind(tuple(packager.bundles(product, profile, release) for packager in FLEET), release)


def _left_behind(made: tuple[tuple[Bundle, ...], ...], release: Release) -> list[tuple[str, str]]:
    return [
        (packager.name, artifact.file)
        for packager, each in zip(FLEET, made, strict=True)
        for artifact in release.artifacts
        if packager.takes(artifact.target) and not mentions(each, artifact.sha256)
    ]


def mentions(made: tuple[Bundle, ...], sha256: str) -> bool:
    """Whether any file of these bundles holds this digest, in its text or as its own."""
    return any(
        file.sha256 == sha256 or (isinstance(file.content, bytes) and sha256.encode() in file.content)
        for bundle in made
        for file in bundle.files
    )
