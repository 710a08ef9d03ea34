"""Terminals of the server: shells that go on, are watched by many, and leave nothing behind."""

import json
import os
import signal
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from tests.iterate.conftest import SECRET, eventually
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.iterate.conftest import LiveServer, World

pytestmark = [pytest.mark.processes, pytest.mark.systems("linux")]
SH = {"PATH": os.environ["PATH"], "PS1": "ready> ", "HOME": "/"}


def began(server: "LiveServer", *command: str, directory: str = "/", **more: object) -> str:
    body = {"command": command or ("/bin/sh",), "workspace": {"directory": directory, "environment": SH}, **more}
    reply = server.ask("POST", "/pty", body)
    assert reply.status == 200, reply.body
    return str(reply.json()["id"])


@contextmanager
def viewer(server: "LiveServer", name: str, after: int = 0, query: str = "") -> "Iterator[ClientConnection]":
    headers = {} if query else {"Authorization": f"Bearer {SECRET}"}
    url = f"ws://127.0.0.1:{server.port}/pty/{name}/connect?after={after}{query}"
    with connect(url, additional_headers=headers, compression=None) as made:
        yield made


def hello(socket: "ClientConnection") -> dict[str, object]:
    said = socket.recv(10)
    assert isinstance(said, str)
    content = json.loads(said)
    assert isinstance(content, dict)
    return content


def until(socket: "ClientConnection", mark: bytes) -> bytes:
    shown = b""
    while mark not in shown:
        piece = socket.recv(10)
        assert isinstance(piece, bytes), piece
        shown += piece
    return shown


def ending(socket: "ClientConnection") -> str:
    """Why it was closed, after whatever still comes."""
    code, reason = closing(socket)
    assert code == 1000
    return reason


def closing(socket: "ClientConnection") -> tuple[int, str]:
    with pytest.raises(ConnectionClosed) as closed:
        drain(socket)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code, closed.value.rcvd.reason


def drain(socket: "ClientConnection", seconds: float = 10) -> list[str]:
    """The text messages until nothing comes for so long; raises when it was closed."""
    told: list[str] = []
    while True:
        try:
            said = socket.recv(seconds)
        except TimeoutError:
            return told
        if isinstance(said, str):
            told.append(said)


def test_what_is_typed_is_run_and_shown_and_the_exit_code_is_the_close_reason(server: "LiveServer") -> None:
    name = began(server)
    with viewer(server, name) as socket:
        assert hello(socket)["type"] == "attached"
        until(socket, b"ready> ")
        socket.send(b"echo $((6*7)); tty; pwd\n")
        shown = until(socket, b"\r\n/\r\n")
        assert b"42\r\n/dev/pts/" in shown
        socket.send(b"exit 7\n")
        assert ending(socket) == "exit 7"
    assert b'"is_running":false' in server.ask("GET", f"/pty/{name}").body
    assert b'"code":7' in server.ask("GET", f"/pty/{name}").body
    began_ms = json.loads(server.ask("GET", f"/pty/{name}").body)["began_ms"]
    assert isinstance(began_ms, int)
    assert abs(time.time() * 1000 - began_ms) < 3_600_000


def test_a_shell_that_is_killed_says_which_signal(server: "LiveServer") -> None:
    name = began(server)
    with viewer(server, name) as socket:
        hello(socket)
        socket.send(b"kill -9 $$\n")
        assert ending(socket) == "signal 9"


def test_re_attached_by_offset_nothing_is_lost_and_nothing_comes_twice(server: "LiveServer") -> None:
    name = began(server, "/bin/sh", "-c", "for i in $(seq 2000); do echo line $i; done; read x")
    whole, place = b"", 0
    while not whole.endswith(b"line 2000\r\n"):
        with viewer(server, name, place) as socket:
            assert hello(socket) == {"type": "attached", "offset": place, "lost": 0, "columns": 80, "rows": 24}
            piece = socket.recv(10)
            assert isinstance(piece, bytes)
            whole += piece
            place += len(piece)
    assert whole == b"".join(b"line %d\r\n" % number for number in range(1, 2001))


def test_scroll_back_is_bounded_and_what_is_lost_is_told(server: "LiveServer") -> None:
    name = began(server, "/bin/sh", "-c", "head -c 3000000 /dev/zero | tr '\\0' x; read x")
    eventually(lambda: int(str(server.ask("GET", f"/pty/{name}").json()["offset"])) == 3_000_000)
    with viewer(server, name) as socket:
        said = hello(socket)
        assert said["lost"] == said["offset"]
        assert int(str(said["lost"])) == 3_000_000 - (1 << 20)
        kept = 0
        while kept < 1 << 20:
            piece = socket.recv(10)
            assert isinstance(piece, bytes)
            kept += len(piece)
        assert kept == 1 << 20


def test_many_watch_one_and_a_slow_one_holds_up_nobody(server: "LiveServer") -> None:
    name = began(server)
    with viewer(server, name) as slow, viewer(server, name) as other:
        hello(slow)
        hello(other)
        other.send(b"head -c 20000000 /dev/zero | tr '\\0' y; echo; echo finished\n")
        seen = b""
        while b"\nfinished" not in seen[-100:]:
            piece = other.recv(20)
            seen = seen[-100:] + piece if isinstance(piece, bytes) else seen
        assert json.loads(drain(slow, 2)[0])["type"] == "lost"


def test_the_size_is_the_programs_size(server: "LiveServer") -> None:
    name = began(server, columns=100, rows=30)
    with viewer(server, name) as socket:
        hello(socket)
        socket.send(b"stty size\n")
        until(socket, b"30 100\r\n")
        socket.send(json.dumps({"type": "resize", "columns": 132, "rows": 43}))
        socket.send(b"stty size\n")
        until(socket, b"43 132\r\n")
        assert b'"title":"mine"' in server.ask("PUT", f"/pty/{name}", {"columns": 50, "title": "mine"}).body
        socket.send(b"stty size\n")
        until(socket, b"43 50\r\n")


@pytest.mark.parametrize("message", ['{"type": "other"}', "no JSON", '{"type": "resize", "columns": 0, "rows": 1}'])
def test_text_that_means_nothing_ends_the_viewer_and_not_the_shell(server: "LiveServer", message: str) -> None:
    name = began(server)
    with viewer(server, name) as socket:
        hello(socket)
        socket.send(message)
        assert closing(socket)[0] == 1007
    assert server.ask("GET", f"/pty/{name}").json()["is_running"]


def test_nothing_is_left_of_an_ended_shell_not_even_what_detached_itself(server: "LiveServer", tmp_path: Path) -> None:
    name = began(server, directory=str(tmp_path))
    with viewer(server, name) as socket:
        hello(socket)
        until(socket, b"ready> ")
        socket.send(
            b"setsid sleep 987 & (env -i setsid nohup sleep 988 >/dev/null 2>&1 &)\ntrap '' HUP TERM; echo on\n"
        )
        until(socket, b"> on\r\n")
        eventually(lambda: len(sleeping(987, 988)) == 2)
        assert server.ask("DELETE", f"/pty/{name}").status == 200
        assert ending(socket).startswith("signal")
    assert sleeping(987, 988) == []
    assert server.ask("DELETE", f"/pty/{name}").status == 200
    assert server.ask("GET", f"/pty/{name}").error == "PtyUnknown"


def sleeping(*seconds: int) -> list[int]:
    wanted = {str(each) for each in seconds}
    listed = psutil.process_iter(["name", "cmdline"])
    return [one.pid for one in listed if one.info["name"] == "sleep" and wanted & set(one.info["cmdline"] or ())]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_shells_end_with_their_server_however_it_ends(world: "World", number: int) -> None:
    child, _ = world.serve()
    live = world.announced()
    from iterate.client import Client

    body = {
        "command": ["/bin/sh", "-c", "setsid sleep 989 & sleep 989"],
        "workspace": {"directory": "/", "environment": SH},
    }
    Client(live).call("POST", "/pty", dict(body))
    eventually(lambda: len(sleeping(989)) == 2)
    begun = time.monotonic()
    child.send_signal(number)
    child.wait(20)
    eventually(lambda: sleeping(989) == [])
    assert time.monotonic() - begun < 15


def test_a_ticket_opens_one_connection_of_one_terminal_once(server: "LiveServer") -> None:
    name, other = began(server), began(server)
    ticket = str(server.ask("POST", f"/pty/{name}/ticket").json()["ticket"])
    with viewer(server, name, query=f"&ticket={ticket}") as socket:
        assert hello(socket)["type"] == "attached"
    for again, given in ((name, ticket), (other, str(server.ask("POST", f"/pty/{name}/ticket").json()["ticket"]))):
        with pytest.raises(InvalidStatus) as refused, viewer(server, again, query=f"&ticket={given}"):
            pass
        assert refused.value.response.status_code == 401


def test_a_page_of_another_origin_gets_no_terminal_even_with_a_ticket(server: "LiveServer") -> None:
    name = began(server)
    ticket = str(server.ask("POST", f"/pty/{name}/ticket").json()["ticket"])
    url = f"ws://127.0.0.1:{server.port}/pty/{name}/connect?ticket={ticket}"
    with pytest.raises(InvalidStatus) as refused, connect(url, origin=Origin("https://evil.example")):
        pass
    assert refused.value.response.status_code == 403


def test_what_cannot_be_started_says_why(server: "LiveServer") -> None:
    for body, words in (
        ({"command": ["/no/such/program"], "workspace": {"directory": "/"}}, "No such file"),
        ({"workspace": {"directory": "/no/such/folder"}}, "no folder"),
        ({"command": [""]}, "the command is none"),
        ({"command": ["a\0b"]}, "the command is none"),
    ):
        reply = server.ask("POST", "/pty", body)
        if reply.status == 200:
            name = str(reply.json()["id"])
            with viewer(server, name) as socket:
                assert words in ending(socket)
        else:
            assert words in reply.json()["error"]["message"]


def test_a_request_that_is_no_websocket_is_told_so(server: "LiveServer") -> None:
    name = began(server)
    assert server.ask("GET", f"/pty/{name}/connect").error == "UpgradeRequired"
    assert server.ask("GET", f"/pty/{name}/connect?after=x").error == "BadCursor"
    assert server.ask("GET", "/pty/pty_none/connect").error == "PtyUnknown"


def test_a_terminal_gets_no_more_than_its_words_and_its_variables(server: "LiveServer") -> None:
    name = began(server, "/bin/sh", "-c", "ls -l /proc/self/fd | wc -l; env | sort; read x")
    with viewer(server, name) as socket:
        hello(socket)
        shown = until(socket, b"TERM=")
    # total, 0, 1, 2, and the folder that ls reads.
    assert shown.split()[0] == b"5"
    assert b"ITERATE" not in shown
