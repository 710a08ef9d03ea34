"""Tells the person's hooks of the calls of one answer: programs that may refuse one, or have a word on it."""

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from iterate.events import ToolCallPart, ToolResultPart
from iterate.session import Ask

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iterate.config.sections import Hook
    from iterate.project.hooks import Call


class Hooking:
    """The `Hooks` of one answer."""

    def __init__(self, hooks: "Sequence[Hook]", ask: Ask, root: Path) -> None:
        self._hooks = hooks
        self._ask = ask
        self._root = root

    async def before(self, call: ToolCallPart) -> str | None:
        """Why the call may not run; None when it may."""
        from iterate.project import hooks

        said = await hooks.ask(self._hooks, self._told(call), self._root, self._ask.workspace.environment)
        return f"a hook refused it: {said.message or 'without a word'}" if said.is_refused else None

    async def after(self, call: ToolCallPart, result: ToolResultPart) -> ToolResultPart:
        """The result, with what a hook has to say about it."""
        from iterate.project import hooks

        told = replace(self._told(call), event="after", status=result.status, text=result.text)
        said = await hooks.ask(self._hooks, told, self._root, self._ask.workspace.environment)
        if said.is_refused:
            text = f"{result.text}\n\nA hook does not accept this: {said.message or 'without a word'}"
            return replace(result, status="error", text=text)
        return replace(result, text=f"{result.text}\n\nA hook says: {said.message}") if said.message else result

    def _told(self, call: ToolCallPart) -> "Call":
        from iterate.project.hooks import Call

        return Call(
            event="before",
            session=self._ask.session.id,
            call=call.call,
            agent=self._ask.agent,
            tool=call.tool,
            arguments=call.arguments,
            directory=self._ask.workspace.directory,
        )
