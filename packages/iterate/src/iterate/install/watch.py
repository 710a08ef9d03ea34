"""Looks for newer versions while the server lives: in the background, about once a day, never on a command's path."""

import asyncio
import contextlib
import logging
import random
import threading
import time
from collections.abc import Callable
from typing import NamedTuple, Protocol

from msgspec.structs import replace

from iterate import config, semver
from iterate.config import Autoupdate
from iterate.errors import ConfigInvalid, Failure, SiteUnreachable, UpgradeRunning
from iterate.install import news
from iterate.install.news import News, Offer
from iterate.server.bulletin import Bulletin
from iterate.settings import Settings

_log = logging.getLogger("iterate.server")


class Pace(NamedTuple):
    """How often is looked, in seconds. What is said twice is a range, out of which chance takes one."""

    daily: tuple[float, float] = (24 * 3600.0, 25 * 3600.0)
    # After an attempt that reached nobody.
    again: tuple[float, float] = (3600.0, 2 * 3600.0)
    # A machine that slept does not count that time, and a person may change the file of settings.
    look: float = 1800.0
    # For so long it is taken for granted which copy it is.
    standing: float = 60.0


class Standing(NamedTuple):
    """What of the copy that runs matters here."""

    version: str
    # Whether this program may replace it by itself.
    is_own: bool
    # Whether a person asked for this version by name.
    is_pinned: bool


class Source(Protocol):
    """The copy that runs, and its channel."""

    def standing(self) -> Standing | None:
        """None for a copy that has no channel, such as a checkout."""

    def offer(self) -> Offer:
        """What the channel has now, asked over the network; raises `Failure`."""

    def take(self, offer: Offer) -> None:
        """Put that version in place of this copy; raises `Failure`."""


class Watch:
    """The background look for newer versions, and what is told about them."""

    def __init__(
        self,
        settings: Settings,
        source: Source,
        *,
        pace: Pace = Pace(),  # noqa: B008  # It is a value.
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._source = source
        self._pace = pace
        self._clock = clock
        self._reserved: set[str] = set()
        # What the file says too, unless it cannot be written: a full disk must not let us ask, or say, again and again.
        self._due = 0.0
        self._known: Standing | None = None
        self._stale = 0.0

    async def watch(self) -> None:
        """Look again and again until cancelled."""
        has_channel = True
        while has_channel:
            has_channel = await _in_background(self._look_if_due)
            await asyncio.sleep(self._pace.look if has_channel else 0)

    def _look_if_due(self) -> bool:
        """Look if it is time; whether there is a channel at all. It reads files, so it is nothing for the loop."""
        if self._source.standing() is None:
            return False
        if self._is_due():
            self.look()
        return True

    def look(self) -> None:
        """Ask the channel and note what it has, or when to ask again; put it in place where that is wished.

        It waits for the network, and says what went wrong to the log.
        """
        mode = self._mode()
        standing = self._source.standing()
        if mode is Autoupdate.OFF or standing is None:
            return
        try:
            offer = self._source.offer()
        except Failure as problem:
            is_quiet = isinstance(problem, SiteUnreachable)
            _log.log(logging.DEBUG if is_quiet else logging.WARNING, "no newer version is looked for: %s", problem)
            self._note(due=self._later(self._pace.again if is_quiet else self._pace.daily))
            return
        self._note(due=self._later(self._pace.daily), offer=offer)
        if mode is Autoupdate.AUTO and self._takes(standing, offer):
            self._take(offer)

    def reserve(self, version: str) -> Bulletin | None:
        """What to tell a client of this version that can show it, which nobody was told yet; end it with `settle`."""
        known = news.load(self._settings.state)
        told = None if known.offer is None else news.bulletin(known.offer, version, is_pinned=False)
        # Nearly every prompt ends here, after one small file. Who owns a copy may take longer to find out.
        if known.offer is None or told is None or told.key in self._reserved or told.key in known.told:
            return None
        standing = self._lately()
        if standing is None or not self._tells(standing, known):
            return None
        told = news.bulletin(known.offer, version, is_pinned=standing.is_pinned)
        if told is not None:
            self._reserved.add(told.key)
        return told

    def _lately(self) -> Standing | None:
        """Which copy it is, as of a minute ago at most."""
        now = time.monotonic()
        if now >= self._stale:
            self._known, self._stale = self._source.standing(), now + self._pace.standing
        return self._known

    def settle(self, bulletin: Bulletin, *, is_told: bool) -> None:
        """The client got the notice, or left before."""
        if not is_told:
            self._reserved.discard(bulletin.key)
            return
        known = news.load(self._settings.state)
        news.save(self._settings.state, replace(known, told=(*known.told, bulletin.key)))

    def _tells(self, standing: Standing, known: News) -> bool:
        match self._mode():
            case Autoupdate.OFF:
                return False
            case Autoupdate.NOTIFY:
                return True
            case Autoupdate.AUTO:
                # What comes by itself needs no word, unless it does not come.
                offer = known.offer
                return offer is None or not self._takes(standing, offer)

    def _takes(self, standing: Standing, offer: Offer) -> bool:
        """Whether that version is put in place by itself: a newer one, of a copy that is ours and not pinned."""
        is_open = standing.is_own and not standing.is_pinned
        failed = news.load(self._settings.state).failed
        return is_open and semver.is_newer(offer.version, standing.version) and offer.version != failed

    def _take(self, offer: Offer) -> None:
        try:
            self._source.take(offer)
        except (SiteUnreachable, UpgradeRunning) as problem:
            _log.info("%s is not put in place yet: %s", offer.version, problem)
            self._note(due=self._later(self._pace.again))
        except Failure as problem:
            _log.warning("%s cannot be put in place: %s", offer.version, problem)
            self._note(failed=offer.version)
        else:
            _log.warning("%s is put in place; the next command uses it", offer.version)

    def _mode(self) -> Autoupdate:
        try:
            return config.autoupdate(self._settings)
        except ConfigInvalid as problem:
            # Nobody knows what the person wants. Their word may have been no.
            _log.warning("%s; %s", problem, problem.hint)
            return Autoupdate.OFF

    def _is_due(self) -> bool:
        now = self._clock()
        # A time that is further away than we ever look ahead is from a clock that was wrong.
        latest = now + self._pace.daily[1]
        return not any(now < due <= latest for due in (news.load(self._settings.state).due, self._due))

    def _later(self, seconds: tuple[float, float]) -> float:
        return self._clock() + random.uniform(*seconds)  # noqa: S311  # No secret.

    def _note(self, *, due: float | None = None, offer: Offer | None = None, failed: str = "") -> None:
        # Read again each time: a server of another side has the same file.
        known = news.load(self._settings.state)
        self._due = self._due if due is None else due
        changed = News(
            due=known.due if due is None else due,
            offer=offer or known.offer,
            told=known.told,
            failed=failed or known.failed,
        )
        news.save(self._settings.state, changed)


async def _in_background(work: Callable[[], bool]) -> bool:
    """Run in a thread that keeps no process alive: a server ends whatever the network does. True when it broke off."""
    loop = asyncio.get_running_loop()
    done = asyncio.Event()
    given = [True]

    def run() -> None:
        try:
            given[0] = work()
        finally:
            # The loop may be gone.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(done.set)

    threading.Thread(target=run, name="news", daemon=True).start()
    await done.wait()
    return given[0]
