"""Reading one file of settings as TOML, with bounds. It knows no keys; a missing file is none."""

import os
import stat
from pathlib import Path

from iterate.errors import ConfigInvalid

LIMIT_BYTES = 1 << 20


def text(path: Path, *, keeps_mark: bool = False) -> str | None:
    """The text of the file, None when it is not there; raises `ConfigInvalid`."""
    try:
        # A pipe of that name is opened without waiting for its other end. A link to the real file is usual.
        with os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ConfigInvalid(f"{path} is no file")
            content = file.read(LIMIT_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as problem:
        raise ConfigInvalid(f"{path} cannot be read: {problem.strerror}") from problem
    if len(content) > LIMIT_BYTES:
        raise ConfigInvalid(f"{path} is larger than {LIMIT_BYTES} bytes")
    try:
        # Editors of Windows begin a file with a byte order mark.
        return content.decode("utf-8" if keeps_mark else "utf-8-sig")
    except UnicodeDecodeError as problem:
        raise ConfigInvalid(f"{path} is not UTF-8 text") from problem


def parse(content: str, path: Path) -> dict[str, object]:
    """What the text says; raises `ConfigInvalid`."""
    import tomllib  # There is a file.

    try:
        # A ValueError of Python's own says that a number has too many digits.
        return tomllib.loads(content)
    except (ValueError, RecursionError) as problem:
        raise ConfigInvalid(f"{path}: {problem}") from problem
