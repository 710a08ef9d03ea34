"""One request and the giving of its answer, as the application sees them; `protocol.py` has the connection."""

import asyncio
from typing import Protocol

from msgspec import Struct

from iterate.server.http1 import Head, Headers

# What statuses mean, as RFC 9110 spells it; clients read the number.
PHRASES = {
    101: "Switching Protocols", 200: "OK", 204: "No Content", 206: "Partial Content", 400: "Bad Request",
    401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 408: "Request Timeout",
    409: "Conflict", 410: "Gone", 413: "Content Too Large", 415: "Unsupported Media Type",
    416: "Range Not Satisfiable", 422: "Unprocessable Content", 426: "Upgrade Required", 429: "Too Many Requests",
    431: "Request Header Fields Too Large", 500: "Internal Server Error", 501: "Not Implemented",
    502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout", 505: "HTTP Version Not Supported",
    507: "Insufficient Storage",
}  # fmt: skip
# How much of a body waits for the application before the connection is not read any more.
WAITING_BYTES = 1 << 16


class Answer(Struct, frozen=True, kw_only=True):
    """A whole answer; its length and what concerns the connection are added when it is sent."""

    status: int
    headers: Headers
    body: bytes


class Wire(Protocol):
    """What a visit asks of its connection."""

    def trust(self) -> None:
        """The request carries the secret: its body may be parsed, and it may take its time."""

    def write(self, data: bytes) -> None:
        """Send, or throw away when nobody reads any more."""

    async def drained(self) -> None:
        """Wait until the client has read enough for more to be sent."""

    def complete(self) -> None:
        """The answer is whole."""

    def body_was_taken(self) -> None:
        """More of a body may be read."""

    def switch(self, protocol: asyncio.Protocol) -> bytes:
        """Let another protocol have the connection, and return what has come for it already."""

    def abort(self) -> None:
        """Break the connection off."""

    @property
    def ends(self) -> bool:
        """Whether the connection has to end with this answer."""


class Visit:
    """One request; it is answered once, at once or piece by piece."""

    def __init__(self, head: Head, wire: Wire) -> None:
        self.head = head
        self.has_begun = False
        self.is_gone = False
        self._wire = wire
        self._parts = bytearray()
        self._is_whole = not head.has_body
        self._is_awaited = not head.is_old and b"100-continue" in (
            value.lower() for name, value in head.headers if name == b"expect"
        )
        self._is_in_chunks = False
        self._is_empty = head.method == "HEAD"
        self._news: asyncio.Future[None] | None = None
        self._leaving: asyncio.Future[None] | None = None

    # What the application calls.

    def trust(self) -> None:
        """Take the body, and have patience: the request carries the secret."""
        self._wire.trust()

    async def content(self) -> bytes:
        """The next bytes of the body, empty at its end or when the client has gone."""
        while not self._parts and not self._is_whole and not self.is_gone:
            if self._is_awaited:
                self._is_awaited = False
                self._wire.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self._news = asyncio.get_running_loop().create_future()
            await self._news
        taken = bytes(self._parts)
        self._parts.clear()
        self._wire.body_was_taken()
        return taken

    def answer(self, answer: Answer) -> None:
        """Send a whole answer."""
        if self.is_gone:
            return
        length = b"content-length: %d" % len(answer.body)
        self._wire.write(self._head(answer.status, answer.headers, length) + (b"" if self._is_empty else answer.body))
        self._wire.complete()

    def begin(self, status: int, headers: Headers) -> None:
        """Begin an answer that comes piece by piece."""
        if self.is_gone:
            return
        self._is_in_chunks = not self.head.is_old
        framing = b"transfer-encoding: chunked" if self._is_in_chunks else b"connection: close"
        self._wire.write(self._head(status, headers, framing))

    async def send(self, data: bytes) -> None:
        """Send a piece, and wait while the client reads too slowly."""
        if self.is_gone or self._is_empty or not data:
            return
        self._wire.write(b"%x\r\n%b\r\n" % (len(data), data) if self._is_in_chunks else data)
        await self._wire.drained()

    def end(self) -> None:
        """The last piece was sent."""
        if self.is_gone:
            return
        if self._is_in_chunks and not self._is_empty:
            self._wire.write(b"0\r\n\r\n")
        self._wire.complete()

    def abandon(self) -> None:
        """Break off an answer that has begun and cannot be brought to its end."""
        if not self.is_gone:
            self._wire.abort()

    async def left(self) -> None:
        """Wait until the client has gone."""
        if self.is_gone:
            return
        if self._leaving is None:
            self._leaving = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._leaving)

    def switch(self, hello: bytes, protocol: asyncio.Protocol) -> bytes:
        """Send that another protocol follows, let it have the connection, and return what has come for it."""
        self.has_begun = True
        self._wire.write(hello)
        return self._wire.switch(protocol)

    # What the connection calls.

    @property
    def is_whole(self) -> bool:
        """Whether the body has come to its end."""
        return self._is_whole

    @property
    def is_full(self) -> bool:
        """Whether the application has to take some of the body first."""
        return len(self._parts) >= WAITING_BYTES

    def receive(self, part: bytes, *, is_last: bool) -> None:
        """Take a part of the body."""
        self._parts += part
        self._is_whole = is_last
        self._is_awaited = False
        self._wake()

    def lose(self) -> None:
        """The client has gone, or was answered without the application."""
        self.is_gone = True
        self._wake()
        if self._leaving is not None and not self._leaving.done():
            self._leaving.set_result(None)

    def _wake(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    def _head(self, status: int, headers: Headers, framing: bytes) -> bytes:
        self.has_begun = True
        lines = b"".join([b"%b: %b\r\n" % pair for pair in headers])
        closing = b"connection: close\r\n" if self._wire.ends and not framing.startswith(b"connection") else b""
        return b"HTTP/1.1 %d %b\r\n%b%b\r\n%b\r\n" % (status, PHRASES[status].encode(), lines, framing, closing)
