"""HTTP responses in JSON, and the one shape of errors: `{"error": {"name", "message", "hint"}}`."""

from http import HTTPStatus

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from iterate.errors import Failure
from iterate.server.problems import MethodNotAllowed, NotFound, ServerBug
from iterate.server.shapes import Error, ErrorText

_encoder = msgspec.json.Encoder()
_METHOD_NOT_ALLOWED = 405
_UNAUTHORIZED = 401


def json_response(content: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A response in compact JSON; `content` is a Struct or plain JSON values."""
    return Response(_encoder.encode(content), status, headers, "application/json")


def failure_response(failure: Failure, headers: dict[str, str] | None = None) -> Response:
    """An error response, with what its status asks for in headers; a failure without a status is the server's own."""
    status = failure.status or ServerBug.status
    known = {"WWW-Authenticate": 'Bearer realm="iterate"'} if status == _UNAUTHORIZED else {}
    return json_response(_error(failure), status, {**known, **(headers or {})})


def failure_bytes(failure: Failure) -> bytes:
    """The same as it goes over the wire, for what is no request that could be answered; the connection ends."""
    body = _encoder.encode(_error(failure))
    head = (
        f"HTTP/1.1 {failure.status} {HTTPStatus(failure.status).phrase}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body


async def on_failure(_request: Request, failure: Exception) -> Response:
    """The response to a request that failed in a known way."""
    if not isinstance(failure, Failure):
        raise failure
    return failure_response(failure)


async def on_http_error(_request: Request, problem: Exception) -> Response:
    """The response to an unknown path or method."""
    if not isinstance(problem, HTTPException):
        raise problem
    kind = MethodNotAllowed if problem.status_code == _METHOD_NOT_ALLOWED else NotFound
    return failure_response(kind(problem.detail), dict(problem.headers or {}))


async def on_bug(_request: Request, _bug: Exception) -> Response:
    """The response when we have a bug; its traceback goes to the log."""
    return failure_response(ServerBug("the server has a bug"))


def _error(failure: Failure) -> Error:
    return Error(error=ErrorText(name=failure.name, message=_sendable(str(failure)), hint=_sendable(failure.hint)))


def _sendable(text: str) -> str:
    # Paths and other people's messages may hold what is no UTF-8.
    return text.encode(errors="replace").decode()
