"""The signed site as files: what a place holds, and the smallest change of it that says something new.

A site is a repository of The Update Framework with consistent snapshots: a name that holds a number or a digest
never changes, and timestamp.json is the one file that does. Versions only go up.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from securesystemslib.signer import Signer
from tuf.api.metadata import Metadata, MetaFile, Snapshot, TargetFile, Targets, Timestamp

from release.errors import KeysInvalidError, SiteBrokenError
from release.model import File, Read
from release.signing import metadata, roles
from release.signing.public import Public, Role
from release.signing.roles import Signing

TIMESTAMP_PATH = "metadata/timestamp.json"
# Nobody publishes that often: a number above it, without a signature that counts, is an attacker's.
_PLAUSIBLE = 10**7

# Gives the signers of a role whose keys are at hand, enough of them; raises KeyMissingError where they are not.
type Sign = Callable[[str, Role], tuple[Signer, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found[T: (Snapshot, Targets, Timestamp)]:
    """Metadata of a place: its bytes, what is in them, and whether its role's present keys signed it."""

    content: bytes
    made: Metadata[T]
    genuine: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What a place holds of a role and above it.

    Attributes:
        held: reads from the place.
        role: name of the delegated role; empty where only snapshot and timestamp are looked at.
        targets: what the role names, by path; nothing where its signature does not count any more.
    """

    public: Public
    held: Read
    role: str
    timestamp: _Found[Timestamp] | None
    snapshot: _Found[Snapshot] | None
    signed: _Found[Targets] | None
    targets: Mapping[str, TargetFile]

    def content(self, path: str) -> bytes | None:
        """The content of a target, held against what is signed; None where the site has none, or another."""
        target = self.targets.get(path)
        found = self.held(_target_path(path, target.hashes["sha256"])) if target else None
        right = target and found is not None and hashlib.sha256(found).hexdigest() == target.hashes["sha256"]
        return found if right else None


def opened(public: Public, held: Read, role: str) -> Site:
    """Look at what a place holds.

    Args:
        public: the keys. Without its `revoked`, what revoked keys signed is carried on.
        held: reads from the place.
        role: name of a channel's role; empty for what stands above them.

    Raises:
        SiteBrokenError: a file that is named there is missing, or is no metadata.
        KeysInvalidError: the site knows newer keys than these.
    """
    _refuse_newer_root(public, held)
    timestamp = _read(public, held, TIMESTAMP_PATH, roles.TIMESTAMP, Metadata[Timestamp])
    snapshot: _Found[Snapshot] | None = None
    signed: _Found[Targets] | None = None
    if timestamp is not None:
        path = _numbered(timestamp.made.signed.snapshot_meta.version, roles.SNAPSHOT)
        snapshot = _needed(path, _read(public, held, path, roles.SNAPSHOT, Metadata[Snapshot]))
        _refuse_newer_targets(public, snapshot)
        meta = snapshot.made.signed.meta.get(f"{role}.json") if role else None
        if meta is not None:
            path = _numbered(meta.version, role)
            signed = _needed(path, _read(public, held, path, role, Metadata[Targets]))
    site = Site(public=public, held=held, role=role, timestamp=timestamp, snapshot=snapshot, signed=signed, targets={})
    return replace(site, targets=dict(signed.made.signed.targets)) if signed and _counts(public, signed, role) else site


def _read[T: (Snapshot, Targets, Timestamp)](
    public: Public, held: Read, path: str, role: str, kind: type[Metadata[T]]
) -> _Found[T] | None:
    content = held(path)
    if content is None:
        return None
    try:
        made = metadata.parsed(kind, content)
    except ValueError as error:
        raise _broken(path, str(error)) from None
    genuine = metadata.valid(public.role(role), made, without=public.revoked)
    return _Found(content=content, made=made, genuine=genuine)


def _refuse_newer_root(public: Public, held: Read) -> None:
    """Refuse a checkout whose keys are older than those of the site: no client would take what it publishes."""
    following = _numbered(len(public.roots) + 1, roles.ROOT)
    if held(following) is not None:
        raise _newer(f"it has {following}")


def _refuse_newer_targets(public: Public, snapshot: _Found[Snapshot]) -> None:
    there = snapshot.made.signed.meta.get(f"{roles.TARGETS}.json")
    if snapshot.genuine and there is not None and there.version > len(public.targets):
        raise _newer(f"it has {_numbered(there.version, roles.TARGETS)}")


def _newer(why: str) -> KeysInvalidError:
    return KeysInvalidError(
        f"the site knows newer keys than this checkout: {why}",
        hint="take the folder of keys from the newest commit; a site of other keys altogether needs a place of its own",
    )


def _needed[T: (Snapshot, Targets, Timestamp)](path: str, found: _Found[T] | None) -> _Found[T]:
    if found is None:
        raise _broken(path, "it is named there, and missing")
    return found


def _broken(path: str, why: str) -> SiteBrokenError:
    return SiteBrokenError(
        f"{path} of the signed site is not what was published: {why}",
        hint="put back what the place held before, then publish again",
    )


def _counts(public: Public, signed: _Found[Targets], role: str) -> bool:
    """Whether what a role's file names can be carried on: its keys signed it, or earlier ones that nobody revoked."""
    return signed.genuine or any(
        metadata.valid(earlier, signed.made, without=public.revoked) for earlier in public.earlier(role)
    )


# --- writing -----------------------------------------------------------------------------------------------


def sealed(
    site: Site, wanted: Mapping[str, bytes], gone: frozenset[str], sign: Sign, own: Signing, now: datetime
) -> tuple[File, ...]:
    """All files of a site in which a role names some targets more, and some no more.

    Args:
        site: what the place holds.
        wanted: content of the role's targets that must be there, by their path.
        gone: paths that the role is not to name any more.
        sign: signs for a role; only called for what changes.
        own: how long signatures hold.
        now: the time; signatures of which less than half is left are made anew.

    Raises:
        KeyMissingError, KeyUnfitError, PassphraseError: a signature is needed, and cannot be made.
    """
    targets = {path: target for path, target in site.targets.items() if path not in gone}
    targets |= {path: TargetFile.from_data(path, content, ["sha256"]) for path, content in wanted.items()}
    role = _renewed(
        site.signed, Targets(targets=dict(sorted(targets.items()))), site.role, _Pen(site.public, sign, own, now)
    )
    return (
        *(
            File(path=_target_path(path, targets[path].hashes["sha256"]), content=content)
            for path, content in wanted.items()
        ),
        *_upper(site, {site.role: role}, _Pen(site.public, sign, own, now)),
    )


def refreshed(site: Site, sign: Sign, own: Signing, now: datetime, stale: Iterable[Site] = ()) -> tuple[File, ...]:
    """The files of a site with a new timestamp, and a new snapshot where the old one nears its end.

    Args:
        site: what the place holds.
        sign: signs for a role; only called for what changes.
        own: how long signatures hold.
        now: the time.
        stale: the same of the roles that are to be signed again, because their keys were replaced.

    Raises:
        SiteBrokenError: there is no site yet.
        KeyMissingError, KeyUnfitError, PassphraseError: see `sealed`.
    """
    if site.timestamp is None:
        raise _broken(TIMESTAMP_PATH, "there is none")
    pen = _Pen(site.public, sign, own, now, eager=True)
    again = {each.role: _renewed(each.signed, Targets(targets=dict(each.targets)), each.role, pen) for each in stale}
    return _upper(site, again, pen)


@dataclass(frozen=True, slots=True)
class _Pen:
    """What signing takes: the keys, how long it holds, the time; and whether the timestamp is renewed anyway."""

    public: Public
    sign: Sign
    own: Signing
    now: datetime
    eager: bool = False


def _upper(site: Site, written: Mapping[str, bytes], pen: _Pen) -> tuple[File, ...]:
    """Root, targets, roles, snapshot and timestamp: in an order in which nothing names what is not there yet."""
    public, files = site.public, []
    for name, chain in ((roles.ROOT, public.roots), (roles.TARGETS, public.targets)):
        files += [File(path=_numbered(number, name), content=each) for number, each in enumerate(chain, start=1)]
    meta = dict(site.snapshot.made.signed.meta) if site.snapshot else {}
    known = {f"{each.name}.json" for each in roles.DELEGATIONS}
    meta = {name: each for name, each in meta.items() if name in known}
    meta[f"{roles.TARGETS}.json"] = _meta(public.top.signed.version, public.targets[-1])
    for name, content in written.items():
        version = Metadata[Targets].from_bytes(content).signed.version
        files.append(File(path=_numbered(version, name), content=content))
        meta[f"{name}.json"] = _meta(version, content)
    snapshot = _renewed(site.snapshot, Snapshot(meta=dict(sorted(meta.items()))), roles.SNAPSHOT, pen)
    version = Metadata[Snapshot].from_bytes(snapshot).signed.version
    files.append(File(path=_numbered(version, roles.SNAPSHOT), content=snapshot))
    timestamp = _renewed(site.timestamp, Timestamp(snapshot_meta=_meta(version, snapshot)), roles.TIMESTAMP, pen)
    return (*files, File(path=TIMESTAMP_PATH, content=timestamp))


def _renewed[T: (Snapshot, Targets, Timestamp)](held: _Found[T] | None, wanted: T, role: str, pen: _Pen) -> bytes:
    """The held metadata where it says the same and holds for long enough; else a new version of it, signed."""
    period = roles.period(pen.own, role)
    now = metadata.whole(pen.now)
    if held is not None:
        wanted.version = held.made.signed.version
        wanted.expires = held.made.signed.expires
        left = wanted.expires - now
        enough = period * 15 / 16 if pen.eager and role == roles.TIMESTAMP else period / 2
        if held.genuine and wanted == held.made.signed and left > enough:
            return held.content
        # Clients forget the number of a role whose keys were replaced: that of an attacker leads nowhere.
        wanted.version = held.made.signed.version + 1 if held.genuine or wanted.version < _PLAUSIBLE else 1
    wanted.expires = now + period
    return metadata.signed(wanted, pen.sign(role, pen.public.role(role)))


def _meta(version: int, content: bytes) -> MetaFile:
    return MetaFile(version=version, length=len(content), hashes={"sha256": hashlib.sha256(content).hexdigest()})


def _numbered(version: int, role: str) -> str:
    return f"metadata/{version}.{role}.json"


def _target_path(path: str, sha256: str) -> str:
    folder, _, name = path.rpartition("/")
    return f"targets/{folder}/{sha256}.{name}" if folder else f"targets/{sha256}.{name}"
