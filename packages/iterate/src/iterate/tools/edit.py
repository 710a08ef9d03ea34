"""The tool `edit`: replaces text in a file, several places in one call, all or nothing."""

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta, Struct

from iterate.permissions.need import Need
from iterate.tools import change, files, matching, places
from iterate.tools.script import Lines, decoded
from iterate.tools.tool import Result, ToolFailed, Work, tool


class Replacement(Struct, frozen=True, kw_only=True):
    """One text and what takes its place."""

    old_text: Annotated[str, Meta(min_length=1, description="text of the file, with enough lines to be there once")]
    new_text: Annotated[str, Meta(description="what takes its place")]
    replace_all: Annotated[bool, Meta(description="replace it wherever it is")] = False


class Edit(Struct, frozen=True, kw_only=True):
    """The arguments of `edit`."""

    path: Annotated[str, Meta(min_length=1, description="the file, which you have read")]
    edits: Annotated[
        tuple[Replacement, ...], Meta(min_length=1, description="made in order, each on what the one before left")
    ]


def _needs(given: Edit, work: Work) -> Sequence[Need]:
    return places.needs("edit", given.path, work)


async def _run(given: Edit, work: Work) -> Result:
    made, count = await change.looked(lambda: _planned(given, work))
    name = places.shown(made.path, work)
    if made.after == made.before:
        raise ToolFailed("the new text is the old text: nothing to change")
    times = "1 place" if count == 1 else f"{count} places"
    return await change.make([made], work, f"Changed {times} in {name}.", f"edit {name}")


def _planned(given: Edit, work: Work) -> tuple[change.Change, int]:
    """What becomes of the file, and in how many places."""
    path = places.place(given.path, work)
    before = files.content(path)
    work.memory.check(path, before)
    after, count = edited(before, given.edits)
    return change.Change(path=path, before=before, after=after), count


def _preview(given: Edit, work: Work) -> str:
    return change.shown_diff([_planned(given, work)[0]], work)


def edited(before: bytes, edits: Sequence[Replacement]) -> tuple[bytes, int]:
    """The file with all edits made, and how many places they were."""
    script = decoded(before)
    written, count = script.text, 0
    for number, edit in enumerate(edits, 1):
        lines = Lines(written)
        old, new = edit.old_text.replace("\r\n", "\n"), edit.new_text.replace("\r\n", "\n")
        try:
            spans = matching.found(lines.text, old, new, is_all=edit.replace_all)
        except ToolFailed as problem:
            which = f"edit {number} of {len(edits)}: " if len(edits) > 1 else ""
            raise type(problem)(f"{which}{problem}. Nothing was changed") from problem
        written = lines.replaced([(each.start, each.end, each.new) for each in spans])
        count += len(spans)
    return script.encoded(written), count


EDIT = tool(
    "edit",
    "Replace text in a file that you have read. Give old_text exactly as the file has it, without the line numbers "
    "that read shows. Where it is not there exactly, indentation and trailing blanks are disregarded. "
    "Several edits in one call are made all or none.",
    Edit,
    _needs,
    _run,
    preview=_preview,
)
