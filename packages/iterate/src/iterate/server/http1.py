"""HTTP/1.1 requests as bytes: where a head ends, what it says, where its body ends. It opens nothing.

The rules are those of RFC 9112 (HTTP/1.1) and RFC 9110 (HTTP), and where those let a server choose, the stricter one:
two programs that read a request differently take a part of its body for the next request. A request that breaks a rule
is a `Refusal` with the status that the RFC names. See docs/decisions/0155 for why this is no library.
"""

import re
from typing import override

from msgspec import Struct

from iterate.server.problems import BadRequest, HeadTooLarge, NotSupported, Refusal, VersionUnsupported

# A longer head is 431. Lines count as well: each costs as much as its bytes.
HEAD_LIMIT_BYTES = 1 << 15
HEAD_LIMIT_LINES = 128
# The line with the size of a chunk, its extensions included.
CHUNK_LINE_LIMIT_BYTES = 1 << 10

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_FIRST = re.compile(rb"(" + _TOKEN + rb") ([\x21-\x7e]+) HTTP/([0-9])\.([0-9])")
_FIELDS = re.compile(rb"(?:" + _TOKEN + rb":[\t\x20-\x7e\x80-\xff]*\r\n)*")
_FIELD = re.compile(rb"(" + _TOKEN + rb"):[ \t]*([^\r]*?)[ \t]*\r\n")
# RFC 9112, 5.2: a line that begins with a space goes on with the field before it.
_FOLD = re.compile(rb"[ \t]*\r\n[ \t]+")
_BEGIN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]")
_ABSOLUTE = re.compile(rb"(?i:http)://(?P<authority>[^/?@]+)(?P<path>/[^?]*)?(?P<query>\?.*)?")
# More digits mean more bytes than there are.
_LENGTH = re.compile(rb"[0-9]{1,18}")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?")

type Headers = list[tuple[bytes, bytes]]


class Head(Struct, kw_only=True):
    """The head of one request; names of headers are in lower case."""

    method: str
    # As it was sent, in percent-encoding; `query` is without its question mark.
    path: str
    query: str
    headers: Headers
    is_old: bool
    # How many bytes of the body there are; None when it comes in chunks.
    length: int | None
    size: int

    def all(self, name: bytes) -> list[str]:
        """The values of every header of that name."""
        return [value.decode("latin-1") for key, value in self.headers if key == name]

    def get(self, name: bytes) -> str:
        """The first value of that name, empty when there is none."""
        for key, value in self.headers:
            if key == name:
                return value.decode("latin-1")
        return ""

    @property
    def has_body(self) -> bool:
        """Whether bytes of a body follow."""
        return self.length != 0

    @property
    def wants_close(self) -> bool:
        """Whether the connection ends with the answer."""
        return self.is_old or any(
            "close" in (word.strip() for word in value.lower().split(",")) for value in self.all(b"connection")
        )


def read_head(received: bytearray) -> Head | None:
    """The head that these bytes begin with, None while its end is missing; raises `Refusal`."""
    end = received.find(b"\r\n\r\n", 0, HEAD_LIMIT_BYTES + 4)
    if end < 0:
        _check_beginning(received)
        return None
    if received.count(b"\n", 0, end) > HEAD_LIMIT_LINES:
        raise _too_large()
    first = received.find(b"\r\n")
    line = _FIRST.fullmatch(received, 0, first)
    if line is None:
        raise BadRequest("the request line is none")
    method, target, major, minor = line.groups()
    if major != b"1":
        # A higher minor version is answered as 1.1 (RFC 9110, 2.5); another major one is another protocol.
        raise VersionUnsupported("only HTTP/1.1 and HTTP/1.0 are spoken here")
    headers = _fields(received, first + 2, end + 2)
    path, query, host = _origin_form(method, target)
    is_old = minor == b"0"
    _check_host(headers, is_old=is_old)
    if host:
        # RFC 9112, 3.2.2: the host in the target replaces the one in the header.
        headers = [pair for pair in headers if pair[0] != b"host"] + [(b"host", host)]
    return Head(
        method=method.decode(),
        path=path.decode(),
        query=query.decode(),
        headers=headers,
        is_old=is_old,
        length=_length(headers, is_old=is_old),
        size=end + 4,
    )


def _check_beginning(received: bytearray) -> None:
    """Raise what can be said already of a head whose end is missing."""
    if received and not _BEGIN.match(received):
        raise BadRequest("the request line is none")
    if len(received) > HEAD_LIMIT_BYTES or received.count(b"\n") > HEAD_LIMIT_LINES:
        raise _too_large()
    if b"\n\n" in received or b"\n\r\n" in received.replace(b"\r\n", b""):
        raise BadRequest("lines end with CR LF")


def _too_large() -> Refusal:
    return HeadTooLarge("the request line and the headers are too long")


def _fields(received: bytearray, begin: int, end: int) -> Headers:
    if _FIELDS.fullmatch(received, begin, end) is None:
        return _folded(bytes(received[begin:end]))
    return [(name.lower(), value) for name, value in _FIELD.findall(received, begin, end)]


def _folded(text: bytes) -> Headers:
    if not text.startswith((b" ", b"\t")):
        text = _FOLD.sub(b" ", text)
        if _FIELDS.fullmatch(text):
            return [(name.lower(), value) for name, value in _FIELD.findall(text)]
    raise BadRequest("a header is none")


def _check_host(headers: Headers, *, is_old: bool) -> None:
    hosts = sum(name == b"host" for name, _ in headers)
    if hosts > 1 or (hosts == 0 and not is_old):
        raise BadRequest("there must be one Host header")


def _origin_form(method: bytes, target: bytes) -> tuple[bytes, bytes, bytes]:
    """Path and query of the target, and the host that it named."""
    if method == b"CONNECT":
        raise NotSupported("this server is no proxy")
    if b"#" in target:
        raise BadRequest("a request target has no fragment")
    if target.startswith(b"/") or (target == b"*" and method == b"OPTIONS"):
        path, _, query = target.partition(b"?")
        return path, query, b""
    if (match := _ABSOLUTE.fullmatch(target)) is None:
        raise BadRequest("the request target is neither a path nor an http URL")
    return match["path"] or b"/", (match["query"] or b"?")[1:], match["authority"]


def _length(headers: Headers, *, is_old: bool) -> int | None:
    codings = [value for name, value in headers if name == b"transfer-encoding"]
    lengths = {value for name, value in headers if name == b"content-length"}
    if codings:
        if lengths:
            raise BadRequest("Content-Length and Transfer-Encoding exclude each other")
        if is_old:
            raise BadRequest("HTTP/1.0 has no Transfer-Encoding")
        if len(codings) > 1 or codings[0].lower() != b"chunked":
            raise NotSupported("the only transfer coding is chunked")
        return None
    if not lengths:
        return 0
    if len(lengths) > 1 or not _LENGTH.fullmatch(length := lengths.pop()):
        raise BadRequest("Content-Length is no number")
    return int(length)


class Body:
    """Takes a body out of the bytes that come."""

    is_over = False

    def take(self, received: bytearray) -> bytes:
        """Remove what belongs to the body and return its content; raises `Refusal`."""
        raise NotImplementedError


class Counted(Body):
    """A body of so many bytes."""

    def __init__(self, length: int) -> None:
        self._left = length
        self.is_over = length == 0

    @override
    def take(self, received: bytearray) -> bytes:
        """Remove what belongs to the body and return its content."""
        part = bytes(received[: self._left])
        del received[: len(part)]
        self._left -= len(part)
        self.is_over = self._left == 0
        return part


class Chunked(Body):
    """A body in chunks."""

    def __init__(self) -> None:
        self._left = 0
        # The end of a chunk's content is still to come.
        self._is_inside = False
        self._is_trailing = False
        self._trailers = 0

    @override
    def take(self, received: bytearray) -> bytes:
        """Remove what belongs to the body and return its content; raises `Refusal`."""
        parts: list[bytes] = []
        place = 0
        while not self.is_over and (following := self._step(received, place, parts)) >= 0:
            place = following
        del received[:place]
        return b"".join(parts)

    def _step(self, received: bytearray, place: int, parts: list[bytes]) -> int:
        """Where the next step begins, -1 when it needs more bytes."""
        if self._left:
            part = bytes(received[place : place + self._left])
            self._left -= len(part)
            parts.append(part)
            return place + len(part) if part else -1
        if self._is_inside:
            if len(received) - place < len(b"\r\n"):
                return -1
            if received[place : place + 2] != b"\r\n":
                raise BadRequest("a chunk is longer than it says")
            self._is_inside = False
            return place + 2
        return self._line(received, place)

    def _line(self, received: bytearray, place: int) -> int:
        """A line between chunks: a size, a trailer, or the end."""
        end = received.find(b"\n", place, place + CHUNK_LINE_LIMIT_BYTES)
        if end < 0:
            if len(received) - place >= CHUNK_LINE_LIMIT_BYTES:
                raise BadRequest("a line between chunks is too long")
            return -1
        if received[end - 1 : end] != b"\r" or end == place:
            raise BadRequest("lines end with CR LF")
        if self._is_trailing:
            self._trailers += 1
            if self._trailers > HEAD_LIMIT_LINES or not (
                end - 1 == place or _FIELDS.fullmatch(received, place, end + 1)
            ):
                raise BadRequest("a trailer is none")
            self.is_over = end - 1 == place
            return end + 1
        size = _CHUNK.fullmatch(received, place, end - 1)
        if size is None:
            raise BadRequest("the size of a chunk is none")
        self._left = int(size[1], 16)
        self._is_inside = self._left > 0
        self._is_trailing = self._left == 0
        return end + 1


def body_of(head: Head) -> Body:
    """The body that follows that head."""
    return Chunked() if head.length is None else Counted(head.length)
