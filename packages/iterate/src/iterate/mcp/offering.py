"""The tools of MCP servers as tools for a model: their names, what a call of them needs, and what it gives.

What a server says of its tools is a stranger's word: a hint that a tool only reads allows nothing.
"""

import asyncio
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from iterate.events import FilePart, Json
from iterate.mcp import resources, searching
from iterate.mcp.frames import CallTool, Given, Listing, ToolRow
from iterate.mcp.served import Served
from iterate.permissions import definitions
from iterate.permissions.need import Need
from iterate.request import ToolSchema
from iterate.tools.bound import bounded
from iterate.tools.tool import Result, Tool, ToolFailed, Work

# The longest name that every vendor takes.
LONGEST_NAME = 64
# A schema of more characters is not offered.
LONGEST_SCHEMA = 40_000
# With more tools, or more characters of all that is said of them, they are found by searching.
MOST_TOOLS, MOST_CHARACTERS = 40, 40_000
_STRANGE = re.compile(r"[^A-Za-z0-9_-]|^(?=[0-9-])")
_CHOICES = ("anyOf", "oneOf", "allOf", "not", "enum")


def tools(
    found: Sequence[tuple[Served, Listing]], has: Callable[[str], bool], rules: Path | None
) -> tuple[tuple[Tool, ...], tuple[str, ...]]:
    """The tools in the order of their names, and what is to be told of those that are left out."""
    rows = [(served, row) for served, listing in found for row in listing.tools]
    names = unique([(served.place.name, row.name) for served, row in rows])
    made: list[Tool] = []
    warnings: list[str] = []
    for (served, row), name in zip(rows, names, strict=True):
        if not has(name):
            continue
        if len(msgspec.json.encode(row.schema)) > LONGEST_SCHEMA:
            warnings.append(f"the tool {row.name!r} of the MCP server {served.place.name} is left out: it is too long")
            continue
        made.append(_tool(served, row, name, rules))
    made.sort(key=lambda each: each.name)
    size = sum(len(msgspec.json.encode(each.schema)) for each in made)
    if len(made) > MOST_TOOLS or size > MOST_CHARACTERS:
        made = [msgspec.structs.replace(each, is_deferred=True) for each in made]
        made += searching.tools(made)
    reader = resources.offer(found)
    if reader is not None and has(reader.name):
        made.append(reader)
    return tuple(made), tuple(warnings)


def unique(pairs: Sequence[tuple[str, str]]) -> list[str]:
    """A name for each server and tool, which no other has and which is the same whatever else there is.

    But where two would be written the same way: then each gets a mark of its own.
    """
    plain = [f"{server}__{tool}" for server, tool in pairs]
    spelt = [_STRANGE.sub("_", name) for name in plain]
    times = Counter(spelt)
    names = []
    for (server, tool), name, clean in zip(pairs, plain, spelt, strict=True):
        if name == clean and times[clean] == 1 and len(name) <= LONGEST_NAME:
            names.append(name)
        else:
            mark = hashlib.sha256(f"{server}\0{tool}".encode()).hexdigest()[:8]
            names.append(f"{clean[: LONGEST_NAME - 9]}_{mark}")
    return names


def taken(schema: dict[str, Json]) -> dict[str, Json]:
    """A schema as every vendor takes it: an object with properties, and no choice between objects at the top.

    One tool with another schema would have each request refused. The properties of choices are offered side by side,
    and none of them is demanded; the server checks the arguments anyway.
    """
    properties = schema.get("properties")
    found: dict[str, Json] = dict(properties) if isinstance(properties, dict) else {}
    for word in ("anyOf", "oneOf", "allOf"):
        choices = schema.get(word)
        for choice in choices if isinstance(choices, list) else ():
            more = choice.get("properties") if isinstance(choice, dict) else None
            found = {**more, **found} if isinstance(more, dict) else found
    kept = {name: value for name, value in schema.items() if name not in _CHOICES}
    return {**kept, "type": "object", "properties": found}


def subject(tool: str) -> str:
    """A tool's own name as rules write it."""
    return re.sub(r"[^\w./-]", "_", tool)[:200]


def need(rules: Path | None, root: Path, served: Served, row: ToolRow) -> Need:
    """What a call needs; it reads what was allowed."""
    name = subject(row.name)
    if rules is None:
        return Need(deed="mcp", subject=f"{served.place.name}/{name}")
    return definitions.need(rules, root, served.place.name, name, _digest(row))


def _digest(row: ToolRow) -> str:
    return definitions.digest(row.name, f"{row.title}\0{row.description}", row.schema)


def _tool(served: Served, row: ToolRow, name: str, rules: Path | None) -> Tool:
    server = served.place.name

    def decode(given: dict[str, Json]) -> object:
        return given

    # What was judged, for each call: it may be another one when the call runs.
    judged: dict[tuple[str, str], str] = {}

    def needs(_given: object, work: Work) -> Sequence[Need]:
        now = _listed(served.listing, row.name) or row
        judged[work.session, work.call] = _digest(now)
        return (need(rules, work.root, served, now),)

    async def run(given: object, work: Work) -> Result:
        assert isinstance(given, dict)  # noqa: S101  # What `decode` gave.
        now = await _still(served, row.name, judged.pop((work.session, work.call), ""), work, rules)
        if rules is not None:
            noted = f"{server}/{subject(row.name)}"
            await asyncio.to_thread(definitions.note, rules, work.root, noted, _digest(now))

        def make(id_: int, connection: int) -> CallTool:
            return CallTool(id=id_, connection=connection, tool=row.name, arguments=given)

        return result(await served.ask(make, work), work, f"{server}: {row.name}")

    description = row.description or row.title or f"The tool {row.name} of the MCP server {server}."
    return Tool(
        schema=ToolSchema(name=name, description=description, schema=taken(row.schema)),
        decode=decode,
        needs=needs,
        run=run,
        is_parallel=True,
    )


def _listed(listing: Listing | None, name: str) -> ToolRow | None:
    rows = () if listing is None else listing.tools
    return next((each for each in rows if each.name == name), None)


async def _still(served: Served, name: str, judged: str, work: Work, rules: Path | None) -> ToolRow:
    """The tool as the server has it now; where it became another one since it was judged, the person is asked."""
    now = _listed(await served.ready(), name)
    if now is None:
        raise ToolFailed(f"the MCP server {served.place.name} has no tool {name} any more")
    if _digest(now) != judged:
        why = "the server changed what this tool is while the call waited"
        wanted = await asyncio.to_thread(need, rules, work.root, served, now)
        verdict = await work.person.permit([wanted], why, now.description[:2000])
        if not verdict.is_allowed:
            raise ToolFailed(verdict.message or "the tool is another one now, and is not allowed")
    return now


def result(given: Given, work: Work, title: str) -> Result:
    """What a call gave, bounded for the model, whole in a file."""
    texts: list[str] = []
    files: list[FilePart] = []
    for each in given.contents:
        if each.data and each.media_type.startswith("image/"):
            url = f"data:{each.media_type};base64,{each.data}"
            files.append(FilePart(name=each.name or "image", media_type=each.media_type, url=url))
        elif each.data:
            texts.append(f"[{each.media_type}, {len(each.data) * 3 // 4:,} bytes, which cannot be shown]")
        else:
            texts.append(f"{each.name}:\n{each.text}" if each.name else each.text)
    shown = bounded("\n".join(texts) or ("" if files else "(nothing)"), work)
    return Result(text=shown.text, full=shown.full, files=tuple(files), title=title, is_error=given.is_error)
