"""Which rules about permissions are in force for an agent in a folder, those that were remembered included."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from iterate.errors import AgentUnknown
from iterate.settings import Settings
from iterate.workspace import Workspace

if TYPE_CHECKING:
    # Not read before somebody asks.
    from iterate.permissions.need import Deed
    from iterate.permissions.rules import Rule
    from iterate.project.agents import Agent
    from iterate.project.project import Project


class InForce(Struct, frozen=True, kw_only=True):
    """The rules for an agent; `root` is the project's folder, `directory` the one that is worked in."""

    agent: str
    root: Path
    directory: Path
    rules: tuple["Rule", ...]


class Rulebook:
    """The rules of everything that one person does; without settings only those that are built in."""

    def __init__(self, settings: Settings | None) -> None:
        self._settings = settings

    @property
    def folder(self) -> Path | None:
        """Where what was remembered lies, for all projects; None where nothing is."""
        return None if self._settings is None else self._settings.state / "permissions"

    def in_force(self, agent: str, workspace: Workspace, readable: Sequence[str] = ()) -> InForce:
        """The rules in a folder; raises `AgentUnknown`, `ConfigInvalid`, `RuleInvalid`. It reads files."""
        from iterate.project import agents

        if self._settings is None or not workspace.directory:
            directory = Path(workspace.directory or "/").resolve()
            found = agent_of(agents.BUILT_IN, agent or "build")
            rules = self.plain(found.name, directory, readable)
            return InForce(agent=found.name, root=directory, directory=directory, rules=rules)
        from iterate.project import project

        there = project.read(self._settings, workspace.directory, workspace.environment)
        found = agent_of(there.agents, agent or there.config.agent)
        rules = self.of(there, found, readable)
        return InForce(agent=found.name, root=there.root, directory=there.directory, rules=rules)

    def plain(self, agent: str, root: Path, readable: Sequence[str] = ()) -> tuple["Rule", ...]:
        """The rules where there is no project that says something."""
        from iterate.permissions import builtin

        return (*builtin.rules(agent, readable), *self.remembered(root), *self._own(root))

    def of(
        self, project: "Project", agent: "Agent", readable: Sequence[str] = (), above: Sequence["Rule"] = ()
    ) -> tuple["Rule", ...]:
        """The rules for this agent in this project; see `project/rules.py`."""
        from iterate.project import rules

        return (*rules.rules(project, agent, readable, above), *self.remembered(project.root), *self._own(project.root))

    def _own(self, root: Path) -> tuple["Rule", ...]:
        from iterate.permissions import own

        here = self._settings
        if here is None:
            return ()
        return own.rules(root, here.state, here.data, None if here.config is None else here.config.parent)

    def remembered(self, root: Path) -> tuple["Rule", ...]:
        """What was always allowed in a project."""
        from iterate.permissions import remembered

        return () if self.folder is None else remembered.read(self.folder, root)

    def keep(self, root: Path, rules: Sequence["Rule"]) -> None:
        """Remember for always what these allow; raises `StateUnusable`."""
        from iterate.permissions import remembered

        if self.folder is not None:
            remembered.add(self.folder, root, rules)

    def forget(self, root: Path, deed: "Deed | None", pattern: str) -> tuple["Rule", ...]:
        """Take back what was remembered, and return it; raises `RuleUnknown`, `StateUnusable`."""
        from iterate.errors import RuleUnknown
        from iterate.permissions import remembered

        if self.folder is None:
            raise RuleUnknown("nothing is remembered without settings")
        return remembered.forget(self.folder, root, deed, pattern)


def agent_of(agents: "Mapping[str, Agent]", name: str) -> "Agent":
    """The agent of that name; raises `AgentUnknown`."""
    agent = agents.get(name)
    if agent is None:
        raise unknown_agent(name, agents)
    return agent


def unknown_agent(name: str, agents: Mapping[str, object]) -> AgentUnknown:
    """The failure that names the nearest agent, or all of them."""
    import difflib  # For slips alone.

    near = difflib.get_close_matches(name, agents, 1, 0.5)
    hint = f"did you mean {near[0]}?" if near else f"the agents are {', '.join(sorted(agents))}"
    return AgentUnknown(f"there is no agent {name!r}", hint)
