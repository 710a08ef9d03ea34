"""All servers of MCP of one server of ours: what they offer to an answer, and what is known of each."""

import asyncio
import contextlib
import hashlib
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec import Struct

from iterate.config.sections import McpServer
from iterate.errors import Failure, McpUnknown
from iterate.mcp import offering
from iterate.mcp.frames import Asks, Changed, Ended, Listing, Said, Told
from iterate.mcp.link import Link
from iterate.mcp.place import Place, place
from iterate.mcp.served import Served
from iterate.tools.tool import Tool

# How long an answer waits for servers that were never started; those that take longer come with the next one.
FIRST_S = 10.0
# The same for one for which a prompt waited already.
LATE_S = 0.2
# What nobody used for so long is ended, and with the last one the child.
IDLE_S = 600.0


class Configured(Struct, frozen=True, kw_only=True):
    """The servers that the settings name, for one project and one client."""

    servers: Mapping[str, McpServer]
    root: Path
    environment: Mapping[str, str]


class Offered(Struct, frozen=True, kw_only=True):
    """Tools for an answer, and what the person should know."""

    tools: tuple[Tool, ...] = ()
    warnings: tuple[str, ...] = ()


class Hub:
    """Every server that was needed so far. `rules` is the folder of what was allowed, `tokens` that of log-ins."""

    def __init__(self, rules: Path | None, tokens: Path, environment: Mapping[str, str]) -> None:
        self.first_s = FIRST_S
        self._rules = rules
        self._tokens = tokens
        self._environment = environment
        self._link = Link(self._hear, environment)
        self._served: dict[tuple[object, ...], Served] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._idle: asyncio.TimerHandle | None = None

    @property
    def pid(self) -> int:
        """The process that speaks MCP; 0 while there is none."""
        return self._link.pid

    async def offered(self, configured: Configured, has: Callable[[str], bool]) -> Offered:
        """The tools of all servers, those whose names `has` says no to left out."""
        self._look_after()
        found: list[tuple[Served, Listing]] = []
        warnings: list[str] = []
        known = [(name, *self._known(name, configured)) for name in sorted(configured.servers)]
        waits = {
            served: asyncio.ensure_future(served.ready())
            for _, served, _ in known
            if served is not None and served.listing is None
        }
        # Who made one prompt wait in vain makes no other one wait.
        fresh = [task for each, task in waits.items() if not each.is_late]
        if waits:
            await asyncio.wait(fresh or waits.values(), timeout=self.first_s if fresh else min(LATE_S, self.first_s))
        for each, task in waits.items():
            each.is_late = each.listing is None and (each.is_late or not task.done())
        for name, served, wrong in known:
            if served is not None and served.listing is not None:
                found.append((served, served.listing))
            problem = wrong if served is None else _problem(waits.get(served), self.first_s)
            if problem:
                warnings.append(f"the MCP server {name} is left out: {problem}")
        tools, left_out = offering.tools(found, has, self._rules)
        return Offered(tools=tools, warnings=(*warnings, *left_out))

    def _known(self, name: str, configured: Configured) -> tuple[Served | None, str]:
        if not configured.servers[name].enabled:
            return None, ""
        try:
            return self.find(name, configured), ""
        except Failure as problem:
            return None, f"{problem}; {problem.hint}"

    def find(self, name: str, configured: Configured) -> Served:
        """The server of that name; it is not started. Raises `McpUnknown`, `McpFailed`."""
        said = configured.servers.get(name)
        if said is None:
            there = ", ".join(sorted(configured.servers))
            raise McpUnknown(f"there is no MCP server {name!r}", f"there are {there}" if there else None)
        where = place(name, said, configured.root, configured.environment, self._environment)
        served = self._served.get(where.key)
        if served is None:
            served = self._served[where.key] = Served(where, self._link, self.tokens(where))
        return served

    def running(self, name: str, root: Path) -> list[Served]:
        """The servers of that name in a project that were needed so far, whoever's variables they have."""
        return [each for each in self._served.values() if (each.place.name, each.place.root) == (name, root)]

    async def forget(self, name: str) -> None:
        """End the servers of that name in all projects, and know nothing of them any more, log-ins included."""
        for key, served in list(self._served.items()):
            if served.place.name == name:
                await served.close()
                del self._served[key]
                if served.place.url:
                    self.tokens(served.place).unlink(missing_ok=True)

    def tokens(self, where: Place) -> Path:
        """The file of what a log-in at that address gave."""
        return self._tokens / f"{hashlib.sha256(where.url.encode()).hexdigest()[:32]}.json"

    async def close(self) -> None:
        """End everything."""
        if self._idle is not None:
            self._idle.cancel()
        for task in self._tasks:
            task.cancel()
        await self._link.close()

    def _hear(self, frame: Told) -> None:
        match frame:
            case Said():
                for served in self._of(frame.connection):
                    served.said(frame.text)
            case Ended():
                for served in self._of(frame.connection):
                    served.ended(frame.text)
            case Changed():
                for served in self._of(frame.connection):
                    served.changed()
            case Asks():
                for served in self._of(frame.connection):
                    task = asyncio.ensure_future(served.question(frame))
                    self._tasks.add(task)
                    task.add_done_callback(self._tasks.discard)
            case _:
                pass

    def _of(self, connection: int) -> list[Served]:
        return [each for each in self._served.values() if each.connection == connection]

    def _look_after(self) -> None:
        """End what nobody uses, from now on until there is nothing more to end."""
        if self._idle is None:
            self._idle = asyncio.get_running_loop().call_later(IDLE_S / 2, self._tire)

    def _tire(self) -> None:
        self._idle = None
        task = asyncio.ensure_future(self.tired(IDLE_S))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def tired(self, idle_s: float) -> None:
        """End servers that nobody used for so long, and with the last one the child."""
        now = time.monotonic()
        for served in self._served.values():
            if served.is_running and not served.calls and now - served.used >= idle_s:
                await served.close()
        if any(served.is_running for served in self._served.values()):
            self._look_after()
        else:
            await self._link.close()


def _problem(task: asyncio.Task[Listing] | None, first_s: float) -> str:
    """Why a server that was started just now is not there, if it is not."""
    if task is None:
        return ""
    if not task.done():
        task.add_done_callback(_retrieved)
        return f"it is still starting after {first_s:g} s; its tools come with the next prompt"
    failure = task.exception()
    if failure is not None and not isinstance(failure, Failure):
        raise failure
    return "" if failure is None else f"{failure}; {failure.hint}"


def _retrieved(task: asyncio.Task[Listing]) -> None:
    with contextlib.suppress(asyncio.CancelledError):
        task.exception()
