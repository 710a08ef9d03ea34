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

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from iterate.undo.states import State

MOST_BYTES = 4 << 20
_GIT = (
    *("git", "--no-optional-locks", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"),
    *("status", "--porcelain=v1", "--branch", "-z", "--untracked-files=normal", "--ignore-submodules=all"),
    *("--", "."),
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
    if is_whole and (ended.code or ended.failure):
        return _NONE
    return _read(bytes(said[:MOST_BYTES]), _prefix(root), is_whole=is_whole)


def of_undo(found: "Mapping[str, tuple[State, State]]", most: int) -> Status:
    """What the undo says where there is no git, in git's letters."""
    changed = tuple(Changed(path=path, state=_letters(*pair)) for path, pair in sorted(found.items()))
    return Status(is_git=False, branch=None, changed=changed, is_whole=len(found) < most)


def _letters(before: "State", after: "State") -> str:
    if before.kind == "none":
        return "??"
    return " D" if after.kind == "none" else " M"


def _prefix(root: Path) -> str:
    """The way from the top of the repository to this folder: git's paths begin with it."""
    top = next((each for each in (root, *root.parents) if (each / ".git").exists()), root)
    way = root.relative_to(top).as_posix()
    return "" if way == "." else f"{way}/".encode(errors="replace").decode()


def _read(said: bytes, prefix: str, *, is_whole: bool) -> Status:
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
            was = was and was.removeprefix(prefix)
            changed.append(Changed(path=path.removeprefix(prefix), state=state, was=was))
    return Status(is_git=True, branch=branch, changed=tuple(changed), is_whole=is_whole)
