"""One server of MCP as the child has it: the SDK's client, and what it gives as plain values. It needs the SDK."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress

import mcp_types as types
from mcp.client._transport import Transport
from mcp.client.auth.exceptions import OAuthFlowError
from mcp.client.client import Client
from mcp.client.context import ClientRequestContext
from mcp.client.session import IncomingMessage
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.shared.exceptions import MCPError
from pydantic import ValidationError

from iterate.about import STAMP
from iterate.mcp import convert
from iterate.mcp.frames import (
    Answered,
    Asks,
    CallTool,
    Changed,
    Connect,
    Ended,
    GetPrompt,
    Given,
    Listing,
    Progress,
    ReadResource,
    Relist,
    Said,
    Started,
    Told,
    Trouble,
    Value,
    Visit,
)
from iterate.mcp.login import Login, LoginNeeded
from iterate.mcp.stdio import HURRY_S, Program

# Of a server that lists without end.
PAGES, ROWS = 50, 2000

# How long a server that is far may take to be told that nobody wants it any more.
CLOSE_S = 1.0

_asks = itertools.count(1)


class Refused(Exception):  # noqa: N818  # It is an answer.
    """A request came to nothing."""

    def __init__(self, trouble: Trouble, text: str) -> None:
        super().__init__(text)
        self.trouble: Trouble = trouble


class Connection:
    """A server that is started or reached by `open`, and ended by `close`."""

    def __init__(self, said: Connect, tell: Callable[[Told], None], hurry: asyncio.Event) -> None:
        self._said = said
        self._hurry = hurry
        self._tell = tell
        self._client: Client | None = None
        self._task: asyncio.Task[None] | None = None
        self._opened: asyncio.Future[Listing] = asyncio.get_running_loop().create_future()
        self._closing = asyncio.Event()
        self._program: Program | None = None
        self._asking: dict[int, asyncio.Future[Answered]] = {}
        self._login = Login(said.url, said.tokens, self._visit, is_login=said.is_login) if said.url else None

    async def open(self) -> Listing:
        """Connect, and list what there is; raises `Refused`."""
        self._task = asyncio.ensure_future(self._run())
        return await asyncio.shield(self._opened)

    async def close(self) -> None:
        """End it, with the program behind it; not even a server that does not answer holds it up."""
        self._closing.set()
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=HURRY_S if self._hurry.is_set() else CLOSE_S)
            self._task.cancel()
            await asyncio.wait({self._task})
        if self._login is not None:
            self._login.close()
        if self._opened.done() and not self._opened.cancelled():
            self._opened.exception()

    def answered(self, frame: Answered) -> None:
        """Take what a person says, if it was asked here."""
        waiting = self._asking.pop(frame.ask, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(frame)

    def returned(self, url: str) -> None:
        """Take the address that a browser was sent back to."""
        if self._login is not None:
            self._login.returned(url)

    async def answer(self, frame: CallTool | ReadResource | GetPrompt | Relist) -> Value:
        """What the server says; raises `Refused`."""
        if self._client is None:
            raise Refused("gone", self._why("the server does not run"))
        client = self._client
        try:
            match frame:
                case CallTool():
                    return await self._or_end(self._call(client, frame))
                case ReadResource():
                    return await self._or_end(_read(client, frame.uri))
                case GetPrompt():
                    return await self._or_end(_prompt(client, frame))
                case Relist():
                    return await self._or_end(_listing(client))
        except Exception as problem:  # Whatever a stranger's server or the SDK comes up with.
            raise self._refused(problem) from problem

    async def _or_end[T](self, work: Coroutine[None, None, T]) -> T:
        """What the work gives, unless the program ends before."""
        task = asyncio.ensure_future(work)
        ended = asyncio.ensure_future(self._over())
        try:
            await asyncio.wait({task, ended}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise Refused("gone", self._why("the server ended"))
            return task.result()
        finally:
            ended.cancel()
            task.cancel()
            with suppress(BaseException):
                await task

    async def _over(self) -> None:
        """Wait until there is no program any more; where there never was one, for ever."""
        if self._program is not None:
            await self._program.ended.wait()
        else:
            await asyncio.Event().wait()

    def _refused(self, problem: BaseException) -> Refused:  # noqa: PLR0911  # One for each kind.
        while isinstance(problem, BaseExceptionGroup):
            problem = problem.exceptions[0]
        if self._login is not None and self._login.is_wanted:
            return Refused("login", "the server wants a log-in")
        match problem:
            case Refused():
                return problem
            case LoginNeeded():
                return Refused("login", "the server wants a log-in")
            case OAuthFlowError():
                return Refused("denied", str(problem) or "the log-in came to nothing")
            case MCPError():
                is_gone = problem.code in (types.CONNECTION_CLOSED, types.INVALID_REQUEST) and self._is_over(problem)
                return Refused(
                    "gone" if is_gone else "refused", self._why(problem.message) if is_gone else str(problem)
                )
            case ValidationError():
                return Refused("refused", f"the server's answer is not as MCP says: {problem.error_count()} mistakes")
            case FileNotFoundError() | PermissionError():
                return Refused("gone", f"{self._said.command[0] if self._said.command else ''}: {problem.strerror}")
            case _:
                return Refused("gone", self._why(f"{type(problem).__name__}: {problem}"))

    def _is_over(self, problem: MCPError) -> bool:
        return problem.code == types.CONNECTION_CLOSED or "session" in problem.message.lower()

    def _why(self, text: str) -> str:
        return self._program.ending if self._program is not None and self._program.ending else text

    async def _run(self) -> None:
        """Have the client open, in one task from its beginning to its end, as the SDK wants it."""
        text = ""
        try:
            async with self._made() as client:
                listing = await _listing(client)
                self._client = client
                self._opened.set_result(listing)
                async with _listening(client, listing, self._changed):
                    await self._until_over()
                self._client = None
                text = self._why("")
        except BaseException as problem:
            if isinstance(problem, KeyboardInterrupt | SystemExit):
                raise
            refused = self._refused(problem)
            text = str(refused)
            if not self._opened.done():
                self._opened.set_exception(refused)
        finally:
            self._client = None
            if not self._closing.is_set():
                self._tell(Ended(connection=self._said.connection, text=text))

    async def _until_over(self) -> None:
        closing, over = asyncio.ensure_future(self._closing.wait()), asyncio.ensure_future(self._over())
        try:
            await asyncio.wait({closing, over}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            closing.cancel()
            over.cancel()

    @asynccontextmanager
    async def _made(self) -> AsyncIterator[Client]:
        async with self._transport_kept() as transport:
            client = Client(
                transport,
                elicitation_callback=self._elicit,
                list_roots_callback=self._roots,
                logging_callback=self._log,
                message_handler=self._heard,
                client_info=types.Implementation(name="iterate", version=STAMP.version),
                cache=None,
            )
            async with client:
                yield client

    @asynccontextmanager
    async def _transport_kept(self) -> AsyncIterator[Transport]:
        """The SDK's word for where messages go; what HTTP needs is closed afterwards."""
        said = self._said
        if said.command:
            self._program = Program(said.command, said.folder, said.env, self._started, self._complained, self._hurry)
            yield self._program.running()
            return
        assert self._login is not None  # noqa: S101  # It has an address.
        provider = await self._login.provider()
        async with create_mcp_http_client(headers=dict(said.headers), auth=provider) as http:
            http.event_hooks = {"request": [], "response": [self._login.heard]}
            yield streamable_http_client(said.url, http_client=http)

    async def _call(self, client: Client, frame: CallTool) -> Given:
        async def show(progress: float, total: float | None, message: str | None) -> None:
            share = f"{progress:g}/{total:g}" if total else f"{progress:g}"
            self._tell(Progress(id=frame.id, text=f"{share} {message or ''}".strip()))

        result = await client.call_tool(frame.tool, frame.arguments, progress_callback=show)
        return convert.given(result)

    def _started(self, pid: int) -> None:
        self._tell(Started(connection=self._said.connection, pid=pid))

    def _complained(self, text: str) -> None:
        self._tell(Said(connection=self._said.connection, text=text))

    async def _visit(self, url: str) -> None:
        self._tell(Visit(id=self._said.id, url=url))

    async def _changed(self) -> None:
        self._tell(Changed(connection=self._said.connection))

    async def _heard(self, message: IncomingMessage) -> None:
        match message:
            case (
                types.ToolListChangedNotification()
                | types.PromptListChangedNotification()
                | types.ResourceListChangedNotification()
            ):
                await self._changed()
            case _:
                await asyncio.sleep(0)

    async def _log(self, params: types.LoggingMessageNotificationParams) -> None:
        self._complained(f"[{params.level}] {str(params.data)[:2000]}\n")

    async def _roots(self, context: ClientRequestContext) -> types.ListRootsResult | types.ErrorData:
        del context  # The SDK's word; the project is the same for all.
        return convert.roots(self._said.root)

    async def _elicit(
        self, context: ClientRequestContext, params: types.ElicitRequestParams
    ) -> types.ElicitResult | types.ErrorData:
        """Ask the person, or decline: what leads to an address is declined."""
        del context  # It does not say which call asks.
        if isinstance(params, types.ElicitRequestURLParams):
            self._complained(f"[declined] the server wants {params.url} to be opened: {params.message}\n")
            return types.ElicitResult(action="decline")
        ask = next(_asks)
        waiting = self._asking[ask] = asyncio.get_running_loop().create_future()
        self._tell(
            Asks(
                ask=ask,
                connection=self._said.connection,
                message=params.message,
                schema=dict(params.requested_schema),
            )
        )
        try:
            said = await waiting
        finally:
            self._asking.pop(ask, None)
        if said.content is None:
            return types.ElicitResult(action="decline")
        return types.ElicitResult(action="accept", content=said.content)


@asynccontextmanager
async def _listening(
    client: Client, listing: Listing, changed: Callable[[], Coroutine[None, None, None]]
) -> AsyncIterator[None]:
    """Hear of changes from a server that tells only those who ask: since 2026-07-28."""
    if listing.protocol < "2026-07-28":
        yield
        return

    async def listen() -> None:
        with suppress(Exception):
            async with client.listen(
                tools_list_changed=True, prompts_list_changed=True, resources_list_changed=True
            ) as events:
                async for _ in events:
                    await changed()

    task = asyncio.ensure_future(listen())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _listing(client: Client) -> Listing:
    can = client.server_capabilities
    tools: list[types.Tool] = []
    resources: list[types.Resource] = []
    templates: list[types.ResourceTemplate] = []
    prompts: list[types.Prompt] = []
    if can.tools is not None:
        cursor: str | None = None
        for _ in range(PAGES):
            page = await client.list_tools(cursor=cursor)
            tools += page.tools
            if (cursor := page.next_cursor) is None or len(tools) > ROWS:
                break
    if can.resources is not None:
        with suppress(MCPError):
            cursor = None
            for _ in range(PAGES):
                found = await client.list_resources(cursor=cursor)
                resources += found.resources
                if (cursor := found.next_cursor) is None or len(resources) > ROWS:
                    break
        with suppress(MCPError):
            templates += (await client.list_resource_templates()).resource_templates
    if can.prompts is not None:
        with suppress(MCPError):
            cursor = None
            for _ in range(PAGES):
                ready = await client.list_prompts(cursor=cursor)
                prompts += ready.prompts
                if (cursor := ready.next_cursor) is None or len(prompts) > ROWS:
                    break
    info = client.server_info
    return convert.listing(
        tools[:ROWS],
        resources[:ROWS],
        templates[:ROWS],
        prompts[:ROWS],
        server=f"{info.name} {info.version}" if info is not None else "",
        protocol=str(client.protocol_version),
        instructions=client.instructions or "",
    )


async def _read(client: Client, uri: str) -> Given:
    return convert.read(await client.read_resource(uri))


async def _prompt(client: Client, frame: GetPrompt) -> Given:
    return convert.prompted(await client.get_prompt(frame.name, frame.arguments))
