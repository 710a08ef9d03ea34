"""A copy of the program: who installed it and owns it, which channel it follows, and where newer ones are."""

import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from iterate import about, settings
from iterate.about import Stamp
from iterate.errors import Failure
from iterate.install import owner, receipt
from iterate.install.methods import FROM_NPM, PRODUCT, Method, named
from iterate.install.owner import Found
from iterate.install.receipt import Receipt

# A snapshot's version is 0.0.0-snapshot-BRANCH-TIME.
_SNAPSHOT = re.compile(r"[\d.]+-(snapshot-[a-z0-9-]+)-\d{14}")
_DEV = re.compile(r"[\d.]+-dev-\d{14}")
_NO_PACKAGES: Mapping[str, Mapping[str, str]] = MappingProxyType({})


class Copy(NamedTuple):
    """One installed copy of the program, or the checkout that it runs from."""

    method: Method
    package: str
    """As people type it to whoever owns it; empty when nothing says."""
    channel: str
    stream: str
    """The channel's own name: `latest`, `dev`, `snapshot-SLUG`."""
    version: str
    program: Path | None
    """The real file, symlinks resolved; None for a checkout."""
    packages: Mapping[str, Mapping[str, str]] = _NO_PACKAGES
    """What the product is called elsewhere, by method and stream."""
    sites: tuple[str, ...] = ()
    pinned: bool = False
    """Its version was asked for by name, so it is not upgraded by itself."""
    said: str = ""
    """The method as the receipt spells it."""
    command: Path | None = None
    """The file that people run; None when the place does not say."""
    folder: Path | None = None
    """What whoever upgrades must be able to write; None when the place does not say."""
    project: Path | None = None
    """The project whose dependency this copy is."""

    @property
    def label(self) -> str:
        """The method for people: as the receipt has it where this version does not know it."""
        return self.said if self.method is Method.UNKNOWN and self.said else self.method.value

    def package_of(self, stream: str) -> str:
        """What the owner calls the package of a channel; empty when nothing says."""
        return self.package if stream == self.stream else self.packages.get(self.method, {}).get(stream, "")


def this_copy() -> Copy:
    """The copy that is running."""
    copy = copy_at(about.executable(), about.STAMP)
    if copy.program is None or copy.pinned:
        return copy
    from iterate.install import pins  # It knows copies, and so it cannot be there first.

    with suppress(Failure):
        return copy._replace(pinned=pins.is_pinned(copy, settings.updates()))
    return copy


def copy_at(program: Path | None, stamp: Stamp, root: Path = Path("/")) -> Copy:
    """The copy that a program is.

    Args:
        program: the real file of the program; None for a checkout.
        stamp: what the release wrote into it.
        root: of the system, below which package managers keep their lists.
    """
    if program is None:
        stream = stream_of(stamp.version, stamp.channel)
        return Copy(Method.SOURCE, "", stamp.channel, stream, stamp.version, None)
    found, is_damaged, written = owner.find(program, root), False, None
    try:
        written = receipt.read(program)
    except ValueError:
        is_damaged = True
    if written is None:
        if found.package and PRODUCT not in found.package.lower():
            # A package of another product that brings this program along: its owner is not asked to change it for us.
            found = Found(Method.ARCHIVE)
        if is_damaged and found.method is Method.ARCHIVE:
            found = Found(Method.UNKNOWN)
        return _copy(found, program, stamp)
    return _told(written, found, program, stamp)


def _copy(found: Found, program: Path, stamp: Stamp) -> Copy:
    return Copy(
        method=found.method,
        package=found.package,
        channel=stamp.channel,
        stream=stream_of(stamp.version, stamp.channel),
        version=stamp.version,
        program=program,
        command=found.command,
        folder=found.folder,
        project=found.project,
    )


def _told(written: Receipt, found: Found, program: Path, stamp: Stamp) -> Copy:
    """What a receipt says, and what the place adds to it: which client of npm it was, and what people run."""
    method = named(written.method)
    if found.method is Method.MISE or (method is Method.NPM and found.method in FROM_NPM):
        method = found.method
    place = found if found.method is method else Found(method)
    copy = _copy(place, program, stamp)
    return copy._replace(
        package=place.package if method is Method.MISE else written.name or place.package,
        channel=written.channel or copy.channel,
        stream=written.stream or stream_of(stamp.version, written.channel or stamp.channel),
        packages=_named_by_npm(written.packages),
        sites=written.sites,
        pinned=written.pinned,
        said=written.method,
    )


def _named_by_npm(packages: Mapping[str, Mapping[str, str]]) -> Mapping[str, Mapping[str, str]]:
    """The names of npm for its other clients too, which install the same packages."""
    npm = packages.get(Method.NPM, {})
    clients = {each.value: npm for each in FROM_NPM if npm and each is not Method.MISE}
    mise = {Method.MISE.value: {stream: f"npm:{name}" for stream, name in npm.items()}} if npm else {}
    return {**packages, **clients, **mise}


def stream_of(version: str, channel: str) -> str:
    """The channel's own name, from a version of it; the channel where the version does not say more."""
    if channel == "snapshot" and (found := _SNAPSHOT.fullmatch(version)):
        return found[1]
    return channel


def stream_of_version(version: str) -> str:
    """The channel that a version by its form belongs to."""
    if found := _SNAPSHOT.fullmatch(version):
        return found[1]
    return "dev" if _DEV.fullmatch(version) else "latest"


def channel_of(stream: str) -> str:
    """The channel of a stream: `snapshot` for `snapshot-SLUG`."""
    return "snapshot" if stream.startswith("snapshot-") else stream


def owned_by(copy: Copy, method: Method) -> Copy:
    """The same copy, taken for another owner's: the one that `--method` names."""
    if method is copy.method:
        return copy
    with suppress(KeyError):
        package = copy.packages[method.value][copy.stream]
        return copy._replace(method=method, package=package, command=None, folder=None, project=None)
    return copy._replace(method=method, package="", command=None, folder=None, project=None)
