"""The one thread that owns what is shown: keys first, then what other threads hand over, then time, then a frame."""

import heapq
import os
import selectors
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from iterate import interrupts

# So many frames there are in any second at most. The last of them are kept for keys, which do not wait then.
MOST, KEPT = 60, 2
FRAME_S = 1 / (MOST - KEPT)
# So many keys are shown at once, however fast they come; more of them at the pace of other frames.
BURST = 2
# What other threads handed over is worked on for so long before keys are looked at again.
SLICE_S = 0.004
# Of all time no more than a part of this is spent on frames that nobody's key asked for.
SHARE = 4
# So long nothing happens before what Python collects is collected.
IDLE_S = 0.5

type Call = Callable[[], None]


class _Timer(NamedTuple):
    at: float
    number: int
    call: Call


class Loop:
    """Waits for keys, for the calls of other threads and for time; paints when something changed."""

    def __init__(self, paint: Call, on_idle: Call = lambda: None, clock: Callable[[], float] = time.monotonic) -> None:
        self._paint = paint
        self._on_idle = on_idle
        self._clock = clock
        self._selector = selectors.DefaultSelector()
        self._woken, self._wake = os.pipe()
        for end in (self._woken, self._wake):
            os.set_blocking(end, False)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._watched: dict[int, Call] = {}
        self._is_woken = False
        self._posted: deque[Call] = deque()
        self._timers: list[_Timer] = []
        self._number = 0
        self._is_dirty = False
        self._is_urgent = False
        self._next_frame = 0.0
        # When the last frames were painted.
        self._painted: deque[float] = deque(maxlen=MOST)
        # And those of them that a key asked for.
        self._keys: deque[float] = deque(maxlen=BURST)
        self._has_worked = False
        self.is_over = False
        # How often it woke up, for whoever measures that it does not.
        self.turns = 0

    def watch(self, descriptor: int, call: Call) -> None:
        """Call this, before everything else, when something can be read there."""
        self._selector.register(descriptor, selectors.EVENT_READ)
        self._watched[descriptor] = call

    def unwatch(self, descriptor: int) -> None:
        """Watch it no more."""
        with suppress(KeyError):
            self._selector.unregister(descriptor)
            del self._watched[descriptor]

    def post(self, call: Call) -> None:
        """From any thread or handler of a signal: do this in the loop."""
        self._posted.append(call)
        if not self._is_woken:
            self._is_woken = True
            with suppress(OSError):
                os.write(self._wake, b".")

    def after(self, seconds: float, call: Call) -> int:
        """Do this later, once; the number takes it back."""
        self._number += 1
        heapq.heappush(self._timers, _Timer(self._clock() + seconds, self._number, call))
        return self._number

    def cancel(self, number: int) -> None:
        """Take back what was to be done later; no harm where it was done."""
        self._timers = [each for each in self._timers if each.number != number]
        heapq.heapify(self._timers)

    def dirty(self, *, is_urgent: bool = False) -> None:
        """Something that is shown has changed; urgent is what a key did, which does not wait for its frame."""
        self._is_dirty = True
        self._is_urgent = self._is_urgent or is_urgent

    def run(self) -> None:
        """Until somebody says that it is over."""
        interrupts.wake_by(lambda: self.post(lambda: None))
        try:
            while not self.is_over:
                self.step()
        finally:
            interrupts.wake_by(None)

    def step(self) -> None:
        """One turn."""
        for call in self._ready():
            call()
        self.turns += 1
        if self._is_dirty and self._is_urgent and self._clock() >= self._due():
            self._frame(self._clock())
        self._work()
        now = self._clock()
        while self._timers and self._timers[0].at <= now:
            heapq.heappop(self._timers).call()
        if self._is_dirty and now >= self._due():
            self._frame(now)

    def _due(self) -> float:
        """When what has changed is shown."""
        most = MOST if self._is_urgent else MOST - KEPT
        room = self._painted[-most] + 1.0 if len(self._painted) >= most else 0.0
        if not self._is_urgent:
            return max(self._next_frame, room)
        return max(room, self._keys[0] + BURST * FRAME_S) if len(self._keys) == BURST else room

    def close(self) -> None:
        """Wait for nothing any more."""
        self._selector.close()
        os.close(self._woken)
        os.close(self._wake)

    def _ready(self) -> list[Call]:
        pause = self._pause()
        if pause is None and self._has_worked:
            if found := self._select(IDLE_S):
                return found
            self._has_worked = False
            self._on_idle()
        found = self._select(pause)
        self._has_worked = self._has_worked or bool(found)
        return found

    def _select(self, pause: float | None) -> list[Call]:
        """What is to be called, keys before what others have to say."""
        ready = {key.fd for key, _ in self._selector.select(pause)}
        return [call for fd, call in self._watched.items() if fd in ready] + [self._drain] * (self._woken in ready)

    def _pause(self) -> float | None:
        if self._posted or self.is_over:
            return 0.0
        times = [self._timers[0].at] if self._timers else []
        times += [self._due()] if self._is_dirty else []
        return max(0.0, min(times) - self._clock()) if times else None

    def _drain(self) -> None:
        with suppress(OSError):
            os.read(self._woken, 1 << 12)
        self._is_woken = False

    def _work(self) -> None:
        until = self._clock() + SLICE_S
        while self._posted:
            self._posted.popleft()()
            now = self._clock()
            if now > until or (self._is_dirty and now >= self._due()):
                break

    def _frame(self, now: float) -> None:
        if self._is_urgent:
            self._keys.append(now)
        self._is_dirty = self._is_urgent = False
        self._painted.append(now)
        self._paint()
        spent = self._clock() - now
        # A frame that came a little late does not make the next one late too.
        late = now - self._next_frame
        self._next_frame = now + max(FRAME_S - (late if 0 < late < FRAME_S / 2 else 0.0), spent * SHARE)
