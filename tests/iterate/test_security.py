"""The gate, with requests as bytes: no client library gets to tidy them up first."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.iterate.conftest import serving

from iterate.server.http1 import Head
from iterate.server.problems import ForeignHost, ForeignOrigin
from iterate.server.security import Address, Bucket, Gate
from iterate.server.tickets import Tickets

if TYPE_CHECKING:
    from tests.iterate.conftest import LiveServer

SECRET = "the secret of these tests"
PATHS = ["/global/health", "/global/event", "/doc", "/no/such/path", "/"]
METHODS = ["GET", "POST", "OPTIONS", "HEAD", "DELETE"]


def request(server: "LiveServer", *lines: str, method: str = "GET", path: str = "/global/health") -> tuple[int, str]:
    """The status and the body of an answer to a request with these header lines."""
    head = "".join(f"{line}\r\n" for line in (f"{method} {path} HTTP/1.1", *lines, "Connection: close"))
    answer = server.raw(head.replace("PORT", str(server.port)).encode("latin-1") + b"\r\n")
    status, _, rest = answer.decode().partition("\r\n")
    return int(status.split()[1]), rest.partition("\r\n\r\n")[2]


def error(body: str) -> str:
    return str(json.loads(body)["error"]["name"])


@pytest.mark.parametrize(
    "host", ["127.0.0.1:PORT", "127.0.0.1", "localhost:PORT", "localhost", "LocalHost", "[::1]:PORT", "[::1]"]
)
def test_our_own_hosts_are_welcome(gate_server: "LiveServer", host: str) -> None:
    assert request(gate_server, f"Host: {host}")[0] == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:PORT",
        "127.0.0.1:1",
        "localhost.",
        "localhost.evil.example",
        "127.0.0.2",
        "0.0.0.0:PORT",
        "::1",
        "user@localhost",
        "127.1",
        "2130706433",
        "localhost:PORT:PORT",
        "",
    ],
)
@pytest.mark.parametrize("path", PATHS)
def test_a_foreign_host_is_refused_everywhere_even_with_the_secret(
    gate_server: "LiveServer", host: str, path: str
) -> None:
    status, body = request(gate_server, f"Host: {host}", f"Authorization: Bearer {SECRET}", path=path)
    assert (status, error(body)) == (403, "ForeignHost")


@pytest.mark.parametrize("method", METHODS)
def test_a_foreign_host_is_refused_for_every_method(gate_server: "LiveServer", method: str) -> None:
    assert request(gate_server, "Host: evil.example", method=method)[0] == 403


def test_a_missing_or_doubled_host_is_no_valid_request(gate_server: "LiveServer") -> None:
    for lines in ((), ("Host: localhost", "Host: evil.example"), ("Host: localhost", "Host: localhost")):
        status, body = request(gate_server, *lines)
        assert (status, error(body)) == (400, "BadRequest")


def test_an_old_request_without_a_host_is_refused(gate_server: "LiveServer") -> None:
    answer = gate_server.raw(b"GET /global/health HTTP/1.0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 403 ")
    assert b'"ForeignHost"' in answer


def test_what_is_no_http_gets_a_json_error(gate_server: "LiveServer") -> None:
    answer = gate_server.raw(b"\x16\x03\x01 hello tls\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["name"] == "BadRequest"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "line",
    [
        "Origin: null",
        "Origin: https://evil.example",
        "Origin: http://localhost:1",
        "Origin: http://localhost",
        "Origin: https://127.0.0.1:PORT",
        "Origin: http://127.0.0.1:PORT/",
        "Origin: http://127.0.0.1:PORT http://evil.example",
        "Origin:",
        "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Site: same-site",
        "Sec-Fetch-Site: SAME-ORIGIN",
    ],
)
def test_a_foreign_origin_is_refused_everywhere_even_with_the_secret(
    gate_server: "LiveServer", line: str, path: str
) -> None:
    status, body = request(
        gate_server, "Host: 127.0.0.1:PORT", line, f"Authorization: Bearer {SECRET}", path=path, method="POST"
    )
    assert (status, error(body)) == (403, "ForeignOrigin")


def test_one_of_two_origins_being_foreign_is_enough(gate_server: "LiveServer") -> None:
    lines = ("Host: localhost", "Origin: http://127.0.0.1:PORT", "Origin: https://evil.example")
    assert request(gate_server, *lines)[0] == 403


def test_a_preflight_is_refused_without_any_allow_header(gate_server: "LiveServer") -> None:
    answer = gate_server.raw(
        f"OPTIONS /session HTTP/1.1\r\nHost: 127.0.0.1:{gate_server.port}\r\nOrigin: https://evil.example\r\n"
        "Access-Control-Request-Method: POST\r\nConnection: close\r\n\r\n".encode()
    )
    assert answer.startswith(b"HTTP/1.1 403 ")
    assert b"access-control" not in answer.lower()


@pytest.mark.parametrize(
    "line",
    [
        "Origin: http://127.0.0.1:PORT",
        "Origin: http://localhost:PORT",
        "Sec-Fetch-Site: same-origin",
        "Sec-Fetch-Site: none",
    ],
)
def test_our_own_origin_is_welcome(gate_server: "LiveServer", line: str) -> None:
    assert request(gate_server, "Host: 127.0.0.1:PORT", line)[0] == 200


@pytest.mark.parametrize("path", [path for path in PATHS if path != "/global/health"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "DELETE"])
def test_every_path_but_health_asks_for_the_secret_before_it_says_whether_it_exists(
    gate_server: "LiveServer", path: str, method: str
) -> None:
    status, body = request(gate_server, "Host: localhost", path=path, method=method)
    assert (status, error(body)) == (401, "Unauthorized")


@pytest.mark.parametrize(
    "path", ["/global/health/", "//global/health", "/global/health/x", "/GLOBAL/HEALTH", "/global%2Fhealth/"]
)
def test_only_the_health_route_itself_is_open(gate_server: "LiveServer", path: str) -> None:
    assert request(gate_server, "Host: localhost", path=path)[0] == 401


@pytest.mark.parametrize(
    "line",
    [
        "Authorization: Bearer",
        "Authorization: Bearer wrong",
        f"Authorization: Bearer {SECRET}x",
        f"Authorization: Bearer {SECRET[:-1]}",
        f"Authorization: Basic {SECRET}",
        f"Authorization: {SECRET}",
        f"X-Authorization: Bearer {SECRET}",
        "Authorization: Bearer \xff\xfe",
    ],
)
def test_a_wrong_secret_is_told_how_to_ask(gate_server: "LiveServer", line: str) -> None:
    head = f"GET /doc HTTP/1.1\r\nHost: localhost\r\n{line}\r\nConnection: close\r\n\r\n"
    answer = gate_server.raw(head.encode("latin-1"))
    assert answer.startswith(b"HTTP/1.1 401 ")
    assert b'\r\nwww-authenticate: Bearer realm="iterate"\r\n' in answer.lower().replace(b"bearer", b"Bearer")


def test_two_secrets_are_none(gate_server: "LiveServer") -> None:
    line = f"Authorization: Bearer {SECRET}"
    assert request(gate_server, "Host: localhost", line, line, path="/doc")[0] == 401


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_is_written_in_any_case(gate_server: "LiveServer", scheme: str) -> None:
    assert request(gate_server, "Host: localhost", f"Authorization: {scheme} {SECRET}", path="/doc")[0] == 200


def test_a_secret_in_the_query_counts_for_nothing(gate_server: "LiveServer") -> None:
    assert request(gate_server, "Host: localhost", path="/doc?authorization=Bearer%20secret&secret=x")[0] == 401


def test_a_websocket_upgrade_without_the_secret_is_refused(gate_server: "LiveServer") -> None:
    upgrade = (
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    )
    assert request(gate_server, "Host: localhost", *upgrade, path="/global/event")[0] == 401
    assert request(gate_server, "Host: evil.example", *upgrade, path="/global/health")[0] == 403


def test_wrong_secrets_that_come_too_fast_are_told_so_and_shut_nobody_out(tmp_path: Path) -> None:
    with serving(tmp_path / "sessions.db") as server:
        wrong = ("Host: localhost", "Authorization: Bearer wrong")
        told = [request(server, *wrong, path="/doc") for _ in range(int(Bucket.SIZE) + 50)]
        assert {status for status, _ in told} == {401, 429}
        assert error(told[-1][1]) == "TooManyAttempts"
        assert request(server, "Host: localhost", f"Authorization: Bearer {SECRET}", path="/doc")[0] == 200


def test_a_bucket_fills_again_and_never_beyond_its_size() -> None:
    now = [0.0]
    bucket = Bucket(lambda: now[0])
    assert sum(bucket.take() for _ in range(1000)) == Bucket.SIZE
    now[0] += 1
    assert sum(bucket.take() for _ in range(1000)) == Bucket.RATE
    now[0] += 1_000_000
    assert sum(bucket.take() for _ in range(1000)) == Bucket.SIZE


def gate_of(bound: str) -> Gate:
    return Gate(Address(hostname=bound, bound=bound, port=4096), "s" * 32, Tickets())


def head(host: str, origin: str = "") -> Head:
    fields = [(b"host", host.encode()), (b"authorization", b"Bearer " + b"s" * 32)]
    fields += [(b"origin", origin.encode())] if origin else []
    return Head(method="GET", path="/doc", query="", headers=fields, is_old=False, length=0, size=100)


@pytest.mark.parametrize("host", ["192.0.2.7:4096", "192.0.2.7", "[2001:db8::1]:4096", "203.0.113.9:80"])
def test_a_server_of_every_address_is_asked_by_any_of_them(host: str) -> None:
    for bound in ("0.0.0.0", "::"):  # noqa: S104
        assert gate_of(bound).problem(head(host)) is None
        assert gate_of(bound).problem(head(host, f"http://{host}")) is None
        assert isinstance(gate_of(bound).problem(head(host, "http://192.0.2.8:4096")), ForeignOrigin)
    assert isinstance(gate_of("192.0.2.1").problem(head(host)), ForeignHost)


@pytest.mark.parametrize(
    "host", ["evil.example:4096", "1.2.3", "192.0.2.7.evil:4096", "[::1", "::1", "192.0.2.7:x", "0x7f.1", "", "[]:1"]
)
def test_a_server_of_every_address_is_not_asked_by_a_name_that_may_be_pointed_at_it(host: str) -> None:
    assert isinstance(gate_of("0.0.0.0").problem(head(host)), ForeignHost)  # noqa: S104


def test_a_bound_name_is_one_of_our_hosts_and_origins() -> None:
    address = Address(hostname="Box.Local", bound="192.0.2.7", port=8080)
    assert {"box.local", "box.local:8080", "localhost:8080", "192.0.2.7:8080"} <= address.hosts()
    assert "http://box.local:8080" in address.origins()


@pytest.mark.parametrize(
    ("hostname", "bound", "url"),
    [
        ("::1", "::1", "http://[::1]:9"),
        ("0.0.0.0", "0.0.0.0", "http://127.0.0.1:9"),  # noqa: S104
        ("::", "::", "http://[::1]:9"),
        ("localhost", "127.0.0.1", "http://127.0.0.1:9"),
        ("box.local", "192.0.2.7", "http://192.0.2.7:9"),
    ],
)
def test_the_url_names_the_bound_address(hostname: str, bound: str, url: str) -> None:
    assert Address(hostname=hostname, bound=bound, port=9).url == url


def test_the_zone_of_a_link_local_address_may_be_left_out_of_the_host() -> None:
    address = Address(hostname="fe80::1%eth0", bound="fe80::1%eth0", port=9)
    assert {"[fe80::1%eth0]:9", "[fe80::1]:9"} <= address.hosts()


def test_on_port_80_a_browser_leaves_the_port_out() -> None:
    assert "http://localhost" in Address(hostname="127.0.0.1", bound="127.0.0.1", port=80).origins()
