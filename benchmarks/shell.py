"""What a command of the shell costs: plain, through the launcher, confined, and as a transaction; Linux."""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from iterate.sandbox import landlock
from iterate.sandbox.abilities import abilities
from iterate.sandbox.layer import Layer
from iterate.sandbox.run import Bounds, start

ROUNDS = 25
PAUSE_S = 0.1
COMMAND = ("bash", "-c", "true")


async def _plain(folder: Path) -> None:
    process = await asyncio.create_subprocess_exec(*COMMAND, stdin=-3, stdout=-1, stderr=-2, cwd=folder)
    await process.communicate()


async def _bounded(bounds: Bounds) -> None:
    running = await start(COMMAND, bounds, {"PATH": os.environ["PATH"]})
    async for _ in running.pieces():
        pass
    ended = await running.wait()
    if ended != (0, 0, ""):
        raise SystemExit(f"the command failed: {ended}")


async def _transaction(bounds: Bounds, scratch: Path) -> None:
    layer = Layer.make(scratch, bounds.root)
    await _bounded(bounds._replace(upper=layer.folder))
    layer.changes()
    layer.drop()


def _ways(root: Path, scratch: Path) -> dict[str, Callable[[], Awaitable[None]]]:
    can = abilities(scratch)
    bare = Bounds(root=root, folder=root, writable=(root,))
    ways: dict[str, Callable[[], Awaitable[None]]] = {"plain": lambda: _plain(root), "launcher": lambda: _bounded(bare)}
    if can.landlock:
        locked = bare._replace(has_landlock=True, may_connect=False)
        ways["Landlock"] = lambda: _bounded(locked)
        if can.has_namespaces:
            spaced = locked._replace(has_namespaces=True)
            ways["namespaces"] = lambda: _bounded(spaced)
            if can.has_overlay:
                ways["transaction"] = lambda: _transaction(spaced, scratch)
    return ways


def medians() -> dict[str, float]:
    """Median milliseconds of `bash -c true` in each way there is here, taken turn by turn; nothing elsewhere."""
    if sys.platform != "linux":
        return {}
    times: dict[str, list[float]] = {}

    async def measure(ways: dict[str, Callable[[], Awaitable[None]]]) -> None:
        for _ in range(ROUNDS):
            for name, run in ways.items():
                # As long as a model needs at least: a launcher for the next command is ready then.
                await asyncio.sleep(PAUSE_S)
                begun = time.perf_counter()
                await run()
                times.setdefault(name, []).append((time.perf_counter() - begun) * 1000)

    with tempfile.TemporaryDirectory(prefix="bench-") as below:
        root, scratch = Path(below, "root"), Path(below, "scratch")
        root.mkdir()
        scratch.mkdir()
        asyncio.run(measure(_ways(root, scratch)))
    return {name: statistics.median(values) for name, values in times.items()}


if __name__ == "__main__":
    print(f"Landlock has version {landlock.version()}")
    for name, value in medians().items():
        print(f"{name:<12}{value:>8.1f} ms")
