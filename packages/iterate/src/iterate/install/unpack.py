"""Unpacks an archive beside the versions that are there, and makes sure that it stays on the disk."""

import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

from iterate.errors import SiteNotTrusted
from iterate.install import layout

# Ours have about a hundred entries; what is far beyond was made to fill the disk.
ENTRIES = 20_000
UNPACKED_BYTES = 1 << 31


def unpack(archive: Path, into: Path) -> None:
    """Unpack a `.tar`, `.tar.gz` or `.zip` into a new folder.

    Raises:
        SiteNotTrusted: It is no archive, or would write outside of the folder, or very much.
        OSError: It cannot be written.
    """
    into.mkdir()
    try:
        if archive.suffix == ".zip":
            _unzip(archive, into)
            return
        with archive.open("rb") as file, tarfile.open(fileobj=file, mode="r|*") as packed:
            packed.extractall(into, _bounded(packed), filter="data")
    except OSError:
        raise
    except Exception as problem:
        # Of what both libraries raise for archives that were made to break them, only a part is documented.
        raise SiteNotTrusted(f"{archive.name} is signed, but no archive that may be unpacked: {problem}") from problem


def settle(folder: Path) -> None:
    """Write everything in a folder to the disk: files first, then the names that lead to them. Raises `OSError`."""
    for parent, _, names in folder.walk(top_down=False):
        for name in names:
            if not (parent / name).is_symlink():
                _sync_file(parent / name)
        layout.sync(parent)


def _bounded(packed: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    entries = size = 0
    for entry in packed:
        entries, size = entries + 1, size + entry.size
        _refuse_many(entries, size)
        yield entry


def _refuse_many(entries: int, size: int) -> None:
    if entries > ENTRIES or size > UNPACKED_BYTES:
        raise ValueError("it is far too large")


def _sync_file(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _unzip(archive: Path, into: Path) -> None:
    import zipfile

    with zipfile.ZipFile(archive) as packed:
        listed = packed.infolist()
        _refuse_many(len(listed), sum(each.file_size for each in listed))
        packed.extractall(into)  # noqa: S202  # It takes leading slashes and dots from names.
