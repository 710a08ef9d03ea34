"""What requests do with the server as a whole: ask whether it lives, watch everything, end it, read its document."""

from iterate.about import STAMP
from iterate.discovery import PROTOCOL
from iterate.events import Entry, Json, ServerConnected, encode
from iterate.server.frames import Stream
from iterate.server.route import Call, Context
from iterate.server.shapes import Ending, HandoverBody, Health, Nothing, StopBody, Ticket, TicketBody
from iterate.server.tickets import LIFE_S


class Service:
    """One server."""

    def __init__(self, context: Context) -> None:
        self._runtime = context.runtime
        self._life = context.life
        self._document = context.document
        self._tickets = context.tickets

    async def health(self, _call: Call[Nothing]) -> Health:
        """Say that the server lives, and its version."""
        return Health(healthy=True, version=STAMP.version, protocol=PROTOCOL)

    async def watch(self, _call: Call[Nothing]) -> Stream:
        """Stream everything that happens from now on."""
        watcher = self._runtime.watch()
        connected = ServerConnected(version=STAMP.version)
        watcher.offer(Entry(connected, encode(connected)))
        return Stream(next=watcher.next, leave=lambda: self._runtime.unwatch(watcher), has_ids=False)

    async def stop(self, call: Call[StopBody]) -> Ending:
        """End the server after this answer."""
        running = self._runtime.running
        await self._life.stop(call.body.patience_s)
        return Ending(running=running)

    async def hand_over(self, call: Call[HandoverBody]) -> Ending:
        """Let another server take over, and end when nothing runs any more."""
        running = self._runtime.running
        await self._life.hand_over(call.body.version)
        return Ending(running=running)

    async def dispose(self, _call: Call[Nothing]) -> bool:
        """Release what the server holds."""
        await self._runtime.dispose()
        return True

    async def ticket(self, call: Call[TicketBody]) -> Ticket:
        """Give a ticket for one request."""
        return Ticket(ticket=self._tickets.issue(call.body.path), expires_s=LIFE_S)

    async def document(self, _call: Call[Nothing]) -> dict[str, Json]:
        """The OpenAPI document."""
        return self._document()
