"""Runs one Ask: a model's pieces and parts are handed on, and one outcome comes back, always. It stores nothing."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

from msgspec import Struct

from iterate.errors import Failure
from iterate.events import Part, Piece, Reason
from iterate.request import Message, Model, Request, UserMessage
from iterate.session import Ask

_log = logging.getLogger("iterate.engine")

# Takes what the model says, in order; may wait until there is room.
type Take = Callable[[Piece | Part], Awaitable[None]]


class Outcome(Struct, frozen=True, kw_only=True):
    """How an answer ended: well, or for this reason."""

    reason: Reason | None = None
    message: str = ""


_CANCELLED: dict[str, tuple[Reason, str]] = {
    "disposed": ("disposed", "the instance was disposed while the answer ran"),
    "stopping": ("stopping", "the server ended while the answer ran"),
}


def cancelled(word: str) -> Outcome:
    """The outcome of an answer that was ended for that reason."""
    reason, message = _CANCELLED.get(word, ("cancelled", "the prompt was cancelled"))
    return Outcome(reason=reason, message=message)


async def run(ask: Ask, model: Model, take: Take) -> Outcome:
    """Hand on everything that the model says, and say how it ended.

    Cancelling the task is the way to end it early; the message given to `Task.cancel` is the reason. The provider's
    generator is closed, and its clean-up done, before this returns. A bug in a provider is logged and is an outcome.
    """
    try:
        # Beside the loop, because a conversation may be long.
        asked = await asyncio.to_thread(request, ask)
        async with aclosing(model.stream(asked)) as stream:
            await _pass_on(stream, take)
    except asyncio.CancelledError as stopped:
        # The task is ours and this is its end, so the cancellation goes no further.
        return cancelled(str(stopped.args[0]) if stopped.args else "")
    except Failure as problem:
        return Outcome(reason="provider", message=f"{problem}; {problem.hint}")
    except Exception as bug:  # noqa: BLE001  # The one ending is promised whatever a provider does.
        _log.error("the provider of %s broke off", model.name, exc_info=bug)
        return Outcome(reason="provider", message="the provider broke off; the server's log has the details")
    return Outcome()


def request(ask: Ask) -> Request:
    """What the model gets to read."""
    prompts: list[Message] = [UserMessage(parts=turn.prompt) for turn in ask.session.turns]
    return Request(system=(), messages=(*prompts, UserMessage(parts=ask.parts)), session=ask.session.id)


async def _pass_on(stream: AsyncGenerator[Piece | Part], take: Take) -> None:
    async for item in stream:
        await take(item)
