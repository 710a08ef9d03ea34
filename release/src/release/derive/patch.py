"""Patches: from the tar of an earlier version to a new one, so that an upgrade downloads what changed.

A patch is zstd with the old tar as its prefix, as `zstd --patch-from` makes it, and depends on nothing but the two
tars. See docs/decisions/0107-patches-are-zstd-with-the-old-tar-as-prefix.md.
"""

import hashlib
import os
import sys
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from release import destinations, disk, manifest, network, signing
from release.errors import KeysInvalidError, PushError, ReleaseCorruptError, SiteBrokenError
from release.model import Artifact, Base, Kind, Release
from release.packagers import archives_of, channel, naming
from release.product import Product, Profile
from release.progress import Progress
from release.signing import roles

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from release.signing.repository import Site

# The whole of what a processor does in 17 s for a tar of 29 MB. Level 12 takes 1 s, and makes patches a third larger.
LEVEL = 19
WORKERS = 4  # each holds two tars, and some hundred megabytes of tables
# What is larger, of an archive's size, is hardly worth the old tar that a client has to make again.
WORTHWHILE = 0.6
# Both tars lie in memory, here and at the client: the window of its decoder is bounded by this, too.
LARGEST = 1 << 29


class _Tar(msgspec.Struct, frozen=True):
    size: int
    sha256: str


class _Archive(msgspec.Struct, frozen=True):
    target: str
    file: str
    urls: tuple[str, ...]
    size: int
    sha256: str
    tar: _Tar | None


class _Document(msgspec.Struct, frozen=True):
    """What of a channel's document says where an earlier version's archives are."""

    version: str
    tag: str
    artifacts: tuple[_Archive, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where earlier archives are looked for: the place of archives, where it is a folder, then their addresses."""

    product: Product
    profile: Profile
    release: Release
    dist: Path


def make(product: Product, profile: Profile, release: Release, dist: Path, progress: Progress) -> tuple[Artifact, ...]:
    """Make patches from the newest earlier versions of the channel, as the profile's site names them.

    A patch is a help and no promise: a site that cannot be read, or an earlier archive that cannot be had or is another
    than was signed for, is told and left out, and so is a patch that saves little.

    Raises:
        ReleaseCorruptError: an archive of the release holds another tar than its record says.
        DiskFullError, WriteError: the patches cannot be written.
    """
    own = roles.table(product)
    ours = [each for each in archives_of(release) if each.tar is not None and each.tar.size <= LARGEST]
    if not own.patches or not ours or "channel" not in profile.places:
        return ()
    place = _Place(product=product, profile=profile, release=release, dist=dist)
    try:
        documents = list(_earlier(place, own.patches, progress))
    except (PushError, SiteBrokenError, KeysInvalidError) as error:
        progress.note(f"no patches: {error}")
        return ()
    pairs = [
        (document, old, new)
        for document in documents
        for old in document.artifacts
        for new in ours
        if new.target.name == old.target and old.tar is not None
    ]

    def one(pair: tuple[_Document, _Archive, Artifact]) -> Artifact | None:
        document, old, new = pair
        return _made(place, document, old, new, progress)

    with ThreadPoolExecutor(min(WORKERS, os.cpu_count() or 1)) as pool:
        made = pool.map(one, pairs)
        return tuple(patch for patch in made if patch is not None)


# --- what there was ----------------------------------------------------------------------------------------


def _earlier(place: _Place, count: int, progress: Progress) -> Iterator[_Document]:
    """The newest signed documents of the stream that are older than the release, and not withdrawn."""
    from release.signing import public, repository

    where = signing.folder(place.product)
    if where is None:
        return
    # Only read here, so the public part is enough; a local profile has throwaway keys, or has published nothing.
    ours = place.dist / signing.THROWAWAY
    found = (public.read(ours) if place.profile.local else None) or public.read(where)
    if found is None:
        return
    plan = place.release.plan
    stream = naming.stream(plan)
    _, destination = destinations.located(
        place.product, place.profile, plan, place.dist, outlet="channel", package=stream
    )
    site = repository.opened(found, destination.read, roles.delegation(plan.channel).name)
    for text in channel.versions(site.targets, stream, before=plan.version)[:count]:
        document = _document(site, channel.named(stream, text))
        if document is None:
            progress.note(f"no patch from {text}: its document is not the one that was signed")
        else:
            yield document


def _document(site: "Site", path: str) -> _Document | None:
    content = site.content(path)
    try:
        return msgspec.json.decode(content, type=_Document) if content else None
    except msgspec.MsgspecError:
        return None


def _old_tar(place: _Place, document: _Document, old: _Archive) -> bytes | None:
    """The tar of an earlier archive; None where it cannot be had, or has other bytes than were signed for."""
    if old.tar is None or old.tar.size > LARGEST:
        return None
    packed = _local(place, document, old) or _downloaded(place, old)
    if packed is None or len(packed) != old.size or hashlib.sha256(packed).hexdigest() != old.sha256:
        return None
    tar = _unpacked(packed, old.tar.size)
    return tar if tar is not None and hashlib.sha256(tar).hexdigest() == old.tar.sha256 else None


def _unpacked(packed: bytes, size: int) -> bytes | None:
    """What a gzip file holds, when it has this size; no more than that is ever unpacked."""
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        found = unpacker.decompress(packed, size + 1)
    except zlib.error:
        return None
    return found if len(found) == size else None


def _local(place: _Place, document: _Document, old: _Archive) -> bytes | None:
    """The archive from the place of archives, where that is a folder of this machine."""
    text = place.profile.places.get("archives")
    if text is None or not destinations.is_local(text):
        return None
    _, destination = destinations.located(
        place.product, place.profile, place.release.plan, place.dist, outlet="archives", package=place.product.name
    )
    return destination.read(f"{document.tag}/{old.file}")


def _downloaded(place: _Place, old: _Archive) -> bytes | None:
    work = place.dist / "build" / "patches"
    with disk.guarded(work):
        work.mkdir(parents=True, exist_ok=True)
        path = work / old.sha256
        for url in old.urls:
            got = network.fetch(url, into=path, limit=old.size)
            if (got.size, got.sha256) == (old.size, old.sha256):
                content = path.read_bytes()
                path.unlink()
                return content
        path.unlink(missing_ok=True)
        return None


# --- patches -----------------------------------------------------------------------------------------------


def _made(place: _Place, document: _Document, old: _Archive, new: Artifact, progress: Progress) -> Artifact | None:
    """The patch between two archives of a target; None where it cannot be made, or saves little."""
    tar = _old_tar(place, document, old)
    if tar is None or old.tar is None or new.tar is None:
        progress.note(f"no patch from {old.file}: it cannot be had, or has other bytes than were signed for")
        return None
    progress.now(f"a patch from {old.file}")
    archive = place.dist / manifest.ARTIFACTS / new.file
    manifest.check(new, archive)
    with disk.guarded(archive):
        ours = _unpacked(archive.read_bytes(), new.tar.size)
    if ours is None or hashlib.sha256(ours).hexdigest() != new.tar.sha256:
        raise ReleaseCorruptError(
            f"{new.file} holds another tar than its record says", hint=f"build {new.target.name} again, and merge again"
        )
    patch = delta(tar, ours)
    if len(patch) > new.size * WORTHWHILE:
        progress.note(f"no patch from {old.file}: it would have {len(patch)} of {new.size} bytes")
        return None
    file = f"{new.file.removesuffix(new.target.suffix)}-from-{document.version}.patch.zst"
    disk.write(place.dist / manifest.ARTIFACTS / file, patch)
    return Artifact(
        file=file,
        kind=Kind.PATCH,
        target=new.target,
        made_from=new.file,
        size=len(patch),
        sha256=hashlib.sha256(patch).hexdigest(),
        glibc=new.glibc,
        fake=new.fake,
        base=Base(version=document.version, sha256=old.tar.sha256),
    )


def delta(old: bytes, new: bytes) -> bytes:
    """The patch that leads from one tar to another."""
    return zstd.compress(
        new,
        zstd_dict=zstd.ZstdDict(old, is_raw=True).as_prefix,
        options={
            zstd.CompressionParameter.compression_level: LEVEL,
            zstd.CompressionParameter.enable_long_distance_matching: 1,
            # Matches reach back over all of both; clients take a window of 2**30 at most.
            zstd.CompressionParameter.window_log: min(30, max(10, max(len(old), len(new)).bit_length() + 1)),
            zstd.CompressionParameter.checksum_flag: 1,
        },
    )
