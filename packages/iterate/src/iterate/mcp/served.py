"""One server of MCP for one project: started when it is needed, again when it broke off, ended when nobody needs it."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from iterate.errors import McpFailed, McpLoginFailed, McpLoginNeeded
from iterate.mcp import frames, leftover
from iterate.mcp.frames import Answered, Asked, Asks, Close, Connect, Given, Listing, Progress, Relist, Value, Visit
from iterate.mcp.link import Link, Unanswered
from iterate.mcp.place import Place
from iterate.tools.tool import Work

# How long is waited before each start within so many seconds; with more of them it is left alone for the rest of these.
PAUSES_S, WITHIN_S = (0.0, 0.5, 2.0), 60.0
# How long a server may take to start and to say what it offers: package runners download first.
START_S = 60.0
LOGIN_S = 600.0
# What is kept of what a server complains of, in characters.
KEPT = 64_000


class Served:
    """A server in a project."""

    def __init__(self, place: Place, link: Link, tokens: Path) -> None:
        self.place = place
        self.listing: Listing | None = None
        # Why it does not run, when it should.
        self.problem = ""
        self.used = time.monotonic()
        # The calls that run now; a server's question goes to the person of the newest.
        self.calls: dict[int, Work] = {}
        self._link = link
        self._tokens = tokens
        self.connection = 0
        # Whether somebody waited for it in vain.
        self.is_late = False
        self._is_open = False
        self._starting: asyncio.Task[Listing] | None = None
        self._starts: deque[float] = deque(maxlen=len(PAUSES_S))
        self._log = ""
        self._relisting: asyncio.Task[None] | None = None
        self._is_stale = False

    @property
    def log(self) -> str:
        """The end of what it complained of."""
        return self._log

    @property
    def is_running(self) -> bool:
        """Whether there is a connection."""
        return self.connection != 0 and self._is_open

    async def ready(self) -> Listing:
        """What it offers now; it is started for that.

        Raises `McpFailed`, `McpLoginNeeded`.
        """
        self.used = time.monotonic()
        if self._relisting is not None:
            await asyncio.wait({self._relisting})
        if self.listing is not None and self.is_running:
            return self.listing
        if self._starting is None:
            self._starting = asyncio.ensure_future(self._start(START_S, is_login=False))
            self._starting.add_done_callback(self._started)
        starting = self._starting
        try:
            # Whoever waits may give up; the others go on waiting.
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            waiting = asyncio.current_task()
            if starting.cancelled() and waiting is not None and not waiting.cancelling():
                raise McpFailed(f"the MCP server {self.place.name} was ended while it started") from None
            raise

    def _started(self, task: asyncio.Task[Listing]) -> None:
        self._starting = None
        if not task.cancelled():
            task.exception()

    async def login(self, visit: Callable[[str], None], ids: list[int]) -> Listing:
        """Log in, with a browser that somebody opens; the id of the request is put into `ids`."""
        await self.close()
        self._starts.clear()

        def follow(frame: Progress | Visit) -> None:
            if isinstance(frame, Visit):
                visit(frame.url)

        return await self._start(LOGIN_S, is_login=True, follow=follow, ids=ids)

    async def returned(self, id_: int, url: str) -> None:
        """Hand on the address that a browser was sent back to."""
        await self._link.tell(frames.Returned(id=id_, url=url))

    async def _start(
        self,
        most_s: float,
        *,
        is_login: bool,
        follow: Callable[[Progress | Visit], None] | None = None,
        ids: list[int] | None = None,
    ) -> Listing:
        await asyncio.sleep(self._pause_s())
        place = self.place
        id_, connection = self._link.next_id(), self._link.next_id()
        if ids is not None:
            ids.append(id_)
        frame = Connect(
            id=id_,
            connection=connection,
            command=place.command,
            url=place.url,
            env=place.env | {leftover.MARK: self._link.mark(connection)} if place.command else {},
            headers=place.headers,
            folder=str(place.root),
            root=str(place.root),
            tokens=str(self._tokens),
            is_login=is_login,
        )
        self.connection, self._is_open, self._is_stale = connection, False, False
        try:
            listing = await self._asked(frame, id_, most_s, follow)
        except BaseException as problem:
            self.connection = 0
            self._link.forget(connection)
            self.problem = str(problem)
            raise
        if self.connection != connection:
            # It broke off in this very moment.
            raise McpFailed(f"the MCP server {place.name} ended: {self.problem or 'nobody knows why'}")
        assert isinstance(listing, Listing)  # noqa: S101  # What a `Connect` gives.
        self.listing, self.problem, self._is_open = listing, "", True
        if self._is_stale:
            # Some tell of changes as soon as they know who we are.
            self.changed()
            if self._relisting is not None:
                await asyncio.wait({self._relisting})
        return self.listing

    def _pause_s(self) -> float:
        """How long to wait before it is started once more; raises `McpFailed`."""
        now = time.monotonic()
        while self._starts and now - self._starts[0] >= WITHIN_S:
            self._starts.popleft()
        if len(self._starts) == len(PAUSES_S):
            raise McpFailed(
                f"the MCP server {self.place.name} was started {len(PAUSES_S)} times within a minute "
                f"({self.problem or 'it breaks off'}), and is left alone for {self._starts[0] + WITHIN_S - now:.0f} s"
            )
        pause = PAUSES_S[len(self._starts)]
        self._starts.append(now)
        return pause

    async def ask(
        self, make: Callable[[int, int], Asked], work: Work | None = None, most_s: float | None = None
    ) -> Given:
        """What it gives; `make` makes the request of its id and the connection's.

        Raises `McpFailed`, `McpLoginNeeded`.
        """
        await self.ready()
        id_ = self._link.next_id()

        def follow(frame: Progress | Visit) -> None:
            if isinstance(frame, Progress) and work is not None:
                work.show(f"{frame.text}\n")

        if work is not None:
            self.calls[id_] = work
        try:
            found = await self._asked(
                make(id_, self.connection), id_, self.place.timeout_s if most_s is None else most_s, follow
            )
        finally:
            self.calls.pop(id_, None)
            self.used = time.monotonic()
        assert isinstance(found, Given)  # noqa: S101  # What all but lists give.
        return found

    async def _asked(
        self, frame: Asked, id_: int, most_s: float, follow: Callable[[Progress | Visit], None] | None = None
    ) -> Value:
        name = self.place.name
        try:
            return await self._link.ask(frame, id_, most_s, follow)
        except TimeoutError as problem:
            raise McpFailed(f"the MCP server {name} gave no answer within {most_s:g} s") from problem
        except Unanswered as problem:
            match problem.trouble:
                case "login":
                    raise McpLoginNeeded(
                        f"the MCP server {name} wants a log-in", f"iterate mcp login {name}"
                    ) from problem
                case "denied":
                    raise McpLoginFailed(f"the MCP server {name} does not let us in: {problem}") from problem
                case "gone":
                    await self._lost(frame, str(problem))
                    raise McpFailed(f"the MCP server {name} is not there: {problem}") from problem
                case "refused":
                    raise McpFailed(f"the MCP server {name} says: {problem}") from problem

    async def _lost(self, frame: Asked, text: str) -> None:
        """The child says with an answer that a connection is no more; its own word for that may come later."""
        if not isinstance(frame, Connect) and getattr(frame, "connection", 0) == self.connection != 0:
            await self.close()
            self.ended(text)

    def said(self, text: str) -> None:
        """It complained."""
        self._log = (self._log + text)[-KEPT:]

    def ended(self, text: str) -> None:
        """The connection is no more."""
        self.connection = 0
        self.problem = text or "it ended"
        self.said(f"[ended] {self.problem}\n")

    def changed(self) -> None:
        """It offers something else: what it lists is asked for again, once however often it says so."""
        self._is_stale = True
        if self._relisting is None and self.is_running:
            self._relisting = asyncio.ensure_future(self._relist())
            self._relisting.add_done_callback(self._relisted)

    async def _relist(self) -> None:
        while self._is_stale and self.is_running:
            self._is_stale = False
            id_ = self._link.next_id()
            found = await self._asked(Relist(id=id_, connection=self.connection), id_, START_S)
            if isinstance(found, Listing):
                self.listing = found

    def _relisted(self, task: asyncio.Task[None]) -> None:
        self._relisting = None
        if not task.cancelled() and (problem := task.exception()) is not None:
            self.said(f"[not listed again] {problem}\n")

    async def question(self, frame: Asks) -> None:
        """Let the person of the newest call answer a server's question; without one it is declined."""
        from iterate.mcp import forms

        work = self.calls[max(self.calls)] if self.calls else None
        content = None
        if work is not None:
            content = await forms.ask(work, self.place.name, frame.message, frame.schema)
        await self._link.tell(Answered(ask=frame.ask, content=content))

    async def close(self) -> None:
        """End it; it is started again when somebody needs it."""
        if self._starting is not None:
            self._starting.cancel()
        connection, self.connection = self.connection, 0
        self._is_open = False
        if connection:
            self._link.forget(connection)
            await self._link.tell(Close(connection=connection))

    def forgive(self) -> None:
        """Let it be started again however often it broke off."""
        self._starts.clear()
        self.problem = ""
