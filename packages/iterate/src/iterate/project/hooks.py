"""Hooks: programs of the person's that hear of tool calls, before and after, and may refuse them.

A hook gets one line of JSON on its standard input. It lets a call pass with the exit code 0. It refuses with the exit
code 2 and says why on its standard error; or with the code 0 and `{"decision": "deny", "message": "..."}` on its
standard output. A hook that breaks, or takes too long, refuses what it should have judged: it may be there to protect.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from iterate.config.sections import Hook
from iterate.events import Json

# So much of what a hook prints is read; the rest is thrown away.
LIMIT_BYTES = 64 << 10
# What reaches the model of it, in characters.
LIMIT_WORDS = 4000
# How long a hook that was told to end may take.
GRACE_S = 1.0


class Call(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a hook is told. `status` and `text` are the result's, after a call."""

    event: Literal["before", "after"]
    session: str
    call: str
    agent: str
    tool: str
    arguments: dict[str, Json]
    directory: str
    status: str = ""
    text: str = ""


class Answer(Struct, frozen=True, kw_only=True):
    """What hooks said together: whether the call may be, and words for the model."""

    is_refused: bool = False
    message: str = ""


class _Said(Struct, frozen=True):
    decision: Literal["", "allow", "deny"] = ""
    message: str = ""


async def ask(hooks: Sequence[Hook], call: Call, folder: Path, environment: Mapping[str, str]) -> Answer:
    """Tell every hook that hears of such a call, one after the other; the first that refuses ends it.

    They run in the project's folder with the environment of whoever prompts. Cancelling ends the one that runs, with
    all that it started.
    """
    messages: list[str] = []
    for hook in hooks:
        if hook.on != call.event or not any(fnmatchcase(call.tool, each) for each in hook.tools):
            continue
        answer = await _one(hook, msgspec.json.encode(call) + b"\n", folder, environment)
        if answer.is_refused:
            return answer
        if answer.message:
            messages.append(answer.message)
    return Answer(message="\n".join(messages))


class _Done(Struct, frozen=True, kw_only=True):
    code: int
    output: bytes
    errors: bytes


async def _one(hook: Hook, line: bytes, folder: Path, environment: Mapping[str, str]) -> Answer:
    name = hook.command[0]
    try:
        done = await _run(hook, line, folder, environment)
    except TimeoutError:
        return _refusal(f"the hook {name} did not end in {hook.timeout_s:g} s")
    except (OSError, ValueError) as problem:
        return _refusal(f"the hook {name} cannot be started: {getattr(problem, 'strerror', None) or problem}")
    errors = _words(done.errors)
    match done.code:
        case 0:
            return _answer(name, done.output)
        case 2:
            return _refusal(errors or f"the hook {name} refused it")
        case code:
            return _refusal(f"the hook {name} broke (exit code {code}): {errors or 'it said nothing'}")


def _answer(name: str, output: bytes) -> Answer:
    """What a hook says that let the call pass by its exit code; words, as of a linter, are for the model."""
    try:
        said = msgspec.json.decode(output, type=_Said)
    except (ValueError, RecursionError):
        return Answer(message=_words(output))
    if said.decision == "deny":
        return _refusal(said.message[:LIMIT_WORDS] or f"the hook {name} refused it")
    return Answer(message=said.message[:LIMIT_WORDS])


async def _run(hook: Hook, line: bytes, folder: Path, environment: Mapping[str, str]) -> _Done:
    program = hook.command[0]
    # A path is the project's; a bare name is looked for as always.
    start = str(folder / program) if "/" in program and not Path(program).is_absolute() else program
    starting = asyncio.ensure_future(
        asyncio.create_subprocess_exec(
            start,
            *hook.command[1:],
            cwd=folder,
            env=dict(environment),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
    )
    try:
        process = await asyncio.shield(starting)
    except asyncio.CancelledError:
        # Cancelled half-way, the library ends the program alone and waits for all that it started.
        with contextlib.suppress(OSError):
            await _end(await starting)
        raise
    try:
        async with asyncio.timeout(hook.timeout_s):
            assert process.stdout is not None  # noqa: S101  # As asked for.
            assert process.stderr is not None  # noqa: S101
            _, output, errors = await asyncio.gather(_tell(process, line), _read(process.stdout), _read(process.stderr))
            return _Done(code=await process.wait(), output=output, errors=errors)
    finally:
        await _end(process)


async def _tell(process: asyncio.subprocess.Process, line: bytes) -> None:
    assert process.stdin is not None  # noqa: S101  # As asked for.
    # A hook need not read what it is told.
    with contextlib.suppress(ConnectionError):
        process.stdin.write(line)
        await process.stdin.drain()
    with contextlib.suppress(ConnectionError):
        process.stdin.close()


async def _read(stream: asyncio.StreamReader) -> bytes:
    kept = bytearray()
    while chunk := await stream.read(1 << 16):
        kept += chunk[: max(0, LIMIT_BYTES - len(kept))]
    return bytes(kept)


async def _end(process: asyncio.subprocess.Process) -> None:
    """End the hook and what it started and left running."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), GRACE_S)


def _refusal(message: str) -> Answer:
    return Answer(is_refused=True, message=message)


def _words(output: bytes) -> str:
    return output.decode(errors="replace").strip()[:LIMIT_WORDS]
