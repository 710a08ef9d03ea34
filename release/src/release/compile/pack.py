"""From a folder to a reproducible archive: sorted, one owner, one time, hashed while it is written."""

import hashlib
import io
import os
import stat
import tarfile
import time
import zipfile
import zlib
from collections.abc import Buffer
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from release import disk
from release.model import Tar


class _Hashing(io.RawIOBase):
    """A file being written, and the SHA-256 of what went in; no seeking, so nothing is rewritten."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.digest, self.size = file, hashlib.sha256(), 0

    def writable(self) -> bool:
        return True

    def write(self, data: Buffer, /) -> int:
        content = bytes(data)
        self.digest.update(content)
        self.size += len(content)
        return self.file.write(content)


class _Gzip(io.RawIOBase):
    """gzip -6 on the way to a sink: a third of the time of -9 for the same size; no name, no clock."""

    def __init__(self, sink: _Hashing) -> None:
        self.sink, self.packer = sink, zlib.compressobj(6, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
        self.digest, self.size = hashlib.sha256(), 0

    def writable(self) -> bool:
        return True

    def write(self, data: Buffer, /) -> int:
        self.sink.write(self.packer.compress(data))
        self.digest.update(data)
        self.size += memoryview(data).nbytes
        return memoryview(data).nbytes

    def end(self) -> Tar:
        """Write what is left; tells what went in."""
        self.sink.write(self.packer.flush())
        return Tar(size=self.size, sha256=self.digest.hexdigest())


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """An archive's size in bytes and SHA-256, and what is inside a `.tar.gz`."""

    size: int
    sha256: str
    tar: Tar | None


def pack(folder: Path, archive: Path, *, mtime: int) -> Packed:
    """Pack a folder under its own name; the ending says how.

    Args:
        folder: what goes in, all of it.
        archive: `.tar.gz` or `.zip`; appears only when it is whole.
        mtime: time of every entry, in seconds since 1970.

    Raises:
        DiskFullError, WriteError: nothing is left behind.
    """
    with disk.replacing(archive) as partial, partial.open("wb") as file:
        sink = _Hashing(file)
        if archive.suffix == ".zip":
            _zip(folder, sink, mtime)
            tar = None
        else:
            tar = _tar(folder, sink, mtime)
        file.flush()
        os.fsync(file.fileno())
    return Packed(size=sink.size, sha256=sink.digest.hexdigest(), tar=tar)


def _entries(folder: Path) -> list[Path]:
    return [folder, *sorted(folder.rglob("*"), key=lambda path: path.relative_to(folder).as_posix())]


def _mode(path: Path) -> int:
    executable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
    return 0o755 if executable else 0o644


def _tar(folder: Path, sink: _Hashing, mtime: int) -> Tar:
    packed = _Gzip(sink)
    with tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as tar:
        for path in _entries(folder):
            entry = tar.gettarinfo(path, path.relative_to(folder.parent).as_posix())
            entry.uid = entry.gid = 0
            entry.uname = entry.gname = "root"
            entry.mtime, entry.mode = mtime, _mode(path)
            if path.is_file():
                with path.open("rb") as content:
                    tar.addfile(entry, content)
            else:
                tar.addfile(entry)
    return packed.end()


def _zip(folder: Path, sink: _Hashing, mtime: int) -> None:
    # The format has no time before 1980 and no zone; UTC it is.
    moment = time.gmtime(max(mtime, 315532800))[:6]
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as packed:
        for path in _entries(folder):
            name = path.relative_to(folder.parent).as_posix() + ("/" if path.is_dir() else "")
            entry = zipfile.ZipInfo(name, moment)
            entry.create_system = 3
            entry.external_attr = (path.stat().st_mode & 0o170000 | _mode(path)) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(entry, b"" if path.is_dir() else path.read_bytes())
