"""Which server a command speaks to: the one of this user, one at an address, or a private one that ends with it."""

import json
import re
from typing import NamedTuple

from iterate import daemon, discovery
from iterate.about import STAMP
from iterate.discovery import Announcement
from iterate.errors import ProtocolUnknown, RemoteUnusable, StartFailed
from iterate.settings import Settings
from iterate.waiting import Voice

_URL = re.compile(r"http://(\[[0-9A-Fa-f:.]+\]|[^/:@\[\]\s]+):(\d{1,5})/?")


class Wanted(NamedTuple):
    """What the words of a command say about the server; nothing is the one of this user."""

    url: str = ""
    is_standalone: bool = False


OURS = Wanted()


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


def _remote(here: Settings, voice: Voice, url: str) -> Announcement:
    found = _URL.fullmatch(url.strip())
    if found is None:
        raise RemoteUnusable(f"{url!r} is no address of a server", "name it as http://HOST:PORT; ssh -L reaches others")
    if not here.secret:
        raise RemoteUnusable(
            "there is no secret for that server", "set ITERATE_SECRET to the one that it was started with"
        )
    from iterate.client import Client  # Help and completion need no network.

    bare = Announcement(f"http://{found[1]}:{found[2]}", 0, "", here.secret)
    told = Client(bare).call("GET", "/global/health")
    match told:
        case {"version": str(version), "protocol": int(protocol)}:
            _check(version, protocol)
        case _:
            raise RemoteUnusable(f"at {bare.url} is something else than iterate")
    if version != STAMP.version:
        voice.note(f"the server at {bare.url} is iterate {version}, this is {STAMP.version}; that works")
    return bare._replace(version=version, protocol=protocol)


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
