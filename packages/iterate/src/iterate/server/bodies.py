"""Request bodies: their size, their media type, their shape. What comes out of here is typed."""

import msgspec
from starlette.requests import Request

from iterate.server.answers import Problem, Refusal

LIMIT_BYTES = 1 << 20
# A body somewhat too large is read to its end and thrown away, because a client that is still sending when the
# connection closes sees a broken connection instead of our answer.
DISCARD_BYTES = 16 << 20
_TOO_LARGE = Problem(413, "BodyTooLarge", f"the body is larger than {LIMIT_BYTES} bytes", "send less")


class SessionBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of `POST /session`: nothing to say yet."""


class PromptBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of `POST /session/{id}/prompt`; without a model the built-in echo answers."""

    text: str
    model: str = "echo/echo"


async def read[T: msgspec.Struct](request: Request, shape: type[T], *, may_be_empty: bool = False) -> T:
    """The body as a `shape`; raises `Refusal` with 400, 413 or 415."""
    content = await _content(request)
    if may_be_empty and not content:
        return shape()
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise Refusal(
            Problem(415, "UnsupportedMediaType", f"the body is {media_type or 'untyped'}", "send application/json")
        )
    try:
        return msgspec.json.decode(content, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise Refusal(Problem(400, "BadBody", str(problem), "GET /doc has the schema of the body")) from problem


async def _content(request: Request) -> bytes:
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > LIMIT_BYTES and "expect" in request.headers:
        raise Refusal(_TOO_LARGE)
    content, size = bytearray(), 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= LIMIT_BYTES:
            content += chunk
        elif size > DISCARD_BYTES:
            break
    if size > LIMIT_BYTES:
        raise Refusal(_TOO_LARGE)
    return bytes(content)
