"""What a server costs and how fast it answers, whoever's it is: requests a second, memory, processor time, its end."""

import json
import selectors
import socket
import statistics
import time
import urllib.request
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urlsplit

import psutil

CONNECTIONS = 16
REQUESTS_S = 3.0
IDLE_S = 5.0


class Place(NamedTuple):
    """Where a server listens, what its requests carry, and its process."""

    url: str
    headers: dict[str, str]
    process: psutil.Process

    def ask(self, method: str, path: str, body: object = None, *, timeout_s: float = 60) -> object:
        """One request, and the JSON that it gives."""
        data = None if body is None else json.dumps(body).encode()
        headers = {**self.headers, "Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, data=data, method=method, headers=headers)  # noqa: S310
        with urllib.request.urlopen(request, timeout=timeout_s) as response:  # noqa: S310  # On loopback.
            return json.loads(response.read() or b"null")


def requests_a_second(place: Place, path: str) -> float:
    """How many requests a second are answered at 16 connections that stay open, one process asking."""
    address = urlsplit(place.url)
    fields = {"Host": address.netloc, **place.headers}
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
    request = "\r\n".join(lines).encode()
    waiting = selectors.DefaultSelector()
    made = [socket.create_connection((address.hostname or "", address.port or 0)) for _ in range(CONNECTIONS)]
    for each in made:
        waiting.register(each, selectors.EVENT_READ)
        each.sendall(request)
    count, begun = 0, time.perf_counter()
    while time.perf_counter() - begun < REQUESTS_S:
        for key, _ in waiting.select(1):
            connection = key.fileobj
            assert isinstance(connection, socket.socket)  # noqa: S101  # As registered.
            if not connection.recv(1 << 16).startswith(b"HTTP/1.1 200"):
                raise SystemExit(f"{place.url}{path} refuses")
            connection.sendall(request)
            count += 1
    taken = time.perf_counter() - begun
    for each in made:
        each.close()
    return count / taken


def memory_mb(place: Place) -> float:
    """What the server and its children hold."""
    whole = [place.process, *place.process.children(recursive=True)]
    return sum(each.memory_info().rss for each in whole) / 1e6


def idle_percent(place: Place) -> float:
    """Of one processor, while nobody asks for anything."""
    time.sleep(2)
    before = sum(place.process.cpu_times()[:2])
    time.sleep(IDLE_S)
    return 100 * (sum(place.process.cpu_times()[:2]) - before) / IDLE_S


def milliseconds(deed: Callable[[], object], rounds: int) -> float:
    """The median."""
    taken = []
    for _ in range(rounds):
        begun = time.perf_counter()
        deed()
        taken.append((time.perf_counter() - begun) * 1000)
    return statistics.median(taken)


def ended_ms(place: Place) -> float:
    """From SIGTERM until the server and its children are gone."""
    whole = [place.process, *place.process.children(recursive=True)]
    begun = time.perf_counter()
    place.process.terminate()
    while any(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in whole):
        time.sleep(0.001)
    return (time.perf_counter() - begun) * 1000
