"""A launcher that waits for its command: it does the same as one that is started for it, and ends with the server."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from tests.iterate.conftest import eventually

from iterate.sandbox import run, spare
from iterate.sandbox.run import Bounds, Ended

pytestmark = [pytest.mark.processes, pytest.mark.systems("linux")]

SHOWS = "env | sort; ls /proc/self/fd; pwd; read x || echo closed; echo $PPID; exit 3"


@pytest.fixture(autouse=True)
def nobody() -> Iterator[None]:
    """No launcher of another test waits."""
    spare.end()
    eventually(lambda: not waiting())
    yield
    spare.end()


def waiting() -> list[psutil.Process]:
    """The launchers of this process that wait, or are about to."""
    found = []
    for each in psutil.Process().children():
        with suppress(psutil.Error):
            found += [each] if any("spare=" in word for word in each.cmdline()) else []
    return found


async def started(command: str, root: Path, environment: dict[str, str]) -> tuple[bytes, Ended, bool]:
    """What a command said, how it ended, and whether a launcher had waited for it."""
    bounds = Bounds(root=root, folder=root, writable=(root,))
    words = ["bash", "-c", command]
    running = await run.start(words, bounds, {"PATH": os.environ["PATH"]} | environment)
    is_spare = isinstance(running.process, spare.Child)
    said = b"".join([piece async for piece in running.pieces()])
    return said, await running.wait(), is_spare


async def ready() -> None:
    """Wait until a launcher waits."""
    await asyncio.to_thread(eventually, spare.is_ready)


def test_a_command_is_the_same_with_a_launcher_that_waited(tmp_path: Path) -> None:
    async def both() -> list[tuple[bytes, Ended, bool]]:
        first = await started(SHOWS, tmp_path, {"A": "b\nc", "ODD": "\udcff"})
        await ready()
        return [first, await started(SHOWS, tmp_path, {"A": "b\nc", "ODD": "\udcff"})]

    (plain, plainly, is_plain), (said, ended, is_spare) = asyncio.run(both())
    assert (is_plain, is_spare) == (False, True)
    # The last line is the number of the launcher.
    assert said.splitlines()[:-1] == plain.splitlines()[:-1]
    assert b"ODD=\xff\n" in said
    assert ended == plainly == Ended(code=3)


def test_what_is_too_long_to_be_sent_is_started(tmp_path: Path) -> None:
    async def main() -> tuple[bytes, Ended, bool]:
        spare.begin(run.launcher())
        await ready()
        return await started("echo ${#LONG}", tmp_path, {"LONG": "x" * spare.MOST_BYTES})

    assert asyncio.run(main()) == (f"{spare.MOST_BYTES}\n".encode(), Ended(), False)


def test_one_that_is_not_ready_yet_is_not_waited_for(tmp_path: Path) -> None:
    async def main() -> tuple[bytes, Ended, bool]:
        spare.begin(run.launcher())
        (one,) = waiting()
        one.suspend()
        try:
            return await asyncio.wait_for(started("echo fine", tmp_path, {}), 60)
        finally:
            one.resume()

    assert asyncio.run(main()) == (b"fine\n", Ended(), False)


def test_one_that_is_gone_is_not_missed(tmp_path: Path) -> None:
    async def main() -> tuple[bytes, Ended, bool]:
        spare.begin(run.launcher())
        await ready()
        (one,) = waiting()
        one.kill()
        await asyncio.to_thread(eventually, lambda: one.status() == psutil.STATUS_ZOMBIE)
        return await started("echo fine", tmp_path, {})

    said, ended, _ = asyncio.run(main())
    assert (said, ended) == (b"fine\n", Ended())


def test_one_that_is_not_needed_is_ended() -> None:
    spare.begin(run.launcher())
    eventually(lambda: len(waiting()) == 1)
    (one,) = waiting()
    spare.end()
    eventually(lambda: not one.is_running())


def test_it_ends_with_the_server_that_is_killed() -> None:
    code = (
        "import time; from iterate.sandbox import run, spare;"
        "spare.begin(run.launcher()); print(flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        server.stdout.readline()
        eventually(lambda: len(psutil.Process(server.pid).children()) == 1)
        (one,) = psutil.Process(server.pid).children()
        server.send_signal(signal.SIGKILL)
    eventually(lambda: not one.is_running() or one.status() == psutil.STATUS_ZOMBIE)
