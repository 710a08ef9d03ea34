"""HTTP/1.1 as a client of our own server needs it: one request a connection, and a response read line by line.

`http.client` of the standard library costs a warm command a quarter of its time: see docs/decisions/0012. What is
read here was written by our server; of its headers only those are looked at that say where the body ends, and the one
that carries a notice. `socket` would make classes of all its constants, and load 2 ms of what is of no use here.
"""

import _socket
from collections.abc import Iterator, Mapping
from contextlib import suppress

# What a status line, a header or the size of a chunk may be long, in bytes, and how many headers there may be.
LINE_LIMIT = 1 << 16
HEADERS_LIMIT = 100
_READ_BYTES = 1 << 16
_NO_CONTENT = 204


type Connection = _socket.socket


class WireError(Exception):
    """The response is no HTTP/1.1, or broke off."""


def request(method: str, path: str, host: str, headers: Mapping[str, str], body: bytes | None) -> bytes:
    """The bytes of one request, after whose response the server closes the connection."""
    fields = {"Host": host, "Connection": "close", **headers}
    if body is not None or method == "POST":
        fields["Content-Length"] = str(len(body or b""))
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
    return "\r\n".join(lines).encode("ascii", errors="replace") + (body or b"")


class Response:
    """A response whose head was read; iterating gives the lines of its body. Raises `WireError` and `OSError`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._buffer = b""
        # A line for the person, which a server may have for those who can show it.
        self.notice = ""
        self.status = self._read_status()
        self._body = self._read_headers()

    def read(self, most: int | None = None) -> bytes:
        """The whole body; `WireError` when it is longer than `most`."""
        if most is None:
            return b"".join(self._body)
        content = bytearray()
        for piece in self._body:
            content += piece
            if len(content) > most:
                raise WireError("the response is larger than it may be")
        return bytes(content)

    def __iter__(self) -> Iterator[bytes]:
        """Each line as soon as it is there, also inside a chunk; the last one lacks its end when the body does."""
        line = b""
        for piece in self._body:
            *whole, line = (line + piece).split(b"\n")
            for text in whole:
                yield text + b"\n"
        if line:
            yield line

    def _read_status(self) -> int:
        version, _, rest = self._line().partition(b" ")
        status, _, _ = rest.partition(b" ")
        if version not in {b"HTTP/1.1", b"HTTP/1.0"} or len(status) != len(b"200") or not status.isdigit():
            raise WireError("the response is no HTTP/1.1")
        return int(status)

    def _read_headers(self) -> Iterator[bytes]:
        """What gives the body, which begins behind the headers and ends as they say."""
        length, is_chunked = "", False
        for _ in range(HEADERS_LIMIT):
            line = self._line()
            if not line:
                return self._body_of(length, is_chunked=is_chunked)
            name, colon, value = line.decode("latin-1").partition(":")
            if not colon:
                raise WireError("a header has no colon")
            match name.lower():
                case "content-length":
                    length = value.strip()
                case "transfer-encoding":
                    is_chunked = value.strip().lower() == "chunked"
                case "iterate-notice":
                    self.notice = value.strip()
                case _:
                    pass
        raise WireError("the response has too many headers")

    def _body_of(self, length: str, *, is_chunked: bool) -> Iterator[bytes]:
        if self.status == _NO_CONTENT:
            return iter(())
        if is_chunked:
            return self._chunks()
        if length:
            return self._exactly(_number(length, 10))
        return self._everything()

    def _chunks(self) -> Iterator[bytes]:
        while size := _number(self._line().partition(b";")[0].decode("latin-1"), 16):
            yield from self._exactly(size)
            if self._line():
                raise WireError("a chunk is longer than it says")
        while self._line():
            pass  # Trailers.

    def _exactly(self, size: int) -> Iterator[bytes]:
        while size > 0:
            if not self._buffer:
                self._buffer = self._received()
            piece, self._buffer = self._buffer[:size], self._buffer[size:]
            size -= len(piece)
            yield piece

    def _everything(self) -> Iterator[bytes]:
        yield self._buffer
        while piece := self._connection.recv(_READ_BYTES):
            yield piece

    def _line(self) -> bytes:
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > LINE_LIMIT:
                raise WireError("a line of the response is too long")
            self._buffer += self._received()
        line, self._buffer = self._buffer[:end], self._buffer[end + 1 :]
        return line.removesuffix(b"\r")

    def _received(self) -> bytes:
        received = self._connection.recv(_READ_BYTES)
        if not received:
            raise WireError("the response broke off")
        return received


def connected(host: str, port: int, timeout_s: float) -> Connection:
    """A connection to that IP address; raises `OSError`."""
    problem = OSError(f"{host} has no address")
    # As bytes: text is looked up as a name of the internet, with tables that take 2 ms to load.
    found = _socket.getaddrinfo(host.encode("ascii", "replace"), port, 0, _socket.SOCK_STREAM)
    for family, kind, protocol, _, address in found:
        connection = _socket.socket(family, kind, protocol)
        try:
            connection.settimeout(timeout_s)
            connection.connect(address)
        except OSError as failed:
            connection.close()
            problem = failed
        else:
            return connection
    raise problem


def hang_up(connection: Connection) -> None:
    """End a connection that another thread reads, which finds nothing more to come."""
    with suppress(OSError):
        connection.shutdown(_socket.SHUT_RDWR)


def _number(text: str, base: int) -> int:
    digits = text.strip()
    if not digits.isascii() or not digits.isalnum():
        raise WireError("the response does not say how long it is")
    try:
        return int(digits, base)
    except ValueError as problem:
        raise WireError("the response does not say how long it is") from problem
