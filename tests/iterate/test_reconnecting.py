"""A conversation whose server goes away and comes back: at an address by itself, ended by a person only when wanted."""

import contextlib
import os
import re
import signal
import socket
import threading
from typing import TYPE_CHECKING

import pytest
from tests.iterate.chatting import SLOWLY, Terminal, chat, environment, on_terminal, run
from tests.iterate.conftest import SECRET, eventually

if TYPE_CHECKING:
    import subprocess

    from tests.iterate.conftest import World

pytestmark = [pytest.mark.processes, pytest.mark.systems("linux", "darwin")]

LINE = r"\n> ?\n"
GIVEN = {"ITERATE_SECRET": SECRET}


class Tunnel:
    """What `ssh -L` is: a port of this machine that leads to a server, as long as it stands."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._ends: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, args=(self._listener,), daemon=True).start()

    def close(self) -> None:
        self.drop()

    def drop(self) -> None:
        for each in (self._listener, *self._ends):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._ends.clear()

    def stand(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._serve, args=(self._listener,), daemon=True).start()

    def _serve(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                ours, _ = listener.accept()
                self._ends.append(ours)
                try:
                    theirs = socket.create_connection(("127.0.0.1", self._to))
                except OSError:
                    ours.close()  # There is no server now.
                    continue
                self._ends.append(theirs)
                for pair in ((ours, theirs), (theirs, ours)):
                    threading.Thread(target=self._carry, args=pair, daemon=True).start()

    def _carry(self, from_: socket.socket, to: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while more := from_.recv(1 << 16):
                # The server wants to be called by its own address.
                to.sendall(more.replace(b"Host: 127.0.0.1:%d" % self.port, b"Host: 127.0.0.1:%d" % self._to, 1))
        with contextlib.suppress(OSError):
            to.shutdown(socket.SHUT_RDWR)


def serve(world: "World", port: int) -> "subprocess.Popen[bytes]":
    """A server at that port that is ready; 0 is any."""
    child = world.start("serve", "--port", str(port), variables={**environment(world), **GIVEN})
    assert child.stdout is not None
    child.stdout.readline()
    return child


def check_words(shown: Terminal) -> None:
    """Each word of the answers is there once, in order."""
    words = [int(each) for each in re.findall(r"\bword(\d+)\b", shown.text)]
    assert words
    assert words == list(range(len(words)))


def test_a_server_at_an_address_is_found_again_by_itself_and_no_row_is_lost_or_doubled(world: "World") -> None:
    with chat(world, {"slow": (SLOWLY,)}) as asked:
        server = serve(world, 0)
        port = int(world.announced().url.rpartition(":")[2])
        with (
            contextlib.closing(Tunnel(port)) as tunnel,
            on_terminal(world, "attach", f"http://127.0.0.1:{tunnel.port}", variables=GIVEN) as shown,
        ):
            shown.until(LINE)
            shown.type("hello\r")
            shown.until(r"Yes\.")
            shown.type("slow\r")
            shown.until("word9")
            tunnel.drop()
            shown.until("looking for it")
            shown.type("meanwhile\r")
            shown.until("queued: meanwhile")
            shown.pass_time(2)
            tunnel.stand()
            # Nobody pressed a key, and the answer went on meanwhile.
            shown.until(r"word\d{3}")
            assert "looking for it" not in shown.screen.seen().rows[-1]
            os.kill(server.pid, signal.SIGKILL)
            server.wait()
            shown.until("looking for it")
            server = serve(world, port)
            shown.until(r"(?s)\(interrupted\).*> meanwhile\n+Yes\.")
            check_words(shown)
            # What another client asks appears too, and what was typed is answered once.
            assert run(world, "run", "-c", "from elsewhere").returncode == 0
            shown.until(r"> from elsewhere\n+Yes\.")
            assert shown.text.count("> meanwhile") == 1
            shown.type("\x04")
            assert shown.end() == 0
        assert len(asked) == 4


def test_a_server_that_a_person_stops_is_started_again_only_when_somebody_wants_it(world: "World") -> None:
    with chat(world, {}) as asked, on_terminal(world) as shown:
        shown.until(LINE)
        shown.type("hello\r")
        shown.until(r"Yes\.")
        assert run(world, "server", "stop").returncode == 0
        shown.until("the server was stopped: Enter starts it again")
        shown.pass_time(0.5)
        assert list(world.servers()) == []
        shown.type("\r")
        eventually(lambda: len(list(world.servers())) == 1)
        shown.wait_for(lambda: "was stopped" not in shown.text)
        # A prompt is a wish too.
        assert run(world, "server", "stop").returncode == 0
        shown.until("the server was stopped: Enter starts it again")
        shown.type("once more\r")
        shown.until(r"> once more\n+Yes\.")
        assert len(asked) == 2


def test_one_that_is_stopped_when_its_terminal_goes_ends_and_starts_nothing(world: "World") -> None:
    with chat(world, {}), on_terminal(world) as shown:
        shown.until(LINE)
        shown.type("hello\r")
        shown.until(r"Yes\.")
        shown.type("\x1a")
        eventually(lambda: os.waitid(os.P_PID, shown.child.pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT) is not None)
        for server in world.servers():
            os.kill(server, signal.SIGKILL)
        eventually(lambda: list(world.servers()) == [])
        shown.child.send_signal(signal.SIGHUP)
        shown.child.send_signal(signal.SIGCONT)
        assert shown.end() == -signal.SIGHUP
        assert list(world.servers()) == []
        assert shown.is_cooked()
