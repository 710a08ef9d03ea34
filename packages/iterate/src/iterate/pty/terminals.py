"""All terminals of one server."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from iterate.errors import PtyUnknown, PtyUnusable, ServerStopping

if TYPE_CHECKING:
    from iterate.pty.terminal import Start, Terminal

MOST_RUNNING = 64
# Ended ones that can still be read.
MOST_ENDED = 16


class Terminals:
    """Those that run, and the last of those that ended."""

    def __init__(self) -> None:
        self._all: dict[str, Terminal] = {}
        self._starting = 0
        self._is_ending = False

    @property
    def running(self) -> int:
        """How many shells run."""
        return self._starting + sum(one.ended is None for one in self._all.values())

    def list(self) -> "Sequence[Terminal]":
        """All, the oldest first."""
        return tuple(self._all.values())

    def get(self, name: str) -> "Terminal":
        """One; raises `PtyUnknown`."""
        found = self._all.get(name)
        if found is None:
            raise PtyUnknown(f"there is no terminal {name!r}")
        return found

    async def create(self, what: "Start") -> "Terminal":
        """Start a shell; raises `PtyUnusable`, `ServerStopping`."""
        from iterate.pty import terminal  # No server that starts has any.

        if self._may_not():
            raise ServerStopping("the server is ending")
        if self.running >= MOST_RUNNING:
            raise PtyUnusable(f"{MOST_RUNNING} terminals are open", "iterate pty kill ends one")
        name = f"pty_{os.urandom(8).hex()}"
        self._starting += 1
        try:
            made = await terminal.start(name, what, self._forget_oldest)
        except (OSError, ValueError) as problem:
            raise PtyUnusable(f"{what.command[0]} cannot be started: {problem}") from problem
        finally:
            self._starting -= 1
        self._all[name] = made
        if self._may_not():
            await made.close()
            raise ServerStopping("the server ended meanwhile")
        return made

    def _may_not(self) -> bool:
        return self._is_ending

    def remove(self, name: str) -> None:
        """End it, or forget it when it has ended; raises `PtyUnknown`."""
        found = self.get(name)
        if found.ended is None:
            found.kill()
        else:
            del self._all[name]

    def _forget_oldest(self) -> None:
        ended = [name for name, one in self._all.items() if one.ended is not None]
        for name in ended[:-MOST_ENDED]:
            del self._all[name]

    async def drained(self) -> None:
        """Wait until no shell runs."""
        while running := [one for one in self._all.values() if one.ended is None]:
            await asyncio.wait([asyncio.ensure_future(one.wait()) for one in running])

    async def close(self) -> None:
        """End all, with everything that they started, and start none any more."""
        self._is_ending = True
        await asyncio.gather(*(one.close() for one in self._all.values()))


def shell_of(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The shell of whoever has these variables, as one that reads its user's files."""
    named = environment.get("SHELL", "")
    return (named,) if named.startswith("/") and os.access(named, os.X_OK) else ("/bin/sh",)


def folder_of(directory: str, environment: Mapping[str, str]) -> Path:
    """The folder to start in; raises `PtyUnusable`."""
    folder = Path(directory or environment.get("HOME", "") or "/")
    if not os.path.isdir(folder):  # noqa: PTH112  # False also for a path that is too long, or none.
        raise PtyUnusable(f"{folder} is no folder")
    return folder
