"""Servers of other containers that share the home: left alone, said to be elsewhere, and one's own instead.

The containers are network and process namespaces of this machine, which need root, as containers do.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import psutil
import pytest

from iterate import discovery, errors

if TYPE_CHECKING:
    from tests.iterate.conftest import World


def can_make_containers() -> bool:
    if sys.platform != "linux" or os.geteuid() != 0 or not all(map(shutil.which, ("unshare", "nsenter", "ip"))):
        return False
    return subprocess.run(["unshare", "-n", "-p", "-f", "--mount-proc", "true"], check=False).returncode == 0


pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(
        not can_make_containers(), reason="needs root, unshare, nsenter and ip, and namespaces that may be made"
    ),
]


def inside(world: "World", script: str, *, own_network: bool = True) -> "subprocess.CompletedProcess[str]":
    """Run a shell script in a container of its own, which ends with all its processes; `$iterate` is the program."""
    namespaces = ["-p", "-f", "--mount-proc", *(["-n"] if own_network else [])]
    up = "ip link set lo up; " if own_network else ""
    return subprocess.run(
        ["unshare", *namespaces, "sh", "-c", up + script],
        env=world.environment | {"iterate": str(world.program)},
        cwd=world.home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def test_a_command_in_another_container_says_so_once_and_gets_a_server_of_its_own(world: "World") -> None:
    child, _ = world.serve()
    done = inside(world, '"$iterate" run hello')
    assert (done.returncode, done.stdout) == (0, "hello\n")
    assert done.stderr.count("note: a server runs elsewhere") == 1
    assert f"pid {child.pid} on {os.uname().nodename}" in done.stderr
    assert (world.state / "sides" / "1" / "server.log").exists()
    assert (world.data / "sides" / "1" / "iterate.db").exists()
    assert world.announced().pid == child.pid
    assert world.run("run", "hello").stderr == b""


def test_stopping_there_ends_that_containers_server_and_no_process_here(world: "World") -> None:
    child, _ = world.serve()
    script = (
        '"$iterate" run hello; "$iterate" server stop --json; "$iterate" server stop; echo $?; "$iterate" server status'
    )
    done = inside(world, script)
    _, first, second, status = done.stdout.splitlines()
    assert json.loads(first)["stopped"] is True
    assert json.loads(first)["pid"] != child.pid
    assert int(second) == errors.ServerElsewhere.exit_code
    assert "error: a server runs elsewhere" in done.stderr
    assert status == "no server is running"
    assert done.returncode == errors.NotRunning.exit_code
    assert child.poll() is None
    assert world.announced().pid == child.pid


def test_no_process_of_the_announced_id_is_ended_in_another_container(world: "World") -> None:
    # The server is the first process of its container, and so is the shell of each of the others.
    server = subprocess.Popen(
        ["unshare", "-n", "-p", "-f", "--kill-child", "--mount-proc", str(world.program), "serve", "--port", "0"],
        env=world.environment,
        cwd=world.home,
        stdout=subprocess.PIPE,
    )
    try:
        assert server.stdout is not None
        server.stdout.readline()
        assert world.announced().pid == 1
        for words in ("server stop", "server restart", "run hello", "server stop"):
            done = inside(world, f'"$iterate" {words}; echo survived')
            assert done.stdout.endswith("survived\n"), words
        assert server.poll() is None
        assert world.announced().pid == 1
    finally:
        server.kill()
        server.communicate()


def test_one_network_is_one_server_also_between_containers(world: "World") -> None:
    child, _ = world.serve()
    done = inside(world, '"$iterate" run hello', own_network=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "hello\n", "")
    assert world.servers() == [child.pid]
    # Asked over HTTP, because the process has no number there.
    done = inside(world, '"$iterate" server stop --json', own_network=False)
    assert json.loads(done.stdout) == {"stopped": True, "pid": child.pid, "killed": False}
    assert child.wait(10) == 0


def test_a_server_that_hangs_in_another_container_is_passed_over_and_not_ended(world: "World") -> None:
    child, _ = world.serve()
    child.send_signal(signal.SIGSTOP)
    done = inside(world, '"$iterate" run hello; "$iterate" server stop', own_network=False)
    assert done.stdout.startswith("hello\n")
    assert "cannot be ended from here" in done.stderr
    assert child.poll() is None
    stopped = inside(world, '"$iterate" server stop', own_network=False)
    assert stopped.returncode == errors.StopFailed.exit_code
    assert "hint: end it where it runs" in stopped.stderr
    child.send_signal(signal.SIGCONT)
    assert child.poll() is None
    assert world.run("run", "hello").stdout == b"hello\n"


def test_a_container_goes_on_with_its_side_when_the_folders_become_free(world: "World") -> None:
    child, _ = world.serve()
    script = (
        'S=$("$iterate" run --format json one | tail -1 | sed "s/.*\\"session\\": *\\"\\([^\\"]*\\)\\".*/\\1/"); '
        'touch "$HOME/begun"; while [ ! -e "$HOME/free" ]; do sleep 0.1; done; "$iterate" run --session "$S" two'
    )
    with subprocess.Popen(
        ["unshare", "-n", "-p", "-f", "--mount-proc", "sh", "-c", "ip link set lo up; " + script],
        env=world.environment | {"iterate": str(world.program)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
    ) as container:
        while not (world.home / "begun").exists():
            assert container.poll() is None
        child.terminate()
        child.wait(10)
        assert discovery.look(world.state) is None
        (world.home / "free").touch()
        out, _ = container.communicate(timeout=60)
    assert out == b"two\n"


# What this /proc says of the process 1 there, and what a signal to 1 would go to: the process 1 outside.
CLAIM_THE_FIRST = """
from iterate import processes
there = processes.here()._replace(started=processes.started(1))
print(repr(there.pid_namespace), bool(there.started), processes.is_proven(1, there))
"""


def test_where_proc_shows_the_processes_of_a_container_nobody_is_proven() -> None:
    """As in the mounts of a container that was entered without its process namespace."""
    words = ["unshare", "-p", "-f", "--kill-child", "--mount-proc", "sh", "-c", "echo; exec sleep 60"]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as container:
        assert container.stdout is not None
        container.stdout.readline()
        (first,) = psutil.Process(container.pid).children()
        entered = subprocess.run(
            ["nsenter", "-t", str(first.pid), "-m", sys.executable, "-c", CLAIM_THE_FIRST],
            capture_output=True,
            text=True,
            check=False,
        )
        container.kill()
    assert (entered.stdout, entered.stderr) == ("'' True False\n", "")
