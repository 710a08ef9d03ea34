"""Puts the server together: the gate, then the routes, then the answer. It has no route of its own."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from iterate.errors import Failure
from iterate.events import Json
from iterate.providers.ondemand import OnDemand
from iterate.pty.terminals import Terminals
from iterate.runtime.runtime import Runtime
from iterate.server import bulletin
from iterate.server.bulletin import Board, Bulletin
from iterate.server.frames import EventStream
from iterate.server.problems import MethodNotAllowed, NotFound, ServerBug
from iterate.server.responses import failure_answer
from iterate.server.route import Context, Endpoint, Life, Route
from iterate.server.routes import ROUTES
from iterate.server.security import OPEN_PATH, Address, Gate
from iterate.server.tickets import Tickets
from iterate.server.visit import Answer, Visit
from iterate.settings import Settings

_log = logging.getLogger("iterate.server")
_OK = 200


class Table:
    """Which endpoint answers which path and method."""

    def __init__(self, routes: Sequence[Route], context: Context) -> None:
        self._exact: dict[str, dict[str, Endpoint]] = {}
        # By the number of segments; segments in braces are parameters.
        self._patterns: dict[int, list[tuple[list[str], dict[str, Endpoint]]]] = {}
        by_path: dict[str, dict[str, Endpoint]] = {}
        for route in routes:
            by_path.setdefault(route.path, {})[route.method] = route.endpoint(context)
        for path, methods in by_path.items():
            if "GET" in methods:
                methods["HEAD"] = methods["GET"]
            if "{" in path:
                segments = path.split("/")
                self._patterns.setdefault(len(segments), []).append((segments, methods))
            else:
                self._exact[path] = methods

    @property
    def served(self) -> set[tuple[str, str]]:
        """Every method and path there is, without those that follow from others."""
        patterns = [("/".join(path), methods) for each in self._patterns.values() for path, methods in each]
        return {
            (method, path)
            for path, methods in (*self._exact.items(), *patterns)
            for method in methods
            if method != "HEAD"
        }

    def find(self, method: str, path: str) -> tuple[Endpoint, Mapping[str, str]]:
        """The endpoint, and the parameters of the path; raises `NotFound` and `MethodNotAllowed`."""
        methods = self._exact.get(path)
        parameters: Mapping[str, str] = {}
        if methods is None:
            methods, parameters = self._matching(path)
        if (endpoint := methods.get(method)) is None:
            raise MethodNotAllowed("the path has other methods", allowed=", ".join(sorted(methods)))
        return endpoint, parameters

    def _matching(self, path: str) -> tuple[dict[str, Endpoint], dict[str, str]]:
        segments = path.split("/")
        if "%" in path:
            from urllib.parse import unquote

            # Each by itself: an encoded slash is part of a name.
            segments = [unquote(segment) for segment in segments]
            if methods := self._exact.get("/".join(segments)):
                return methods, {}
        for pattern, methods in self._patterns.get(len(segments), ()):
            pairs = list(zip(pattern, segments, strict=True))
            if all(wanted == given or (wanted.startswith("{") and given) for wanted, given in pairs):
                return methods, {wanted[1:-1]: given for wanted, given in pairs if wanted.startswith("{")}
        raise NotFound("there is no such path")


class Keys(NamedTuple):
    """What requests must carry, what some are told, and where the log is, if it is a file."""

    secret: str
    board: Board
    log: Path | None = None
    # The environment of this process, for requests that say none.
    own: Mapping[str, str] = {}  # Nobody changes it.


class Application:
    """Answers visits."""

    def __init__(self, table: Table, gate: Gate, board: Board) -> None:
        self.table = table
        self._gate = gate
        self._board = board
        # Requests with the secret so far.
        self.answered = 0
        # The loop keeps tasks weakly.
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def open(self) -> int:
        """How many requests with the secret wait for something, streams and WebSockets included."""
        return len(self._tasks)

    def __call__(self, visit: Visit) -> None:
        """Answer at once what can be, and begin a task for what waits."""
        head = visit.head
        problem = self._gate.problem(head)
        if problem is not None:
            visit.answer(failure_answer(problem))
            return
        if head.path != OPEN_PATH:
            visit.trust()
        try:
            endpoint, parameters = self.table.find(head.method, head.path)
        except Failure as failure:
            visit.answer(failure_answer(failure))
            return
        # Eager: what waits for nothing is answered within this very call.
        work = self._respond(visit, endpoint, parameters)
        self.answered += head.path != OPEN_PATH
        task = asyncio.Task(work, loop=asyncio.get_running_loop(), eager_start=True)
        if task.done():
            _end(visit, task)
        else:
            self._tasks.add(task)
            task.add_done_callback(lambda done: self._over(visit, done))

    def _over(self, visit: Visit, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        _end(visit, task)

    async def _respond(self, visit: Visit, endpoint: Endpoint, parameters: Mapping[str, str]) -> None:
        version = visit.head.get(bulletin.ASKED)
        told = self._board.reserve(version) if version else None
        if told is None:
            await _answered(visit, endpoint, parameters, None)
            return
        is_told = False
        try:
            is_told = await _answered(visit, endpoint, parameters, told)
        finally:
            self._board.settle(told, is_told=is_told)


async def _answered(visit: Visit, endpoint: Endpoint, parameters: Mapping[str, str], told: Bulletin | None) -> bool:
    """Answer; whether it was a good answer, and all of it was sent."""
    try:
        given = await endpoint(visit, parameters)
    except Failure as failure:
        visit.answer(failure_answer(failure))
        return False
    extra = [] if told is None else [(bulletin.TOLD, told.line.encode("ascii"))]
    match given:
        case Answer():
            is_good = given.status == _OK
            headers = [*given.headers, *extra] if is_good else given.headers
            visit.answer(Answer(status=given.status, headers=headers, body=given.body))
            return is_good and not visit.is_gone
        case EventStream():
            return await given.run(visit, extra)
        case None:
            return False  # Another protocol has the connection.


def _end(visit: Visit, task: asyncio.Task[None]) -> None:
    """A bug of ours ends one request, not the server; its traceback goes to the log."""
    bug = None if task.cancelled() else task.exception()
    if bug is None:
        return
    _log.error("a request broke off", exc_info=bug)
    if visit.has_begun:
        # What has begun cannot become an error; the client takes it up again.
        visit.abandon()
    else:
        visit.answer(failure_answer(ServerBug("the server has a bug")))


def build(
    runtime: Runtime,
    terminals: Terminals,
    life: Life,
    settings: Settings,
    address: Address,
    keys: Keys,
    models: OnDemand,
) -> Application:
    """The application of one server."""
    tickets = Tickets()
    made = Context(
        runtime=runtime,
        life=life,
        settings=settings,
        terminals=terminals,
        tickets=tickets,
        log=keys.log,
        models=models,
        own=keys.own,
        document=_document(address.url),
    )
    return Application(Table(ROUTES, made), Gate(address, keys.secret, tickets), keys.board)


def _document(url: str) -> Callable[[], dict[str, Json]]:
    @cache
    def made() -> dict[str, Json]:
        from iterate.server import doc  # Nobody asks for it in the first second.

        return doc.build(ROUTES, url)

    return made
