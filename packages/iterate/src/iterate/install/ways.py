"""What each package manager is told, as command lines: to upgrade, to go to a version or a channel, to remove.

Nothing is run here. docs/upgrade.md shows the same as a table.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from iterate.errors import NotReplaceable, OwnerUnknown, VersionUnknown
from iterate.install.copy import Copy, channel_of
from iterate.install.methods import FROM_NPM, Method

# In this order: the first that is there.
AUR_HELPERS = ("paru", "yay", "pikaur")
AUR = "https://aur.archlinux.org"
# No option, and nothing that a shell or a batch file would take apart.
_NAME = re.compile(r"[A-Za-z0-9@][A-Za-z0-9@/._:+~-]*")
_WORDED = re.compile(r"(\d+\.\d+\.\d+)-([a-z]+)[.-](.+)")


class Step(NamedTuple):
    """One command."""

    words: tuple[str, ...]
    may_fail: bool = False
    """Whether what it came to is seen by a later step, so that its own failure says nothing."""
    folder: Path | None = None
    """Where it is started; None for the home folder."""


class Way(NamedTuple):
    """What gets a version here, in the order in which the user always has a program."""

    steps: tuple[Step, ...]
    """Until the new program is the one that people run."""
    last: tuple[Step, ...] = ()
    """Once it was asked for its version, and said the right one."""
    undo: tuple[Step, ...] = ()
    """When it did not, or a step failed: what brings the old program back."""
    always: tuple[Step, ...] = ()
    """At the end, however it went."""
    work: Path | None = None
    """A folder that the steps make; it is removed before the first and after the last. None where they make none."""

    @property
    def all_steps(self) -> tuple[Step, ...]:
        """The commands of a run in which all goes well."""
        return (*self.steps, *self.last, *self.always)


class Wanted(NamedTuple):
    """The version that is to be here afterwards."""

    version: str
    stream: str
    is_named: bool = False
    """Whether it is asked for by its name, or is older than what is here, which no manager takes for an upgrade."""
    is_newest: bool = True
    """Whether it is what its channel has now, so that whoever has one version of a package has this one."""
    is_older: bool = False
    """Whether it is older than what is here."""

    @property
    def is_exact(self) -> bool:
        """Whether asking for the newest would not bring it."""
        return self.is_named and (self.is_older or not self.is_newest)


class Machine(NamedTuple):
    """What of this machine the ways depend on."""

    helper: str = ""
    """The helper for the AUR that is on PATH; empty for none."""
    can_ask: bool = False
    """Whether a person at a terminal can answer what the manager asks."""
    work: Path = Path("aur")
    """A folder that is not there yet, for what has to be built."""
    scoop_minds: bool = False
    """Whether Scoop refuses to update a program that is running, as it does unless told otherwise."""
    here: Path | None = None
    """The folder that this command was started in; None where it is not there any more."""
    kept: tuple[str, ...] = ()
    """Versions that the owner still has on this machine."""


class _Case(NamedTuple):
    """What a way is made from."""

    copy: Copy
    package: str
    """Of the wanted channel."""
    wanted: Wanted
    machine: Machine

    @property
    def moves(self) -> bool:
        """Whether another package takes the place of this one."""
        return self.wanted.stream != self.copy.stream and self.package != self.copy.package


def way(copy: Copy, wanted: Wanted, machine: Machine) -> Way:
    """How the owner of a copy gets a version.

    Raises:
        VersionUnknown: the owner has one version of a package at a time, and this is not the one.
        OwnerUnknown: nothing says what the package is called there, or the owner is no package manager.
        NotReplaceable: the owner has a question, and nobody is there to answer it.
    """
    make = _WAYS.get(copy.method)
    if make is None:
        raise OwnerUnknown(f"no package manager upgrades a copy of {copy.label}")
    return make(_Case(copy, _package(copy, wanted.stream), wanted, machine))


def removal(copy: Copy, machine: Machine) -> tuple[Step, ...]:
    """How the owner of a copy removes it; raises `OwnerUnknown`."""
    make = _REMOVALS.get(copy.method)
    if make is None:
        raise OwnerUnknown(f"no package manager removes a copy of {copy.label}")
    package = _package(copy, copy.stream)
    return (Step(make(_Case(copy, package, Wanted("", copy.stream), machine))),)


def _package(copy: Copy, stream: str) -> str:
    package = copy.package_of(stream)
    if not package and copy.method in FROM_NPM:
        package = copy.package
    if not package and channel_of(stream) == "snapshot":
        package = _snapshot(copy, stream)
    if not _NAME.fullmatch(package):
        raise OwnerUnknown(
            f"nothing says what the {stream} channel of iterate is called at {copy.label}",
            "install it from there once; its receipt says it from then on",
        )
    return package


def _snapshot(copy: Copy, stream: str) -> str:
    """The package of a branch, which is no lasting name: the one of the releases, and the branch."""
    latest = copy.package_of("latest")
    return f"{latest}-{stream}" if latest and copy.method in {Method.BREW, Method.SCOOP, Method.DEB} else ""


def _bare(package: str) -> str:
    """A package without the tap or bucket in front."""
    return package.rpartition("/")[2]


def _refuse_name(copy: Copy, wanted: Wanted) -> None:
    if wanted.is_named and not wanted.is_newest:
        raise VersionUnknown(
            f"{copy.label} has one version of a package at a time, and {wanted.version} is not the one",
            "install that version with install.sh --version, or take the one that the channel has: iterate upgrade",
        )


def _brew(case: _Case) -> Way:
    """Homebrew trusts the formula of a tap by its full name, and refuses a short one.

    Two formulae install the same command. The second one is poured and not linked, which counts as a failure; linking
    over the first one then changes one symbolic link.
    """
    copy, package, wanted, _ = case
    _refuse_name(copy, wanted)
    update = Step(("brew", "update"))
    if case.moves:
        new, old = _bare(package), _bare(copy.package)
        return Way(
            (
                update,
                Step(("brew", "install", package), may_fail=True),
                Step(("brew", "link", "--overwrite", new)),
            ),
            last=(Step(("brew", "uninstall", copy.package)),),
            undo=(
                Step(("brew", "link", "--overwrite", old), may_fail=True),
                Step(("brew", "uninstall", package), may_fail=True),
            ),
        )
    # An older version is no upgrade. Reinstalling keeps the old one until the new one is there.
    verb = "reinstall" if wanted.is_older else "upgrade"
    return Way((update, Step(("brew", verb, package))))


def _scoop(case: _Case) -> Way:
    """Scoop refuses to touch a program that runs, and this command is one; versions have folders of their own."""
    copy, package, wanted, machine = case
    name, old = _bare(package), _bare(copy.package)
    setting = "ignore_running_processes"
    update = Step(("scoop", "update"))
    before = (Step(("scoop", "config", setting, "true")),) if machine.scoop_minds else ()
    after = (Step(("scoop", "config", "rm", setting)),) if machine.scoop_minds else ()
    spec = f"{package}@{wanted.version}" if wanted.is_exact else package
    if case.moves:
        return Way(
            (*before, update, Step(("scoop", "install", spec))),
            # The command was taken over by the app that was installed last; removing the other may take it along.
            last=(Step(("scoop", "uninstall", old)), Step(("scoop", "reset", name))),
            undo=(Step(("scoop", "uninstall", name), may_fail=True), Step(("scoop", "reset", old), may_fail=True)),
            always=after,
        )
    if not wanted.is_exact:
        return Way((*before, update, Step(("scoop", "update", name))), always=after)
    if wanted.version in machine.kept:
        return Way((*before, Step(("scoop", "reset", f"{name}@{wanted.version}"))), always=after)
    return Way((*before, update, Step(("scoop", "install", spec))), always=after)


def _aur(case: _Case) -> Way:
    """The packages of two channels conflict, and pacman replaces one by the other in one transaction."""
    copy, package, wanted, machine = case
    _refuse_name(copy, wanted)
    answers = () if machine.can_ask else ("--noconfirm", *(_removing(case) if case.moves else ()))
    if machine.helper:
        return Way((Step((machine.helper, "-S", *answers, package)),))
    source = machine.work / package
    return Way(
        (
            Step(("git", "clone", "--depth=1", f"{AUR}/{package}.git", str(source))),
            Step(("makepkg", "--syncdeps", "--install", *answers), folder=source),
        ),
        work=machine.work,
    )


def _removing(case: _Case) -> tuple[str, ...]:
    """How a helper is told beforehand that the package of the other channel may go.

    Raises:
        NotReplaceable: it can be answered by a person only.
    """
    if case.machine.helper in {"paru", "yay"}:
        return ("--useask",)
    raise NotReplaceable(
        f"{case.machine.helper or 'makepkg'} asks whether {case.copy.package} may be removed for {case.package}, "
        "and there is no terminal to answer it at",
        "run iterate upgrade in a terminal",
    )


def _prefix(copy: Copy) -> tuple[str, ...]:
    """Names the folder of this copy: another npm than the one that installed it has another."""
    if copy.method is not Method.NPM or copy.folder is None:
        return ()
    above = copy.folder.parent
    return ("--prefix", str(above.parent if above.name == "lib" else above))


def _npm(case: _Case) -> Way:
    copy, package, wanted, _ = case
    # Branches share the tag `snapshot`, so a version of one has to be named.
    has_tag = not wanted.is_named and channel_of(wanted.stream) != "snapshot"
    spec = f"{package}@{wanted.stream if has_tag else wanted.version}"
    return Way((Step((*_ADD[copy.method], *_prefix(copy), spec)),))


_ADD: Mapping[Method, tuple[str, ...]] = MappingProxyType(
    {
        Method.NPM: ("npm", "install", "--global"),
        Method.PNPM: ("pnpm", "add", "--global"),
        Method.YARN: ("yarn", "global", "add"),
        Method.BUN: ("bun", "add", "--global"),
    }
)


def _mise(case: _Case) -> Way:
    """Its settings say which version is wanted; of npm's tags they know `latest` alone."""
    copy, package, wanted, machine = case
    if wanted.is_named or wanted.stream != "latest":
        words: tuple[str, ...] = ("use", "--global", f"{package}@{wanted.version}")
    elif wanted.stream != copy.stream:
        words = ("use", "--global", f"{package}@latest")
    else:
        # Also where the settings ask for an older one, as after a version was asked for by its name.
        words = ("upgrade", "--bump", package)
    return Way((Step(("mise", *words), folder=machine.here),))


def _deb(case: _Case) -> Way:
    """The packages of two channels conflict, and apt replaces one by the other in one run."""
    _, package, wanted, _ = case
    update = Step(("apt-get", "update"))
    if wanted.is_exact:
        spec = f"{package}={_tilde(wanted.version)}"
        return Way((update, Step(("apt-get", "install", "-y", "--allow-downgrades", spec))))
    only = () if case.moves else ("--only-upgrade",)
    return Way((update, Step(("apt-get", "install", "-y", *only, package))))


def _rpm(case: _Case) -> Way:
    copy, package, wanted, _ = case
    named = f"{package}-{_tilde(wanted.version)}"
    if case.moves:
        new = named if wanted.is_exact else package
        return Way((Step(("dnf", "swap", "-y", copy.package, new)),))
    if wanted.is_exact:
        return Way((Step(("dnf", "install", "-y", "--refresh", named)),))
    return Way((Step(("dnf", "upgrade", "-y", "--refresh", package)),))


def _winget(case: _Case) -> Way:
    copy, package, wanted, _ = case
    install = ("winget", "install", "--exact", "--id", package)
    if case.moves:
        version = ("--version", wanted.version) if wanted.is_exact else ()
        return Way(
            (Step((*install, *version)),), last=(Step(("winget", "uninstall", "--exact", "--id", copy.package)),)
        )
    if wanted.is_exact:
        return Way((Step((*install, "--version", wanted.version, "--force")),))
    return Way((Step(("winget", "upgrade", "--exact", "--id", package)),))


_WAYS: Mapping[Method, Callable[[_Case], Way]] = MappingProxyType(
    {
        Method.BREW: _brew,
        Method.SCOOP: _scoop,
        Method.AUR: _aur,
        Method.NPM: _npm,
        Method.PNPM: _npm,
        Method.YARN: _npm,
        Method.BUN: _npm,
        Method.MISE: _mise,
        Method.DEB: _deb,
        Method.RPM: _rpm,
        Method.WINGET: _winget,
    }
)


def _pacman(case: _Case) -> tuple[str, ...]:
    """A helper asks for the password by itself; pacman does not."""
    words = (case.machine.helper,) if case.machine.helper else ("sudo", "pacman")
    return (*words, "-R", *(() if case.machine.can_ask else ("--noconfirm",)), case.package)


_REMOVALS: Mapping[Method, Callable[[_Case], tuple[str, ...]]] = MappingProxyType(
    {
        Method.BREW: lambda case: ("brew", "uninstall", case.package),
        Method.SCOOP: lambda case: ("scoop", "uninstall", _bare(case.package)),
        Method.AUR: _pacman,
        Method.NPM: lambda case: ("npm", "uninstall", "--global", *_prefix(case.copy), case.package),
        Method.PNPM: lambda case: ("pnpm", "remove", "--global", case.package),
        Method.YARN: lambda case: ("yarn", "global", "remove", case.package),
        Method.BUN: lambda case: ("bun", "remove", "--global", case.package),
        Method.MISE: lambda case: ("mise", "unuse", "--global", case.package),
        Method.DEB: lambda case: ("apt-get", "remove", "-y", case.package),
        Method.RPM: lambda case: ("dnf", "remove", "-y", case.package),
        Method.WINGET: lambda case: ("winget", "uninstall", "--exact", "--id", case.package),
    }
)


def _tilde(version: str) -> str:
    """A version as Debian and rpm write it: `1.3.0~rc.1`, where the tilde is older than nothing."""
    found = _WORDED.fullmatch(version)
    return f"{found[1]}~{found[2]}.{found[3].replace('-', '.')}" if found else version
