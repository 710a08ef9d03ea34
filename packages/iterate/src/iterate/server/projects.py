"""What requests ask of the files of a project and its person: settings, agents, commands, skills."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import asdict

from iterate.errors import CommandUnknown
from iterate.events import FilePart, Json
from iterate.runtime.rulebook import unknown_agent
from iterate.server.problems import BadQuery
from iterate.server.route import Call, Context
from iterate.server.shapes import Nothing
from iterate.workspace import Workspace

if TYPE_CHECKING:
    from iterate.config.layers import LeftOut
    from iterate.project.agents import Agent
    from iterate.project.project import Project


class SourceRow(Struct, frozen=True, kw_only=True):
    """Who said a value: built-in, user, project or environment; and where."""

    layer: str
    file: str = ""
    line: int | None = None


class LeftOutRow(Struct, frozen=True, kw_only=True):
    """A key of a file of the project that does not count, and why."""

    file: str
    key: str
    why: str


class Settled(Struct, frozen=True, kw_only=True):
    """The settings that count in a folder, secrets hidden; where each is from, unless it is built in."""

    config: dict[str, Json]
    sources: dict[str, SourceRow]
    files: list[str]
    left_out: list[LeftOutRow]


class AgentRow(Struct, frozen=True, kw_only=True):
    """An agent; `file` is empty for one that is built in, `tools` for all of them."""

    name: str
    description: str
    mode: str
    model: str | None
    tools: list[str]
    steps: int | None
    effort: str
    file: str
    is_trusted: bool


class RuleRow(Struct, frozen=True, kw_only=True):
    """A rule of the agent's own."""

    deed: str
    pattern: str
    action: str


class AgentWhole(AgentRow, frozen=True, kw_only=True):
    """An agent with what it is told."""

    rules: list[RuleRow]
    prompt: str


class CommandRow(Struct, frozen=True, kw_only=True):
    """A prompt with a name."""

    name: str
    description: str
    agent: str | None
    model: str | None
    file: str
    is_trusted: bool


class CommandBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST /command/{name}`: the words behind the name, and where the prompt will work."""

    arguments: str = ""
    workspace: Workspace = Workspace()


class Expanded(Struct, frozen=True, kw_only=True):
    """What to prompt with: text and files, and the agent and model that the command chooses; empty where it does not.

    `shell` are the commands that the text asks the model to run.
    """

    text: str
    files: tuple[FilePart, ...]
    agent: str
    model: str
    shell: tuple[str, ...]


class SkillRow(Struct, frozen=True, kw_only=True):
    """How one kind of work is done."""

    name: str
    description: str
    folder: str


class Agents(Struct, frozen=True, kw_only=True):
    """The agents of a folder, and which files were skipped."""

    default: str
    agents: list[AgentRow]
    left_out: list[LeftOutRow]
    problems: list[str]


class Commands(Struct, frozen=True, kw_only=True):
    """The commands of a folder, and which files were skipped."""

    commands: list[CommandRow]
    left_out: list[LeftOutRow]
    problems: list[str]


class Skills(Struct, frozen=True, kw_only=True):
    """The skills of a folder, and which files were skipped."""

    skills: list[SkillRow]
    problems: list[str]


class Projects:
    """The folders that people work in."""

    def __init__(self, context: Context) -> None:
        self._settings = context.settings
        self._kit = context.runtime.kit

    async def config(self, call: Call[Nothing]) -> Settled:
        """The settings that count in a folder; what the environment of whoever asks says is not among them."""
        from iterate.config import secrets
        from iterate.config.strict import dotted

        loaded = (await self._project(call)).loaded
        return Settled(
            config=secrets.shown(loaded.config),
            sources={
                dotted(path): SourceRow(
                    layer=source.layer, file="" if source.file is None else str(source.file), line=source.line
                )
                for path, source in loaded.sources.items()
            },
            files=[str(file) for file in loaded.files],
            left_out=_left_out(loaded.left_out),
        )

    async def agents(self, call: Call[Nothing]) -> Agents:
        """Every agent that a prompt in a folder may name."""
        project = await self._project(call)
        return Agents(
            default=project.config.agent,
            agents=[_agent(each) for each in project.agents.values()],
            left_out=_left_out(project.left_out),
            problems=list(project.problems),
        )

    async def agent(self, call: Call[Nothing]) -> AgentWhole:
        """One agent, with its prompt and its own rules."""
        name = call.path["name"]
        found = (await self._project(call)).agents.get(name)
        if found is None:
            raise unknown_agent(name, (await self._project(call)).agents)
        rules = [
            RuleRow(deed=deed, pattern=pattern, action=action)
            for deed, said in found.permission.items()
            for pattern, action in ({"*": said} if isinstance(said, str) else said).items()
        ]
        return AgentWhole(**asdict(_agent(found)), rules=rules, prompt=found.prompt)

    async def commands(self, call: Call[Nothing]) -> Commands:
        """Every command that a prompt in a folder may begin with."""
        project = await self._project(call)
        rows = [
            CommandRow(
                name=each.name,
                description=each.description,
                agent=each.agent,
                model=each.model,
                file=str(each.file),
                is_trusted=not each.is_stranger,
            )
            for each in project.commands.values()
        ]
        configured = await self._kit.configured(Workspace(directory=str(project.directory)))
        if configured.servers:
            from iterate.mcp import prompting

            rows += [
                CommandRow(name=name, description=row.description, agent=None, model=None, file="mcp", is_trusted=True)
                for name, row in prompting.commands(self._kit.hub(), configured)
                if name not in project.commands
            ]
        return Commands(commands=rows, left_out=_left_out(project.left_out), problems=list(project.problems))

    async def expand(self, call: Call[CommandBody]) -> Expanded:
        """The prompt that a command is with these words."""
        from iterate.project.commands import expand

        project = await self._read(call.body.workspace.directory, call.body.workspace.environment)
        name = call.path["name"]
        command = project.commands.get(name)
        if command is None and (found := await self._of_server(name, call.body, project)) is not None:
            return found
        if command is None:
            near = f"there are {', '.join(project.commands)}" if project.commands else None
            raise CommandUnknown(f"there is no command {name!r}", near)
        said = await asyncio.to_thread(expand, command, call.body.arguments, project.directory, project.root)
        return Expanded(
            text=said.text,
            files=tuple(_file(path) for path in said.files if path.is_file()),
            agent=command.agent or "",
            model=command.model or "",
            shell=said.shell,
        )

    async def _of_server(self, name: str, body: CommandBody, project: "Project") -> Expanded | None:
        """The prompt of an MCP server that has this name, if there is one."""
        configured = await self._kit.configured(body.workspace)
        if not any(name.startswith(f"{server}__") for server in configured.servers):
            return None
        from iterate.mcp import prompting

        said = await prompting.expand(self._kit.hub(), configured, name, body.arguments)
        if said is None:
            return None
        from iterate.project.mentions import harmless

        text = await asyncio.to_thread(harmless, said.text, project.root, project.directory)
        return Expanded(text=text, files=said.files, agent="", model="", shell=())

    async def skills(self, call: Call[Nothing]) -> Skills:
        """Every skill that a model may load in a folder."""
        project = await self._project(call)
        rows = [
            SkillRow(name=each.name, description=each.description, folder=str(each.folder))
            for each in project.skills.values()
        ]
        return Skills(skills=rows, problems=list(project.problems))

    async def _project(self, call: Call[Nothing]) -> "Project":
        return await self._read(call.query.get("directory", ""), {})

    async def _read(self, directory: str, environment: Mapping[str, str]) -> "Project":
        from iterate.project import project

        if not Path(directory).is_absolute() or "\0" in directory:
            raise BadQuery(
                f"directory is {directory!r}, which is no absolute path", "send the whole path of the folder"
            )
        return await asyncio.to_thread(project.read, self._settings, directory, environment)


def _agent(agent: "Agent") -> AgentRow:
    return AgentRow(
        name=agent.name,
        description=agent.description,
        mode=agent.mode,
        model=agent.model,
        tools=list(agent.tools),
        steps=agent.steps,
        effort=agent.effort,
        file="" if agent.file is None else str(agent.file),
        is_trusted=not agent.is_stranger,
    )


def _file(path: Path) -> FilePart:
    import mimetypes

    kind = mimetypes.guess_type(path.name)[0] or "text/plain"
    return FilePart(name=path.name, media_type=kind, url=path.as_uri())


def _left_out(rows: "tuple[LeftOut, ...]") -> list[LeftOutRow]:
    return [LeftOutRow(file=str(each.file), key=each.key, why=each.why) for each in rows]
