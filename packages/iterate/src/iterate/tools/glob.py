"""The tool `glob`: the files whose path matches a pattern of names."""

import asyncio
import os
from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta, Struct

from iterate.permissions.need import Need
from iterate.tools import bound, change, globs, places, search
from iterate.tools.near import near
from iterate.tools.script import clean
from iterate.tools.tool import Result, ToolFailed, Work, tool

_TIME_S = 30.0
_MOST = 500


class Glob(Struct, frozen=True, kw_only=True):
    """The arguments of `glob`."""

    pattern: Annotated[
        str, Meta(min_length=1, max_length=1000, description="like *.py (in any folder) or src/**/test_*.{py,pyi}")
    ]
    path: Annotated[str, Meta(description="the folder to look in, from which the pattern counts")] = "."
    hidden: Annotated[bool, Meta(description="also what begins with a dot")] = False
    ignored: Annotated[bool, Meta(description="also what ignore files name")] = False


def _needs(given: Glob, work: Work) -> Sequence[Need]:
    return places.needs("read", given.path, work)


async def _run(given: Glob, work: Work) -> Result:
    folder = places.place(given.path, work)
    shape = globs.compiled(given.pattern)
    if not os.path.isdir(folder):  # noqa: ASYNC240, PTH112  # One look.
        raise ToolFailed(f"{given.path} is no folder{near(folder, work)}")
    engine = search.engine(work.workspace.environment, work.root)
    words = [
        "--glob=!.git",
        *search.only(given.pattern),
        *["--hidden"] * given.hidden,
        *["--no-ignore"] * given.ignored,
    ]
    try:
        async with asyncio.timeout(_TIME_S):
            paths = await search.listed(engine, folder, words)
    except TimeoutError as problem:
        raise ToolFailed(f"there are too many files to look at in {_TIME_S:.0f} seconds: look in less") from problem
    start = b"" if folder == work.root else os.fsencode(places.shown(folder, work)).rstrip(b"/") + b"/"
    found = [path for path in paths if shape.match(path) and (given.hidden or not search.is_hidden(path))]
    title = f"glob {given.pattern}: {len(found):,}"
    if not found:
        left_out = [word for word, is_in in (("hidden", given.hidden), ("ignored", given.ignored)) if not is_in]
        return Result(text=f"No file matches{' that is not ' if left_out else ''}{' or '.join(left_out)}.", title=title)
    limited = await change.looked(lambda: bound.bounded(_told(found, start), work, lines=_MOST))
    return Result(text=limited.text, full=limited.full, title=title)


def _told(found: Sequence[bytes], start: bytes) -> str:
    ordered = sorted(found, key=lambda path: path.split(b"/"))
    return "\n".join(clean(os.fsdecode(start + path)).replace("\n", "\\n") for path in ordered)


GLOB = tool(
    "glob",
    "Find files by a pattern of their paths, in the order of their names. Hidden and ignored ones are left out.",
    Glob,
    _needs,
    _run,
    is_parallel=True,
)
