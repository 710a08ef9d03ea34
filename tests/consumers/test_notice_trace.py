"""What a notice costs a command: the same requests to the system, and one write."""

import contextlib
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from tests.iterate.conftest import World, eventually

from iterate import discovery
from iterate.install import news

pytestmark = [pytest.mark.consumer("strace"), pytest.mark.systems("linux")]

STAND = Path(__file__).parents[1] / "iterate" / "newsstand.py"
# What is left out is how often data arrives in pieces, memory, and threads that wait for each other.
LOOKED_AT = "%file,%process,socket,connect,bind,sendto,sendmsg,write,writev,ioctl,fcntl,getdents64,dup2,dup3"


def traced(world: World, folder: Path) -> tuple[str, Counter[str]]:
    """What a terminal shows of `run hello`, and how often the system was asked for what."""
    import pty

    log = folder / "trace"
    ours, theirs = pty.openpty()
    words = ["strace", "-f", "-qq", "-o", str(log), "-e", f"trace={LOOKED_AT}", str(world.program), "run", "hello"]
    with subprocess.Popen(
        words, env=world.environment, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs
    ) as child:
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):
            while part := os.read(ours, 65536):
                shown += part
    assert child.returncode == 0, log.read_text()
    os.close(ours)
    calls = re.findall(r"^\d+ +(\w+)\((.*)", log.read_text(), re.MULTILINE)
    return shown.decode(), Counter(f"{name} {rest.split(',')[0]}" if name == "write" else name for name, rest in calls)


def twice(folder: Path) -> tuple[tuple[str, Counter[str]], tuple[str, Counter[str]]]:
    """The first run of a home, which tells of a version, and the second, which has nothing to tell."""
    world = World(home=folder / "home")
    world.home.mkdir(parents=True)
    with subprocess.Popen([sys.executable, STAND, "9.9.9"], env=world.environment) as server:
        try:
            eventually(lambda: news.load(world.state).offer is not None and discovery.look(world.state) is not None)
            world.run("run", "hello")
            return traced(world, folder), traced(world, folder)
        finally:
            server.terminate()


def test_a_notice_is_one_more_write_and_no_other_request_to_the_system(tmp_path: Path) -> None:
    # Python keeps what it compiled where a module was never imported before: that is over after a home of its own.
    twice(tmp_path / "before")
    (told, with_notice), (quiet, without) = twice(tmp_path / "counted")
    assert ("9.9.9" in told, "9.9.9" in quiet) == (True, False)
    assert with_notice - without == Counter({"write 2": 1}), f"{with_notice - without}"
    assert without - with_notice == Counter(), f"{without - with_notice}"
