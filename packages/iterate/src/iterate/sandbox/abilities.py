"""What this system can do to confine a command, found by doing it once; `doctor` shows it."""

import functools
import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from iterate.sandbox import landlock, run, seccomp

_TRIAL_S = 10.0


class Abilities(NamedTuple):
    """Which bounds there are; `lacks` says in whole sentences what is missing, why, and what that means."""

    # The version of Landlock; 0 without.
    landlock: int = 0
    has_namespaces: bool = False
    has_overlay: bool = False
    lacks: tuple[str, ...] = ()

    @property
    def confines(self) -> bool:
        """Whether commands can be kept from writing outside the project, which is what running unasked needs."""
        return self.landlock > 0

    @property
    def cuts_network(self) -> bool:
        """Whether commands can be kept from the network."""
        return self.has_namespaces or (self.landlock > 0 and seccomp.is_known())


@functools.cache
def abilities(scratch: Path) -> Abilities:
    """What can be done here, with overlays whose layers lie in this folder, which must exist. Starts two programs."""
    if sys.platform != "linux":
        return Abilities(lacks=("Commands are not confined: only Linux has the sandbox.",))
    version = landlock.version()
    lacks = [_without_landlock(version)]
    has_namespaces, why = _try(scratch, has_overlay=False)
    has_overlay = False
    if has_namespaces:
        has_overlay, why = _try(scratch, has_overlay=True)
        lacks.append(
            f"A command cannot be a transaction, because there is no overlay: {why}." if not has_overlay else ""
        )
    else:
        lacks.append(
            f"A command cannot be a transaction, because there are no user namespaces: {why}. {_without_namespaces()}"
        )
    return Abilities(version, has_namespaces, has_overlay, tuple(each for each in lacks if each))


def _without_landlock(version: int) -> str:
    if version == 0:
        return "Commands are not confined: this kernel has no Landlock (it came with 5.13), or it is switched off."
    return ""


def _without_namespaces() -> str:
    sockets = (
        "A command without the network can make no sockets at all"
        if seccomp.is_known()
        else "UDP and UNIX sockets of other programs are not cut off, so that nothing runs without asking"
    )
    return f"{sockets}; iterate's own folders and your keys are not hidden from commands."


def _try(scratch: Path, *, has_overlay: bool) -> tuple[bool, str]:
    """Run a program that does nothing, in namespaces; whether that went well, and why not."""
    with tempfile.TemporaryDirectory(dir=scratch, prefix="trial-", ignore_cleanup_errors=True) as name:
        folder = Path(os.path.realpath(name))
        for each in ("root", "upper", "work"):
            (folder / each).mkdir()
        bounds = run.Bounds(
            root=folder / "root",
            folder=folder / "root",
            upper=folder if has_overlay else None,
            has_namespaces=True,
            may_connect=False,
        )
        told = _told(bounds)
        with suppress(OSError):  # The overlay's own folder has no rights.
            (folder / "work" / "work").chmod(0o700)
    return told == "exit 0", told.removeprefix("failed ")


def _told(bounds: run.Bounds) -> str:
    held, leash = os.pipe()
    report, told = os.pipe()
    words = [*run.launcher(), f"leash={held}", f"report={told}", *run.words(bounds), "--", "/bin/sh", "-c", ":"]
    try:
        subprocess.run(
            words, pass_fds=(held, told), stdin=subprocess.DEVNULL, capture_output=True, timeout=_TRIAL_S, check=False
        )
        os.close(told)
        told = -1
        return os.read(report, run.PIECE_BYTES).decode(errors="replace").partition("\n")[0]
    except (OSError, subprocess.SubprocessError) as problem:
        return f"failed {problem}"
    finally:
        for handle in (held, leash, report, *([told] if told >= 0 else [])):
            os.close(handle)
