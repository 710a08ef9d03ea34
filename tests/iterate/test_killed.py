"""Upgrades that are killed at any moment: a working program each time, and the next upgrade finishes."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
from tests.iterate import installed, signed
from tests.iterate.installed import TARGET, install, offered, said

pytestmark = [pytest.mark.processes, pytest.mark.systems("linux", "darwin")]

KILLS = 60
UPGRADER = Path(__file__).with_name("upgrader.py")
VERSIONS = ("1.0.0", "1.1.0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """A copy, documents of two versions to go to and fro between, and the process that upgrades."""

    folder: Path
    documents: dict[str, Path]
    child: subprocess.Popen[str]

    def begin(self, version: str) -> int:
        """Begin an upgrade; returns the process that does it."""
        assert self.child.stdin is not None
        self.child.stdin.write(f"{self.documents[version]}\n")
        self.child.stdin.flush()
        return int(self._line())

    def end(self) -> int:
        """Wait for its end; returns its exit code."""
        return int(self._line())

    def _line(self) -> str:
        assert self.child.stdout is not None
        return self.child.stdout.readline()


@pytest.fixture(params=["archive", "patch"])
def fleet(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Fleet]:
    built = [installed.build(tmp_path, version) for version in VERSIONS]
    folder = tmp_path / "bin"
    install(folder, built[0])
    with signed.served({}) as site:
        documents = {}
        for new, old in ((built[0], built[1]), (built[1], built[0])):
            documents[new.version] = tmp_path / f"{new.version}.json"
            offer = offered(site, new, *([old] if request.param == "patch" else []))
            documents[new.version].write_bytes(msgspec.json.encode(offer))
        with subprocess.Popen(
            [sys.executable, UPGRADER, folder / "iterate", TARGET],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as child:
            try:
                yield Fleet(folder=folder, documents=documents, child=child)
            finally:
                child.kill()


def left(folder: Path) -> list[str]:
    """What lies around that belongs to no version."""
    names = [*folder.iterdir(), *(folder / ".iterate").iterdir()]
    return sorted(each.name for each in names if each.name.startswith((".new-", ".old-", "lock.d")))


def once(fleet: Fleet, version: str) -> float:
    begun = time.monotonic()
    fleet.begin(version)
    assert fleet.end() == 0
    assert said(fleet.folder) == version
    assert left(fleet.folder) == []
    return time.monotonic() - begun


def killed(fleet: Fleet, version: str, moment: Callable[[], float]) -> bool:
    """Kill an upgrade; whether it was killed before its end. The program works, and the next upgrade finishes."""
    process = fleet.begin(version)
    time.sleep(moment())
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)
    code = fleet.end()
    assert said(fleet.folder) in VERSIONS
    once(fleet, version)
    return code == -signal.SIGKILL


def test_an_upgrade_that_is_killed_at_any_moment_leaves_a_working_program(fleet: Fleet) -> None:
    chance = random.Random(6)
    longest = max(once(fleet, version) for version in (VERSIONS[1], VERSIONS[0]))
    hits = number = 0
    # So often, and until enough of them met the upgrade at its work; else nothing would be tried here.
    while number < KILLS // 2 or hits <= KILLS // 8:
        hits += killed(fleet, VERSIONS[(number + 1) % 2], lambda: chance.uniform(0, longest))
        number += 1
        assert number < KILLS, f"{hits} of {number} kills met the upgrade"
