"""Reading one session: the events after a number from the store, then live, without a gap and without a double.

A reader is a place and a wake-up, not a queue. It asks for what lies behind its place, from the answer that runs in
this process or else from the store, and sleeps when there is nothing. So a slow reader costs no memory, and falls back
to the store by itself.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from iterate import events
from iterate.events import Delta, Entry, Event, PartAdded, ReasoningPart, TextPart, ToolOutput, ToolResultPart, Unknown
from iterate.store import OpenPart, Page

# How often the store is asked for an answer that another server, one that retired, is finishing.
POLL_S = 0.25

# Output of tools that waits for a reader, in characters; what is older is left out, because the result has it again.
LONGEST_ASIDE = 1 << 18

type Line = Entry[Event | Delta | Unknown]
type Read = Line | Entry[ToolOutput]


class Cursor(NamedTuple):
    """How far a reader has come: every event up to `number`, and `offset` characters of the part behind it."""

    number: int
    offset: int = 0


class Source(NamedTuple):
    """Where a reading gets its pages: of the answer that runs here (None when the store has to be asked), or stored."""

    live: Callable[[int], Page | None]
    stored: Callable[[int], Awaitable[Page]]


class Reading:
    """One reader of one session; with `until_ending` it ends with the next ending, else never by itself."""

    def __init__(self, session: str, source: Source, cursor: Cursor, *, until_ending: bool) -> None:
        self.session = session
        self._source = source
        self._cursor = cursor
        self._until_ending = until_ending
        self._news = asyncio.Event()
        self._asides: deque[Entry[ToolOutput]] = deque()
        self._size = 0
        self._is_closing = False
        self._is_over = False

    def wake(self) -> None:
        """Say that there is something new to read."""
        self._news.set()

    def tell(self, aside: Entry[ToolOutput]) -> None:
        """Say something that has no place in the session; a reader that comes behind may miss it."""
        self._asides.append(aside)
        self._size += len(aside.event.text)
        while self._size > LONGEST_ASIDE:
            self._size -= len(self._asides.popleft().event.text)
        self._news.set()

    def close(self) -> None:
        """Let the reader have what there is, and then the end."""
        self._is_closing = True
        self._news.set()

    async def next(self, timeout_s: float) -> Sequence[Read] | None:
        """The next lines; none of them after `timeout_s` of silence, None at the end. Raises the store's failures."""
        deadline = time.monotonic() + timeout_s
        while not self._is_over:
            self._news.clear()
            is_closing = self._is_closing
            page = self._source.live(self._cursor.number)
            is_elsewhere = False
            if page is None:
                page = await self._source.stored(self._cursor.number)
                is_elsewhere = page.is_running
            lines, self._cursor = unseen(self._cursor, page)
            if self._until_ending:
                lines = self._cut(lines)
            if lines:
                self._drop(lines)
                return lines
            if self._asides:
                # After all that is stored, so that nothing is put out by a call that was not told yet.
                told = list(self._asides)
                self._drop()
                return told
            if is_closing:
                break
            rest = deadline - time.monotonic()
            if rest <= 0:
                return ()
            await self._wait(min(rest, POLL_S) if is_elsewhere else rest)
        return None

    def _drop(self, lines: Sequence[Line] | None = None) -> None:
        """Forget what was told, or what these lines have again as the result of a call."""
        if lines is None:
            self._asides.clear()
        elif self._asides:
            over = {_result(line.event) for line in lines}
            self._asides = deque(each for each in self._asides if each.event.call not in over)
        self._size = sum(len(each.event.text) for each in self._asides)

    def _cut(self, lines: list[Line]) -> list[Line]:
        for index, line in enumerate(lines):
            if events.is_ending(line.event):
                self._is_over = True
                return lines[: index + 1]
        return lines

    async def _wait(self, timeout_s: float) -> None:
        try:
            async with asyncio.timeout(timeout_s):
                await self._news.wait()
        except TimeoutError:
            pass


def _result(event: Event | Delta | Unknown) -> str:
    """The call whose result this is, if it is one."""
    return event.part.call if isinstance(event, PartAdded) and isinstance(event.part, ToolResultPart) else ""


def unseen(cursor: Cursor, page: Page) -> tuple[list[Line], Cursor]:
    """What a reader at this place has not seen of a page, and its place afterwards.

    It gets a part either at once, or all of its text as deltas and then the part, also when it comes back in between.
    """
    lines: list[Line] = []
    for entry in page.entries:
        if entry.event.number <= cursor.number:
            continue
        if cursor.offset and isinstance(entry.event, PartAdded):
            lines += _rest(entry.event, cursor.offset)
        lines.append(entry)
        cursor = Cursor(entry.event.number)
    part = page.open_part
    if part is not None and part.number == cursor.number + 1 and len(part.text) > cursor.offset:
        session = page.session
        lines.append(_delta(part, session, cursor.offset))
        cursor = Cursor(cursor.number, len(part.text))
    return lines, cursor


def _rest(added: PartAdded, offset: int) -> list[Line]:
    """The deltas that a reader of an unfinished part still lacks when the part is complete."""
    match added.part:
        case TextPart(text=text):
            part = OpenPart(added.number, "text", text)
        case ReasoningPart(text=text):
            part = OpenPart(added.number, "reasoning", text)
        case _:
            return []
    return [_delta(part, added.session, offset)] if len(part.text) > offset else []


def _delta(part: OpenPart, session: str, offset: int) -> Line:
    delta = Delta(number=part.number, session=session, kind=part.kind, offset=offset, text=part.text[offset:])
    return events.entry(delta)
