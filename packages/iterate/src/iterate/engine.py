"""Runs one Ask: a model's pieces become events with one ending, always. It stores and sends nothing."""

import asyncio
from collections.abc import Callable

from iterate.errors import Failure, StoreUnusable
from iterate.events import Done, Event, Failed, Prompted, Token
from iterate.providers import Model
from iterate.session import Ask

# Where events go, in order. May raise `StoreUnusable`, but not for an ending.
type Record = Callable[[Event], None]


async def answer(ask: Ask, model: Model, record: Record) -> None:
    """Record the prompt, the pieces of the answer, and one ending.

    Cancelling the task ends it with `failed`; the message given to `Task.cancel` is the reason. A bug in a
    provider ends the prompt like any other failure, and is raised again afterwards.
    """
    last = ask.session.number
    session = ask.session.id

    def fail(reason: str, message: str) -> None:
        record(Failed(number=last + 1, session=session, reason=reason, message=message))

    try:
        # A number is spent only when its event was taken, so there are no gaps when taking one fails.
        record(Prompted(number=last + 1, session=session, model=model.name, text=ask.text))
        last += 1
        async for text in model.stream(ask):
            record(Token(number=last + 1, session=session, text=text))
            last += 1
    except asyncio.CancelledError as stopped:
        # The task is ours and this is its end, so the cancellation goes no further.
        reason = str(stopped.args[0]) if stopped.args else "cancelled"
        fail(reason, _CANCELLED.get(reason, "the prompt was cancelled"))
    except StoreUnusable as problem:
        fail("store", f"{problem}; {problem.hint}")
    except Failure as problem:
        fail("provider", f"{problem}; {problem.hint}")
    except BaseException:
        fail("provider", "the provider broke off; the server's log has the details")
        raise
    else:
        record(Done(number=last + 1, session=session))


_CANCELLED = {
    "disposed": "the instance was disposed while the answer ran",
    "stopping": "the server ended while the answer ran",
}
