"""The one door to the network for upgrades: GET over HTTP or HTTPS, with a bound for everything.

A server may answer slowly, for ever, with too much, or with something else than it was asked for, and the network may
answer in its place. Whatever does not fit is a `SiteUnreachable`. What the bytes are worth is decided by who asks.
"""

import http.client
import socket
import ssl
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import override
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from iterate import about
from iterate.errors import SiteUnreachable
from iterate.settings import Surroundings

CONNECT_S = 10.0
# Nothing at all for so long means that nothing will come.
SILENCE_S = 15.0
# Less than this many bytes a second, measured over this long, is a drip.
SLOWEST_BYTES_S = 1024
RATE_WINDOW_S = 20.0
REDIRECTS = 5
_PIECE_BYTES = 1 << 16
_MOVED = {301, 302, 303, 307, 308}
_ABSENT = {403, 404, 410}
# Where distributions keep the certificates of the authorities; the OpenSSL inside was compiled with one of them.
BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Alpine, Arch, Gentoo
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, RHEL
    "/etc/ssl/ca-bundle.pem",  # openSUSE
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",  # macOS, BSD, Alpine
    "/usr/local/share/certs/ca-root-nss.crt",
)
PORTAL = (
    "it answered with a web page instead of the file",
    "log in to this network in a browser (hotels and trains ask for that), then try again",
)


class Absent(SiteUnreachable):
    """The server answers, and says that it has no such file."""


class Pace:
    """What a transfer may take: until when, how long in silence, how long for the head, and how slow it may be."""

    def __init__(self, seconds: float, *, silence_s: float = SILENCE_S, window_s: float = RATE_WINDOW_S) -> None:
        self._end = time.monotonic() + seconds
        self._silence_s, self._window_s = silence_s, window_s
        self._head_end, self._since, self._received = self._end, time.monotonic(), 0

    @property
    def patience_s(self) -> float:
        """How long the next step may wait; raises `TimeoutError` when the time is over."""
        left = min(self._end, self._head_end) - time.monotonic()
        if left <= 0:
            raise TimeoutError("it took too long")
        return min(left, self._silence_s)

    def begin(self) -> None:
        """A question is asked, and the head of the answer is waited for."""
        now = time.monotonic()
        self._head_end, self._since, self._received = now + self._silence_s, now, 0

    def end_head(self) -> None:
        """The head is there; the body may take as long as it comes fast enough."""
        self._head_end, self._since, self._received = self._end, time.monotonic(), 0

    def count(self, received: int) -> None:
        """So many bytes came; raises `TimeoutError` when they drip."""
        self._received += received
        now = time.monotonic()
        if now - self._since >= self._window_s:
            if self._received < SLOWEST_BYTES_S * (now - self._since):
                raise TimeoutError("it comes too slowly")
            self._since, self._received = now, 0


class _Paced(RawIOBase):
    """A socket as `http.client` reads it; each piece that comes is held against the pace."""

    def __init__(self, connection: socket.socket, pace: Pace) -> None:
        self._connection, self._pace = connection, pace

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        self._connection.settimeout(self._pace.patience_s)
        received = self._connection.recv_into(buffer)
        self._pace.count(received)
        return received


class Line:
    """A connection to one server, and the pace of what comes over it now."""

    def __init__(self, connection: socket.socket, pace: Pace) -> None:
        self.connection, self.pace = connection, pace

    def makefile(self, _mode: str) -> BufferedReader:
        """What `http.client` asks a socket for."""
        return BufferedReader(_Paced(self.connection, self.pace), _PIECE_BYTES)

    def close(self) -> None:
        """Hang up."""
        with suppress(OSError):
            self.connection.close()


class Door:
    """Gets files; keeps a connection to each server for the next one. Close it at the end."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._lines: dict[tuple[str, str], Line] = {}
        self._context: ssl.SSLContext | None = None

    def close(self) -> None:
        """Hang up everywhere."""
        for line in self._lines.values():
            line.close()
        self._lines.clear()

    def fetch(self, url: str, limit: int, pace: Pace) -> bytes:
        """A whole file of at most `limit` bytes; raises `Absent` and `SiteUnreachable`."""
        return b"".join(self.pieces(url, limit, pace))

    def pieces(self, url: str, limit: int, pace: Pace) -> Iterator[bytes]:
        """A file as it comes, of at most `limit` bytes; raises `Absent` and `SiteUnreachable`, also half-way."""
        received = 0
        try:
            with self._answer(url, pace) as answer:
                while piece := answer.read1(_PIECE_BYTES):
                    received += len(piece)
                    if received > limit:
                        raise SiteUnreachable(f"{url}: it is longer than the {limit} bytes that it may have")
                    yield piece
                if answer.length:
                    raise SiteUnreachable(f"{url}: it broke off")
        except (OSError, http.client.HTTPException, ValueError) as problem:
            raise SiteUnreachable(f"{url}: {_words(problem)}") from problem

    @contextmanager
    def _answer(self, url: str, pace: Pace) -> Iterator[http.client.HTTPResponse]:
        """The answer that has the file, redirects followed."""
        asked = url
        for _ in range(REDIRECTS + 1):
            parts = _parts(asked)
            answer, line = self._asked(parts, pace)
            status = answer.status
            if status not in _MOVED:
                break
            line.close()
            asked = urljoin(asked, answer.headers.get("Location", ""))
            if parts.scheme == "https" and not asked.startswith("https:"):
                raise SiteUnreachable(f"{url}: it leads away from https, to {asked}")
        else:
            raise SiteUnreachable(f"{url}: it is redirected more than {REDIRECTS} times")
        try:
            _refuse(url, answer)
            yield answer
        except Absent:
            # That a file is not there is often the answer, and no reason to hang up.
            self._keep(line, parts, answer, rest=answer.read1(_PIECE_BYTES))
            raise
        except BaseException:
            line.close()
            raise
        self._keep(line, parts, answer)

    def _keep(self, line: Line, parts: SplitResult, answer: http.client.HTTPResponse, rest: bytes = b"") -> None:
        """Keep a connection for the next question, when the answer ended and the server lets it open."""
        if answer.will_close or not answer.isclosed() or len(rest) == _PIECE_BYTES:
            line.close()
        else:
            self._lines[parts.scheme, parts.netloc] = line

    def _asked(self, parts: SplitResult, pace: Pace) -> tuple[http.client.HTTPResponse, Line]:
        """The head of an answer; on a connection that was kept and is gone by now, the question is asked once more."""
        kept = self._lines.pop((parts.scheme, parts.netloc), None)
        if kept is not None:
            kept.pace = pace
            with suppress(ConnectionError, http.client.RemoteDisconnected, ssl.SSLError):
                return self._exchanged(kept, parts), kept
            kept.close()
        line = self._connected(parts, pace)
        try:
            return self._exchanged(line, parts), line
        except BaseException:
            line.close()
            raise

    def _exchanged(self, line: Line, parts: SplitResult) -> http.client.HTTPResponse:
        proxy = self._proxy(parts) if parts.scheme == "http" else None
        whole = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
        # A proxy is asked for the whole address, unless it only passes on what is encrypted.
        target = f"http://{_host(parts)}{whole}" if proxy else whole
        fields = {
            "Host": _host(parts),
            "User-Agent": f"iterate/{about.STAMP.version}",
            "Accept-Encoding": "identity",  # Else a server may pack it once more.
            **(_credentials(proxy) if proxy else {}),
        }
        return _exchange(line, "GET", target, fields)

    def _connected(self, parts: SplitResult, pace: Pace) -> Line:
        proxy = self._proxy(parts)
        nearest = proxy or parts
        port = nearest.port or (443 if nearest.scheme == "https" else 80)
        wait = min(CONNECT_S, pace.patience_s)
        connection = socket.create_connection((nearest.hostname or "", port), wait)
        try:
            if parts.scheme == "https":
                if proxy:
                    _tunnel(Line(connection, pace), parts, proxy)
                connection.settimeout(min(CONNECT_S, pace.patience_s))
                connection = self._tls().wrap_socket(connection, server_hostname=parts.hostname)
        except BaseException:
            connection.close()
            raise
        return Line(connection, pace)

    def _proxy(self, parts: SplitResult) -> SplitResult | None:
        """The proxy to ask for that address; nobody's for what is on this machine."""
        host, known = (parts.hostname or "").lower(), self._surroundings
        asked = known.https_proxy if parts.scheme == "https" else known.http_proxy
        if not asked or host == "localhost" or host.startswith("127.") or host == "::1":
            return None
        port = parts.port or (443 if parts.scheme == "https" else 80)
        return None if any(_covers(each, host, port) for each in known.direct) else _proxy_of(asked)

    def _tls(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = context_of(self._surroundings)
        return self._context


def context_of(
    known: Surroundings,
    bundles: tuple[str, ...] = BUNDLES,
    inner: ssl.SSLContext | None = None,
    folder: Path | None = None,
) -> ssl.SSLContext:
    """TLS with the certificates of this system, wherever they are; raises `SiteUnreachable` where there are none.

    Args:
        known: may name a file or a folder of certificates, which then are the only ones.
        bundles: where to look when the OpenSSL inside looks elsewhere.
        inner: what that OpenSSL finds by itself.
        folder: where it looks when a certificate is needed.
    """
    try:
        if known.certificates or known.certificate_folder:
            return ssl.create_default_context(
                cafile=known.certificates or None, capath=known.certificate_folder or None
            )
        context = inner or ssl.create_default_context()
        later = folder or Path(ssl.get_default_verify_paths().capath or "/nowhere")
        # A folder of certificates is read when one is needed, so that it counts as much as a file that was read.
        if context.cert_store_stats()["x509_ca"] or (later.is_dir() and any(later.iterdir())):
            return context
        for bundle in bundles:
            if Path(bundle).is_file():
                context.load_verify_locations(bundle)
                return context
    except (OSError, ValueError) as problem:
        raise SiteUnreachable(f"the certificates of this system: {problem}", "look at SSL_CERT_FILE") from problem
    raise SiteUnreachable(
        "this system has no certificates of authorities, so that no server can prove itself",
        "install ca-certificates, or set SSL_CERT_FILE",
    )


def _exchange(line: Line, method: str, target: str, fields: dict[str, str]) -> http.client.HTTPResponse:
    text = "".join(
        [f"{method} {target} HTTP/1.1\r\n", *(f"{name}: {value}\r\n" for name, value in fields.items()), "\r\n"]
    )
    line.pace.begin()
    line.connection.settimeout(line.pace.patience_s)
    line.connection.sendall(text.encode("ascii"))
    answer = http.client.HTTPResponse(line, method=method)  # type: ignore[arg-type]  # It asks for `makefile` alone.
    answer.begin()
    line.pace.end_head()
    return answer


def _covers(direct: str, host: str, port: int) -> bool:
    """Whether an entry of NO_PROXY, which may end with a port, is about that host or a domain that it is in."""
    name = direct.removesuffix(f":{port}")
    return name == "*" or f".{host}".endswith(f".{name.removeprefix('*').lstrip('.')}")


def _proxy_of(asked: str) -> SplitResult:
    """The proxy that the environment names. What does not parse is not quoted: a password may be in it."""
    hint = "set HTTPS_PROXY to http://HOST:PORT, with what is special in a password as %23, or set NO_PROXY"
    try:
        proxy = urlsplit(asked if "://" in asked else f"http://{asked}")
        # Where a password has one of these, what comes before it is taken for the host.
        is_whole = proxy.port != 0 and proxy.path in {"", "/"} and not proxy.query and not proxy.fragment
    except ValueError:
        raise SiteUnreachable("the proxy that is set is no address", hint) from None
    if not is_whole:
        raise SiteUnreachable("the proxy that is set is no address", hint)
    if proxy.scheme != "http" or not proxy.hostname:
        raise SiteUnreachable(
            f"the proxy {proxy.scheme}://{proxy.hostname or ''} is of a kind that is not known here", hint
        )
    return proxy


def _tunnel(line: Line, parts: SplitResult, proxy: SplitResult) -> None:
    """Ask the proxy to pass on what is encrypted from now on."""
    target = f"{_bracketed(parts)}:{parts.port or 443}"
    answer = _exchange(line, "CONNECT", target, {"Host": target, **_credentials(proxy)})
    if answer.status != http.client.OK:
        raise SiteUnreachable(f"the proxy {proxy.hostname} refuses {target} with status {answer.status}")


def _credentials(proxy: SplitResult) -> dict[str, str]:
    if proxy.username is None:
        return {}
    pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": f"Basic {b64encode(pair.encode()).decode()}"}


def _parts(url: str) -> SplitResult:
    """The parts of an address that may be asked for."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not all("!" <= each <= "~" for each in url):
        raise SiteUnreachable(f"{url} is no address that can be asked")
    return parts


def _bracketed(parts: SplitResult) -> str:
    host = parts.hostname or ""
    return f"[{host}]" if ":" in host else host


def _host(parts: SplitResult) -> str:
    return f"{_bracketed(parts)}:{parts.port}" if parts.port else _bracketed(parts)


def _refuse(url: str, answer: http.client.HTTPResponse) -> None:
    """Raise when an answer is not the file that was asked for."""
    if answer.status in _ABSENT:
        raise Absent(f"{url} is not there (status {answer.status})")
    if answer.status == http.client.NETWORK_AUTHENTICATION_REQUIRED:
        raise SiteUnreachable(f"{url}: {PORTAL[0]}", PORTAL[1])
    if answer.status != http.client.OK:
        raise SiteUnreachable(f"{url}: the server answers with status {answer.status}")
    if answer.headers.get_content_type() == "text/html":
        raise SiteUnreachable(f"{url}: {PORTAL[0]}", PORTAL[1])
    packed = answer.headers.get("Content-Encoding", "identity")
    passed = answer.headers.get("Transfer-Encoding", "chunked")
    for way, plain in ((packed, "identity"), (passed, "chunked")):
        if way.strip().lower() not in {plain, ""}:
            raise SiteUnreachable(f"{url}: the server packs it ({way.strip()}), and was asked not to")


def _words(problem: Exception) -> str:
    match problem:
        case TimeoutError():
            return str(problem) if str(problem).startswith("it ") else "no answer in time"
        case ssl.SSLCertVerificationError():
            return f"the server cannot prove that it is the one asked for: {problem.verify_message}"
        case socket.gaierror():
            return "there is no such host, or no network"
        case http.client.IncompleteRead():
            return "it broke off"
        case OSError():
            return problem.strerror or str(problem) or type(problem).__name__
        case _:
            return f"the answer is no HTTP ({str(problem) or type(problem).__name__})"
