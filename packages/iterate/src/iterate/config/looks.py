"""How answers are shown on a terminal: by the environment, and by the one key that is read without the others.

It is read at each command on a terminal, so it needs none of the classes of the other keys. What is wrong with the file
is said by whoever reads all of it.
"""

from iterate import settings
from iterate.config import toml
from iterate.errors import ConfigInvalid
from iterate.settings import Screen

SECTION, KEY = "terminal", "plain"


def screen() -> Screen:
    """The environment decides; where it says nothing about lines of words, the files of settings do."""
    look = settings.screen()
    if look.is_plain or settings.wants_plain() is not None:
        return look
    for file in (settings.overlay(settings.environment()).config, settings.read().config):
        try:
            text = None if file is None or not file.is_absolute() else toml.text(file)
            # Most files say nothing of it, and reading TOML costs 3 ms.
            fields = toml.parse(text, file) if file and text and KEY in text else {}
        except ConfigInvalid:
            continue
        match fields.get(SECTION):
            case {"plain": bool(is_plain)}:
                return look._replace(is_plain=is_plain)
            case _:
                pass
    return look
