"""The tool `patch`: changes, makes, renames and removes several files by one patch, all or nothing."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from iterate.permissions.need import Need
from iterate.tools import change, files, fuzzy, hunks, places
from iterate.tools.near import near
from iterate.tools.script import Script, decoded
from iterate.tools.tool import Result, ToolFailed, Work, tool


class Patch(Struct, frozen=True, kw_only=True):
    """The arguments of `patch`."""

    patch: Annotated[str, Meta(min_length=1, description="the patch")]


def _needs(given: Patch, work: Work) -> Sequence[Need]:
    try:
        patches = hunks.parsed(given.patch)
    except hunks.BadPatch:
        # Said when it runs, and nothing is done.
        return ()
    names = dict.fromkeys(name for each in patches for name in (each.old, each.new) if name)
    return [need for name in names for need in places.needs("edit", name, work)]


async def _run(given: Patch, work: Work) -> Result:
    plan = await change.looked(lambda: _planned(hunks.parsed(given.patch), work))
    if not any(each.before != each.after for each in plan):
        raise ToolFailed("the patch changes nothing")
    said = "\n".join(f"{_deed(each)} {places.shown(each.path, work)}" for each in plan)
    return await change.make(plan, work, said, f"patch {places.shown(plan[0].path, work)}{_others(plan)}")


def _preview(given: Patch, work: Work) -> str:
    return change.shown_diff(_planned(hunks.parsed(given.patch), work), work)


def _deed(each: change.Change) -> str:
    return "Made" if each.before is None else "Removed" if each.after is None else "Changed"


def _others(plan: Sequence[change.Change]) -> str:
    return f" and {len(plan) - 1} more" if len(plan) > 1 else ""


def _planned(patches: Sequence[hunks.FilePatch], work: Work) -> list[change.Change]:
    """What each file becomes; a file that the patch names twice is changed by both."""
    before: dict[Path, bytes | None] = {}
    after: dict[Path, bytes | None] = {}
    modes: dict[Path, int | None] = {}
    for each in patches:
        name = each.new or each.old or ""
        try:
            _plan(each, work, (before, after, modes))
        except ToolFailed as problem:
            raise type(problem)(f"{name}: {problem}. Nothing was changed") from problem
    return [
        change.Change(path=path, before=before[path], after=after[path], mode=modes.get(path))
        for path in after
        if before[path] is not None or after[path] is not None
    ]


type _Plans = tuple[dict[Path, bytes | None], dict[Path, bytes | None], dict[Path, int | None]]


def _plan(each: hunks.FilePatch, work: Work, plans: _Plans) -> None:
    before, after, modes = plans
    source = places.place(each.old, work) if each.old else None
    target = places.place(each.new, work) if each.new else None
    for path in (source, target):
        if path and path not in after:
            before[path] = after[path] = files.existing(path)
            work.memory.check(path, before[path])
    content = after[source] if source else None
    if source and content is None:
        raise files.NotThere(f"it is not there{near(source, work)}")
    if target and target != source and after[target] is not None:
        raise ToolFailed("it is there already: a patch that makes it would overwrite it")
    if source and target != source:
        after[source] = None
        if target:
            modes[target] = files.mode(source)
    if target:
        script = decoded(content) if content is not None else Script(text="")
        after[target] = script.encoded(fuzzy.applied(script.text, each.hunks))


PATCH = tool(
    "patch",
    "Change several files at once, all or nothing: a unified diff (--- a/x, +++ b/x, /dev/null for none), or "
    "*** Begin Patch with *** Update File, *** Add File, *** Delete File and *** Move to. Files that are changed or "
    "removed must have been read.",
    Patch,
    _needs,
    _run,
    preview=_preview,
)
