"""What stands for the secret once, for browsers: single use, one route, soon; and where no secret ever is."""

import contextlib
import http.client
import os
import sqlite3
import threading
from typing import TYPE_CHECKING

import psutil
import pytest
from tests.iterate.conftest import SECRET, eventually

from iterate.client import Client
from iterate.server.tickets import LIFE_S, MOST, Tickets

if TYPE_CHECKING:
    from tests.iterate.conftest import LiveServer, World

KNOWN = "0123456789abcdef0123456789abcdef"


def asked(server: "LiveServer", target: str, method: str = "GET") -> int:
    """The status of a request without the secret."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.request(method, target)
    status = connection.getresponse().status
    connection.close()
    return status


def ticket(server: "LiveServer", path: str) -> str:
    return str(server.ask("POST", "/ticket", {"path": path}).json()["ticket"])


def test_a_ticket_is_good_once_for_one_path_and_one_method() -> None:
    tickets = Tickets()
    given = tickets.issue("/global/event")
    assert tickets.redeem(given, "GET", "/global/event")
    assert not tickets.redeem(given, "GET", "/global/event")
    for method, path in (("GET", "/session"), ("POST", "/global/event"), ("HEAD", "/global/event")):
        given = tickets.issue("/global/event")
        assert not tickets.redeem(given, method, path)
        # Whoever tried it elsewhere has seen it: it is used up.
        assert not tickets.redeem(given, "GET", "/global/event")
    assert not tickets.redeem("", "GET", "")
    assert not tickets.redeem("tkt_", "GET", "/global/event")


def test_a_ticket_lapses_by_a_clock_that_nobody_sets() -> None:
    now = [1000.0]
    tickets = Tickets(lambda: now[0])
    early, late = tickets.issue("/a"), tickets.issue("/a")
    now[0] += LIFE_S
    assert tickets.redeem(early, "GET", "/a")
    now[0] += 0.001
    assert not tickets.redeem(late, "GET", "/a")


def test_tickets_that_nobody_uses_are_bounded_and_the_oldest_goes() -> None:
    tickets = Tickets()
    given = [tickets.issue("/a") for _ in range(MOST + 1)]
    assert len(set(given)) == MOST + 1
    assert not tickets.redeem(given[0], "GET", "/a")
    assert all(tickets.redeem(each, "GET", "/a") for each in given[1:])


def test_a_stream_is_opened_by_a_ticket_once(server: "LiveServer") -> None:
    given = ticket(server, "/global/event")
    assert asked(server, f"/global/event?ticket={given}") == 200
    assert asked(server, f"/global/event?ticket={given}") == 401


@pytest.mark.parametrize(
    "target",
    [
        "/session?ticket=T",
        "/global/event/?ticket=T",
        "/global/event?ticket=T&ticket=T",
        "/global/event?Ticket=T",
        "/global/event?ticket=",
        "/global/%65vent?ticket=T",
    ],
)
def test_a_ticket_opens_nothing_else(server: "LiveServer", target: str) -> None:
    assert asked(server, target.replace("T", ticket(server, "/global/event"))) == 401


def test_a_ticket_changes_nothing(server: "LiveServer") -> None:
    assert asked(server, f"/session?ticket={ticket(server, '/session')}", "POST") == 401
    assert asked(server, f"/session?ticket={ticket(server, '/session')}", "DELETE") == 401


def test_of_many_that_use_one_ticket_at_the_same_moment_one_gets_in(server: "LiveServer") -> None:
    given, gate, statuses = ticket(server, "/session"), threading.Barrier(20), list[int]()

    def use() -> None:
        gate.wait(20)
        statuses.append(asked(server, f"/session?ticket={given}"))

    threads = [threading.Thread(target=use) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(statuses) == [200, *[401] * 19]


def test_a_ticket_is_asked_for_with_the_secret_and_a_ticket_gets_no_ticket(server: "LiveServer") -> None:
    given = ticket(server, "/ticket")
    assert asked(server, "/ticket", "POST") == 401
    assert asked(server, f"/ticket?ticket={given}", "POST") == 401


def test_no_error_shows_a_ticket_or_a_secret(server: "LiveServer") -> None:
    given = ticket(server, "/session")
    for target in (f"/session?ticket={given}x", f"/nowhere?ticket={given}", f"/session?ticket={SECRET}"):
        answer = server.raw(f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
        assert given.encode() not in answer
        assert SECRET.encode() not in answer


@pytest.mark.processes
@pytest.mark.systems("linux")
def test_a_secret_is_in_no_child_no_log_and_no_session(world: "World") -> None:
    child = world.start("serve", "--port", "0", variables={"ITERATE_SECRET": KNOWN})
    assert child.stdout is not None
    child.stdout.readline()
    live = world.announced()
    client = Client(live)
    # Also where a client says all that it has.
    said = dict(os.environ) | {"ITERATE_SECRET": KNOWN}
    for environment in (said, {}):
        where = {"environment": environment}
        client.call("POST", "/pty", {"command": ["/bin/sh", "-c", "sleep 97 & wait"], "workspace": where})
    server = psutil.Process(live.pid)
    eventually(lambda: sum(each.cmdline()[:1] == ["sleep"] for each in server.children(recursive=True)) == 2)
    for each in server.children(recursive=True):
        assert KNOWN not in each.environ().values()
        assert KNOWN not in " ".join(each.cmdline())
    session = str(client.call("POST", "/session", {}).get("id"))
    assert KNOWN not in str(client.call("GET", f"/session/{session}/export"))
    assert KNOWN not in str(client.call("GET", "/log"))
    for path in (*world.state.rglob("*"), *world.data.rglob("*")):
        assert path.name == "server.json" or not path.is_file() or KNOWN.encode() not in path.read_bytes()
    with contextlib.closing(sqlite3.connect(world.data / "iterate.db")) as opened:
        assert KNOWN not in "".join(opened.iterdump())


@pytest.mark.processes
@pytest.mark.systems("linux")
def test_a_server_that_is_started_on_demand_is_not_told_the_secret_of_another_one(world: "World") -> None:
    assert world.run("run", "hello", variables={"ITERATE_SECRET": KNOWN}).returncode == 0
    live = world.announced()
    assert live.secret != KNOWN
    assert "ITERATE_SECRET" not in psutil.Process(live.pid).environ()
