"""Verifying looks at what is public, not at what was meant to be, and never counts a skipped check as passed."""

import asyncio
import json
import shutil
import socket
import tarfile
import threading
import zipfile
from collections.abc import Callable
from contextlib import ExitStack
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import override

import click
import pytest
from tests.release import project

from release import network, publish, shell, targets, verify
from release.errors import ConfigInvalidError, PortTakenError, SmokeTestError, WriteError
from release.model import Release
from release.verify import serve
from release.verify.check import Check, Job, Result, SkippedError, undoing

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
    folder = project.make(tmp_path)
    seen = checks(folder, public(folder))
    assert [name for name in seen if name.startswith("download")] == [f"download {name}" for name in project.SOME]
    assert {check.result for name, check in seen.items() if name.startswith("download")} == {Result.PASSED}
    assert seen["unpacked"].result is Result.PASSED
    assert "say fish" in seen["unpacked"].detail


def test_a_place_that_cannot_be_read_is_a_failed_row_and_everything_else_is_tried(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    release = public(folder)
    tap = folder / "dist" / "public" / "tap.git"
    shutil.rmtree(tap)
    tap.write_text("no repository")
    seen = checks(folder, release)
    assert seen["read homebrew"].result is Result.FAILED
    assert "tap.git" in seen["read homebrew"].detail
    assert not [name for name in seen if name.startswith("read ") and name != "read homebrew"]
    assert seen["unpacked"].result is Result.PASSED
    assert {check.result for name, check in seen.items() if name.startswith("download")} == {Result.PASSED}


def test_what_cannot_run_here_is_skipped_with_the_reason(tmp_path: Path) -> None:
    folder = project.make(tmp_path, targets=("darwin-arm64",))
    seen = checks(folder, public(folder), pacman=True)
    assert seen["unpacked"].result is Result.SKIPPED
    assert seen["pacman"].result is Result.SKIPPED
    assert seen["scoop"].result is Result.SKIPPED
    assert "Windows" in seen["scoop"].detail


WRONG: dict[str, tuple[Callable[[bytes], bytes | None], str]] = {
    "missing": (lambda _: None, "status 404"),
    "empty": (lambda _: b"", "0 bytes"),
    "cut": (lambda whole: whole[: len(whole) // 2], "released were"),
    "a page": (lambda _: b"<!doctype html><title>Not what you wanted</title>", "49 bytes"),
    "one byte longer": (lambda whole: whole + b"!", "released were"),
    "one byte shorter": (lambda whole: whole[:-1], "released were"),
    "another byte": (lambda whole: whole[:-1] + bytes([whole[-1] ^ 1]), "released were"),
    "other bytes of the same size": (lambda whole: bytes(len(whole)), "released were"),
}


@pytest.mark.parametrize("case", WRONG)
def test_an_archive_that_is_not_what_was_released_fails_and_is_never_unpacked(tmp_path: Path, case: str) -> None:
    here = [target.name for target in targets.native(targets.TARGETS)]
    folder = project.make(tmp_path, targets=(*here, "windows-arm64"))
    release = public(folder)
    change, reason = WRONG[case]
    for artifact in release.artifacts:
        path = next((folder / "dist" / "public" / "site").rglob(artifact.file))
        changed = change(path.read_bytes())
        path.unlink()
        if changed is not None:
            path.write_bytes(changed)
    seen = checks(folder, release)
    for name in (*here, "windows-arm64"):
        assert seen[f"download {name}"].result is Result.FAILED
        assert reason in seen[f"download {name}"].detail
    assert seen["unpacked"].result is Result.SKIPPED
    assert f"the download of {here[0]}" in seen["unpacked"].detail


def test_an_archive_that_came_well_is_tried_though_another_did_not_and_the_check_does_not_pass(tmp_path: Path) -> None:
    here = [target.name for target in targets.native(targets.TARGETS)]
    if len(here) < 2:
        pytest.skip("needs a machine that two targets run on")
    folder = project.make(tmp_path, targets=(here[0], here[1]))
    release = public(folder)
    next((folder / "dist" / "public" / "site").rglob(release.artifacts[0].file)).write_bytes(b"")
    seen = checks(folder, release)["unpacked"]
    assert seen.result is Result.SKIPPED
    assert f"the download of {here[0]} failed" in seen.detail
    assert "say fish" in seen.detail


def checked(installers: tuple[verify.Installer, ...], folder: Path, release: Release) -> list[Check]:
    """What verifying with these installers comes to, without the downloads."""
    otter = project.product(folder)
    local = otter.profiles["local"]
    made = verify.verify(otter, local, release, folder / "dist", progress=project.Quiet(), installers=installers)
    return [check for check in made if not check.name.startswith("download")]


def raising(error: BaseException) -> Callable[[Job], str]:
    def install(job: Job) -> str:
        (job.work / "left").write_text("something")
        raise error

    return install


@pytest.mark.parametrize(
    "error",
    [
        KeyError("a bug"),
        EOFError("cut"),
        zipfile.BadZipFile("no zip"),
        tarfile.ReadError("no tar"),
        click.Abort(),
        click.exceptions.Exit(3),
        SystemExit(3),
        OSError(28, "No space left on device"),
        RecursionError(),
        asyncio.CancelledError(),
        SmokeTestError("it does nothing", hint="look"),
        ExceptionGroup("several", [ValueError("one")]),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_an_installer_raises_is_a_failed_row_and_the_others_go_on(
    tmp_path: Path, error: BaseException
) -> None:
    folder = project.make(tmp_path, targets=("windows-arm64",))
    rows = checked((("first", raising(error)), ("second", lambda _: "well")), folder, public(folder))
    assert [row.result for row in rows] == [Result.FAILED, Result.PASSED]
    assert rows[0].detail


@pytest.mark.parametrize("error", [KeyboardInterrupt(), shell.TerminatedError(143)])
def test_a_request_to_end_ends_the_verifying(tmp_path: Path, error: BaseException) -> None:
    folder = project.make(tmp_path, targets=("windows-arm64",))
    release = public(folder)
    with pytest.raises(type(error)):
        checked((("first", raising(error)),), folder, release)


def test_what_a_check_left_behind_is_told_and_fails_it(tmp_path: Path) -> None:
    def install(job: Job) -> str:
        with undoing() as undo:
            undo.append(lambda: "left behind: a tap")
            undo.append(lambda: "")
            if job.work.exists():
                raise SkippedError("not here")
        return "well"

    def careless(job: Job) -> str:
        with undoing() as undo:
            undo.append(lambda: "left behind: a bucket")
        return "well"

    folder = project.make(tmp_path, targets=("windows-arm64",))
    rows = checked((("first", install), ("second", careless)), folder, public(folder))
    assert [row.result for row in rows] == [Result.FAILED, Result.FAILED]
    assert "not here\nleft behind: a tap" in rows[0].detail
    assert "left behind: a bucket" in rows[1].detail


def test_the_table_comes_out_as_json_too_when_a_check_fails(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    release = public(folder)
    for artifact in release.artifacts:
        next((folder / "dist" / "public" / "site").rglob(artifact.file)).write_bytes(b"<html>")
    done = project.command(folder, "verify", "--json", env=project.path_with(tmp_path / "bin", "git"))
    assert done.returncode == 70
    rows = {row["name"]: row["result"] for row in json.loads(done.stdout)}
    installers = {name for name, _ in verify.INSTALLERS}
    assert installers >= {"unpacked", "pacman", "brew", "scoop", "npm", "installer"}
    assert set(rows) == {*(f"download {name}" for name in project.SOME), "signed site", *installers}
    assert rows["download linux-x64"] == "failed"
    assert rows["unpacked"] == "skipped"


def test_a_program_that_breaks_its_promise_fails(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    release = public(folder)
    # After the build: a stand-in says what is expected when it is made.
    text = (folder / "release.toml").read_text().replace('expect = "fish"', 'expect = "whale"')
    (folder / "release.toml").write_text(text)
    seen = checks(folder, release)
    assert seen["unpacked"].result is Result.FAILED
    assert "without 'whale'" in seen["unpacked"].detail


def test_the_command_ends_with_the_code_of_a_failed_check_and_prints_the_table(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    public(folder)
    next((folder / "dist" / "public" / "site").rglob("*darwin-arm64.tar.gz")).unlink()
    done = project.command(folder, "verify", env=project.path_with(tmp_path / "bin", "git"))
    assert done.returncode == 70
    assert "download darwin-arm64" in done.stdout
    assert "FAILED" in done.stdout
    assert "1 failed" in done.stdout


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as taken:
        threading.Thread(target=taken.serve_forever, daemon=True).start()
        folder = project.make(tmp_path, port=taken.server_address[1])
        release = public(folder)
        with pytest.raises(PortTakenError, match="taken by another program") as refused:
            checks(folder, release)
        assert "archive_url" in refused.value.hint
        taken.shutdown()


def test_what_has_the_port_and_says_nothing_yet_is_asked_again(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    public(folder)
    profile = project.product(folder).profiles["local"]
    with socket.socket() as beginning:
        beginning.bind(("127.0.0.1", serve.port(profile)))
        beginning.listen()

        class Ending(project.Quiet):
            @override
            def now(self, text: str, done: int = 0, total: int = 0, unit: str = "") -> None:
                beginning.close()

        with serve.serving(profile, folder / "dist", Ending()):
            assert network.server_at(f"http://127.0.0.1:{serve.port(profile)}/") == serve.SERVER


def test_another_run_of_the_tool_is_waited_for_but_not_for_ever(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    public(folder)
    profile, dist = project.product(folder).profiles["local"], folder / "dist"
    with ExitStack() as other:
        other.enter_context(serve.serving(profile, dist, project.Quiet()))
        with (
            pytest.raises(PortTakenError, match="another run of this tool still serves"),
            serve.serving(profile, dist, project.Quiet(), patience=0),
        ):
            pass

        class Ending(project.Quiet):
            @override
            def now(self, text: str, done: int = 0, total: int = 0, unit: str = "") -> None:
                assert text.startswith("waiting for another run of this tool")
                other.close()

        with serve.serving(profile, dist, Ending()):
            assert network.server_at(f"http://127.0.0.1:{serve.port(profile)}/") == serve.SERVER


def test_nothing_published_yet_is_named(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    with pytest.raises(WriteError, match="is not there"):
        checks(folder, project.released(folder))


def test_local_outlets_are_served_on_the_loopback_address_only(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    text = (folder / "release.toml").read_text()
    assert "http://127.0.0.1:" in text
    text = text.replace("http://127.0.0.1:", "http://0.0.0.0:")
    (folder / "release.toml").write_text(text)
    profile = project.product(folder).profiles["local"]
    with pytest.raises(ConfigInvalidError), serve.serving(profile, folder / "dist", project.Quiet()):
        pass


def test_serving_ends_with_its_block(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    public(folder)
    profile = project.product(folder).profiles["local"]
    before = threading.active_count()
    with serve.serving(profile, folder / "dist", project.Quiet()):
        assert threading.active_count() > before
    assert threading.active_count() == before
