"""npm's packages: a tar file whose entries are below `package/`, the same bytes for the same content every time."""

import gzip
import io
import struct
import tarfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

FOLDER = "package"
_BLOCK = 0xFFFF  # the most that a stored block of deflate holds: RFC 1951, 3.2.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A file of a package: its path below `package/`, and its content or the file that has it."""

    path: str
    content: bytes | Path
    executable: bool = False


def write(into: IO[bytes], entries: Iterable[Entry], *, mtime: int) -> None:
    """Write a package, compressed; `mtime` in seconds since 1970 is the time of all its files.

    Raises:
        ValueError: a path is longer than the format of 1988 holds, which every client reads.
    """
    with gzip.GzipFile(filename="", mode="wb", fileobj=into, mtime=0, compresslevel=6) as packed:
        _write_tar(packed, entries, mtime)


def stored(entries: Iterable[Entry], *, mtime: int) -> bytes:
    """A small package, not compressed: compressors differ by version, and one release is to give one package.

    Raises:
        ValueError: see `write`.
    """
    plain = io.BytesIO()
    _write_tar(plain, entries, mtime)
    content = plain.getvalue()
    # gzip's own frame, RFC 1952: no name, no time, written on an unknown system.
    head, tail = b"\x1f\x8b\x08\0\0\0\0\0\0\xff", struct.pack("<LL", zlib.crc32(content), len(content))
    starts = range(0, len(content), _BLOCK)
    blocks = (_stored_block(content[start : start + _BLOCK], last=start == starts[-1]) for start in starts)
    return b"".join((head, *blocks, tail))


def _stored_block(content: bytes, *, last: bool) -> bytes:
    return struct.pack("<BHH", last, len(content), len(content) ^ 0xFFFF) + content


def _write_tar(into: IO[bytes] | gzip.GzipFile, entries: Iterable[Entry], mtime: int) -> None:
    # Without folders, as npm packs: not every client expects them.
    with tarfile.open(fileobj=into, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for entry in sorted(entries, key=lambda each: each.path):
            row = tarfile.TarInfo(f"{FOLDER}/{entry.path}")
            row.mode, row.mtime = 0o755 if entry.executable else 0o644, mtime
            if isinstance(entry.content, bytes):
                row.size = len(entry.content)
                tar.addfile(row, io.BytesIO(entry.content))
                continue
            row.size = entry.content.stat().st_size
            with entry.content.open("rb") as file:
                tar.addfile(row, file)
