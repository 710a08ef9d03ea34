"""The small way to a new version: the tar of the installed one is made again, and a patch makes the new tar of it.

A patch is what `zstd --patch-from` writes: a zstd frame with the older tar as its prefix. The tar is made exactly as
the release made it (release/compile/pack.py): entries sorted by their paths, one owner, one time, two modes.
"""

import hashlib
import stat
import sys
import tarfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import RawIOBase
from pathlib import Path
from typing import override

from iterate.install.document import Archive, Patch, Tar
from iterate.install.layout import Layout

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# What an installation adds to what the archive held.
RECEIPT, ROOT = "install-receipt.json", "update-root.json"
# Both tars and the window are held in memory for a moment.
LARGEST_BYTES = 1 << 29
_WINDOW_LOG = 30
_PIECE_BYTES = 1 << 20


def fitting(archive: Archive, version: str) -> Patch | None:
    """The patch from an installed version to that archive; None when there is none that is worth it."""
    if archive.tar is None or archive.tar.size > LARGEST_BYTES:
        return None
    return next((each for each in archive.patches if each.from_version == version and each.size < archive.size), None)


def rebuilt(layout: Layout, sha256: str, into: Path) -> bool:
    """Make the tar of an installed version again; whether it is the one of that digest.

    The trusted root beside the program came with the archive, or from the installer, or from the archive and was then
    replaced by another one, which is kept beside the folder then: each is tried.

    Raises `OSError` and `ValueError` where somebody put something else into the folder.
    """
    (top,) = (each for each in layout.version.iterdir() if each.is_dir() and not each.is_symlink())
    beside = layout.inner.parent
    kept = layout.version / ROOT
    for root in (kept, layout.version / beside / ROOT, None):
        if root is not None and not root.is_file():
            continue
        with into.open("wb") as file:
            sink = _Hashing(file.write)
            _tar(top, layout.version / layout.inner, root, sink)
        if sink.digest.hexdigest() == sha256:
            return True
    return False


def apply(old: Path, patch: Path, new: Path, wanted: Tar) -> bool:
    """Turn the old tar into the new one; whether it became the wanted one. Raises `OSError`."""
    digest, size = hashlib.sha256(), 0
    options: dict[int, int] = {zstd.DecompressionParameter.window_log_max: _WINDOW_LOG}
    prefix = zstd.ZstdDict(old.read_bytes(), is_raw=True).as_prefix
    with (
        suppress(zstd.ZstdError, EOFError),
        zstd.ZstdFile(patch, "rb", zstd_dict=prefix, options=options) as pieces,
        new.open("wb") as file,
    ):
        while piece := pieces.read(_PIECE_BYTES):
            size += len(piece)
            if size > wanted.size:
                return False
            digest.update(piece)
            file.write(piece)
    return size == wanted.size and digest.hexdigest() == wanted.sha256


class _Hashing(RawIOBase):
    """Takes a tar as it is written, and its SHA-256."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self.digest, self.size = hashlib.sha256(), 0
        self._write = write

    @override
    def writable(self) -> bool:
        return True

    @override
    def write(self, data: bytes, /) -> int:  # type: ignore[override]  # tarfile writes bytes.
        self.size += len(data)
        self.digest.update(data)
        self._write(data)
        return len(data)


def _entries(top: Path) -> Iterator[Path]:
    yield top
    yield from sorted(top.rglob("*"), key=lambda path: path.relative_to(top).as_posix())


def _tar(top: Path, program: Path, root: Path | None, sink: _Hashing) -> None:
    # All entries have one time, and whatever unpacked them kept it.
    moment = int(program.stat().st_mtime)
    beside = program.parent
    with tarfile.open(fileobj=sink, mode="w|", format=tarfile.PAX_FORMAT) as packed:
        for path in _entries(top):
            source = path
            if path == beside / RECEIPT:
                continue
            if path == beside / ROOT:
                if root is None:
                    continue
                source = root
            # A socket cannot be in a tar, and what is too large for ours need not be copied to find that out.
            known = source.lstat()
            if stat.S_ISSOCK(known.st_mode) or sink.size + known.st_size > LARGEST_BYTES:
                raise ValueError(f"{path} came from no archive of ours")
            entry = packed.gettarinfo(source, path.relative_to(top.parent).as_posix())
            entry.uid = entry.gid = 0
            entry.uname = entry.gname = "root"
            entry.mtime, entry.mode = moment, _mode(source)
            if path.is_file():
                with source.open("rb") as content:
                    packed.addfile(entry, content)
            else:
                packed.addfile(entry)


def _mode(path: Path) -> int:
    executable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
    return 0o755 if executable else 0o644
