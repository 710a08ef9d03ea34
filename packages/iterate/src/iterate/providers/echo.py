"""Answers with the prompt itself, word by word: for the first run and for tests. It reaches no network."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator

from iterate.session import Ask

SLOW_S = 0.1
# Long prompts come in larger pieces, so that an answer is never more than about this many events.
MOST_PIECES = 256


async def stream(ask: Ask) -> AsyncIterator[str]:
    """The prompt in pieces, as fast as they are taken."""
    for piece in pieces(ask.text):
        yield piece
        # Others get their turn between two pieces, as they do while a real model thinks.
        await asyncio.sleep(0)


async def stream_slowly(ask: Ask) -> AsyncIterator[str]:
    """The prompt in pieces, one each `SLOW_S` seconds: time to press Ctrl-C."""
    for piece in pieces(ask.text):
        yield piece
        await asyncio.sleep(SLOW_S)


def pieces(text: str) -> Iterator[str]:
    """The words of a text, each with the space around it; together they are exactly the text."""
    least = len(text) // MOST_PIECES
    piece = ""
    for word in re.findall(r"\s*\S+\s*|\s+", text):
        piece += word
        if len(piece) > least:
            yield piece
            piece = ""
    if piece:
        yield piece
