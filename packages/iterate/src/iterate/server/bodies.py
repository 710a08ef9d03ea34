"""Reading request bodies: their size, their media type, their shape. What comes out of here is typed."""

import asyncio

import msgspec

from iterate import settings
from iterate.server.problems import BadBody, BodyTooLarge, UnsupportedMediaType
from iterate.server.visit import Visit

# What a prompt may hold, which clients know as well.
TEXT_LIMIT_BYTES = settings.TEXT_LIMIT_BYTES
# Such a text whose every character JSON spells with six, and the environment of the client.
LIMIT_BYTES = 8 << 20
# A session that was exported; it is held in memory.
IMPORT_LIMIT_BYTES = 256 << 20
# What takes longer to read than other requests should wait is read beside them.
ASIDE_BYTES = 1 << 20
# A body somewhat too large is read to its end and thrown away, because a client that is still sending when the
# connection closes sees a broken connection instead of our answer.
DISCARD_BYTES = 8 << 20


async def read[T: msgspec.Struct](
    visit: Visit, shape: type[T], *, may_be_empty: bool = False, most: int = LIMIT_BYTES
) -> T:
    """The body as a `shape`; raises `BadBody`, `BodyTooLarge` beyond `most` bytes, or `UnsupportedMediaType`."""
    content = await _content(visit, most)
    if may_be_empty and not content:
        return shape()
    media_type = visit.head.get(b"content-type").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise UnsupportedMediaType(f"the body is {media_type or 'untyped'}")
    try:
        if len(content) > ASIDE_BYTES:
            return await asyncio.to_thread(msgspec.json.decode, content, type=shape)
        return msgspec.json.decode(content, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise BadBody(str(problem)) from problem


async def _content(visit: Visit, most: int) -> bytes:
    announced = visit.head.length
    if announced is not None and announced > most and visit.head.get(b"expect"):
        raise _too_large(most)
    content, size = bytearray(), 0
    while chunk := await visit.content():
        size += len(chunk)
        if size <= most:
            content += chunk
        else:
            content.clear()
            if size > most + DISCARD_BYTES:
                break
    if size > most:
        raise _too_large(most)
    return bytes(content)


def _too_large(most: int) -> BodyTooLarge:
    return BodyTooLarge(f"the body is larger than {most} bytes")
