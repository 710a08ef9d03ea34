"""A small file of JSON for each project, in the state folder: never in the project, which could bring its own."""

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from iterate import folders
from iterate.errors import StateUnusable

LIMIT_BYTES = 1 << 20
_lock = threading.Lock()


class Page[T](Struct, frozen=True, kw_only=True):
    """One file: the project that it is about, and what is remembered."""

    root: str
    rows: tuple[T, ...] = ()


def path_of(folder: Path, root: Path, kind: str) -> Path:
    """The file of a project; two folders that the system tells apart never share one."""
    import hashlib  # It loads OpenSSL, which the first answer of a server need not wait for.

    name = hashlib.sha256(os.fsencode(root)).hexdigest()[:32]
    return folder / f"{name}.{kind}.json"


def read[T](path: Path, root: Path, shape: type[Page[T]]) -> tuple[T, ...]:
    """What is remembered; a file that cannot be read, holds something else or is about another project: nothing."""
    try:
        with path.open("rb") as file:
            page = msgspec.json.decode(file.read(LIMIT_BYTES), type=shape)
    except (OSError, ValueError):
        return ()
    return page.rows if page.root == str(root) else ()


def change[T](path: Path, root: Path, shape: type[Page[T]], rows: Callable[[tuple[T, ...]], tuple[T, ...]]) -> None:
    """Replace what is remembered, as a whole or not at all; raises `StateUnusable`."""
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    with _lock:
        page = shape(root=str(root), rows=rows(read(path, root, shape)))
        try:
            folders.make_private(path.parent)
            with os.fdopen(folders.open_private(new, os.O_TRUNC), "wb") as file:
                file.write(msgspec.json.encode(page))
                file.flush()
                os.fsync(file.fileno())
            new.replace(path)
        except OSError as problem:
            with suppress(OSError):
                new.unlink()
            raise StateUnusable(f"{path} cannot be written: {problem.strerror}") from problem
