"""The local outlets on the loopback address, and on no other, for as long as a block runs."""

import errno
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from release import network
from release.errors import ConfigInvalidError, PortTakenError, WriteError
from release.product import Profile
from release.progress import Progress

# How it answers to whoever asks who it is.
SERVER = "release"
PATIENCE_S, PAUSE_S = 300.0, 0.2
# How long whoever has the port may say nothing before it counts as another program: so does a run of this tool that
# begins or ends just then, or that a busy machine does not let answer.
SILENCE_S = 15.0


class _Quiet(SimpleHTTPRequestHandler):
    """Files, without a line on stderr for each."""

    server_version, sys_version = SERVER, ""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the parent's name
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    """A server whose port nobody else has: on Windows, reusing an address means sharing it."""

    allow_reuse_address = os.name != "nt"


@contextmanager
def serving(profile: Profile, dist: Path, progress: Progress, patience: float = PATIENCE_S) -> Iterator[None]:
    """Serve a local profile's folder at the port of its addresses; nothing to do for others.

    Another run of this tool that serves there is waited for: it ends by itself.

    Raises:
        PortTakenError: another program listens there, or the other run takes longer than the patience.
        ConfigInvalidError: the addresses are not of the loopback interface.
        WriteError: nothing was published yet.
    """
    if not profile.serve:
        yield
        return
    number = port(profile)
    root = dist / profile.serve
    if not root.is_dir():
        raise WriteError(f"{root} is not there", hint="run the verb publish first")
    server = _server(number, root, progress, time.monotonic() + patience)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _server(number: int, root: Path, progress: Progress, deadline: float) -> _Server:
    """A server at a port, once no other run of this tool has it."""
    silent = time.monotonic() + SILENCE_S
    while True:
        try:
            return _Server(("127.0.0.1", number), partial(_Quiet, directory=str(root)))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
        said = network.server_at(f"http://127.0.0.1:{number}/")
        # It may have ended between the two questions.
        if said != SERVER and (said or time.monotonic() > silent) and not network.is_free(number):
            raise PortTakenError(
                f"port {number} is taken by another program",
                hint="end it, or put another port into the local archive_url and publish again",
            )
        if time.monotonic() > deadline:
            raise PortTakenError(
                f"another run of this tool still serves at port {number}",
                hint="wait until it ends, or put another port into the local archive_url and publish again",
            )
        progress.now(f"waiting for another run of this tool at port {number}")
        time.sleep(PAUSE_S)


def port(profile: Profile) -> int:
    """The port that a local profile is served at.

    Raises:
        ConfigInvalidError: its addresses are not of the loopback interface.
    """
    address = urlsplit(profile.archive_url)
    if address.hostname not in {"127.0.0.1", "localhost"} or address.port is None:
        raise ConfigInvalidError(
            f"archive_url = '{profile.archive_url}' is not on the loopback address",
            hint="a profile with 'serve' has addresses such as http://127.0.0.1:8642/...",
        )
    return address.port
