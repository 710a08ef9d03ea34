"""How the tools of MCP servers were defined when they were allowed: one that says something else now asks again.

A server can change what a tool does, or what it tells the model, after a person said yes to it.
"""

import hashlib
from pathlib import Path

import msgspec
from msgspec import Struct

from iterate.events import Json
from iterate.permissions import book
from iterate.permissions.need import Need

# So many tools are remembered for a project; those that were allowed longest ago go.
MOST = 5000
KIND = "tools"


class _Row(Struct, frozen=True, kw_only=True):
    tool: str
    digest: str


class _Page(book.Page[_Row], frozen=True, kw_only=True):
    pass


def digest(name: str, description: str, schema: dict[str, Json]) -> str:
    """What stands for a definition: all that the model is told of a tool, in whatever order its keys are."""
    text = msgspec.json.encode([name, description, schema], order="deterministic")
    return hashlib.sha256(text).hexdigest()


def need(folder: Path, root: Path, server: str, tool: str, definition: str) -> Need:
    """What a call of that tool needs; it asks whatever the rules say when its definition is another one now."""
    subject = f"{server}/{tool}"
    if is_changed(folder, root, subject, definition):
        return Need(deed="mcp", subject=subject, is_grave=True, why="its definition changed since it was allowed")
    return Need(deed="mcp", subject=subject)


def is_changed(folder: Path, root: Path, subject: str, definition: str) -> bool:
    """Whether the tool `server/name` was allowed with another definition."""
    known = {row.tool: row.digest for row in book.read(book.path_of(folder, root, KIND), root, _Page)}
    return known.get(subject, definition) != definition


def note(folder: Path, root: Path, subject: str, definition: str) -> None:
    """Remember that it is allowed as it is now: to be called when a call of it may run. Raises `StateUnusable`."""
    path = book.path_of(folder, root, KIND)
    new = _Row(tool=subject, digest=definition)
    if new not in book.read(path, root, _Page):
        book.change(path, root, _Page, lambda rows: (*(row for row in rows if row.tool != subject), new)[-MOST:])
