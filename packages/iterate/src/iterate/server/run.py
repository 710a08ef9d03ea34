"""Runs one server: claim, bind, listen, announce; at its end withdraw, finish, close. In this order."""

import asyncio
import logging
import os
import time
from collections.abc import Callable, Coroutine
from typing import NamedTuple

from iterate import election, folders, processes
from iterate.about import STAMP
from iterate.discovery import Announcement
from iterate.election import Claim
from iterate.errors import ServerElsewhere
from iterate.providers.ondemand import OnDemand
from iterate.pty.terminals import Terminals
from iterate.runtime.kit import Kit
from iterate.runtime.runtime import Runtime
from iterate.server import app, listen, log
from iterate.server.bulletin import Updates
from iterate.server.idle import Idle
from iterate.settings import SIDES, Settings, environment

_log = logging.getLogger("iterate.server")

# Running answers may go on for so long after SIGTERM; the default of ITERATE_STOP_TIMEOUT is longer.
DRAIN_S = 5.0
# Another server that starts just now may keep the lock for this long.
ELECTION_S = 15.0
# A command that found the server just before it was withdrawn gets an answer for so long, to look for the next one.
LINGER_S = 0.1


def run(
    settings: Settings,
    updates: Updates,
    *,
    side: int | None,
    hostname: str,
    port: int | None,
    on_ready: Callable[[Announcement], None],
    idle_minutes: Callable[[], float] = lambda: 0.0,
    is_open: bool = False,
) -> None:
    """Be this user's server until told to end: on that side, or on the first that no server elsewhere has.

    Raises `HomeForeign`, `AlreadyRunning`, `ServerElsewhere`, `PortBusy`, `AddressUnusable`, `StateUnusable` and
    `StoreTaken`: all before anybody can connect.
    """
    folders.refuse_foreign(settings.home, settings.state, settings.data)
    place, claim = _elected(settings, range(SIDES) if side is None else (side,))
    try:
        with listen.bind(hostname, port) as bound, log.kept(place.state / "server.log"):
            listen.refuse_strangers(bound, is_open=is_open)
            _serve(claim, bound, hostname, place, Owner(updates, on_ready, idle_minutes, settings.secret))
    finally:
        claim.close()


class Owner(NamedTuple):
    """What whoever runs a server brings: news of versions, who is told that it is ready, how long it may be idle."""

    updates: Updates
    on_ready: Callable[[Announcement], None]
    idle_minutes: Callable[[], float]
    # Empty for one that nobody knows before.
    secret: str


def _elected(settings: Settings, sides: "range | tuple[int]") -> tuple[Settings, Claim]:
    elsewhere = ServerElsewhere("there is no side")
    for side in sides:
        place = settings.side(side)
        try:
            return place, election.claim(place.state, patience=ELECTION_S)
        except ServerElsewhere as problem:
            elsewhere = problem
    raise elsewhere


def _serve(claim: Claim, bound: listen.Bound, hostname: str, place: Settings, owner: Owner) -> None:
    address = listen.address_of(hostname, bound)
    secret = owner.secret or os.urandom(32).hex()
    announcement = Announcement(
        url=address.url, pid=os.getpid(), version=STAMP.version, secret=secret, origin=processes.here()
    )
    models = OnDemand(place)
    runtime = Runtime(place.data / "iterate.db", Kit(place, models=models))
    runtime.claim()
    terminals = Terminals()

    async def after_ready() -> None:
        await asyncio.gather(owner.updates.watch(), models.warm(environment()))

    life = Life(claim, announcement, Work(runtime, terminals), owner.on_ready, after_ready)
    keys = app.Keys(secret, owner.updates, place.state / "server.log", environment())
    application = app.build(runtime, terminals, life, place, address, keys, models)
    life.idle = Idle(
        lambda: bool(runtime.running or runtime.in_background or terminals.running or application.open),
        lambda: application.answered,
        owner.idle_minutes,
    )
    listen.serve(application, bound, life)


class Work(NamedTuple):
    """What a server does, and has to end."""

    runtime: Runtime
    terminals: Terminals


class Life:
    """What happens when the loop is ready, goes on, and ends.

    A server that leaves first makes room: it is not found any more, takes no new work, and lets the next server be
    elected and open the database. Then it finishes its answers, for as long as it may.
    """

    def __init__(
        self,
        claim: Claim,
        announcement: Announcement,
        work: Work,
        on_ready: Callable[[Announcement], None],
        watch: Callable[[], Coroutine[None, None, None]],
    ) -> None:
        self._claim = claim
        self._announcement = announcement
        self._runtime, self._terminals = work
        self.idle: Idle | None = None
        self._on_ready = on_ready
        self._watch = watch
        self._watching: asyncio.Task[None] | None = None
        self._wake: Callable[[], None] = lambda: None
        self._leaving: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None
        self._deadline = float("inf")
        self._is_hurried = asyncio.Event()

    def ready(self, wake: Callable[[], None]) -> None:
        """Announce the server, then say so."""
        self._wake = wake
        self._claim.announce(self._announcement)
        self._on_ready(self._announcement)
        # After all that a command waits for.
        self._watching = asyncio.ensure_future(self._watch())

    def is_wanted(self) -> bool:
        """Whether to go on. A server that cannot be found any more leaves; at once if its secret may be known."""
        if self._leaving is None and not self._claim.is_intact():
            is_exposed = self._claim.is_exposed()
            _log.warning("the discovery file was %s", "opened to others" if is_exposed else "changed or removed")
            self._leave(DRAIN_S if is_exposed else float("inf"))
        if self._leaving is None and self.idle is not None and self.idle.is_over():
            _log.warning("nobody has asked for anything in a long time; ending")
            self._leave(0)
        return self._leaving is None or not self._leaving.done()

    async def stop(self, patience_s: float) -> None:
        """Leave; answers may go on for so many seconds."""
        self._leave(patience_s)

    async def hand_over(self, version: str) -> None:
        """Leave, and end when no answer and no terminal runs any more."""
        _log.warning("handing over to version %s; running answers go on to their end", version)
        self._leave(float("inf"))

    async def finish(self, *, at_once: bool) -> None:
        """Leave, and end what still runs when the patience is over; asked again, it may become shorter."""
        self._leave(0 if at_once else DRAIN_S)
        if self._ending is None:
            self._ending = asyncio.ensure_future(self._end())
        await self._ending

    async def _end(self) -> None:
        if self._leaving is not None:
            await self._leaving
        await asyncio.gather(self._runtime.finish(0), self._terminals.close())
        if self._deadline > time.monotonic():
            await asyncio.sleep(LINGER_S)

    def _leave(self, patience_s: float) -> None:
        self._claim.withdraw()
        self._runtime.retire()
        self._claim.release()
        self._deadline = min(self._deadline, time.monotonic() + patience_s)
        self._is_hurried.set()
        if self._watching is not None:
            # What it is doing in the background ends with the process.
            self._watching.cancel()
        if self._leaving is None:
            self._leaving = asyncio.ensure_future(self._drain())

    async def _drained(self, deadline: float) -> None:
        await self._runtime.drained()
        if deadline == float("inf"):
            # Who hands over loses nothing; who was told to end does not wait for a shell.
            await self._terminals.drained()

    async def _drain(self) -> None:
        """Wait until nothing runs or the patience is over, which a later request may shorten."""
        drained = asyncio.ensure_future(self._drained(self._deadline))
        while not drained.done() and (left := self._deadline - time.monotonic()) > 0:
            self._is_hurried.clear()
            hurried = asyncio.ensure_future(self._is_hurried.wait())
            await asyncio.wait([drained, hurried], timeout=min(left, 86400.0), return_when=asyncio.FIRST_COMPLETED)
            hurried.cancel()
        drained.cancel()
        # The loop asks whether to go on when this task is done.
        asyncio.get_running_loop().call_soon(self._wake)
