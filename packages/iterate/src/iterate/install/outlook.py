"""Decides what an upgrade would do: which version is wanted, whether it is here, and how its owner gets it."""

import re
import shlex
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple, Protocol

from iterate import semver
from iterate.errors import Failure, NotReplaceable, OwnerUnknown, UsageError, VersionUnknown
from iterate.install import programs, ways
from iterate.install.copy import Copy, owned_by, stream_of_version
from iterate.install.document import Document
from iterate.install.methods import Method
from iterate.install.ways import Machine, Wanted, Way

_STREAM = re.compile(r"latest|dev|snapshot-[a-z0-9]+(?:-[a-z0-9]+)*")
_VERSION = re.compile(r"[0-9][0-9A-Za-z.+-]{0,199}")


class Channels(Protocol):
    """What the channels have; `site.Site` is one."""

    def document(self, stream: str, version: str = "") -> Document:
        """What a channel has now, or the version of it that is named; raises `Failure`."""


class Request(NamedTuple):
    """What a person asked for; empty where nothing was said."""

    version: str = ""
    channel: str = ""
    method: Method | None = None


class State(StrEnum):
    """How what is wanted stands to what is here."""

    CURRENT = "current"
    NEWER = "newer"
    AHEAD = "ahead"  # this copy is newer than what its channel has, and was not withdrawn
    WITHDRAWN = "withdrawn"  # this copy's version was taken back, and an older one takes its place
    NAMED = "named"  # a version was asked for by its name
    MOVED = "channel"  # another channel was asked for


class Outlook(NamedTuple):
    """What an upgrade would do."""

    copy: Copy
    owner: Method
    """Who owns the copy by its receipt and place, whatever `--method` says."""
    stream: str
    available: str
    """What the channel has now; empty when it cannot be known."""
    document: Document | None
    """Of the wanted version."""
    wanted: Wanted
    state: State
    way: Way | None = None
    """None where the program replaces itself, and where nobody does."""
    problem: Failure | None = None
    """Why this copy cannot be replaced from here."""

    @property
    def is_overridden(self) -> bool:
        """Whether another owner was named than the one that is known."""
        return self.copy.method is not self.owner

    @property
    def has_work(self) -> bool:
        """Whether something other than what is here is wanted."""
        return self.state not in {State.CURRENT, State.AHEAD}


class User(NamedTuple):
    """Who asks, and what they may do."""

    number: int
    is_writable: programs.IsWritable = programs.is_writable


def look(copy: Copy, request: Request, channels: Channels | None, machine: Machine, user: User) -> Outlook:
    """What an upgrade would do.

    Args:
        copy: the copy that is to be another version.
        request: what was asked for.
        channels: what there is; None for a copy that does not know where its channels are.
        machine: what the ways depend on.
        user: who asks.

    Raises:
        UsageError: the words of the request mean nothing.
        VersionUnknown: there is no such version or channel, or its owner cannot give it.
        OwnerUnknown: nothing says what the package is called there.
        NotReplaceable: the owner has a question, and nobody is there to answer it.
        SiteUnreachable, SiteNotTrusted, ChannelLapsed: the channel could not be asked.
    """
    owner, version = copy.method, _version(request.version)
    copy = owned_by(copy, request.method) if request.method else copy
    stream = _stream(copy, request.channel, version)
    if channels is None:
        unknown = Outlook(copy, owner, stream, "", None, Wanted(version, stream), State.CURRENT)
        return unknown._replace(problem=nobody(copy) or _no_channels(copy, machine))
    newest = channels.document(stream)
    document = newest if version in {"", newest.version} else channels.document(stream, version)
    state = _state(copy, document, is_named=bool(version), is_moved=stream != copy.stream)
    wanted = Wanted(
        document.version,
        stream,
        is_named=bool(version) or state is State.WITHDRAWN,
        is_newest=document.version == newest.version,
        is_older=state is not State.MOVED and semver.is_newer(copy.version, document.version),
    )
    outlook = Outlook(copy, owner, stream, newest.version, document, wanted, state)
    if not outlook.has_work:
        return outlook
    outlook = outlook._replace(problem=nobody(copy))
    if outlook.problem is not None:
        return outlook
    if copy.method is Method.SELF:
        return outlook._replace(problem=_closed(copy))
    way = ways.way(copy, wanted, machine)
    return outlook._replace(way=way, problem=forbidden(copy, way, user))


def _version(text: str) -> str:
    """A version as documents have it; tags have a letter in front."""
    version = text.removeprefix("v")
    if version and not _VERSION.fullmatch(version):
        raise UsageError(f"{text!r} is no version", "versions are written like 1.2.3")
    return version


def _stream(copy: Copy, channel: str, version: str) -> str:
    if channel == "snapshot" and copy.stream.startswith("snapshot-"):
        return copy.stream
    if channel and not _STREAM.fullmatch(channel):
        raise UsageError(f"{channel!r} is no channel", "channels are latest, dev, and snapshot-BRANCH")
    return channel or (stream_of_version(version) if version else copy.stream)


def _state(copy: Copy, document: Document, *, is_named: bool, is_moved: bool) -> State:
    if is_moved:
        return State.MOVED
    if document.version == copy.version:
        return State.CURRENT
    if is_named:
        return State.NAMED
    if copy.version in document.withdrawn and not semver.is_newer(document.version, copy.version):
        return State.WITHDRAWN
    return State.AHEAD if semver.is_newer(copy.version, document.version) else State.NEWER


# --- who may -------------------------------------------------------------------------------------------------


def nobody(copy: Copy) -> Failure | None:
    """Why nobody replaces this copy: it has no owner that could, or belongs to a project."""
    if copy.project is not None:
        return NotReplaceable(
            f"this copy is a dependency of the project in {copy.project}",
            f"upgrade it there, in its package.json: {copy.method} belongs to the project",
        )
    match copy.method:
        case Method.SOURCE:
            return NotReplaceable("iterate runs from a checkout", f"upgrade the checkout: git -C {_checkout()} pull")
        case Method.DOCKER:
            return NotReplaceable(
                "iterate runs in a container, whose image holds it",
                "pull the image of the wanted version, and start a new container from it",
            )
        case Method.ARCHIVE | Method.UNKNOWN:
            return OwnerUnknown(
                f"nothing says who put {copy.program} here",
                "say who owns it: iterate upgrade --method METHOD; or install a copy of your own with install.sh",
            )
        case _:
            return None


def _closed(copy: Copy) -> Failure | None:
    """Why a program may not put another one in its own place here."""
    from iterate.install import hold, layout

    try:
        if copy.program is not None:
            hold.refuse_foreign(layout.layout_of(copy.program))
    except NotReplaceable as problem:
        return problem
    return None


def _checkout() -> str:
    here = Path(__file__).resolve()
    folder = next((each for each in here.parents if (each / ".git").exists()), here.parent)
    return shlex.quote(str(folder))


def _no_channels(copy: Copy, machine: Machine) -> Failure:
    """Of a copy whose receipt was damaged, or written before receipts named the site."""
    failure = VersionUnknown(f"the receipt of this copy does not say where the {copy.stream} channel is")
    try:
        way = ways.way(copy, Wanted("", copy.stream), machine)
    except Failure:
        failure.hint = "install it again, and its receipt says it"
    else:
        failure.hint = f"upgrade it by hand once: {shown(way)}"
    return failure


def forbidden(copy: Copy, way: Way, user: User) -> Failure | None:
    """Why this user may not have the owner replace this copy; None where nothing speaks against it."""
    needs_root = copy.method in {Method.DEB, Method.RPM}
    if needs_root and user.number > 0:
        return NotReplaceable(f"{copy.label} replaces programs for root only", f"run this: {shown(way, 'sudo ')}")
    if copy.method is Method.AUR and user.number == 0:
        return NotReplaceable(
            "packages of the AUR are not built by root", "run iterate upgrade as a user who may use sudo"
        )
    if copy.folder is None:
        return None
    if not user.is_writable(copy.folder):
        return NotReplaceable(
            f"{copy.folder} is not writable for this user, so {copy.label} cannot replace the copy in it",
            f"run this as its owner: {shown(way)}",
        )
    theirs = programs.owner_of(copy.folder)
    if user.number == 0 and theirs > 0:
        return NotReplaceable(
            f"{copy.folder} belongs to user {theirs}, and files of root in it would be in their way",
            "run iterate upgrade as that user",
        )
    return None


def shown(way: Way, before: str = "") -> str:
    """The commands of a way as a person types them."""
    return " && ".join(before + shlex.join(step.words) for step in way.all_steps)
