"""The discovery file and the locks."""

import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Self

import pytest

from iterate import discovery
from iterate.discovery import Announcement
from iterate.errors import AlreadyRunning, StartTimedOut, StateUnusable

# Another process, because a lock is seen by others only: it announces, says so, and waits to be ended.
ANNOUNCE = """
import sys
from pathlib import Path
from typing import Self
from iterate import discovery
claim = discovery.claim(Path(sys.argv[1]), patience=0)
claim.announce(discovery.Announcement(url="http://127.0.0.1:1", pid=1, version="v", secret="s"))
print("announced", flush=True)
sys.stdin.read()
claim.withdraw()
"""


class Rival:
    """A server's part in another process."""

    def __init__(self, state: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", ANNOUNCE, str(state)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == b"announced\n"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()


def test_nobody_there_is_none(tmp_path: Path) -> None:
    assert discovery.look(tmp_path / "nothing") is None


def test_a_live_announcement_is_found_and_a_killed_one_is_not(tmp_path: Path) -> None:
    with Rival(tmp_path / "state") as rival:
        assert discovery.look(tmp_path / "state") == Announcement("http://127.0.0.1:1", 1, "v", "s")
        with discovery.watch(tmp_path / "state") as live:
            assert live is not None
            assert not live.ended()
            rival.process.kill()
            rival.process.wait()
            assert live.ended()
    assert (tmp_path / "state" / "server.json").exists()
    assert discovery.look(tmp_path / "state") is None


def test_a_claim_is_refused_while_another_lives(tmp_path: Path) -> None:
    with Rival(tmp_path), pytest.raises(AlreadyRunning, match=r"at http://127\.0\.0\.1:1"):
        discovery.claim(tmp_path, patience=5)


def test_a_claim_that_is_never_announced_is_waited_for_and_then_refused(tmp_path: Path) -> None:
    with Rival(tmp_path):
        (tmp_path / "server.json").unlink()
        with pytest.raises(AlreadyRunning, match="does not say where"):
            discovery.claim(tmp_path, patience=0.1)


def test_withdrawing_removes_only_ones_own(tmp_path: Path) -> None:
    with Rival(tmp_path) as rival:
        rival.process.communicate(b"")
        assert not (tmp_path / "server.json").exists()


def test_many_who_look_at_once_do_not_take_each_other_for_a_server(tmp_path: Path) -> None:
    left_over = Announcement("http://127.0.0.1:1", 1, "v", "s")
    file = tmp_path / "server.json"
    file.write_text(json.dumps(left_over._asdict()))
    file.chmod(0o600)
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


def test_an_announcement_is_private_and_leaves_no_temporary_file(tmp_path: Path) -> None:
    claim = discovery.claim(tmp_path, patience=0)
    old = os.umask(0)
    try:
        claim.announce(Announcement("http://127.0.0.1:1", os.getpid(), "v", "s"))
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "server.json").stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["server.json", "server.lock"]


@pytest.mark.parametrize("harm", ["text", "mode", "removed", "replaced"])
def test_a_server_notices_any_change_to_its_file(tmp_path: Path, harm: str) -> None:
    claim = discovery.claim(tmp_path, patience=0)
    claim.announce(Announcement("http://127.0.0.1:1", 1, "v", "s"))
    assert claim.is_intact()
    file = tmp_path / "server.json"
    match harm:
        case "text":
            file.write_text(file.read_text().replace("127", "128"))
        case "mode":
            file.chmod(0o640)
        case "removed":
            file.unlink()
        case _:
            copy = tmp_path / "copy"
            copy.write_bytes(file.read_bytes())
            copy.chmod(0o600)
            copy.replace(file)
    assert not claim.is_intact()
    claim.withdraw()
    assert file.exists() == (harm != "removed")


def test_starting_lets_in_one_at_a_time(tmp_path: Path) -> None:
    with (
        discovery.starting(tmp_path, patience=1),
        pytest.raises(StartTimedOut),
        discovery.starting(tmp_path, patience=0.05),
    ):
        pass
    with discovery.starting(tmp_path, patience=0):
        pass


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
