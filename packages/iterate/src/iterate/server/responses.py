"""Answers in JSON, and the one shape of errors: `{"error": {"name", "message", "hint"}}`."""

import msgspec

from iterate.errors import Failure
from iterate.server.problems import MethodNotAllowed, Refusal, ServerBug, TooManyAttempts, Unauthorized
from iterate.server.shapes import Error, ErrorText
from iterate.server.visit import PHRASES, Answer

_encoder = msgspec.json.Encoder()
_JSON = (b"content-type", b"application/json")


def json_answer(content: object, status: int = 200) -> Answer:
    """An answer in compact JSON; `content` is a Struct or plain JSON values."""
    return Answer(status=status, headers=[_JSON], body=_encoder.encode(content))


def failure_answer(failure: Failure) -> Answer:
    """An error, with what its status asks for in headers; a failure without a status is the server's own."""
    headers = [_JSON]
    match failure:
        case Unauthorized():
            headers.append((b"www-authenticate", b'Bearer realm="iterate"'))
        case MethodNotAllowed():
            headers.append((b"allow", failure.allowed.encode()))
        case TooManyAttempts():
            headers.append((b"retry-after", b"1"))
        case _:
            pass
    return Answer(status=failure.status or ServerBug.status, headers=headers, body=_encoder.encode(_error(failure)))


def failure_bytes(failure: Refusal) -> bytes:
    """The same as it goes over the wire, for what is no request that could be answered; the connection ends."""
    body = _encoder.encode(_error(failure))
    head = (
        f"HTTP/1.1 {failure.status} {PHRASES[failure.status]}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body


def _error(failure: Failure) -> Error:
    return Error(error=ErrorText(name=failure.name, message=_sendable(str(failure)), hint=_sendable(failure.hint)))


def _sendable(text: str) -> str:
    # Paths and other people's messages may hold what is no UTF-8.
    return text.encode(errors="replace").decode()
