"""The stream of everything: each event of each session, and the notices of the server itself."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request

from iterate.about import STAMP
from iterate.server.frames import EventStream, notice_frame
from iterate.server.hub import Reader
from iterate.server.instance import Instance

# Frames that may wait for a slow reader, before it loses its place.
LIMIT_FRAMES = 1024


def watcher(instance: Instance) -> Callable[[Request], Awaitable[EventStream]]:
    """The route of this instance."""

    async def watch(_request: Request) -> EventStream:
        """`GET /global/event`."""
        reader = Reader(LIMIT_FRAMES, overflow=notice_frame("server.overflow"))
        reader.offer(notice_frame("server.connected", version=STAMP.version))
        instance.hub.join(reader)
        return EventStream(reader, on_end=lambda: instance.hub.leave(reader))

    return watch
