"""The verb withdraw: a channel goes back to an earlier version, under signatures that are newer than ever."""

import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from release import destinations, network, site, version
from release.errors import PushError, SiteBrokenError, WithdrawnError
from release.model import File, Read
from release.packagers import channel as documents
from release.packagers import installer, naming
from release.product import Channel, Product, Profile
from release.signing import repository, roles
from release.signing.private import Private

OK = 200
LARGEST = 1_000_000  # bytes of an installer


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """What a stream has now, and all that was taken back from it."""

    where: str
    stream: str
    version: str
    withdrawn: tuple[str, ...]
    done: str


def withdraw(
    product: Product,
    profile: Profile,
    dist: Path,
    now: datetime,
    *,
    bad: str,
    stream: str,
    to: str | None = None,
    at_hand: Private | None = None,
) -> Withdrawn:
    """Take a version back from a stream: nobody is given it again, neither by name.

    The stream goes back to `to`, or to the newest earlier version that was not withdrawn; where it has moved on
    already it stays what it is.

    Raises:
        ConfigInvalidError: the channels are not signed, or have no place in the profile.
        WithdrawnError: the stream never had that version, or has no earlier one to go back to.
        SiteBrokenError: the site is not what was published.
        KeyMissingError, KeyUnfitError, PassphraseError: a key of the channel, snapshot or timestamp is not at hand.
        PushError: a place cannot be read or written, or the earlier version's installers are not where they were.
    """
    trust, where, place = site.opened(product, profile, dist, now, at_hand)
    role = roles.delegation(channel_of(stream)).name
    result: list[tuple[str, tuple[str, ...]]] = []
    trusted: list[_Built] = []

    def files(read: Read) -> tuple[File, ...]:
        found = repository.opened(trust.public, read, role)
        chosen, gone = _chosen(found, stream, bad, to)
        document = _document(found, documents.named(stream, chosen))
        content = documents.written({**document, "withdrawn": list(gone)})
        wanted = {documents.current(stream): content}
        dropped = frozenset({documents.named(stream, bad)})
        signed = repository.sealed(found, wanted, dropped, trust.sign, roles.table(product), now)
        result[:] = [(chosen, gone)]
        trusted[:] = msgspec.convert(document, _Archives).artifacts
        return (*signed, File(path=documents.current(stream), content=content))

    done = site.pushed(place, files, f"{stream} takes {bad} back")
    ((chosen, gone),) = result
    _installers_moved(product, profile, dist, now, stream=stream, text=chosen, built=trusted)
    return Withdrawn(where=where, stream=stream, version=chosen, withdrawn=gone, done=done)


class _Built(msgspec.Struct, frozen=True):
    target: str
    sha256: str


class _Archives(msgspec.Struct, frozen=True):
    artifacts: list[_Built]


def _installers_moved(
    product: Product,
    profile: Profile,
    dist: Path,
    now: datetime,
    *,
    stream: str,
    text: str,
    built: list[_Built],
) -> None:
    """Put the earlier version's installers at the channel's address; only where others stand there now.

    They are the frozen copies beside its archives, and hold the digests that are signed for.
    """
    if installer.NAME not in profile.places:
        return
    _, place = site.located(product, profile, dist, now, installer.NAME, stream)
    top = [""] if channel_of(stream) is Channel.LATEST else []

    def files(read: Read) -> tuple[File, ...]:
        found: list[File] = []
        for name in installer.SCRIPTS:
            path = f"{stream}/{name}"
            there = read(path)
            if there is not None and not _installs(there, name, built):
                content = _beside(product, profile, dist, now, text, name, built)
                found += [File(path=f"{folder}{name}", content=content) for folder in (f"{stream}/", *top)]
        return tuple(found)

    site.pushed(place, files, f"The installer of {stream} is {text}")


def _installs(script: bytes, name: str, built: list[_Built]) -> bool:
    """Whether a script installs these archives."""
    windows = name.endswith(".ps1")
    ours = [each for each in built if each.target.startswith("windows") is windows]
    return all(each.sha256.encode() in script for each in ours)


def _beside(
    product: Product, profile: Profile, dist: Path, now: datetime, text: str, name: str, built: list[_Built]
) -> bytes:
    """An earlier version's own installer, from beside its archives.

    Raises:
        PushError: it cannot be had there, or installs something else than was signed for.
    """
    tag = product.tag_of(text)
    content: bytes | None = None
    if "archives" in profile.places and destinations.is_local(profile.places["archives"]):
        _, place = site.located(product, profile, dist, now, "archives", product.name)
        content = place.read(f"{tag}/{name}")
    else:
        with tempfile.TemporaryDirectory(prefix="release-") as folder:
            into = Path(folder, name)
            for url in naming.addresses(profile, tag, text, name):
                got = network.fetch(url, into=into, limit=LARGEST)
                if got.status == OK and got.size <= LARGEST and _installs(into.read_bytes(), name, built):
                    content = into.read_bytes()
                    break
    if content is None or not _installs(content, name, built):
        raise PushError(
            f"the {name} of {text} is not beside its archives, so the installer of the channel is the withdrawn one",
            hint=f"publish {text} again from its results, with --allow-older",
        )
    return content


def channel_of(stream: str) -> Channel:
    """The channel that a stream belongs to.

    Raises:
        WithdrawnError: there is no such stream.
    """
    name, _, slug = stream.partition("-")
    if name not in set(Channel) or bool(slug) != (name == Channel.SNAPSHOT):
        raise WithdrawnError(f"no stream is called '{stream}'", hint="streams are latest, dev and snapshot-BRANCH")
    return Channel(name)


def _chosen(found: repository.Site, stream: str, bad: str, to: str | None) -> tuple[str, tuple[str, ...]]:
    """The version that a stream has after one is withdrawn, and all that are withdrawn then."""
    now = _document(found, documents.current(stream))
    current, before = str(now["version"]), documents.withdrawn(found.content(documents.current(stream)))
    there = documents.versions(found.targets, stream)
    if bad not in {current, *there, *before}:
        raise WithdrawnError(f"{stream} has no version {bad}", hint="it has " + (", ".join(there) or "none"))
    gone = tuple(sorted({*before, bad}, key=lambda each: version.order(version.parse(each))))
    if current not in gone and to is None:
        return current, gone
    limit = version.order(version.parse(bad))
    left = [each for each in there if each not in gone and version.order(version.parse(each)) < limit]
    if to is not None and to not in left:
        raise WithdrawnError(f"{stream} cannot go back to {to}", hint="it can to " + (", ".join(left) or "none"))
    if not left:
        raise WithdrawnError(
            f"{stream} has no version before {bad}", hint="publish a newer one instead, which everybody gets"
        )
    return to or left[0], gone


def _document(found: repository.Site, path: str) -> dict[str, object]:
    content = found.content(path)
    try:
        return msgspec.json.decode(content or b"", type=dict[str, object])
    except msgspec.MsgspecError:
        raise SiteBrokenError(
            f"{path} is not on the signed site, or is not what was published", hint="publish that version again"
        ) from None
