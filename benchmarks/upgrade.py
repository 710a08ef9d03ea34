"""What an upgrade costs: a look at the signed site, and a copy that is replaced, both over loopback."""

import json
import os
import shutil
import statistics
import subprocess
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from tests.iterate import installed, signed
from tests.iterate.installed import Built

from iterate.install import replace
from iterate.install.copy import stream_of
from iterate.install.network import Door
from iterate.settings import Surroundings

ROUNDS = 21
UPGRADES = 5


def times(archive: Path, target: str, work: Path) -> tuple[float, float]:
    """Milliseconds of `upgrade --check` when it was asked before, and of a self-upgrade; medians.

    The new version is the old one again, in another folder: everything happens but a patch.

    Args:
        archive: of the program.
        target: the archive's.
        work: an empty folder.
    """
    shutil.unpack_archive(archive, work / "looked-at", filter="data")
    (program,) = (work / "looked-at").glob("*/iterate/iterate")
    stamp = json.loads(subprocess.run([program, "version", "--json"], capture_output=True, check=True).stdout)
    version, channel = stamp["version"], stream_of(stamp["version"], stamp["channel"])
    built = Built(version=version, archive=archive)
    repository = signed.Repository(now=datetime.now(UTC).replace(microsecond=0))
    home = work / "home"
    home.mkdir()
    with signed.served(repository.files) as site:
        offer = installed.offered(site, built, channel=channel, target=target)
        content = json.loads(msgspec.json.encode(offer))
        repository.release(channel, version, artifacts=content["artifacts"])
        root = repository.first_root
        installed.install(work / "bin", built, sites=(site.url,), root=root, channel=channel.partition("-")[0])
        words: list[str | Path] = [work / "bin" / "iterate", "upgrade", "--check"]
        checks = [_milliseconds(words, home) for _ in range(ROUNDS + 1)][1:]
        upgrades = []
        for _ in range(UPGRADES):
            begun = time.monotonic()
            with closing(Door(Surroundings())) as door:
                replace.replace((work / "bin" / "iterate").resolve(), offer, door=door, root=root, target=target)
            upgrades.append(1000 * (time.monotonic() - begun))
    return statistics.median(checks), statistics.median(upgrades)


def _milliseconds(words: list[str | Path], home: Path) -> float:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    begun = time.monotonic()
    subprocess.run(words, env={**kept, "HOME": str(home)}, stdout=subprocess.DEVNULL, check=True)
    return 1000 * (time.monotonic() - begun)
