"""The file of settings that a person writes: config.toml, one for all channels. `docs/settings.md` describes it.

Only the server, `upgrade`, `uninstall` and `server status` read it, so no other command pays for a TOML parser.
"""

import enum
import os
import stat
from pathlib import Path
from typing import NamedTuple

from iterate.errors import ConfigInvalid
from iterate.settings import Settings

LIMIT_BYTES = 1 << 20
# How alike two names are of which one is a slip of the other, from 0 to 1.
NEAR = 0.8


class Autoupdate(enum.StrEnum):
    """What the server does by itself about newer versions."""

    # Look for them and say that there is one.
    NOTIFY = "notify"
    # Look for them and put them in place, where this program may replace its own copy; say it elsewhere.
    AUTO = "auto"
    # Ask nobody.
    OFF = "off"


class Config(NamedTuple):
    """What the file says, with the default of what it does not say."""

    autoupdate: Autoupdate = Autoupdate.NOTIFY


def read(settings: Settings) -> Config:
    """Read the file, which need not be there; raises `ConfigInvalid`."""
    text = None if settings.config is None else _text(settings.config)
    return Config() if text is None else _parse(text, settings.config)


def autoupdate(settings: Settings) -> Autoupdate:
    """What the file says, overruled by the environment and by continuous integration; raises `ConfigInvalid`."""
    if settings.no_autoupdate or settings.is_ci:
        return Autoupdate.OFF
    return read(settings).autoupdate


def _text(path: Path) -> str | None:
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
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise ConfigInvalid(f"{path} is not UTF-8 text") from problem


def _parse(text: str, path: Path | None) -> Config:
    import tomllib  # There is a file.

    try:
        # A ValueError of Python's own says that a number has too many digits.
        fields = tomllib.loads(text)
    except (ValueError, RecursionError) as problem:
        raise ConfigInvalid(f"{path}: {problem}") from problem
    _refuse_misspelt(fields, path)
    return Config(autoupdate=_choice(fields.get("autoupdate", Autoupdate.NOTIFY), path))


def _choice(value: object, path: Path | None) -> Autoupdate:
    if isinstance(value, str) and value in set(Autoupdate):
        return Autoupdate(value)
    choices = ", ".join(f'"{each}"' for each in Autoupdate)
    raise ConfigInvalid(f"{path}: autoupdate is one of {choices}, not {value!r}")


def _refuse_misspelt(fields: dict[str, object], path: Path | None) -> None:
    """A key that is nearly one of ours means it. Others are passed over: a newer version may know them."""
    import difflib

    for key in fields.keys() - set(Config._fields):
        near = difflib.get_close_matches("".join(filter(str.isalnum, key)).lower(), Config._fields, 1, NEAR)
        if near:
            raise ConfigInvalid(f"{path}: there is no setting {key!r}; did you mean {near[0]}?")
