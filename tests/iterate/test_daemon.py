"""Electing, starting, replacing and stopping the per-user server, with real processes."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from tests.iterate.conftest import eventually
from tests.iterate.rival import Rival

from iterate import discovery, errors
from iterate.discovery import Announcement
from iterate.processes import Origin

pytestmark = pytest.mark.processes

if TYPE_CHECKING:
    from tests.iterate.conftest import World


def test_twenty_commands_at_once_on_a_cold_machine_share_one_server(world: "World") -> None:
    with ThreadPoolExecutor(20) as pool:
        results = list(pool.map(lambda number: world.run("run", f"hello {number}"), range(20)))
    assert [(done.returncode, done.stdout, done.stderr) for done in results] == [
        (0, f"hello {number}\n".encode(), b"") for number in range(20)
    ]
    assert world.servers() == [world.announced().pid]


def test_a_started_server_is_announced_to_this_user_alone(world: "World") -> None:
    assert world.run("server", "start").returncode == 0
    file = world.state / "server.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(world.state.stat().st_mode) == 0o700
    assert stat.S_IMODE((world.state / "server.log").stat().st_mode) == 0o600
    assert list(json.loads(file.read_bytes())) == [*Announcement._fields[:-1], *Origin._fields]
    assert sorted(path.name for path in world.state.iterdir()) == [
        "server.json",
        "server.lock",
        "server.log",
        "start.lock",
    ]


def test_a_started_server_is_cut_off_from_the_terminal_and_the_folder(world: "World") -> None:
    world.run("server", "start")
    process = psutil.Process(world.announced().pid)
    assert os.getsid(process.pid) == process.pid
    assert process.cwd() == str(world.home)
    assert Path(f"/proc/{process.pid}/fd/0").readlink() == Path("/dev/null")
    assert Path(f"/proc/{process.pid}/fd/1").readlink() == world.state / "server.log"


def test_an_idle_server_stays_small(world: "World") -> None:
    world.run("run", "hello")
    assert psutil.Process(world.announced().pid).memory_info().rss < 70_000_000


def test_after_kill_9_the_next_command_starts_another(world: "World") -> None:
    world.run("run", "one")
    first = world.announced()
    os.kill(first.pid, signal.SIGKILL)
    done = world.run("run", "two")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"two\n", b"")
    assert world.announced().pid != first.pid
    assert world.announced().secret != first.secret


def test_a_left_over_file_is_not_believed_even_if_its_process_id_lives_and_its_port_answers(world: "World") -> None:
    discovery.prepare(world.state)
    with socket.create_server(("127.0.0.1", 0)) as trap:
        trap.settimeout(0.2)
        left_over = {
            "url": f"http://127.0.0.1:{trap.getsockname()[1]}",
            "pid": os.getpid(),
            "version": "0.0.0-source",
            "secret": "old",
        }
        file = world.state / "server.json"
        file.write_text(json.dumps(left_over))
        file.chmod(0o600)
        assert world.run("server", "status").returncode == errors.NotRunning.exit_code
        assert world.run("server", "stop").stdout == b"no server was running\n"
        assert world.run("run", "hello").stdout == b"hello\n"
        with pytest.raises(TimeoutError):
            trap.accept()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'{"url": 1}', b"null"])
def test_a_corrupted_left_over_file_is_replaced(world: "World", content: bytes) -> None:
    discovery.prepare(world.state)
    (world.state / "server.json").write_bytes(content)
    assert world.run("run", "hello").stdout == b"hello\n"


def test_a_live_server_whose_file_is_damaged_ends_and_makes_room(world: "World") -> None:
    world.run("server", "start")
    first = world.announced().pid
    (world.state / "server.json").write_bytes(b"damaged")
    done = world.run("run", "hello")
    assert (done.returncode, done.stdout) == (0, b"hello\n")
    assert world.announced().pid != first
    eventually(lambda: world.servers() == [world.announced().pid])


def test_a_server_whose_secret_others_can_read_is_not_used_any_more(world: "World") -> None:
    world.run("server", "start")
    first = world.announced()
    (world.state / "server.json").chmod(0o644)
    done = world.run("run", "hello")
    assert (done.returncode, done.stdout) == (0, b"hello\n")
    assert world.announced().secret != first.secret


def test_a_server_whose_state_folder_vanished_ends(world: "World") -> None:
    child, _ = world.serve()
    for path in world.state.iterdir():
        path.unlink()
    assert child.wait(10) == 0


def test_stop_is_idempotent_and_leaves_no_file(world: "World") -> None:
    world.run("server", "start")
    pid = world.announced().pid
    done = world.run("server", "stop")
    assert (done.returncode, done.stdout) == (0, f"iterate server stopped (pid {pid})\n".encode())
    assert not (world.state / "server.json").exists()
    again = world.run("server", "stop", "--json")
    assert (again.returncode, json.loads(again.stdout)) == (0, {"stopped": False, "pid": None, "killed": False})
    assert world.servers() == []


def test_start_is_idempotent_and_restart_is_a_new_server(world: "World") -> None:
    first = json.loads(world.run("server", "start", "--json").stdout)
    assert json.loads(world.run("server", "start", "--json").stdout) == first
    second = json.loads(world.run("server", "restart", "--json").stdout)
    assert second["pid"] != first["pid"]
    eventually(lambda: world.servers() == [second["pid"]])
    assert list(second) == ["running", "url", "pid", "version"]


def test_status_says_where_or_exits_with_its_own_code(world: "World") -> None:
    none = world.run("server", "status")
    assert (none.returncode, none.stdout) == (3, b"no server is running\n")
    assert json.loads(world.run("server", "status", "--json").stdout) == {"running": False}
    world.run("server", "start")
    status = world.run("server", "status", "--json")
    assert status.returncode == 0
    assert json.loads(status.stdout)["pid"] == world.announced().pid


def test_a_server_that_was_stopped_is_woken_up_to_end_in_order(world: "World") -> None:
    child, _ = world.serve()
    child.send_signal(signal.SIGSTOP)
    assert b"not answering" in world.run("server", "status").stdout
    stopped = world.run("server", "stop", "--json", variables={"ITERATE_STOP_TIMEOUT": "5"})
    assert json.loads(stopped.stdout) == {"stopped": True, "pid": child.pid, "killed": False}
    assert child.wait(5) == 0


def test_a_restart_while_a_prompt_runs_lets_it_finish(world: "World") -> None:
    world.run("server", "start")
    running = world.start("run", "--model", "echo/slow", "a b c d e f")
    assert running.stdout is not None
    assert running.stdout.read(1) == b"a"
    assert world.run("server", "restart").returncode == 0
    assert running.communicate()[0] == b" b c d e f\n"
    assert running.returncode == 0


def test_a_server_that_cannot_start_shows_the_end_of_its_log(world: "World") -> None:
    discovery.prepare(world.state)
    (world.state / "server.lock").mkdir()
    done = world.run("run", "hello")
    assert done.returncode == errors.StartFailed.exit_code
    assert b"server.lock" in done.stderr
    assert done.stderr.count(b"error: ") == 2
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("words", [("run", "hello"), ("server", "start"), ("serve",), ("server", "stop")])
def test_a_state_folder_that_cannot_be_made_is_a_named_error(world: "World", words: tuple[str, ...]) -> None:
    # A file where the folder should be stops even root.
    world.state.parent.write_text("in the way")
    done = world.run(*words)
    assert done.returncode == errors.StateUnusable.exit_code
    assert done.stderr.startswith(b"error: ")
    assert b"\nhint: make the folder writable" in done.stderr


@pytest.mark.parametrize("words", [("run", "hello"), ("server", "status"), ("serve",)])
def test_without_any_home_there_is_a_named_error(world: "World", words: tuple[str, ...]) -> None:
    variables = {"HOME": "", "XDG_STATE_HOME": "relative/path", "XDG_DATA_HOME": ""}
    done = world.run(*words, variables=variables)
    assert done.returncode == errors.NoHome.exit_code
    assert b"hint: set HOME" in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can use the folders of another user")
@pytest.mark.parametrize("words", [("run", "hello"), ("server", "start"), ("serve",), ("server", "stop")])
def test_the_home_of_another_user_is_refused_before_anything_is_written(world: "World", words: tuple[str, ...]) -> None:
    os.chown(world.home, 12345, 12345)
    for variables in ({}, {"XDG_STATE_HOME": "", "XDG_DATA_HOME": ""}):
        done = world.run(*words, variables=variables)
        assert done.returncode == errors.HomeForeign.exit_code
        assert b"12345" in done.stderr
        assert b"\nhint: run it as that user" in done.stderr
    assert list(world.home.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can use the folders of another user")
def test_the_server_of_another_user_is_neither_used_nor_ended_by_root(world: "World") -> None:
    with Rival(world.state) as rival:
        for path in (world.home, world.state.parent, world.state, *world.state.iterdir()):
            os.chown(path, 12345, 12345)
        for words in (("run", "hello"), ("server", "stop"), ("server", "restart"), ("serve",)):
            assert world.run(*words).returncode == errors.HomeForeign.exit_code
        assert rival.process.poll() is None


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o277])
def test_everything_below_home_is_private_whatever_the_umask(world: "World", umask: int) -> None:
    variables = {"XDG_STATE_HOME": str(world.home / "a" / "b"), "XDG_DATA_HOME": ""}
    old = os.umask(umask)
    try:
        assert world.run("run", "hello", variables=variables).stdout == b"hello\n"
        assert world.run("server", "stop", variables=variables).returncode == 0
    finally:
        os.umask(old)
    made = list(world.home.rglob("*"))
    assert {path.name for path in made} >= {"a", "b", ".local", "share", "server.log", "iterate.db"}
    wrong = [path for path in made if stat.S_IMODE(path.stat().st_mode) != (0o700 if path.is_dir() else 0o600)]
    assert wrong == []


def make_pipe(path: Path) -> None:
    os.mkfifo(path, 0o600)


def make_dangling_link(path: Path) -> None:
    path.symlink_to("nowhere")


@pytest.mark.parametrize("make", [make_pipe, make_dangling_link])
@pytest.mark.parametrize("words", [("run", "hello"), ("server", "start"), ("server", "status"), ("server", "stop")])
def test_a_discovery_file_that_is_no_file_hangs_no_command(
    world: "World", make: Callable[[Path], None], words: tuple[str, ...]
) -> None:
    discovery.prepare(world.state)
    make(world.state / "server.json")
    assert world.run(*words).returncode == (errors.NotRunning.exit_code if words[1] == "status" else 0)


@pytest.mark.parametrize("name", ["server.log", "server.lock", "start.lock"])
def test_a_pipe_in_the_place_of_another_file_is_no_reason_to_hang(world: "World", name: str) -> None:
    discovery.prepare(world.state)
    make_pipe(world.state / name)
    done = world.run("run", "hello", variables={"ITERATE_START_TIMEOUT": "5"})
    assert done.returncode in {0, errors.StateUnusable.exit_code, errors.StartFailed.exit_code}
    assert done.returncode == 0 or name.encode() in done.stderr


def test_a_log_that_cannot_be_moved_aside_keeps_no_server_from_starting(world: "World") -> None:
    discovery.prepare(world.state)
    (world.state / "server.log.1").mkdir()
    (world.state / "server.log").write_bytes(b"x" * (2 << 20))
    assert world.run("run", "hello").stdout == b"hello\n"


@pytest.mark.systems("linux", "darwin")
def test_what_a_link_in_the_place_of_the_log_leads_to_keeps_its_mode(world: "World") -> None:
    discovery.prepare(world.state)
    device = world.home / "device"
    os.mkfifo(device)
    device.chmod(0o644)
    (world.state / "server.log").symlink_to(device)
    done = world.run("run", "hello")
    assert (done.returncode, b"no regular file" in done.stderr) == (errors.StateUnusable.exit_code, True)
    assert stat.S_IMODE(device.stat().st_mode) == 0o644


def test_a_log_that_takes_no_line_does_not_end_the_server(world: "World") -> None:
    with Path("/dev/full").open("wb") as full:
        server = subprocess.Popen(
            [str(world.program), "serve", "--port", "0"], env=world.environment, stdout=full, stderr=full
        )
    try:
        eventually(lambda: discovery.look(world.state) is not None)
        assert world.run("run", "hello").stdout == b"hello\n"
        assert server.poll() is None
    finally:
        server.terminate()
        server.wait(10)


def fill(path: Path) -> None:
    with path.open("ab", buffering=0) as filler, suppress(OSError):
        while True:
            filler.write(b"x" * 4096)


@pytest.mark.skipif(os.geteuid() != 0 or sys.platform != "linux", reason="needs a file system of a few pages, so root")
def test_a_full_disk_under_the_state_folder_ends_no_server_and_no_command_hangs(world: "World") -> None:
    world.state.parent.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs", world.state.parent], check=True)
    try:
        child, _ = world.serve()
        fill(world.state / "filler")
        assert world.run("run", "hello").stdout == b"hello\n"
        time.sleep(1.5)
        assert child.poll() is None
        assert world.run("run", "hello").stdout == b"hello\n"
        assert world.run("server", "stop").returncode == 0
        fill(world.state / "filler")
        done = world.run("run", "hello")
        assert done.returncode in {errors.StateUnusable.exit_code, errors.StartFailed.exit_code}
        assert b"No space left" in done.stderr or f"exit code {errors.StateUnusable.exit_code}".encode() in done.stderr
        assert not list(world.state.glob("server.json*"))
        (world.state / "filler").unlink()
        assert world.run("run", "hello").stdout == b"hello\n"
        world.run("server", "stop")
    finally:
        world.close()
        subprocess.run(["umount", "-l", world.state.parent], check=True)


def test_a_start_timeout_of_0_uses_a_server_that_runs_and_waits_for_none(world: "World") -> None:
    variables = {"ITERATE_START_TIMEOUT": "0"}
    begun = time.monotonic()
    assert world.run("run", "hello", variables=variables).returncode == errors.StartTimedOut.exit_code
    assert time.monotonic() - begun < 5
    eventually(lambda: world.servers() == [])
    world.serve()
    assert world.run("run", "hello", variables=variables).stdout == b"hello\n"


def test_a_stop_timeout_of_0_gives_no_time(world: "World") -> None:
    child, _ = world.serve()
    running = world.start("run", "--model", "echo/slow", " ".join("abcdefghijklmnopqrst" * 10))
    assert running.stdout is not None
    running.stdout.read(1)
    begun = time.monotonic()
    assert world.run("server", "stop", variables={"ITERATE_STOP_TIMEOUT": "0"}).returncode == 0
    # The answer would go on for 20 s.
    assert time.monotonic() - begun < 12
    child.wait(20)
