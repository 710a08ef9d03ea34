"""`iterate uninstall` as it is typed: what it shows, whom it asks, and what its exit code says. Run from a checkout."""

import json
import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.ending import ending

from iterate.errors import NotConfirmed

if TYPE_CHECKING:
    from tests.iterate.conftest import World

pytestmark = pytest.mark.processes


def used(world: "World") -> None:
    """A home in which a server has been, which lives."""
    world.run("run", "hello")
    assert (world.data / "iterate.db").exists()


def test_it_shows_what_goes_and_what_stays_and_a_dry_run_changes_nothing(world: "World") -> None:
    used(world)
    before = {path for path in world.home.rglob("*") if "lock" not in path.name}
    done = world.run("uninstall", "--purge", "--dry-run")
    assert done.returncode == 0
    lines = done.stdout.decode().splitlines()
    assert any(line.startswith("goes  sessions, ") and line.endswith(str(world.data)) for line in lines)
    assert lines[-1].startswith("note  this is a checkout")
    places = {line.index(f"  {world.home}") for line in lines if f"  {world.home}" in line}
    assert len(places) == 1, lines
    assert not any(line.endswith(" ") for line in lines)
    assert {path for path in world.home.rglob("*") if "lock" not in path.name} == before
    assert world.servers() != []


def test_without_a_terminal_and_without_yes_nothing_is_removed(world: "World") -> None:
    used(world)
    done = world.run("uninstall", "--purge")
    assert done.returncode == NotConfirmed.exit_code
    assert b"nobody can be asked" in done.stderr
    assert (world.data / "iterate.db").exists()
    assert world.run("uninstall", "--purge", "--json").returncode == NotConfirmed.exit_code


def test_yes_ends_the_server_and_purges(world: "World") -> None:
    used(world)
    done = world.run("uninstall", "--purge", "--yes", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["done"], told["left"], told["method"], told["commands"]) == (True, [], "source", [])
    assert world.servers() == []
    assert not world.data.exists()
    assert not world.state.exists()
    again = json.loads(world.run("uninstall", "--purge", "--yes", "--json").stdout)
    assert (again["done"], again["rows"]) == (False, [])


def test_a_checkout_without_purge_has_nothing_to_remove(world: "World") -> None:
    used(world)
    done = world.run("uninstall", "--yes")
    assert done.returncode == 0
    assert b"there is nothing to remove" in done.stdout
    assert (world.data / "iterate.db").exists()
    assert world.servers() != []


@pytest.mark.systems("linux", "darwin")
@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("yes\n", 0), ("n\n", 62), ("\n", 62), ("\x04", 62)])
def test_a_person_is_asked_and_anything_but_yes_is_no(world: "World", answer: str, code: int) -> None:
    import pty

    used(world)
    ours, theirs = pty.openpty()
    with ending(
        subprocess.Popen(
            [world.program, "uninstall", "--purge"], env=world.environment, stdin=theirs, stdout=theirs, stderr=theirs
        )
    ) as child:
        os.close(theirs)
        shown = b""
        while b"[y/N] " not in shown:
            shown += os.read(ours, 65536)
        os.write(ours, answer.encode())
        assert child.wait(30) == code
        assert b"hint" not in os.read(ours, 65536), "who said no needs no advice"
        os.close(ours)
        assert world.data.exists() is (code != 0)
