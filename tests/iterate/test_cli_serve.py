"""`iterate serve`: one line when it can answer, one error when it cannot, a clean end."""

import json
import os
import signal
import socket
import urllib.request
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

import pytest

from iterate import discovery, errors

pytestmark = pytest.mark.processes

if TYPE_CHECKING:
    from tests.iterate.conftest import World


def health(url: str) -> dict[str, object]:
    with urllib.request.urlopen(f"{url}/global/health", timeout=10) as answer:  # noqa: S310
        content = json.loads(answer.read())
        assert isinstance(content, dict)
        return content


def test_the_ready_line_is_true_when_it_is_printed(world: "World") -> None:
    _, line = world.serve("--port", "0")
    found = world.announced()
    assert line == f"iterate server listening on {found.url}\n"
    assert health(found.url) == {"healthy": True, "version": found.version, "protocol": discovery.PROTOCOL}


def test_the_ready_line_as_json_tells_no_secret(world: "World") -> None:
    _, line = world.serve("--port", "0", "--json")
    found = world.announced()
    assert json.loads(line) == {"url": found.url, "pid": found.pid, "version": found.version}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_cleanly(world: "World", number: signal.Signals) -> None:
    child, _ = world.serve()
    child.send_signal(number)
    assert child.wait(10) == 0
    assert not (world.state / "server.json").exists()
    assert child.communicate() == (b"", b"")


def test_what_it_announces_is_its_own(world: "World") -> None:
    child, _ = world.serve()
    assert world.announced().pid == child.pid
    # Somebody else's file is not removed.
    (world.state / "server.json").unlink()
    (world.state / "server.json").write_text("somebody else's")
    child.send_signal(signal.SIGTERM)
    assert child.wait(10) == 0
    assert (world.state / "server.json").read_text() == "somebody else's"


def test_commands_use_the_server_in_the_foreground(world: "World") -> None:
    child, _ = world.serve()
    assert world.run("run", "hello").stdout == b"hello\n"
    assert world.servers() == [child.pid]


def test_a_second_server_is_an_error_of_its_own(world: "World") -> None:
    child, _ = world.serve()
    done = world.run("serve", "--port", "0")
    assert done.returncode == errors.AlreadyRunning.exit_code
    assert f"(pid {child.pid})".encode() in done.stderr
    assert b"hint: iterate server stop" in done.stderr
    assert done.stdout == b""


def test_a_busy_port_that_was_asked_for_is_an_error_of_its_own(world: "World") -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        done = world.run("serve", "--port", str(other.getsockname()[1]))
    assert done.returncode == errors.PortBusy.exit_code
    assert b"hint: leave out --port" in done.stderr
    assert discovery.look(world.state) is None


def test_a_busy_default_port_means_the_next_free_one(world: "World") -> None:
    with ExitStack() as stack:
        # Busy already is as good.
        with suppress(OSError):
            stack.enter_context(socket.create_server(("127.0.0.1", 4096)))
        child = world.start("serve")
        assert child.stdout is not None
        port = int(child.stdout.readline().rpartition(b":")[2])
    assert 4096 < port < 4196


@pytest.mark.parametrize("port", ["-1", "65536", "x", "1e3", ""])
def test_a_port_that_is_none_is_a_usage_error(world: "World", port: str) -> None:
    done = world.run("serve", f"--port={port}")
    assert done.returncode == errors.UsageError.exit_code


@pytest.mark.parametrize("hostname", ["203.0.113.7", "no.such.host.invalid", "a..b", "x" * 300])
def test_an_address_that_is_not_ours_is_an_error_of_its_own(world: "World", hostname: str) -> None:
    done = world.run("serve", "--port", "0", "--hostname", hostname)
    assert done.returncode == errors.AddressUnusable.exit_code
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("hostname", ["::1", "[::1]"])
def test_ipv6_works_for_server_and_client(world: "World", hostname: str) -> None:
    _, line = world.serve("--port", "0", "--hostname", hostname)
    assert "http://[::1]:" in line
    assert world.run("run", "hello").stdout == b"hello\n"
    assert world.run("server", "status").returncode == 0


def test_what_is_announced_is_the_address_that_was_bound_and_no_name(world: "World") -> None:
    _, line = world.serve("--port", "0", "--hostname", "localhost")
    url = world.announced().url
    assert line == f"iterate server listening on {url}\n"
    host, _, port = url.removeprefix("http://").rpartition(":")
    assert host in {"127.0.0.1", "[::1]"}
    # Somebody else may listen on the other address that the name means, and never sees a command.
    family, other = (socket.AF_INET6, "::1") if host == "127.0.0.1" else (socket.AF_INET, "127.0.0.1")
    try:
        trap = socket.create_server((other, int(port)), family=family)
    except OSError:
        pytest.skip("this machine has no IPv6")
    with trap:
        trap.settimeout(0.2)
        assert world.run("run", "hello").stdout == b"hello\n"
        with pytest.raises(TimeoutError):
            trap.accept()


@pytest.mark.parametrize("hostname", ["localhost", "0.0.0.0"])  # noqa: S104
def test_names_and_wildcards_work_for_the_client(world: "World", hostname: str) -> None:
    world.serve("--port", "0", "--hostname", hostname)
    assert world.run("run", "hello").stdout == b"hello\n"


def test_a_running_prompt_may_finish_after_sigterm_but_not_after_ctrl_c(world: "World") -> None:
    for number, ending in ((signal.SIGTERM, "done"), (signal.SIGINT, "failed")):
        child, _ = world.serve()
        running = world.start("run", "--format", "stream-json", "--model", "echo/slow", "a b c d e")
        assert running.stdout is not None
        while b'"delta"' not in running.stdout.readline():
            pass
        child.send_signal(number)
        last = json.loads(running.communicate()[0].splitlines()[-1])
        assert last["type"] == ending
        assert last.get("reason", "stopping") == "stopping"
        assert child.wait(10) == 0


def test_told_twice_it_does_not_wait_for_the_prompt(world: "World") -> None:
    child, _ = world.serve()
    running = world.start("run", "--model", "echo/slow", " ".join("abcdefghijklmnopqrstuvwxyz"))
    assert running.stdout is not None
    running.stdout.read(1)
    child.send_signal(signal.SIGTERM)
    os.kill(child.pid, 0)
    while (world.state / "server.json").exists():
        pass
    child.send_signal(signal.SIGTERM)
    assert running.wait(2) == errors.PromptFailed.exit_code
    assert child.wait(3) == 0


def test_status_says_what_is_wrong_with_the_file_of_settings_and_the_server_runs_on(world: "World") -> None:
    file = world.home / ".config" / "iterate" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text('autoupdate = "sometimes"\n')
    world.serve()
    done = world.run("server", "status", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["answering"] is True
    assert b"config.toml:1: autoupdate is one of" in done.stderr
    assert b"config.toml:1: autoupdate is one of" in world.run("upgrade", "--check").stderr
    file.write_text('autoupdate = "off"\n')
    assert world.run("server", "status").stderr == b""
