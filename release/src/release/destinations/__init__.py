"""Where a release goes: addresses of places, and the destinations behind them.

A destination is asked what it holds, then given the smallest change.
"""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from release import placeholders, settings
from release.destinations.folder import Folder
from release.destinations.repository import Repository
from release.errors import ConfigInvalidError
from release.model import File, Plan, Seen, State
from release.product import Channel, Product, Profile


class Destination(Protocol):
    """A place that takes bundles."""

    def check(self) -> None:
        """Raise PushError where we may not write."""

    def read(self, path: str) -> bytes | None:
        """What it holds under a path; None for nothing."""

    def look(self, files: tuple[File, ...]) -> dict[str, State]:
        """The state of each file, by its path."""

    def push(self, files: tuple[File, ...], message: str, seen: Seen | None = None) -> str:
        """Make the files stand there; says in a few words what was done.

        Raises:
            PlaceChangedError: it no longer holds what was `seen` when the files were made.
        """


# --- addresses ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """`SCHEME:REST#BRANCH`: the rest is a path, `//HOST/PATH`, or `OWNER/REPOSITORY`."""

    scheme: str
    rest: str
    branch: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    """What a destination is made from, beside its address."""

    product: Product
    plan: Plan
    dist: Path
    allow_older: bool


def _folder(address: Address, task: _Task) -> Destination:
    return Folder(root=task.dist / _path(address), mtime=task.plan.committed_at)


def _repository(address: Address, task: _Task) -> Repository:
    local = address.scheme == "git+file"
    return Repository(
        location=str((task.dist / _path(address)).absolute()) if local else _url(address),
        local=local,
        branch=address.branch,
        committer=task.product.committer,
        when=task.plan.committed_at,
    )


def _github(address: Address, task: _Task) -> Destination:
    from release.destinations.github import GitHubRelease  # its HTTP client takes long to import

    return GitHubRelease(
        repository=address.rest,
        tag=task.plan.tag,
        tags=task.product.tag,
        commit=task.plan.commit,
        latest=task.plan.channel is Channel.LATEST,
        allow_older=task.allow_older,
        token=settings.read().github_token,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scheme:
    """What an address that begins with it looks like, and what stands there."""

    example: str
    form: re.Pattern[str]
    make: Callable[[Address, _Task], Destination]
    branches: bool = False
    local: bool = False


def _registry(address: Address, task: _Task) -> Destination:
    from release.destinations.npm import Registry

    return Registry(
        tag=task.plan.channel.value,
        url=_url(address) if address.rest else "",
        allow_older=task.allow_older,
        trusted=settings.read().has_identity,
    )


_PATH = re.compile(r"(?!//[^/]|~)[^#\s][^#\n]*")  # nobody stands for a home: release.toml is everybody's
# A branch by its short name, as git-check-ref-format(1) has it.
_BRANCH = re.compile(r"(?!-|/|\.|refs/|@$)(?!.*(?:\.\.|//|/\.|@\{|\.lock(?:/|$)))[^\x00-\x20\x7f~^:?*\[\\]+(?<![/.])")
_LOOPBACK = re.compile(r"//(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?(?:/|$)")
_HOST = re.compile(r"//[^/#\s@]+(?:/[^#\s]*)?")
_REMOTE = re.compile(r"//[^/#\s]+/[^#\s]+")
SCHEMES = {
    "file": _Scheme(example="file:public/site", form=_PATH, make=_folder, local=True),
    "git+file": _Scheme(
        example="git+file:public/tap.git#main", form=_PATH, make=_repository, branches=True, local=True
    ),
    "git+https": _Scheme(example="git+https://HOST/OWNER/tap.git#main", form=_REMOTE, make=_repository, branches=True),
    "git+ssh": _Scheme(example="git+ssh://git@HOST/OWNER/tap.git#main", form=_REMOTE, make=_repository, branches=True),
    # Any registry: the one that the npm client is set up for, or the one of an address.
    "npm": _Scheme(example="npm:", form=re.compile(""), make=_registry),
    "npm+http": _Scheme(example="npm+http://127.0.0.1:4873", form=_HOST, make=_registry),
    "npm+https": _Scheme(example="npm+https://HOST/", form=_HOST, make=_registry),
    "github": _Scheme(example="github:OWNER/REPOSITORY", form=re.compile(r"[\w-]+/[\w.-]+", re.ASCII), make=_github),
}


def parse(text: str) -> Address:
    """Read an address.

    Raises:
        ConfigInvalidError: it begins with no scheme that we know, or goes on in a way that the scheme does not have.
    """
    name, colon, after = text.partition(":")
    scheme = SCHEMES.get(name) if colon else None
    if scheme is None:
        examples = ", ".join(each.example for each in SCHEMES.values())
        raise ConfigInvalidError(f"'{text}' is no address of a place", hint=f"write one such as {examples}")
    rest, hash_, branch = after.partition("#")
    if not scheme.form.fullmatch(rest) or (hash_ and not (scheme.branches and _BRANCH.fullmatch(branch))):
        raise ConfigInvalidError(f"'{text}' is no address of a place", hint=f"write it as {scheme.example}")
    return Address(scheme=name, rest=rest, branch=branch or None)


def is_local(text: str) -> bool:
    """Whether an address is on this machine: a path, or a server on loopback.

    Also when it is no address at all, which `parse` tells.
    """
    name, _, rest = text.partition(":")
    scheme = SCHEMES.get(name)
    return scheme is None or scheme.local or _LOOPBACK.match(rest) is not None


def _path(address: Address) -> str:
    """The path of a local address; `file:///x` and `file:/x` are the same."""
    return address.rest.removeprefix("//")


def _url(address: Address) -> str:
    """The address as git and npm know it."""
    return f"{address.scheme.partition('+')[2]}:{address.rest}"


def address(profile: Profile, *, outlet: str, package: str) -> str:
    """The address of a package's place, in full."""
    return placeholders.fill(profile.places[outlet], package=package)


def is_below(text: str, folder: Path) -> bool:
    """Whether a local address leads into a folder, from that folder."""
    whole, parsed = folder.absolute(), parse(text)
    return SCHEMES[parsed.scheme].local and Path(os.path.normpath(whole / _path(parsed))).is_relative_to(whole)


# --- destinations ------------------------------------------------------------------------------------------


def located(
    product: Product,
    profile: Profile,
    plan: Plan,
    dist: Path,
    *,
    outlet: str,
    package: str,
    allow_older: bool = False,
) -> tuple[str, Destination]:
    """The place of an outlet's package: its address in full, for people, and the destination there.

    Raises:
        ConfigInvalidError: the profile has no place for the outlet, or its address is none.
    """
    if outlet not in profile.places:
        raise ConfigInvalidError(
            f"the profile has no place for {outlet}", hint=f"add a line '{outlet} = ...' to its places in release.toml"
        )
    text = address(profile, outlet=outlet, package=package)
    parsed = parse(text)
    return text, SCHEMES[parsed.scheme].make(
        parsed, _Task(product=product, plan=plan, dist=dist, allow_older=allow_older)
    )
