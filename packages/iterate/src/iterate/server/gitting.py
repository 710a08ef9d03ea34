"""What git says of a folder. A repository may name programs that git would run, so git runs confined where it can."""

import asyncio
import os
from contextlib import aclosing
from pathlib import Path

from iterate import settings
from iterate.sandbox import landlock, run
from iterate.sandbox.run import Bounds
from iterate.server.files import PATIENCE_S, Changed, Status
from iterate.server.problems import SearchBroken

MOST_BYTES = 4 << 20
_GIT = (
    *("git", "--no-optional-locks", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"),
    *("status", "--porcelain=v1", "--branch", "-z", "--untracked-files=normal", "--ignore-submodules=all"),
)
_NONE = Status(is_git=False, branch=None, changed=(), is_whole=True)


async def status(root: Path) -> Status:
    """How the folder differs from the last commit; raises `SearchBroken`."""
    kept = {name: value for name, value in settings.environment().items() if name in {"PATH", "HOME", "LANG"}}
    bounds = Bounds(root=root, folder=root, has_landlock=landlock.version() > 0, may_connect=False)
    try:
        running = await run.start(_GIT, bounds, kept)
    except OSError:
        return _NONE
    said = bytearray()
    try:
        async with asyncio.timeout(PATIENCE_S), aclosing(running.pieces()) as pieces:
            async for piece in pieces:
                said += piece
                if len(said) > MOST_BYTES:
                    break
    except TimeoutError as problem:
        raise SearchBroken(f"git said nothing in {PATIENCE_S:.0f} seconds") from problem
    finally:
        running.kill()
        ended = await running.wait()
    is_whole = len(said) <= MOST_BYTES
    return _NONE if is_whole and (ended.code or ended.failure) else _read(bytes(said[:MOST_BYTES]), is_whole=is_whole)


def _read(said: bytes, *, is_whole: bool) -> Status:
    branch, changed = None, []
    fields = iter(said.split(b"\0")[:-1])
    for field in fields:
        text = os.fsdecode(field).encode(errors="replace").decode()
        state, path = text[:2], text[3:]
        if state == "##":
            branch = path.partition("...")[0].removeprefix("No commits yet on ")
        else:
            # Behind a name that is new comes the old one.
            was = os.fsdecode(next(fields, b"")).encode(errors="replace").decode() if "R" in state else None
            changed.append(Changed(path=path, state=state, was=was))
    return Status(is_git=True, branch=branch, changed=tuple(changed), is_whole=is_whole)
