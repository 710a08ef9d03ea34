"""The way to the server for the threads of the program: found or started once, found again when it is lost."""

import _thread
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from iterate.errors import Failure, NotRunning, ServerLost, ServerStopping
from iterate.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from iterate.client import Client
    from iterate.discovery import Announcement
    from iterate.reach import Wanted
    from iterate.waiting import Voice

# What is told while it is looked for.
LOST = "the server is gone, looking for it"
# A stop waits no longer for a thread that looks for a server.
HOLD_S = 0.2
# What is asked again when the server went away meanwhile: so often, and with these pauses.
PAUSES_S = (0.0, 0.2, 0.5, 1.0)


class Door:
    """Gives clients of the server that is wanted; many threads may ask."""

    def __init__(self, here: Settings, wanted: "Wanted | None", voice: "Voice") -> None:
        self._here = here
        self._wanted = wanted
        self._voice = voice
        self._lock = _thread.allocate_lock()  # As `threading` has it, whose import the first frame does without.
        self._found: Announcement | None = None
        self._silent: Announcement | None = None
        self._is_doubted = False
        # When the person last wanted something of the server: whoever ended it later wants none started by itself.
        self._wanted_at = time.time()

    @property
    def is_elsewhere(self) -> bool:
        """Whether it is at an address, with folders and an environment of its own."""
        return self._wanted is not None and bool(self._wanted.url)

    @property
    def _is_ours(self) -> bool:
        """Whether it is the one of this user, which whoever needs it starts."""
        return self._wanted is None or not (self._wanted.url or self._wanted.is_standalone)

    def client(self) -> "Client":
        """A client of the server, which is started if it is ours and none runs; raises as `reach.server`."""
        from iterate import daemon, reach
        from iterate.client import Client

        with self._lock:
            if self._found is None:
                if self._is_ours and daemon.stopped_at(self._here) > self._wanted_at:
                    raise NotRunning("the server was stopped", "Enter on an empty line starts it again")
                self._found = reach.server(
                    self._here,
                    self._voice,
                    self._wanted or reach.OURS,
                    silent=self._silent,
                    is_checked=self._is_doubted,
                )
                self._silent = None
            return Client(self._found)

    def want(self) -> None:
        """The person wants something of the server: it is started again, also where somebody ended it."""
        self._wanted_at = time.time()

    @contextmanager
    def held(self) -> "Iterator[bool]":
        """No thread finds or starts a server within the block, unless one is at it already; whether that is so."""
        is_held = self._lock.acquire(timeout=HOLD_S)
        try:
            yield is_held
        finally:
            if is_held:
                self._lock.release()

    def doubt(self, client: "Client", lost: Failure) -> None:
        """That server did not answer: look for it again the next time. Another one may be there by now."""
        from iterate.client import ServerHangs

        with self._lock:
            if self._found != client.server:
                return  # Another thread was sooner.
            self._is_doubted = True
            if self._wanted is not None and self._wanted.is_standalone:
                return  # There is no other one.
            if isinstance(lost, ServerHangs):
                self._silent = self._found
            self._found = None

    def ask[T](self, question: "Callable[[Client], T]") -> T:
        """Ask, again where the server ended meanwhile; whoever asks makes sure that asking twice does no harm."""
        for pause in PAUSES_S:
            time.sleep(pause)
            client = self.client()
            try:
                return question(client)
            except (ServerLost, ServerStopping) as lost:
                self.doubt(client, lost)
        return question(self.client())


def is_away(failure: Failure) -> bool:
    """Whether the server at an address does not answer now, and may come back."""
    from iterate.reach import Away

    return isinstance(failure, Away)
