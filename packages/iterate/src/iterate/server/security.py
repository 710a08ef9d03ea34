"""The only gate: who may speak to this server. Every request and every WebSocket passes here first.

Foreign `Host`, `Origin` and `Sec-Fetch-Site` are refused before all else, on every path, so that no web page
reaches even the health route, not by a name it points at this machine (DNS rebinding) and not by a form. Then
comes the secret, which every path but health asks for, those that do not exist included.
"""

import re
import time

# What `hmac.compare_digest` is; the module of that name loads OpenSSL.
from _operator import _compare_digest
from collections.abc import Callable

from msgspec import Struct

from iterate.server.http1 import Head
from iterate.server.problems import ForeignHost, ForeignOrigin, Refusal, TooManyAttempts, Unauthorized
from iterate.server.tickets import Tickets

OPEN_PATH = "/global/health"
_TICKET = "ticket="
HTTP_PORT = 80

FOREIGN_HOST = ForeignHost("the Host header names another server")
FOREIGN_ORIGIN = ForeignOrigin("requests from other origins are refused")
NO_SECRET = Unauthorized("the secret is missing or wrong")
TOO_MANY = TooManyAttempts("too many requests without the secret")
_OUR_SITES = {b"same-origin", b"none"}


class Address(Struct, frozen=True, kw_only=True):
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


# An IP address, with a port or without one: no name that a stranger can point at us.
_IP = re.compile(r"(\[[0-9a-f:.]+\]|\d{1,3}(\.\d{1,3}){3})(:\d{1,5})?")


class Gate:
    """Says which requests do not pass."""

    def __init__(self, address: Address, secret: str, tickets: Tickets) -> None:
        self._tickets = tickets
        self._hosts = address.hosts()
        self._origins = address.origins()
        self._secret = secret.encode()
        self._attempts = Bucket()
        # Bound to every address of the machine, of which some come and go, and others stand in front of it.
        self._is_everywhere = address.bound in {"0.0.0.0", "::"}  # noqa: S104

    def problem(self, head: Head) -> Refusal | None:
        """Why this request is refused; None when it passes."""
        hosts, origins, sites, credentials = [], [], [], []
        for key, value in head.headers:
            match key:
                case b"host":
                    hosts.append(value)
                case b"origin":
                    origins.append(value)
                case b"sec-fetch-site":
                    sites.append(value)
                case b"authorization":
                    credentials.append(value)
                case _:
                    pass
        host = hosts[0].lower().decode("latin-1") if len(hosts) == 1 else ""
        is_bare = self._is_everywhere and host not in self._hosts and _IP.fullmatch(host) is not None
        if host not in self._hosts and not is_bare:
            return FOREIGN_HOST
        # Browsers send `none` for what the user typed. Other ports of this machine are `same-site`: foreign.
        own = {f"http://{host}"} if is_bare else self._origins
        if not own.issuperset(value.lower().decode("latin-1") for value in origins):
            return FOREIGN_ORIGIN
        if any(value not in _OUR_SITES for value in sites):
            return FOREIGN_ORIGIN
        if head.path == OPEN_PATH or self._is_known(credentials) or self._has_ticket(head):
            return None
        return NO_SECRET if self._attempts.take() else TOO_MANY

    def _has_ticket(self, head: Head) -> bool:
        tickets = [word[len(_TICKET) :] for word in head.query.split("&") if word.startswith(_TICKET)]
        return len(tickets) == 1 and self._tickets.redeem(tickets[0], head.method, head.path)

    def _is_known(self, credentials: list[bytes]) -> bool:
        if len(credentials) != 1:
            return False
        scheme, _, secret = credentials[0].partition(b" ")
        # Compared in constant time, so that answering times tell nothing about the secret.
        return _compare_digest(secret.strip(), self._secret) and scheme.lower() == b"bearer"


class Bucket:
    """Wrong secrets that are told so: `SIZE` at once, and `RATE` more a second.

    The right secret is looked at first and passes however many wrong ones come, so nobody shuts the owner out.
    """

    SIZE = 100.0
    RATE = 20.0

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._left = self.SIZE
        self._since = clock()

    def take(self) -> bool:
        """Whether there was one left."""
        now = self._clock()
        self._left = min(self.SIZE, self._left + (now - self._since) * self.RATE)
        self._since = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
