"""What the server looks for and tells about newer versions, loaded when the server has long been ready.

Before that there is nothing to tell, so a server that starts, and the first prompt that waits for it, load no more.
"""

import asyncio
import os
from typing import TYPE_CHECKING

from iterate.server.bulletin import Bulletin
from iterate.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from iterate.install.watch import Watch

# The looking begins so many seconds after the start; chance keeps many machines from asking at one moment.
FIRST_S = (10.0, 60.0)


def _load(settings: Settings) -> "Watch":
    from iterate.install.channel import Channel
    from iterate.install.watch import Watch

    return Watch(settings, Channel())


class Later:
    """The background look for newer versions, from some seconds after the start on; see `install.watch.Watch`."""

    def __init__(
        self,
        settings: Settings,
        first_s: tuple[float, float] = FIRST_S,
        load: "Callable[[Settings], Watch]" = _load,
    ) -> None:
        self._settings = settings
        self._first_s = first_s
        self._load = load
        self._watch: Watch | None = None

    async def watch(self) -> None:
        """Wait, load, and look until cancelled."""
        least, most = self._first_s
        # `random` costs 5 ms.
        await asyncio.sleep(least + (most - least) * int.from_bytes(os.urandom(4)) / (1 << 32))
        self._watch = await asyncio.to_thread(self._load, self._settings)
        await self._watch.watch()

    def reserve(self, version: str) -> Bulletin | None:
        """What to tell a client of this version; nothing before it is loaded."""
        return None if self._watch is None else self._watch.reserve(version)

    def settle(self, bulletin: Bulletin, *, is_told: bool) -> None:
        """The client got it, or left before."""
        if self._watch is not None:
            self._watch.settle(bulletin, is_told=is_told)
