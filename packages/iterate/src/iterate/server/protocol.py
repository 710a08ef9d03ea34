"""One HTTP/1.1 connection, with limits in time and number, and our JSON for each refusal.

What is no HTTP, too slow or too long is answered with `{"error": {...}}` like everything else, as far as it can
still be answered, and nothing of it is logged: whoever can connect could fill the disk.
"""

import asyncio
import contextlib
import enum
from collections.abc import Callable
from typing import assert_never, cast, override

from iterate.server import http1
from iterate.server.connections import Connections
from iterate.server.http1 import HEAD_LIMIT_BYTES, Body, Head
from iterate.server.problems import BadRequest, Refusal, RequestTooSlow, ServerBusy
from iterate.server.responses import failure_bytes
from iterate.server.visit import Visit

# How long a client that has closed its half of the connection gets to read an answer that has not begun.
HALF_CLOSED_S = 2.0

type Application = Callable[[Visit], None]


class Phase(enum.Enum):
    """What a connection is doing."""

    HEAD = enum.auto()
    BODY = enum.auto()
    ANSWER = enum.auto()
    IDLE = enum.auto()
    # The answer is decided; what still comes in is thrown away.
    DISCARD = enum.auto()
    CLOSING = enum.auto()


class HttpProtocol(asyncio.Protocol):
    """One connection."""

    def __init__(self, application: Application, connections: Connections, loop: asyncio.AbstractEventLoop) -> None:
        self._application = application
        self._others = connections
        self._limits = connections.limits
        self._loop = loop
        self._transport: asyncio.Transport = _NONE
        self._received = bytearray()
        self._visit: Visit | None = None
        self._body: Body = http1.Counted(0)
        self._drain: asyncio.Future[None] | None = None
        self._phase = Phase.HEAD
        self._since = self._progress = loop.time()
        self._is_fresh = True
        self._has_input = self._is_trusted = self._is_over = self._is_half_closed = False
        self._is_full = self._is_advancing = self._is_last = self._is_paused = False
        self._discarded = 0

    # What `Visit` calls.

    def trust(self) -> None:
        """Take the body of the present request, which carries the secret."""
        self._is_trusted = True
        self._advance()

    def write(self, data: bytes) -> None:
        """Send, or throw away when nobody reads any more."""
        if not self._transport.is_closing():
            self._transport.write(data)

    async def drained(self) -> None:
        """Wait until the client has read enough for more to be sent."""
        if self._is_full and not self._transport.is_closing():
            if self._drain is None:
                self._drain = self._loop.create_future()
            await asyncio.shield(self._drain)

    def body_was_taken(self) -> None:
        """More of a body may be read."""
        self._advance()

    def complete(self) -> None:
        """Wait for the next request, or end."""
        visit, ends = self._visit, self.ends
        self._visit = None
        self._has_input = self._is_trusted = False
        if visit is None or self._is_over or self._transport.is_closing():
            return
        if not visit.is_whole or (ends and self._is_paused):
            self._finish()
        elif ends or self._is_half_closed:
            self._transport.close()
        self._advance()

    def switch(self, protocol: asyncio.Protocol) -> bytes:
        """Let another protocol have the connection, which stays counted and trusted until it is lost."""
        rest = bytes(self._received)
        self._received.clear()
        self._is_trusted = True
        self._resume()
        self._transport.set_protocol(_Switched(protocol, self))
        protocol.connection_made(self._transport)
        return rest

    def abort(self) -> None:
        """Break the connection off."""
        self._transport.abort()

    @property
    def ends(self) -> bool:
        """Whether the connection has to end with this answer."""
        visit = self._visit
        # An answer before the end of the body ends the connection: what still comes is thrown away, unparsed.
        return self._is_last or visit is None or not visit.is_whole or visit.head.wants_close

    def refuse(self, refusal: Refusal) -> None:
        """Answer with an error of our shape and close, unless an answer has begun."""
        if self._visit is not None:
            # The application goes on for nobody: what it sends is dropped.
            self._visit.lose()
            if self._visit.has_begun:
                self._transport.abort()
                return
            self._visit = None
        if self._transport.is_closing() or self._is_over:
            return
        self._transport.write(failure_bytes(refusal))
        self._finish()

    def _finish(self) -> None:
        # Closed later: a client that is still sending would see a broken connection instead of the answer.
        self._is_over, self._is_trusted = True, False
        self._received.clear()
        with contextlib.suppress(OSError):  # It may have gone a moment ago.
            if self._transport.can_write_eof():
                self._transport.write_eof()
        self._look()

    # What asyncio calls.

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, or say that there is no room."""
        self._transport = cast("asyncio.Transport", transport)
        if not self._others.add(self):
            self.refuse(ServerBusy("all connections are answering requests"))

    @override
    def data_received(self, data: bytes) -> None:
        """Take what has come."""
        self._has_input = True
        self._progress = self._loop.time()
        if self._phase is Phase.DISCARD:
            self._discarded += len(data)
            if self._discarded > self._limits.discard_bytes:
                self._transport.abort()
                return
        if not self._is_over:
            self._received += data
            self._advance()
        self._look()

    @override
    def eof_received(self) -> bool | None:
        """Keep the connection open for an answer that has not begun; otherwise let it close."""
        visit = self._visit
        if visit is not None and not visit.has_begun and visit.is_whole:
            self._is_half_closed = True
            self._since = self._loop.time()
            return True
        if not self._is_over and self._phase in {Phase.HEAD, Phase.BODY} and self._has_input:
            self.refuse(BadRequest("the request ends in its middle"))
        return None

    @override
    def pause_writing(self) -> None:
        """The client reads more slowly than is sent."""
        self._is_full = True

    @override
    def resume_writing(self) -> None:
        """The client has read enough."""
        self._is_full = False
        self._wake()
        self._advance()
        self._look()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._others.discard(self)
        self._received.clear()
        self._wake()
        if self._visit is not None:
            self._visit.lose()

    def _wake(self) -> None:
        if self._drain is not None and not self._drain.done():
            self._drain.set_result(None)
        self._drain = None

    # From bytes to requests.

    def _advance(self) -> None:
        """Begin requests and fill bodies as far as the bytes go; the application may call back into this."""
        if self._is_advancing:
            return
        self._is_advancing = True
        try:
            while not self._is_over and not self._transport.is_closing() and self._step():
                pass
        except Refusal as refusal:
            self.refuse(refusal)
        finally:
            self._is_advancing = False

    def _step(self) -> bool:
        """One step further; whether there may be another. Raises `Refusal`."""
        visit = self._visit
        if visit is None:
            # Not before the last answer has room: what nobody reads is not to be answered.
            head = None if self._is_full or not self._received else http1.read_head(self._received)
            if head is None:
                return False
            self._begin(head)
            return True
        if visit.is_whole or not self._is_trusted or visit.is_full:
            return False
        part = self._body.take(self._received)
        if not part and not self._body.is_over:
            return False
        visit.receive(part, is_last=self._body.is_over)
        return True

    def _begin(self, head: Head) -> None:
        del self._received[: head.size]
        self._is_fresh = False
        self._has_input = bool(self._received)
        self._visit = visit = Visit(head, self)
        self._body = http1.body_of(head)
        self._application(visit)

    # What `Connections` and the server call.

    def shutdown(self) -> None:
        """Close after the answer that is being given, or now."""
        self._is_last = True
        if self._visit is None:
            self._transport.close()

    def evictable_since(self) -> float | None:
        """Since when the present phase lasts; None while a request with the secret is being answered."""
        return None if self._is_trusted else self._since

    def evict(self) -> None:
        """Close at once, also when the client has not read all of its answer."""
        if self._transport.get_write_buffer_size():
            self._transport.abort()
        else:
            self._transport.close()

    def sweep(self, now: float) -> None:
        """Close when the present phase has lasted too long."""
        self._look()
        deadline = self._deadline()
        if deadline is None or now < deadline:
            return
        match self._phase:
            case Phase.HEAD if self._has_input:
                self.refuse(RequestTooSlow("the request head did not arrive in time"))
            case Phase.BODY:
                self.refuse(RequestTooSlow("the request body stopped arriving"))
            case Phase.HEAD | Phase.IDLE | Phase.ANSWER | Phase.DISCARD | Phase.CLOSING:
                self.evict()

    def _deadline(self) -> float | None:
        limits = self._limits
        if self._is_trusted and self._phase in {Phase.BODY, Phase.ANSWER} and not self._is_half_closed:
            return self._progress + limits.body_s if self._phase is Phase.BODY else None
        match self._phase:
            case Phase.HEAD:
                seconds = limits.head_s
            case Phase.IDLE:
                seconds = limits.idle_s
            case Phase.BODY | Phase.ANSWER:
                seconds = HALF_CLOSED_S if self._is_half_closed else limits.untrusted_answer_s
            case Phase.DISCARD | Phase.CLOSING:
                seconds = limits.closing_s
            case _:
                assert_never(self._phase)
        return self._since + seconds

    def _look(self) -> None:
        """Notice the phase, and since when; read no more than can be used."""
        phase = self._phase_now()
        if phase is not self._phase:
            self._phase = phase
            self._since = self._loop.time()
            self._discarded = 0
        if self._is_over or self._transport.is_closing():
            self._resume()
            return
        visit = self._visit
        is_held = visit is not None and not visit.is_whole and not self._is_trusted
        if is_held or len(self._received) > HEAD_LIMIT_BYTES + 4:
            if not self._is_paused:
                self._is_paused = True
                self._transport.pause_reading()
        else:
            self._resume()

    def _resume(self) -> None:
        if self._is_paused:
            self._is_paused = False
            self._transport.resume_reading()

    def _phase_now(self) -> Phase:
        if self._transport.is_closing():
            return Phase.CLOSING
        if self._is_over:
            return Phase.DISCARD
        if self._visit is not None:
            return Phase.ANSWER if self._visit.is_whole else Phase.BODY
        if self._is_full:
            return Phase.ANSWER
        return Phase.HEAD if self._is_fresh or self._has_input else Phase.IDLE


class _Switched(asyncio.Protocol):
    """Another protocol on a connection that began as ours."""

    def __init__(self, protocol: asyncio.Protocol, first: HttpProtocol) -> None:
        self._protocol = protocol
        self._first = first

    @override
    def data_received(self, data: bytes) -> None:
        self._protocol.data_received(data)

    @override
    def eof_received(self) -> bool | None:
        return self._protocol.eof_received()

    @override
    def pause_writing(self) -> None:
        self._protocol.pause_writing()

    @override
    def resume_writing(self) -> None:
        self._protocol.resume_writing()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._protocol.connection_lost(exc)
        self._first.connection_lost(exc)


_NONE = asyncio.Transport()
