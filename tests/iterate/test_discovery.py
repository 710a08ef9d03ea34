"""The discovery file, as commands read it."""

import json
import os
import socket
import stat
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.iterate.conftest import eventually
from tests.iterate.rival import Rival

from iterate import discovery
from iterate.discovery import Announcement
from iterate.errors import StateUnusable
from iterate.processes import Origin

ANNOUNCED = Announcement("http://127.0.0.1:1", 1, "v", "s")
posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps the profile private, and has no such files")


def write(file: Path, announcement: dict[str, object]) -> None:
    file.write_text(json.dumps(announcement))
    file.chmod(0o600)


def test_nobody_there_is_none(tmp_path: Path) -> None:
    assert discovery.look(tmp_path / "nothing") is None


def test_a_live_announcement_is_found_and_a_killed_one_is_not(tmp_path: Path) -> None:
    with Rival(tmp_path / "state") as rival:
        assert discovery.look(tmp_path / "state") == ANNOUNCED
        with discovery.watch(tmp_path / "state") as live:
            assert live is not None
            assert not live.ended()
            rival.process.kill()
            rival.process.wait()
            eventually(live.ended)
    assert (tmp_path / "state" / "server.json").exists()
    assert discovery.look(tmp_path / "state") is None


@pytest.mark.systems("linux", "darwin")
def test_many_who_look_at_once_do_not_take_each_other_for_a_server(tmp_path: Path) -> None:
    write(tmp_path / "server.json", json.loads(ANNOUNCED.to_json()))
    found: list[Announcement | None] = []

    def look() -> None:
        found.extend(discovery.look(tmp_path) for _ in range(200))

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 800
    assert set(found) == {None}


def test_the_file_of_a_newer_server_is_read_and_its_new_fields_are_passed_over(tmp_path: Path) -> None:
    fields = json.loads(ANNOUNCED.to_json()) | {"protocol": 99, "color": "blue", "limits": {"a": [1]}, "boot": 7}
    with Rival(tmp_path, text=json.dumps(fields)):
        assert discovery.look(tmp_path) == ANNOUNCED._replace(protocol=99)


def test_the_file_of_an_older_server_without_protocol_and_origin_is_protocol_1(tmp_path: Path) -> None:
    fields = {"url": "http://127.0.0.1:1", "pid": 1, "version": "v", "secret": "s"}
    with Rival(tmp_path, text=json.dumps(fields)):
        assert discovery.look(tmp_path) == ANNOUNCED._replace(protocol=1, origin=Origin())


@pytest.mark.parametrize(
    "harm",
    [
        {"url": 1},
        {"url": "http://127.0.0.1"},
        {"url": "http://127.0.0.1:x"},
        {"url": "https://127.0.0.1:1"},
        {"url": "http://a:1:2"},
        {"url": "http://::1:80"},
        {"pid": "1"},
        {"pid": None},
        {"secret": None},
        {"protocol": "2"},
        {"version": []},
    ],
)
def test_an_announcement_that_makes_no_sense_is_no_server(tmp_path: Path, harm: dict[str, object]) -> None:
    with Rival(tmp_path, text=json.dumps(json.loads(ANNOUNCED.to_json()) | harm)):
        assert discovery.look(tmp_path) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 40_000, '"' + "x" * 70_000 + '"'])
def test_a_text_that_is_no_announcement_is_no_server(tmp_path: Path, text: str) -> None:
    with Rival(tmp_path, text=text):
        assert discovery.look(tmp_path) is None


def make_socket(path: Path) -> None:
    # The path of a socket may have 107 bytes, so it is made where it is called by its name alone.
    before = Path.cwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(before)


def make_pipe(path: Path) -> None:
    os.mkfifo(path, 0o600)


def make_link(path: Path) -> None:
    write(path.with_name("elsewhere"), json.loads(ANNOUNCED.to_json()))
    path.symlink_to("elsewhere")


@posix
@pytest.mark.parametrize("make", [make_pipe, make_socket, make_link, Path.mkdir])
def test_what_is_no_regular_file_is_no_server_and_nobody_waits_for_it(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    make(tmp_path / "server.json")
    assert discovery.look(tmp_path) is None


@pytest.mark.systems("linux", "darwin")
@posix
def test_a_file_that_others_may_read_or_that_is_somebody_elses_is_not_trusted(tmp_path: Path) -> None:
    with Rival(tmp_path):
        (tmp_path / "server.json").chmod(0o640)
        assert discovery.look(tmp_path) is None
        (tmp_path / "server.json").chmod(0o600)
        assert discovery.look(tmp_path) == ANNOUNCED
        if os.geteuid() == 0:
            os.chown(tmp_path / "server.json", 12345, -1)
            assert discovery.look(tmp_path) is None


@pytest.mark.systems("linux", "darwin")
@posix
def test_an_open_state_folder_is_closed(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o755)
    discovery.prepare(state)
    assert stat.S_IMODE(state.stat().st_mode) == 0o700


def test_a_state_folder_that_is_a_file_is_a_named_failure(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    for call in (discovery.prepare, discovery.look):
        with pytest.raises(StateUnusable, match="state"):
            call(tmp_path / "state")
