"""Root and targets metadata, made and changed: the first ones, and those that follow when keys come and go."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from securesystemslib.signer import CryptoSigner, Key
from tuf.api.metadata import DelegatedRole, Delegations, Root, Targets
from tuf.api.metadata import Role as RootRole

from release.signing import metadata, private, roles
from release.signing.public import Public, Role
from release.signing.roles import Signing


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """New keys for every role, and what they sign."""

    public: Public
    signers: Mapping[str, Sequence[CryptoSigner]]


def first(counts: Mapping[str, int], thresholds: Mapping[str, int], own: Signing, now: datetime) -> Fresh:
    """Keys for every role, and the first root and targets metadata.

    Args:
        counts: how many keys a role gets; one where it is not named.
        thresholds: how many of them must sign; one where it is not named.
        own: how long signatures hold.
        now: the time.
    """
    signers = {name: tuple(private.made() for _ in range(counts.get(name, 1))) for name in roles.NAMES}
    given = {
        name: Role(keys={each.public_key.keyid: each.public_key for each in made}, threshold=thresholds.get(name, 1))
        for name, made in signers.items()
    }
    root = metadata.signed(root_of(given, 1, own, now), signers[roles.ROOT])
    targets = metadata.signed(targets_of(given, 1, own, now), signers[roles.TARGETS])
    return Fresh(public=Public(roots=(root,), targets=(targets,), revoked=frozenset()), signers=signers)


def root_of(given: Mapping[str, Role], version: int, own: Signing, now: datetime) -> Root:
    """A root that names the keys of the framework's four roles."""
    names = (*roles.OFFLINE, *roles.ONLINE)
    return Root(
        version=version,
        expires=metadata.whole(now) + roles.period(own, roles.ROOT),
        keys=_keys(given[name] for name in names),
        roles={
            name: RootRole(keyids=list(given[name].keys), threshold=given[name].threshold) for name in sorted(names)
        },
        consistent_snapshot=True,
    )


def targets_of(given: Mapping[str, Role], version: int, own: Signing, now: datetime) -> Targets:
    """Targets metadata that names no target, and hands the files of each channel to its role."""
    delegated = {
        each.name: DelegatedRole(
            name=each.name,
            keyids=list(given[each.name].keys),
            threshold=given[each.name].threshold,
            terminating=True,
            paths=list(each.paths),
        )
        for each in roles.DELEGATIONS
    }
    return Targets(
        version=version,
        expires=metadata.whole(now) + roles.period(own, roles.TARGETS),
        delegations=Delegations(keys=_keys(given[name] for name in delegated), roles=delegated),
    )


def _keys(found: Iterable[Role]) -> dict[str, Key]:
    every = {keyid: key for role in found for keyid, key in role.keys.items()}
    return dict(sorted(every.items()))
