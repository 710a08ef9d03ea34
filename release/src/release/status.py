"""The verb status: what stands at each place, held against what the release wants there; changes nothing."""

from dataclasses import dataclass
from pathlib import Path

import msgspec

from release import destinations, packagers
from release.errors import ReleaseError, WithdrawnError
from release.model import Bundle, Release, State
from release.product import Product, Profile

UNKNOWN = "unknown"
WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How one bundle stands at its place.

    Attributes:
        state: `same`, `absent`, `different`, `not pushed` for files that stay here, `withdrawn` for a version that was
            taken back there, or `unknown`.
        paths: the files that are not the same, or why the state is what it is.
    """

    outlet: str
    package: str
    where: str
    state: str
    paths: tuple[str, ...]


def status(product: Product, profile: Profile, release: Release, dist: Path) -> tuple[Standing, ...]:
    """Look at every place of a profile; one that does not answer does not hide the others."""
    found: list[Standing] = []
    for outlet, address in profile.places.items():
        alone = msgspec.structs.replace(profile, places={outlet: address})
        try:
            bundles = packagers.standing(product, alone, release, dist)
            found += [_standing(product, profile, release, bundle, dist) for bundle in bundles]
        except ReleaseError as error:
            state = WITHDRAWN if isinstance(error, WithdrawnError) else UNKNOWN
            found.append(Standing(outlet=outlet, package="", where=address, state=state, paths=(str(error),)))
    return tuple(found)


def _standing(product: Product, profile: Profile, release: Release, bundle: Bundle, dist: Path) -> Standing:
    if bundle.kept:
        return Standing(outlet=bundle.outlet, package=bundle.package, where="", state="not pushed", paths=())
    where, destination = destinations.located(
        product, profile, release.plan, dist, outlet=bundle.outlet, package=bundle.package
    )
    states = destination.look(bundle.files)
    off = {path: state for path, state in states.items() if state is not State.SAME}
    worst = State.DIFFERENT if State.DIFFERENT in off.values() else State.ABSENT if off else State.SAME
    return Standing(outlet=bundle.outlet, package=bundle.package, where=where, state=worst, paths=tuple(off))
