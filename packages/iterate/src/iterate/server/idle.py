"""When a server that was started on demand ends by itself: after a time in which nobody asks and nothing runs."""

import time
from collections.abc import Callable

# The settings are read when nothing has happened for so long: a server that just started has better things to do.
FIRST_S = 5.0
MINUTE_S = 60.0


class Idle:
    """Looked at once a second. Its clock is one that nobody sets, and that stands while the machine sleeps."""

    def __init__(
        self,
        is_busy: Callable[[], bool],
        asked: Callable[[], int],
        minutes: Callable[[], float],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take what to look at.

        Args:
            is_busy: whether an answer or a terminal runs, or a client waits for something.
            asked: how many requests there were so far.
            minutes: the setting; 0 is never.
            clock: seconds that only go forward.
        """
        self._is_busy = is_busy
        self._asked = asked
        self._minutes = minutes
        self._clock = clock
        self._seen = -1
        self._since = clock()
        self._limit_s: float | None = None

    def is_over(self) -> bool:
        """Whether it has been idle for long enough."""
        now, asked = self._clock(), self._asked()
        if asked != self._seen or self._is_busy():
            self._seen, self._since = asked, now
            return False
        waited = now - self._since
        if self._limit_s is None and waited < FIRST_S:
            return False
        if self._limit_s is None or waited >= self._limit_s:
            # Read again before the end: somebody may have changed it meanwhile.
            minutes = self._minutes()
            self._limit_s = minutes * MINUTE_S if minutes > 0 else float("inf")
        return waited >= self._limit_s
