"""One server's life: elected, bound, listening, announced; withdrawn, finished, gone. It keeps the order."""

import os
from collections.abc import Callable
from pathlib import Path

from iterate import election, processes
from iterate.about import STAMP
from iterate.discovery import Announcement
from iterate.election import Claim
from iterate.server import app, listen, log
from iterate.server.instance import Instance
from iterate.store import Store

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
    instance = Instance(lambda: Store(data / "iterate.db"))
    life = _Life(claim, announcement, instance, on_ready)
    listen.serve(app.build(instance, address, secret), bound, life)


class _Life:
    """What happens when the loop is ready, goes on, and ends."""

    def __init__(
        self,
        claim: Claim,
        announcement: Announcement,
        instance: Instance,
        on_ready: Callable[[Announcement], None],
    ) -> None:
        self._claim = claim
        self._announcement = announcement
        self._instance = instance
        self._on_ready = on_ready

    def ready(self) -> None:
        self._claim.announce(self._announcement)
        self._on_ready(self._announcement)

    def is_wanted(self) -> bool:
        # Replaced, damaged or opened to others: a server that cannot be found, or whose secret is out, ends.
        return self._claim.is_intact()

    async def finish(self, *, at_once: bool) -> None:
        self._claim.withdraw()
        await self._instance.finish(0 if at_once else DRAIN_S)
