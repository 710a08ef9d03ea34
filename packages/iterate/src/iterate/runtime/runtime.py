"""What one server does: it keeps sessions, runs answers, and lets many read them. See docs/decisions/0070."""

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from iterate import events
from iterate.errors import ServerStopping, SessionBusy, StoreUnusable
from iterate.events import InstanceDisposed, SessionCreated, TextPart
from iterate.events import ServerStopping as Stopping
from iterate.ownership import Ownership
from iterate.providers import Listed, Models
from iterate.request import Model
from iterate.runtime.answer import Answer
from iterate.runtime.keeper import PATIENCE_S, Keeper
from iterate.runtime.reading import Cursor, Line, Reading, Source
from iterate.runtime.watching import Watcher, Watchers
from iterate.session import Ask, Turn
from iterate.store import NewPrompt, Page, Store
from iterate.workspace import Workspace

_log = logging.getLogger("iterate.runtime")

# How long the lock of the database may still be with a server that is just ending.
CLAIM_S = 1.0
# How long the end of a server waits for an ending that could not be written, and for readers to take what is left.
LAST_S = 1.0


class _Beginning(NamedTuple):
    """A prompt that is being stored."""

    prompt_id: str
    is_over: asyncio.Event


class Runtime:
    """Sessions, answers and readers over the database at `path`, which is opened when it is first needed."""

    def __init__(self, path: Path, *, models: Models | None = None, patience_s: float = PATIENCE_S) -> None:
        self._ownership = Ownership(path)
        self._keeper = Keeper(lambda: self._open(path), patience_s)
        self._models: Models = models or Listed()
        self._answers: dict[str, Answer] = {}
        self._beginning: dict[str, _Beginning] = {}
        self._readings: dict[str, set[Reading]] = {}
        self._watchers = Watchers()
        self._is_ending = False
        self._is_open = asyncio.Event()
        self._is_open.set()
        self._in_flight = 0
        self._landed = asyncio.Event()
        self._left = asyncio.Event()
        self._disposing = asyncio.Lock()

    @property
    def running(self) -> int:
        """How many answers run, or still have their ending to write."""
        return len(self._answers)

    def claim(self) -> None:
        """Become the owner of the database, at the start of a server; raises `StoreTaken`.

        Any other trouble with the folder is told to those who need it.
        """
        try:
            self._ownership.take(CLAIM_S)
        except StoreUnusable:
            return

    async def create(self, workspace: Workspace) -> str:
        """Begin a session in that folder and return its id; raises `StoreUnusable`, `StoreTooNew`."""
        session = f"ses_{os.urandom(12).hex()}"
        async with self._new_work():
            await self._keeper.run(lambda store: store.create(session, workspace.directory))
        self._watchers.tell([events.entry(SessionCreated(session=session, directory=workspace.directory))])
        return session

    async def prompt(self, session: str, text: str, model_name: str, workspace: Workspace, prompt_id: str) -> Reading:
        """Begin to answer, and read the answer to its ending. The same prompt again only reads.

        Raises `SessionUnknown`, `SessionBusy`, `ModelUnknown`, `ServerStopping` or the store's failures; then nothing
        was stored.
        """
        from iterate.config.sections import Config

        model = self._models.find(model_name, Config(), workspace.environment)
        async with self._new_work():
            begun = self._beginning.get(session)
            if begun is not None and begun.prompt_id == prompt_id != "":
                # The same prompt came again while it is being stored.
                await begun.is_over.wait()
            running = self._answers.get(session)
            if running is not None and not running.is_over:
                if running.prompt_id == prompt_id:
                    return self._reading(session, Cursor(running.first - 1), until_ending=True)
                raise _busy(session, running)
            if session in self._beginning:
                raise _busy(session, None)
            begun = self._beginning[session] = _Beginning(prompt_id, asyncio.Event())
            try:
                return await self._begin(session, text, model, workspace, prompt_id)
            finally:
                del self._beginning[session]
                begun.is_over.set()

    async def _begin(self, session: str, text: str, model: Model, workspace: Workspace, prompt_id: str) -> Reading:
        new = NewPrompt(
            id=prompt_id or f"prm_{os.urandom(12).hex()}",
            session=session,
            model=model.name,
            directory=workspace.directory,
            parts=(TextPart(text=text),),
        )
        begun = await self._keeper.run(lambda store: store.begin(new))
        if isinstance(begun, Turn):
            return self._reading(session, Cursor(begun.number - 1), until_ending=True)
        where = Workspace(directory=begun.directory, environment=workspace.environment)
        ask = Ask(session=begun.before, model=model.name, parts=new.parts, workspace=where)
        answer = Answer(ask, model, begun, self._keeper, lambda lines: self._tell(session, lines))
        self._answers[session] = answer
        answer.task.add_done_callback(lambda _: self._forget(session, answer))
        self._tell(session, [begun.entry])
        return self._reading(session, Cursor(begun.number - 1), until_ending=True)

    async def read(self, session: str, cursor: Cursor) -> Reading:
        """Read a session from that place on; raises `SessionUnknown` or the store's failures."""
        if session not in self._answers:
            await self._keeper.run(lambda store: store.check(session))
        return self._reading(session, cursor, until_ending=False)

    def leave(self, reading: Reading) -> None:
        """Forget a reader; the answer that it reads goes on."""
        readings = self._readings.get(reading.session, set())
        readings.discard(reading)
        if not readings:
            self._readings.pop(reading.session, None)
        self._left.set()

    async def cancel(self, session: str) -> bool:
        """Ask the answer that runs in a session to end; whether there was one.

        Raises `SessionUnknown`, and `SessionBusy` when a server that retired is giving the answer.
        """
        answer = self._answers.get(session)
        if answer is not None and not answer.ended.is_set():
            answer.cancel("cancelled")
            return True
        if answer is None and await self._keeper.run(lambda store: store.check(session)):
            raise SessionBusy(f"session {session} is being answered by a server that was replaced")
        return False

    def watch(self) -> Watcher:
        """Watch everything from now on."""
        watcher = Watcher()
        self._watchers.join(watcher)
        return watcher

    def unwatch(self, watcher: Watcher) -> None:
        """Forget a watcher."""
        self._watchers.leave(watcher)

    async def dispose(self) -> None:
        """Hold back new work, end what runs, close the store, say so, and let new work go on."""
        async with self._disposing:
            self._is_open.clear()
            try:
                await self._all_landed()
                await self._end_answers("disposed", list(self._answers.values()))
                await self._keeper.close()
                self._watchers.tell([events.entry(InstanceDisposed())])
            finally:
                self._is_open.set()

    def retire(self) -> None:
        """Take no new work, go on with what runs, and let another server own the database from now on."""
        self._is_ending = True
        self._ownership.retire()

    async def drained(self) -> None:
        """Wait until nothing runs."""
        await self._all_landed()
        while self._answers:
            await asyncio.wait([answer.task for answer in self._answers.values()])

    async def finish(self, patience_s: float) -> None:
        """Take no new work, let answers end for that long, end the rest, close the store and every reader."""
        self._is_ending = True
        await self._all_landed()
        tasks = [answer.task for answer in self._answers.values()]
        if tasks and patience_s > 0:
            await asyncio.wait(tasks, timeout=patience_s)
        await self._end_answers("stopping", list(self._answers.values()))
        await self._let_go()
        await self._keeper.close()
        self._keeper.end()
        self._ownership.close()

    async def _let_go(self) -> None:
        """End the readers, and give up what cannot be written."""
        self._watchers.close(events.entry(Stopping()))
        for readings in self._readings.values():
            for reading in readings:
                reading.close()
        tasks = [answer.task for answer in self._answers.values()]
        if tasks:
            await asyncio.wait(tasks, timeout=LAST_S)
        for task in tasks:
            task.cancel()
        deadline = time.monotonic() + LAST_S
        while self._readings and time.monotonic() < deadline:
            self._left.clear()
            await asyncio.wait([asyncio.ensure_future(self._left.wait())], timeout=LAST_S)

    async def _end_answers(self, reason: str, answers: Sequence[Answer]) -> None:
        for answer in answers:
            answer.cancel(reason)
        for answer in answers:
            await answer.ended.wait()

    @asynccontextmanager
    async def _new_work(self) -> AsyncIterator[None]:
        """The time in which a request begins something; waits while the instance is being disposed."""
        await self._is_open.wait()
        if self._is_ending:
            raise ServerStopping("the server is ending")
        self._in_flight += 1
        try:
            yield
        finally:
            self._in_flight -= 1
            self._landed.set()

    async def _all_landed(self) -> None:
        while self._in_flight:
            self._landed.clear()
            await self._landed.wait()

    def _open(self, path: Path) -> Store:
        # In the store's thread.
        if not self._is_ending:
            self._ownership.take(CLAIM_S)
        return Store(path, self._ownership)

    def _reading(self, session: str, cursor: Cursor, *, until_ending: bool) -> Reading:
        def live(after: int) -> Page | None:
            answer = self._answers.get(session)
            return None if answer is None else answer.page(after)

        async def stored(after: int) -> Page:
            return await self._keeper.run(lambda store: store.read(session, after))

        reading = Reading(session, Source(live, stored), cursor, until_ending=until_ending)
        self._readings.setdefault(session, set()).add(reading)
        return reading

    def _tell(self, session: str, lines: Sequence[Line]) -> None:
        for reading in self._readings.get(session, ()):
            reading.wake()
        self._watchers.tell(lines)

    def _forget(self, session: str, answer: Answer) -> None:
        if self._answers.get(session) is answer:
            del self._answers[session]
        if not answer.task.cancelled() and (bug := answer.task.exception()) is not None:
            _log.error("the answer in session %s broke off", session, exc_info=bug)
        for reading in self._readings.get(session, ()):
            reading.wake()


def _busy(session: str, running: Answer | None) -> SessionBusy | StoreUnusable:
    if running is not None and running.ended.is_set():
        return StoreUnusable(f"the ending of the last answer in session {session} could not be written yet")
    return SessionBusy(f"session {session} is answering another prompt")
