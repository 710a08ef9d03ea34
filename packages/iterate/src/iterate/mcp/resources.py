"""The tool `mcp_resource`: lists and reads what servers of MCP have to read."""

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta, Struct

from iterate.mcp.frames import Listing, ReadResource
from iterate.mcp.served import Served
from iterate.permissions.need import Need
from iterate.tools.tool import Result, Tool, ToolFailed, Work, tool

NAME = "mcp_resource"
# So many are listed at once.
MOST = 200


class Arguments(Struct, frozen=True, kw_only=True):
    """What the model says."""

    server: Annotated[str, Meta(description="The name of the server.")]
    uri: Annotated[str, Meta(max_length=4000, description="What to read; empty lists what there is.")] = ""


def offer(found: Sequence[tuple[Served, Listing]]) -> Tool | None:
    """The tool for these servers, None where none has anything to read."""
    readable = {served.place.name: served for served, listing in found if listing.resources}
    if not readable:
        return None

    def needs(given: Arguments, _work: Work) -> Sequence[Need]:
        return (Need(deed="mcp", subject=f"{given.server}/resource:{given.uri}"),) if given.uri else ()

    async def run(given: Arguments, work: Work) -> Result:
        from iterate.mcp.offering import result

        served = readable.get(given.server)
        if served is None:
            raise ToolFailed(f"no MCP server {given.server!r} has resources; there are {', '.join(sorted(readable))}")
        if not given.uri:
            return Result(text=_listed(await served.ready()), title=f"resources of {given.server}")

        def make(id_: int, connection: int) -> ReadResource:
            return ReadResource(id=id_, connection=connection, uri=given.uri)

        return result(await served.ask(make, work), work, f"{given.server}: {given.uri}")

    words = f"Lists or reads resources of MCP servers. Servers that have some: {', '.join(sorted(readable))}."
    return tool(NAME, words, Arguments, needs, run, is_parallel=True)


def _listed(listing: Listing) -> str:
    lines = []
    for each in listing.resources[:MOST]:
        mark = " (a template: fill in what is in braces)" if each.is_template else ""
        words = f": {each.description[:300]}" if each.description else ""
        lines.append(f"{each.uri}  {each.name}{mark}{words}")
    if len(listing.resources) > MOST:
        lines.append(f"[{len(listing.resources) - MOST} more]")
    return "\n".join(lines) or "there are none"
