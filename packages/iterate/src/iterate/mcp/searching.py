"""The tools `tool_search` and `tool_call`: many tools are found by words, instead of all being told at the beginning.

The list of tools that a model gets stays the same through a session, so that vendors find the beginning of each request
in their caches. So what was found is not added to it: it is called by `tool_call`, which the engine takes for a call of
the tool itself.
"""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from iterate.events import Json
from iterate.permissions.need import Need
from iterate.tools.tool import Result, Tool, ToolFailed, Work, tool

SEARCH, CALL = "tool_search", "tool_call"
# So many are told at once, and so many characters of them.
MOST, MOST_CHARACTERS = 8, 30_000
_WORD = re.compile(r"[a-z0-9]+")


class Words(Struct, frozen=True, kw_only=True):
    """What the model says to find a tool."""

    query: Annotated[str, Meta(max_length=500, description="Words of what is to be done, or a tool's name.")]


class Through(Struct, frozen=True, kw_only=True):
    """What the model says to call one."""

    tool: Annotated[str, Meta(description="The name that tool_search gave.")]
    arguments: Annotated[dict[str, Json], Meta(description="Its arguments, as its schema wants them.")] = {}


def tools(found: Sequence[Tool]) -> list[Tool]:
    """The two, for these tools."""
    by_name = {each.name: each for each in found}
    counts = Counter(each.name.partition("__")[0] for each in found)
    servers = ", ".join(f"{name} ({count})" for name, count in sorted(counts.items()))

    async def search(given: Words, _work: Work) -> Result:
        best = ranked(given.query, found)
        if not best:
            raise ToolFailed(f"no tool fits {given.query!r}; there are tools of {servers}")
        return Result(text=_told(best), title=f"{SEARCH}: {given.query[:60]}")

    def meant(given: object) -> tuple[str, dict[str, Json]]:
        assert isinstance(given, Through)  # noqa: S101  # What it was decoded to.
        if given.tool not in by_name:
            raise ToolFailed(f"there is no tool {given.tool!r} to be called so; find its name with {SEARCH}")
        return given.tool, given.arguments

    async def call(given: Through, work: Work) -> Result:
        name, arguments = meant(given)
        return await by_name[name].run(arguments, work)

    def needs(given: Through, work: Work) -> Sequence[Need]:
        name, arguments = meant(given)
        return by_name[name].needs(arguments, work)

    through = tool(CALL, f"Calls a tool that {SEARCH} found.", Through, needs, call, is_parallel=True)
    return [
        tool(
            SEARCH,
            f"Finds tools of connected MCP servers by words, with their schemas: {servers}. Call what it finds with "
            f"{CALL}.",
            Words,
            lambda _given, _work: (),
            search,
            is_parallel=True,
        ),
        msgspec.structs.replace(through, stands_for=meant),
    ]


def ranked(query: str, found: Sequence[Tool]) -> list[Tool]:
    """The tools that fit best, the best first: words in the name count more than those in the description."""
    words = set(_WORD.findall(query.lower()))
    scores = []
    for each in found:
        name = _WORD.findall(each.name.lower().replace("_", " "))
        about = each.schema.description.lower()
        score = sum(
            4 * (word in name) + 2 * any(part.startswith(word) for part in name) + (word in about) for word in words
        ) + 100 * (each.name == query.strip())
        if score:
            scores.append((-score, each.name, each))
    return [each for _, _, each in sorted(scores, key=lambda row: row[:2])[:MOST]]


def _told(found: Sequence[Tool]) -> str:
    rows: list[str] = []
    left = MOST_CHARACTERS
    for each in found:
        row = msgspec.json.encode(each.schema).decode()
        if len(row) > left:
            continue
        left -= len(row)
        rows.append(row)
    return "\n".join(rows)
