"""What answers are made with: models, tools, rules and texts, for one agent in one folder. It reads files."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from iterate.engine.job import STEPS, Limits
from iterate.providers import Listed, Models
from iterate.request import Effort, Model
from iterate.tools.tool import Tool
from iterate.workspace import Workspace

if TYPE_CHECKING:
    from iterate.permissions.judge import Judgement
    from iterate.permissions.need import Need
    from iterate.permissions.rules import Rule

# What answers where nobody names a model.
DEFAULT = "echo/echo"


class Equipment(Struct, frozen=True, kw_only=True):
    """What one answer is made with."""

    model: Model
    agent: str
    # The border of the project, without links.
    root: Path
    system: tuple[str, ...] = ()
    tools: Mapping[str, Tool] = {}
    rules: tuple["Rule", ...] = ()
    limits: Limits = Limits()
    steps: int = STEPS
    effort: Effort = ""


class Kit:
    """Equips answers."""

    def __init__(self, *, models: Models | None = None, tools: Sequence[Tool] = ()) -> None:
        self._models = models or Listed()
        self._tools = tuple(tools)

    def equip(self, model: str, agent: str, workspace: Workspace) -> Equipment:
        """What an answer there is made with; raises `ModelUnknown`, `ConfigInvalid` and what models raise."""
        from iterate.config.sections import Config
        from iterate.permissions import builtin

        found = self._models.find(model or DEFAULT, Config(), workspace.environment)
        agent = agent or "build"
        return Equipment(
            model=found,
            agent=agent,
            root=Path(workspace.directory or "/").resolve(),
            tools={tool.name: tool for tool in self._tools},
            rules=builtin.rules(agent),
        )

    def keep(self, equipment: Equipment) -> "Callable[[Sequence[Rule]], None]":  # noqa: ARG002
        """What remembers rules for always."""
        return lambda rules: None  # noqa: ARG005

    def judge(self, equipment: Equipment) -> "Callable[[Sequence[Need], Sequence[Rule]], Judgement]":
        """What judges the calls of that answer."""
        from iterate.permissions.judge import judge

        return lambda needs, rules: judge(needs, rules, equipment.root)
