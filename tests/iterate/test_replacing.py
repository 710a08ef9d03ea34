"""Servers that hang or are of another version, and commands that sleep: who makes room for whom."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from tests.iterate.conftest import eventually
from tests.iterate.rival import Rival

from iterate import discovery, election, errors
from iterate.discovery import Announcement

pytestmark = pytest.mark.processes

if TYPE_CHECKING:
    from tests.iterate.conftest import World

OLDER, NEWER = "0.0.0-dev-20260101000000", "0.0.0-dev-20260202000000"
SLOW = " ".join("abcdefghijklmnopqrstuvwxyz")


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """Another installation of the program, of this version and channel, in the same home."""

    world: "World"
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        return self.world.environment | {"PYTHONPATH": str(self.folder)}

    def start(self, *words: str) -> "subprocess.Popen[bytes]":
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "iterate", *words],
            env=self.environment,
            cwd=self.world.home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
        )
        self.world.children.append(child)
        return child

    def run(self, *words: str) -> "tuple[int | None, bytes, bytes]":
        child = self.start(*words)
        out, complaint = child.communicate(timeout=60)
        return child.returncode, out, complaint

    def announced(self) -> Announcement:
        found = discovery.look(self.world.state.parent / "iterate-dev")
        assert found is not None
        return found


def copy(world: "World", version: str, channel: str = "dev", protocol: int = discovery.PROTOCOL) -> Copy:
    folder = world.home.parent / f"{channel}-{version}"
    shutil.copytree(Path(errors.__file__).parent, folder / "iterate")
    stamp = f'VERSION = "{version}"\nCHANNEL = "{channel}"\nCOMMIT = TARGET = ""\n'
    (folder / "iterate" / "_stamp.py").write_text(stamp)
    file = folder / "iterate" / "discovery.py"
    file.write_text(file.read_text().replace(f"\nPROTOCOL = {discovery.PROTOCOL}\n", f"\nPROTOCOL = {protocol}\n"))
    return Copy(world=world, folder=folder)


def first_word(running: "subprocess.Popen[bytes]") -> bytes:
    assert running.stdout is not None
    return running.stdout.read(1)


def test_a_newer_program_takes_over_and_the_running_answer_goes_on_to_its_end(world: "World") -> None:
    older, newer = copy(world, OLDER), copy(world, NEWER)
    running = older.start("run", "--model", "echo/slow", SLOW)
    assert first_word(running) == b"a"
    before = older.announced()
    code, out, complaint = newer.run("run", "hello")
    assert (code, out) == (0, b"hello\n")
    assert complaint == f"note: iterate {NEWER} takes over from the server {OLDER}, which may finish\n".encode()
    assert running.poll() is None
    assert newer.announced().version == NEWER
    assert running.communicate()[0] == f"{SLOW[1:]}\n".encode()
    assert running.returncode == 0
    eventually(lambda: not psutil.pid_exists(before.pid))


def test_stopping_also_ends_the_servers_that_were_finishing_their_answers(world: "World") -> None:
    older, newer = copy(world, OLDER), copy(world, NEWER)
    running = older.start("run", "--model", "echo/slow", f"{SLOW} {SLOW} {SLOW} {SLOW}")
    assert first_word(running) == b"a"
    before = older.announced()
    assert newer.run("run", "hello")[0] == 0
    now = newer.announced()
    code, out, complaint = newer.run("server", "stop")
    assert (code, out) == (0, f"iterate server stopped (pid {now.pid})\n".encode())
    assert complaint == f"note: a server that was finishing its answers was ended too (pid {before.pid})\n".encode()
    assert running.wait(10) == errors.PromptFailed.exit_code
    eventually(lambda: not psutil.pid_exists(before.pid))
    folder = world.state.parent / "iterate-dev"
    assert sorted(path.name for path in folder.iterdir()) == [
        "server.lock",
        "server.log",
        "server.stopped",
        "start.lock",
    ]


def test_a_restart_lets_every_answer_go_on_however_long_it_takes(world: "World") -> None:
    child, _ = world.serve()
    running = world.start("run", "--model", "echo/slow", f"{SLOW} {SLOW} {SLOW}")
    assert first_word(running) == b"a"
    assert world.run("server", "restart").returncode == 0
    assert world.run("run", "hello").stdout == b"hello\n"
    assert running.communicate()[0] == f"{SLOW[1:]} {SLOW} {SLOW}\n".encode()
    assert child.wait(10) == 0


def test_an_older_program_uses_the_newer_server_as_it_is(world: "World") -> None:
    older, newer = copy(world, OLDER), copy(world, NEWER)
    running = newer.start("run", "--model", "echo/slow", SLOW)
    assert first_word(running) == b"a"
    before = newer.announced()
    assert older.run("run", "hello") == (0, b"hello\n", b"")
    assert older.announced() == before
    assert running.communicate()[0] == f"{SLOW[1:]}\n".encode()


def test_two_channels_share_neither_server_nor_sessions(world: "World") -> None:
    stable, dev = copy(world, "1.2.3", "latest"), copy(world, OLDER)
    snapshot = copy(world, "0.0.0-snapshot-fast-20260101000000", "snapshot")
    running = stable.start("run", "--model", "echo/slow", SLOW)
    assert first_word(running) == b"a"
    for other in (dev, snapshot):
        assert other.run("run", "hello") == (0, b"hello\n", b"")
    assert running.communicate()[0] == f"{SLOW[1:]}\n".encode()
    names = {"iterate", "iterate-dev", "iterate-snapshot-fast"}
    assert {path.name for path in world.state.parent.iterdir()} == names
    assert {path.name for path in world.data.parent.iterdir()} == names
    for each in (stable, dev, snapshot):
        assert each.run("server", "stop")[0] == 0


def test_a_server_of_an_unknown_newer_protocol_is_an_error_with_a_hint_and_lives_on(world: "World") -> None:
    other = copy(world, NEWER, protocol=discovery.PROTOCOL + 1)
    assert other.run("run", "hello")[0] == 0
    before = other.announced()
    code, out, complaint = copy(world, OLDER).run("run", "hello")
    assert (code, out) == (errors.ProtocolUnknown.exit_code, b"")
    assert b"hint: upgrade this copy of iterate" in complaint
    assert other.announced() == before
    # What it can still do is end it, because that route is the same for ever.
    code, out, _ = copy(world, "0.0.0-dev-20251111111111").run("server", "stop")
    assert (code, out) == (0, f"iterate server stopped (pid {before.pid})\n".encode())


def test_a_server_of_an_older_protocol_that_is_not_spoken_any_more_hands_over(world: "World") -> None:
    older = copy(world, OLDER, protocol=1)
    assert older.run("server", "start")[0] == 0
    assert older.announced().protocol == 1
    newer = copy(world, NEWER)
    assert newer.run("run", "hello")[:2] == (0, b"hello\n")
    assert newer.announced().version == NEWER


def test_a_server_that_was_stopped_is_noticed_told_and_replaced_once(world: "World") -> None:
    child, _ = world.serve()
    child.send_signal(signal.SIGSTOP)
    begun = time.monotonic()
    done = world.run("run", "hello")
    assert (done.returncode, done.stdout) == (0, b"hello\n")
    assert done.stderr == f"note: the server (pid {child.pid}) does not answer; replacing it\n".encode()
    assert time.monotonic() - begun < 40
    assert child.wait(10) == 0
    begun = time.monotonic()
    done = world.run("run", "hello")
    assert (done.stdout, done.stderr) == (b"hello\n", b"")
    assert time.monotonic() - begun < 10


def test_an_answer_of_a_server_that_was_stopped_goes_on_when_it_is_replaced(world: "World") -> None:
    child, _ = world.serve()
    running = world.start("run", "--model", "echo/slow", SLOW)
    assert first_word(running) == b"a"
    child.send_signal(signal.SIGSTOP)
    assert world.run("run", "hello").stdout == b"hello\n"
    assert running.communicate()[0] == f"{SLOW[1:]}\n".encode()


@pytest.mark.parametrize("words", [("server", "start"), ("server", "restart")])
def test_starting_tells_the_truth_about_a_server_that_was_stopped(world: "World", words: tuple[str, str]) -> None:
    child, _ = world.serve()
    child.send_signal(signal.SIGSTOP)
    status = world.run("server", "status", "--json")
    assert json.loads(status.stdout)["answering"] is False
    assert status.returncode == errors.NotRunning.exit_code
    done = world.run(*words, "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["pid"] != child.pid
    assert world.run("server", "status").returncode == 0


@contextmanager
def script(text: str, state: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that runs this on the state folder and has said that it is so far; killed in the end."""
    with subprocess.Popen([sys.executable, "-c", text, str(state)], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            yield process
        finally:
            process.kill()


# A server that is announced, accepts connections, answers nothing and minds no signal that it can ignore.
DEAF = """
import os, signal, socket, sys, time
from pathlib import Path
from iterate import discovery, election, processes
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
claim = election.claim(Path(sys.argv[1]), patience=0)
with socket.create_server(("127.0.0.1", 0)) as listening:
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    claim.announce(
        discovery.Announcement(url=url, pid=os.getpid(), version="1.0.0", secret="s", origin=processes.here())
    )
    print("announced", flush=True)
    time.sleep(600)
"""


def test_a_server_that_hears_nothing_at_all_is_killed_in_bounded_time(world: "World") -> None:
    with script(DEAF, world.state) as deaf:
        begun = time.monotonic()
        done = world.run("run", "hello")
        assert (done.returncode, done.stdout) == (0, b"hello\n")
        assert b"does not answer; replacing it" in done.stderr
        assert time.monotonic() - begun < 60
        assert deaf.wait(5) == -signal.SIGKILL


@pytest.mark.parametrize("seconds", ["0", "1"])
def test_stopping_a_server_that_hears_nothing_kills_it_after_the_time_that_was_set(
    world: "World", seconds: str
) -> None:
    with script(DEAF, world.state) as deaf:
        done = world.run("server", "stop", "--json", variables={"ITERATE_STOP_TIMEOUT": seconds})
        assert json.loads(done.stdout) == {"stopped": True, "pid": deaf.pid, "killed": True}


def test_a_process_that_is_not_proven_is_never_ended(world: "World", tmp_path: Path) -> None:
    # It is this test's own process that a server from before would have been taken for.
    world.state.mkdir(parents=True)
    fields = {"url": "http://127.0.0.1:1", "pid": os.getpid(), "version": "0.0.1", "secret": "s"}
    with Rival(world.state, text=json.dumps(fields)):
        done = world.run("server", "stop")
        assert done.returncode == errors.StopFailed.exit_code
        assert b"hint: end it where it runs" in done.stderr


def test_a_command_that_slept_over_its_time_leaves_the_server_that_others_use_alone(world: "World") -> None:
    sleeper = world.start("run", "hello", variables={"ITERATE_START_TIMEOUT": "3"})
    eventually(lambda: bool(world.servers()))
    sleeper.send_signal(signal.SIGSTOP)
    eventually(lambda: discovery.look(world.state) is not None)
    running = world.start("run", "--model", "echo/slow", SLOW)
    assert first_word(running) == b"a"
    time.sleep(3)
    sleeper.send_signal(signal.SIGCONT)
    assert sleeper.communicate()[0] == b"hello\n"
    assert sleeper.returncode == 0
    assert running.communicate()[0] == f"{SLOW[1:]}\n".encode()
    eventually(lambda: world.servers() == [world.announced().pid])


HOLD = """
import sys, time
from pathlib import Path
from iterate import election
with election.starting(Path(sys.argv[1]), patience=0, is_settled=lambda: False):
    print("holding", flush=True)
    time.sleep(600)
"""


def test_a_command_that_sleeps_with_the_lock_for_starting_stops_nobody(world: "World") -> None:
    with script(HOLD, world.state) as holder:
        holder.send_signal(signal.SIGSTOP)
        begun = time.monotonic()
        with ThreadPoolExecutor(6) as pool:
            results = list(pool.map(lambda _: world.run("run", "hello"), range(6)))
        assert {(done.returncode, done.stdout, done.stderr) for done in results} == {(0, b"hello\n", b"")}
        assert time.monotonic() - begun < 60
        eventually(lambda: world.servers() == [world.announced().pid])


ELECTED = """
import sys, time
from pathlib import Path
from iterate import election
claim = election.claim(Path(sys.argv[1]), patience=0)
print("elected", flush=True)
time.sleep(600)
"""


def test_a_server_that_was_stopped_before_it_was_announced_is_woken_up(world: "World") -> None:
    starting = world.start("serve", "--port", "0")
    eventually(lambda: election.holder_of(world.state) is not None)
    starting.send_signal(signal.SIGSTOP)
    done = world.run("run", "hello")
    assert (done.returncode, done.stdout) == (0, b"hello\n")


def test_a_server_that_is_elected_and_never_announced_is_ended_in_the_end(world: "World") -> None:
    with script(ELECTED, world.state) as stuck:
        done = world.run("run", "hello")
        assert (done.returncode, done.stdout) == (0, b"hello\n")
        assert f"note: a server (pid {stuck.pid}) that never got ready is in the way".encode() in done.stderr
        assert stuck.wait(5) == -signal.SIGKILL


def test_commands_that_race_with_restarts_are_all_answered(world: "World") -> None:
    world.run("server", "start")
    with ThreadPoolExecutor(8) as pool:
        restarts = [pool.submit(world.run, "server", "restart") for _ in range(4)]
        results = list(pool.map(lambda number: world.run("run", f"hello {number}"), range(24)))
    assert [(done.returncode, done.stdout) for done in results] == [
        (0, f"hello {number}\n".encode()) for number in range(24)
    ]
    assert {restart.result().returncode for restart in restarts} == {0}


def test_commands_that_race_with_a_newer_version_are_all_answered(world: "World") -> None:
    older, newer = copy(world, OLDER), copy(world, NEWER)
    assert older.run("server", "start")[0] == 0
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda number: (newer, older)[number % 2].run("run", "hi"), range(24)))
    assert [(code, out) for code, out, _ in results] == [(0, b"hi\n")] * 24
