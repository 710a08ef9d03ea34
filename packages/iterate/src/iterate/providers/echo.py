"""Answers with the prompt itself, word by word: for the first run and for tests. It reaches no network."""

import asyncio
import re
from collections.abc import AsyncGenerator, Iterator

from iterate.events import Part, Piece, TextPart
from iterate.request import Request, UserMessage

SLOW_S = 0.1
# Long prompts come in larger pieces, so that an answer is never more than about this many.
MOST_PIECES = 256


async def stream(request: Request) -> AsyncGenerator[Piece | Part]:
    """The prompt in pieces, as fast as they are taken."""
    for text in pieces(prompt(request)):
        yield Piece(text=text)
        # Others get their turn between two pieces, as they do while a real model thinks.
        await asyncio.sleep(0)


async def stream_slowly(request: Request) -> AsyncGenerator[Piece | Part]:
    """The prompt in pieces, one each `SLOW_S` seconds: time to press Ctrl-C."""
    for text in pieces(prompt(request)):
        yield Piece(text=text)
        await asyncio.sleep(SLOW_S)


def prompt(request: Request) -> str:
    """The text of what was said last."""
    for message in reversed(request.messages):
        if isinstance(message, UserMessage):
            return "".join(part.text for part in message.parts if isinstance(part, TextPart))
    return ""


def pieces(text: str) -> Iterator[str]:
    """The words of a text, each with the space around it; together they are exactly the text.

    Words are found as they are needed: a million of them at once would keep the server from everything else.
    """
    least = len(text) // MOST_PIECES
    begin = end = 0
    for word in re.finditer(r"\s*\S+\s*|\s+", text):
        end = word.end()
        if end - begin > least:
            yield text[begin:end]
            begin = end
    if begin < len(text):
        yield text[begin:]
