"""Verifying looks at what is public, not at what was meant to be, and never counts a skipped check as passed."""

import socket
import threading
from pathlib import Path

import pytest
from tests.release import project

from release import network, publish, verify
from release.errors import ConfigInvalidError, PortTakenError, WriteError
from release.model import Release
from release.verify import serve
from release.verify.check import Check, Result

pytestmark = pytest.mark.processes


def public(folder: Path) -> Release:
    release = project.released(folder)
    otter = project.product(folder)
    publish.publish(otter, otter.profiles["local"], release, folder / "dist")
    return release


def checks(folder: Path, release: Release, *, pacman: bool = False) -> dict[str, Check]:
    otter = project.product(folder)
    made = verify.verify(
        otter,
        otter.profiles["local"],
        release,
        folder / "dist",
        progress=project.Quiet(),
        installers=tuple(row for row in verify.INSTALLERS if row[0] != "pacman" or pacman),
    )
    return {check.name: check for check in made}


def test_every_archive_is_downloaded_and_what_runs_here_is_run(tmp_path: Path) -> None:
    folder = project.make(tmp_path, port=network.free_port())
    seen = checks(folder, public(folder))
    assert [name for name in seen if name.startswith("download")] == [f"download {name}" for name in project.SOME]
    assert {check.result for name, check in seen.items() if name.startswith("download")} == {Result.PASSED}
    assert seen["unpacked"].result is Result.PASSED
    assert "say fish" in seen["unpacked"].detail


def test_what_cannot_run_here_is_skipped_with_the_reason(tmp_path: Path) -> None:
    folder = project.make(tmp_path, port=network.free_port(), targets=("darwin-arm64",))
    seen = checks(folder, public(folder), pacman=True)
    assert seen["unpacked"].result is Result.SKIPPED
    assert seen["pacman"].result is Result.SKIPPED
    assert seen["scoop"].result is Result.SKIPPED
    assert "Windows" in seen["scoop"].detail


def test_a_changed_download_fails_and_is_not_installed_as_if_nothing_were(tmp_path: Path) -> None:
    folder = project.make(tmp_path, port=network.free_port())
    release = public(folder)
    path = next((folder / "dist" / "public" / "site").rglob("*darwin-arm64.tar.gz"))
    path.write_bytes(path.read_bytes() + b"!")
    seen = checks(folder, release)
    assert seen["download darwin-arm64"].result is Result.FAILED
    assert seen["download linux-x64"].result is Result.PASSED


def test_a_missing_download_fails(tmp_path: Path) -> None:
    folder = project.make(tmp_path, port=network.free_port())
    release = public(folder)
    next((folder / "dist" / "public" / "site").rglob("*darwin-arm64.tar.gz")).unlink()
    assert "status 404" in checks(folder, release)["download darwin-arm64"].detail


def test_a_program_that_breaks_its_promise_fails(tmp_path: Path) -> None:
    folder = project.make(tmp_path, port=network.free_port())
    text = (folder / "release.toml").read_text().replace('expect = "fish"', 'expect = "whale"')
    (folder / "release.toml").write_text(text)
    project.commit(folder, "promise")
    seen = checks(folder, public(folder))
    assert seen["unpacked"].result is Result.FAILED
    assert "without 'whale'" in seen["unpacked"].detail


def test_the_command_ends_with_the_code_of_a_failed_check_and_prints_the_table(tmp_path: Path) -> None:
    folder = project.make(tmp_path, port=network.free_port())
    public(folder)
    next((folder / "dist" / "public" / "site").rglob("*darwin-arm64.tar.gz")).unlink()
    done = project.command(folder, "verify", env=project.path_with(tmp_path / "bin", "git"))
    assert done.returncode == 70
    assert "download darwin-arm64" in done.stdout
    assert "FAILED" in done.stdout
    assert "1 failed" in done.stdout


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        folder = project.make(tmp_path, port=taken.getsockname()[1])
        release = public(folder)
        with pytest.raises(PortTakenError):
            checks(folder, release)


def test_nothing_published_yet_is_named(tmp_path: Path) -> None:
    folder = project.make(tmp_path, port=network.free_port())
    with pytest.raises(WriteError, match="is not there"):
        checks(folder, project.released(folder))


def test_local_outlets_are_served_on_the_loopback_address_only(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    text = (folder / "release.toml").read_text().replace("http://127.0.0.1:8642", "http://0.0.0.0:8642")
    (folder / "release.toml").write_text(text)
    profile = project.product(folder).profiles["local"]
    with pytest.raises(ConfigInvalidError), serve.serving(profile, folder / "dist"):
        pass


def test_serving_ends_with_its_block(tmp_path: Path) -> None:
    folder = project.make(tmp_path, port=network.free_port())
    public(folder)
    profile = project.product(folder).profiles["local"]
    before = threading.active_count()
    with serve.serving(profile, folder / "dist"):
        assert threading.active_count() > before
    assert threading.active_count() == before
