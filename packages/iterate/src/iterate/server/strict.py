"""What a request must be beyond what h11 asks for: its version, its framing, its target.

The rules are those of RFC 9112 (HTTP/1.1) and RFC 9110 (HTTP). A request that breaks one is answered with the
status that the RFC names, and its connection is closed.
"""

import re
from typing import override

import h11

# A longer head is 431. Lines count as well, because parsing a header takes as long as answering many a request.
HEAD_LIMIT_BYTES = 1 << 15
HEAD_LIMIT_LINES = 128
_END_OF_HEAD = re.compile(rb"\n\r?\n")

_ABSOLUTE = re.compile(rb"(?i:http)://(?P<authority>[^/?@]+)(?P<path>/[^?]*)?(?P<query>\?.*)?")


class StrictConnection(h11.Connection):
    """h11's side of a server, which keeps the reason why a request was not taken.

    The body of a request is held back, unparsed, until `release`: parsing takes time, and whoever has no secret
    could take it from those who have.
    """

    def __init__(self) -> None:
        super().__init__(h11.SERVER, HEAD_LIMIT_BYTES)
        self.fault: h11.RemoteProtocolError | None = None
        self.is_held = False

    @override
    def next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        """The next event, a request only in origin form; raises `h11.RemoteProtocolError`."""
        if self.is_held:
            return h11.NEED_DATA
        try:
            if self.their_state is h11.IDLE:
                _check_size(self.trailing_data[0])
            event = super().next_event()
            if isinstance(event, h11.Request):
                event = checked(event)
                self.is_held = _has_body(event)
        except h11.RemoteProtocolError as fault:
            self.fault = fault
            raise
        return event

    def release(self) -> None:
        """Let the body be parsed."""
        self.is_held = False


def _check_size(received: bytes) -> None:
    end = _END_OF_HEAD.search(received)
    size = end.start() if end else len(received)
    if size > HEAD_LIMIT_BYTES or received.count(b"\n", 0, size) > HEAD_LIMIT_LINES:
        raise h11.RemoteProtocolError("the request line and the headers are too long", error_status_hint=431)


def _has_body(request: h11.Request) -> bool:
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and int(value)) for name, value in request.headers
    )


def checked(request: h11.Request) -> h11.Request:
    """The request with its target in origin form (`/path?query`), or `*`.

    Raises `h11.RemoteProtocolError`, whose `error_status_hint` is the status of the answer.
    """
    _check_version(request)
    _check_framing(request)
    target, host = _origin_form(request)
    headers = [pair for pair in request.headers if host is None or pair[0] != b"host"]
    if host is not None:
        # RFC 9112, 3.2.2: the host in the target replaces the one in the header.
        headers.append((b"host", host))
    return h11.Request(method=request.method, target=target, headers=headers, http_version=request.http_version)


def _check_version(request: h11.Request) -> None:
    # A higher minor version is answered as 1.1 (RFC 9110, 2.5); another major one is another protocol.
    if not request.http_version.startswith(b"1."):
        raise h11.RemoteProtocolError("only HTTP/1.1 and HTTP/1.0 are spoken here", error_status_hint=505)


def _check_framing(request: h11.Request) -> None:
    # Two programs that read such a request differently take a part of its body for the next request.
    names = {name for name, _ in request.headers}
    if b"transfer-encoding" not in names:
        return
    if b"content-length" in names:
        raise h11.RemoteProtocolError("Content-Length and Transfer-Encoding exclude each other")
    if request.http_version == b"1.0":
        raise h11.RemoteProtocolError("HTTP/1.0 has no Transfer-Encoding")


def _origin_form(request: h11.Request) -> tuple[bytes, bytes | None]:
    """The target without scheme and host, and the host that it named."""
    target = request.target
    if request.method == b"CONNECT":
        raise h11.RemoteProtocolError("this server is no proxy", error_status_hint=501)
    if b"#" in target:
        raise h11.RemoteProtocolError("a request target has no fragment")
    if target.startswith(b"/") or (target == b"*" and request.method == b"OPTIONS"):
        return target, None
    if (match := _ABSOLUTE.fullmatch(target)) is None:
        raise h11.RemoteProtocolError("the request target is neither a path nor an http URL")
    return (match["path"] or b"/") + (match["query"] or b""), match["authority"]
