"""What of this machine an upgrade depends on, as it is now."""

import json
import sys
from contextlib import suppress
from pathlib import Path

from iterate import settings
from iterate.install import programs
from iterate.install.copy import Copy
from iterate.install.methods import Method
from iterate.install.outlook import User
from iterate.install.programs import Place
from iterate.install.ways import AUR_HELPERS, Machine


def this_place(*, results_aside: bool) -> Place:
    """How commands are run here; their results go to stderr where ours are for a program to read."""
    return Place(settings.read().home, output=sys.stderr.buffer if results_aside and sys.stderr else None)


def this_user() -> User:
    """Who runs this command."""
    return User(programs.user())


def this_machine(copy: Copy, method: Method, place: Place) -> Machine:
    """What the way of an owner depends on; nothing that does not matter to it is looked at."""
    here = None
    with suppress(OSError):
        here = Path.cwd()
    match method:
        case Method.AUR:
            helper = next((name for name in AUR_HELPERS if place.find(name)), "")
            return Machine(helper=helper, can_ask=programs.has_terminal(), work=settings.updates() / "aur")
        case Method.SCOOP:
            return Machine(scoop_minds=not _scoop_config(), kept=_kept(copy))
        case _:
            return Machine(here=here)


def _scoop_config() -> bool:
    """Whether Scoop's settings say already what is to be done about running programs."""
    config = settings.read().config
    if config is None:
        return False
    with suppress(OSError, ValueError, RecursionError):
        found = json.loads((config.parents[1] / "scoop" / "config.json").read_bytes())
        return isinstance(found, dict) and "ignore_running_processes" in {name.lower() for name in found}
    return False


def _kept(copy: Copy) -> tuple[str, ...]:
    """The versions whose folders Scoop still has."""
    if copy.folder is None:
        return ()
    with suppress(OSError):
        return tuple(sorted(each.name for each in copy.folder.iterdir() if each.name != "current"))
    return ()
