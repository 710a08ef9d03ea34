"""The one key that is read without the others: what is done about newer versions.

The look for newer versions and `upgrade` read it, so it needs none of the classes of the other keys. It is less strict
than they are: a word that it does not know may be a newer version's.
"""

import enum
from pathlib import Path

from iterate.config import toml
from iterate.errors import ConfigInvalid
from iterate.settings import Settings

# How alike two names are of which one is a slip of the other, from 0 to 1.
NEAR = 0.8
KEY = "autoupdate"


class Autoupdate(enum.StrEnum):
    """What the server does by itself about newer versions."""

    # Look for them and say that there is one.
    NOTIFY = "notify"
    # Look for them and put them in place, where this program may replace its own copy; say it elsewhere.
    AUTO = "auto"
    # Ask nobody.
    OFF = "off"


def autoupdate(settings: Settings) -> Autoupdate:
    """What the file says, overruled by the environment and by continuous integration; raises `ConfigInvalid`."""
    if settings.no_autoupdate or settings.is_ci:
        return Autoupdate.OFF
    text = None if settings.config is None else toml.text(settings.config)
    if text is None or settings.config is None:
        return Autoupdate.NOTIFY
    fields = toml.parse(text, settings.config)
    _refuse_misspelt(fields, settings.config)
    return _choice(fields.get(KEY, Autoupdate.NOTIFY), settings.config)


def _choice(value: object, path: Path) -> Autoupdate:
    if isinstance(value, str) and value in set(Autoupdate):
        return Autoupdate(value)
    choices = ", ".join(f'"{each}"' for each in Autoupdate)
    raise ConfigInvalid(f"{path}: {KEY} is one of {choices}, not {value!r}")


def _refuse_misspelt(fields: dict[str, object], path: Path) -> None:
    """A key that is nearly this one means it."""
    import difflib

    for key in fields.keys() - {KEY}:
        if difflib.get_close_matches("".join(filter(str.isalnum, key)).lower(), [KEY], 1, NEAR):
            raise ConfigInvalid(f"{path}: there is no setting {key!r}; did you mean {KEY}?")
