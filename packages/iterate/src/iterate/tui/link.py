"""One session, read in a thread: each event once and in order, also when the server ends and another one comes."""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from iterate import wire
from iterate.errors import Failure, NotRunning, ServerLost, ServerStopping, SessionUnknown
from iterate.heard import Heard
from iterate.tui.door import Door, is_away

if TYPE_CHECKING:
    from iterate.client import Client
    from iterate.wire import Connection

# Pauses between two looks for a server that is gone, in seconds; the last one counts for all others.
PAUSES_S = (0.05, 0.1, 0.3, 1.0, 2.0)
# The same for one at an address, which may be away for hours: a look costs milliseconds.
FAR_S = (0.05, 0.1, 0.3, 1.0, 2.0, 2.0, 5.0, 10.0)
# A server that somebody ended is not started, but found where somebody else has started it.
STOPPED_S = 5.0
# So many events may wait to be shown: a server that is faster is not read for a while, and keeps them.
MOST = 4096

type State = Literal["connecting", "connected", "lost", "stopped", "failed", "gone"]
type Post = Callable[[Callable[[], None]], None]


class Following:
    """The reading of one session from a place on. `news` is called in the loop, and takes what came with `take`."""

    def __init__(
        self,
        door: Door,
        session: str,
        place: str,
        post: Post,
        news: Callable[["Following"], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.session = session
        # The id of the last event that came.
        self.place = place
        # That of the last event that was taken: others may wait.
        self.taken = place
        # When it came: the loop may be lent to an editor for minutes.
        self.came = 0.0
        self.state: State = "connecting"
        self.failure: Failure | None = None
        self._door = door
        self._post = post
        self._news = news
        self._clock = clock
        self._events: deque[tuple[Heard, float]] = deque()
        self._is_told = False
        self._room = threading.Event()
        self._room.set()
        self._again = threading.Event()
        self._connection: Connection | None = None
        self._is_closed = False
        self._thread = threading.Thread(target=self._guarded, daemon=True, name=f"follow {session}")
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many events have come and were not taken."""
        return len(self._events)

    def take(self) -> Heard | None:
        """In the loop: the next event, or None when all that came was taken."""
        if not self._events:
            self._is_told = False
            # One may have come between the two.
            if not self._events:
                return None
            self._is_told = True
        event, self.came = self._events.popleft()
        self.taken = event.id or self.taken
        if len(self._events) < MOST // 2:
            self._room.set()
        return event

    def again(self) -> None:
        """Look for the server now, without a pause."""
        self._again.set()

    def close(self) -> None:
        """Read no more; nothing is told afterwards."""
        self._is_closed = True
        self._room.set()
        self._again.set()
        self._hang_up()

    def _guarded(self) -> None:
        try:
            self._run()
        except Exception as bug:  # noqa: BLE001  # It is raised again in the loop, which ends the program.
            problem = bug
            self._post(lambda: _raise(problem))

    def _run(self) -> None:
        tries = 0
        while not self._is_closed:
            before, client = self.place, None
            try:
                client = self._door.client()
                for event in client.read(self.session, self.place, self._opened):
                    self._show(event)
            except SessionUnknown as unknown:
                self._tell("gone", unknown)
                return
            except Failure as failure:
                tries = 0 if self.place != before else tries + 1
                self._again.wait(self._lost(client, failure, tries))
            self._again.clear()

    def _lost(self, client: "Client | None", failure: Failure, tries: int) -> float | None:
        """Say what is wrong; seconds until the next look, None where somebody says when it is tried again."""
        if isinstance(failure, ServerLost | ServerStopping) or is_away(failure):
            if client is not None:
                self._door.doubt(client, failure)
            self._tell("lost", failure)
            pauses = FAR_S if self._door.is_elsewhere else PAUSES_S
            return pauses[min(tries, len(pauses) - 1)]
        if isinstance(failure, NotRunning):
            self._tell("stopped", failure)
            return STOPPED_S
        # Such as a server that does not start.
        self._tell("failed", failure)
        return None

    def _opened(self, connection: "Connection") -> None:
        self._connection = connection
        if self._is_closed:
            self._hang_up()

    def _hang_up(self) -> None:
        connection = self._connection
        if connection is not None:
            wire.hang_up(connection)

    def _show(self, event: Heard | None) -> None:
        if event is None:
            self._tell("connected", None)
            return
        while len(self._events) >= MOST and not self._is_closed:
            self._room.clear()
            if len(self._events) >= MOST:
                self._room.wait(1.0)
        self.place = event.id or self.place
        self._events.append((event, self._clock()))
        if not self._is_told:
            self._is_told = True
            self._post(self._call)

    def _tell(self, state: State, failure: Failure | None) -> None:
        self.failure = failure
        if self.state != state:
            self.state = state
            self._post(self._call)

    def _call(self) -> None:
        if not self._is_closed:
            self._news(self)


def _raise(problem: Exception) -> None:
    raise problem
