"""The channel of the copy that runs, as the background look for newer versions uses it; see `watch.Source`."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from iterate import settings
from iterate.about import STAMP, Stamp
from iterate.errors import NotReplaceable, SiteNotTrusted
from iterate.install import pins, receipt
from iterate.install.copy import Copy, copy_at, stream_of_version, this_copy
from iterate.install.methods import Method
from iterate.install.news import Offer
from iterate.install.watch import Standing

if TYPE_CHECKING:
    from iterate.install.document import Document
    from iterate.install.site import Site


type Open = Callable[[tuple[str, ...], bytes], "Site"]
type Replace = Callable[[Path, "Document", bytes], None]


class Channel:
    """What this copy follows. The network and what believes it are loaded when the channel is asked."""

    def __init__(
        self,
        this: Callable[[], Copy] = this_copy,
        open_: Open | None = None,
        replace: Replace | None = None,
        updates: Callable[[], Path] = settings.updates,
    ) -> None:
        """Take which copy it is, what opens its site, what replaces it, and where pins are; as usual unless told."""
        self._this = this
        self._open = open_ or _open
        self._replace = replace or _replace
        self._updates = updates

    def standing(self) -> Standing | None:
        """None for a copy that nobody can look for newer versions of: no receipt, no site, no root, another channel."""
        copy = self._now()
        # A receipt of another channel lies beside a program that somebody moved.
        if not copy.sites or not _root(copy) or stream_of_version(copy.version) != copy.stream:
            return None
        is_pinned = pins.is_pinned(copy, self._updates())
        return Standing(version=copy.version, is_own=copy.method is Method.SELF, is_pinned=is_pinned)

    def offer(self) -> Offer:
        """What the channel has now, asked over the network; raises `Failure`."""
        copy = self._now()
        with self._open(copy.sites, _root(copy)) as site:
            found = site.document(copy.stream)
        return Offer(version=found.version, withdrawn=found.withdrawn)

    def take(self, offer: Offer) -> None:
        """Put that version in place of this copy; raises `Failure`."""
        copy = self._now()
        if copy.program is None:
            return
        root = _root(copy)
        with self._open(copy.sites, root) as site:
            document = site.document(copy.stream, offer.version)
        self._replace(copy.program, document, root)

    def _now(self) -> Copy:
        """The copy that commands start now: a server may still run one that was replaced meanwhile."""
        ours = self._this()
        if ours.method is not Method.SELF or ours.program is None:
            return ours
        from iterate.install.layout import layout_of

        with suppress(NotReplaceable, ValueError):
            layout = layout_of(ours.program)
            current = layout.current
            if current is not None and current != layout.version:
                program = current / layout.inner
                told = receipt.read(program)
                if told is not None and told.version:
                    return copy_at(program, Stamp(told.version, told.channel, STAMP.commit, STAMP.target))
        return ours


def _root(copy: Copy) -> bytes:
    """Whom this copy believes; empty where nothing says."""
    from iterate.install.origin import root_of

    try:
        return root_of(copy)
    except SiteNotTrusted:
        return b""


def _open(sites: tuple[str, ...], root: bytes) -> "Site":
    from iterate.install.site import open_site

    return open_site(sites, root)


def _replace(program: Path, document: "Document", root: bytes) -> None:
    from iterate.install.network import Door
    from iterate.install.replace import replace

    door = Door(settings.surroundings())
    try:
        replace(program, document, door=door, root=root)
    finally:
        door.close()
