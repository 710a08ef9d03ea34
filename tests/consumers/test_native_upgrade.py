"""The compiled program upgrades itself from a signed site: by a patch, under a running server, and when killed."""

import json
import random
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from tests.consumers.conftest import TARGET, Compiled, in_home
from tests.iterate import signed
from tests.iterate.installed import Built, install, offered
from tests.iterate.signed import Repository, Served

from iterate.errors import UpgradeThere

pytestmark = pytest.mark.native

KILLS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A copy of the older version, and a site that has the newer one."""

    folder: Path
    home: Path
    older: Built
    newer: Built
    site: Served

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.folder / "iterate", *words],
            env=in_home(self.home),
            cwd=self.home,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    @property
    def version(self) -> str:
        return self.run("--version").stdout.strip()


@pytest.fixture
def machine(compiled: Compiled, tmp_path: Path) -> Iterator[Machine]:
    older, newer = (Built(version=each, archive=compiled.archive(each)) for each in (compiled.older, compiled.newer))
    repository = Repository(now=datetime.now(UTC).replace(microsecond=0))
    with signed.served(repository.files) as site:
        document = json.loads(msgspec.json.encode(offered(site, newer, older, channel="dev", target=TARGET)))
        repository.release("dev", newer.version, artifacts=document["artifacts"])
        folder, home = tmp_path / "bin", tmp_path / "home"
        home.mkdir()
        install(folder, older, sites=(site.url,), root=repository.first_root, channel="dev")
        made = Machine(folder=folder, home=home, older=older, newer=newer, site=site)
        yield made
        made.run("server", "stop")


def test_it_upgrades_by_a_patch_under_a_running_server_and_goes_back(machine: Machine) -> None:
    assert machine.run("run", "hello").stdout == "hello\n"
    asked = machine.run("upgrade", "--check", "--json")
    assert asked.returncode == UpgradeThere.exit_code, asked.stdout + asked.stderr
    done = machine.run("upgrade")
    assert done.returncode == 0, done.stdout + done.stderr
    assert machine.version == machine.newer.version
    assert [each for each in machine.site.asked if each.endswith(".gz")] == []
    # The old server has its files still; the new program asks it to hand over.
    talked = machine.run("run", "hello")
    assert (talked.returncode, talked.stdout) == (0, "hello\n"), talked.stderr
    assert "takes over" in talked.stderr
    assert machine.run("upgrade", "--check").returncode == 0
    assert machine.run("upgrade", "--rollback").returncode == 0
    assert machine.version == machine.older.version
    assert machine.run("run", "hello").stdout == "hello\n"


def test_killed_at_any_moment_it_works_and_the_next_upgrade_finishes(machine: Machine) -> None:
    chance = random.Random(6)
    for _ in range(KILLS):
        with subprocess.Popen(
            [machine.folder / "iterate", "upgrade"],
            env=in_home(machine.home),
            cwd=machine.home,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as child:
            with suppress(subprocess.TimeoutExpired):
                child.wait(chance.uniform(0.2, 2.0))
            child.send_signal(signal.SIGKILL)
        assert machine.version in {machine.older.version, machine.newer.version}
    done = machine.run("upgrade")
    assert done.returncode == 0, done.stdout + done.stderr
    assert machine.version == machine.newer.version
