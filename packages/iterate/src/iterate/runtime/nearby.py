"""Tells the model of `AGENTS.md` files that lie nearer to what it works on, when it first reads something there."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from iterate.engine.job import Hooks
from iterate.events import ToolCallPart, ToolResultPart

if TYPE_CHECKING:
    from iterate.project.instructions import Instruction

type Inner = Callable[[Path, frozenset[Path]], "Sequence[Instruction]"]
# Tools that look at, or change, what is at their argument `path`.
_TOOLS = {"read", "edit", "write", "list", "glob", "grep"}


class Nearby:
    """The `Hooks` of one answer, with instructions behind those of the person.

    `told` are the files that the model of this session knows already.
    """

    def __init__(self, hooks: Hooks | None, inner: Inner, directory: Path, told: set[Path]) -> None:
        self._hooks = hooks
        self._inner = inner
        self._directory = directory
        self._told = told

    async def before(self, call: ToolCallPart) -> str | None:
        """What the person's hooks say."""
        return None if self._hooks is None else await self._hooks.before(call)

    async def after(self, call: ToolCallPart, result: ToolResultPart) -> ToolResultPart:
        """The result, with instructions that nobody told yet."""
        if self._hooks is not None:
            result = await self._hooks.after(call, result)
        path = call.arguments.get("path")
        if result.status != "ok" or call.tool not in _TOOLS or not isinstance(path, str):
            return result
        found = await asyncio.to_thread(self._inner, self._directory / path, frozenset(self._told))
        if not found:
            return result
        self._told.update(each.file for each in found)
        texts = tuple(f"Instructions of {each.file}, for work in its folder:\n\n{each.text}" for each in found)
        return replace(result, text="\n\n".join((result.text, *texts)), told=texts)
