"""Server-sent event frames, and the response that streams them. A frame is made once, for all its readers."""

import asyncio
import json
from collections.abc import Callable

from starlette.types import Receive, Scope, Send

from iterate import events
from iterate.events import Event
from iterate.server.hub import Reader

HEARTBEAT_S = 10.0
_HEARTBEAT = b": heartbeat\n\n"

_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-accel-buffering", b"no"),
]


def event_frame(event: Event) -> bytes:
    """The frame of a session's event; its id is the event's number."""
    return f"id: {event.number}\ndata: {events.to_json(event)}\n\n".encode()


def notice_frame(kind: str, **fields: str) -> bytes:
    """The frame of something that belongs to no session's numbering, such as `server.connected`."""
    return f"data: {json.dumps({'type': kind, **fields}, separators=(',', ':'))}\n\n".encode()


class EventStream:
    """A response: a reader's frames until they end or the client leaves, and then `on_end`, always."""

    def __init__(self, reader: Reader, on_end: Callable[[], None]) -> None:
        self._reader = reader
        self._on_end = on_end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["method"] == "HEAD":
            self._reader.close()
        leaving = asyncio.ensure_future(self._watch(receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            while (frame := await self._reader.next(HEARTBEAT_S)) is not None:
                await send({"type": "http.response.body", "body": frame or _HEARTBEAT, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            leaving.cancel()
            self._on_end()

    async def _watch(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._on_end()
        self._reader.close()
