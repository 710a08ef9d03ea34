"""One look at a signed site through one of its addresses: which files are asked for, and in which order.

`trust.py` says which of them count. What an earlier look left is not asked for again as long as it still counts.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from urllib.parse import quote

from iterate.errors import SiteNotTrusted, SiteUnreachable, VersionUnknown
from iterate.install import metadata, network, trust
from iterate.install.known import Known
from iterate.install.metadata import Key, Listed, Root, Signed, Signers, Snapshot, Target, Targets, Timestamp
from iterate.install.network import Absent, Door, Pace

# The bounds of python-tuf.
ROOT_BYTES = 512_000
TIMESTAMP_BYTES = 16_000
SNAPSHOT_BYTES = 2_000_000
TARGETS_BYTES = 5_000_000
DOCUMENT_BYTES = 1_000_000
ROOT_STEPS = 256
DELEGATIONS = 32
# Documents that are kept for the next look.
DOCUMENTS = 8
# All files of one look together, in seconds.
PATIENCE_S = 60.0


class Look:
    """What an address shows, as far as it was verified; `learned` is worth remembering, also after a failure."""

    def __init__(self, address: str, door: Door, known: Known, root: bytes, now: datetime) -> None:
        self.address = address
        self._door, self._known, self._given, self._now = door, known, root, now
        self._pace = Pace(PATIENCE_S)
        self._roots: trust.Roots | None = None
        self._timestamp: Signed[Timestamp] | None = None
        self._snapshot: Signed[Snapshot] | None = None
        self._roles: dict[str, Signed[Targets]] = {}
        self._documents: dict[str, bytes] = {}
        self._lapses: list[datetime] = []

    def begin(self) -> None:
        """Get root, timestamp and snapshot.

        Raises:
            SiteUnreachable, SiteNotTrusted, ChannelLapsed: This address gives no answer that counts.
        """
        roots = self._followed()
        root = roots.end(self._now)
        self._roots = roots
        self._lapses.append(root.expires)
        before, kept = self._guards(root)
        self._timestamp = before
        raw = self._fetched("metadata/timestamp.json", TIMESTAMP_BYTES)
        self._timestamp = trust.timestamp(raw, root, before, self._now)
        self._lapses.append(self._timestamp.role.expires)
        self._snapshot = kept
        listed = self._timestamp.role.meta.snapshot
        self._snapshot = self._counting(
            kept.raw if kept else b"",
            lambda: self._fetched(f"metadata/{listed.version}.snapshot.json", _least(listed, SNAPSHOT_BYTES)),
            lambda raw: trust.snapshot(raw, root, listed, kept, self._now),
        )
        self._lapses.append(self._snapshot.role.expires)

    def content(self, path: str) -> bytes:
        """The file of that path, or what is kept of it; raises `VersionUnknown` when nobody speaks for it."""
        target = self._target(path)
        if target is None:
            raise VersionUnknown(f"the site has no {path}")
        if target.length > DOCUMENT_BYTES:
            raise SiteNotTrusted(f"{path} of the site is longer than the {DOCUMENT_BYTES} bytes that it may have")
        kept = self._known.documents.get(path, "").encode()
        if not _is(target, kept):
            folder, _, name = path.rpartition("/")
            kept = self._fetched(f"targets/{folder}/{target.hashes.sha256}.{name}", target.length)
        if not _is(target, kept):
            raise SiteNotTrusted(f"{path} of the site is another file than the one that was signed for")
        self._documents[path] = kept
        return kept

    def paths(self, path: str) -> tuple[str, ...]:
        """All paths that the roles list which may speak for this one."""
        return tuple(dict.fromkeys(each for role in self._asked(path) for each in role.role.targets))

    @property
    def lapses(self) -> datetime:
        """When the first of the files that were read so far lapses."""
        return min(self._lapses)

    def learned(self, seen: datetime) -> Known:
        """What there is to remember; `seen` is the latest time at which a look succeeded."""
        roots, old = self._roots, self._known
        if roots is None:
            return old
        documents = {**old.documents, **{path: raw.decode(errors="replace") for path, raw in self._documents.items()}}
        return Known(
            digests=roots.digests,
            root=roots.newest.raw.decode(),
            timestamp=_text(self._timestamp),
            snapshot=_text(self._snapshot),
            roles={**old.roles, **{name: _text(role) for name, role in self._roles.items()}},
            documents=dict(list(documents.items())[-DOCUMENTS:]),
            counters=(roots.version, self._timestamp.role.version if self._timestamp else 0),
            seen=seen,
        )

    def _followed(self) -> trust.Roots:
        """The newest root, from the one that was trusted last; from the given one when the two are not of one chain."""
        given = trust.Roots(self._given)
        digest = given.digests[0]
        kept = self._kept_roots()
        if kept is not None and digest in kept.digests:
            # Never back to the given one: old keys of the root, which were taken away, could lead elsewhere from there.
            self._follow(kept)
            return kept
        if kept is not None and given.version > kept.version:
            with suppress(SiteNotTrusted):
                self._follow(kept)
                if digest in kept.digests:
                    return kept
        self._follow(given)
        return given

    def _kept_roots(self) -> trust.Roots | None:
        with suppress(SiteNotTrusted):
            return trust.Roots(self._known.root.encode(), self._known.digests[:-1])
        return None

    def _follow(self, roots: trust.Roots) -> None:
        for _ in range(ROOT_STEPS):
            try:
                raw = self._fetched(f"metadata/{roots.version + 1}.root.json", ROOT_BYTES)
            except Absent:
                return
            roots.follow(raw)
        raise SiteNotTrusted(f"the site has more than {ROOT_STEPS} roots that follow one another")

    def _guards(self, root: Root) -> tuple[Signed[Timestamp] | None, Signed[Snapshot] | None]:
        """The timestamp and the snapshot that new ones must not be older than."""
        known, roots = self._known, self._roots
        # A root that came with a new installation begins anew when it does not go on from, or lead to, what was known.
        if roots is None or not known.digests or known.digests[-1] not in roots.digests:
            return None, None
        if trust.renews(metadata.read(known.root.encode(), Root).role, root):
            return None, None
        return (
            trust.guard(known.timestamp.encode(), Timestamp, root, root.roles.timestamp),
            trust.guard(known.snapshot.encode(), Snapshot, root, root.roles.snapshot),
        )

    def _target(self, path: str) -> Target | None:
        return next((found for role in self._asked(path) if (found := role.role.targets.get(path))), None)

    def _asked(self, path: str) -> Iterator[Signed[Targets]]:
        """The roles that may speak for a path, in the order in which they are asked."""
        roots = self._roots
        if roots is None:
            raise SiteNotTrusted("the site was not looked at")
        root = roots.newest.role
        waiting: list[tuple[str, Mapping[str, Key], Signers]] = [("targets", root.keys, root.roles.targets)]
        asked: set[str] = set()
        while waiting and len(asked) < DELEGATIONS:
            name, keys, signers = waiting.pop()
            if name in asked:
                continue
            asked.add(name)
            role = self._role(name, keys, signers)
            if role is None:
                continue
            yield role
            further = trust.delegates(role.role, path)
            if any(each.terminating for each in further):
                waiting.clear()
            known = role.role.delegations.keys if role.role.delegations else {}
            waiting += [(each.name, known, each.signers) for each in reversed(further)]

    def _role(self, name: str, keys: Mapping[str, Key], signers: Signers) -> Signed[Targets] | None:
        """A role's file; None before the role's first. Its signatures are looked at each time.

        Two delegators may name two roles alike, so that what counts for one does not count for the other.
        """
        if self._snapshot is None:
            raise SiteNotTrusted("the site was not looked at")
        listed = self._snapshot.role.meta.get(f"{name}.json")
        if listed is None:
            return None
        kept = self._roles[name].raw if name in self._roles else self._known.roles.get(name, "").encode()
        role = self._counting(
            kept,
            lambda: self._fetched(f"metadata/{listed.version}.{name}.json", _least(listed, TARGETS_BYTES)),
            lambda raw: trust.targets(raw, name, keys, signers, listed, self._now),
        )
        self._roles[name] = role
        self._lapses.append(role.role.expires)
        return role

    def _counting[Found](self, kept: bytes, fetch: Callable[[], bytes], accept: Callable[[bytes], Found]) -> Found:
        """What is kept, when it still counts, else what is got."""
        if kept:
            with suppress(SiteNotTrusted):
                return accept(kept)
        return accept(fetch())

    def _fetched(self, path: str, limit: int) -> bytes:
        raw = self._door.fetch(self.address + quote(path), limit, self._pace)
        if raw.lstrip()[:1] == b"<":
            raise SiteUnreachable(f"{self.address}{path}: {network.PORTAL[0]}", network.PORTAL[1])
        return raw


def _least(listed: Listed, limit: int) -> int:
    """How many bytes a file may have: what is listed, and never more than files of its kind may."""
    return limit if listed.length is None else min(listed.length, limit)


def _is(target: Target, raw: bytes) -> bool:
    return len(raw) == target.length and hashlib.sha256(raw).hexdigest() == target.hashes.sha256


def _text(signed: Signed[Timestamp] | Signed[Snapshot] | Signed[Targets] | None) -> str:
    return signed.raw.decode() if signed else ""
