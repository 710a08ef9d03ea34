"""The file `sums` in a version's folder: by it install.sh knows that the version is whole, and of which archive.

Its first line is the archive's SHA-256; then comes a line of cksum(1) for each file that the archive brought, sorted.
"""

import os
import zlib
from collections.abc import Container
from pathlib import Path

from iterate import folders

NAME = "sums"
_ONES = 0xFFFFFFFF
_PIECE_BYTES = 1 << 20
# cksum takes the bits of each byte in the other direction than zlib.
_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def write(tree: Path, top: str, sha256: str, without: Container[str]) -> None:
    """Write the file for a version that was unpacked.

    Args:
        tree: the version's folder.
        top: the folder in it that the archive brought.
        sha256: of the archive.
        without: names of files that an installation adds or replaces.

    Raises `OSError`.
    """
    (tree / NAME).write_bytes(_sums(tree, top, sha256, without))


def hold(tree: Path, top: str, sha256: str, without: Container[str]) -> bool:
    """Whether a version's folder is as the archive of that SHA-256 brought it; for the arguments see `write`."""
    try:
        return folders.read(tree / NAME) == _sums(tree, top, sha256, without)
    except OSError:
        return False


def _sums(tree: Path, top: str, sha256: str, without: Container[str]) -> bytes:
    files = [path for path in (tree / top).rglob("*") if not path.is_dir() and path.name not in without]
    lines = sorted(b"%d %d %s\n" % (*_cksum(path), os.fsencode(path.relative_to(tree).as_posix())) for path in files)
    return b"".join([sha256.encode(), b"\n", *lines])


def _cksum(path: Path) -> tuple[int, int]:
    """The checksum of POSIX's cksum, and the size in bytes."""
    crc, size = _ONES, 0
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            crc = zlib.crc32(piece.translate(_MIRRORED), crc)
            size += len(piece)
    length = size.to_bytes((size.bit_length() + 7) // 8, "little")
    crc = zlib.crc32(length.translate(_MIRRORED), crc) ^ _ONES
    return int(f"{crc:032b}"[::-1], 2) ^ _ONES, size
