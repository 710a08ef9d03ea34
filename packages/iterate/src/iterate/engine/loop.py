"""Answers one Ask: a step of the model, its calls, the next step, until it calls nothing or a bound is reached.

Everything is handed to a `Record` in order; one outcome comes back, always.
"""

import asyncio
import logging
import math
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import aclosing

from msgspec.structs import replace

from iterate.engine import calls, compaction, messages
from iterate.engine.calls import Streak
from iterate.engine.job import Job, Outcome, Patience, Record, Stopped, priced
from iterate.errors import ContextTooLong, Failure, NotCompacted, ProviderFailed
from iterate.events import (
    Part,
    Piece,
    ReasoningPart,
    RetryScheduled,
    StepPart,
    StopReason,
    Streamed,
    TextPart,
    ToolCallPart,
    UsagePart,
)
from iterate.request import AssistantMessage, Message, Request, ToolMessage, ToolSchema
from iterate.tools.tool import Tool

_log = logging.getLogger("iterate.engine")


_CANCELLED: dict[str, Outcome] = {
    "disposed": Outcome(reason="disposed", message="the instance was disposed while the answer ran"),
    "stopping": Outcome(reason="stopping", message="the server ended while the answer ran"),
}


class Step:
    """What a model says in one step, while it says it."""

    def __init__(self) -> None:
        self.parts: list[TextPart | ReasoningPart | ToolCallPart] = []
        self.usage: UsagePart | None = None
        self.reason: StopReason = "stop"
        self._kind: Streamed = "text"
        self._open: list[str] = []

    @property
    def calls(self) -> list[ToolCallPart]:
        """Its calls, in order."""
        return [part for part in self.parts if isinstance(part, ToolCallPart)]

    def grow(self, piece: Piece) -> None:
        """The next piece of text or of reasoning."""
        if piece.kind != self._kind:
            self.close()
            self._kind = piece.kind
        self._open.append(piece.text)

    def add(self, part: TextPart | ReasoningPart | ToolCallPart) -> None:
        """A whole part. Signed reasoning completes what was streamed of it."""
        if isinstance(part, ReasoningPart) and self._kind == "reasoning" and self._open:
            text = "".join(self._open)
            if not part.text or part.text.startswith(text):
                self._open.clear()
                part = replace(part, text=part.text or text)
        self.close()
        self.parts.append(part)

    def close(self) -> None:
        """Nothing more comes of what was streamed."""
        text = "".join(self._open)
        self._open.clear()
        if text:
            self.parts.append(TextPart(text=text) if self._kind == "text" else ReasoningPart(text=text))


def cancelled(word: str) -> Outcome:
    """The outcome of an answer that was ended for that reason."""
    return _CANCELLED.get(word, Outcome(reason="cancelled", message="the prompt was cancelled"))


async def run(job: Job, record: Record) -> Outcome:
    """Hand on everything that happens, and say how it ended.

    Cancelling the task is the way to end it early; the message given to `Task.cancel` is the reason. The provider's
    generator is closed and calls are ended, with their clean-up, before this returns. A bug is logged and an outcome.
    """
    try:
        return await _Loop(job, record).run()
    except asyncio.CancelledError as stopped:
        # The task is ours and this is its end, so the cancellation goes no further.
        return cancelled(str(stopped.args[0]) if stopped.args else "")
    except Stopped as stopped:
        return stopped.outcome
    except Failure as problem:
        return Outcome(reason="provider", message=f"{problem}; {problem.hint}")
    except Exception as bug:  # noqa: BLE001  # The one ending is promised whatever a provider does.
        _log.error("the provider of %s broke off", job.model.name, exc_info=bug)
        return Outcome(reason="provider", message="the provider broke off; the server's log has the details")


def schemas(tools: Mapping[str, Tool]) -> tuple[ToolSchema, ...]:
    """What the model sees of the tools from the beginning, always in the same order."""
    return tuple(tools[name].schema for name in sorted(tools) if not tools[name].is_deferred)


def request(job: Job, said: Sequence[Message], most: int | None = None) -> Request:
    """What the model gets: the same beginning each time."""
    return Request(
        system=job.system,
        messages=tuple(said),
        tools=schemas(job.tools) if job.model.calls_tools else (),
        effort=job.effort,
        max_output=most,
        session=job.ask.session.id,
    )


class _Loop:
    """One answer on its way."""

    def __init__(self, job: Job, record: Record) -> None:
        self._job = job
        self._record = record
        self._streak = Streak()
        self._tools = schemas(job.tools) if job.model.calls_tools else ()
        self._messages: list[Message] = []
        # How many tokens the messages are by our count, and how many real ones make one of ours.
        self._size = 0
        self._ratio = 1.0
        self._seen: set[str] = set()
        # How many tokens may be asked before what came is summed up.
        self._most: float = math.inf if job.model.window is None else compaction.room(job.model)

    async def run(self) -> Outcome:
        await self._read()
        for _ in range(self._job.steps):
            await self._fit()
            try:
                step = await self._tried()
            except ContextTooLong:
                await self._compact()
                step = await self._tried()
            outcome = await self._after(step)
            if outcome is not None:
                return outcome
        return Outcome(reason="steps", message=f"{self._job.steps} steps were made, and no more are allowed")

    async def _read(self) -> None:
        """The conversation as it is stored, as messages. Beside the loop, because it may be long."""
        session = await self._record.session()
        self._messages = await asyncio.to_thread(messages.history, session)
        self._size = await asyncio.to_thread(messages.tokens, self._messages)

    async def _after(self, step: Step) -> Outcome | None:
        """What follows a step: the results of its calls, or the end."""
        match step.reason:
            case "refused":
                return Outcome(reason="refused", message="the model would not answer this")
            case "length":
                return Outcome(reason="length", message="the model wrote as much as it may, and was cut off")
            case _:
                pass
        if not step.calls:
            return Outcome()
        await self._record.settled()
        results = await calls.run(self._job, self._record, step.calls, self._streak)
        self._add(AssistantMessage(parts=tuple(step.parts)), ToolMessage(results=tuple(results)))
        return None

    def _add(self, *new: Message) -> None:
        self._messages += new
        self._size += messages.tokens(new)

    @property
    def _asked(self) -> int:
        """About how many tokens the next request has."""
        return int((self._size + compaction.overhead(self._job.system, self._tools)) * self._ratio)

    async def _fit(self) -> None:
        """Compact what is too long for the model's window.

        What stays too long, as a person's own words do, is asked all the same while it fits at all, and is not summed
        up again before each step: that would take away what the step before found out, and go on for ever.
        """
        if self._asked <= self._most:
            return
        window = self._job.model.window or 0
        try:
            await self._compact()
        except ContextTooLong:
            if self._asked > window:
                raise
        if self._asked > self._most:
            self._most = window if self._asked <= window else math.inf

    async def _compact(self) -> None:
        try:
            await compaction.compact(self._job, self._record, request(self._job, self._messages), self._asked)
        except NotCompacted as problem:
            raise ContextTooLong(
                f"the conversation is too long for the model's window, and {problem}",
                "take a model with a larger window, or begin another session",
            ) from problem
        await self._read()

    async def _tried(self) -> Step:
        """One step, tried again when it fails for a reason that may pass."""
        asked = self._asked
        async with self._job.purse.hold(self._job.model, asked) as most:
            step = await self._tries(request(self._job, self._messages, most))
        if step.usage is not None and asked > 0:
            self._ratio = max(0.5, min(4.0, self._ratio * step.usage.input / asked))
        return step

    async def _tries(self, request: Request) -> Step:
        patience = self._job.patience
        for attempt in range(1, patience.tries + 1):
            before = await self._record.settled()
            step = Step()
            try:
                await self._stream(request, step)
            except ProviderFailed as problem:
                wait_s = _wait(problem, attempt, patience)
                if wait_s is None:
                    raise
                await self._again(problem, attempt, wait_s, before)
            else:
                step.close()
                return step
        raise AssertionError("the last try returns or raises")

    async def _again(self, problem: ProviderFailed, attempt: int, wait_s: float, before: int) -> None:
        """Say that the step is tried again, and wait for that moment. What came of it counts no more."""
        retry = RetryScheduled(
            number=1,
            session="",
            attempt=attempt,
            reason=str(problem),
            wait_ms=int(wait_s * 1000),
            at_ms=int((time.time() + wait_s) * 1000),
            first=before + 1,
        )
        await self._record.take(retry)
        await asyncio.sleep(wait_s)

    async def _stream(self, request: Request, step: Step) -> None:
        async with aclosing(self._job.model.stream(request)) as stream:
            async for item in stream:
                await self._take(item, step)

    async def _take(self, item: Piece | Part, step: Step) -> None:
        match item:
            case Piece():
                step.grow(item)
            case TextPart() | ReasoningPart():
                step.add(item)
            case ToolCallPart():
                item = self._unique(item)
                step.add(item)
            case UsagePart():
                item = step.usage = priced(item, self._job.model)
                self._job.purse.spend(item)
            case StepPart():
                step.reason = item.reason
            case _:
                pass
        await self._record.take(item)

    def _unique(self, call: ToolCallPart) -> ToolCallPart:
        """The call under an id that no other call of this answer has; some servers count from 0 in each step."""
        if call.call in self._seen or not call.call:
            call = replace(call, call=f"call_{os.urandom(8).hex()}")
        self._seen.add(call.call)
        return call


def _wait(problem: ProviderFailed, attempt: int, patience: Patience) -> float | None:
    """How long to wait before the next try; None when there is none."""
    if not problem.is_passing or attempt >= patience.tries:
        return None
    if problem.retry_after_s is not None:
        return problem.retry_after_s if problem.retry_after_s <= patience.asked_s else None
    # Not all at the same moment: between three and five quarters of it.
    part = 0.75 + os.urandom(1)[0] / 510
    return min(patience.longest_s, patience.first_s * 2.0 ** (attempt - 1)) * part
