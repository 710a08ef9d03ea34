"""One step of a model over any wire: a request, an answer that is read as it comes, one usage and one end."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, suppress
from typing import Protocol

import msgspec

from iterate.errors import ContextTooLong, ProviderBroke, ProviderFailed, ProviderUnreachable
from iterate.events import Part, Piece
from iterate.providers import failures
from iterate.providers.assembly import Assembly, estimate
from iterate.providers.endpoint import Endpoint
from iterate.providers.network import Door, Question, Reply, Said
from iterate.request import Request

# How long the rest of a connection is read behind the end of the answer, so that it can be used again.
REST_S = 0.25


class Reading(Protocol):
    """Understands the messages of one answer."""

    is_over: bool

    def take(self, said: Said) -> Iterator[Piece | Part]:
        """What one message adds; raises `ProviderFailed`, or what a decoder raises."""

    def end(self) -> Iterator[Piece | Part]:
        """What the end adds, before the calls."""


type Ask = Callable[[Endpoint, Request], Question]
type Read = Callable[[Endpoint, Assembly], Reading]


async def step(
    door: Door, endpoint: Endpoint, ask: Ask, read: Read, request: Request, *, is_lines: bool = False
) -> AsyncGenerator[Piece | Part]:
    """Stream one step; raises `ProviderFailed`."""
    _refuse_too_long(endpoint, request)
    assembly = Assembly(endpoint, request)
    reading = read(endpoint, assembly)
    async with door.ask(ask(endpoint, request), endpoint.surroundings, endpoint.patience) as reply:
        await _check(endpoint, reply, is_lines=is_lines)
        async with aclosing(reply.lines() if is_lines else reply.events()) as messages:
            progress = _Progress(endpoint, assembly)
            async for said in messages:
                for item in _taken(endpoint, reading, said):
                    yield item
                progress.look()
                if reading.is_over:
                    break
            else:
                if not assembly.has_ending:
                    raise ProviderBroke(f"the answer of {endpoint.name} ended without an end", is_passing=True)
            for item in reading.end():
                yield item
            for item in assembly.finish():
                yield item
            await _drain(messages)


class _Progress:
    """Raises `ProviderUnreachable` where a model only says that it lives, and nothing else for too long."""

    def __init__(self, endpoint: Endpoint, assembly: Assembly) -> None:
        self._endpoint = endpoint
        self._assembly = assembly
        self._written = 0
        self._since = time.monotonic()

    def look(self) -> None:
        """Look behind a message."""
        now, written = time.monotonic(), self._assembly.written
        if written != self._written or self._assembly.has_ending:
            self._written, self._since = written, now
        elif now - self._since > self._endpoint.patience.word_s:
            raise ProviderUnreachable(
                f"{self._endpoint.name} sends signs of life and no word for too long", is_passing=True
            )


def _refuse_too_long(endpoint: Endpoint, request: Request) -> None:
    """Raise `ContextTooLong` where the server would leave out the beginning of the prompt without a word."""
    if endpoint.cuts and endpoint.window is not None and (size := estimate(request)) > endpoint.window:
        raise ContextTooLong(
            f"the prompt is some {size} tokens long, and {endpoint.name} would silently cut it at {endpoint.window}",
            "compact the session, or give the model a larger window: see docs/models.md",
        )


async def _check(endpoint: Endpoint, reply: Reply, *, is_lines: bool) -> None:
    if not reply.is_good:
        raise failures.refused(endpoint, reply.status, reply.headers, await reply.beginning())
    if not is_lines and not reply.is_event_stream:
        raise _no_stream(endpoint, reply.headers.get("content-type", ""), await reply.beginning())


async def _drain(messages: AsyncGenerator[Said]) -> None:
    """Read what stands behind the end, if it is there already."""
    with suppress(TimeoutError, ProviderFailed):
        async with asyncio.timeout(REST_S):
            async for _ in messages:
                pass


def _taken(endpoint: Endpoint, reading: Reading, said: Said) -> Iterator[Piece | Part]:
    try:
        yield from reading.take(said)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as problem:
        mended = _mended(said)
        if mended is None:
            said_ = failures.shown(said.text[: failures.LONGEST], endpoint.key)
            raise ProviderBroke(f"what {endpoint.name} sends is not its format: {problem}: {said_}") from problem
        try:
            yield from reading.take(mended)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as again:
            raise ProviderBroke(f"what {endpoint.name} sends is not its format: {again}") from again


def _mended(said: Said) -> Said | None:
    """The same message as strict JSON, where it is nearly that: raw control characters, halves of characters."""
    try:
        value = json.loads(said.text, strict=False)
        text = json.dumps(value, ensure_ascii=False).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    except (ValueError, RecursionError):
        return None
    return Said(said.event, text) if text != said.text else None


def _no_stream(endpoint: Endpoint, media_type: str, body: bytes) -> ProviderFailed:
    """A good answer that is no stream: an error all the same, or a page of something else that listens there."""
    if b'"error"' in body:
        return failures.refused(endpoint, 0, {}, body)
    text = failures.shown(body.decode(errors="replace"), endpoint.key)[:100]
    return ProviderBroke(
        f"{endpoint.name} answers with {failures.shown(media_type) or 'something'} instead of a stream: {text}",
        "look at its base_url: something else may listen there",
    )
