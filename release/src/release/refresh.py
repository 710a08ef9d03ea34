"""The verb refresh: the site says once more what it says already, so that clients know that it is still so."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from release import site
from release.model import File, Read
from release.product import Product, Profile
from release.signing import Trust, repository, roles
from release.signing.private import Private
from release.signing.repository import Site

SOON = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """When a role's newest signature ends, and whether it is time that its holders know."""

    role: str
    expires: datetime
    soon: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """What was done at a place, and when the signatures there end.

    Attributes:
        stale: roles that are signed with keys that count no more, and whose new ones are not at hand.
    """

    where: str
    done: str
    endings: tuple[Ending, ...]
    stale: tuple[str, ...]


def refresh(
    product: Product,
    profile: Profile,
    dist: Path,
    now: datetime,
    *,
    at_hand: Private | None = None,
    carry_revoked: bool = False,
) -> Refreshed:
    """Sign the timestamp at a profile's site again, the snapshot where it nears its end, and nothing else.

    Only what replaced keys had signed is signed again too, by roles whose new keys are at hand.

    Args:
        product: what release.toml says.
        profile: whose site.
        dist: folder of results; the paths of places start there.
        now: the time.
        at_hand: where private keys are looked for; what the environment says when None.
        carry_revoked: carry on what revoked keys have signed, after somebody has read it.

    Raises:
        ConfigInvalidError: the channels are not signed, or have no place in the profile.
        SiteBrokenError: there is no site yet, or it is not what was published.
        KeyMissingError, KeyUnfitError, PassphraseError: the timestamp's key is not at hand.
        PushError: the place cannot be read or written.
    """
    trust, where, place = site.opened(product, profile, dist, now, at_hand)
    public = replace(trust.public, revoked=frozenset()) if carry_revoked else trust.public
    left: list[str] = []
    endings: list[Ending] = []

    def files(read: Read) -> tuple[File, ...]:
        sites = {each.name: repository.opened(public, read, each.name) for each in roles.DELEGATIONS}
        old = [each for each in sites.values() if each.signed and not each.signed.genuine]
        able = [each for each in old if trust.can(each.role)]
        left[:] = [each.role for each in old if each not in able]
        signing = roles.table(product)
        anew = {each.role: now + roles.period(signing, each.role) for each in able}
        endings[:] = _endings(trust, sites.values(), anew, now)
        top = replace(repository.opened(public, read, ""), public=trust.public)
        return repository.refreshed(top, trust.sign, signing, now, able)

    done = site.pushed(place, files, "the signatures are renewed")
    return Refreshed(where=where, done=done, endings=tuple(endings), stale=tuple(left))


def _endings(trust: Trust, sites: Iterable[Site], anew: Mapping[str, datetime], now: datetime) -> list[Ending]:
    """When what only its holders can renew ends; `anew` is what is signed again here."""
    held = {
        roles.ROOT: trust.public.root.signed.expires,
        roles.TARGETS: trust.public.top.signed.expires,
        **{each.role: each.signed.made.signed.expires for each in sites if each.signed},
        **anew,
    }
    return [Ending(role=name, expires=expires, soon=expires - now < SOON) for name, expires in held.items()]
