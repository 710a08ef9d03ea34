"""A server that was started on demand ends by itself when nobody needs it, and not a moment sooner."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.iterate.conftest import eventually

from iterate.client import Client
from iterate.server.idle import FIRST_S, Idle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.iterate.conftest import World

SOON = {"ITERATE_IDLE_MINUTES": "0.1"}  # 6 s


@pytest.fixture
def others(tmp_path: Path) -> "Iterator[tuple[World, World]]":
    """Two more homes."""
    from tests.iterate.conftest import World

    made = World(home=tmp_path / "watched"), World(home=tmp_path / "answering")
    for each in made:
        each.home.mkdir()
    try:
        yield made
    finally:
        for each in made:
            each.close()


class Told:
    """What an idle server is told, by hand."""

    def __init__(self, minutes: float) -> None:
        self.now, self.asked, self.is_busy, self.minutes, self.read = 100.0, 0, False, minutes, 0

    def limit(self) -> float:
        self.read += 1
        return self.minutes

    def idle(self) -> Idle:
        return Idle(lambda: self.is_busy, lambda: self.asked, self.limit, lambda: self.now)


def test_it_is_over_after_the_time_of_the_setting() -> None:
    told = Told(1.0)
    idle = told.idle()
    assert not idle.is_over()
    told.now += 59
    assert not idle.is_over()
    told.now += 2
    assert idle.is_over()


def test_a_request_or_work_begins_the_time_anew() -> None:
    told = Told(1.0)
    idle = told.idle()
    for _ in range(5):
        told.now += 50
        told.asked += 1
        assert not idle.is_over()
    told.is_busy = True
    for _ in range(5):
        told.now += 1000
        assert not idle.is_over()
    told.is_busy = False
    told.now += 59
    assert not idle.is_over()
    told.now += 2
    assert idle.is_over()


def test_zero_is_never_and_a_clock_that_goes_back_ends_nothing() -> None:
    told = Told(0.0)
    idle = told.idle()
    told.now += 1_000_000
    assert not idle.is_over()
    told = Told(1.0)
    idle = told.idle()
    told.now -= 1_000_000
    assert not idle.is_over()


def test_the_setting_is_read_late_and_again_before_the_end() -> None:
    told = Told(1.0)
    idle = told.idle()
    idle.is_over()
    told.now += FIRST_S - 1
    idle.is_over()
    assert told.read == 0
    told.now += 10
    idle.is_over()
    assert told.read == 1
    told.minutes = 10
    told.now += 60
    assert not idle.is_over()
    told.now += 600
    assert idle.is_over()


@pytest.mark.processes
@pytest.mark.systems("linux", "darwin")
def test_a_server_of_the_background_ends_when_nobody_needs_it_and_a_terminal_keeps_it(
    world: "World", others: "tuple[World, World]"
) -> None:
    assert world.run("run", "hello", variables=SOON).stdout == b"hello\n"
    client = Client(world.announced())
    pty = str(client.call("POST", "/pty", {"command": ["/bin/sh", "-c", "read x"]})["id"])
    # Beside it one that somebody only reads from, and one that answers to nobody.
    watched, answering = others
    for other in others:
        assert other.run("server", "start", variables=SOON).returncode == 0
    reader = watched.start("watch", variables=SOON)
    writer = answering.start("run", "--model", "echo/slow", "word " * 400)
    assert writer.stdout is not None
    writer.stdout.read(5)
    writer.kill()
    time.sleep(9)
    assert client.is_healthy()
    assert all(Client(other.announced()).is_healthy() for other in others)
    reader.kill()
    Client(answering.announced()).call("POST", "/global/stop", {"patience_s": 0})
    client.call("DELETE", f"/pty/{pty}")
    begun = time.monotonic()
    eventually(lambda: world.servers() == [])
    assert time.monotonic() - begun > 4
    eventually(lambda: watched.servers() == [])
    assert b"nobody has asked" in (world.state / "server.log").read_bytes()
    # The next command starts another.
    assert world.run("run", "again").stdout == b"again\n"


@pytest.mark.processes
def test_a_server_in_the_foreground_stays(world: "World") -> None:
    child = world.start("serve", "--port", "0", variables={"ITERATE_IDLE_MINUTES": "0.02"})
    eventually((world.state / "server.json").exists)
    time.sleep(4)
    assert child.poll() is None
