"""The place of the signed site: opened with a profile's keys, and written to without losing anybody's work."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec

from release import destinations, signing, version
from release.destinations import Destination
from release.errors import ConfigInvalidError, PlaceChangedError, PushError
from release.model import File, Plan, Read, State
from release.product import Channel, Product, Profile
from release.signing import Trust
from release.signing.private import Private

TRIES = 5  # where others write to the same place


def opened(
    product: Product, profile: Profile, dist: Path, now: datetime, at_hand: Private | None
) -> tuple[Trust, str, Destination]:
    """The keys of a profile's site, its address, and its place.

    Raises:
        ConfigInvalidError: the channels are not signed, or have no place in the profile.
    """
    trust = signing.trust(msgspec.structs.replace(product, results=dist), profile, at_hand)
    if trust is None:
        raise ConfigInvalidError("the channels are not signed", hint='add [channel] with keys = "keys" to release.toml')
    where, place = located(product, profile, dist, now, "channel", "")
    return trust, where, place


def located(
    product: Product, profile: Profile, dist: Path, now: datetime, outlet: str, package: str
) -> tuple[str, Destination]:
    """The address of an outlet's place, and the place, for changes that belong to no commit.

    Raises:
        ConfigInvalidError: the profile has no place for the outlet.
    """
    return destinations.located(product, profile, _nothing(now), dist, outlet=outlet, package=package)


def pushed(place: Destination, files: Callable[[Read], tuple[File, ...]], message: str) -> str:
    """Write files that are made from what a place holds; again when somebody else was faster.

    Raises:
        PushError: the place is written to by others all the time, or does not take it.
    """
    for _ in range(TRIES):
        seen: dict[str, bytes | None] = {}

        def read(path: str, seen: dict[str, bytes | None] = seen) -> bytes | None:
            if path not in seen:
                seen[path] = place.read(path)
            return seen[path]

        wanted = files(read)
        if not wanted or set(place.look(wanted).values()) == {State.SAME}:
            return "unchanged"
        try:
            return place.push(wanted, message, seen)
        except PlaceChangedError:
            continue
    raise PushError(f"others wrote there {TRIES} times meanwhile", hint="run it again")


def _nothing(now: datetime) -> Plan:
    """A plan of nothing: places take the time of their commits from one."""
    return Plan(
        channel=Channel.DEV,
        version=version.parse("0.0.0"),
        tag="",
        commit="0" * 40,
        committed_at=int(now.timestamp()),
        branch="",
        dirty=False,
        targets=(),
    )
