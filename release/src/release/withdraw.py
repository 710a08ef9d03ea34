"""The verb withdraw: a channel goes back to an earlier version, under signatures that are newer than ever."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from release import site, version
from release.errors import SiteBrokenError, WithdrawnError
from release.model import Channel, File, Product, Profile, Read
from release.packagers import channel as documents
from release.signing import repository, roles
from release.signing.private import Private


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
        PushError: the place cannot be read or written.
    """
    trust, where, place = site.opened(product, profile, dist, now, at_hand)
    role = roles.delegation(channel_of(stream)).name
    result: list[tuple[str, tuple[str, ...]]] = []

    def files(read: Read) -> tuple[File, ...]:
        found = repository.opened(trust.public, read, role)
        chosen, gone = _chosen(found, stream, bad, to)
        document = _document(found, documents.named(stream, chosen))
        content = documents.written({**document, "withdrawn": list(gone)})
        wanted = {documents.current(stream): content}
        dropped = frozenset({documents.named(stream, bad)})
        signed = repository.sealed(found, wanted, dropped, trust.sign, roles.table(product), now)
        result[:] = [(chosen, gone)]
        return (*signed, File(path=documents.current(stream), content=content))

    done = site.pushed(place, files, f"{stream} takes {bad} back")
    ((chosen, gone),) = result
    return Withdrawn(where=where, stream=stream, version=chosen, withdrawn=gone, done=done)


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
