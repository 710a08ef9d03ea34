"""The door to the network: bounds of time, size and direction, proxies, certificates, and what is said of failures."""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from tests.iterate import signed
from tests.iterate.signed import Served

from iterate.errors import SiteUnreachable
from iterate.install.network import Absent, Door, Pace, context_of
from iterate.settings import Surroundings


@pytest.fixture
def site() -> Iterator[Served]:
    with signed.served({"file": b"content", "large": b"x" * 1_000_000}) as made:
        yield made


@pytest.fixture
def door() -> Iterator[Door]:
    with closing(Door(Surroundings())) as made:
        yield made


def pace(seconds: float = 20.0, silence_s: float = 5.0, window_s: float = 5.0) -> Pace:
    return Pace(seconds, silence_s=silence_s, window_s=window_s)


def test_a_file_comes_whole(site: Served, door: Door) -> None:
    assert door.fetch(f"{site.url}file", 7, pace()) == b"content"
    assert len(door.fetch(f"{site.url}large", 1_000_000, pace())) == 1_000_000


def test_a_connection_is_kept_also_after_a_file_that_is_not_there(site: Served, door: Door) -> None:
    seen: set[tuple[str, int]] = set()

    def note(request: BaseHTTPRequestHandler) -> None:
        seen.add(request.client_address)
        signed.reply(request, b"content")

    site.faults["file"] = note
    for _ in range(3):
        assert door.fetch(f"{site.url}file", 7, pace()) == b"content"
        with pytest.raises(Absent):
            door.fetch(f"{site.url}nothing", 7, pace())
    assert len(seen) == 1


def test_a_kept_connection_that_the_server_closed_is_opened_again(door: Door, site: Served) -> None:
    def once(request: BaseHTTPRequestHandler) -> None:
        signed.reply(request, b"content")
        request.close_connection = True  # Without saying so.

    site.faults["file"] = once
    for _ in range(3):
        assert door.fetch(f"{site.url}file", 7, pace()) == b"content"
        time.sleep(0.05)


def test_what_is_longer_than_it_may_be_is_cut_off(site: Served, door: Door) -> None:
    with pytest.raises(SiteUnreachable, match="longer than the 6 bytes"):
        door.fetch(f"{site.url}file", 6, pace())
    site.faults["endless"] = signed.endless
    with pytest.raises(SiteUnreachable, match="longer than"):
        door.fetch(f"{site.url}endless", 100_000, pace())


def test_a_body_that_drips_is_given_up(site: Served, door: Door) -> None:
    site.faults["drip"] = signed.dripping
    begun = time.monotonic()
    with pytest.raises(SiteUnreachable, match="too slowly"):
        door.fetch(f"{site.url}drip", 100_000, pace(window_s=0.3))
    assert time.monotonic() - begun < 15


def test_a_transfer_has_an_end_however_fast_it_is(site: Served, door: Door) -> None:
    site.faults["endless"] = signed.endless
    with pytest.raises(SiteUnreachable, match="too long"):
        door.fetch(f"{site.url}endless", 1 << 40, pace(seconds=0.3))


def raw(answer: bytes, *, then_s: float = 0.0, drip_s: float = 0.0) -> signed.Fault:
    """These very bytes, one by one when they drip."""

    def fault(request: BaseHTTPRequestHandler) -> None:
        for piece in [answer] if not drip_s else [bytes([each]) for each in answer]:
            request.wfile.write(piece)
            time.sleep(drip_s)
        time.sleep(then_s)
        request.close_connection = True

    return fault


@pytest.mark.parametrize(
    ("answer", "drip_s", "words"),
    [
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 400, 0.01, r"too long|too slowly|in time"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"0" * 400, 0.01, "too slowly"),
    ],
)
def test_a_head_or_the_size_of_a_chunk_that_drips_is_given_up(
    site: Served, door: Door, answer: bytes, drip_s: float, words: str
) -> None:
    site.faults["drip"] = raw(answer, drip_s=drip_s)
    with pytest.raises(SiteUnreachable, match=words):
        door.fetch(f"{site.url}drip", 100, pace(silence_s=1.5, window_s=1.5))


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab",
    ],
)
def test_what_is_no_http_or_breaks_off_is_told_as_that(site: Served, door: Door, answer: bytes) -> None:
    site.faults["raw"] = raw(answer)
    with pytest.raises(SiteUnreachable):
        door.fetch(f"{site.url}raw", 100, pace())


def test_a_server_that_says_nothing_is_given_up(site: Served, door: Door) -> None:
    site.faults["silent"] = raw(b"", then_s=2.0)
    with pytest.raises(SiteUnreachable, match=r"took too long|no answer in time"):
        door.fetch(f"{site.url}silent", 100, pace(silence_s=0.3))


def test_redirects_are_followed_and_come_to_an_end(site: Served, door: Door) -> None:
    site.faults["one"] = signed.moved("/two")
    site.faults["two"] = signed.moved(f"{site.url}file")
    assert door.fetch(f"{site.url}one", 7, pace()) == b"content"
    site.faults["loop"] = signed.moved("/loop")
    with pytest.raises(SiteUnreachable, match="more than 5 times"):
        door.fetch(f"{site.url}loop", 7, pace())
    assert site.asked.count("loop") == 6


@pytest.mark.parametrize("to", ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/", "http://", "//"])
def test_a_redirect_to_what_is_no_web_address_is_refused(site: Served, door: Door, to: str) -> None:
    site.faults["moved"] = signed.moved(to)
    with pytest.raises(SiteUnreachable):
        door.fetch(f"{site.url}moved", 1000, pace())


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "http://", "http://host/a b", "http://host/\r\nX: y", "host/file", "http://höst/"]
)
def test_what_is_no_web_address_is_not_asked(door: Door, url: str) -> None:
    with pytest.raises(SiteUnreachable, match="no address"):
        door.fetch(url, 10, pace())


@pytest.mark.parametrize("status", [400, 401, 429, 500, 502, 503, 511])
def test_each_status_but_success_is_told(site: Served, door: Door, status: int) -> None:
    site.faults["file"] = lambda request: signed.reply(request, b"content", status)
    with pytest.raises(SiteUnreachable):
        door.fetch(f"{site.url}file", 7, pace())


def test_the_page_of_a_captive_portal_is_told_as_that(site: Served, door: Door) -> None:
    site.faults["file"] = signed.portal
    with pytest.raises(SiteUnreachable, match="web page instead") as failure:
        door.fetch(f"{site.url}file", 1000, pace())
    assert "log in to this network" in failure.value.hint


@pytest.mark.parametrize("field", ["Content-Encoding: gzip", "Transfer-Encoding: gzip, chunked"])
def test_a_file_that_the_server_packs_is_told_as_that(site: Served, door: Door, field: str) -> None:
    def packed(request: BaseHTTPRequestHandler) -> None:
        name, _, value = field.partition(": ")
        request.send_response(200)
        request.send_header(name, value)
        request.send_header("Content-Length", "3")
        request.end_headers()
        request.wfile.write(b"\x1f\x8b\x08")

    site.faults["file"] = packed
    with pytest.raises(SiteUnreachable, match="packs it"):
        door.fetch(f"{site.url}file", 7, pace())


def test_a_network_that_is_gone_is_told_as_that(door: Door) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(SiteUnreachable, match="refused"):
        door.fetch(f"http://127.0.0.1:{port}/file", 7, pace())
    with pytest.raises(SiteUnreachable, match="no such host, or no network"):
        door.fetch("http://nowhere.invalid/file", 7, pace())


# Proxies


class Proxy:
    """A proxy for everything: it notes what it was asked for, and leads everybody to one port."""

    def __init__(self, port: int, *, refuses: bool = False) -> None:
        self._port, self._refuses = port, refuses
        self.asked: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            with near:
                self._pass_on(near)

    def _pass_on(self, near: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += near.recv(65536)
        self.asked.append(head)
        if self._refuses:
            near.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
            return
        with socket.create_connection(("127.0.0.1", self._port)) as far:
            if head.startswith(b"CONNECT"):
                near.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                far.sendall(b"GET /file HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            there = threading.Thread(target=self._copy, args=(near, far), daemon=True)
            there.start()
            self._copy(far, near)
            there.join(5)

    def _copy(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                sink.sendall(piece)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self._listener.close()


def test_an_http_proxy_is_asked_for_the_whole_address_with_its_password(site: Served) -> None:
    with closing(Proxy(int(site.url.rpartition(":")[2].rstrip("/")))) as proxy:
        surroundings = Surroundings(http_proxy=f"http://me:p%40ss@{proxy.url}")
        with closing(Door(surroundings)) as door:
            assert door.fetch("http://example.invalid/file?x=1", 7, pace()) == b"content"
    (head,) = proxy.asked
    assert head.startswith(b"GET http://example.invalid/file?x=1 HTTP/1.1\r\nHost: example.invalid\r\n")
    assert b"Proxy-Authorization: Basic bWU6cEBzcw==\r\n" in head


@pytest.mark.parametrize("direct", ["example.invalid", ".invalid", "invalid", "*", "*.invalid", "example.invalid:80"])
def test_no_proxy_is_asked_for_hosts_that_are_excepted(direct: str) -> None:
    with (
        closing(Proxy(1)) as proxy,
        closing(Door(Surroundings(http_proxy=proxy.url, direct=(direct,)))) as door,
        pytest.raises(SiteUnreachable, match="no such host"),
    ):
        door.fetch("http://example.invalid/file", 7, pace())
    assert proxy.asked == []


@pytest.mark.parametrize("direct", ["ple.invalid", "example.invalid:8080", "example.invalid.org", "10.0.0.0/8"])
def test_the_proxy_is_asked_for_hosts_that_only_look_like_an_exception(site: Served, direct: str) -> None:
    with closing(Proxy(int(site.url.rpartition(":")[2].rstrip("/")))) as proxy:
        surroundings = Surroundings(http_proxy=proxy.url, direct=(direct,))
        with closing(Door(surroundings)) as door:
            assert door.fetch("http://example.invalid/file", 7, pace()) == b"content"


@pytest.mark.parametrize("password", ["s3cret#x", "s3cret?x", "s3cret/x", "1234#x", "s3cret]x["])
def test_a_proxy_whose_password_is_not_quoted_is_told_without_it(password: str) -> None:
    surroundings = Surroundings(http_proxy=f"http://me:{password}@127.0.0.1:1")
    with closing(Door(surroundings)) as door, pytest.raises(SiteUnreachable, match="proxy that is set") as told:
        door.fetch("http://example.invalid/file", 7, pace())
    said = "".join(map(str, (told.value, told.value.hint, told.value.__cause__)))
    assert "1234" not in said
    assert "s3cret" not in said


def test_no_proxy_is_asked_for_this_machine(site: Served) -> None:
    with closing(Proxy(1)) as proxy, closing(Door(Surroundings(http_proxy=proxy.url))) as door:
        assert door.fetch(f"{site.url}file", 7, pace()) == b"content"
    assert proxy.asked == []


def test_a_proxy_of_a_kind_that_is_not_known_is_told() -> None:
    surroundings = Surroundings(https_proxy="socks5://127.0.0.1:1")
    with closing(Door(surroundings)) as door, pytest.raises(SiteUnreachable, match="socks5"):
        door.fetch("https://example.invalid/file", 7, pace())


# Certificates


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of example.invalid and 127.0.0.1 that signs itself, with its key, in one file."""
    from datetime import UTC, datetime, timedelta
    from ipaddress import ip_address

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "example.invalid")])
    names: list[x509.GeneralName] = [x509.DNSName("example.invalid"), x509.IPAddress(ip_address("127.0.0.1"))]
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def secure(certificate: Path) -> Iterator[Served]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with signed.served({"file": b"content"}, context) as made:
        yield made


def test_tls_is_believed_with_the_certificates_that_are_set_and_not_without(secure: Served, certificate: Path) -> None:
    with closing(Door(Surroundings(certificates=str(certificate)))) as door:
        assert door.fetch(f"{secure.url}file", 7, pace()) == b"content"
    with closing(Door(Surroundings())) as door, pytest.raises(SiteUnreachable, match="cannot prove"):
        door.fetch(f"{secure.url}file", 7, pace())


def test_tls_goes_through_a_proxy_that_cannot_read_it(secure: Served, certificate: Path) -> None:
    with closing(Proxy(int(secure.url.rpartition(":")[2].rstrip("/")))) as proxy:
        surroundings = Surroundings(https_proxy=proxy.url, certificates=str(certificate))
        with closing(Door(surroundings)) as door:
            assert door.fetch("https://example.invalid/file", 7, pace()) == b"content"
        with closing(Door(surroundings)) as door, pytest.raises(SiteUnreachable, match="cannot prove"):
            door.fetch("https://other.invalid/file", 7, pace())
    assert proxy.asked[0].startswith(b"CONNECT example.invalid:443 HTTP/1.1\r\n")


def test_a_proxy_that_refuses_is_told(certificate: Path) -> None:
    with closing(Proxy(1, refuses=True)) as proxy:
        surroundings = Surroundings(https_proxy=proxy.url, certificates=str(certificate))
        with closing(Door(surroundings)) as door, pytest.raises(SiteUnreachable, match="status 407"):
            door.fetch("https://example.invalid/file", 7, pace())


def test_a_redirect_away_from_tls_is_refused(secure: Served, certificate: Path, site: Served) -> None:
    secure.faults["moved"] = signed.moved(f"{site.url}file")
    surroundings = Surroundings(certificates=str(certificate))
    with closing(Door(surroundings)) as door, pytest.raises(SiteUnreachable, match="away from https"):
        door.fetch(f"{secure.url}moved", 7, pace())
    assert site.asked == []


def test_a_bundle_is_found_where_the_openssl_inside_looks_elsewhere(certificate: Path, tmp_path: Path) -> None:
    bare = Surroundings()
    empty = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    found = context_of(bare, (str(tmp_path / "nothing"), str(certificate)), empty, Path("/nowhere"))
    assert found.cert_store_stats()["x509_ca"] == 1
    with pytest.raises(SiteUnreachable, match="no certificates") as failure:
        context_of(bare, (str(tmp_path / "nothing"),), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), Path("/nowhere"))
    assert "SSL_CERT_FILE" in failure.value.hint
    with pytest.raises(SiteUnreachable, match="certificates"):
        context_of(Surroundings(certificates=str(tmp_path / "nothing")))
