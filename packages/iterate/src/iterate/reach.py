"""Which server a command speaks to: the one of this user, one at an address, or a private one that ends with it.

The secret of one at an address is in `ITERATE_SECRET`, or was kept by `iterate auth login URL`, in a file beside the
keys of vendors and of the same form. It is never on a command line, which other users see.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from iterate import daemon, discovery
from iterate.about import STAMP
from iterate.discovery import Announcement
from iterate.errors import ProtocolUnknown, RemoteUnusable, ServerLost, ServerRefused, StartFailed
from iterate.settings import Settings
from iterate.waiting import Voice

if TYPE_CHECKING:
    from iterate.providers.keys import Keys

# The file of secrets, in the data folder.
KEPT = "servers.json"
PORTS = 1 << 16
# A server elsewhere answers what it knows by heart within so long.
PATIENCE_S = 10.0
MOST_BYTES = 1 << 20
_URL = re.compile(r"http://(\[[0-9A-Fa-f:.]+\]|[^/:@\[\]\s]+):(\d{1,5})/?")


class Wanted(NamedTuple):
    """What the words of a command say about the server; nothing is the one of this user."""

    url: str = ""
    is_standalone: bool = False


OURS = Wanted()


class Away(RemoteUnusable):
    """Nothing answers at the address now: a server that is started again, or a tunnel that broke, comes back there."""


def server(
    here: Settings,
    voice: Voice,
    wanted: Wanted = OURS,
    *,
    silent: Announcement | None = None,
    is_checked: bool = False,
) -> Announcement:
    """The server that is wanted, started when it is ours; raises what `daemon.find_or_start` does, `RemoteUnusable`."""
    if wanted.url:
        return _remote(here, voice, wanted.url)
    if wanted.is_standalone:
        return _private(here)
    return daemon.find_or_start(here, voice, silent=silent, is_checked=is_checked)


def address(text: str) -> str:
    """The address of a server as it is kept and connected to; raises `RemoteUnusable`."""
    found = _URL.fullmatch(text.strip())
    if found is None or not 0 < int(found[2]) < PORTS:
        raise RemoteUnusable(
            f"{text!r} is no address of a server", "name it as http://HOST:PORT; ssh -L reaches others"
        )
    return f"http://{found[1].lower()}:{int(found[2])}"


def kept(here: Settings) -> "Keys":
    """The secrets of servers that a person gave us, by address."""
    from iterate.providers.keys import Keys  # Most commands speak to a server of ours.

    return Keys(here.data, KEPT)


def checked(voice: Voice, url: str, secret: str) -> Announcement:
    """The server at an address, which speaks our protocol and takes the secret; raises `RemoteUnusable`."""
    from iterate.client import Client  # Help and completion need no network.

    bare = Announcement(url, 0, "", secret)
    with _lost(url):
        told = Client(bare).call("GET", "/global/health", timeout_s=PATIENCE_S, most=MOST_BYTES)
    match told:
        case {"healthy": True, "version": str(version), "protocol": int(protocol)}:
            _check(version, protocol)
        case _:
            raise RemoteUnusable(f"at {url} is something else than iterate")
    if version != STAMP.version:
        voice.note(f"the server at {url} is iterate {version}, this is {STAMP.version}; that works")
    if not _is_near(url):
        voice.note(f"what is said to {url}, the secret too, can be read on its way; ssh -L is the safe one")
    with _lost(url):
        Client(bare).call("GET", "/session?limit=1", timeout_s=PATIENCE_S, most=MOST_BYTES)
    return bare._replace(version=version, protocol=protocol)


def _remote(here: Settings, voice: Voice, text: str) -> Announcement:
    url = address(text)
    # At the address of this user's own server nobody else can listen while the file that says so is locked, and the
    # file has the secret: nothing has to be set or kept.
    own = discovery.look(here.state)
    is_own = own is not None and own.url in {url, url.replace("//localhost:", "//127.0.0.1:")}
    if own is not None and is_own:
        url = own.url
    secret = here.secret or (own.secret if own is not None and is_own else "") or kept(here).get(url)
    if not secret:
        raise RemoteUnusable(
            f"there is no secret for {url}",
            f"set ITERATE_SECRET to the one that it was started with, or keep it: iterate auth login {url}",
        )
    return checked(voice, url, secret)


@contextmanager
def _lost(url: str) -> Iterator[None]:
    """Say in words of an address what went wrong."""
    try:
        yield
    except ServerRefused as refused:
        if "Unauthorized" in str(refused):
            hint = f"set ITERATE_SECRET to the one that it was started with, or keep it: iterate auth login {url}"
            raise RemoteUnusable(f"the server at {url} does not take the secret", hint) from refused
        if "ForeignHost" in str(refused):
            hint = "name it as its own `--hostname` does, or reach it through ssh -L at 127.0.0.1"
            raise RemoteUnusable(f"the server at {url} goes by another name", hint) from refused
        raise RemoteUnusable(f"at {url} is something else than iterate: {refused}") from refused
    except ServerLost as lost:
        raise Away(f"there is no iterate at {url}: {lost}", "is it running, and is that its port?") from lost


def _is_near(url: str) -> bool:
    """Whether nobody else can listen in: the address is of this machine."""
    host = url.removeprefix("http://").rpartition(":")[0]
    return host in {"localhost", "[::1]"} or re.fullmatch(r"127(\.\d+){3}", host) is not None


def _check(version: str, protocol: int) -> None:
    if protocol not in discovery.SPOKEN:
        older = "this iterate" if protocol > discovery.PROTOCOL else "the server"
        raise ProtocolUnknown(
            f"the server is iterate {version} and speaks protocol {protocol}, this is {STAMP.version} and speaks "
            f"{discovery.PROTOCOL}",
            f"upgrade {older}",
        )


def _private(here: Settings) -> Announcement:
    """A server of this process alone: it hears by a pipe that this process is gone, however it went."""
    from iterate import launch

    line = launch.private(here.start_timeout)
    try:
        fields = json.loads(line)
    except ValueError:
        fields = None
    match fields:
        case {"url": str(url), "pid": int(pid), "version": str(version), "secret": str(secret)}:
            return Announcement(url, pid, version, secret)
        case _:
            raise StartFailed("the private server did not say where it listens", "iterate serve --standalone shows why")
