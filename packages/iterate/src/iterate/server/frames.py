"""Server-sent event frames, and the response that streams them. Events become bytes here and nowhere else."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Sequence

from msgspec import Struct

from iterate.errors import Failure, ServerStopping, SessionUnknown
from iterate.events import (
    Delta,
    Entry,
    InstanceDisposed,
    ServerConnected,
    ServerOverflow,
    SessionCreated,
    SessionRemoved,
    ToolOutput,
    Unknown,
    Watched,
)
from iterate.events import ServerStopping as Stopping
from iterate.runtime.reading import Cursor
from iterate.server.http1 import Headers
from iterate.server.seen import PathsChanged, PathsSeen, WatchBegan, WatchEnded
from iterate.server.visit import Visit

HEARTBEAT_S = 10.0
# How long a reader waits when the database cannot be read, before it tries again.
RETRY_S = 1.0
_HEARTBEAT = b": heartbeat\n\n"
# Numbers that fit into 64 bits; there is no part 0.
_PLACE = re.compile(r"(0|[1-9][0-9]{0,14})(?:(?<!^0)\.([0-9]{1,15}))?")
_log = logging.getLogger("iterate.server")

_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-accel-buffering", b"no"),
]

type Sent = Entry[Watched | Unknown] | Entry[PathsSeen]


class Stream(Struct, frozen=True, kw_only=True):
    """What is streamed: `next` gives entries, none after a silence, None at the end; `leave` is called once."""

    next: Callable[[float], Awaitable[Sequence[Sent] | None]]
    leave: Callable[[], None]
    # Whether a frame's id is its place in the session, which only the stream of one session can say.
    has_ids: bool


def cursor(text: str) -> Cursor:
    """The place that the id of a frame names: `7` is behind event 7, `8.120` inside part 8; raises ValueError."""
    found = _PLACE.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no place in a session")
    if found[2] is None:
        return Cursor(int(found[1]))
    # Inside part 8 means: behind event 7, and so many characters further.
    return Cursor(int(found[1]) - 1, int(found[2]))


def frame(entry: Sent, *, has_id: bool) -> bytes:
    """The frame of one entry."""
    data = b"data: " + entry.json + b"\n\n"
    if not has_id:
        return data
    match entry.event:
        case Delta(number=number, offset=offset, text=text):
            return f"id: {number}.{offset + len(text)}\n".encode() + data
        case ServerConnected() | ServerOverflow() | Stopping() | InstanceDisposed():
            return data
        case SessionCreated() | SessionRemoved() | ToolOutput():
            return data
        case WatchBegan() | PathsChanged() | WatchEnded():
            return data
        case event:
            return f"id: {event.number}\n".encode() + data


class EventStream:
    """An answer: what a stream gives until it ends or the client leaves."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    async def run(self, visit: Visit, extra: Headers) -> bool:
        """Answer one request; whether the client stayed to the end."""
        sending = asyncio.ensure_future(self._send(visit, extra))
        leaving = asyncio.ensure_future(visit.left())
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            sending.cancel()
            self._stream.leave()
        await asyncio.wait({sending, leaving})
        if not sending.cancelled():
            sending.result()
        return not sending.cancelled() and not visit.is_gone

    async def _send(self, visit: Visit, extra: Headers) -> None:
        visit.begin(200, [*_HEADERS, *extra])
        while visit.head.method != "HEAD" and (entries := await self._next()) is not None:
            body = b"".join([frame(entry, has_id=self._stream.has_ids) for entry in entries])
            await visit.send(body or _HEARTBEAT)
        visit.end()

    async def _next(self) -> Sequence[Sent] | None:
        try:
            return await self._stream.next(HEARTBEAT_S)
        except (ServerStopping, SessionUnknown):
            return None
        except Failure as problem:
            # The reader keeps its place, and goes on when the database can be read again.
            _log.warning("a reader waits: %s", problem)
            await asyncio.sleep(RETRY_S)
            return ()
