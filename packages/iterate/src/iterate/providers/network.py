"""The one door from the server to models: HTTP requests whose answers are read as they come, everything with a bound.

A vendor, a local server or a proxy between may stall, drip, break off, lie about lengths or send what is no text.
Whatever does not fit is raised as a `ProviderFailed`. httpx2 and TLS are imported when the first request is near.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, NamedTuple

from iterate.about import STAMP
from iterate.errors import ProviderBroke, ProviderFailed, ProviderUnreachable
from iterate.settings import Surroundings

if TYPE_CHECKING:
    import httpx2

CONNECT_S = 10.0
# A server of a large model reads a long prompt for minutes before its first word; many send comments meanwhile.
FIRST_S = 600.0
IDLE_S = 300.0
# Signs of life without a word: some think for a quarter of an hour and show nothing of it.
WORD_S = 1800.0
# One event, one line, and a whole answer. A model writes some 4 bytes a token, and JSON may need six for a character.
EVENT_BYTES = 16 << 20
ANSWER_BYTES = 128 << 20
# What is read of an answer that is no stream: a list of models, an error.
BODY_BYTES = 16 << 20
ERROR_BYTES = 64 << 10
CONNECTIONS = 256
# Of hosts without a proxy.
LOOPBACK = ("127.0.0.1", "localhost", "::1")
# A compressed stream may be a thousand times as large as it looks, and comes in larger pieces.
_HEADERS = {"User-Agent": f"iterate/{STAMP.version}", "Accept-Encoding": "identity"}


class Patience(NamedTuple):
    """Seconds: to connect, until the first event, between two events, and between two that say something."""

    connect_s: float = CONNECT_S
    first_s: float = FIRST_S
    idle_s: float = IDLE_S
    word_s: float = WORD_S


USUAL = Patience()


class Question(NamedTuple):
    """One HTTP request; `headers` may hold a key, so that it is never shown."""

    url: str
    headers: Mapping[str, str]
    body: bytes | None = None

    def __repr__(self) -> str:
        return f"Question({self.url!r})"


class Said(NamedTuple):
    """A message of a stream: its name, if the format has one, and its text."""

    event: str
    text: str


class Reply:
    """An answer whose head is there."""

    def __init__(self, response: "httpx2.Response", patience: Patience) -> None:
        self._response = response
        self._patience = patience
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers
        # Whatever the server calls it: both formats of streams are UTF-8 by definition.
        response.encoding = "utf-8"

    @property
    def is_good(self) -> bool:
        """Whether the request was taken."""
        return self._response.is_success

    @property
    def is_event_stream(self) -> bool:
        """Whether the answer says that it is server-sent events."""
        media_type, _, _ = self.headers.get("content-type", "").partition(";")
        return media_type.strip().lower() == "text/event-stream"

    async def events(self) -> AsyncGenerator[Said]:
        """The server-sent events; comments keep the line open and are skipped."""
        import httpx2

        source = httpx2.EventSource(self._response, max_event_size=EVENT_BYTES)
        events = aiter(source)
        wait, size = self._patience.first_s, 0
        while True:
            with _named("the model"):
                async with asyncio.timeout(wait):
                    event = await anext(events, None)
            if event is None:
                return
            size += len(event.data)
            if size > ANSWER_BYTES:
                raise ProviderBroke(f"the answer is longer than {ANSWER_BYTES} bytes")
            yield Said(event.event, event.data)
            wait = self._patience.idle_s

    async def lines(self) -> AsyncGenerator[Said]:
        """The lines of a stream of JSON lines; empty ones are skipped."""
        pieces = self._response.aiter_bytes()
        loop = asyncio.get_running_loop()
        size, rest, deadline = 0, bytearray(), loop.time() + self._patience.first_s
        while True:
            with _named("the model"):
                # For the whole line, however often a byte of it comes.
                async with asyncio.timeout_at(deadline):
                    piece = await anext(pieces, None)
            if piece is None:
                break
            size += len(piece)
            rest += piece
            if size > ANSWER_BYTES:
                raise ProviderBroke(f"the answer is longer than {ANSWER_BYTES} bytes")
            if b"\n" not in piece:
                if len(rest) > EVENT_BYTES:
                    raise ProviderBroke(f"a line of the answer is longer than {EVENT_BYTES} bytes")
                continue
            *whole, last = rest.split(b"\n")
            rest = bytearray(last)
            for line in whole:
                if line.strip():
                    yield Said("", line.decode(errors="replace"))
                    deadline = loop.time() + self._patience.idle_s
        if rest.strip():
            yield Said("", rest.decode(errors="replace"))

    async def body(self, limit: int = BODY_BYTES) -> bytes:
        """The whole answer; raises `ProviderBroke` where it is longer than `limit`."""
        content = await self.beginning(limit + 1)
        if len(content) > limit:
            raise ProviderBroke(f"the answer is longer than {limit} bytes")
        return content

    async def beginning(self, limit: int = ERROR_BYTES) -> bytes:
        """At most `limit` bytes of the answer."""
        content = bytearray()
        with _named("the model"):
            async with asyncio.timeout(self._patience.first_s):
                async for piece in self._response.aiter_bytes():
                    content += piece
                    if len(content) >= limit:
                        break
        return bytes(content[:limit])


class Door:
    """Asks models; keeps connections open for the next request. It belongs to one loop.

    Without `has_tls` it reaches this machine only, and is made in a moment.
    """

    def __init__(self, *, has_tls: bool = True) -> None:
        self._has_tls = has_tls
        self._clients: dict[Surroundings, asyncio.Future[httpx2.AsyncClient]] = {}

    async def warm(self, surroundings: Surroundings) -> None:
        """Import and build what the first request needs, beside the loop, so that the request need not wait."""
        await self._client(surroundings)

    async def close(self) -> None:
        """Hang up everywhere."""
        clients, self._clients = self._clients, {}
        for client in clients.values():
            if client.done() and not client.cancelled() and client.exception() is None:
                await client.result().aclose()

    @asynccontextmanager
    async def ask(
        self, question: Question, surroundings: Surroundings, patience: Patience = USUAL
    ) -> AsyncIterator[Reply]:
        """Send a request, and have its answer as long as the block lasts; raises `ProviderUnreachable` and others."""
        import httpx2

        client = await self._client(surroundings)
        with _named(_host(question.url)):
            request = client.build_request(
                "GET" if question.body is None else "POST",
                question.url,
                content=question.body,
                headers={**_HEADERS, **question.headers},
                timeout=httpx2.Timeout(
                    connect=patience.connect_s, read=patience.first_s, write=patience.idle_s, pool=patience.idle_s
                ),
            )
            # Redirects are not followed: a key belongs to one host. Those bounds are for each byte, this one for all.
            async with asyncio.timeout(patience.connect_s + patience.idle_s + patience.first_s):
                response = await client.send(request, stream=True)
        try:
            yield Reply(response, patience)
        finally:
            await response.aclose()

    async def _client(self, surroundings: Surroundings) -> "httpx2.AsyncClient":
        found = self._clients.get(surroundings)
        if found is None or (found.done() and (found.cancelled() or found.exception() is not None)):
            found = asyncio.ensure_future(asyncio.to_thread(build, surroundings, has_tls=self._has_tls))
            self._clients[surroundings] = found
        # Whoever waits may be cancelled; the client is for others too.
        return await asyncio.shield(found)


def build(surroundings: Surroundings, *, has_tls: bool = True) -> "httpx2.AsyncClient":
    """A client for these proxies and certificates; raises `ProviderUnreachable` where they are of no use."""
    import ssl

    import httpx2

    try:
        context: ssl.SSLContext | bool = has_tls
        if surroundings.certificates or surroundings.certificate_folder:
            context = ssl.create_default_context(
                cafile=surroundings.certificates or None, capath=surroundings.certificate_folder or None
            )
        context = httpx2.create_ssl_context(context, trust_env=False)
    except (OSError, ValueError) as problem:
        raise ProviderUnreachable(f"the certificates of this system: {problem}", "look at SSL_CERT_FILE") from problem
    limits = httpx2.Limits(max_connections=CONNECTIONS, max_keepalive_connections=16, keepalive_expiry=90.0)
    mounts: dict[str, httpx2.AsyncBaseTransport | None] = {}
    for scheme, address in (("http://", surroundings.http_proxy), ("https://", surroundings.https_proxy)):
        if not address or "*" in surroundings.direct:
            continue
        proxy = address if "://" in address else f"http://{address}"
        try:
            mounts[scheme] = httpx2.AsyncHTTPTransport(verify=context, proxy=proxy, limits=limits)
        except (ValueError, ImportError, httpx2.InvalidURL):
            # What they say holds the password.
            text = f"the proxy {_host(address)} cannot be used"
            raise ProviderUnreachable(text, "look at HTTPS_PROXY and HTTP_PROXY; write http://HOST:PORT") from None
    if mounts:
        mounts |= dict.fromkeys(map(_pattern, (*LOOPBACK, *surroundings.direct)))
    return httpx2.AsyncClient(verify=context, trust_env=False, limits=limits, mounts=mounts, follow_redirects=False)


def _pattern(host: str) -> str:
    """What httpx2 calls a host and those below it; a port is not looked at."""
    bare = host.removeprefix("*").removeprefix(".")
    if bare.count(":") == 1:
        bare = bare.partition(":")[0]
    if ":" in bare:
        return f"all://[{bare.strip('[]')}]"
    return f"all://{bare}" if bare in LOOPBACK or bare.replace(".", "").isdigit() else f"all://*{bare}"


def _host(url: str) -> str:
    """The host of an address, without what may be a secret in it."""
    rest = url.partition("://")[2] or url
    return rest.partition("/")[0].partition("?")[0].rpartition("@")[2] or "the server"


@contextmanager
def _named(whom: str) -> Iterator[None]:
    """Failures of the network, under the names that we have for them."""
    import httpx2

    try:
        yield
    except ProviderFailed:
        raise
    except TimeoutError as problem:
        raise ProviderUnreachable(f"{whom} said nothing for too long", is_passing=True) from problem
    except httpx2.SSEError as problem:
        raise ProviderBroke(str(problem)) from problem
    except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError) as problem:
        if (doubt := _doubt(problem)) is not None:
            raise ProviderUnreachable(f"{whom} cannot be trusted: {_why(problem)}", doubt) from problem
        raise ProviderUnreachable(f"{whom} cannot be reached: {_why(problem)}", is_passing=True) from problem
    except httpx2.TimeoutException as problem:
        raise ProviderUnreachable(f"{whom} said nothing for too long", is_passing=True) from problem
    except (httpx2.InvalidURL, httpx2.UnsupportedProtocol, httpx2.LocalProtocolError, UnicodeError, TypeError):
        # What they say quotes headers, and so the key.
        hint = "look at its base_url, its headers, and its key, which is printable ASCII"
        raise ProviderUnreachable(f"{whom} cannot be asked: this makes no valid request", hint) from None
    except (httpx2.HTTPError, httpx2.StreamError) as problem:
        raise ProviderBroke(f"the connection to {whom} broke off: {_why(problem)}", is_passing=True) from problem


def _doubt(problem: BaseException | None) -> str | None:
    """What to do where TLS is why there is no connection, which time does not mend; None where it is not."""
    import ssl

    while problem is not None:
        if isinstance(problem, ssl.SSLCertVerificationError):
            return "look at the clock; SSL_CERT_FILE names the certificates of an authority of your own"
        if isinstance(problem, ssl.SSLError):
            return "look at its base_url: does it speak https there, and on that port?"
        problem = problem.__cause__ or problem.__context__
    return None


def _why(problem: Exception) -> str:
    # `[Errno -2] ...`: the number helps nobody.
    return re.sub(r"^\[Errno -?\d+\] ", "", str(problem)) or type(problem).__name__
