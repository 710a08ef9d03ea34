"""The only gate: who may speak to this server. Every request and every WebSocket passes here first.

Foreign `Host`, `Origin` and `Sec-Fetch-Site` are refused before all else, on every path, so that no web page
reaches even the health route, not by a name it points at this machine (DNS rebinding) and not by a form. Then
comes the secret, which every path but health asks for, those that do not exist included.
"""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from iterate.server.problems import ForeignHost, ForeignOrigin, Refusal, Unauthorized
from iterate.server.responses import failure_response

OPEN_PATH = "/global/health"
# The key in a scope's state of what is to be called when the request carries the secret: its body may be parsed,
# and its connection is not limited in time.
TRUST = "trust"
HTTP_PORT = 80

FOREIGN_HOST = ForeignHost("the Host header names another server")
FOREIGN_ORIGIN = ForeignOrigin("requests from other origins are refused")
NO_SECRET = Unauthorized("the secret is missing or wrong")
_OUR_SITES = {"same-origin", "none"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the server listens: the name that was asked for, and the IP address and port that were bound.

    IPv6 addresses stand here without brackets.
    """

    hostname: str
    bound: str
    port: int

    @property
    def url(self) -> str:
        """Where clients on this machine connect: always an IP address.

        A name such as `localhost` may mean another address to a client, where somebody else listens.
        """
        reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.bound, self.bound)  # noqa: S104
        return f"http://{_in_url(reachable)}:{self.port}"

    def hosts(self) -> frozenset[str]:
        """The `Host` headers that mean us, lower case."""
        return frozenset(spelling for name in self._names() for spelling in (name, f"{name}:{self.port}"))

    def origins(self) -> frozenset[str]:
        """The `Origin` headers that mean us, lower case; a browser leaves out port 80."""
        port = "" if self.port == HTTP_PORT else f":{self.port}"
        return frozenset(f"http://{name}{port}" for name in self._names())

    def _names(self) -> frozenset[str]:
        # Clients leave out the zone of a link-local address, `%eth0`, or send it.
        ours = {self.hostname, self.bound, self.bound.partition("%")[0]}
        return frozenset({"localhost", "127.0.0.1", "[::1]"} | {_in_url(name).lower() for name in ours})


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


class Gate:
    """The outermost ASGI application."""

    def __init__(self, app: ASGIApp, address: Address, secret: str) -> None:
        self._app = app
        self._hosts = address.hosts()
        self._origins = address.origins()
        self._secret = secret.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or answer it here."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        problem = self._problem(scope["headers"], scope["path"])
        if problem is None:
            if scope["path"] != OPEN_PATH and (trust := scope.get("state", {}).get(TRUST)):
                trust()
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket" and "websocket.http.response" not in scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": 1008, "reason": problem.name})
        else:
            await failure_response(problem)(scope, receive, send)

    def _problem(self, headers: Iterable[tuple[bytes, bytes]], path: str) -> Refusal | None:
        hosts, origins, sites, credentials = (
            [value.decode("latin-1").strip() for key, value in headers if key == wanted]
            for wanted in (b"host", b"origin", b"sec-fetch-site", b"authorization")
        )
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            return FOREIGN_HOST
        # Browsers send `none` for what the user typed. Other ports of this machine are `same-site`: foreign.
        if any(value.lower() not in self._origins for value in origins) or not set(sites) <= _OUR_SITES:
            return FOREIGN_ORIGIN
        if path != OPEN_PATH and not self._is_known(credentials):
            return NO_SECRET
        return None

    def _is_known(self, credentials: list[str]) -> bool:
        if len(credentials) != 1:
            return False
        scheme, _, secret = credentials[0].partition(" ")
        # Compared in constant time, so that answering times tell nothing about the secret.
        return hmac.compare_digest(secret.strip().encode(), self._secret) and scheme.lower() == "bearer"
