"""Who may sign what on the signed site: the roles of The Update Framework, and one for each channel.

A channel's key signs that channel's files and no other's: the patterns say so, and every client holds to them.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, assert_never

from msgspec import Meta

from release.product import Channel, Product, Table

ROOT, TARGETS, SNAPSHOT, TIMESTAMP = "root", "targets", "snapshot", "timestamp"
OFFLINE = (ROOT, TARGETS)
ONLINE = (SNAPSHOT, TIMESTAMP)

Days = Annotated[int, Meta(ge=1, le=3650)]


class Signing(Table, frozen=True, kw_only=True):
    """[channel] of release.toml, which may be left out: then the channel files are not signed.

    Attributes:
        keys: folder with the public part of the keys, from the root; `release keys init` makes it.
        patches: how many earlier versions of a channel get a patch to the new one.
        root_days: how long the root's and the targets' signatures hold.
        channel_days: how long a channel's signature holds; each publish renews it.
        timestamp_days: how long the signatures of what is there now hold; `release refresh` renews them.
    """

    keys: str = ""
    patches: Annotated[int, Meta(ge=0, le=20)] = 3
    root_days: Days = 365
    channel_days: Days = 365
    timestamp_days: Days = 14


def table(product: Product) -> Signing:
    """The table of a product; the one that says nothing where it has none."""
    return next((each for each in product.tables if isinstance(each, Signing)), Signing())


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """A role that the targets role lets sign some paths; `*` stands for anything but a slash."""

    name: str
    paths: tuple[str, ...]


def delegation(channel: Channel) -> Delegation:
    """The role of a channel. No name is one of the framework's own, which has a role `snapshot`, too.

    Pre-releases are tagged by whoever tags releases, and signed with the same key.
    """
    role = Channel.LATEST if channel is Channel.BETA else channel
    paths = [path for each in _streams(channel) for path in (f"channels/{each}.json", f"channels/{each}/*.json")]
    return Delegation(name=f"channel-{role}", paths=tuple(paths))


def _streams(channel: Channel) -> tuple[str, ...]:
    """The names of a role's streams, as patterns."""
    match channel:
        case Channel.LATEST:
            return (channel.value, Channel.BETA.value)
        case Channel.DEV:
            return (channel.value,)
        case Channel.SNAPSHOT:
            return (f"{channel}-*",)
        case Channel.BETA:
            return _streams(Channel.LATEST)
        case _ as never:
            assert_never(never)


DELEGATIONS = tuple(dict.fromkeys(map(delegation, Channel)))
NAMES = (*OFFLINE, *ONLINE, *(each.name for each in DELEGATIONS))


def variable(role: str) -> str:
    """The variable of the environment that holds a role's private key."""
    return "RELEASE_KEY_" + role.upper().replace("-", "_")


def period(own: Signing, role: str) -> timedelta:
    """How long a signature of a role holds."""
    if role in OFFLINE:
        return timedelta(days=own.root_days)
    return timedelta(days=own.timestamp_days if role in ONLINE else own.channel_days)
