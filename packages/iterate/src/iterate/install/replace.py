"""Puts another version in the place of a copy that the installer made, or goes back to the one before.

At every moment the link leads to a whole program. Everything new is made, tried and written to the disk beside it; then
one rename makes it count. Who is killed on the way leaves a folder that the next one removes.
"""

import errno
import json
import os
import re
import secrets
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from iterate import about, folders
from iterate.errors import NotWritten, ProgramBroken, SiteNotTrusted, SiteUnreachable, VersionUnknown
from iterate.install import hold, sums, trial, unpack
from iterate.install.document import Archive, Document
from iterate.install.download import Progress, download, silent
from iterate.install.layout import NEW, Layout, layout_of, sync
from iterate.install.network import Door

RECEIPT, ROOT = "install-receipt.json", "update-root.json"
_ADDED = frozenset({RECEIPT, ROOT})

type Trial = Callable[[Path, str, Path], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """What was put in place: its version, the file that brought it, and how many bytes were downloaded."""

    version: str
    file: str
    received: int


def replace(
    program: Path,
    document: Document,
    *,
    door: Door,
    root: bytes,
    target: str = about.STAMP.target,
    pinned: bool = False,
    progress: Progress = silent,
    try_out: Trial = trial.try_out,
) -> Replaced:
    """Put a version in the place of a copy.

    Args:
        program: the real file of the copy's program.
        document: what the signed site says about the version.
        door: the network.
        root: what the new copy shall trust, unless its archive brings the same.
        target: the kind of machine that the archive is for.
        pinned: whether the version was asked for by name, so that it stays.
        progress: is told of each piece that was downloaded.
        try_out: raises `ProgramBroken` when the new program does not work.

    Raises:
        NotReplaceable, UpgradeRunning: Said before anything is downloaded.
        VersionUnknown: The version has no archive for this kind of machine.
        SiteUnreachable, SiteNotTrusted: The archive cannot be got, or is another one.
        ProgramBroken: The new program does not work here.
        NotWritten: There is no room, or the disk fails.
    """
    layout = layout_of(program)
    hold.refuse_foreign(layout)
    archive = document.archive(target)
    if archive is None:
        raise VersionUnknown(f"{document.version} has no archive for {target}")
    _refuse_libc(document, archive)
    with _written(layout), hold.held(layout):
        room = layout.store / f"{NEW}{secrets.token_hex(4)}"
        room.mkdir()
        try:
            return _replaced(layout, document, archive, _Means(door, root, pinned, progress, try_out, room))
        finally:
            hold.remove(room)


def roll_back(program: Path, *, try_version: Callable[[Path, str], None] = trial.try_version) -> str:
    """Let the version count again that was there before; it stays until an upgrade is asked for. Returns that version.

    Raises:
        NotReplaceable, UpgradeRunning: Said before anything is changed.
        VersionUnknown: No version was kept.
        ProgramBroken: The kept one does not work.
        NotWritten: The disk fails.
    """
    layout = layout_of(program)
    hold.refuse_foreign(layout)
    with _written(layout), hold.held(layout):
        current, previous = layout.current, layout.previous
        if previous is None or previous == current:
            raise VersionUnknown("no version before this one was kept", "iterate upgrade VERSION installs one by name")
        version = _receipt(previous / layout.inner).get("version")
        name = version if isinstance(version, str) else previous.name.partition("~")[0]
        try_version(previous / layout.inner, name)
        _write_receipt(previous / layout.inner, {**_receipt(previous / layout.inner), "pinned": True})
        if current is not None:
            layout.keep(current)
        layout.switch(previous)
        return name


def pin(program: Path, *, pinned: bool) -> None:
    """Note on the receipt of a copy whether its version was asked for by its name.

    Raises:
        NotReplaceable, UpgradeRunning: Said before anything is changed.
        NotWritten: The disk fails.
    """
    layout = layout_of(program)
    hold.refuse_foreign(layout)
    with _written(layout), hold.held(layout):
        _write_receipt(program, {**_receipt(program), "pinned": pinned})


@dataclass(frozen=True, slots=True)
class _Means:
    door: Door
    root: bytes
    pinned: bool
    progress: Progress
    try_out: Trial
    room: Path


def _replaced(layout: Layout, document: Document, archive: Archive, means: _Means) -> Replaced:
    current = layout.current
    if current not in {None, layout.version} and _version(layout, current) == document.version:
        return Replaced(version=document.version, file="", received=0)  # Another upgrade was faster.
    if _is_back(layout, document, archive, means):
        return Replaced(version=document.version, file="", received=0)
    tree = means.room / "tree"
    file, received = _got(layout, archive, tree, means)
    program = tree / layout.inner
    if not program.is_file():
        raise SiteNotTrusted(f"{archive.file} is signed, but has no {layout.inner.as_posix()} in it")
    _add_root(tree, program, means.root)
    _add_receipt(layout, program, document, pinned=means.pinned)
    sums.write(tree, layout.inner.parts[0], archive.sha256, _ADDED)
    _open_alike(tree, layout.version)
    means.try_out(program, document.version, means.room / "trial")
    unpack.settle(tree)
    used = {each for each in (current, layout.previous) if each is not None} | _running(layout)
    folder = layout.free(document.version, used)
    hold.discard(layout, folder)
    tree.rename(folder)
    sync(layout.store)
    if current is not None:
        layout.keep(current)
    layout.switch(folder)
    for other in layout.versions():
        if other not in {folder, current} | _running(layout):
            hold.discard(layout, other)
    return Replaced(version=document.version, file=file, received=received)


def _is_back(layout: Layout, document: Document, archive: Archive, means: _Means) -> bool:
    """Let the version before this one count again where it is the wanted one, and as the archive brought it."""
    current, kept = layout.current, layout.previous
    if current is None or kept in {None, current, layout.version} or _version(layout, kept) != document.version:
        return False
    program = kept / layout.inner
    if not sums.hold(kept, layout.inner.parts[0], archive.sha256, _ADDED):
        return False
    _add_root(kept, program, means.root)
    _add_receipt(layout, program, document, pinned=means.pinned)
    means.try_out(program, document.version, means.room / "trial")
    layout.keep(current)
    layout.switch(kept)
    return True


def _got(layout: Layout, archive: Archive, tree: Path, means: _Means) -> tuple[str, int]:
    """Download and unpack; returns the file that brought the version, and the bytes that came."""
    wasted = 0
    if (found := _patched(layout, archive, tree, means)) is not None:
        file, wasted = found
        if file:
            return file, wasted
    into = means.room / archive.file
    download(means.door, archive.urls, into, size=archive.size, sha256=archive.sha256, progress=means.progress)
    unpack.unpack(into, tree)
    into.unlink()
    return archive.file, wasted + archive.size


def _patched(layout: Layout, archive: Archive, tree: Path, means: _Means) -> tuple[str, int] | None:
    """Take the way of a patch where one fits; nothing that goes wrong on it is worse than taking the archive."""
    from iterate.install import patch

    found = patch.fitting(archive, _version(layout, layout.version))
    if found is None or archive.tar is None:
        return None
    old, packed, new = (means.room / name for name in ("old.tar", found.file, "new.tar"))
    received = 0
    with suppress(OSError, ValueError, MemoryError, SiteUnreachable, SiteNotTrusted):
        if patch.rebuilt(layout, found.from_tar, old):
            download(means.door, found.urls, packed, size=found.size, sha256=found.sha256, progress=means.progress)
            received = found.size
            if patch.apply(old, packed, new, archive.tar):
                unpack.unpack(new, tree)
                return found.file, received
    for left in (old, packed, new, tree):
        hold.remove(left)
    return "", received


def _add_root(tree: Path, program: Path, root: bytes) -> None:
    """Let the new copy trust what this one trusts; what the archive brought instead is kept for the next patch."""
    place = program.with_name(ROOT)
    if place.is_file():
        if place.read_bytes() == root:
            return
        if not (tree / ROOT).exists():
            place.rename(tree / ROOT)
    place.write_bytes(root)
    place.chmod(_readable(program))


def _add_receipt(layout: Layout, program: Path, document: Document, *, pinned: bool) -> None:
    told = {
        **_receipt(layout.version / layout.inner),
        "channel": document.channel,
        "stream": document.stream,
        "version": document.version,
    }
    told.pop("pinned", None)
    _write_receipt(program, {**told, **({"pinned": True} if pinned else {})})


def _receipt(program: Path) -> dict[str, object]:
    try:
        found = json.loads(folders.read(program.with_name(RECEIPT)))
    except (OSError, ValueError, RecursionError):
        found = None
    return found if isinstance(found, dict) else {"schema": 1, "name": program.stem, "method": "self"}


def _version(layout: Layout, folder: Path | None) -> str:
    """Of the copy in a folder of the store; empty when nothing says it."""
    return str(_receipt(folder / layout.inner).get("version", "")) if folder is not None else ""


def _write_receipt(program: Path, told: dict[str, object]) -> None:
    new = program.with_name(f"{RECEIPT}.new")
    with new.open("w", encoding="utf-8") as file:
        file.write(json.dumps(told) + "\n")
        file.flush()
        os.fsync(file.fileno())
    new.chmod(_readable(program))
    new.replace(program.with_name(RECEIPT))


def _open_alike(tree: Path, old: Path) -> None:
    """Let a version be there for whom the old one is there, whatever the umask of who upgrades."""
    mode = stat.S_IMODE(old.stat().st_mode)
    for folder, _, _ in tree.walk():
        folder.chmod(mode)


def _readable(program: Path) -> int:
    """The mode of what lies beside a program: whoever may read that may read this."""
    return stat.S_IMODE(program.stat().st_mode) & 0o666


def _refuse_libc(document: Document, archive: Archive) -> None:
    """Raise `ProgramBroken` when the archive needs a newer glibc than this system has."""
    here = ""
    if sys.platform == "linux":
        with suppress(ValueError, OSError):  # musl has no such name.
            here = (os.confstr("CS_GNU_LIBC_VERSION") or "").removeprefix("glibc ")
    if archive.glibc and here and _numbers(here) < _numbers(archive.glibc):
        raise ProgramBroken(
            f"{document.version} needs glibc {archive.glibc}, and this system has {here}",
            "the installer knows a version that needs none; or upgrade the system",
        )


def _numbers(version: str) -> tuple[int, ...]:
    """Of a version such as 2.34, which the name of a symbol may precede."""
    return tuple(map(int, re.findall(r"\d+", version)))


def _running(layout: Layout) -> set[Path]:
    """The versions that a process runs, as far as this user is told."""
    if sys.platform == "win32":
        # Windows removes all that is not open just then, and leaves the rest of what runs without it.
        return {each for each in layout.versions() if trial.is_in_use(each / layout.inner)}
    below = [each.relative_to(layout.store) for each in trial.running() if each.is_relative_to(layout.store)]
    return {layout.store / each.parts[0] for each in below if each.parts}


@contextmanager
def _written(layout: Layout) -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        if problem.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise NotWritten(f"there is no room in {layout.store} for the new version") from problem
        raise NotWritten(f"{problem.filename or layout.store}: {problem.strerror}") from problem
