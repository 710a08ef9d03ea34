"""What requests do with MCP servers: look, add, remove, start again, log in."""

import asyncio
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from iterate.errors import ConfigUnwritable, Failure, McpFailed, McpLoginFailed, McpUnknown
from iterate.server.problems import BadBody, BadQuery
from iterate.server.route import Call, Context
from iterate.server.shapes import Nothing
from iterate.workspace import Workspace

if TYPE_CHECKING:
    from iterate.mcp.frames import Listing
    from iterate.mcp.hub import Configured
    from iterate.mcp.served import Served

# How long a request waits for the person to log in, before it is asked again.
WAIT_S = 25.0


class McpRow(Struct, frozen=True, kw_only=True):
    """A server of tools; `state` is running, ready (it starts when needed), failed or off."""

    name: str
    kind: str
    state: str
    problem: str
    server: str
    protocol: str
    tools: list[str]
    resources: int
    prompts: list[str]


class McpRows(Struct, frozen=True, kw_only=True):
    """The servers that the settings name in a folder."""

    servers: list[McpRow]


class McpWhole(McpRow, frozen=True, kw_only=True):
    """A server with what it has to read, the end of what it complained of, and how long its start took, if just now."""

    uris: list[str]
    log: str
    took_ms: int


class McpBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST /mcp`: either a command or a url. `${env:NAME}` in values stands for a variable."""

    name: str
    command: list[str] = []
    url: str = ""
    env: dict[str, str] = {}
    headers: dict[str, str] = {}


class McpAdded(Struct, frozen=True, kw_only=True):
    """The file that says it now, and whether it said another one of that name before."""

    file: str
    replaced: bool = False


class McpRemoved(Struct, frozen=True, kw_only=True):
    """The server that is no more."""

    removed: str


class McpWhere(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose settings and variables count."""

    workspace: Workspace = Workspace()


class McpLogin(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a log-in: without `url` it begins, or goes on being waited for.

    `url` is the address that the browser was sent back to, where it could not reach this machine.
    """

    workspace: Workspace = Workspace()
    url: str = ""


class McpVisit(Struct, frozen=True, kw_only=True):
    """Where a log-in is: `state` is open while the person has to visit `url`, or done."""

    state: str
    url: str


class _Login:
    """A log-in that somebody began."""

    def __init__(self, served: "Served") -> None:
        self.served = served
        self.url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.ids: list[int] = []
        self.task = asyncio.ensure_future(served.login(self._visit, self.ids))

    def _visit(self, url: str) -> None:
        if not self.url.done():
            self.url.set_result(url)


class Mcps:
    """The MCP servers of one server."""

    def __init__(self, context: Context) -> None:
        self._runtime = context.runtime
        self._settings = context.settings
        self._logins: dict[str, _Login] = {}

    async def mcps(self, call: Call[Nothing]) -> McpRows:
        """List them; nothing is started."""
        configured = await self._configured(_folder(call.query.get("directory", "")))
        return McpRows(servers=[self._row(name, configured) for name in sorted(configured.servers)])

    async def mcp(self, call: Call[Nothing]) -> McpWhole:
        """Look at one; nothing is started."""
        configured = await self._configured(_folder(call.query.get("directory", "")))
        name = call.path["name"]
        if name not in configured.servers:
            raise McpUnknown(f"there is no MCP server {name!r}")
        return self._whole(name, configured, 0)

    async def add_mcp(self, call: Call[McpBody]) -> McpAdded:
        """Write one into the person's own settings."""
        said = call.body
        if bool(said.command) == bool(said.url) or not said.name.strip():
            raise BadBody("a server has a name, and either a command or a url")
        table: dict[str, object] = {"command": said.command} if said.command else {"url": said.url}
        table |= {key: value for key, value in (("env", said.env), ("headers", said.headers)) if value}
        file = self._file()
        from iterate.config import change, writing

        was_there = False

        def with_it(text: str) -> str:
            nonlocal was_there
            was_there = change.take(text, ("mcp", said.name)) is not None
            return change.put(text, ("mcp", said.name), table)

        await asyncio.to_thread(writing.change, file, with_it, is_private=True)
        await self._runtime.kit.hub().forget(said.name)
        return McpAdded(file=str(file), replaced=was_there)

    async def remove_mcp(self, call: Call[Nothing]) -> McpRemoved:
        """Take one out of the person's own settings, end it, and forget its log-in."""
        from iterate.config import change, writing

        name = call.path["name"]

        def without(text: str) -> str:
            after = change.take(text, ("mcp", name))
            if after is None:
                raise McpUnknown(f"your own settings name no MCP server {name!r}")
            return after

        await asyncio.to_thread(writing.change, self._file(), without, is_private=True)
        await self._runtime.kit.hub().forget(name)
        return McpRemoved(removed=name)

    async def restart_mcp(self, call: Call[McpWhere]) -> McpWhole:
        """End one, start it, and say how that went."""
        configured = await self._configured(call.body.workspace)
        name = call.path["name"]
        served = self._runtime.kit.hub().find(name, configured)
        await served.close()
        served.forgive()
        begun = time.monotonic()
        with suppress(Failure):
            # The row says what went wrong.
            await served.ready()
        return self._whole(name, configured, int((time.monotonic() - begun) * 1000))

    async def login_mcp(self, call: Call[McpLogin]) -> McpVisit:
        """Log in: the first request gives the address to visit, the next ones wait for the person."""
        configured = await self._configured(call.body.workspace)
        name = call.path["name"]
        served = self._runtime.kit.hub().find(name, configured)
        if not served.place.url:
            raise McpFailed(f"the MCP server {name} is a program, which needs no log-in")
        login = self._logins.get(name)
        if login is None or login.served is not served:
            login = self._logins[name] = _Login(served)
            login.task.add_done_callback(lambda task: task.cancelled() or task.exception())
            both: list[asyncio.Future[str] | asyncio.Task[Listing]] = [login.task, login.url]
            await asyncio.wait(both, timeout=WAIT_S, return_when=asyncio.FIRST_COMPLETED)
        else:
            if call.body.url and login.ids:
                await served.returned(login.ids[0], call.body.url)
            await asyncio.wait({login.task}, timeout=WAIT_S)
        if not login.task.done():
            if not login.url.done():
                raise McpLoginFailed(f"the MCP server {name} says nothing")
            return McpVisit(state="open", url=login.url.result())
        del self._logins[name]
        login.task.result()
        return McpVisit(state="done", url="")

    async def _configured(self, workspace: Workspace) -> "Configured":
        return await self._runtime.kit.configured(workspace)

    def _file(self) -> Path:
        if self._settings.config is None:
            raise ConfigUnwritable("nothing says where your files belong", "set HOME to an absolute path")
        return self._settings.config

    def _row(self, name: str, configured: "Configured") -> McpRow:
        whole = self._whole(name, configured, 0)
        return McpRow(**{field: getattr(whole, field) for field in McpRow.__struct_fields__})

    def _whole(self, name: str, configured: "Configured", took_ms: int) -> McpWhole:
        said = configured.servers[name]
        found = self._runtime.kit.hub().running(name, configured.root)
        served = max(found, key=lambda each: each.used) if found else None
        listing = None if served is None else served.listing
        problem = "" if served is None else served.problem
        state = "off" if not said.enabled else "failed" if problem else "ready"
        if served is not None and served.is_running and listing is not None:
            state = "running"
        return McpWhole(
            name=name,
            kind="url" if said.url else "command",
            state=state,
            problem=problem,
            server="" if listing is None else listing.server,
            protocol="" if listing is None else listing.protocol,
            tools=[] if listing is None else [each.name for each in listing.tools],
            resources=0 if listing is None else len(listing.resources),
            uris=[] if listing is None else [each.uri for each in listing.resources if not each.is_template],
            prompts=[] if listing is None else [each.name for each in listing.prompts],
            log="" if served is None else served.log,
            took_ms=took_ms,
        )


def _folder(directory: str) -> Workspace:
    if directory and (not Path(directory).is_absolute() or "\0" in directory):
        raise BadQuery(f"directory is {directory!r}, which is no absolute path", "send the whole path of the folder")
    return Workspace(directory=directory)
