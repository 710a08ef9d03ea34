"""What one server does: it keeps sessions, runs answers, and lets many read them. See docs/decisions/0070."""

import asyncio
import logging
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from iterate import events, register
from iterate.errors import NotCompacted, SessionBusy, StoreUnusable
from iterate.events import (
    Event,
    Failed,
    FilePart,
    InstanceDisposed,
    PermissionAsked,
    QuestionAsked,
    SessionCreated,
    TaskStarted,
    TextPart,
    ToolOutput,
    Warned,
    Watched,
)
from iterate.events import ServerStopping as Stopping
from iterate.ownership import Ownership
from iterate.register import Row
from iterate.runtime.answer import Answer
from iterate.runtime.asking import Asking
from iterate.runtime.gate import Gate
from iterate.runtime.keeper import PATIENCE_S, Keeper
from iterate.runtime.kit import OUTPUTS, Kit, Wanted
from iterate.runtime.reading import Cursor, Line, Reading, Source
from iterate.runtime.rulebook import InForce, Rulebook
from iterate.runtime.shelf import Shelf
from iterate.runtime.watching import Watcher, Watchers
from iterate.runtime.working import Begin, Bounds, Working
from iterate.session import Ask, Session, Turn, text_of
from iterate.store import NewPrompt, Page, Store
from iterate.tools.tool import Result, ToolFailed
from iterate.workspace import Workspace

_log = logging.getLogger("iterate.runtime")

# How long the lock of the database may still be with a server that is just ending.
CLAIM_S = 1.0
# How long the end of a server waits for an ending that could not be written, and for readers to take what is left.
LAST_S = 1.0
UNBOUND = Bounds()
BLIND = (
    "the price of {} is not known, so the bound on the cost only counts what the vendor says; "
    "prices in the settings or a bound on tokens (limits.tokens) keep it"
)
# How deep agents begin agents.
DEEPEST = 3


class _Beginning(NamedTuple):
    """A prompt that is being stored."""

    prompt_id: str
    is_over: asyncio.Event


class Runtime:
    """Sessions, answers and readers over the database at `path`, which is opened when it is first needed."""

    def __init__(self, path: Path, kit: Kit | None = None, *, patience_s: float = PATIENCE_S) -> None:
        self._ownership = Ownership(path)
        self._keeper = Keeper(lambda: self._open(path), patience_s)
        self._kit = kit or Kit()
        self._folder = path.parent
        self._working = Working(self._kit, self._folder / OUTPUTS, self._begin_task, self._show)
        self._answers: dict[str, Answer] = {}
        self.shelf = Shelf(
            self._keeper, self, self._notice, lambda: self._kit.undo(self._folder), self._folder / OUTPUTS
        )
        self._compacting: dict[str, asyncio.Task[Session]] = {}
        self._beginning: dict[str, _Beginning] = {}
        self._readings: dict[str, set[Reading]] = {}
        self._watchers = Watchers()
        self._gate = Gate()
        self._left = asyncio.Event()
        self._disposing = asyncio.Lock()

    @property
    def running(self) -> int:
        """How many answers run, or still have their ending to write."""
        return len(self._answers)

    @property
    def in_background(self) -> int:
        """How many commands of the shell go on in the background."""
        background = sys.modules.get("iterate.tools.background")  # Nobody has begun one before it is loaded.
        return int(background.running()) if background is not None else 0

    def claim(self) -> None:
        """Become the owner of the database, at the start of a server; raises `StoreTaken`.

        Any other trouble with the folder is told to those who need it.
        """
        try:
            self._ownership.take(CLAIM_S)
        except StoreUnusable:
            return
        self._kit.resume(self._folder)

    def in_force(self, agent: str, workspace: Workspace) -> InForce:
        """The rules about permissions for an agent in a folder; it reads files."""
        return self._kit.rulebook.in_force(agent, workspace, [str(self._folder / OUTPUTS)])

    @property
    def kit(self) -> Kit:
        """What answers are made with."""
        return self._kit

    @property
    def rulebook(self) -> Rulebook:
        """What is remembered about permissions."""
        return self._kit.rulebook

    @property
    def asking(self) -> Asking:
        """What waits for a person's word."""
        return self._working.asking

    async def create(self, workspace: Workspace, parent: str = "") -> str:
        """Begin a session in that folder and return its id; raises `StoreUnusable`, `StoreTooNew`."""
        session = f"ses_{os.urandom(12).hex()}"
        directory = workspace.directory
        async with self._gate.passing():
            await self._keeper.run(lambda store: store.create(session, directory, parent))
        self._watchers.tell([events.entry(SessionCreated(session=session, directory=directory, parent=parent))])
        return session

    async def prompt(  # What a prompt may say.
        self,
        session: str,
        text: str,
        model: str,
        workspace: Workspace,
        prompt_id: str,
        *,
        agent: str = "",
        files: Sequence[FilePart] = (),
        bounds: Bounds = UNBOUND,
    ) -> Reading:
        """Begin to answer, and read the answer to its ending. The same prompt again only reads.

        Raises `SessionUnknown`, `SessionBusy`, `ModelUnknown`, `ServerStopping` or the store's failures; then nothing
        was stored.
        """
        new = NewPrompt(
            id=prompt_id or f"prm_{os.urandom(12).hex()}",
            session=session,
            model=model,
            directory=workspace.directory,
            parts=(TextPart(text=text),),
            agent=agent,
        )
        if files or "@" in text:
            bounds = replace(bounds, files=tuple(files), has_files=True)
        first = await self._prompt(new, workspace, bounds)
        return self._reading(session, Cursor(first - 1), until_ending=True)

    async def _prompt(self, new: NewPrompt, workspace: Workspace, bounds: Bounds) -> int:
        """The number of the prompt's event."""
        session = new.session
        async with self._gate.passing():
            begun = self._beginning.get(session)
            if begun is not None and begun.prompt_id == new.id:
                # The same prompt came again while it is being stored.
                await begun.is_over.wait()
            running = self._answers.get(session)
            if running is not None and not running.is_over:
                if running.prompt_id == new.id:
                    return running.first
                raise _busy(session, running)
            if session in self._beginning:
                raise _busy(session, None)
            begun = self._beginning[session] = _Beginning(new.id, asyncio.Event())
            try:
                return await self._begin(new, workspace, bounds)
            finally:
                del self._beginning[session]
                begun.is_over.set()

    async def _begin(self, new: NewPrompt, workspace: Workspace, bounds: Bounds) -> int:
        row = await self._keeper.run(lambda store: store.look(lambda db: register.get(db, new.session)))
        directory = new.directory or row.directory
        where = Workspace(directory=directory, environment=workspace.environment)
        wanted = self._wanted(new.model, new.agent, where, bounds, row)
        equipment = await self._kit.with_servers(await asyncio.to_thread(self._kit.equip, wanted), where)
        new = replace(new, model=equipment.model.name, agent=equipment.agent)
        read: Sequence[tuple[Path, bytes]] = ()
        if bounds.has_files:
            from iterate.runtime import attached

            home = workspace.environment.get("HOME", "")
            text = text_of(new.parts)
            files = await self._kit.with_resources(bounds.files, text, where)
            with_files = await attached.taken(text, files, directory, home)
            new = replace(new, parts=(*new.parts, *with_files.parts))
            read = with_files.read
        begun = await self._keeper.run(lambda store: store.begin(new))
        if isinstance(begun, Turn):
            return begun.number
        self._working.note(new.session, read)
        ask = Ask(session=begun.before, model=new.model, parts=new.parts, workspace=where, agent=equipment.agent)
        answer = Answer(begun, self._keeper, lambda lines: self._tell(new.session, lines))
        self._answers[new.session] = answer
        job = self._working.job(ask, equipment, bounds.limits, answer.take, bounds.above)
        blind = (BLIND.format(new.model),) if job.purse.is_blind(equipment.model) else ()
        for text in (*equipment.warnings, *blind):
            await answer.take(Warned(number=1, session="", text=text))
        answer.start(job).add_done_callback(lambda _: self._forget(new.session, answer))
        self._tell(new.session, [begun.entry])
        return begun.number

    def _wanted(self, model: str, agent: str, where: Workspace, bounds: Bounds, row: Row) -> Wanted:
        above = bounds.above
        return Wanted(
            model=model,
            agent=agent,
            last_model=row.model,
            last_agent=row.agent if row.prompts else "",
            workspace=where,
            above=above.rules if above else (),
            fallback=above.model if above else "",
            folder=self._folder,
            is_trusting=bounds.is_trusting,
            effort=bounds.effort,
        )

    async def _begin_task(self, begin: Begin) -> Result:
        """Let another agent work in a session of its own, to the end of its answer."""
        if len(begin.above.listeners) > DEEPEST:
            raise ToolFailed("agents that were begun by agents are too deep already; do it yourself")
        workspace = begin.parent.workspace
        session = await self.create(workspace, parent=begin.parent.session.id)
        await begin.take(TaskStarted(number=1, session="", call=begin.call, child=session, agent=begin.agent))
        new = NewPrompt(
            id=f"prm_{os.urandom(12).hex()}",
            session=session,
            model="",
            directory=workspace.directory,
            parts=(TextPart(text=begin.prompt),),
            agent=begin.agent,
        )
        await self._prompt(new, workspace, Bounds(above=begin.above, is_trusting=begin.is_trusting))
        answer = self._answers[session]
        try:
            await answer.ended.wait()
        except asyncio.CancelledError:
            answer.cancel("cancelled")
            await answer.ended.wait()
            raise
        turn = (await answer.session()).turns[-1]
        return _report(turn, session)

    def _notice(self, notice: Watched) -> None:
        self._watchers.tell([events.entry(notice)])

    def _show(self, output: ToolOutput) -> None:
        entry = events.entry(output)
        self._watchers.tell([entry])
        for reading in self._readings.get(output.session, ()):
            reading.tell(entry)

    def numbered[A: PermissionAsked | QuestionAsked](self, waiting: Sequence[A]) -> list[A]:
        """These as they stand in their sessions; without those that are not stored, and so not told, yet."""
        found: list[A] = []
        for each in waiting:
            answer = self._answers.get(each.session)
            number = 0 if answer is None else answer.asked(each.id)
            if number:
                found.append(replace(each, number=number))
        return found

    async def note(self, session: str, event: Event) -> int:
        """Store an event of a session and tell it; the number it has. Raises `SessionBusy`, `SessionUnknown`."""
        async with self._gate.passing():
            answer = self._answers.get(session)
            if answer is not None and not answer.ended.is_set():
                await answer.take(event)
                return await answer.settled()
            await self._free(session)
            entry = await self._keeper.run(lambda store: store.add(session, event))
        self._tell(session, [entry])
        return entry.event.number

    async def alone(self, session: str) -> None:
        """Raises `SessionBusy` while an answer runs in a session."""
        answer = self._answers.get(session)
        if answer is not None and not answer.ended.is_set():
            raise _busy(session, answer)
        await self._free(session)

    async def _free(self, session: str) -> None:
        answer = self._answers.get(session)
        if session in self._beginning or (answer is not None and not answer.is_over):
            raise _busy(session, answer)
        if answer is not None and answer.task is not None:
            await asyncio.wait([answer.task])

    async def compact(self, session: str, model: str, workspace: Workspace) -> Session:
        """Have a session summed up now, and give it as it is then; raises `SessionBusy` and what models raise."""
        async with self._gate.passing():
            await self.alone(session)
            begun = self._beginning[session] = _Beginning("", asyncio.Event())
            task = self._compacting[session] = asyncio.ensure_future(self._compact(session, model, workspace))
            try:
                return await task
            except asyncio.CancelledError:
                if not task.cancel():
                    raise NotCompacted("somebody stopped it") from None
                raise
            finally:
                del self._beginning[session], self._compacting[session]
                begun.is_over.set()

    async def _compact(self, session: str, model: str, workspace: Workspace) -> Session:
        directory = workspace.directory or await self._keeper.run(lambda store: store.directory(session))
        where = Workspace(directory=directory, environment=workspace.environment)
        before = await self._keeper.run(lambda store: store.load(session))
        row = await self._keeper.run(lambda store: store.look(lambda db: register.get(db, session)))
        wanted = self._wanted(model, "", where, UNBOUND, row)
        equipment = await self._kit.with_servers(await asyncio.to_thread(self._kit.equip, wanted), where)
        from iterate.runtime import noting  # Not before somebody asks for it.

        record = noting.Noting(session, self._keeper, lambda lines: self._tell(session, lines))
        ask = Ask(session=before, model=equipment.model.name, parts=(), workspace=where, agent=equipment.agent)
        return await noting.summed_up(record, self._working.job(ask, equipment, UNBOUND.limits, record.take, None))

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
        if session in self._compacting:
            self._compacting[session].cancel()
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
            with self._gate.shut():
                self._stop_compacting()
                await self._gate.empty()
                await self._end_answers("disposed", list(self._answers.values()))
                await self._end_background()
                await self._kit.end_servers()
                await self._keeper.close()
                self._watchers.tell([events.entry(InstanceDisposed())])

    async def _end_background(self) -> None:
        if self.in_background:
            from iterate.tools import background

            await background.end_all()

    def retire(self) -> None:
        """Take no new work, go on with what runs, and let another server own the database from now on."""
        self._gate.is_ended = True
        self._ownership.retire()

    async def drained(self) -> None:
        """Wait until nothing runs."""
        await self._gate.empty()
        while self._answers:
            await asyncio.wait(self._tasks())

    async def finish(self, patience_s: float) -> None:
        """Take no new work, let answers end for that long, end the rest, close the store and every reader."""
        self._gate.is_ended = True
        self._stop_compacting()
        await self._gate.empty()
        tasks = self._tasks()
        if tasks and patience_s > 0:
            await asyncio.wait(tasks, timeout=patience_s)
        await self._end_answers("stopping", list(self._answers.values()))
        await self._end_background()
        await self._kit.end_servers()
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
        tasks = self._tasks()
        if tasks:
            await asyncio.wait(tasks, timeout=LAST_S)
        for task in tasks:
            task.cancel()
        deadline = time.monotonic() + LAST_S
        while self._readings and time.monotonic() < deadline:
            self._left.clear()
            await asyncio.wait([asyncio.ensure_future(self._left.wait())], timeout=LAST_S)

    def _stop_compacting(self) -> None:
        for task in self._compacting.values():
            task.cancel()

    def _tasks(self) -> list[asyncio.Task[None]]:
        return [answer.task for answer in self._answers.values() if answer.task is not None]

    async def _end_answers(self, reason: str, answers: Sequence[Answer]) -> None:
        for answer in answers:
            answer.cancel(reason)
        for answer in answers:
            await answer.ended.wait()

    def _open(self, path: Path) -> Store:
        # In the store's thread.
        if not self._gate.is_ended:
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
        task = answer.task
        if task is not None and not task.cancelled() and (bug := task.exception()) is not None:
            _log.error("the answer in session %s broke off", session, exc_info=bug)
        for reading in self._readings.get(session, ()):
            reading.wake()


def _busy(session: str, running: Answer | None) -> SessionBusy | StoreUnusable:
    if running is not None and running.ended.is_set():
        return StoreUnusable(f"the ending of the last answer in session {session} could not be written yet")
    return SessionBusy(f"session {session} is answering another prompt")


def _report(turn: Turn, session: str) -> Result:
    """What the agent said last, or how it ended."""
    texts = [part.text for part in turn.parts if isinstance(part, TextPart) and part.text.strip()]
    text = texts[-1] if texts else "it said nothing"
    if isinstance(turn.ending, Failed):
        text = f"it did not come to its end ({turn.ending.message}); the last it said: {text}"
    return Result(text=text, title=f"session {session}", is_error=isinstance(turn.ending, Failed))
