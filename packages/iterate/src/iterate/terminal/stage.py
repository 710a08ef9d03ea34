"""An answer in front of a person: shown as it comes, and what it asks for asked in place.

The events are read in a thread, so that keys, other people's answers and the clock are heard meanwhile. The first
answer counts, whoever gives it.
"""

import os
import queue
import select
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple, Protocol

from iterate.heard import Heard
from iterate.terminal import dialog
from iterate.terminal.dialog import Dialog, Reply
from iterate.terminal.keyboard import Keyboard
from iterate.terminal.resizing import resizing

# Rows are painted so often at most, in seconds between two times, and what counts seconds so often.
FRAME_S = 1 / 40
TICK_S = 1.0
# Of all time, no more than this part is spent on painting: a long block takes longer to render.
SHARE = 5

type Show = Callable[[Heard], None]


class Desk(NamedTuple):
    """How a word gets to the server; each says whether it counts, or somebody else was first."""

    permit: Callable[[str, str, str], bool]
    answer: Callable[[str, tuple[tuple[str, ...], ...] | None], bool]


class View(Protocol):
    """What events are shown on."""

    # Whether keys are answered where they are typed; else a whole line is.
    has_keys: bool

    def take(self, event: Heard, now: float) -> None:
        """Hear of one event."""

    def paint(self, now: float) -> None:
        """Show what is new."""

    def has_clock(self) -> bool:
        """Whether what is shown changes by time alone."""

    def resize(self) -> None:
        """The terminal has another size."""

    def ask(self, asked: Dialog) -> None:
        """Begin to show what is asked."""

    def ask_again(self, asked: Dialog) -> None:
        """Show what is asked as it is now."""

    def answered(self, told: str) -> None:
        """What is asked is over."""


class Arrived(NamedTuple):
    """An event, and when it came: what is asked may keep it waiting before it is shown."""

    event: Heard
    at: float


class Feed:
    """Events that a thread reads, and how the reading ended."""

    def __init__(self, follow: Callable[[Show], Heard]) -> None:
        self.descriptor, self._told = os.pipe()
        self._events: queue.SimpleQueue[Arrived] = queue.SimpleQueue()
        self.ending: Heard | None = None
        self.failure: BaseException | None = None
        self._thread = threading.Thread(target=self._read, args=(follow,), daemon=True)
        self._thread.start()

    def take(self) -> "list[Arrived]":
        """What came since."""
        os.read(self.descriptor, 1 << 16)
        found = []
        while not self._events.empty():
            found.append(self._events.get())
        return found

    @property
    def is_over(self) -> bool:
        """Whether nothing comes any more."""
        return (self.ending is not None or self.failure is not None) and self._events.empty()

    def close(self) -> None:
        """Wait for the thread, which has ended."""
        self._thread.join()
        os.close(self.descriptor)
        os.close(self._told)

    def _read(self, follow: Callable[[Show], Heard]) -> None:
        try:
            self.ending = follow(self._put)
        except BaseException as problem:  # noqa: BLE001  # It is raised again where it is waited for.
            self.failure = problem
        os.write(self._told, b"!")

    def _put(self, event: Heard) -> None:
        self._events.put(Arrived(event, time.monotonic()))
        os.write(self._told, b".")


class Stage:
    """One answer after the other, on one view."""

    def __init__(self, view: View, keyboard: Keyboard | None, desk: Desk) -> None:
        self._view = view
        self._keyboard = keyboard
        self._desk = desk
        self._waiting: deque[Arrived] = deque()
        self._feed: Feed | None = None
        self._calls: dict[str, Heard] = {}
        self._painted = 0.0
        self._cost = 0.0
        self._is_dirty = False
        # What hears of keys while nothing is asked; the conversation sets it.
        self.typed: Callable[[Keyboard], None] | None = None
        # What Ctrl-C does where it is a key, in the middle of a question too.
        self.interrupted: Callable[[], None] | None = None

    def play(self, follow: Callable[[Show], Heard]) -> Heard:
        """Show an answer to its end, and return what ended it; raises what `follow` raises."""
        feed = self._feed = Feed(follow)
        with resizing(self._view.resize):
            while not feed.is_over or self._waiting:
                self._step(feed)
        self._view.paint(time.monotonic())
        feed.close()
        if feed.ending is None:
            raise feed.failure or AssertionError
        return feed.ending

    def _step(self, feed: Feed) -> None:
        if not self._waiting:
            self._hear(feed, self._keys() if self.typed else [], self._pause())
        while self._waiting:
            event, at = self._waiting.popleft()
            self._view.take(event, at)
            self._is_dirty = True
            part = event.inner("part")
            if part.kind == "tool_call":
                self._calls[part.word("call")] = part
            asked = dialog.begun(event, self._calls)
            if asked is not None:
                self._ask(feed, asked)
        now = time.monotonic()
        if now - self._painted >= max(FRAME_S, self._cost * SHARE) or feed.is_over:
            self._view.paint(now)
            self._cost = time.monotonic() - now
            self._painted, self._is_dirty = now, False

    def _keys(self) -> list[Keyboard]:
        return [self._keyboard] if self._keyboard is not None else []

    def _pause(self) -> float:
        if self._is_dirty:
            return max(FRAME_S, self._cost * SHARE) - (time.monotonic() - self._painted)
        return TICK_S if self._view.has_clock() else 10.0

    def _hear(self, feed: Feed, keyboards: list[Keyboard], pause: float) -> bool:
        """Wait for events and keys; whether there are keys."""
        watched = [each.descriptor for each in keyboards]
        ready, _, _ = select.select([feed.descriptor, *watched], [], [], max(0.0, pause))
        if feed.descriptor in ready:
            self._waiting += feed.take()
        has_keys = any(each in ready for each in watched)
        if has_keys and self.typed is not None:
            self.typed(keyboards[0])
        return has_keys

    def _ask(self, feed: Feed, asked: Dialog) -> None:
        """Ask until there is a word, from here or from elsewhere; what comes meanwhile is shown afterwards."""
        if self._keyboard is None or any(dialog.is_over(asked, each.event) for each in self._waiting):
            return
        typed, self.typed = self.typed, None
        try:
            if self._view.has_keys and typed is None:
                with self._keyboard.held(has_signals=True):
                    told = self._answer(feed, asked, self._keyboard)
            else:
                told = self._answer(feed, asked, self._keyboard)
        finally:
            self.typed = typed
        self._view.answered(told)

    def _answer(self, feed: Feed, asked: Dialog, keyboard: Keyboard) -> str:
        # What was typed until now was meant for something else.
        keyboard.forget()
        self._view.ask(asked)
        while True:
            has_keys = self._hear(feed, [keyboard], TICK_S)
            ended = next((each.event for each in self._waiting if dialog.is_over(asked, each.event)), None)
            if ended is not None:
                return asked.told(ended) if not ended.is_ending else "not asked any more"
            if feed.is_over:
                return "not asked any more"
            reply = self._reply(asked, keyboard) if has_keys else None
            if reply is not None:
                return "" if self._send(asked, reply) else "somebody else answered before"

    def _reply(self, asked: Dialog, keyboard: Keyboard) -> Reply | None:
        if self._view.has_keys:
            for key in keyboard.read():
                if key.name == "ctrl+c" and self.interrupted is not None:
                    self.interrupted()
                    continue
                reply = asked.key(key)
                if reply is not None:
                    return reply
        else:
            line = keyboard.line()
            if line is None:
                return Reply("deny") if isinstance(asked, dialog.Permission) else Reply()
            reply = asked.line(line)
            if reply is not None:
                return reply
        self._view.ask_again(asked)
        return None

    def _send(self, asked: Dialog, reply: Reply) -> bool:
        if isinstance(asked, dialog.Permission):
            return self._desk.permit(asked.id, reply.decision, reply.message)
        return self._desk.answer(asked.id, reply.answers)
