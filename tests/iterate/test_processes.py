"""Which process is which, and signals to a process that is proven."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from iterate import processes
from iterate.processes import Origin

here = processes.here()
knows_starts = pytest.mark.skipif(not here.started, reason="this system does not say when a process started")


@pytest.fixture
def child() -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)


def origin_of(process: "subprocess.Popen[bytes]") -> Origin:
    return here._replace(started=processes.started(process.pid))


def end(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.communicate()


@knows_starts
def test_a_process_is_proven_by_what_it_says_of_itself_and_gets_the_signal(child: "subprocess.Popen[bytes]") -> None:
    origin = origin_of(child)
    assert processes.is_proven(child.pid, origin)
    assert processes.send(child.pid, origin, signal.SIGTERM)
    assert child.wait(10) != 0
    child.communicate()
    assert not processes.is_proven(child.pid, origin)
    assert not processes.send(child.pid, origin, signal.SIGTERM)


@knows_starts
@pytest.mark.skipif(sys.platform == "win32", reason="there are neither boots nor namespaces to compare")
@pytest.mark.parametrize(
    "difference",
    [{"boot": "another"}, {"boot": ""}, {"pid_namespace": "pid:[1]"}, {"started": ""}, {"started": "1"}],
)
def test_whatever_differs_or_is_not_known_proves_nothing_and_no_signal_is_sent(
    child: "subprocess.Popen[bytes]", difference: dict[str, str]
) -> None:
    origin = origin_of(child)._replace(**difference)
    assert not processes.is_proven(child.pid, origin)
    assert not processes.send(child.pid, origin, signal.SIGKILL)
    assert child.poll() is None
    end(child)


@pytest.mark.systems("linux", "darwin")
@pytest.mark.parametrize("pid", [-1, 0])
def test_a_process_id_that_means_many_processes_is_never_used(pid: int) -> None:
    assert not processes.send(pid, here, signal.SIGKILL)
    assert not processes.send(pid, Origin(), signal.SIGKILL)


def test_another_boot_and_another_network_are_out_of_reach_and_the_unknown_is_tried() -> None:
    assert processes.is_reachable(here)
    assert processes.is_reachable(Origin())
    assert processes.is_reachable(here._replace(pid_namespace="pid:[1]", host="renamed"))
    assert not here.boot or not processes.is_reachable(here._replace(boot="another"))
    assert not here.net_namespace or not processes.is_reachable(here._replace(net_namespace="net:[1]"))


@pytest.mark.processes
@pytest.mark.skipif(sys.platform != "linux", reason="reads what only Linux says")
def test_on_linux_everything_is_known_and_a_name_with_parentheses_does_not_confuse(tmp_path: Path) -> None:
    assert all(here)
    odd = tmp_path / "a) (b 1 2"
    odd.symlink_to("/bin/sleep")
    with subprocess.Popen([odd, "60"]) as process:
        try:
            ticks = int(processes.started(process.pid))
            assert 0 < ticks - int(processes.started(os.getpid())) < 100 * os.sysconf("SC_CLK_TCK") * 60
        finally:
            process.kill()
