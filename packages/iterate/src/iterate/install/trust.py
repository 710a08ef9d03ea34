"""The rules by which a signed site is believed: the client's workflow of the TUF specification 1.0, section 5.

Nothing is read or written here. Files come in as bytes, in the order of the workflow, and are values afterwards or a
`SiteNotTrusted`, or a `ChannelLapsed` when all is well with them but their time.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime

from iterate.errors import ChannelLapsed, SiteNotTrusted
from iterate.install import metadata
from iterate.install.metadata import Delegated, Key, Listed, Root, Signed, Signers, Snapshot, Targets, Timestamp


class Roots:
    """A chain of root files that ends with the newest: each was signed by its forerunner's keys and by its own."""

    def __init__(self, first: bytes, before: tuple[str, ...] = ()) -> None:
        """Begin with a root that came in a way that is trusted.

        Args:
            first: the file.
            before: SHA-256 of the roots that led to it, the oldest first.
        """
        root = metadata.read(first, Root)
        if not root.is_signed(root.role.keys, root.role.roles.root):
            raise SiteNotTrusted("the trusted root is not signed by its own keys")
        self.newest = root
        self.digests = (*before, root.sha256)

    @property
    def version(self) -> int:
        """Of the newest one."""
        return self.newest.role.version

    def follow(self, raw: bytes) -> None:
        """Take the next root, whose own expiry does not count before it is known to be the last."""
        root, trusted = metadata.read(raw, Root), self.newest.role
        if root.role.version != self.version + 1:
            raise SiteNotTrusted(f"root {self.version + 1} of the site says that it is root {root.role.version}")
        if not root.is_signed(trusted.keys, trusted.roles.root):
            raise SiteNotTrusted(f"root {root.role.version} of the site is not signed by the keys of its forerunner")
        if not root.is_signed(root.role.keys, root.role.roles.root):
            raise SiteNotTrusted(f"root {root.role.version} of the site is not signed by its own keys")
        self.newest = root
        self.digests = (*self.digests, root.sha256)

    def end(self, now: datetime) -> Root:
        """The root that counts, when no further one was found."""
        root = self.newest.role
        _refuse_lapsed("root", root.expires, now)
        if not root.consistent_snapshot:
            raise SiteNotTrusted("the site keeps no snapshots apart, so its files could be mixed")
        return root


def renews(old: Root, new: Root) -> bool:
    """Whether the keys of timestamp or snapshot are others now.

    The counters that those keys vouched for mean nothing then: who had stolen them may have pushed them up, so that
    nothing that follows would count as newer (specification, 5.3.11: recovery from a fast-forward attack).
    """
    return any(
        _vouching(old, before) != _vouching(new, now)
        for before, now in ((old.roles.timestamp, new.roles.timestamp), (old.roles.snapshot, new.roles.snapshot))
    )


def guard[Role: (Timestamp, Snapshot)](
    raw: bytes, kind: type[Role], root: Root, signers: Signers
) -> Signed[Role] | None:
    """A file of an earlier look, to hold new ones against; None when the keys of now do not vouch for it."""
    try:
        kept = metadata.read(raw, kind)
    except SiteNotTrusted:
        return None
    return kept if kept.is_signed(root.keys, signers) else None


def timestamp(raw: bytes, root: Root, before: Signed[Timestamp] | None, now: datetime) -> Signed[Timestamp]:
    """The newest timestamp: this one, or the one from before when it is the same version."""
    new = metadata.read(raw, Timestamp)
    if not new.is_signed(root.keys, root.roles.timestamp):
        raise SiteNotTrusted("the timestamp of the site is not signed by the keys that its root names")
    if before is not None:
        _refuse_older("the timestamp", new.role.version, before.role.version)
        if new.role.version == before.role.version:
            new = before
        _refuse_older("the snapshot", new.role.meta.snapshot.version, before.role.meta.snapshot.version)
    _refuse_lapsed("timestamp", new.role.expires, now)
    return new


def snapshot(
    raw: bytes, root: Root, listed: Listed, before: Signed[Snapshot] | None, now: datetime
) -> Signed[Snapshot]:
    """The snapshot that the timestamp names."""
    _refuse_other("snapshot", raw, listed)
    new = metadata.read(raw, Snapshot)
    if not new.is_signed(root.keys, root.roles.snapshot):
        raise SiteNotTrusted("the snapshot of the site is not signed by the keys that its root names")
    _refuse_version("snapshot", new.role.version, listed)
    for name, known in before.role.meta.items() if before is not None else ():
        if name not in new.role.meta:
            raise SiteNotTrusted(f"the snapshot of the site does not know {name} any more")
        _refuse_older(name, new.role.meta[name].version, known.version)
    _refuse_lapsed("snapshot", new.role.expires, now)
    return new


def targets(
    raw: bytes, name: str, trusted: Mapping[str, Key], signers: Signers, listed: Listed, now: datetime
) -> Signed[Targets]:
    """The targets of a role, which the snapshot lists; its signers and their keys are what its delegator says."""
    _refuse_other(name, raw, listed)
    new = metadata.read(raw, Targets)
    if not new.is_signed(trusted, signers):
        raise SiteNotTrusted(f"the {name} file of the site is not signed by the keys that were given that role")
    _refuse_version(name, new.role.version, listed)
    _refuse_lapsed(name, new.role.expires, now)
    return new


def delegates(role: Targets, path: str) -> tuple[Delegated, ...]:
    """The roles that may speak about a path, in the order in which they are asked; after a terminating one nobody."""
    found: list[Delegated] = []
    for each in role.delegations.roles if role.delegations else ():
        if each.may_sign(path):
            found.append(each)
            if each.terminating:
                break
    return tuple(found)


def _vouching(root: Root, signers: Signers) -> tuple[int, frozenset[bytes]]:
    return signers.threshold, frozenset(root.keys[each].public() for each in signers.keyids if each in root.keys)


def _refuse_lapsed(name: str, expires: datetime, now: datetime) -> None:
    if expires <= now:
        said = expires.astimezone(UTC)
        raise ChannelLapsed(f"the {name} file of the site lapsed on {said:%Y-%m-%d} at {said:%H:%M} UTC")


def _refuse_older(name: str, version: int, known: int) -> None:
    if version < known:
        raise SiteNotTrusted(f"{name} of the site went back from {known} to {version}")


def _refuse_version(name: str, version: int, listed: Listed) -> None:
    if version != listed.version:
        raise SiteNotTrusted(f"the {name} file of the site is version {version}, not {listed.version}")


def _refuse_other(name: str, raw: bytes, listed: Listed) -> None:
    if listed.length is not None and len(raw) != listed.length:
        raise SiteNotTrusted(f"the {name} file of the site has {len(raw)} bytes, not {listed.length}")
    for algorithm, digest in (listed.hashes or {}).items():
        if algorithm in {"sha256", "sha512"} and hashlib.new(algorithm, raw).hexdigest() != digest:
            raise SiteNotTrusted(f"the {name} file of the site is another one than the one that was signed for")
