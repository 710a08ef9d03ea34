"""HTTP as bytes on a real socket: what is taken, what is refused, and what happens to the connection then."""

import json
import logging
import socket
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.iterate.conftest import LiveServer

SECRET = "the secret of these tests"
HEALTH = b"GET /global/health HTTP/1.1\r\nHost: localhost\r\n"
LAST = HEALTH + b"Connection: close\r\n\r\n"


def answers(received: bytes) -> list[tuple[int, bytes]]:
    """Status and body of each answer, all of which say their length."""
    found = []
    while received:
        head, _, rest = received.partition(b"\r\n\r\n")
        lines = head.decode().lower().split("\r\n")
        length = next(int(line.split(":")[1]) for line in lines if line.startswith("content-length:"))
        found.append((int(lines[0].split()[1]), rest[:length]))
        received = rest[length:]
    return found


def refused(received: bytes) -> tuple[int, str]:
    """Status and error name of the one answer there must be."""
    ((status, body),) = answers(received)
    error = json.loads(body)["error"]
    assert set(error) == {"name", "message", "hint"}
    assert all(error.values())
    return status, error["name"]


POST = b"POST /session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
TRUSTED_POST = POST + f"Authorization: Bearer {SECRET}\r\n".encode()


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"transfer-encoding: Chunked\r\ncontent-length: 0\r\n\r\n0\r\n\r\n",
        b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"Content-Length: 2, 3\r\n\r\n{}",
        b"Content-Length: +2\r\n\r\n{}",
        b"Content-Length: -2\r\n\r\n{}",
        b"Content-Length: 0x2\r\n\r\n{}",
        b"Content-Length: 2 \r\n 2\r\n\r\n{}",
        b"Content-Length : 2\r\n\r\n{}",
        b"Content-Length: 99999999999999999999999\r\n\r\n{}",
        b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}XX0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n2\n{}\n0\n\n",
        b"Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
        b"X: a\x00b\r\n\r\n",
        b"X\x00: a\r\n\r\n",
        b": a\r\n\r\n",
        b" folded: at the start\r\n\r\n",
    ],
)
def test_a_body_whose_end_is_in_doubt_is_refused_and_the_connection_closed(
    gate_server: "LiveServer", framing: bytes
) -> None:
    # What follows would be the smuggled request.
    head = TRUSTED_POST if not framing.startswith(b" ") else b"POST /session HTTP/1.1\r\n"
    assert refused(gate_server.raw(head + framing + LAST)) == (400, "BadRequest")


@pytest.mark.parametrize("coding", [b"gzip, chunked", b"identity", b"chunked, chunked", b"xchunked", b""])
def test_an_unknown_coding_is_not_implemented(gate_server: "LiveServer", coding: bytes) -> None:
    head = TRUSTED_POST + b"Transfer-Encoding: " + coding + b"\r\n\r\n0\r\n\r\n"
    assert refused(gate_server.raw(head + LAST)) == (501, "NotSupported")


def test_the_first_protocol_has_no_transfer_encoding(gate_server: "LiveServer") -> None:
    head = TRUSTED_POST.replace(b"HTTP/1.1", b"HTTP/1.0")
    assert refused(gate_server.raw(head + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"))[0] == 400


@pytest.mark.parametrize(
    "line", [b"GET / HTTP/9.9", b"GET / HTTP/2.0", b"GET / HTTP/0.9", b"PRI * HTTP/2.0", b"GET / HTTP/3.1"]
)
def test_another_major_version_is_another_protocol(gate_server: "LiveServer", line: bytes) -> None:
    assert refused(gate_server.raw(line + b"\r\nHost: localhost\r\n\r\nSM\r\n\r\n")) == (505, "VersionUnsupported")


@pytest.mark.parametrize(
    "line",
    [
        b"GET /",
        b"GET / HTTP/1",
        b"GET / HTTP/1.10",
        b"GET / http/1.1",
        b"GET / HTTPS/1.1",
        b"GET  / HTTP/1.1",
        b"GET\t/ HTTP/1.1",
        b" GET / HTTP/1.1",
        b"GET /a b HTTP/1.1",
        b"GET /\xff HTTP/1.1",
        b"GET /#part HTTP/1.1",
        b"GET health HTTP/1.1",
        b"GET * HTTP/1.1",
        b"GET ?x HTTP/1.1",
        b"GET localhost/global/health HTTP/1.1",
        b"GET http:///global/health HTTP/1.1",
        b"GET http:/global/health HTTP/1.1",
        b"GET https://localhost/global/health HTTP/1.1",
        b"GET ftp://localhost/global/health HTTP/1.1",
        b"GET http://user@localhost/global/health HTTP/1.1",
        b"GET http://user:word@localhost/global/health HTTP/1.1",
        b"\x16\x03\x01\x02\x00",
        b"SSH-2.0-OpenSSH",
    ],
)
def test_what_is_no_request_line_is_a_bad_request(gate_server: "LiveServer", line: bytes) -> None:
    assert refused(gate_server.raw(line + b"\r\nHost: localhost\r\n\r\n")) == (400, "BadRequest")


def test_nobody_is_served_as_by_a_proxy(gate_server: "LiveServer") -> None:
    received = gate_server.raw(b"CONNECT localhost:443 HTTP/1.1\r\nHost: localhost:443\r\n\r\n")
    assert refused(received) == (501, "NotSupported")


@pytest.mark.parametrize(
    "target",
    [
        "http://localhost:PORT/global/health",
        "HTTP://LocalHost:PORT/global/health?x=1",
        "http://127.0.0.1/global/health",
        "http://[::1]:PORT/global/health",
    ],
)
def test_a_target_may_be_the_whole_url(gate_server: "LiveServer", target: str) -> None:
    # The host of the URL counts, and the header does not: RFC 9112, 3.2.2.
    line = f"GET {target.replace('PORT', str(gate_server.port))} HTTP/1.1\r\n"
    received = gate_server.raw(line.encode() + b"Host: elsewhere.example\r\nConnection: close\r\n\r\n")
    assert [status for status, _ in answers(received)] == [200]


@pytest.mark.parametrize("url", ["http://evil.example/global/health", "http://localhost:1/global/health", "http://a:b"])
def test_a_foreign_host_in_the_target_is_a_foreign_host(gate_server: "LiveServer", url: str) -> None:
    received = gate_server.raw(f"GET {url} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    assert refused(received) == (403, "ForeignHost")


@pytest.mark.parametrize(("path", "status"), [("", 401), ("?x=/global/health", 401), ("/doc", 401)])
def test_a_whole_url_without_a_path_means_the_root(gate_server: "LiveServer", path: str, status: int) -> None:
    received = gate_server.raw(f"GET http://localhost{path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
    assert refused(received)[0] == status


def test_the_star_is_a_target_of_options_and_asks_for_the_secret(gate_server: "LiveServer") -> None:
    head = b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    assert refused(gate_server.raw(head + b"\r\n"))[0] == 401
    assert refused(gate_server.raw(head + f"Authorization: Bearer {SECRET}\r\n\r\n".encode()))[0] == 404


def test_methods_are_case_sensitive(gate_server: "LiveServer") -> None:
    assert refused(gate_server.raw(LAST.replace(b"GET", b"get"))) == (405, "MethodNotAllowed")


@pytest.mark.parametrize("version", [b"HTTP/1.0", b"HTTP/1.1", b"HTTP/1.2"])
def test_versions_of_our_protocol_are_answered(gate_server: "LiveServer", version: bytes) -> None:
    assert answers(gate_server.raw(LAST.replace(b"HTTP/1.1", version)))[0][0] == 200


@pytest.mark.parametrize(
    "extra",
    [
        b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n",
        b"Upgrade: websocket\r\nConnection: upgrade\r\n",
        b"Expect: 100-continue\r\n",
        b"TE: trailers\r\n",
        b"X: folded\r\n over two lines\r\n",
        b"Content-Length: 0\r\nContent-Length: 0\r\n",
    ],
)
def test_what_a_client_merely_offers_is_passed_over(gate_server: "LiveServer", extra: bytes) -> None:
    received = gate_server.raw(HEALTH + extra + b"\r\n" + LAST)
    assert [status for status, _ in answers(received)] == [200, 200]


def test_requests_in_one_packet_are_answered_in_order(gate_server: "LiveServer") -> None:
    missing = b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n"
    received = gate_server.raw(HEALTH + b"\r\n" + missing + HEALTH + b"\r\n" + LAST)
    assert [status for status, _ in answers(received)] == [200, 401, 200, 200]


def test_a_request_may_come_byte_by_byte(gate_server: "LiveServer") -> None:
    with socket.create_connection(("127.0.0.1", gate_server.port), timeout=10) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in LAST:
            connection.sendall(bytes([byte]))
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("head", [b"GET /" + b"a" * 100_000, HEALTH + b"X: " + b"a" * 100_000, HEALTH * 3000])
def test_a_head_without_an_end_is_too_large(gate_server: "LiveServer", head: bytes) -> None:
    status, name = refused(gate_server.raw(head))
    assert (status, name) in {(431, "HeadTooLarge"), (400, "BadRequest")}


@pytest.mark.parametrize(
    "head", [HEALTH + b"a:b\r\n" * 200, HEALTH + b"X: " + b"a" * 40_000 + b"\r\n", LAST[:-2] + b"a:b\n" * 50_000]
)
def test_a_whole_head_is_too_large_as_well(gate_server: "LiveServer", head: bytes) -> None:
    # Parsing tens of thousands of headers would stop everybody else for half a second.
    assert refused(gate_server.raw(head + b"\r\n")) == (431, "HeadTooLarge")


@pytest.mark.parametrize("lines", [1, 100])
def test_a_head_of_usual_size_is_taken(gate_server: "LiveServer", lines: int) -> None:
    filling = b"".join(b"X-%d: %s\r\n" % (number, b"a" * 200) for number in range(lines))
    assert answers(gate_server.raw(HEALTH + filling + b"Connection: close\r\n\r\n"))[0][0] == 200


@pytest.mark.parametrize("body", [b"zz\r\n", b"1\r\nx\r\n" * 30_000, b"1\r\nx"])
def test_a_body_without_the_secret_is_not_even_parsed(gate_server: "LiveServer", body: bytes) -> None:
    received = gate_server.raw(POST + b"Transfer-Encoding: chunked\r\n\r\n" + body)
    assert refused(received) == (401, "Unauthorized")
    assert b"\r\nconnection: close\r\n" in received


def test_a_large_body_without_the_secret_still_sees_the_answer(gate_server: "LiveServer") -> None:
    head = POST + b"Content-Length: 4000000\r\nConnection: close\r\n\r\n"
    assert refused(gate_server.raw(head + b"x" * 4_000_000)) == (401, "Unauthorized")


def test_a_client_that_asks_before_it_sends_is_told_and_the_connection_closed(gate_server: "LiveServer") -> None:
    # It may send the body after the refusal or not: what comes next could be read either way.
    head = POST + b"Content-Length: 40\r\nExpect: 100-continue\r\n\r\n"
    received = gate_server.raw(head)
    assert b"\r\nconnection: close\r\n" in received.lower()
    assert refused(received) == (401, "Unauthorized")


def test_a_client_that_closes_its_half_early_still_gets_its_answer(gate_server: "LiveServer") -> None:
    with socket.create_connection(("127.0.0.1", gate_server.port), timeout=10) as connection:
        connection.sendall(HEALTH + b"\r\n")
        connection.shutdown(socket.SHUT_WR)
        assert connection.makefile("rb").read().startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("part", [HEALTH, b"GE", TRUSTED_POST + b"Content-Length: 9\r\n\r\n{}"])
def test_a_request_that_ends_in_its_middle_is_a_bad_request(gate_server: "LiveServer", part: bytes) -> None:
    with socket.create_connection(("127.0.0.1", gate_server.port), timeout=10) as connection:
        connection.sendall(part)
        connection.shutdown(socket.SHUT_WR)
        assert refused(connection.makefile("rb").read()) == (400, "BadRequest")


def test_nothing_that_comes_without_the_secret_is_logged(
    gate_server: "LiveServer", caplog: pytest.LogCaptureFixture
) -> None:
    broken = b"Transfer-Encoding: chunked\r\n\r\nnot a chunk\r\n"
    with caplog.at_level(logging.INFO):
        for _ in range(50):
            gate_server.raw(POST + broken)
            gate_server.raw(POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\n" + broken)
            gate_server.raw(b"\x16\x03\x01\r\n\r\n")
            gate_server.raw(LAST.replace(b"close", b"close\r\nUpgrade: x"))
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_a_broken_body_with_the_secret_is_a_bad_request_and_no_traceback(
    gate_server: "LiveServer", caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_connection(("127.0.0.1", gate_server.port), timeout=10) as connection:
        connection.sendall(TRUSTED_POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n")
        time.sleep(0.1)
        connection.sendall(b"not a chunk\r\n")
        assert refused(connection.makefile("rb").read()) == (400, "BadRequest")
    assert caplog.records == []
