"""The verb status: what stands at each place, held against what the release wants there; changes nothing."""

from dataclasses import dataclass
from pathlib import Path

from release import destinations, packagers
from release.model import Bundle, Product, Profile, Release, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How one bundle stands at its place.

    Attributes:
        state: `same`, `absent`, `different`, or `not pushed` for files that stay here.
        paths: the files that are not the same.
    """

    outlet: str
    package: str
    where: str
    state: str
    paths: tuple[str, ...]


def status(product: Product, profile: Profile, release: Release, dist: Path) -> tuple[Standing, ...]:
    """Look at every place of a profile.

    Raises:
        PushError: a place does not answer.
    """
    return tuple(
        _standing(product, profile, release, bundle, dist)
        for bundle in packagers.standing(product, profile, release, dist)
    )


def _standing(product: Product, profile: Profile, release: Release, bundle: Bundle, dist: Path) -> Standing:
    if bundle.kept:
        return Standing(outlet=bundle.outlet, package=bundle.package, where="", state="not pushed", paths=())
    where, destination = destinations.located(
        product, profile, release.plan, dist, outlet=bundle.outlet, package=bundle.package
    )
    states = destination.look(destinations.resolved(bundle, dist).files)
    off = {path: state for path, state in states.items() if state is not State.SAME}
    worst = State.DIFFERENT if State.DIFFERENT in off.values() else State.ABSENT if off else State.SAME
    return Standing(outlet=bundle.outlet, package=bundle.package, where=where, state=worst, paths=tuple(off))
