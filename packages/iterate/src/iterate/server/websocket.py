"""WebSockets on connections of ours: the frames are the library's, which is loaded at the first one."""

import asyncio
from collections import deque
from typing import TYPE_CHECKING, cast, override

from iterate.server.problems import BadRequest, UpgradeRequired
from iterate.server.visit import Visit

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from websockets.frames import Frame
    from websockets.server import ServerProtocol

# One message, and what of several may wait for their reader.
MESSAGE_LIMIT_BYTES = 1 << 20
WAITING_BYTES = 1 << 17
# How long the far side may take to answer a close.
CLOSE_S = 2.0

type Message = str | bytes


class Socket(asyncio.Protocol):
    """One WebSocket: messages in order both ways, and a reader and a writer that wait when the far side is slow."""

    def __init__(self, frames: "ServerProtocol") -> None:
        self._frames = frames
        self._transport: asyncio.Transport | None = None
        self._messages: deque[Message] = deque()
        self._waiting = 0
        self._parts: list[bytes] = []
        self._is_text = False
        self._is_over = False
        self._is_paused = False
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    async def receive(self) -> Message | None:
        """The next message; None when the far side closed, or is gone."""
        while not self._messages:
            if self._is_over:
                return None
            self._news.clear()
            await self._news.wait()
        message = self._messages.popleft()
        self._waiting -= len(message)
        if self._is_paused and self._waiting <= WAITING_BYTES and self._transport is not None:
            self._is_paused = False
            self._transport.resume_reading()
        return message

    async def send(self, message: Message) -> bool:
        """Send a message, and wait while too many are on their way; False when nobody gets it."""
        if self._is_over:
            return False
        if isinstance(message, str):
            self._frames.send_text(message.encode())
        else:
            self._frames.send_binary(message)
        self._flush()
        await self._room.wait()
        return not self._is_over

    def close(self, code: int, reason: str) -> None:
        """Say goodbye, and close when the far side has answered, or does not."""
        if self._is_over or self._transport is None:
            return
        # A reason has 123 bytes at most.
        self._frames.send_close(code, reason.encode()[:123].decode(errors="ignore"))
        self._flush()
        self._end()
        asyncio.get_running_loop().call_later(CLOSE_S, self._transport.close)

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    @override
    def data_received(self, data: bytes) -> None:
        self._frames.receive_data(data)
        self._take()

    @override
    def eof_received(self) -> bool | None:
        self._frames.receive_eof()
        self._take()
        return None

    @override
    def pause_writing(self) -> None:
        self._room.clear()

    @override
    def resume_writing(self) -> None:
        self._room.set()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._end()

    def _take(self) -> None:
        for event in self._frames.events_received():
            self._take_frame(cast("Frame", event))
        self._flush()
        if self._frames.close_expected() and self._transport is not None:
            self._end()
            self._transport.close()

    def _take_frame(self, frame: "Frame") -> None:
        if frame.opcode in {_TEXT, _BINARY}:
            self._is_text = frame.opcode == _TEXT
            self._parts = []
        elif frame.opcode != _CONTINUATION:
            return  # Pings and closes are answered by the library.
        self._parts.append(bytes(frame.data))
        if frame.fin:
            content = b"".join(self._parts)
            self._parts = []
            # The library checks that text is UTF-8 only piece by piece.
            self._messages.append(content.decode(errors="replace") if self._is_text else content)
            self._waiting += len(content)
            self._news.set()
            if self._waiting > WAITING_BYTES and not self._is_paused and self._transport is not None:
                self._is_paused = True
                self._transport.pause_reading()

    def _flush(self) -> None:
        for data in self._frames.data_to_send():
            if self._transport is None or self._transport.is_closing():
                return
            if data:
                self._transport.write(data)
            else:
                self._transport.close()

    def _end(self) -> None:
        self._is_over = True
        self._news.set()
        self._room.set()


_CONTINUATION, _TEXT, _BINARY = 0, 1, 2


class Upgrade:
    """What a handler gives instead of an answer: a WebSocket, and what is done with it."""

    def __init__(self, talk: "Callable[[Socket], Awaitable[None]]") -> None:
        self._talk = talk

    async def run(self, visit: Visit) -> None:
        """Shake hands and talk until one of the two ends it; raises `UpgradeRequired`, `BadRequest`."""
        if "websocket" not in visit.head.get(b"upgrade").lower():
            raise UpgradeRequired("this route speaks WebSocket")
        frames, hello = await asyncio.to_thread(_shake_hands, visit)
        if visit.is_gone:
            return
        socket = Socket(frames)
        rest = visit.switch(hello, socket)
        if rest:
            socket.data_received(rest)
        try:
            await self._talk(socket)
        finally:
            socket.close(1011, "")


def _shake_hands(visit: Visit) -> "tuple[ServerProtocol, bytes]":
    # In a thread: the library takes 80 ms to load, once.
    from websockets.http11 import Request
    from websockets.server import ServerProtocol

    frames = ServerProtocol(max_size=MESSAGE_LIMIT_BYTES)
    # It wants to have read the request itself.
    lines = b"".join([b"%b: %b\r\n" % pair for pair in visit.head.headers])
    frames.receive_data(b"GET / HTTP/1.1\r\n%b\r\n" % lines)
    asked = [event for event in frames.events_received() if isinstance(event, Request)]
    if not asked:
        raise BadRequest("this is no handshake of a WebSocket")
    response = frames.accept(asked[0])
    if response.status_code != 101:  # noqa: PLR2004  # Switching Protocols.
        raise BadRequest("this is no handshake of a WebSocket")
    frames.send_response(response)
    return frames, b"".join(frames.data_to_send())
