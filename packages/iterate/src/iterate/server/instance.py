"""What one server holds: the open store, the running prompts, the readers of events. It speaks no HTTP."""

import asyncio
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass

from iterate import engine, events, providers
from iterate.errors import ServerStopping, SessionBusy, StoreUnusable
from iterate.events import Event
from iterate.server.frames import event_frame, notice_frame
from iterate.server.hub import Hub, Reader
from iterate.session import Ask
from iterate.store import Store

_log = logging.getLogger("iterate.server")


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A prompt that is being answered: its events, and the task that makes them."""

    reader: Reader
    task: asyncio.Task[None]

    def cancel(self, reason: str) -> None:
        """End the prompt with `failed`, soon."""
        self.task.cancel(reason)


class Instance:
    """Opens its store when first needed, so it is useful again after `dispose`."""

    def __init__(self, open_store: Callable[[], Store]) -> None:
        self._open_store = open_store
        self._store: Store | None = None
        self._running: dict[str, Running] = {}
        self._is_ending = False
        self.hub = Hub()

    def create_session(self) -> str:
        """Begin a session and return its id; raises `StoreUnusable`, `StoreTooNew`."""
        session = f"ses_{os.urandom(12).hex()}"
        self._opened().create(session)
        self.hub.publish(notice_frame("session.created", session=session))
        return session

    def prompt(self, session: str, text: str, model_name: str) -> Running:
        """Begin to answer; raises `SessionUnknown`, `SessionBusy`, `ModelUnknown` or the store's failures."""
        model = providers.find(model_name)
        store = self._opened()
        if session in self._running:
            raise SessionBusy(f"session {session} is answering another prompt")
        ask = Ask(session=store.load(session), model=model.name, text=text)
        # No limit: the answer itself is the limit, and it is in the store as well.
        reader = Reader(limit=0)

        def record(event: Event) -> None:
            self._record(store, reader, event)

        # Started at once, so that even a prompt cancelled right now has its beginning and its ending.
        task = asyncio.Task(engine.answer(ask, model, record), loop=asyncio.get_running_loop(), eager_start=True)
        running = Running(reader=reader, task=task)
        if not task.done():
            self._running[session] = running
            task.add_done_callback(lambda ended: self._forget(session, ended))
        return running

    async def dispose(self) -> None:
        """Cancel the running prompts, close the store and say so; the next request opens it again."""
        await self._cancel("disposed")
        self._close_store()
        self.hub.publish(notice_frame("instance.disposed"))

    async def finish(self, patience: float) -> None:
        """Let running prompts end for `patience` seconds, cancel the rest, and end every reader."""
        self._is_ending = True
        tasks = [running.task for running in self._running.values()]
        if tasks and patience > 0:
            await asyncio.wait(tasks, timeout=patience)
        await self._cancel("stopping")
        self._close_store()
        self.hub.close(notice_frame("server.stopping"))

    def _opened(self) -> Store:
        if self._is_ending:
            raise ServerStopping("the server is ending")
        if self._store is None:
            self._store = self._open_store()
        return self._store

    def _close_store(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None

    async def _cancel(self, reason: str) -> None:
        tasks = []
        for running in self._running.values():
            running.cancel(reason)
            tasks.append(running.task)
        if tasks:
            await asyncio.wait(tasks)

    def _record(self, store: Store, reader: Reader, event: Event) -> None:
        try:
            store.append(event)
        except StoreUnusable as problem:
            if not events.is_ending(event):
                raise
            # Said all the same; the store writes down the missing ending when it is opened again.
            _log.error("ending not stored: %s", problem)
            self._close_store()
        frame = event_frame(event)
        reader.offer(frame)
        self.hub.publish(frame)
        if events.is_ending(event):
            reader.close()

    def _forget(self, session: str, ended: asyncio.Task[None]) -> None:
        del self._running[session]
        if not ended.cancelled() and (bug := ended.exception()) is not None:
            _log.error("the prompt of session %s broke off", session, exc_info=bug)
