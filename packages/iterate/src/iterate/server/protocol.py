"""One HTTP/1.1 connection as uvicorn speaks it, with limits in time and number, and our JSON for each refusal.

What is no HTTP, too slow or too long is answered with `{"error": {...}}` like everything else, as far as it can
still be answered, and nothing of it is logged: whoever can connect could fill the disk.
"""

import asyncio
import contextlib
import enum
from typing import assert_never, override

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.server import ServerState

from iterate.server.connections import Connections
from iterate.server.problems import (
    BadRequest,
    HeadTooLarge,
    NotSupported,
    Refusal,
    RequestTooSlow,
    ServerBusy,
    VersionUnsupported,
)
from iterate.server.responses import failure_bytes
from iterate.server.security import TRUST
from iterate.server.strict import StrictConnection

# How long a client that has closed its half of the connection gets to read an answer that has not begun.
HALF_CLOSED_S = 2.0

# By the status that h11 and `strict.py` give for it; any other is a bad request.
_FAULTS: dict[int, type[Refusal]] = {one.status: one for one in (HeadTooLarge, NotSupported, VersionUnsupported)}


class Phase(enum.Enum):
    """What a connection is doing."""

    HEAD = enum.auto()
    BODY = enum.auto()
    ANSWER = enum.auto()
    IDLE = enum.auto()
    # The answer is decided; what still comes in is thrown away.
    DISCARD = enum.auto()
    CLOSING = enum.auto()


class Protocol(H11Protocol):
    """One connection."""

    def __init__(self, config: Config, server_state: ServerState, connections: Connections) -> None:
        super().__init__(config, server_state, {TRUST: self.trust})
        self.conn: StrictConnection = StrictConnection()
        self._others = connections
        self._limits = connections.limits
        self._phase = Phase.HEAD
        self._since = self._progress = self.loop.time()
        self._has_input = self._is_trusted = self._is_over = self._is_half_closed = False
        self._discarded = 0

    def trust(self) -> None:
        """Take the body of the present request, which carries the secret."""
        self._is_trusted = True
        self.conn.release()
        self.flow.resume_reading()
        self.handle_events()
        self._look()

    def refuse(self, refusal: Refusal) -> None:
        """Answer with an error of our shape and close, unless an answer has begun."""
        if self._is_answering():
            # The application goes on for nobody: what it sends is dropped.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            if self.cycle.response_started:
                self.transport.abort()
                return
        if self.transport.is_closing() or self._is_over:
            return
        self.transport.write(failure_bytes(refusal))
        self._finish()

    def end(self) -> None:
        """Close after an answer, as soon as the client has read it."""
        if self.conn.their_state is h11.SEND_BODY or self.flow.read_paused:
            self._finish()
        else:
            self.transport.close()

    def _finish(self) -> None:
        # Closed later: a client that is still sending would see a broken connection instead of the answer.
        self._is_over, self._is_trusted = True, False
        with contextlib.suppress(OSError):  # It may have gone a moment ago.
            if self.transport.can_write_eof():
                self.transport.write_eof()
        self.flow.resume_reading()
        self._look()

    # What asyncio and uvicorn call.

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # As uvicorn has it.
        """Begin, or say that there is no room."""
        super().connection_made(transport)
        if not self._others.add(self):
            self.refuse(ServerBusy("all connections are answering requests"))

    @override
    def data_received(self, data: bytes) -> None:
        """Take what has come."""
        self._has_input = True
        self._progress = self.loop.time()
        if self._phase is Phase.DISCARD:
            self._discarded += len(data)
            if self._discarded > self._limits.discard_bytes:
                self.transport.abort()
                return
        if not self._is_over:
            super().data_received(data)
        self._look()

    @override
    def eof_received(self) -> bool | None:  # type: ignore[override]  # asyncio's own type; uvicorn returns nothing.
        """Keep the connection open for an answer that has not begun; otherwise let it close."""
        if self._is_answering() and not self.cycle.response_started and not self.cycle.more_body:
            self._is_half_closed = True
            self._since = self.loop.time()
            return True
        if not self._is_over and self._phase in {Phase.HEAD, Phase.BODY} and self._has_input:
            self.refuse(BadRequest("the request ends in its middle"))
        return None

    @override
    def send_400_response(self, msg: str) -> None:
        """Answer what is no request, and close; uvicorn's own text is not used."""
        fault = self.conn.fault
        self.refuse(_FAULTS.get(fault.error_status_hint if fault else 0, BadRequest)(str(fault or msg)))

    @override
    def on_response_complete(self) -> None:
        """Wait for the next request."""
        self._has_input = self._is_trusted = False
        if self.conn.their_state is h11.SEND_BODY and not self.transport.is_closing():
            self._finish()
            return
        super().on_response_complete()
        self._unset_keepalive_if_required()  # Sweeping does this.
        if self._is_half_closed:
            self.transport.close()
        self._look()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._others.discard(self)
        super().connection_lost(exc)

    @override
    def shutdown(self) -> None:
        """Close after the answer that is being given, or now."""
        if self._is_answering():
            self.cycle.keep_alive = False
        else:
            self.transport.close()

    # What `Connections` calls.

    def evictable_since(self) -> float | None:
        """Since when the present phase lasts; None while a request with the secret is being answered."""
        return None if self._is_trusted else self._since

    def evict(self) -> None:
        """Close at once, also when the client has not read all of its answer."""
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            self.transport.close()

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
        """Notice the phase, and since when."""
        phase = self._phase_now()
        if phase is not self._phase:
            self._phase = phase
            self._since = self.loop.time()
            self._discarded = 0
        if self._is_answering() and not isinstance(self.cycle.transport, _Ending):
            self.cycle.transport = _Ending(self, self.transport)
        if self._is_answering():
            # An answer before the end of the body ends the connection: what still comes is thrown away, unparsed.
            self.cycle.default_headers = [(b"connection", b"close")] if self.cycle.more_body else []
        if self.conn.is_held and not self._is_over:
            self.flow.pause_reading()

    def _phase_now(self) -> Phase:
        if self.transport.is_closing():
            return Phase.CLOSING
        if self._is_over:
            return Phase.DISCARD
        if self._is_answering():
            return Phase.BODY if self.cycle.more_body else Phase.ANSWER
        is_fresh = self.cycle is None
        return Phase.HEAD if is_fresh or self._has_input else Phase.IDLE

    def _is_answering(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle  # Typed by uvicorn as if there always were one.
        return cycle is not None and not cycle.response_complete


class _Ending(asyncio.Transport):
    """The transport as uvicorn's answers use it, which `close` without cutting off a client that still sends."""

    def __init__(self, protocol: Protocol, transport: asyncio.Transport) -> None:
        super().__init__()
        self._protocol = protocol
        self._transport = transport

    @override
    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._transport.write(data)

    @override
    def is_closing(self) -> bool:
        return self._transport.is_closing()

    @override
    def close(self) -> None:
        self._protocol.end()
