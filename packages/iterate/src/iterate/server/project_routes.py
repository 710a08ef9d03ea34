"""The routes about the files of a project and its person."""

from iterate import errors
from iterate.server.problems import BadQuery
from iterate.server.projects import Agents, AgentWhole, CommandBody, Commands, Expanded, Projects, Settled, Skills
from iterate.server.route import Parameter, Route, json, route
from iterate.server.shapes import Nothing

_FILES = (BadQuery, errors.ConfigInvalid)
_FOLDER = (Parameter(name="directory", where="query", meaning="The whole path of the folder that is worked in."),)

ROUTES: tuple[Route, ...] = (
    route(
        "GET /config",
        Projects,
        Projects.config,
        takes=Nothing,
        asks=_FOLDER,
        gives=json(Settled, "what counts, who says it, and what of a project's files does not count"),
        summary="The settings that count in a folder",
        notes="Values that may be secrets are hidden. What the environment of a client says is not among them.",
        fails=_FILES,
    ),
    route(
        "GET /agent",
        Projects,
        Projects.agents,
        takes=Nothing,
        asks=_FOLDER,
        gives=json(Agents, "built-in ones and those of files"),
        summary="The agents of a folder",
        fails=_FILES,
    ),
    route(
        "GET /agent/{name}",
        Projects,
        Projects.agent,
        takes=Nothing,
        asks=_FOLDER,
        gives=json(AgentWhole, "the agent, what it is told and its own rules"),
        summary="One agent of a folder",
        fails=(errors.AgentUnknown, *_FILES),
    ),
    route(
        "GET /command",
        Projects,
        Projects.commands,
        takes=Nothing,
        asks=_FOLDER,
        gives=json(Commands, "prompts that have a name"),
        summary="The commands of a folder",
        fails=_FILES,
    ),
    route(
        "POST /command/{name}",
        Projects,
        Projects.expand,
        takes=CommandBody,
        gives=json(Expanded, "what to prompt with; nothing was run"),
        summary="What a command becomes with these words",
        fails=(errors.CommandUnknown, errors.McpFailed, errors.McpLoginNeeded, *_FILES),
    ),
    route(
        "GET /skill",
        Projects,
        Projects.skills,
        takes=Nothing,
        asks=_FOLDER,
        gives=json(Skills, "what a model may load"),
        summary="The skills of a folder",
        fails=_FILES,
    ),
)
