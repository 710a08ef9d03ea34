"""The tool `write`: makes a file, or writes one anew that was read before."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from iterate.permissions.need import Need
from iterate.tools import change, files, places
from iterate.tools.script import Script, decoded
from iterate.tools.tool import Result, ToolFailed, Work, tool


class Write(Struct, frozen=True, kw_only=True):
    """The arguments of `write`."""

    path: Annotated[str, Meta(min_length=1, description="the file; folders above it are made")]
    content: Annotated[str, Meta(description="all that it shall hold")]


def _needs(given: Write, work: Work) -> Sequence[Need]:
    return places.needs("edit", given.path, work)


async def _run(given: Write, work: Work) -> Result:
    path = places.place(given.path, work)
    before, after, remark = await change.looked(lambda: _planned(path, given, work))
    name = places.shown(path, work)
    if before == after:
        return Result(text=f"{name} held this already; nothing was changed.", title=f"write {name}")
    made = change.Change(path=path, before=before, after=after)
    deed = "Made" if before is None else "Wrote"
    lines = given.content.count("\n") + (not given.content.endswith("\n") and bool(given.content))
    noun = "line" if lines == 1 else "lines"
    return await change.make([made], work, f"{deed} {name}, {lines} {noun}.{remark}", f"write {name}")


def _preview(given: Write, work: Work) -> str:
    path = places.place(given.path, work)
    before, after, _ = _planned(path, given, work)
    return change.shown_diff([change.Change(path=path, before=before, after=after)], work)


def _planned(path: Path, given: Write, work: Work) -> tuple[bytes | None, bytes, str]:
    """What is there, what shall be, and what the model has to know of it."""
    if len(given.content) > files.LARGEST:
        raise ToolFailed(f"the content is longer than {files.LARGEST >> 20} MB")
    before = files.existing(path)
    work.memory.check(path, before)
    if before is None:
        return None, Script(text="").encoded(given.content), ""
    after, remark = rewritten(before, given.content)
    return before, after, remark


def rewritten(before: bytes, content: str) -> tuple[bytes, str]:
    """A whole new text in the encoding, with the mark and the line endings of the old one."""
    script = decoded(before)
    breaks, pairs = script.text.count("\n"), script.text.count("\r\n")
    if pairs and 2 * pairs >= breaks and "\r\n" not in content:
        content = content.replace("\n", "\r\n")
    content = content.removeprefix("\ufeff") if script.mark else content
    try:
        return script.encoded(content), ""
    except ToolFailed:
        return Script(text="").encoded(
            content
        ), f" It is UTF-8 now: {script.encoding} has no place for all of its signs."


WRITE = tool(
    "write",
    "Make a file, or write one anew as a whole. One that exists must have been read. Use edit to change parts.",
    Write,
    _needs,
    _run,
    preview=_preview,
)
