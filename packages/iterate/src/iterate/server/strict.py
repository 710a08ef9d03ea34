"""What a request must be beyond what h11 asks for: its version, its framing, its target.

The rules are those of RFC 9112 (HTTP/1.1) and RFC 9110 (HTTP). A request that breaks one is answered with the
status that the RFC names, and its connection is closed.
"""

import re
from typing import override

import h11

# Parsed by h11 into at most this much memory; a longer head is 431.
HEAD_LIMIT_BYTES = 1 << 16

_ABSOLUTE = re.compile(rb"(?i:http)://(?P<authority>[^/?@]+)(?P<path>/[^?]*)?(?P<query>\?.*)?")


class StrictConnection(h11.Connection):
    """h11's side of a server, which keeps the reason why a request was not taken."""

    def __init__(self) -> None:
        super().__init__(h11.SERVER, HEAD_LIMIT_BYTES)
        self.fault: h11.RemoteProtocolError | None = None

    @override
    def next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        """The next event, a request only in origin form; raises `h11.RemoteProtocolError`."""
        try:
            event = super().next_event()
            return checked(event) if isinstance(event, h11.Request) else event
        except h11.RemoteProtocolError as fault:
            self.fault = fault
            raise


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
