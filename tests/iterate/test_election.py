"""Electing the one server, announcing it, and taking turns to start it."""

import errno
import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.iterate.conftest import eventually
from tests.iterate.rival import Rival
from tests.repository import ROOT

from iterate import discovery, election, processes
from iterate.discovery import Announcement
from iterate.errors import AlreadyRunning, ServerElsewhere, StateUnusable

ANNOUNCED = Announcement("http://127.0.0.1:1", 1, "v", "s")

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs signals, limits and modes of POSIX")


def never() -> bool:
    return False


def test_a_claim_is_refused_while_another_lives(tmp_path: Path) -> None:
    with Rival(tmp_path), pytest.raises(AlreadyRunning, match=r"at http://127\.0\.0\.1:1"):
        election.claim(tmp_path, patience=5)


def test_a_claim_that_is_never_announced_is_waited_for_and_then_refused(tmp_path: Path) -> None:
    with Rival(tmp_path):
        (tmp_path / "server.json").unlink()
        with pytest.raises(AlreadyRunning, match="does not say where"):
            election.claim(tmp_path, patience=0.1)


def test_whoever_holds_the_election_says_which_process_it_is(tmp_path: Path) -> None:
    assert election.holder_of(tmp_path) is None
    with Rival(tmp_path) as rival:
        holder = election.holder_of(tmp_path)
        assert holder is not None
        # On Windows the interpreter of an environment is a small program that starts the real one.
        assert holder.pid == rival.process.pid or sys.platform == "win32"
        assert holder.origin._replace(started="") == processes.here()._replace(started="")
    eventually(lambda: election.holder_of(tmp_path) is None)


@pytest.mark.parametrize("difference", [{"boot": "another"}, {"net_namespace": "net:[1]"}])
def test_a_holder_on_another_machine_is_told_at_once(tmp_path: Path, difference: dict[str, str]) -> None:
    with Rival(tmp_path):
        if "boot" in difference and not processes.here().boot:
            pytest.skip("this system does not tell one boot from another")
        if "net_namespace" in difference and not processes.here().net_namespace:
            pytest.skip("this system has no network namespaces")
        there = processes.here()._replace(host="far", **difference)
        (tmp_path / "server.lock").write_text(json.dumps({"pid": 7, **there._asdict()}))
        begun = time.monotonic()
        with pytest.raises(ServerElsewhere, match="far"):
            election.claim(tmp_path, patience=60)
        assert time.monotonic() - begun < 20


def test_a_withdrawn_server_makes_room_at_once_while_its_end_can_still_be_waited_for(tmp_path: Path) -> None:
    with Rival(tmp_path) as rival, discovery.watch(tmp_path) as live:
        assert live is not None
        rival.withdraw()
        assert not (tmp_path / "server.json").exists()
        (left,) = discovery.leaving(tmp_path)
        with discovery.watch(tmp_path, left) as leaving:
            assert leaving is not None
            assert leaving.announcement == live.announcement
        claim = election.claim(tmp_path, patience=0)
        assert not live.ended()
        rival.process.kill()
        rival.process.wait()
        eventually(live.ended)
        claim.release()


@pytest.mark.systems("linux", "darwin")
@posix
def test_an_announcement_is_private_whatever_the_umask_and_leaves_no_temporary_file(tmp_path: Path) -> None:
    for number, umask in enumerate((0, 0o777)):
        state = tmp_path / str(number) / "deep" / "state"
        old = os.umask(umask)
        try:
            claim = election.claim(state, patience=0)
            claim.announce(ANNOUNCED)
        finally:
            os.umask(old)
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in state.iterdir()}
        assert modes == {"server.json": 0o600, "server.lock": 0o600}
        assert stat.S_IMODE(state.stat().st_mode) == 0o700
        assert stat.S_IMODE(state.parent.stat().st_mode) == 0o700
        assert stat.S_IMODE(state.parent.parent.stat().st_mode) == 0o700
        claim.release()


def test_an_announcement_that_fails_leaves_no_file_with_a_secret_in_it(tmp_path: Path) -> None:
    # A folder in the way cannot be replaced by a file.
    (tmp_path / "server.json").mkdir()
    claim = election.claim(tmp_path, patience=0)
    with pytest.raises(StateUnusable, match=r"server\.json"):
        claim.announce(ANNOUNCED)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["server.json", "server.lock"]


WRITE_NOTHING = """
import signal, sys
from pathlib import Path
from tests import limits
from iterate import discovery, election
from iterate.errors import StateUnusable
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
state = Path(sys.argv[1])
claim = election.claim(state, patience=0)
try:
    with limits.files_of(20):
        claim.announce(discovery.Announcement("http://127.0.0.1:1", 1, "v", "s"))
except StateUnusable as problem:
    print(problem)
print(sorted(path.name for path in state.iterdir()))
"""


@posix
def test_an_announcement_that_fits_in_part_fails_and_leaves_nothing(tmp_path: Path) -> None:
    # Twenty bytes per file are all that this process may write: as on a full disk, the first write is cut short.
    done = subprocess.run(
        [sys.executable, "-c", WRITE_NOTHING, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        f"{tmp_path / 'server.json'}: {os.strerror(errno.EFBIG)}",
        "['server.lock']",
    ]


def test_what_a_killed_server_left_half_written_is_removed_by_the_next(tmp_path: Path) -> None:
    (tmp_path / "server.json.123").write_text("secret")
    (tmp_path / "start.lock.12ab").write_text("")
    (tmp_path / "leaving.123.ab").write_text("secret")
    claim = election.claim(tmp_path, patience=0)
    assert [path.name for path in tmp_path.iterdir()] == ["server.lock"]
    claim.release()


@pytest.mark.systems("linux", "darwin")
@posix
@pytest.mark.parametrize("harm", ["text", "mode", "removed", "replaced"])
def test_a_server_notices_any_change_to_its_file(tmp_path: Path, harm: str) -> None:
    claim = election.claim(tmp_path, patience=0)
    claim.announce(ANNOUNCED)
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
    assert claim.is_exposed() == (harm == "mode")
    claim.withdraw()
    assert file.exists() == (harm != "removed")


def test_starting_lets_in_one_at_a_time_while_it_moves_on(tmp_path: Path) -> None:
    with Starter(tmp_path):
        begun = time.monotonic()
        with election.starting(tmp_path, patience=0.3, is_settled=never):
            assert time.monotonic() - begun >= 0.3
    begun = time.monotonic()
    with election.starting(tmp_path, patience=60, is_settled=never):
        assert time.monotonic() - begun < 20


def test_waiting_for_ones_turn_ends_when_a_server_is_there(tmp_path: Path) -> None:
    with Starter(tmp_path):
        begun = time.monotonic()
        with election.starting(tmp_path, patience=60, is_settled=lambda: time.monotonic() - begun > 0.1):
            assert time.monotonic() - begun < 20


@posix
def test_whoever_sleeps_with_the_lock_loses_it_once_for_all(tmp_path: Path) -> None:
    with Starter(tmp_path) as sleeper:
        sleeper.process.send_signal(signal.SIGSTOP)
        with election.starting(tmp_path, patience=0.1, is_settled=never):
            # The lock is ours now, to others too, and free again afterwards.
            begun = time.monotonic()
            with election.starting(tmp_path, patience=0.4, is_settled=never):
                assert time.monotonic() - begun >= 0.4
        begun = time.monotonic()
        with election.starting(tmp_path, patience=60, is_settled=never):
            assert time.monotonic() - begun < 20
    assert [path.name for path in tmp_path.iterdir()] == ["start.lock"]


class Starter(Rival):
    """A command that holds the lock for starting."""

    HOLD = """
import sys
from pathlib import Path
from iterate import election
with election.starting(Path(sys.argv[1]), patience=0, is_settled=lambda: False):
    print("holding", flush=True)
    sys.stdin.read()
"""

    def __init__(self, state: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", self.HOLD, str(state)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == b"holding\n"
