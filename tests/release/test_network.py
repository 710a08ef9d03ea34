"""Downloads: their bytes as they come, within limits of size and time, whatever the server does."""

import gzip
import hashlib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from release import network

WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


@contextmanager
def answering(*parts: bytes, pause_s: float = 0) -> Iterator[str]:
    """A server that gives each client these very bytes, part by part."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)

        def serve() -> None:
            try:
                client, _ = server.accept()
                with client:
                    client.recv(65536)
                    for part in parts:
                        client.sendall(part)
                        time.sleep(pause_s)
            except OSError:
                pass  # the test is over, or the client has gone

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}/file"
        finally:
            thread.join()


def test_a_download_is_hashed_on_its_way(tmp_path: Path) -> None:
    with answering(WHOLE) as url:
        got = network.fetch(url, into=tmp_path / "file", limit=100)
    assert (got.status, got.size, got.sha256, got.problem) == (200, 5, hashlib.sha256(b"hello").hexdigest(), "")
    assert (tmp_path / "file").read_bytes() == b"hello"


def test_a_download_that_was_packed_on_the_way_stays_as_it_came(tmp_path: Path) -> None:
    packed = gzip.compress(b"hello")
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n".encode()
    with answering(head + packed) as url:
        assert network.fetch(url, into=tmp_path / "file", limit=100).sha256 == hashlib.sha256(packed).hexdigest()


@pytest.mark.parametrize(
    "parts",
    [
        (WHOLE[:-2],),
        (b"",),
        (b"nonsense\r\n\r\n",),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:99999/\r\nContent-Length: 0\r\n\r\n",),
        (b"HTTP/1.1 302 Found\r\nLocation: file:///etc/hosts\r\nContent-Length: 0\r\n\r\n",),
    ],
)
def test_a_broken_answer_is_told_and_not_raised(tmp_path: Path, parts: tuple[bytes, ...]) -> None:
    with answering(*parts) as url:
        got = network.fetch(url, into=tmp_path / "file", limit=100)
    assert got.status == 0
    assert got.problem != ""


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://[broken/", "nothing", "ftp://127.0.0.1/file", ""])
def test_an_address_where_nothing_is_is_told_and_not_raised(tmp_path: Path, url: str) -> None:
    got = network.fetch(url, into=tmp_path / "file", limit=100)
    assert got.status == 0
    assert got.problem != ""


def test_a_download_past_its_limit_is_stopped(tmp_path: Path) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n"
    with answering(head + b"x" * 100_000) as url:
        assert 10 < network.fetch(url, into=tmp_path / "file", limit=10).size < 200_000


def test_a_server_that_drips_is_given_up(tmp_path: Path) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
    with answering(head, *(b"x" for _ in range(20)), pause_s=0.1) as url:
        got = network.fetch(url, into=tmp_path / "file", limit=1000, patience=0.5)
    assert got.status == 0
    assert "not here after" in got.problem
