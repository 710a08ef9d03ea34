"""What a person takes from MCP servers: prompts as commands, and resources as files of a prompt."""

import base64
import shlex
from collections.abc import Sequence

from msgspec import Struct

from iterate.errors import CommandUnknown
from iterate.events import FilePart
from iterate.mcp.frames import GetPrompt, Given, Listing, PromptRow, ReadResource
from iterate.mcp.hub import Configured, Hub
from iterate.mcp.served import Served

SCHEME = "mcp:"


class Said(Struct, frozen=True, kw_only=True):
    """What a prompt of a server becomes."""

    text: str
    files: tuple[FilePart, ...]


def commands(hub: Hub, configured: Configured) -> list[tuple[str, PromptRow]]:
    """The prompts of servers that ran already, as names of commands; nothing is started."""
    found: dict[str, PromptRow] = {}
    for name in configured.servers:
        for served in hub.running(name, configured.root):
            for row in served.listing.prompts if served.listing is not None else ():
                found[f"{name}__{row.name}"] = row
    return sorted(found.items())


async def expand(hub: Hub, configured: Configured, command: str, words: str) -> Said | None:
    """What a server makes of its prompt; None where the name is none of a prompt.

    Raises `McpFailed`, `McpLoginNeeded`, and `CommandUnknown` where the server has no such prompt or wants other words.
    """
    for name in sorted(configured.servers, key=len, reverse=True):
        if command.startswith(f"{name}__") and configured.servers[name].enabled:
            served = hub.find(name, configured)
            prompt = command.removeprefix(f"{name}__")
            row = next((each for each in (await served.ready()).prompts if each.name == prompt), None)
            if row is None:
                raise CommandUnknown(f"the MCP server {name} has no prompt {prompt!r}")
            given = await _got(served, prompt, _arguments(row, words))
            files = tuple(
                FilePart(name=each.name or "file", media_type=each.media_type, url=_data(each.media_type, each.data))
                for each in given.contents
                if each.data
            )
            return Said(text="\n\n".join(each.text for each in given.contents if each.text), files=files)
    return None


async def _got(served: Served, prompt: str, arguments: dict[str, str]) -> Given:
    return await served.ask(
        lambda id_, connection: GetPrompt(id=id_, connection=connection, name=prompt, arguments=arguments)
    )


def _arguments(row: PromptRow, words: str) -> dict[str, str]:
    """A word for each argument; the last one has all that is left."""
    try:
        parts = shlex.split(words)
    except ValueError:
        parts = words.split()
    names = [each.name for each in row.arguments]
    if names and len(parts) > len(names):
        parts = [*parts[: len(names) - 1], " ".join(parts[len(names) - 1 :])]
    found = dict(zip(names, parts, strict=False))
    missing = [each.name for each in row.arguments if each.is_required and each.name not in found]
    if missing:
        raise CommandUnknown(f"the prompt {row.name} needs {', '.join(missing)}", f"its words are: {' '.join(names)}")
    return found


async def with_resources(hub: Hub, configured: Configured, files: Sequence[FilePart], text: str) -> list[FilePart]:
    """The files, with those of `mcp:SERVER/URI` read, and what a text names as `@SERVER:URI`, each once.

    Raises `McpUnknown`, `McpFailed`, `McpLoginNeeded`.
    """
    found: list[FilePart] = []
    seen: set[tuple[str, str]] = set()
    for file in files:
        if not file.url.startswith(SCHEME):
            found.append(file)
            continue
        name, _, uri = file.url.removeprefix(SCHEME).partition("/")
        seen.add((name, uri))
        found += await _resource(hub.find(name, configured), uri, file.name)
    for name, written in _mentioned(configured, text):
        served = hub.find(name, configured)
        uri = _known(await served.ready(), written)
        if (name, uri) not in seen:
            seen.add((name, uri))
            found += await _resource(served, uri, uri)
    return found


def _mentioned(configured: Configured, text: str) -> list[tuple[str, str]]:
    from iterate.tools import attach

    parts = [each.partition(":") for each in attach.named(text)]
    return [(name, uri) for name, _, uri in parts if uri and name in configured.servers]


def _known(listing: Listing, written: str) -> str:
    """The address without what the sentence puts behind it, unless it is listed with that."""
    return written if any(each.uri == written for each in listing.resources) else written.rstrip(".,;:!?)]}")


async def _resource(served: Served, uri: str, name: str) -> list[FilePart]:
    given = await served.ask(lambda id_, connection: ReadResource(id=id_, connection=connection, uri=uri))
    found = []
    for each in given.contents:
        kind = each.media_type or "text/plain"
        data = each.data or base64.b64encode(each.text.encode()).decode()
        found.append(FilePart(name=each.name or name, media_type=kind, url=_data(kind, data)))
    return found


def _data(kind: str, data: str) -> str:
    return f"data:{kind};base64,{data}"
