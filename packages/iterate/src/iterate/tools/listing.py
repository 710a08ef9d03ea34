"""The tool `list`: what is in a folder, some levels deep, without what ignore files hide."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from iterate.permissions.need import Need
from iterate.tools import bound, change, files, ignore, places
from iterate.tools.near import near
from iterate.tools.script import clean
from iterate.tools.tool import Result, ToolFailed, Work, tool

_MOST = 1000
_MOST_LOOKED = 200_000


class List(Struct, frozen=True, kw_only=True):
    """The arguments of `list`."""

    path: Annotated[str, Meta(description="the folder")] = "."
    depth: Annotated[int, Meta(ge=1, le=10, description="how many levels")] = 2
    hidden: Annotated[bool, Meta(description="also what begins with a dot")] = False
    ignored: Annotated[bool, Meta(description="also what ignore files name")] = False


class _Row(Struct, frozen=True, kw_only=True):
    name: bytes
    below: tuple["_Row", ...] = ()
    is_folder: bool = False


def _needs(given: List, work: Work) -> Sequence[Need]:
    return places.needs("read", given.path, work)


async def _run(given: List, work: Work) -> Result:
    path = places.place(given.path, work)
    return await change.looked(lambda: _list(path, given, work))


def _list(path: Path, given: List, work: Work) -> Result:
    name = places.shown(path, work)
    if not os.path.lexists(path):
        raise files.NotThere(f"{given.path} is not there{near(path, work)}")
    if not path.is_dir():
        raise ToolFailed(f"{name} is no folder; read shows it")
    with files.named(path), os.scandir(path):
        pass
    above = () if given.ignored else ignore.above(os.fsencode(path))
    walk = _Walk(given, _MOST_LOOKED)
    rows = walk.rows(os.fsencode(path).rstrip(b"/") + b"/", above, given.depth)
    text = "\n".join(_lines(rows, 0)) or f"{name} is empty, but for what is hidden or ignored."
    if walk.left <= 0:
        text += f"\n[stopped after {_MOST_LOOKED:,} names: list less]"
    limited = bound.bounded(text, work, lines=_MOST)
    return Result(text=limited.text, full=limited.full, title=f"list {name}")


class _Walk:
    """Looks at folders, and at so many names at most."""

    def __init__(self, given: List, left: int) -> None:
        self.given = given
        self.left = left

    def rows(self, path: bytes, above: tuple[ignore.Folder, ...], depth: int) -> tuple[_Row, ...]:
        try:
            with os.scandir(path) as entries:
                found = sorted(entries, key=lambda each: each.name)
        except OSError:
            return ()
        if not self.given.ignored:
            above = ignore.with_own(path, above)
        rows = []
        for each in found:
            self.left -= 1
            if self.left <= 0:
                break
            is_folder = each.is_dir(follow_symlinks=False)
            if each.name.startswith(b".") and not self.given.hidden:
                continue
            if not ignore.is_shown(each, path, above, with_hidden=self.given.hidden):
                continue
            below = self.rows(path + each.name + b"/", above, depth - 1) if is_folder and depth > 1 else ()
            rows.append(_Row(name=each.name, below=below, is_folder=is_folder))
        return tuple(rows)


def _lines(rows: Sequence[_Row], depth: int) -> list[str]:
    lines = []
    for row in rows:
        name = clean(os.fsdecode(row.name)).replace("\n", "\\n")
        lines.append(f"{'  ' * depth}{name}{'/' * row.is_folder}")
        lines += _lines(row.below, depth + 1)
    return lines


LIST = tool(
    "list",
    "List a folder as a tree. Hidden and ignored names are left out.",
    List,
    _needs,
    _run,
    is_parallel=True,
)
