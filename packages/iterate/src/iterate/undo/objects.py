"""Contents of files under their digests, in a folder of ours: written once, never changed, shared by all changes."""

import os
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from iterate.beneath import Readable

_PIECE_BYTES = 1 << 20
# What nobody refers to may be about to be referred to.
YOUNG_S = 600.0


class Objects:
    """The folder of contents."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, source: Readable) -> str:
        """Keep all bytes of a file that is read from here on; gives their digest. Raises `OSError`."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        import hashlib  # It loads OpenSSL, which the first answer of a server need not wait for.

        new = self._folder / f"new-{os.urandom(8).hex()}"
        digest = hashlib.sha256()
        try:
            with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb", buffering=0) as file:  # noqa: PTH123
                while piece := source.read(_PIECE_BYTES):
                    digest.update(piece)
                    _write(file, piece)
            name = digest.hexdigest()
            place = self._place(name)
            if place.exists():
                os.utime(place)  # So that it is young.
            else:
                place.parent.mkdir(mode=0o700, exist_ok=True)
                new.replace(place)
            return name
        finally:
            new.unlink(missing_ok=True)

    def has(self, digest: str) -> bool:
        """Whether the content is there."""
        return self._place(digest).is_file()

    def open(self, digest: str) -> BinaryIO:
        """Read a content; raises `OSError`."""
        return self._place(digest).open("rb")

    def read(self, digest: str) -> bytes:
        """A whole content; raises `OSError`."""
        return self._place(digest).read_bytes()

    def size(self) -> int:
        """How many bytes all contents have."""
        total = 0
        for folder in self._folders():
            with suppress(OSError):
                total += sum(each.stat().st_size for each in os.scandir(folder))
        return total

    def drop_all_but(self, digests: Collection[str]) -> None:
        """Remove the contents that are not among these, but for young ones."""
        oldest = time.time() - YOUNG_S
        for folder in self._folders():
            for each in list(os.scandir(folder)):
                with suppress(OSError):
                    if folder.name + each.name not in digests and each.stat().st_mtime < oldest:
                        os.unlink(each.path)  # noqa: PTH108
        for new in self._folder.glob("new-*"):
            with suppress(OSError):
                if new.stat().st_mtime < oldest:
                    new.unlink()

    def _folders(self) -> list[Path]:
        return list(self._folder.glob("[0-9a-f][0-9a-f]"))

    def _place(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest[2:]


def digest_of(source: Readable) -> str:
    """The digest of what is read from here on."""
    import hashlib

    digest = hashlib.sha256()
    while piece := source.read(_PIECE_BYTES):
        digest.update(piece)
    return digest.hexdigest()


def _write(file: BinaryIO, piece: bytes) -> None:
    rest = memoryview(piece)
    while rest:
        rest = rest[file.write(rest) :]
