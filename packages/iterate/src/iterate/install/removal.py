"""How the owner of a copy removes it: the command of `ways.py`, as root where it must, and services that end first."""

import os
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from iterate.errors import ManagerMissing, NotReplaceable
from iterate.install import ways
from iterate.install.copy import Copy
from iterate.install.methods import PRODUCT, Method
from iterate.install.outlook import User
from iterate.install.programs import Place
from iterate.install.ways import Machine

type Words = tuple[str, ...]

# No package manager removes these.
_NOBODYS = {Method.SELF, Method.DOCKER, Method.SOURCE, Method.ARCHIVE, Method.UNKNOWN}
# These change what belongs to the system, and do not ask for the right to by themselves.
_NEED_ROOT = {Method.DEB, Method.RPM}
# What may take the place of a manager, with the same words.
_COUSINS = {"dnf": ("yum", "zypper")}


class Around(NamedTuple):
    """What a removal depends on."""

    place: Place
    user: User
    machine: Machine


def commands(copy: Copy, around: Around) -> tuple[Words, ...]:
    """What is run to have the owner remove a copy, in this order; nothing where no program of another can.

    Raises:
        ManagerMissing: The owner's program is not there.
        NotReplaceable: This user may not remove it.
    """
    if copy.method in _NOBODYS or copy.project is not None or not copy.package:
        return ()
    # The person was asked already, so nobody asks again.
    (step,) = ways.removal(copy, around.machine._replace(can_ask=False))
    line = _as_root(copy, _found(copy, step.words, around.place), around)
    if copy.method not in _NEED_ROOT and copy.folder is not None and not around.user.is_writable(copy.folder):
        raise NotReplaceable(f"{copy.folder} may not be changed by this user", f"as its owner: {shlex.join(line)}")
    return (*_services(copy, around.place.home), line)


def _found(copy: Copy, words: Words, place: Place) -> Words:
    """The words with a program that is there."""
    near = copy.command.parent if copy.command else None
    for name in (words[0], *_COUSINS.get(words[0], ())):
        if found := place.find(name, near):
            # One that is not on PATH has to be named in full.
            return (name if place.find(name) else found, *words[1:])
    raise ManagerMissing(f"{words[0]}, which installed this copy, cannot be found", "put it on PATH, then try again")


def _as_root(copy: Copy, line: Words, around: Around) -> Words:
    if copy.method not in _NEED_ROOT or around.user.number <= 0:
        return line
    way = next((each for each in ("sudo", "doas", "run0") if around.place.find(each)), None)
    if way is None:
        raise NotReplaceable("this copy belongs to the system, and there is no sudo", f"as root: {shlex.join(line)}")
    return (way, *line)


def _services(copy: Copy, home: Path) -> Iterator[Words]:
    """What ends a service that would start the server again, where one was set up."""
    formula = copy.package.rpartition("/")[2]
    units = home / ".config" / "systemd" / "user"
    if copy.method is Method.BREW:
        files = (
            home / "Library" / "LaunchAgents" / f"homebrew.mxcl.{formula}.plist",
            units / f"homebrew.{formula}.service",
        )
        if any(each.exists() for each in files):
            yield ("brew", "services", "stop", copy.package)
    elif any(os.path.lexists(each / f"{PRODUCT}.service") for each in units.glob("*.wants")):
        yield ("systemctl", "--user", "disable", "--now", f"{PRODUCT}.service")
