"""Which files of projects a person trusts, by their content: a file that changed is a stranger's again.

What a project's files say comes with the project, from whoever wrote it. See docs/decisions/0161.
"""

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from iterate import folders
from iterate.errors import StateUnusable

# So many files are remembered; the oldest go.
MOST = 2000
LIMIT_BYTES = 1 << 20


class _Book(Struct, frozen=True):
    """The file: digests by absolute path, and what was told about files that are not trusted."""

    files: dict[str, str] = {}
    told: dict[str, str] = {}


class Trust:
    """What `trusted.json` says. A file that cannot be read, or holds something else, trusts nothing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._book = _read(path)

    def has(self, file: Path, content: bytes) -> bool:
        """Whether the person trusts this file as it is now."""
        return self._book.files.get(_key(file)) == digest(content)

    def add(self, files: Mapping[Path, bytes]) -> None:
        """Trust these files with this content; raises `StateUnusable`."""
        new = {_key(file): digest(content) for file, content in files.items()}
        self._write(_Book(files={**_without(self._book.files, new), **new}, told=self._book.told))

    def remove(self, files: list[Path]) -> list[Path]:
        """Trust these files no more; those that were trusted are returned. Raises `StateUnusable`."""
        gone = [file for file in files if _key(file) in self._book.files]
        self._write(_Book(files=_without(self._book.files, {_key(file) for file in gone}), told=self._book.told))
        return gone

    def below(self, folder: Path) -> list[Path]:
        """The files in a folder that are trusted with some content."""
        return [Path(file) for file in self._book.files if Path(file).is_relative_to(folder.resolve())]

    def is_told(self, file: Path, content: bytes) -> bool:
        """Whether the person was told already that this file, as it is now, counts only in part."""
        return self._book.told.get(_key(file)) == digest(content)

    def tell(self, file: Path, content: bytes) -> None:
        """Remember that the person was told; raises `StateUnusable`."""
        new = {_key(file): digest(content)}
        self._write(_Book(files=self._book.files, told={**_without(self._book.told, new), **new}))

    def _write(self, book: _Book) -> None:
        book = _Book(files=_newest(book.files), told=_newest(book.told))
        new = self._path.with_name(f"{self._path.name}.{os.getpid()}.new")
        try:
            folders.make_private(self._path.parent)
            with os.fdopen(folders.open_private(new, os.O_TRUNC), "wb") as file:
                file.write(msgspec.json.encode(book))
            new.replace(self._path)
        except OSError as problem:
            new.unlink(missing_ok=True)
            raise StateUnusable(f"{self._path} cannot be written: {problem.strerror}") from problem
        self._book = book


def digest(content: bytes) -> str:
    """The SHA-256 of a file, as it is remembered."""
    import hashlib  # It loads OpenSSL, and few projects have a file to be trusted.

    return hashlib.sha256(content).hexdigest()


def _key(file: Path) -> str:
    # The file itself must not be a link, but the way to it may lead over some.
    return str(file.parent.resolve() / file.name)


def _read(path: Path) -> _Book:
    try:
        with path.open("rb") as file:
            return msgspec.json.decode(file.read(LIMIT_BYTES), type=_Book)
    except (OSError, ValueError):
        return _Book()


def _without(book: Mapping[str, str], gone: Mapping[str, str] | set[str]) -> dict[str, str]:
    return {key: value for key, value in book.items() if key not in gone}


def _newest(book: dict[str, str]) -> dict[str, str]:
    return dict(list(book.items())[-MOST:])
