"""Runs the calls of a step: decoded, judged, run. Each gets exactly one result, in whatever way it ends.

Calls that only look run beside each other, and so do commands of the shell; every other call waits for those before it.
Two calls that name the same file never run at once, in whichever answer they stand.
"""

import asyncio
import json
import logging
from collections.abc import Sequence
from contextlib import suppress
from itertools import groupby

from msgspec import Struct
from msgspec.structs import replace

from iterate.engine.job import Job, Record
from iterate.errors import Failure
from iterate.events import FilesChanged, ToolCallPart, ToolResultPart
from iterate.permissions.need import Need
from iterate.tools.tool import Result, Tool, ToolFailed, Work

_log = logging.getLogger("iterate.engine")

# So many equal calls in a row are a circle, and a person is asked.
CIRCLE = 3
# What a result may be for the model, in characters, where the tool itself set no bound.
LONGEST = 400_000
LONGEST_PREVIEW = 20_000
_PATHS = ("read", "edit", "outside")


class Called(Struct, frozen=True, kw_only=True):
    """What a call is, without its id."""

    tool: str
    arguments: str


class Streak:
    """Notices when a model makes one call again and again."""

    def __init__(self) -> None:
        self._last: Called | None = None
        self._times = 0

    def is_circle(self, call: ToolCallPart) -> bool:
        """Count a call, and say whether it is one too many; then counting begins anew."""
        called = Called(tool=call.tool, arguments=json.dumps(call.arguments, sort_keys=True) + call.broken)
        self._times = self._times + 1 if called == self._last else 1
        self._last = called
        if self._times < CIRCLE:
            return False
        self._last = None
        return True


async def run(job: Job, record: Record, calls: Sequence[ToolCallPart], streak: Streak) -> list[ToolResultPart]:
    """The results in the order of the calls; each was handed to `record` as soon as there was one.

    Who is cancelled here ends all calls and waits for them; those that gave no result yet get none here, and the ledger
    writes theirs with the ending.
    """
    results: dict[str, ToolResultPart] = {}

    async def one(call: ToolCallPart, *, is_circle: bool) -> None:
        results[call.call] = await _one(job, record, call, is_circle=is_circle)

    counted = [(call, streak.is_circle(call)) for call in calls]
    for company, group in groupby(counted, lambda each: _company(job, each[0])):
        if company:
            async with asyncio.TaskGroup() as running:
                for call, is_circle in group:
                    running.create_task(one(call, is_circle=is_circle))
        else:
            for call, is_circle in group:
                await one(call, is_circle=is_circle)
    return [results[call.call] for call in calls]


def _company(job: Job, call: ToolCallPart) -> str:
    """Beside which calls this one may run; empty for none."""
    tool = job.tools.get(call.tool)
    if tool is None:
        return ""
    return "any" if tool.is_parallel else call.tool if tool.is_parallel_alone else ""


async def _one(job: Job, record: Record, call: ToolCallPart, *, is_circle: bool) -> ToolResultPart:
    changed: FilesChanged | None = None
    try:
        part, changed = await _judged(job, call, is_circle=is_circle)
    except ToolFailed as problem:
        part = _error(call, str(problem) + (f"; {problem.hint}" if problem.hint else ""))
    except Failure as problem:
        part = _error(call, f"{problem}; {problem.hint}")
    except Exception as bug:  # noqa: BLE001  # One result is promised whatever a tool does.
        _log.error("the tool %s broke off", call.tool, exc_info=bug)
        part = _error(call, f"the tool {call.tool} broke off ({type(bug).__name__}); the server's log has the details")
    await record.take(part)
    if changed is not None:
        await record.take(changed)
    return part


async def _judged(job: Job, call: ToolCallPart, *, is_circle: bool) -> tuple[ToolResultPart, FilesChanged | None]:
    tool = job.tools.get(call.tool)
    if tool is None or job.work is None:
        raise ToolFailed(f"there is no tool {call.tool!r}; there are {', '.join(sorted(job.tools)) or 'none'}")
    if call.broken:
        raise ToolFailed(f"the arguments of {call.tool} are no JSON object: {call.broken[:200]}")
    arguments = tool.decode(call.arguments)
    if tool.stands_for is not None:
        name, inner = tool.stands_for(arguments)
        return await _judged(job, replace(call, tool=name, arguments=inner), is_circle=is_circle)
    work = job.work(call)
    needs = await asyncio.to_thread(tool.needs, arguments, work)
    why = f"the same call of {call.tool} came {CIRCLE} times in a row" if is_circle else ""
    verdict = await work.person.permit(needs, why, lambda: _preview(tool, arguments, call, work))
    if not verdict.is_allowed:
        return _denied(call, verdict.message), None
    if job.hooks is not None and (refusal := await job.hooks.before(call)) is not None:
        return _denied(call, refusal), None
    async with job.lanes.hold(_paths(needs, work)):
        result = await _run(tool, arguments, work)
    part = _part(call, result)
    if job.hooks is not None:
        part = await job.hooks.after(call, part)
    changed = None
    if result.changes:
        changed = FilesChanged(number=1, session="", call=call.call, change=result.change, files=result.changes)
    return part, changed


async def _run(tool: Tool, arguments: object, work: Work) -> Result:
    """What the call gave; cancelled, it is waited for, so that nothing of it goes on."""
    task = asyncio.ensure_future(tool.run(arguments, work))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await asyncio.shield(task)
        raise


async def _preview(tool: Tool, arguments: object, call: ToolCallPart, work: Work) -> str:
    """What a person sees who is asked: the diff of what would be changed, the command, or the arguments."""
    preview = tool.preview
    if preview is not None:
        # Where there is no diff the call will fail, but not before somebody allowed it to look at the file.
        with suppress(ToolFailed, OSError):
            return await asyncio.to_thread(preview, arguments, work)
    command = call.arguments.get("command")
    text = command if isinstance(command, str) else json.dumps(call.arguments, ensure_ascii=False, indent=2)
    return text if len(text) <= LONGEST_PREVIEW else f"{text[:LONGEST_PREVIEW]} [{len(text):,} characters]"


def _paths(needs: Sequence[Need], work: Work) -> list[str]:
    return [str(work.root / need.subject) for need in needs if need.deed in _PATHS]


def _part(call: ToolCallPart, result: Result) -> ToolResultPart:
    text = result.text
    if len(text) > LONGEST:
        text = f"{text[: LONGEST // 2]}\n[{len(text) - LONGEST:,} characters left out]\n{text[-LONGEST // 2 :]}"
    return ToolResultPart(
        call=call.call,
        status="error" if result.is_error else "ok",
        text=text,
        title=result.title,
        diff=result.diff,
        full=result.full,
        files=result.files,
    )


def _error(call: ToolCallPart, text: str) -> ToolResultPart:
    return ToolResultPart(call=call.call, status="error", text=text, title=f"{call.tool} failed")


def _denied(call: ToolCallPart, message: str) -> ToolResultPart:
    return ToolResultPart(call=call.call, status="denied", text=message or "denied", title=f"{call.tool} denied")
