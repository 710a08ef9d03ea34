"""The store on a thread of its own, so that the loop never waits for a disk or a lock. One job after the other."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures.thread import ThreadPoolExecutor

from iterate.errors import ServerStopping, StoreUnusable
from iterate.store import Store, StoreWaiting

# How long a job is tried again while the database is locked or full, and how often.
PATIENCE_S = 5.0
RETRY_S = 0.05


class Keeper:
    """Opens the store when it is first needed, and again after `close`. A failed job closes nothing."""

    def __init__(self, open_store: Callable[[], Store], patience_s: float = PATIENCE_S) -> None:
        self._open_store = open_store
        self._patience_s = patience_s
        self._store: Store | None = None
        self._thread = ThreadPoolExecutor(1, "store")
        self._has_ended = False

    async def run[T](self, job: Callable[[Store], T], *, patience_s: float | None = None) -> T:
        """Do a job; raises `StoreUnusable` when it stays impossible, and whatever the job raises."""
        deadline = time.monotonic() + (self._patience_s if patience_s is None else patience_s)
        while True:
            if self._has_ended:
                raise ServerStopping("the server is ending")
            try:
                return await asyncio.get_running_loop().run_in_executor(self._thread, self._do, job)
            except StoreWaiting as problem:
                if time.monotonic() >= deadline:
                    raise StoreUnusable(str(problem)) from problem
            await asyncio.sleep(RETRY_S)

    async def close(self) -> None:
        """Close the store after the jobs that were given before; the next job opens it again."""
        if not self._has_ended:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._close)

    def end(self) -> None:
        """Let the thread go, and take no job any more."""
        self._has_ended = True
        self._thread.shutdown(wait=False)

    def _do[T](self, job: Callable[[Store], T]) -> T:
        if self._store is not None and not self._store.is_in_place():
            # Removed or moved away under us: what is written there is lost to everybody.
            self._close()
        if self._store is None:
            self._store = self._open_store()
        return job(self._store)

    def _close(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None
