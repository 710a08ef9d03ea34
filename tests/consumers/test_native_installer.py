"""The compiled program through install.sh: installed, replaced, rolled back, and removed with all of it."""

import hashlib
import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.consumers import faults
from tests.consumers.conftest import TARGET, Compiled
from tests.consumers.installing import Home, Site
from tests.release import world

from release import targets, version
from release.model import Artifact, Release
from release.packagers import installer
from release.product import Channel

pytestmark = [pytest.mark.native, pytest.mark.consumer("gcc", "curl", "dash")]

QUICKLY_S = 3.0


def published(site: Site, archive: Path, text: str) -> None:
    """An archive and its script at their addresses."""
    plan = replace(world.plan(Channel.DEV), version=version.parse(text))
    artifact = Artifact(
        file=archive.name,
        target=targets.named(TARGET),
        size=archive.stat().st_size,
        sha256=hashlib.sha256(archive.read_bytes()).hexdigest(),
        glibc=None,
        fake=False,
    )
    made = installer.scripts(site.product, site.profile, Release(plan=plan, artifacts=(artifact,)))
    script = site.script(text)
    script.parent.mkdir(parents=True)
    script.write_bytes(made["install.sh"])
    (script.parent / archive.name).symlink_to(archive)


@pytest.fixture
def site(compiled: Compiled, tmp_path: Path) -> Iterator[Site]:
    """Both versions, served."""
    with faults.serving(tmp_path / "site") as served:
        made = Site(served=served, product=world.product())
        for text in (compiled.older, compiled.newer):
            published(made, compiled.archive(text), text)
        yield made


def run(home: Home, *words: str) -> subprocess.CompletedProcess[str]:
    command = [str(home.bin / "iterate"), *words]
    path = f"{home.bin}:{home.path}"
    return subprocess.run(
        command, env=home.environment(PATH=path), capture_output=True, text=True, check=False, timeout=60
    )


def test_it_is_installed_replaced_rolled_back_and_removed(site: Site, compiled: Compiled, tmp_path: Path) -> None:
    home = Home(folder=tmp_path / "home")
    for text in (compiled.older, compiled.newer):
        start = time.monotonic()
        done = home.run(site.script(text))
        assert (done.code, done.err) == (0, "")
        assert time.monotonic() - start < QUICKLY_S
        assert home.version() == text
    assert json.loads(run(home, "version", "--json").stdout)["method"] == "self"
    assert run(home, "run", "hello").stdout == "hello\n"
    assert run(home, "server", "stop").returncode == 0
    assert "already there and whole" in home.run(site.script(compiled.newer)).out
    back = run(home, "upgrade", "--rollback")
    assert back.returncode == 0, back.stderr
    assert (home.version(), home.previous()) == (compiled.older, compiled.newer)
    removed = run(home, "uninstall", "--yes")
    assert removed.returncode == 0, removed.stderr
    assert list(home.bin.iterdir()) == []
    assert (home.folder / ".bashrc").read_text() == ""
