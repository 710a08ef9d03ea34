"""The socket, and the loop that serves it. A connection is accepted only by a server that can answer it.

The order is the point: bind (a busy port fails here, early), build the application, listen, announce. Nobody
can connect to a socket that is bound and not listening, so no request waits for a server that still starts.

Connections are accepted here one by one, not by asyncio's own server: that one takes as many as wait, and at the
limit of open files it calls its error handler for each of them, every second.
"""

import asyncio
import contextlib
import errno
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Protocol

from iterate import interrupts
from iterate.errors import AddressUnusable, PortBusy
from iterate.server import log
from iterate.server.connections import Connections
from iterate.server.limits import Limits, for_files, raise_file_limit
from iterate.server.protocol import Application, HttpProtocol
from iterate.server.security import Address

type Bound = socket.socket

_log = logging.getLogger("iterate.server")

DEFAULT_PORT = 4096
# Where counting up from the default port ends.
LAST_PORT = DEFAULT_PORT + 100
CHECK_S = 1.0
# How long a client that reads nothing may hold up the end.
CLOSE_TIMEOUT_S = 2
# Connections that may wait in the kernel until they are accepted; it has a limit of its own, often 4096.
BACKLOG = 1024
# After an accept that failed for want of a file or of memory.
ACCEPT_PAUSE_S = 0.1


def bind(hostname: str, port: int | None) -> socket.socket:
    """A bound socket that does not listen yet; no port means the first free one from `DEFAULT_PORT`, 0 any.

    Raises `PortBusy` and `AddressUnusable`.
    """
    if port is not None:
        return _bind(hostname, port)
    for candidate in range(DEFAULT_PORT, LAST_PORT):
        try:
            return _bind(hostname, candidate)
        except PortBusy:
            continue
    raise PortBusy(f"the ports from {DEFAULT_PORT} to {LAST_PORT - 1} are all taken", "name a free one with --port")


def address_of(hostname: str, bound: Bound) -> Address:
    """Where this socket is reached, when it was asked for by this name."""
    host, port = bound.getsockname()[:2]
    return Address(hostname=hostname, bound=host, port=port)


def refuse_strangers(bound: Bound, *, is_open: bool) -> None:
    """Raise `AddressUnusable` for an address that other machines reach, unless that is wanted."""
    host = bound.getsockname()[0].partition("%")[0]
    if not is_open and host != "::1" and not host.startswith("127."):
        raise AddressUnusable(
            f"{host} can be reached from other machines",
            "--allow-remote serves them too, with the secret in ITERATE_SECRET and without encryption",
        )


def _bind(hostname: str, port: int) -> socket.socket:
    try:
        # As bytes a name loads no table of the world's scripts.
        name = hostname.encode() if hostname.isascii() else hostname
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as problem:
        raise AddressUnusable(f"{hostname}: {problem}") from problem
    # A name of both kinds, such as localhost, means IPv4: the kind that every client tries.
    found.sort(key=lambda one: one[0] != socket.AF_INET)
    family, kind, protocol, _, address = found[0]
    try:
        bound = socket.socket(family, kind, protocol)
    except OSError as problem:
        raise AddressUnusable(f"{hostname}: {problem.strerror}") from problem
    try:
        if sys.platform == "win32":
            # Without it another program could bind the same port after us, and get our clients.
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            # A port whose last connections linger is free. (On Windows this option would share a taken port.)
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind(address)
    except (OSError, OverflowError) as problem:
        bound.close()
        raise _bind_failure(hostname, port, problem) from problem
    return bound


def _bind_failure(hostname: str, port: int, problem: Exception) -> PortBusy | AddressUnusable:
    # Windows says "access denied" of a port that another program holds exclusively.
    taken = {errno.EADDRINUSE, *({errno.EACCES} if sys.platform == "win32" else set())}
    if isinstance(problem, OSError) and problem.errno in taken:
        return PortBusy(f"port {port} on {hostname} is taken")
    return AddressUnusable(f"{hostname} port {port}: {getattr(problem, 'strerror', None) or problem}")


class Hooks(Protocol):
    """What the loop tells its owner, in this order."""

    def ready(self, wake: Callable[[], None]) -> None:
        """Connections are answered from now on; `wake` has the loop ask at once whether to go on."""

    def is_wanted(self) -> bool:
        """Whether to go on; asked every `CHECK_S` seconds."""

    async def finish(self, *, at_once: bool) -> None:
        """End what runs, without patience when `at_once`; connections are taken until this is done."""


class Server:
    """The loop of one server: its own way of accepting, starting and ending."""

    def __init__(self, application: Application, hooks: Hooks, limits: Limits | None = None) -> None:
        self._application = application
        self._hooks = hooks
        self._connections = Connections(limits or Limits())
        self._signals: list[int] = []
        self._signalled = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def run(self, bound: Bound) -> None:
        """Listen and answer until a signal or the hooks say to end; raises `PortBusy`."""
        with self._taking_signals():
            asyncio.run(self._serve(bound))

    async def _serve(self, listening: Bound) -> None:
        self._loop = asyncio.get_running_loop()
        try:
            listening.settimeout(0)
            listening.listen(BACKLOG)
        except OSError as problem:
            # Bound is not owned: another program may have been first to listen.
            raise PortBusy(f"the port was taken in the meantime: {problem.strerror}") from problem
        accepting = asyncio.create_task(self._accept(listening))
        self._hooks.ready(self._signalled.set)
        await self._go_on()
        await self._finish()
        # Not before: a command that found this server a moment ago is to be told that it ends, not cut off.
        accepting.cancel()
        await asyncio.wait([accepting])
        listening.close()
        await self._connections.close(CLOSE_TIMEOUT_S)

    async def _accept(self, listening: Bound) -> None:
        loop = asyncio.get_running_loop()

        def connected() -> HttpProtocol:
            return HttpProtocol(self._application, self._connections, loop)

        while True:
            try:
                accepted, _ = await loop.sock_accept(listening)
            except ConnectionError:
                continue  # It was gone before we came to it.
            except OSError as problem:
                _log.error("cannot accept connections: %s", problem.strerror)  # No traceback.
                self._connections.evict_oldest()
                await asyncio.sleep(ACCEPT_PAUSE_S)
                continue
            try:
                await loop.connect_accepted_socket(connected, accepted)
            except OSError:
                accepted.close()

    async def _go_on(self) -> None:
        while not self._signals and self._hooks.is_wanted():
            log.look()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CHECK_S):
                    await self._signalled.wait()

    async def _finish(self) -> None:
        ending = asyncio.ensure_future(self._hooks.finish(at_once=signal.SIGINT in self._signals))
        while not ending.done():
            self._signalled.clear()
            signalled = asyncio.ensure_future(self._signalled.wait())
            await asyncio.wait([ending, signalled], return_when=asyncio.FIRST_COMPLETED)
            if signalled.done() and not ending.done():
                # A second signal: patience ends here.
                await self._hooks.finish(at_once=True)
            signalled.cancel()
        await ending

    @contextlib.contextmanager
    def _taking_signals(self) -> Iterator[None]:
        """Let signals end the server, as long as this lasts; only the main thread may ask for them."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
        numbers = [number for name in names if (number := getattr(signal, name, None)) is not None]
        # Ignored means started by nohup, which is to be respected.
        wanted = [one for one in numbers if one == signal.SIGINT or signal.getsignal(one) != signal.SIG_IGN]
        with interrupts.Elsewhere():
            before = {number: signal.signal(number, self.handle_exit) for number in wanted}
            try:
                yield
            finally:
                for number, handler in before.items():
                    signal.signal(number, handler)

    def handle_exit(self, number: int, _frame: FrameType | None) -> None:
        """Begin to end; a signal is the normal end, with exit code 0."""
        self._signals.append(number)
        if number == signal.SIGINT:
            interrupts.end_line()
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._signalled.set)


def serve(application: Application, bound: Bound, hooks: Hooks) -> None:
    """Listen and answer until a signal or the hooks say to end; raises `PortBusy`."""
    Server(application, hooks, for_files(raise_file_limit())).run(bound)
