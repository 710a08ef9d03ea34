"""Commands that go on after their call: begun, read on, ended; they end with the server at the latest.

They run outside any transaction, on the files themselves, inside the sandbox. The undo does not know what they change.
"""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from iterate.sandbox.run import Bounds, Ended, Running, start
from iterate.tools.collected import Collected
from iterate.tools.tool import Result, ToolFailed, Work

# How many run at once in one session.
MOST = 16
_ABORT_S = 0.03
# How long the first words are waited for, which often say that it failed.
_FIRST_S = 0.3


class Job(NamedTuple):
    """A command in the background: its reading goes on by itself."""

    title: str
    bounds: Bounds
    running: Running
    reading: "asyncio.Task[Ended]"
    # Of which what was read is taken out; the whole is in its file.
    outputs: list[Collected]


# By session and id. A session knows its own only.
_jobs: dict[str, dict[str, Job]] = {}


async def begin(words: Sequence[str], bounds: Bounds, environment: Mapping[str, str], work: Work) -> Result:
    """Start it, and give its id with what it says at once."""
    jobs = _jobs.setdefault(work.session, {})
    if sum(not job.reading.done() for job in jobs.values()) >= MOST:
        raise ToolFailed(f"{MOST} commands run in the background already: end one with bash_kill")
    try:
        running = await start(words, bounds, environment)
    except OSError as problem:
        raise ToolFailed(f"the command cannot be started: {problem}") from problem
    name = f"bg{len(jobs) + 1}"
    outputs = [_collected(work, name)]
    job = Job(words[-1], bounds, running, asyncio.create_task(_read(running, outputs)), outputs)
    jobs[name] = job
    await asyncio.wait({job.reading}, timeout=_FIRST_S)
    return _told(name, job, work)


async def read(name: str, wait_s: float, work: Work) -> Result:
    """What it wrote since the last time, and how it is; waits for its end that long."""
    job = _known(name, work)
    await asyncio.wait({job.reading}, timeout=wait_s)
    return _told(name, job, work)


async def end(name: str, work: Work) -> Result:
    """End it with all that it started."""
    job = _known(name, work)
    await _end(job)
    return _told(name, job, work)


def loopback(session: str) -> int:
    """The process of a session whose loopback its other commands share; 0 when none is cut off from the network."""
    jobs = _jobs.get(session, {}).values()
    return next((job.running.pid for job in jobs if not job.reading.done() and not job.bounds.may_connect), 0)


def running() -> int:
    """How many run in all sessions."""
    return sum(not job.reading.done() for jobs in _jobs.values() for job in jobs.values())


async def end_all(session: str = "") -> None:
    """End all of a session, or of all sessions."""
    for each in [session] if session else list(_jobs):
        for job in _jobs.pop(each, {}).values():
            await _end(job)


async def _end(job: Job) -> None:
    if not job.reading.done():
        job.running.ask(_ABORT_S)
        await asyncio.wait({job.reading}, timeout=_ABORT_S * 2)
    if not job.reading.done():
        job.running.kill()
        await asyncio.wait({job.reading})


async def _read(running: Running, outputs: list[Collected]) -> Ended:
    try:
        async for piece in running.pieces():
            outputs[-1].add(piece)
        return await running.wait()
    finally:
        running.kill()
        outputs[-1].close()


def _told(name: str, job: Job, work: Work) -> Result:
    output = job.outputs[-1]
    if job.reading.done():
        ended = job.reading.result()
        how = f"ended by signal {ended.signal}" if ended.signal else f"ended with exit code {ended.code}"
        how = f"could not be started: {ended.failure}" if ended.failure else how
    else:
        output.close()
        how = "runs"
    job.outputs[:] = [_collected(work, name)]
    text = output.text()
    text += "" if text.endswith("\n") or not text else "\n"
    return Result(
        text=f"{text}[{name} {how}]", title=f"{name}: {job.title.partition(chr(10))[0][:100]}", full=output.full
    )


def _collected(work: Work, name: str) -> Collected:
    return Collected(work.outputs / f"{name}-{secrets.token_hex(6)}.txt", lambda _text: None)


def _known(name: str, work: Work) -> Job:
    jobs = _jobs.get(work.session, {})
    if name not in jobs:
        there = ", ".join(jobs) or "none"
        raise ToolFailed(f"no command of that id runs in the background; there are: {there}")
    return jobs[name]
