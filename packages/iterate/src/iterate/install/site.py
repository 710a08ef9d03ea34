"""The signed site of the channels: what a channel has, believed only when the right keys say so, now.

Each address of the site is asked in turn, the first one first, until one gives a whole, signed and timely answer.
`look.py` says what is asked for, `trust.py` what counts, `network.py` how it is got.
"""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

import msgspec

from iterate import settings
from iterate.errors import ChannelLapsed, Failure, SiteNotTrusted, SiteUnreachable, VersionUnknown
from iterate.install import known as memory
from iterate.install.document import Document
from iterate.install.look import Look
from iterate.install.network import Door

PRODUCT = "iterate"
# The latest time seen is written again when it moved by this much.
_SEEN_STEP = timedelta(hours=1)

type Clock = Callable[[], datetime]


def this_clock() -> datetime:
    """The time of this machine."""
    return datetime.now(UTC)


class Site:
    """A signed site. All that is asked of one address is of one moment; open it again to look again."""

    def __init__(
        self, sites: tuple[str, ...], root: bytes, folder: Path, clock: Clock, door: Door, product: str = PRODUCT
    ) -> None:
        """See `open_site`; a document about another product is refused."""
        self._addresses = tuple(f"{each.rstrip('/')}/" for each in sites)
        if not sites:
            raise SiteUnreachable(
                "this copy does not know where its channels are", "install it again, or use its package manager"
            )
        self._root, self._clock, self._door, self._product = root, clock, door, product
        self._file = memory.file_of(folder, self._addresses[0])
        self._known = memory.recall(self._file)
        self._looks: dict[str, Look] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._door.close()

    @property
    def door(self) -> Door:
        """The network, for what the documents name."""
        return self._door

    def document(self, stream: str, version: str = "") -> Document:
        """What a channel has now, or the version of it that is named.

        Args:
            stream: `latest`, `dev`, or `snapshot-SLUG`.
            version: as the document has it, such as `1.2.3`.

        Raises:
            VersionUnknown: The channel or the version is not there.
            SiteUnreachable, SiteNotTrusted, ChannelLapsed: No address gave an answer that counts.
            StateUnusable, HomeForeign: What was learned cannot be kept.
        """
        path = f"channels/{stream}/{version}.json" if version else f"channels/{stream}.json"

        def ask(look: Look) -> Document:
            try:
                content = look.content(path)
            except VersionUnknown as unknown:
                there = f"no version {version}" if version else "nothing yet"
                raise VersionUnknown(f"the {stream} channel has {there}") from unknown
            document = _decoded(path, content)
            if (
                document.name != self._product
                or document.stream != stream
                or document.version != (version or document.version)
            ):
                raise SiteNotTrusted(
                    f"{path} of the site is about {document.name} {document.version} of {document.stream}"
                )
            _refuse_future(document, look)
            return document

        return self._first_good(ask)

    def versions(self, stream: str) -> tuple[str, ...]:
        """The versions of a channel that can be named, in no order; raises like `document`."""
        folder = f"channels/{stream}/"
        paths = self._first_good(lambda look: look.paths(f"{folder}0.json"))
        return tuple(each.removeprefix(folder).removesuffix(".json") for each in paths if each.startswith(folder))

    def _first_good[Found](self, ask: Callable[[Look], Found]) -> Found:
        problems: list[Failure] = []
        for address in self._addresses:
            try:
                return self._answered(address, ask)
            except ChannelLapsed as problem:
                problems.append(self._told_of_clock(problem))
            except (SiteUnreachable, SiteNotTrusted) as problem:
                problems.append(problem)
        raise _gravest(problems)

    def _answered[Found](self, address: str, ask: Callable[[Look], Found]) -> Found:
        look = self._looks.get(address)
        seen = self._known.seen
        # Time does not run back: with a clock that was set back, what has lapsed would count again.
        now = max(self._clock(), seen)
        try:
            if look is None:
                look = Look(address, self._door, self._known, self._root, now)
                look.begin()
            found = ask(look)
            seen = now if now - seen >= _SEEN_STEP else seen
            self._looks[address] = look
        finally:
            if look is not None:
                learned = look.learned(seen)
                if learned != self._known:
                    memory.remember(self._file, learned)
                    self._known = learned
        return found

    def _told_of_clock(self, problem: ChannelLapsed) -> ChannelLapsed:
        clock, seen = self._clock(), self._known.seen
        if clock >= seen:
            said = f"{problem}; this machine's clock says {clock.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
            return ChannelLapsed(said)
        return ChannelLapsed(
            f"{problem}, and this machine's clock was set back: it says {clock.astimezone(UTC):%Y-%m-%d %H:%M} UTC, "
            f"but has said {seen.astimezone(UTC):%Y-%m-%d %H:%M} before",
            "set the clock of this machine, then try again",
        )


def open_site(
    sites: tuple[str, ...], root: bytes, folder: Path | None = None, clock: Clock = this_clock, door: Door | None = None
) -> Site:
    """Open a signed site; nothing is asked of it yet. Close it with `with`.

    Args:
        sites: its addresses, the first one is the primary and names what is remembered.
        root: `update-root.json` as it lies beside the program.
        folder: where is remembered what is known of sites; `settings.updates()` unless told.
        clock: the time of this machine.
        door: the network; as the environment says unless told.

    Raises:
        SiteUnreachable: There is no address.
        StateUnusable, NoHome: What is known of the site cannot be read.
    """
    return Site(
        sites, root, settings.updates() if folder is None else folder, clock, door or Door(settings.surroundings())
    )


def newest_root(sites: tuple[str, ...], root: bytes, folder: Path | None = None) -> bytes:
    """The newest root that was verified from the given one on, for a new copy to begin with; nothing is asked.

    Args:
        sites: as in `open_site`.
        root: what this copy began with.
        folder: as in `open_site`.
    """
    if not sites:
        return root
    known = memory.recall(memory.file_of(folder or settings.updates(), f"{sites[0].rstrip('/')}/"))
    return known.root.encode() if hashlib.sha256(root).hexdigest() in known.digests else root


def _decoded(path: str, content: bytes) -> Document:
    try:
        return msgspec.json.decode(content, type=Document)
    except (msgspec.DecodeError, ValueError, RecursionError) as problem:
        raise SiteNotTrusted(
            f"{path} of the site cannot be read by this version: {problem}", "install the newest version by hand"
        ) from problem


def _refuse_future(document: Document, look: Look) -> None:
    """A file that was published after the others lapsed proves that it is later than the clock says."""
    try:
        published = datetime.fromisoformat(document.published)
    except ValueError:
        return
    if published.tzinfo is not None and published >= look.lapses:
        raise ChannelLapsed(
            f"{document.version} was published on {published:%Y-%m-%d}, when other files of the site had lapsed",
            "set the clock of this machine, then try again",
        )


def _gravest(problems: list[Failure]) -> Failure:
    """Of what went wrong with each address, what says most, with the others below it."""
    for kind in (SiteNotTrusted, ChannelLapsed, SiteUnreachable):
        for worst in problems:
            if isinstance(worst, kind):
                others = [f"\n  {each}" for each in problems if each is not worst]
                return kind("".join([str(worst), *others]), worst.hint)
    raise AssertionError("there was no address")
