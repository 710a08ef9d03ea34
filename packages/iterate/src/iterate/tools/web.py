"""Gets one page of the web: the door of `fetch` to the network.

A name is resolved here, every address that it has is checked, and the connection goes to an address that was checked:
the name is not asked for a second time, so it cannot lead elsewhere meanwhile. TLS is checked against the name. Nothing
is sent but the request: no cookies, no passwords. Sizes are bounded before and after unpacking.

Where the environment names a proxy, that resolves the name itself: an address that is private as seen from here is
never asked for through it, but what it makes of a name is for its own rules.
"""

import asyncio
import socket
import ssl
import zlib
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct

from iterate import settings
from iterate.about import STAMP
from iterate.tools import addresses
from iterate.tools.addresses import Address
from iterate.tools.tool import ToolFailed

if TYPE_CHECKING:
    import httpx2

# As sent, and unpacked.
LARGEST_SENT = 5 * 1024 * 1024
LARGEST = 10 * 1024 * 1024
TIME_S = 30.0
_CONNECT_S = 10.0
_ACCEPT = "text/markdown, text/html;q=0.9, application/xhtml+xml;q=0.9, text/plain;q=0.8, */*;q=0.5"


class FetchFailed(ToolFailed):
    """The page could not be had."""


class PrivateAddress(ToolFailed):
    """The name leads to this machine, or into its own network."""

    def __init__(self, host: str, port: int, found: tuple[Address, ...]) -> None:
        named = ", ".join(str(each) for each in found)
        super().__init__(f"{host} leads to {named}, which is not on the internet but on this machine or its network")
        self.host = host
        self.port = port
        self.found = found


class Place(Struct, frozen=True, kw_only=True):
    """Where a request goes, taken from its address; `host` is the name without brackets."""

    url: str
    scheme: str
    host: str
    port: int


class Answer(Struct, frozen=True, kw_only=True):
    """What a server sent; `location` is where it points to instead."""

    status: int
    media_type: str
    charset: str
    body: bytes
    location: str = ""


def place(url: str) -> Place:
    """An address as it is asked for; raises `FetchFailed` for what none is."""
    if any(sign.isspace() or not sign.isprintable() for sign in url) or "\\" in url:
        raise FetchFailed("an address holds no blanks, backslashes or control characters")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        host = host if ":" in host else host.encode("idna").decode()
    except (ValueError, UnicodeError) as problem:
        raise FetchFailed(f"{url} is no address: {problem}") from problem
    if parts.scheme not in {"http", "https"} or not host:
        raise FetchFailed(f"{url!r} is no address that begins with http:// or https:// and a host")
    if "@" in parts.netloc:
        raise FetchFailed("an address with a name or password in it is not fetched")
    return Place(
        url=parts._replace(fragment="").geturl(), scheme=parts.scheme, host=host, port=port or _usual(parts.scheme)
    )


def _authority(where: Place) -> str:
    host = f"[{where.host}]" if ":" in where.host else where.host
    return host if where.port == _usual(where.scheme) else f"{host}:{where.port}"


def _usual(scheme: str) -> int:
    return 443 if scheme == "https" else 80


async def resolved(where: Place) -> tuple[Address, ...]:
    """Every address of the host; decimal, octal and short forms are read as the system reads them."""
    loop = asyncio.get_running_loop()
    try:
        rows = await loop.getaddrinfo(where.host, where.port, type=socket.SOCK_STREAM)
        found = tuple(dict.fromkeys(addresses.parsed(str(row[4][0])) for row in rows))
    except (OSError, UnicodeError, ValueError) as problem:
        raise FetchFailed(f"{where.host} is not known: {problem}") from problem
    if not found:
        raise FetchFailed(f"{where.host} has no address")
    return found


async def get(
    where: Place, environment: Mapping[str, str], allowed: tuple[Address, ...] = (), *, time_s: float = TIME_S
) -> Answer:
    """One request, without following where it points to.

    Raises `PrivateAddress` where one of the host's addresses is not public; with `allowed` only these are asked.
    """
    proxy = "" if allowed else proxy_of(where, environment)
    try:
        found = allowed or await resolved(where)
    except FetchFailed:
        if not proxy:
            raise
        # Often only the proxy knows names of the internet.
        found = ()
    if not allowed and not all(addresses.is_public(each) for each in found):
        raise PrivateAddress(where.host, where.port, found)
    context = await asyncio.to_thread(_context, environment) if where.scheme == "https" else None
    problem: ToolFailed | None = None
    for each in (None,) if proxy else found[:4]:
        try:
            async with asyncio.timeout(time_s):
                return await _asked(where, each, context, proxy)
        except TimeoutError as late:
            raise FetchFailed(f"{where.host} did not answer within {time_s:.0f} seconds") from late
        except _Unreachable as failure:
            problem = failure
    raise problem or FetchFailed(f"{where.host} has no address")


def proxy_of(where: Place, environment: Mapping[str, str]) -> str:
    """The proxy that the environment names for that place; empty for none."""
    around = settings.surroundings(environment)
    address = around.https_proxy if where.scheme == "https" else around.http_proxy
    if not address or any(_covers(each, where) for each in around.direct):
        return ""
    return address if "://" in address else f"http://{address}"


def _covers(direct: str, where: Place) -> bool:
    name = direct.removesuffix(f":{where.port}").strip("[]")
    bare = name.removeprefix("*").removeprefix(".")
    return name == "*" or where.host == bare or where.host.endswith(f".{bare}")


class _Unreachable(FetchFailed):
    """This address does not answer; another may."""


def _context(environment: Mapping[str, str]) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(
            cafile=environment.get("SSL_CERT_FILE"), capath=environment.get("SSL_CERT_DIR")
        )
    except OSError as problem:
        raise FetchFailed(f"the certificates of authorities cannot be read: {problem}") from problem


async def _asked(where: Place, address: Address | None, context: ssl.SSLContext | None, proxy: str) -> Answer:
    import httpx2

    timeout = httpx2.Timeout(TIME_S, connect=_CONNECT_S)
    headers = {
        "Host": _authority(where),
        "User-Agent": f"iterate/{STAMP.version}",
        "Accept": _ACCEPT,
        "Accept-Encoding": "gzip, deflate",
    }
    target = httpx2.URL(where.url)
    extensions = {"sni_hostname": where.host}
    if address is not None:
        target = target.copy_with(host=str(address))
    try:
        async with (
            httpx2.AsyncClient(
                verify=context or False, trust_env=False, timeout=timeout, proxy=proxy or None
            ) as client,
            client.stream("GET", target, headers=headers, extensions=extensions) as answer,
        ):
            return await _read(answer)
    except (httpx2.ProxyError, ValueError, ImportError) as problem:
        # What they say may hold the password of the proxy.
        raise FetchFailed(f"the proxy of the environment does not get {where.host}: {type(problem).__name__}") from None
    except (httpx2.ConnectError, httpx2.ConnectTimeout) as problem:
        raise _Unreachable(f"{where.host} cannot be reached: {problem}") from problem
    except (httpx2.HTTPError, httpx2.InvalidURL) as problem:
        raise FetchFailed(
            f"{where.host} did not answer as it should: {str(problem) or type(problem).__name__}"
        ) from problem


async def _read(answer: "httpx2.Response") -> Answer:
    media_type, charset = _type(answer.headers.get("Content-Type", ""))
    body = await _unpacked(answer.aiter_raw(), answer.headers.get("Content-Encoding", ""))
    return Answer(
        status=answer.status_code,
        media_type=media_type,
        charset=charset,
        body=body,
        location=answer.headers.get("Location", "") if answer.is_redirect else "",
    )


def _type(header: str) -> tuple[str, str]:
    kind, _, parameters = header.partition(";")
    charset = ""
    for each in parameters.split(";"):
        name, _, value = each.partition("=")
        if name.strip().lower() == "charset":
            charset = value.strip().strip("\"'")
    return kind.strip().lower(), charset


async def _unpacked(pieces: AsyncIterator[bytes], encoding: str) -> bytes:
    match encoding.strip().lower():
        case "" | "identity":
            unpacker = None
        case "gzip" | "x-gzip" | "deflate":
            # 32 takes the headers of both; a server that sends bare deflate is told below.
            unpacker = zlib.decompressobj(wbits=47)
        case _:
            raise FetchFailed(f"the answer is packed as {encoding[:40]!r}, which was not asked for")
    body = bytearray()
    sent = 0
    async for piece in pieces:
        sent += len(piece)
        try:
            body += unpacker.decompress(piece, LARGEST + 1 - len(body)) if unpacker else piece
        except zlib.error as problem:
            raise FetchFailed(f"the answer is packed wrongly: {problem}") from problem
        if sent > LARGEST_SENT or len(body) > LARGEST:
            raise FetchFailed(f"the answer is larger than {LARGEST_SENT >> 20} MB, or {LARGEST >> 20} MB unpacked")
    if unpacker and sent and not unpacker.eof:
        raise FetchFailed("the answer is packed wrongly: it ends too early")
    return bytes(body)
