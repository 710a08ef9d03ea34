"""Who may change a copy: one at a time, and only who owns it.

Two locks are held, because the installer is a shell script: `lock`, where there is a program flock, and the folder
`lock.d`, in whose file `pid` stands who made it. Each side takes both.
"""

import os
import re
import secrets
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from iterate import folders, locks
from iterate.errors import NotReplaceable, UpgradeRunning
from iterate.install.layout import NEW, OLD, Layout

# A number lives on in another process, but no installation takes so long.
_LONGEST_S = 3600
# Whoever made the folder says within this time who it is.
_NAMED_S = 1.0


def refuse_foreign(layout: Layout) -> None:
    """Raise `NotReplaceable` when this user may not replace a copy; nothing is tried."""
    for folder in (layout.store, layout.link.parent):
        if not os.access(folder, os.W_OK | os.X_OK):
            raise NotReplaceable(
                f"{folder} may not be changed by this user",
                "run this as the owner of the folder, or install a copy of your own",
            )
    if sys.platform != "win32" and os.geteuid() == 0 != layout.store.stat().st_uid:
        # What root puts there, its owner could never replace again.
        raise NotReplaceable(f"{layout.store} belongs to another user than root", "run this as that user, without sudo")


@contextmanager
def held(layout: Layout) -> Iterator[None]:
    """Be the only one who changes this copy, without what killed ones have left.

    Raises `UpgradeRunning`, and `NotReplaceable` when the lock cannot be opened.
    """
    try:
        file = os.open(layout.lock, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o644)
    except (PermissionError, IsADirectoryError) as problem:
        # As when root has installed here once.
        raise NotReplaceable(
            f"{layout.lock}: {problem.strerror}", "remove that file: it holds nothing, and is made anew"
        ) from problem
    try:
        if not locks.try_lock(file):
            raise UpgradeRunning(f"another upgrade or installation is at work in {layout.store}")
        folder = layout.store / "lock.d"
        _take(folder)
        try:
            for left in (*layout.store.glob(f"{NEW}*"), *layout.store.glob(f"{OLD}*"), *_links(layout)):
                remove(left)
            yield
        finally:
            _leave(layout, folder)
    finally:
        os.close(file)


def remove(path: Path) -> None:
    """Remove a file, a link or a folder with all that is in it, as far as that is possible."""
    if path.is_dir() and not path.is_symlink() and not path.is_junction():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def discard(layout: Layout, folder: Path) -> None:
    """Remove a version's folder, under a name by which whoever comes next knows it, should this be stopped half-way."""
    aside = layout.store / f"{OLD}{secrets.token_hex(4)}"
    with suppress(OSError):
        folder.rename(aside)
        folder = aside
    remove(folder)


def _links(layout: Layout) -> list[Path]:
    return [each for each in layout.link.parent.glob(f"{NEW}link-*") if each.is_symlink()]


def _take(folder: Path) -> None:
    """Have a folder in whose file `pid` this process stands; raises `UpgradeRunning` where another one has it.

    Whoever finds a dead process there makes the folder after-PROCESS in it its own first, in the same way, and looks
    again. So of many that find the same dead one, one takes its place. install.sh does the same.
    """
    busy = f"another installation is at work in {folder.parent}"
    try:
        folder.mkdir()
    except FileNotFoundError as problem:
        raise UpgradeRunning(busy) from problem
    except FileExistsError:
        told = _told(folder)
        if (holder := _number(told)) and _lives(holder) and _is_young(folder):
            raise UpgradeRunning(f"an installation is at work in {folder.parent} (process {holder})") from None
        claim = folder / f"after-{holder or 'nobody'}"
        _take(claim)
        try:
            if _read(folder) != told:
                raise UpgradeRunning(busy) from None
            if (folder / "pid").exists():
                (claim / "pid").replace(folder / "pid")
            else:
                _sign(folder, busy)
        finally:
            remove(claim)
    else:
        _sign(folder, busy)


def _sign(folder: Path, busy: str) -> None:
    """Say in a folder that this process has it; raises `UpgradeRunning` where another one has said so."""
    try:
        with (folder / "pid").open("x", encoding="ascii") as file:
            file.write(f"{os.getpid()}\n")
    except (FileExistsError, FileNotFoundError) as problem:
        raise UpgradeRunning(busy) from problem


def _leave(layout: Layout, folder: Path) -> None:
    """Give the folder back, under a name that is gone in one step, unless another one has it meanwhile."""
    if _read(folder) == str(os.getpid()):
        discard(layout, folder)


def _read(folder: Path) -> str:
    try:
        return folders.read(folder / "pid", 64).decode().strip()
    except (OSError, ValueError):
        return ""


def _told(folder: Path) -> str:
    """Who has a folder; empty where nobody says so in time."""
    deadline = time.monotonic() + _NAMED_S
    while not (told := _read(folder)) and time.monotonic() < deadline:
        time.sleep(_NAMED_S / 20)
    return told


def _number(told: str) -> int:
    """The process that a text names; 0 for none."""
    return int(told) if re.fullmatch(r"[1-9][0-9]{0,9}", told) else 0


def _is_young(folder: Path) -> bool:
    with suppress(OSError):
        return time.time() - folder.stat().st_mtime < _LONGEST_S
    return False


def _lives(process: int) -> bool:
    if sys.platform == "win32":
        return True  # Asking by a signal would end it; the age of the folder has to do.
    try:
        os.kill(process, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return process != os.getpid()
