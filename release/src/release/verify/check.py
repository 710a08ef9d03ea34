"""What the checks share: their results, and the job that each installer is given."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from release import destinations
from release.destinations.repository import Repository
from release.model import Bundle, Product, Profile, Release


class Result(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was tried.

    Attributes:
        detail: what was seen, why it failed, or why it was skipped.
        seconds: how long it took.
    """

    name: str
    result: Result
    detail: str
    seconds: float


class SkippedError(Exception):
    """A check that cannot run here; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """An installer's task: install what is public in `work`, try it, remove it again.

    Attributes:
        downloads: folder with the archives, as they came from their public addresses.
        dist: where the paths of a local profile start.
    """

    product: Product
    profile: Profile
    release: Release
    bundles: tuple[Bundle, ...]
    downloads: Path
    dist: Path
    work: Path

    def bundle(self, outlet: str) -> Bundle:
        """The bundle of an outlet.

        Raises:
            SkippedError: this release renders none.
        """
        for bundle in self.bundles:
            if bundle.outlet == outlet:
                return bundle
        raise SkippedError("the release has no archive for it")

    def repository(self, bundle: Bundle) -> str:
        """Where the public repository that holds a bundle is, as git takes it.

        Raises:
            SkippedError: the bundle is not in a repository.
        """
        if bundle.kept:
            raise SkippedError("it is in no public repository")
        _, destination = destinations.located(
            self.product, self.profile, self.release.plan, self.dist, outlet=bundle.outlet, package=bundle.package
        )
        if not isinstance(destination, Repository):
            raise SkippedError("it is in no public repository")
        return destination.location
