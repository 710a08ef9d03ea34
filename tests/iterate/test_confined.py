"""What a command can reach from inside its bounds: sockets of every kind, and a person's keys."""

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from tests.iterate.shells import Bench, bench

from iterate.sandbox import keys, seccomp
from iterate.sandbox.run import start
from iterate.tools import bash
from iterate.tools.bash import Bash

pytestmark = [pytest.mark.processes, pytest.mark.systems("linux")]

# Each way to the outside, and what a program says that took it.
WAYS = """
import ctypes, socket, sys
def tried(name, way):
    try:
        way()
        print(name, "open")
    except OSError:
        print(name, "closed")
port, path = int(sys.argv[1]), sys.argv[2]
tried("tcp", lambda: socket.create_connection(("127.0.0.1", port), 5))
tried("unix", lambda: socket.socket(socket.AF_UNIX).connect(path))
tried("abstract", lambda: socket.socket(socket.AF_UNIX).connect("\\0" + path))
tried("udp", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", port)))
tried("datagram", lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"x", path + ".dgram"))
tried("packet", lambda: socket.socket(17, socket.SOCK_RAW))
tried("vsock", lambda: socket.socket(40, socket.SOCK_STREAM))
ring = ctypes.CDLL(None).syscall(425, 1, ctypes.create_string_buffer(120))
print("ring", "open" if ring >= 0 else "closed")
one, other = socket.socketpair()
one.send(b"y")
tried("pair", lambda: other.recv(1))
"""


@pytest.fixture
def world(tmp_path: Path) -> Bench:
    return bench(tmp_path)


@pytest.mark.parametrize("has_namespaces", [True, False])
def test_nothing_leaves_by_any_socket(world: Bench, has_namespaces: bool) -> None:  # noqa: FBT001
    work = world.work()
    can = bash.can(work)
    if not can.confines or not seccomp.is_known() or (has_namespaces and not can.has_namespaces):
        pytest.skip("needs Landlock, a machine that the filter knows, and user namespaces")
    (world.root / "ways.py").write_text(WAYS)
    with (
        # The address of a socket is short, and the name of this test's own folder may be long.
        tempfile.TemporaryDirectory(prefix="s") as folder,
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        socket.socket(socket.AF_UNIX) as unix,
        socket.socket(socket.AF_UNIX) as abstract,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as datagrams,
    ):
        port, path = tcp.getsockname()[1], f"{folder}/s"
        udp.bind(("127.0.0.1", port))
        for each, address in ((unix, path), (abstract, f"\0{path}")):
            each.bind(address)
            each.listen()
        datagrams.bind(f"{path}.dgram")
        udp.settimeout(0)

        async def run() -> str:
            bounds = bash.bounds_of(Bash(command="x"), work, world.root, can._replace(has_namespaces=has_namespaces))
            running = await start([sys.executable, "ways.py", str(port), path], bounds, {"PATH": os.environ["PATH"]})
            said = b"".join([piece async for piece in running.pieces()])
            assert (await running.wait()).code == 0, said
            return said.decode()

        told = dict(line.split() for line in asyncio.run(run()).splitlines())
        if has_namespaces:
            # Into a network of its own, where nobody is.
            assert told.pop("udp") == "open"
        assert told == {name: "closed" for name in told if name != "pair"} | {"pair": "open"}
        with pytest.raises(BlockingIOError):
            udp.recv(1)


@pytest.mark.parametrize("has_namespaces", [True, False])
def test_terminals_of_others_are_not_written_to(world: Bench, has_namespaces: bool) -> None:  # noqa: FBT001
    work = world.work()
    can = bash.can(work)
    if not can.confines or (has_namespaces and not can.has_namespaces):
        pytest.skip("needs Landlock and user namespaces")
    ours, theirs = os.openpty()
    name = os.ttyname(theirs)
    (world.root / "own.py").write_text("import pty; pty.spawn(['echo', 'in a terminal'])")

    async def run(command: str) -> str:
        bounds = bash.bounds_of(Bash(command="x"), work, world.root, can._replace(has_namespaces=has_namespaces))
        running = await start(["bash", "-c", command], bounds, {"PATH": os.environ["PATH"]})
        said = b"".join([piece async for piece in running.pieces()])
        await running.wait()
        return said.decode()

    try:
        # A name that is there may be one of its own.
        asyncio.run(run(f"printf steered > {name}; for each in /dev/pts/*; do printf steered > $each; done"))
        os.set_blocking(ours, False)
        with pytest.raises(BlockingIOError):
            os.read(ours, 100)
        if has_namespaces:
            assert "in a terminal" in asyncio.run(run(f"{sys.executable} own.py"))
    finally:
        os.close(ours)
        os.close(theirs)


def test_a_socket_that_a_container_was_given_from_outside_is_covered_as_well(world: Bench) -> None:
    if not world.has_namespaces:
        pytest.skip("needs user namespaces")
    folder = world.root.parent / ".docker" / "run"
    folder.mkdir(parents=True)
    path = folder / "docker.sock"
    serve = (
        "import socket, sys; s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen();"
        "print(flush=True); s.accept(); input()"
    )
    # In another network, so that no list of this one names it.
    words = ["unshare", "--user", "--map-root-user", "--net", sys.executable, "-c", serve, str(path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stdin=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        try:
            assert str(path) not in Path("/proc/net/unix").read_text()
            reach = f"import socket; socket.socket(socket.AF_UNIX).connect({str(path)!r}); print('reached')"
            (world.root / "reach.py").write_text(reach)
            for access in ("project", "network"):
                assert not world.bash(f"{sys.executable} reach.py", access=access).text.startswith("reached")
            assert world.bash(f"{sys.executable} reach.py", access="everything").text.startswith("reached")
        finally:
            other.kill()


def test_a_command_without_the_network_does_not_see_keys(world: Bench) -> None:
    if not world.has_namespaces:
        pytest.skip("needs user namespaces")
    home = world.root.parent
    (home / ".ssh").mkdir()
    (home / ".ssh" / "id_ed25519").write_text("the key\n")
    (home / ".netrc").write_text("the word\n")
    (home / ".config" / "gh").mkdir(parents=True)
    (home / ".config" / "gh" / "hosts.yml").write_text("the token\n")
    (home / "notes").write_text("notes\n")
    command = "cd ..; cat .ssh/id_ed25519 .netrc .config/gh/hosts.yml notes 2>/dev/null; true"
    assert world.bash(command).text.startswith("notes\n[")
    assert world.bash(command, access="network").text.startswith("the key\nthe word\nthe token\nnotes\n")
    assert (home / ".ssh" / "id_ed25519").read_text() == "the key\n"


def test_a_project_among_keys_is_not_hidden_from_itself(tmp_path: Path) -> None:
    root = tmp_path / ".kube" / "project"
    root.mkdir(parents=True)
    (tmp_path / ".ssh").mkdir()
    assert keys.places(str(tmp_path), root) == ((tmp_path / ".ssh").resolve(),)
    assert keys.places("", root) == ()
