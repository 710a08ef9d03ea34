"""The installer through its public address: published, run, tried, removed; and nothing is run that is not ours."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.release import project

from release import network, publish, verify
from release.model import Outcome, Release
from release.verify.check import Check, Result

pytestmark = [
    pytest.mark.processes,
    pytest.mark.systems("linux", "darwin"),
    pytest.mark.skipif(shutil.which("curl") is None and shutil.which("wget") is None, reason="needs curl or wget"),
]
PROFILE = 'channel = "file:public/site"\n\n[profiles.far]'
SCRIPT = "dist/public/site/dev/install.sh"


@dataclass(frozen=True, slots=True, kw_only=True)
class Public:
    """A project whose release is published with an installer."""

    folder: Path
    release: Release

    def publish(self, release: Release) -> Outcome:
        """Publish, and say what became of the installer."""
        otter = project.product(self.folder)
        done = publish.publish(otter, otter.profiles["local"], release, self.folder / "dist")
        assert done.failures == ()
        (outcome,) = (receipt.outcome for receipt in done.receipts if receipt.outlet == "installer")
        return outcome

    def verify(self, release: Release) -> Check:
        """What the check of the installer came to."""
        otter = project.product(self.folder)
        rows = [row for row in verify.INSTALLERS if row[0] == "installer"]
        made = verify.verify(
            otter,
            otter.profiles["local"],
            release,
            self.folder / "dist",
            progress=project.Quiet(),
            installers=tuple(rows),
        )
        (found,) = (check for check in made if check.name == "installer")
        return found


@pytest.fixture
def public(tmp_path: Path) -> Public:
    port = network.free_port()
    folder = project.make(tmp_path / "otter", port=port)
    config = folder / "release.toml"
    text = config.read_text()
    assert PROFILE in text
    text = text.replace(PROFILE, PROFILE.replace("\n\n", '\ninstaller = "file:public/site"\n\n'))
    text = text.replace("[homebrew]", '[channel]\nkeys = "keys"\n\n[homebrew]', 1)
    text = text.replace('serve = "public"', f'serve = "public"\nsites = ["http://127.0.0.1:{port}/site/"]')
    config.write_text(text)
    project.commit(folder, "an installer")
    made = Public(folder=folder, release=project.released(folder))
    assert made.publish(made.release) is Outcome.PUSHED
    return made


def test_the_served_script_installs_what_was_released(public: Public) -> None:
    check = public.verify(public.release)
    assert check.result is Result.PASSED, check.detail
    assert "say fish" in check.detail
    assert "again (already there); removed" in check.detail
    # It carries the root that its site is signed under.
    assert "\nROOT='{" in (public.folder / SCRIPT).read_text()


def test_publishing_again_changes_nothing_also_when_the_templates_have_changed(public: Public) -> None:
    beside = public.folder / "dist" / "public" / "site" / f"v{project.VERSION}" / "install.sh"
    before = beside.read_bytes()
    assert public.publish(public.release) is Outcome.UNCHANGED
    template = project.eject(public.folder, "installer/install.sh")
    template.write_text(template.read_text().replace("set -u\n", "set -u # always\n", 1))
    assert public.publish(public.release) is Outcome.PUSHED
    assert beside.read_bytes() == before
    assert (public.folder / SCRIPT).read_bytes() != before


def test_a_channel_s_installer_does_not_go_back(public: Public) -> None:
    project.commit(public.folder, "newer", when=project.WHEN + 3600)
    newer = project.released(public.folder)
    assert public.publish(newer) is Outcome.PUSHED
    served = (public.folder / SCRIPT).read_bytes()
    shutil.rmtree(public.folder / "dist" / "artifacts")
    project.git(public.folder, "reset", "-q", "--hard", "HEAD~1")
    older = project.released(public.folder)
    assert public.publish(older) is Outcome.KEPT_NEWER
    assert (public.folder / SCRIPT).read_bytes() == served
    check = public.verify(older)
    assert check.result is Result.SKIPPED
    assert "newer" in check.detail


def test_a_script_that_is_not_ours_is_not_run(public: Public, tmp_path: Path) -> None:
    script = public.folder / SCRIPT
    script.write_text(f"#!/bin/sh\ntouch {tmp_path / 'ran'}\n")
    check = public.verify(public.release)
    assert check.result is Result.FAILED
    assert "is not what this release renders" in check.detail
    assert not (tmp_path / "ran").exists()
    script.unlink()
    assert "status 404" in public.verify(public.release).detail


def test_nothing_is_installed_whose_download_failed(public: Public) -> None:
    for archive in (public.folder / "dist" / "public" / "site").rglob("*.tar.gz"):
        archive.write_bytes(archive.read_bytes() + b"!")
    check = public.verify(public.release)
    assert check.result is Result.SKIPPED
    assert "the download of" in check.detail
