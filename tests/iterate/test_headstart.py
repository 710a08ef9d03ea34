"""The server that a command starts before it imports anything else."""

import os
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import psutil
import pytest
from tests.iterate.conftest import eventually

if TYPE_CHECKING:
    from tests.iterate.conftest import World

pytestmark = [pytest.mark.processes, pytest.mark.systems("linux", "darwin")]


def test_it_needs_almost_no_modules() -> None:
    code = "import sys; before = set(sys.modules); import iterate.headstart; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    found = set(done.stdout.split())
    assert found == {"iterate", "iterate._stamp", "iterate.headstart", "iterate.places", "iterate.spawn"}


def begun(world: "World", *words: str) -> bool:
    """Whether these words start a server by themselves, before any command is looked at."""
    code = (
        "import sys; from iterate import headstart; headstart.begin(sys.argv[1:]); print(headstart.take() is not None)"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, *words], env=world.environment, capture_output=True, text=True, check=True
    )
    return done.stdout == "True\n"


def test_only_words_that_need_a_server_start_one(world: "World") -> None:
    for words in ((), ("--help",), ("run", "--help"), ("run", "-h"), ("serve",), ("upgrade",), ("run", "--attach=x")):
        assert not begun(world, *words)
    assert begun(world, "run", "hello")


def test_nothing_is_started_where_a_server_lives_or_another_command_has_the_turn(world: "World") -> None:
    import fcntl

    world.state.mkdir(parents=True, mode=0o700)
    with (world.state / "start.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        assert not begun(world, "run", "hello")
    world.serve()
    assert not begun(world, "run", "hello")


@pytest.mark.parametrize("oddity", ["open folder", "sides", "large log", "log is a pipe", "link for a lock"])
def test_what_is_not_as_usual_is_left_to_the_whole_way(world: "World", oddity: str) -> None:
    world.state.mkdir(parents=True, mode=0o700)
    match oddity:
        case "open folder":
            world.state.chmod(0o755)
        case "sides":
            (world.state / "sides").mkdir()
        case "large log":
            (world.state / "server.log").write_bytes(b"x" * (1 << 21))
        case "log is a pipe":
            os.mkfifo(world.state / "server.log")
        case _:
            (world.state / "start.lock").symlink_to(world.home / "elsewhere")
    assert not begun(world, "run", "hello")


def test_a_command_that_fails_before_it_needs_the_server_leaves_none(world: "World") -> None:
    done = world.run("run", "--model")
    assert done.returncode == 2
    eventually(lambda: world.servers() == [])


def test_the_server_holds_no_file_of_the_command_and_no_terminal(world: "World") -> None:
    ours, theirs = os.pipe()
    os.set_inheritable(theirs, True)  # noqa: FBT003
    subprocess.run(
        [world.program, "run", "hello"], env=world.environment, pass_fds=[theirs], check=True, capture_output=True
    )
    os.close(theirs)
    # At its end at once: nobody else has the other one.
    assert os.read(ours, 1) == b""
    os.close(ours)
    (pid,) = world.servers()
    assert os.getsid(pid) == pid
    assert psutil.Process(pid).cwd() == str(world.home)


def test_two_commands_at_once_start_one_server_and_both_are_answered(world: "World") -> None:
    children = [world.start("run", f"number {number}") for number in range(6)]
    assert [child.communicate(timeout=60)[0] for child in children] == [f"number {n}\n".encode() for n in range(6)]
    assert len(world.servers()) == 1


def test_a_server_that_is_stopped_before_it_is_ready_is_waited_for_and_woken(world: "World") -> None:
    child = world.start("run", "hello")
    eventually(lambda: len(world.servers()) == 1)
    os.kill(world.servers()[0], signal.SIGSTOP)
    assert child.communicate(timeout=60)[0] == b"hello\n"


def test_a_command_that_is_killed_at_once_holds_up_nobody(world: "World") -> None:
    child = world.start("run", "hello")
    eventually((world.state / "start.lock").exists)
    child.kill()
    begun_at = time.monotonic()
    assert world.run("run", "again").stdout == b"again\n"
    assert time.monotonic() - begun_at < 15


def test_a_port_is_bound_only_by_a_server_that_was_elected(world: "World") -> None:
    world.serve()
    before = world.announced()
    code = "from iterate import spawn; import os; print(spawn.background(['serve', '--background', '0'], 1, 1))"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], env=world.environment, capture_output=True, text=True, check=True
    )
    eventually(lambda: "a server is running" in done.stdout or not psutil.pid_exists(int(done.stdout.split()[0])))
    assert world.announced() == before
    with socket.create_connection(("127.0.0.1", int(before.url.rpartition(":")[2])), timeout=5):
        pass
