"""Servers at an address, and private ones: found, refused in plain words, and gone with whoever started them."""

import json
import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import psutil
import pytest
from tests.iterate.conftest import eventually

from iterate import errors

if TYPE_CHECKING:
    from tests.iterate.conftest import World

pytestmark = [pytest.mark.processes, pytest.mark.systems("linux", "darwin")]
SECRET = "0123456789abcdef0123456789abcdef"
KNOWN = {"ITERATE_SECRET": SECRET}


def serving(world: "World", *words: str) -> str:
    """The url of a server whose secret is known."""
    child = world.start("serve", "--port", "0", *words, variables=KNOWN)
    assert child.stdout is not None
    return child.stdout.readline().decode().split()[-1]


def test_a_command_speaks_to_a_server_at_an_address_and_starts_none(world: "World") -> None:
    url = serving(world)
    elsewhere = {"XDG_STATE_HOME": str(world.home / "other"), "XDG_DATA_HOME": str(world.home / "other")}
    done = world.run("run", "--attach", url, "hello", variables=KNOWN | elsewhere)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"hello\n", b"")
    assert not (world.home / "other").exists()


def test_what_is_wrong_with_an_address_is_said(world: "World") -> None:
    url = serving(world)
    for words, variables, code, text in (
        (("--attach", url), {}, errors.RemoteUnusable.exit_code, b"ITERATE_SECRET"),
        (("--attach", "https://x"), KNOWN, errors.RemoteUnusable.exit_code, b"no address"),
        (("--attach", "http://user:word@127.0.0.1:1"), KNOWN, errors.RemoteUnusable.exit_code, b"no address"),
        (("--attach", "http://127.0.0.1:9"), KNOWN, errors.ServerLost.exit_code, b"does not accept"),
        (("--attach", url), {"ITERATE_SECRET": "x" * 32}, errors.ServerRefused.exit_code, b"Unauthorized"),
    ):
        done = world.run("run", *words, "hello", variables=variables)
        assert done.returncode == code, done.stderr
        assert text in done.stderr
        assert b"x" * 32 not in done.stderr


def test_a_server_of_another_protocol_is_named(world: "World") -> None:
    from tests.iterate.rival import answering

    with answering(b'{"healthy":true,"version":"9.0.0","protocol":99}') as url:
        done = world.run("run", "--attach", url, "hello", variables=KNOWN)
    assert done.returncode == errors.ProtocolUnknown.exit_code
    assert b"9.0.0" in done.stderr
    assert b"upgrade this iterate" in done.stderr


def test_a_secret_is_in_no_process_list_no_log_and_no_environment_of_what_is_started(world: "World") -> None:
    url = serving(world)
    world.run("run", "--attach", url, "hello", variables=KNOWN)
    for process in psutil.process_iter(["cmdline"]):
        assert SECRET not in " ".join(process.info["cmdline"] or ())
    for path in world.state.rglob("*"):
        assert path.name == "server.json" or not path.is_file() or SECRET.encode() not in path.read_bytes()


def test_a_short_secret_and_an_address_for_others_are_refused_unless_wanted(world: "World") -> None:
    done = world.run("serve", "--port", "0", variables={"ITERATE_SECRET": "short"})
    assert done.returncode == errors.UsageError.exit_code
    done = world.run("serve", "--port", "0", "--hostname", "0.0.0.0")  # noqa: S104
    assert done.returncode == errors.AddressUnusable.exit_code
    assert b"--allow-remote" in done.stderr
    assert serving(world, "--hostname", "0.0.0.0", "--allow-remote").startswith("http://127.0.0.1:")  # noqa: S104


def test_a_private_server_answers_and_leaves_nothing(world: "World") -> None:
    done = world.run("run", "--standalone", "hello")
    assert (done.returncode, done.stdout) == (0, b"hello\n")
    eventually(lambda: world.servers() == [])
    assert not world.state.exists()
    assert not world.data.exists()


def test_a_private_server_ends_with_whoever_started_it_also_when_that_is_killed(world: "World") -> None:
    code = (
        "import subprocess, sys, time; p = subprocess.Popen([sys.argv[1], 'serve', '--standalone', '--port', '0'],"
        "stdin=subprocess.PIPE, stdout=subprocess.PIPE); print(p.stdout.readline().decode(), end='', flush=True);"
        "time.sleep(60)"
    )
    import sys

    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(world.program)], env=world.environment, stdout=subprocess.PIPE
    )
    world.children.append(parent)
    assert parent.stdout is not None
    told = json.loads(parent.stdout.readline())
    assert set(told) == {"url", "pid", "version", "protocol", "secret"}
    assert psutil.pid_exists(told["pid"])
    begun = time.monotonic()
    os.kill(parent.pid, signal.SIGKILL)
    eventually(lambda: not psutil.pid_exists(told["pid"]))
    assert time.monotonic() - begun < 15
