"""One server's life: elected, bound, listening, announced; withdrawn, finished, gone. It keeps the order."""

import asyncio
import logging
import os
from collections.abc import Callable
from pathlib import Path

from iterate import election, processes
from iterate.about import STAMP
from iterate.discovery import Announcement
from iterate.election import Claim
from iterate.runtime.runtime import Runtime
from iterate.server import app, listen, log

_log = logging.getLogger("iterate.server")

# Running prompts may go on for so long after SIGTERM; the default of ITERATE_STOP_TIMEOUT is longer.
DRAIN_S = 5.0
# Another server that is just ending may keep the lock for this long.
ELECTION_S = 15.0


def run(*, state: Path, data: Path, hostname: str, port: int | None, on_ready: Callable[[Announcement], None]) -> None:
    """Be this user's server until told to end.

    Raises `AlreadyRunning`, `PortBusy`, `AddressUnusable`, `StateUnusable`: all before anybody can connect.
    """
    claim = election.claim(state, patience=ELECTION_S)
    try:
        with listen.bind(hostname, port) as bound, log.kept(state / "server.log"):
            _serve(claim, bound, hostname, data, on_ready)
    finally:
        claim.withdraw()


def _serve(
    claim: Claim, bound: listen.Bound, hostname: str, data: Path, on_ready: Callable[[Announcement], None]
) -> None:
    address = listen.address_of(hostname, bound)
    secret = os.urandom(32).hex()
    announcement = Announcement(
        url=address.url, pid=os.getpid(), version=STAMP.version, secret=secret, origin=processes.here()
    )
    runtime = Runtime(data / "iterate.db")
    runtime.claim()
    life = _Life(claim, announcement, runtime, on_ready)
    listen.serve(app.build(runtime, life, address, secret), bound, life)


class _Life:
    """What happens when the loop is ready, goes on, and ends."""

    def __init__(
        self,
        claim: Claim,
        announcement: Announcement,
        runtime: Runtime,
        on_ready: Callable[[Announcement], None],
    ) -> None:
        self._claim = claim
        self._announcement = announcement
        self._runtime = runtime
        self._patience_s = DRAIN_S
        self._is_over = False
        self._on_ready = on_ready

    def ready(self) -> None:
        self._claim.announce(self._announcement)
        self._on_ready(self._announcement)

    def is_wanted(self) -> bool:
        # Replaced, damaged or opened to others: a server that cannot be found, or whose secret is out, ends.
        return not self._is_over and self._claim.is_intact()

    async def stop(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._is_over = True

    async def hand_over(self, version: str) -> None:
        _log.info("handing over to %s", version)
        self._claim.withdraw()
        self._runtime.retire()
        self._drained = asyncio.ensure_future(self._end_when_drained())

    async def _end_when_drained(self) -> None:
        await self._runtime.drained()
        self._is_over = True

    async def finish(self, *, at_once: bool) -> None:
        self._claim.withdraw()
        await self._runtime.finish(0 if at_once else self._patience_s)
