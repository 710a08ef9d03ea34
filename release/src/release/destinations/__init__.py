"""Where a release goes; a destination is asked what it holds, then given the smallest change."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Protocol, assert_never

from release import settings
from release.destinations.folder import Folder
from release.destinations.github import GitHubRelease
from release.destinations.repository import Repository
from release.errors import ConfigInvalidError
from release.model import Bundle, Channel, File, Place, Plan, Product, Profile, State

_ON_GITHUB = re.compile(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+")


class Destination(Protocol):
    """A place that takes bundles."""

    def check(self) -> None:
        """Raise PushError where we may not write."""

    def look(self, files: tuple[File, ...]) -> dict[str, State]:
        """The state of each file, by its path."""

    def push(self, files: tuple[File, ...], message: str) -> str:
        """Make the files stand there; says in a few words what was done."""


def of(product: Product, profile: Profile, plan: Plan, bundle: Bundle, dist: Path) -> tuple[str, Destination | None]:
    """The destination of a bundle, with its name for people; None for files that stay here.

    Raises:
        ConfigInvalidError: the profile names a kind of place that does not exist.
    """
    match bundle.place:
        case Place.SITE:
            return profile.site, _site(profile.site, plan, dist)
        case Place.CHANNEL:
            return profile.channels, _channels(product, profile.channels, plan, dist)
        case Place.TAP:
            return profile.tap, _repository(product, plan, profile.tap, "main", dist)
        case Place.BUCKET:
            return profile.bucket, _repository(product, plan, profile.bucket, "main", dist)
        case Place.AUR:
            # The AUR takes pushes to master only.
            place = profile.aur.format(name=bundle.package)
            return place, _repository(product, plan, place, "master", dist)
        case Place.NOWHERE:
            return "", None
        case _ as never:
            assert_never(never)


def resolved(bundle: Bundle, dist: Path) -> Bundle:
    """The same bundle with the places of its archives, which packagers give from dist, made whole."""
    files = tuple(
        file if isinstance(file.content, bytes) else replace(file, content=dist / file.content) for file in bundle.files
    )
    return replace(bundle, files=files)


def _site(site: str, plan: Plan, dist: Path) -> Destination:
    """A folder below dist, or a release on GitHub."""
    kind, colon, name = site.partition(":")
    if not colon:
        return Folder(root=dist / site, mtime=plan.committed_at)
    if kind != "github" or not _ON_GITHUB.fullmatch(name):
        raise ConfigInvalidError(
            f"site = '{site}' is no place for archives",
            hint="write a folder below dist, or github:OWNER/REPOSITORY",
        )
    return GitHubRelease(
        repository=name,
        tag=plan.version.tag,
        commit=plan.commit,
        latest=plan.channel is Channel.LATEST,
        token=settings.read().github_token,
    )


def _channels(product: Product, place: str, plan: Plan, dist: Path) -> Destination:
    """A folder below dist, or a git repository."""
    if _far(place):
        return _repository(product, plan, place, "main", dist)
    return Folder(root=dist / place, mtime=plan.committed_at)


def _far(place: str) -> bool:
    """Whether a place is an address, not a path."""
    return "://" in place or "@" in place


def _repository(product: Product, plan: Plan, place: str, branch: str, dist: Path) -> Repository:
    local = not _far(place)
    location = str((dist / place).absolute()) if local else place
    return Repository(
        location=location, local=local, branch=branch, committer=product.committer, when=plan.committed_at
    )
