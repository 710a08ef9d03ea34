"""Models that say what a test wrote down, and small real tools for them to call."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from pathlib import Path

from msgspec import Struct

from iterate.errors import ProviderFailed
from iterate.events import Json, Part, Piece, StepPart, StopReason, TextPart, ToolCallPart, ToolResultPart, UsagePart
from iterate.permissions.need import Need
from iterate.request import Request, ToolMessage, UserMessage
from iterate.tools.tool import Result, Tool, ToolFailed, Work, tool

type Said = AsyncGenerator[Piece | Part]
type Line = Piece | Part | Exception | Callable[[], Awaitable[None]]


def call(id_: str, name: str, /, **arguments: Json) -> ToolCallPart:
    return ToolCallPart(call=id_, tool=name, arguments=arguments)


def step(reason: StopReason = "stop", input_: int = 10, output: int = 5) -> tuple[UsagePart, StepPart]:
    """How a step ends."""
    return UsagePart(input=input_, output=output), StepPart(model="m/m", reason=reason)


class Script:
    """A model that says these steps one after the other, and keeps what it was asked."""

    def __init__(self, *steps: Sequence[Line]) -> None:
        self._steps = list(steps)
        self.requests: list[Request] = []

    async def stream(self, request: Request) -> Said:
        self.requests.append(request)
        lines = self._steps[len(self.requests) - 1] if len(self.requests) <= len(self._steps) else ()
        for line in lines:
            if isinstance(line, Exception):
                raise line
            if callable(line):
                await line()
            else:
                yield line
                await asyncio.sleep(0)


def passing(message: str = "busy", retry_after_s: float | None = 0.01) -> ProviderFailed:
    return ProviderFailed(message, is_passing=True, retry_after_s=retry_after_s)


def said(request: Request) -> list[str]:
    """The texts of what the person and tools said, in order."""
    found: list[str] = []
    for message in request.messages:
        if isinstance(message, UserMessage):
            found += [part.text for part in message.parts if isinstance(part, TextPart)]
        elif isinstance(message, ToolMessage):
            found += [result.text for result in message.results]
    return found


def results(request: Request) -> list[ToolResultPart]:
    last = request.messages[-1]
    assert isinstance(last, ToolMessage)
    return list(last.results)


class PathArgument(Struct, frozen=True, kw_only=True):
    path: str
    text: str = ""


def _reading(given: PathArgument, work: Work) -> Sequence[Need]:
    return [Need(deed="read", subject=given.path)]


def _changing(given: PathArgument, work: Work) -> Sequence[Need]:
    return [Need(deed="fetch", subject=given.path)]


async def _look(given: PathArgument, work: Work) -> Result:
    path = work.root / given.path
    if not path.exists():
        raise ToolFailed(f"there is no {given.path}")
    return Result(text=path.read_text(), title=f"look {given.path}")


async def _put(given: PathArgument, work: Work) -> Result:
    (work.root / given.path).write_text(given.text)
    return Result(text=f"wrote {given.path}", title=f"put {given.path}")


# Reading is allowed, and runs beside others; putting asks (as what leaves the machine does).
LOOK = tool("look", "Read a file.", PathArgument, _reading, _look, is_parallel=True)
PUT = tool("put", "Write a file.", PathArgument, _changing, _put)


def acting(name: str, run: Callable[[Work], Awaitable[Result]], *, is_parallel: bool = False) -> Tool:
    """A tool that needs nothing and does this."""

    async def act(given: PathArgument, work: Work) -> Result:
        return await run(work)

    def nothing(given: PathArgument, work: Work) -> Sequence[Need]:
        return []

    return tool(name, "Does something.", PathArgument, nothing, act, is_parallel=is_parallel)


def written(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted(folder.iterdir()) if path.is_file()}
