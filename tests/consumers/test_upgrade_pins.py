"""A version that is asked for by its name stays, also where it is here already; `iterate upgrade` alone ends that."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.consumers import launcher
from tests.consumers.worlds import NEW, World, world

from iterate.errors import UpgradeRunning

pytestmark = [pytest.mark.processes, pytest.mark.systems("linux")]


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made


@pytest.fixture(params=["self", "scoop"])
def program(request: pytest.FixtureRequest, here: World) -> Path:
    """A copy of the newest version: the installer's, or one whose receipt belongs to a package manager."""
    folder = here.folder / "bin" / ".iterate" / NEW / "iterate/iterate"
    told = here.receipt("scoop") | {"method": request.param}
    made = launcher.program(folder, NEW, told, here.repository.first_root)
    launcher.linked(here.folder / "bin/iterate", made)
    return here.folder / "bin/iterate"


def is_pinned(here: World, program: Path) -> bool:
    found: bool = json.loads(here.run("upgrade", "--check", "--json", program=str(program)).stdout)["pinned"]
    return found


def test_the_version_that_is_here_stays_once_it_is_named_and_moves_on_once_none_is(here: World, program: Path) -> None:
    named = here.run("upgrade", NEW, program=str(program))
    assert (named.returncode, named.stdout) == (0, f"iterate {NEW} is here, and stays until the next iterate upgrade\n")
    assert is_pinned(here, program)
    # To look at what there is ends nothing.
    assert here.run("upgrade", "--dry-run", program=str(program)).returncode == 0
    assert is_pinned(here, program)
    alone = here.run("upgrade", "--json", program=str(program))
    assert (alone.returncode, json.loads(alone.stdout)["pinned"]) == (0, False)
    assert not is_pinned(here, program)


@pytest.mark.parametrize("program", ["self"], indirect=True)
def test_nothing_is_noted_beside_an_installation_that_is_at_work(here: World, program: Path) -> None:
    lock = here.folder / "bin/.iterate/lock.d"
    lock.mkdir()
    (lock / "pid").write_text("1\n")
    assert here.run("upgrade", NEW, program=str(program)).returncode == UpgradeRunning.exit_code
    # Where there is nothing to note, nothing is asked of the folder.
    assert here.run("upgrade", program=str(program)).returncode == 0
    assert not is_pinned(here, program)
