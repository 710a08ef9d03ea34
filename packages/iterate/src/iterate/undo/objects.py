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
        self._folder, self._at = folder, str(folder)

    def put(self, source: Readable) -> str:
        """Keep all bytes of a file that is read from here on; gives their digest. Raises `OSError`."""
        import hashlib  # A server that starts keeps nothing yet.

        first = source.read(_PIECE_BYTES) or b""
        second = source.read(_PIECE_BYTES) if first else b""
        digest = hashlib.sha256(first)
        if not second and self._is_there(digest.hexdigest()):
            return digest.hexdigest()
        new = os.path.join(self._at, f"new-{os.urandom(8).hex()}")  # noqa: PTH118  # pathlib costs more than the disk.
        try:
            handle = self._begun(new)
            try:
                _write(handle, first)
                while second:
                    digest.update(second)
                    _write(handle, second)
                    second = source.read(_PIECE_BYTES)
            finally:
                os.close(handle)
            self._settle(new, digest.hexdigest())
            return digest.hexdigest()
        except BaseException:
            with suppress(OSError):
                os.unlink(new)  # noqa: PTH108
            raise

    def _is_there(self, name: str) -> bool:
        try:
            os.utime(self._name(name))  # So that it is young.
        except OSError:
            return False
        return True

    def _begun(self, new: str) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        try:
            return os.open(new, flags, 0o600)
        except FileNotFoundError:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return os.open(new, flags, 0o600)

    def _settle(self, new: str, name: str) -> None:
        if self._is_there(name):
            os.unlink(new)  # noqa: PTH108
            return
        try:
            os.replace(new, self._name(name))  # noqa: PTH105
        except FileNotFoundError:
            self._place(name).parent.mkdir(mode=0o700, exist_ok=True)
            os.replace(new, self._name(name))  # noqa: PTH105

    def has(self, digest: str) -> bool:
        """Whether the content is there."""
        return os.path.isfile(self._name(digest))  # noqa: PTH113

    def open(self, digest: str) -> BinaryIO:
        """Read a content; raises `OSError`."""
        return open(self._name(digest), "rb")  # noqa: PTH123

    def read(self, digest: str) -> bytes:
        """A whole content; raises `OSError`."""
        with self.open(digest) as file:
            return file.read()

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

    def _name(self, digest: str) -> str:
        return f"{self._at}{os.sep}{digest[:2]}{os.sep}{digest[2:]}"

    def _place(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest[2:]


def digest_of(source: Readable) -> str:
    """The digest of what is read from here on."""
    import hashlib

    digest = hashlib.sha256()
    while piece := source.read(_PIECE_BYTES):
        digest.update(piece)
    return digest.hexdigest()


def _write(handle: int, piece: bytes) -> None:
    rest = memoryview(piece)
    while rest:
        rest = rest[os.write(handle, rest) :]
