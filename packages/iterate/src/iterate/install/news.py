"""What is known about newer versions, and who was told: a small file in the state folder, and the line of a notice."""

import contextlib
import os
from pathlib import Path

import msgspec
from msgspec import Struct

from iterate import folders, semver
from iterate.server.bulletin import Bulletin

NAME = "update.json"
LIMIT_BYTES = 1 << 16
# Versions that are remembered as told; more come in no year.
MOST_TOLD = 50


class Offer(Struct, frozen=True, kw_only=True):
    """What a channel has now, and which of its versions were taken back."""

    version: str
    withdrawn: tuple[str, ...] = ()


class News(Struct, frozen=True, kw_only=True):
    """What the file says.

    Attributes:
        due: when the channel may be asked again, in seconds since 1970.
        offer: what it had when it was asked last.
        told: keys of the notices that a person has seen; the newest last.
        failed: the version that could not be put in place by itself, and is not tried again.
    """

    due: float = 0.0
    offer: Offer | None = None
    told: tuple[str, ...] = ()
    failed: str = ""


def load(state: Path) -> News:
    """What the file says; nothing when there is none, or none that can be understood."""
    try:
        with os.fdopen(_open(state / NAME, os.O_RDONLY), "rb") as file:
            return msgspec.json.decode(file.read(LIMIT_BYTES), type=News)
    except (OSError, msgspec.MsgspecError, ValueError, RecursionError):
        return News()


def save(state: Path, news: News) -> None:
    """Write the file in one step. What cannot be written is forgotten, and asked or said once more."""
    fresh = state / f"{NAME}.{os.getpid()}.{os.urandom(4).hex()}"
    kept = msgspec.structs.replace(news, told=news.told[-MOST_TOLD:])
    with contextlib.suppress(OSError):
        folders.make_private(state)
        try:
            with os.fdopen(_open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as file:
                file.write(msgspec.json.encode(kept))
            fresh.replace(state / NAME)
        finally:
            fresh.unlink(missing_ok=True)


def bulletin(offer: Offer, version: str, *, is_pinned: bool) -> Bulletin | None:
    """What to tell somebody who has this version; None when it is what the channel has, or newer than that.

    Who asked for a version by name is told only when that one was taken back.
    """
    if version in offer.withdrawn and offer.version != version:
        line = f"iterate {version} was withdrawn, and {offer.version} takes its place: iterate upgrade"
        return Bulletin(key=f"{version} withdrawn", line=line)
    if is_pinned or not semver.is_newer(offer.version, version):
        return None
    line = f"iterate {offer.version} is out (this is {version}): iterate upgrade"
    return Bulletin(key=offer.version, line=line)


def _open(path: Path, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0), 0o600)
