"""What answers are made with: model, tools, rules and texts, for one agent in one folder. It reads files."""

import asyncio
import datetime as dt
import re
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from iterate.engine.job import Limits
from iterate.errors import AgentUnknown, ModelMissing
from iterate.events import FilePart
from iterate.providers import Listed, Models
from iterate.request import Effort, Model
from iterate.runtime.rulebook import Rulebook, agent_of
from iterate.settings import Settings
from iterate.tools.tool import Tool
from iterate.workspace import Workspace

if TYPE_CHECKING:
    # Not read before the first prompt.
    from iterate.config.sections import Config, Hook, McpServer
    from iterate.config.sections import Shell as ShellSection
    from iterate.mcp.hub import Configured, Hub
    from iterate.permissions.judge import Judgement
    from iterate.permissions.need import Need
    from iterate.permissions.rules import Rule
    from iterate.project.agents import Agent
    from iterate.project.project import Project
    from iterate.runtime.nearby import Inner
    from iterate.runtime.telling import Telling
    from iterate.undo.undo import Undo

MILLION = 1_000_000
TASK = "task"
# Folders beside the database.
OUTPUTS, UNDO = "outputs", "undo"
# `@SERVER:URI`, perhaps.
_RESOURCE = re.compile(r"""@"?[^\s"/:]+:""")
# Where something lies that a killed server did not finish, if there is something.
LAYERS, OPENINGS = Path(OUTPUTS, "layers"), Path(UNDO, "changes", "open")


class Equipment(Struct, frozen=True, kw_only=True):
    """What one answer is made with."""

    model: Model
    # What sums up conversations, where it is another one.
    summarizer: Model | None = None
    agent: str
    # The border of the project, without links.
    root: Path
    system: tuple[str, ...] = ()
    tools: Mapping[str, Tool] = {}
    rules: tuple["Rule", ...] = ()
    hooks: tuple["Hook", ...] = ()
    limits: Limits = Limits()
    effort: Effort = ""
    # How commands of the shell run.
    shell: "ShellSection | None" = None
    undo: "Undo"
    # Folders that commands of the shell never see: the server's secret lies there.
    hidden: tuple[Path, ...] = ()
    is_trusting: bool = False
    # Variables that commands do not get: they hold the keys of models.
    withheld: tuple[str, ...] = ()
    # Instructions that lie nearer to what is read, without those that were told.
    inner: "Inner | None" = None
    # What the person should know before it begins.
    warnings: tuple[str, ...] = ()
    # Servers of tools, and whether the agent may see a tool of that name.
    servers: "Mapping[str, McpServer]" = {}
    has: "Callable[[str], bool]" = lambda _name: True


class Wanted(Struct, frozen=True, kw_only=True):
    """What a prompt asks for; empty names mean what the session's last prompt had, else what the settings say.

    `above` and `fallback` are the rules and the model of the agent that began this one. `folder` is where our data are.
    """

    model: str
    agent: str
    last_model: str = ""
    last_agent: str = ""
    workspace: Workspace
    above: tuple["Rule", ...] = ()
    fallback: str = ""
    folder: Path
    # Run without asking, where the sandbox and the undo cover it.
    is_trusting: bool = False
    effort: Effort = ""


class Kit:
    """Equips answers: with these tools, or those that are built in; without settings there is no project.

    `default` is the model where neither prompt, agent nor settings name one; empty for none.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        models: Models | None = None,
        tools: Sequence[Tool] | None = None,
        default: str = "",
    ) -> None:
        self._default = default
        self._settings = settings
        self._models = models or Listed()
        self._tools = tools
        self.rulebook = Rulebook(settings)
        self._lock = threading.Lock()
        self._undo: Undo | None = None
        self._telling: Telling | None = None
        self._hub: Hub | None = None

    def equip(self, wanted: Wanted) -> Equipment:
        """What an answer is made with.

        Raises `ModelUnknown` and what models raise, `AgentUnknown`, `ConfigInvalid`, `RuleInvalid`.
        """
        if self._settings is None or not wanted.workspace.directory:
            return self._plain(wanted)
        from iterate.project import project
        from iterate.project.agents import Mode

        found = project.read(self._settings, wanted.workspace.directory, wanted.workspace.environment)
        agent = agent_of(found.agents, wanted.agent or wanted.last_agent or found.config.agent)
        if wanted.fallback and agent.mode is Mode.PRIMARY:
            raise AgentUnknown(f"the agent {agent.name} is for people to choose", "take one that the tool task names")
        model = self._model(found.config, wanted, agent)
        return Equipment(
            model=model,
            summarizer=self._summarizer(found.config, wanted),
            agent=agent.name,
            root=found.root,
            system=self._texts(found, agent),
            # Reading them takes longer than all the rest.
            tools=self._offered(found, agent) if model.calls_tools else {},
            rules=self.rulebook.of(found, agent, [str(wanted.folder / OUTPUTS)], wanted.above),
            hooks=found.hooks,
            limits=_limits(found.config, agent),
            shell=replace(found.config.shell, mode=agent.shell or found.config.shell.mode),
            is_trusting=wanted.is_trusting and _is_confined(),
            undo=self.undo(wanted.folder),
            hidden=_hidden(self._settings),
            withheld=_withheld(found.config),
            effort=wanted.effort or agent.effort,
            inner=found.inner,
            warnings=self._news(self._settings, found),
            servers={name: said for name, said in found.config.mcp.items() if said.enabled},
            has=agent.has,
        )

    async def with_servers(self, equipment: Equipment, workspace: Workspace) -> Equipment:
        """With the tools of MCP servers; those that never ran are started, and waited for within a bound."""
        if not equipment.servers or not equipment.model.calls_tools:
            return equipment
        from iterate.mcp.hub import Configured

        where = Configured(servers=equipment.servers, root=equipment.root, environment=workspace.environment)
        offered = await self.hub().offered(where, equipment.has)
        tools = {tool.name: tool for tool in (*offered.tools, *equipment.tools.values())}
        return replace(
            equipment,
            tools=dict(sorted(tools.items())),
            warnings=(*equipment.warnings, *offered.warnings),
        )

    def hub(self) -> "Hub":
        """The MCP servers; nothing runs before one is needed."""
        from iterate.mcp.hub import Hub
        from iterate.settings import environment

        if self._hub is None:
            tokens = Path() if self._settings is None else self._settings.state / "mcp"
            self._hub = Hub(self.rulebook.folder, tokens, environment())
        return self._hub

    async def configured(self, workspace: Workspace) -> "Configured":
        """The MCP servers that the settings name in a folder; raises `ConfigInvalid`."""
        from iterate.mcp.hub import Configured

        if self._settings is None:
            return Configured(servers={}, root=Path("/"), environment={})
        settings, environment = self._settings, workspace.environment
        if not workspace.directory:
            from iterate import config

            said = await asyncio.to_thread(config.read, settings, "", environment)
            return Configured(servers=said.mcp, root=settings.home, environment=environment)
        from iterate.project import project

        found = await asyncio.to_thread(project.read, settings, workspace.directory, environment)
        return Configured(servers=found.config.mcp, root=found.root, environment=environment)

    async def with_resources(self, files: Sequence[FilePart], text: str, workspace: Workspace) -> Sequence[FilePart]:
        """The files, with what `mcp:SERVER/URI` or in the text `@SERVER:URI` names, read from its server.

        Raises `McpUnknown`, `McpFailed`.
        """
        if not any(file.url.startswith("mcp:") for file in files) and not _RESOURCE.search(text):
            return files
        configured = await self.configured(workspace)
        if not configured.servers and not files:
            return files
        from iterate.mcp import prompting

        return await prompting.with_resources(self.hub(), configured, files, text)

    async def end_servers(self) -> None:
        """End all MCP servers and what they started; they start again when they are needed."""
        if self._hub is not None:
            await self._hub.close()

    def _news(self, settings: Settings, project: "Project") -> tuple[str, ...]:
        from iterate.runtime.telling import Telling

        with self._lock:
            self._telling = self._telling or Telling(settings)
            return self._telling.news(project)

    def keep(self, equipment: Equipment) -> "Callable[[Sequence[Rule]], None]":
        """What remembers rules for always; it waits for the disk."""
        return lambda rules: self.rulebook.keep(equipment.root, rules)

    def undo(self, folder: Path) -> "Undo":
        """What keeps the files that calls change, one for all projects. The first time it waits for the disk."""
        from iterate import config
        from iterate.config.sections import Config
        from iterate.undo.undo import Undo

        with self._lock:
            if self._undo is None:
                ours = () if self._settings is None else _hidden(self._settings)
                said = (Config() if self._settings is None else config.read(self._settings, "", {})).undo
                self._undo = Undo(folder / UNDO, megabytes=said.megabytes, days=said.days, ours=(folder, *ours))
                # In this order: the undo then looks at what is there.
                if _holds(folder / LAYERS):
                    from iterate.sandbox import merging

                    merging.recover(folder / LAYERS)
                self._undo.recover()
            return self._undo

    def resume(self, folder: Path) -> None:
        """Finish in a thread what a killed server began, if there is something."""
        if any(map(_holds, (folder / LAYERS, folder / OPENINGS))):
            threading.Thread(target=self.undo, args=(folder,), name="undo", daemon=True).start()

    def judge(self, equipment: Equipment) -> "Callable[[Sequence[Need], Sequence[Rule]], Judgement]":
        """What judges the calls of that answer."""
        from iterate.permissions.judge import judge

        home = "" if self._settings is None else str(self._settings.home)
        return lambda needs, rules: judge(needs, rules, equipment.root, home=home, is_trusting=equipment.is_trusting)

    def _plain(self, wanted: Wanted) -> Equipment:
        """Where there is no project: what the person's own settings say, and no tools but those that were given."""
        from iterate import config
        from iterate.config.sections import Config

        said = Config() if self._settings is None else config.read(self._settings, "", wanted.workspace.environment)
        from iterate.project import agents

        agent = agent_of(agents.BUILT_IN, wanted.agent or wanted.last_agent or said.agent)
        root = Path(wanted.workspace.directory or "/").resolve()
        return Equipment(
            model=self._model(said, wanted, agent),
            summarizer=self._summarizer(said, wanted),
            agent=agent.name,
            root=root,
            tools={tool.name: tool for tool in self._tools or () if agent.has(tool.name)},
            rules=self.rulebook.plain(agent.name, root, [str(wanted.folder / OUTPUTS)]),
            limits=_limits(said, agent),
            shell=replace(said.shell, mode=agent.shell or said.shell.mode),
            is_trusting=wanted.is_trusting and _is_confined(),
            undo=self.undo(wanted.folder),
            hidden=() if self._settings is None else _hidden(self._settings),
            withheld=_withheld(said),
        )

    def _model(self, config: "Config", wanted: Wanted, agent: "Agent") -> Model:
        # An agent that was asked for brings its model; a session that goes on keeps what it had.
        chosen = wanted.model or (agent.model if wanted.agent else "") or wanted.last_model
        name = chosen or agent.model or wanted.fallback or config.model or self._default
        if not name:
            raise ModelMissing("nothing says which model is to answer")
        return self._models.find(name, config, wanted.workspace.environment)

    def _summarizer(self, config: "Config", wanted: Wanted) -> Model | None:
        if not config.small_model:
            return None
        return self._models.find(config.small_model, config, wanted.workspace.environment)

    def _texts(self, project: "Project", agent: "Agent") -> tuple[str, ...]:
        from iterate.engine import system

        today = dt.datetime.now(tz=dt.UTC).astimezone().date()
        return system.texts(agent, project.instructions, project.root, project.directory, today)

    def _offered(self, project: "Project", agent: "Agent") -> dict[str, Tool]:
        from iterate.project import skills
        from iterate.project.agents import Mode
        from iterate.tools import skill

        tools = list(_table() if self._tools is None else self._tools)
        offered = skill.offer(project.skills, skills.files)
        if offered is not None:
            tools.append(offered)
        helpers = [each for each in project.agents.values() if each.mode is not Mode.PRIMARY]
        tools = [_naming(tool, helpers) if tool.name == TASK else tool for tool in tools]
        return {tool.name: tool for tool in sorted(tools, key=lambda tool: tool.name) if agent.has(tool.name)}


def _naming(task: Tool, helpers: "Sequence[Agent]") -> Tool:
    """The tool `task`, which says whom it can ask."""
    lines = [f"- {agent.name}: {agent.description}" for agent in sorted(helpers, key=lambda agent: agent.name)]
    description = "\n".join([task.schema.description, "Agents:", *lines])
    return replace(task, schema=replace(task.schema, description=description))


def _table() -> Sequence[Tool]:
    from iterate.tools.table import TABLE

    return TABLE


def _is_confined() -> bool:
    """Whether the kernel keeps commands here and cuts the network; where not, all that asks goes on asking."""
    from iterate.sandbox import landlock, seccomp

    return sys.platform == "linux" and landlock.version() > 0 and seccomp.is_known()


def _holds(folder: Path) -> bool:
    try:
        return any(folder.iterdir())
    except OSError:
        return False


def _hidden(settings: Settings) -> tuple[Path, ...]:
    """Where the server's secret lies, what was allowed, and what other sessions hold."""
    return settings.state.resolve(), settings.data.resolve()


def _withheld(config: "Config") -> tuple[str, ...]:
    from iterate.providers.vendors import VENDORS

    named = [each.key_env for each in config.providers.values() if each.key_env]
    return (*dict.fromkeys([*named, *(name for vendor in VENDORS for name in vendor.variables)]),)


def _limits(config: "Config", agent: "Agent") -> Limits:
    said = config.limits
    steps = [bound for bound in (said.steps, agent.steps) if bound is not None]
    return Limits(
        steps=min(steps, default=None),
        tokens=said.tokens,
        cost_micro_usd=None if said.cost_usd is None else int(said.cost_usd * MILLION),
    )
