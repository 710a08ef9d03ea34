"""A runtime without HTTP, models of a test's own, and another program that holds its database."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path

from iterate import events
from iterate.events import Delta, Event, Part, Piece, ToolOutput, Unknown
from iterate.providers import BUILT_IN, Listed, Models
from iterate.request import Model, Prices, Request
from iterate.runtime.kit import Kit
from iterate.runtime.reading import Read as Line
from iterate.runtime.reading import Reading
from iterate.runtime.runtime import Runtime
from iterate.tools.tool import Tool
from iterate.workspace import Workspace

type Said = AsyncGenerator[Piece | Part]
type Read = Event | Delta | Unknown

HERE = Workspace(directory="/here", environment={"TOKEN": "a secret of this test"})


def model(stream: Callable[[Request], Said], prices: Prices | None = None, window: int | None = None) -> Model:
    return Model(name="m/m", stream=stream, prices=prices, window=window)


@asynccontextmanager
async def running(
    path: Path,
    *streams: Callable[[Request], Said],
    patience_s: float = 5.0,
    models: Models | None = None,
    tools: Sequence[Tool] = (),
    prices: Prices | None = None,
    window: int | None = None,
) -> AsyncIterator[Runtime]:
    """A runtime with the built-in models and these, called m/m."""
    runtime = Runtime(
        path,
        Kit(models=models or Listed((*BUILT_IN, *(model(each, prices, window) for each in streams))), tools=tools),
        patience_s=patience_s,
    )
    runtime.claim()
    try:
        yield runtime
    finally:
        await runtime.finish(0)


async def prompt(
    runtime: Runtime, session: str, text: str = "hi ho", name: str = "echo/echo", id_: str = ""
) -> Reading:
    return await runtime.prompt(session, text, name, HERE, id_)


async def read(reading: Reading, most: int = 10_000) -> list[Read]:
    """What comes until the end, or so many."""
    found: list[Read] = []
    while len(found) < most and (lines := await asyncio.wait_for(reading.next(5.0), 20)) is not None:
        found += stored_in(lines)
    return found


def stored(path: Path, session: str) -> list[Event | Unknown]:
    """What the database says, asked of SQLite itself."""
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute(
            "SELECT number, json FROM event WHERE session = ? ORDER BY number", (session,)
        ).fetchall()
    return [events.stored(number, session, json).event for number, json in rows]


def stored_in(lines: Sequence[Line]) -> list[Read]:
    """What of these lines belongs to the session: all but what a call has just put out."""
    return [line.event for line in lines if not isinstance(line.event, ToolOutput)]


def numbered(found: list[Read]) -> list[Event | Unknown]:
    return [event for event in found if not isinstance(event, Delta)]


def run(main: Callable[[], Awaitable[None]]) -> None:
    async def awaited() -> None:
        await main()

    asyncio.run(awaited())


class Locked:
    """Another program that holds the database, from `begin` to `end`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def begin(self) -> None:
        self._database = sqlite3.connect(self._path, isolation_level=None)
        self._database.execute("BEGIN IMMEDIATE")

    def end(self) -> None:
        self._database.execute("ROLLBACK")
        self._database.close()

    async def for_(self, seconds: float) -> None:
        self.begin()
        await asyncio.sleep(seconds)
        self.end()
