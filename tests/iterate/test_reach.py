"""Servers at an address, and private ones: found, refused in plain words, and gone with whoever started them."""

import json
import os
import re
import signal
import socket
import subprocess
import time
from typing import TYPE_CHECKING

import psutil
import pytest
from tests.iterate.conftest import eventually

from iterate import errors
from iterate.client import Client
from iterate.discovery import Announcement

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
    other = {"XDG_STATE_HOME": str(world.home / "other"), "XDG_DATA_HOME": str(world.home / "other")}
    done = world.run("run", "--attach", url, "hello", variables=KNOWN | other)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"hello\n", b"")
    assert not (world.home / "other").exists()


def elsewhere(world: "World") -> dict[str, str]:
    """The variables of somebody whose own server is another one."""
    return {"XDG_STATE_HOME": str(world.home / "other")}


def test_the_server_of_this_user_is_attached_to_without_a_secret(world: "World") -> None:
    url = serving(world)
    port = url.rpartition(":")[2]
    for each in (url, f"http://localhost:{port}/"):
        done = world.run("run", "--attach", each, "hello")
        assert (done.returncode, done.stdout, done.stderr) == (0, b"hello\n", b"")
    listed = world.run("attach", url)
    assert (listed.returncode, b"hello" in listed.stdout) == (0, True)
    assert not (world.data / "servers.json").exists()


def test_what_is_wrong_with_an_address_is_said(world: "World") -> None:
    url = serving(world)
    for words, variables, code, text in (
        (("--attach", url), elsewhere(world), errors.RemoteUnusable.exit_code, b"ITERATE_SECRET"),
        (("--attach", "https://x"), KNOWN, errors.RemoteUnusable.exit_code, b"no address"),
        (("--attach", "http://user:word@127.0.0.1:1"), KNOWN, errors.RemoteUnusable.exit_code, b"no address"),
        (("--attach", "http://127.0.0.1:99999"), KNOWN, errors.RemoteUnusable.exit_code, b"no address"),
        (("--attach", "http://127.0.0.1:9"), KNOWN, errors.RemoteUnusable.exit_code, b"does not accept"),
        (("--attach", url), {"ITERATE_SECRET": "x" * 32}, errors.RemoteUnusable.exit_code, b"does not take the secret"),
        (("--attach", url, "--standalone"), KNOWN, errors.UsageError.exit_code, b"two servers"),
    ):
        done = world.run("run", *words, "hello", variables=variables)
        assert done.returncode == code, done.stderr
        assert text in done.stderr
        assert b"x" * 32 not in done.stderr


def test_every_command_that_asks_a_server_asks_the_one_at_the_address(world: "World") -> None:
    url = serving(world)
    other = KNOWN | {"XDG_STATE_HOME": str(world.home / "other"), "XDG_DATA_HOME": str(world.home / "other")}
    done = world.run("run", "--format", "json", "--attach", url, "find me", variables=other)
    session = json.loads(done.stdout)["session"]
    for words in (
        ("session", "list"),
        ("session", "show", session),
        ("models",),
        ("auth", "list"),
        ("permission", "list"),
        ("agent", "list"),
        ("stats",),
        ("pty", "list"),
        ("log",),
        ("mcp", "list"),
        ("mcp", "add", "files", "--url", "http://127.0.0.1:9/mcp"),
        ("mcp", "remove", "files"),
    ):
        done = world.run(*words, "--attach", url, variables=other)
        assert done.returncode == 0, (words, done.stderr)
    tried = world.run("mcp", "debug", "files", "--attach", url, variables=other)
    assert (tried.returncode, b"mcp list" in tried.stderr) == (errors.McpUnknown.exit_code, True)
    listed = world.run("attach", url, variables=other)
    assert (listed.returncode, b"find me" in listed.stdout) == (0, True)
    assert not (world.home / "other").exists()


def test_a_prompt_to_an_address_works_in_a_folder_of_that_server_and_brings_no_variables(world: "World") -> None:
    url = serving(world)
    gone = world.home / "not there"
    done = world.run("run", "--attach", url, "--directory", str(gone), "hello", variables=KNOWN)
    assert done.returncode == errors.RemoteUnusable.exit_code
    assert b"--directory names one of its folders" in done.stderr
    done = world.run("pty", "list", "--attach", url, "--json", variables=KNOWN)
    assert json.loads(done.stdout) == {"terminals": []}
    server = Client(Announcement(url, 0, "", SECRET))
    made = server.call("POST", "/pty", {"command": ["/bin/sh", "-c", "echo $HOME-$PATH"], "workspace": {}})
    eventually(lambda: server.call("GET", f"/pty/{made['id']}").get("is_running") is False)
    shown = server.call("GET", f"/pty/{made['id']}").get("offset")
    assert shown == len(f"{world.home}-{os.environ['PATH']}\r\n")


def test_the_secret_of_a_server_is_kept_if_the_server_takes_it_and_forgotten_again(world: "World") -> None:
    url = serving(world)
    refused = world.run("auth", "login", url, input_=b"wrong" * 5)
    assert refused.returncode == errors.RemoteUnusable.exit_code
    kept = world.run("auth", "login", url, input_=SECRET.encode() + b"\n")
    assert (kept.returncode, kept.stdout) == (0, f"the secret of {url} is kept, and it takes it\n".encode())
    file = world.data / "servers.json"
    assert file.stat().st_mode & 0o777 == 0o600
    other = elsewhere(world)
    assert world.run("run", "--attach", url, "hello", variables=other).stdout == b"hello\n"
    assert url.encode() in world.run("auth", "list", "--attach", url).stdout
    assert world.run("auth", "logout", url).returncode == 0
    assert world.run("run", "--attach", url, "hello", variables=other).returncode == errors.RemoteUnusable.exit_code


def test_what_listens_at_an_address_and_is_no_iterate_is_named(world: "World") -> None:
    from tests.iterate.rival import answering

    for answer in (b"<html>", b"[]", b'{"healthy":true}', b'{"a":"' + b"x" * (2 << 20) + b'"}', b"\xff\x00"):
        with answering(answer) as url:
            done = world.run("session", "list", "--attach", url, variables=KNOWN)
        assert done.returncode == errors.RemoteUnusable.exit_code, (answer[:20], done.stderr)
        assert b"iterate" in done.stderr


def test_a_server_that_others_can_listen_to_is_warned_of(world: "World") -> None:
    url = serving(world, "--hostname", "0.0.0.0", "--allow-remote")  # noqa: S104
    port = url.rpartition(":")[2]
    near = world.run("session", "list", "--attach", f"http://127.0.0.1:{port}", variables=KNOWN)
    assert b"can be read on its way" not in near.stderr
    far = f"http://{socket.gethostbyname(socket.gethostname())}:{port}"
    if not far.startswith("http://127."):
        assert b"can be read on its way" in world.run("session", "list", "--attach", far, variables=KNOWN).stderr


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


@pytest.mark.systems("linux")
def test_a_conversation_is_opened_with_a_server_at_an_address(world: "World") -> None:
    from tests.iterate.test_cli_pty import screen

    url = serving(world)
    assert world.run("auth", "login", url, input_=SECRET.encode()).returncode == 0
    (world.home / "seen from there").mkdir()
    with screen(world, "attach", url, "--directory", str(world.home / "seen from there")) as shown:
        shown.until(rb"/help shows commands[\s\S]+> \x1b\[m")  # Now it reads keys.
        shown.type(b"/model echo/echo\r")
        shown.until(rb"answers until you leave")
        shown.type(b"are you far\r")
        shown.until(rb"are you far[\s\S]+are you far[\s\S]+> \x1b\[m")
        shown.type(b"\x04")
        assert shown.end() == 0
        assert re.search(rf"iterate attach {url} --session \w{{8}}\b".encode(), shown.shown)
    listed = json.loads(world.run("session", "list", "--all", "--json", "--attach", url).stdout)["sessions"]
    assert [row["directory"] for row in listed] == [str(world.home / "seen from there")]
    # It goes on where it worked, whatever folder the command is called in.
    with screen(world, "attach", url, "--session", listed[0]["id"]) as again:
        again.until(rb"are you far[\s\S]+are you far[\s\S]+> \x1b\[m")
        again.type(b"and now\r")
        again.until(rb"and now[\s\S]+and now[\s\S]+> \x1b\[m")
        again.type(b"\x04")
        assert again.end() == 0
    (row,) = json.loads(world.run("session", "list", "--all", "--json", "--attach", url).stdout)["sessions"]
    assert (row["prompts"], row["directory"]) == (2, str(world.home / "seen from there"))
