"""Which archive a package manager gets for a system and a processor: the one that runs on every such machine."""

from release.model import Artifact, Kind, Release
from release.product import Arch, System


def takes(artifact: Artifact, *systems: System) -> bool:
    """Whether a package manager of these systems installs an artifact: an archive of a portable target."""
    return artifact.kind is Kind.ARCHIVE and artifact.target.portable and artifact.target.system in systems


def artifact(release: Release, system: System, arch: Arch) -> Artifact | None:
    """The archive, if it was built. A second one of the same kind is left behind, and the fleet names it."""
    for found in release.artifacts:
        if takes(found, system) and found.target.arch is arch:
            return found
    return None
