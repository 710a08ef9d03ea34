"""A route as a value: method, path, handler, what it takes, what it gives, what it may fail with.

The server's table, the OpenAPI document and the table of `docs/server.md` are made from such values. A handler is a
method of a noun; the noun is made once for each server, from what the server works with.
"""

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from pathlib import Path
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from iterate.errors import Failure
from iterate.events import Json
from iterate.providers.ondemand import OnDemand
from iterate.pty.terminals import Terminals
from iterate.runtime.runtime import Runtime
from iterate.server import bodies
from iterate.server.frames import EventStream, Stream
from iterate.server.problems import BadBody, BadQuery, BodyTooLarge, TooManyAttempts, Unauthorized, UnsupportedMediaType
from iterate.server.responses import json_answer
from iterate.server.security import OPEN_PATH
from iterate.server.shapes import Nothing
from iterate.server.tickets import Tickets
from iterate.server.visit import Answer, Visit
from iterate.server.websocket import Upgrade
from iterate.settings import SECRET, Settings
from iterate.workspace import is_absolute


class Life(Protocol):
    """What a request may do to the server as a whole; both return at once, and the server ends after the answer."""

    async def stop(self, patience_s: float) -> None:
        """End: answers may go on for so many seconds."""

    async def hand_over(self, version: str) -> None:
        """Make room for a server of that version: take nothing new, and end when nothing runs any more."""


class Context(Struct, frozen=True, kw_only=True):
    """What handlers work with."""

    runtime: Runtime
    life: Life
    terminals: Terminals
    tickets: Tickets
    # The file of the log, when there is one.
    log: Path | None
    models: OnDemand
    settings: Settings
    # The environment of the server itself, for requests that say none: a client elsewhere has none that fits here.
    own: Mapping[str, str]
    # The OpenAPI document.
    document: Callable[[], dict[str, Json]]


class Call[T](Struct, frozen=True, kw_only=True):
    """One request, as far as a handler may see it."""

    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: T


class Noun(Protocol):
    """What has handlers."""

    def __init__(self, context: Context) -> None:
        """One for each server."""


class Parameter(Struct, frozen=True, kw_only=True):
    """Something that a request may carry beside its body; `where` is OpenAPI's word: query or header."""

    name: str
    where: str
    meaning: str


class Gives[G](Struct, frozen=True, kw_only=True):
    """A good answer: JSON of this type, or a stream of events of this union."""

    meaning: str
    shape: object
    is_stream: bool


# None when another protocol took the connection over.
type Endpoint = Callable[[Visit, Mapping[str, str]], Coroutine[None, None, Answer | EventStream | None]]


class Route(Struct, frozen=True, kw_only=True):
    """One route."""

    method: str
    path: str
    name: str
    summary: str
    notes: str
    asks: tuple[Parameter, ...]
    takes: type[Struct]
    may_be_empty: bool
    gives: Gives[object]
    fails: tuple[type[Failure], ...]
    endpoint: Callable[[Context], Endpoint]

    @property
    def tag(self) -> str:
        """The first word of the path, which groups routes."""
        return self.path.split("/")[1]


def json[G](shape: type[G], meaning: str) -> Gives[G]:
    """An answer in JSON."""
    return Gives(meaning=meaning, shape=shape, is_stream=False)


def socket(meaning: str) -> Gives[Upgrade]:
    """A WebSocket."""
    return Gives(meaning=meaning, shape=None, is_stream=False)


def stream(union: object, meaning: str) -> Gives[Stream]:
    """An answer as server-sent events, each one of a named union."""
    return Gives(meaning=meaning, shape=union, is_stream=True)


def route[N: Noun, T: Struct, G](  # noqa: PLR0913  # One for each thing that is to be said of a route.
    method_and_path: str,
    noun: type[N],
    handler: Callable[[N, Call[T]], Awaitable[G]],
    *,
    takes: type[T],
    gives: Gives[G],
    summary: str,
    notes: str = "",
    asks: tuple[Parameter, ...] = (),
    fails: tuple[type[Failure], ...] = (),
    may_be_empty: bool = False,
    most: int = bodies.LIMIT_BYTES,
) -> Route:
    """A route whose handler takes and gives what it says."""
    method, _, path = method_and_path.partition(" ")
    has_body = takes is not Nothing
    has_folder = any(each.name == "directory" for each in asks)

    def endpoint(context: Context) -> Endpoint:
        bound = noun(context)

        async def respond(visit: Visit, path: Mapping[str, str]) -> Answer | EventStream | None:
            body = await bodies.read(visit, takes, may_be_empty=may_be_empty, most=most) if has_body else takes()
            if (named := getattr(body, "workspace", None)) is not None and (
                not named.environment or SECRET in named.environment
            ):
                body = replace(body, workspace=replace(named, environment=_meant(named.environment, context.own)))
            query = _query(visit, has_folder=has_folder)
            given = await handler(bound, Call(path=path, query=query, headers=_headers(visit), body=body))
            match given:
                case Stream():
                    return EventStream(given)
                case Answer():
                    return given
                case Upgrade():
                    await given.run(visit)
                    return None
                case _:
                    return json_answer(given)

        return respond

    return Route(
        method=method,
        path=path,
        name=handler.__name__,
        summary=summary,
        notes=notes,
        asks=asks,
        takes=takes,
        may_be_empty=may_be_empty,
        gives=Gives(meaning=gives.meaning, shape=gives.shape, is_stream=gives.is_stream),
        fails=_fails(fails, has_body=has_body, has_folder=has_folder, is_open=path == OPEN_PATH),
        endpoint=endpoint,
    )


def _fails(
    own: tuple[type[Failure], ...], *, has_body: bool, has_folder: bool, is_open: bool
) -> tuple[type[Failure], ...]:
    """What a route may fail with: what it says, and what every route of its kind does."""
    return (
        *own,
        *((BadQuery,) if has_folder and BadQuery not in own else ()),
        *((BadBody, BodyTooLarge, UnsupportedMediaType) if has_body else ()),
        *(() if is_open else (Unauthorized, TooManyAttempts)),
    )


def _meant(said: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    """The environment that a request means: its own, without the secret of a server, or where it says none ours."""
    return {name: value for name, value in (said or own).items() if name != SECRET}


def _query(visit: Visit, *, has_folder: bool) -> Mapping[str, str]:
    """The parameters behind the question mark; of two of one name the last counts. Raises `BadQuery`."""
    if not visit.head.query:
        return {}
    from urllib.parse import parse_qsl  # Few requests have any.

    query = dict(parse_qsl(visit.head.query, keep_blank_values=True))
    if has_folder and (directory := query.get("directory")) and not is_absolute(directory):
        raise BadQuery(f"directory is {directory!r}, which is no absolute path", "send the whole path of the folder")
    return query


def _headers(visit: Visit) -> Mapping[str, str]:
    return {name.decode(): value.decode("latin-1") for name, value in reversed(visit.head.headers)}
