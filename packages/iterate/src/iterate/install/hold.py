"""Who may change a copy: one at a time, and only who owns it.

Two locks are held, because the installer is a shell script: `lock`, where there is a program flock, and the folder
`lock.d`, in whose file `pid` stands who made it. Each side takes both.
"""

import os
import secrets
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from iterate import locks
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
            remove(folder)
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
    try:
        folder.mkdir()
    except FileExistsError:
        if (holder := _holder(folder)) is not None:
            raise UpgradeRunning(f"an installation is at work in {folder.parent} (process {holder})") from None
        # Of two that find the same dead one, one moves it away.
        aside = folder.with_name(f"{OLD}lock-{os.getpid()}")
        try:
            folder.rename(aside)
            folder.mkdir()
        except OSError as problem:
            raise UpgradeRunning(f"another installation is at work in {folder.parent}") from problem
    (folder / "pid").write_text(f"{os.getpid()}\n")


def _holder(folder: Path) -> int | None:
    """The process that made the folder, when it lives."""
    deadline = time.monotonic() + _NAMED_S
    while True:
        try:
            holder = int((folder / "pid").read_text())
        except (OSError, ValueError):
            if time.monotonic() > deadline:
                return None
            time.sleep(_NAMED_S / 20)
            continue
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime < _LONGEST_S and _lives(holder):
                return holder
        return None


def _lives(process: int) -> bool:
    if process <= 0:
        return False  # To the system it is a group of processes.
    if sys.platform == "win32":
        return True  # Asking by a signal would end it; the age of the folder has to do.
    try:
        os.kill(process, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return process != os.getpid()
