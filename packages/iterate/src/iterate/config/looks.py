"""How answers are shown on a terminal: by the environment, and by the keys that are read without the others.

They are read at each command on a terminal, so this needs none of the classes of the other keys. What is wrong with the
file is said by whoever reads all of it.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from iterate import settings
from iterate.config import toml
from iterate.errors import ConfigInvalid
from iterate.settings import Mode, Screen, Sides

if TYPE_CHECKING:
    from collections.abc import Iterator

SECTION, PLAIN, MODE, DIFF, THEME = "terminal", "plain", "mode", "diff", "theme"
STATUS, STATUS_MS = "status_command", "status_ms"
_MODES: tuple[Mode, ...] = ("inline", "full", "mini")
_SIDES: tuple[Sides, ...] = ("auto", "unified", "split")


def screen() -> Screen:
    """The environment decides; where it says nothing about lines of words, the files of settings do."""
    look = settings.screen()
    if look.is_plain:
        return look
    is_plain: bool | None = None if settings.wants_plain() is None else look.is_plain
    mode: Mode | None = None
    diffs: Sides | None = None
    theme = ""
    status: tuple[str, ...] | None = None
    wait: object = None
    for fields in _tables():
        said = fields.get(PLAIN)
        is_plain = said if is_plain is None and isinstance(said, bool) else is_plain
        mode = next((each for each in _MODES if each == fields.get(MODE)), None) if mode is None else mode
        diffs = next((each for each in _SIDES if each == fields.get(DIFF)), None) if diffs is None else diffs
        named = fields.get(THEME)
        theme = named if not theme and isinstance(named, str) else theme
        status = _words(fields.get(STATUS)) if status is None else status
        wait = fields.get(STATUS_MS) if wait is None else wait
    look = look._replace(
        theme=theme or look.theme, is_plain=bool(is_plain), mode=mode or look.mode, diffs=diffs or look.diffs
    )
    return look._replace(status=status or (), status_ms=wait if isinstance(wait, int) else look.status_ms)


def _words(said: object) -> tuple[str, ...] | None:
    """A program and its arguments; None where nothing is said."""
    return tuple(each for each in said if isinstance(each, str)) if isinstance(said, list) else None


class Hands(NamedTuple):
    """What the files say of keys; what is wrong there is said by whoever uses them."""

    is_vi: bool = False
    leader: str = ""
    # By context and action.
    own: Mapping[str, Mapping[str, Sequence[str]]] = MappingProxyType({})
    # Whether the files say anything of keys, or of the screen: there may be something wrong in it.
    is_said: bool = False


def hands() -> Hands:
    """Which keys do what in a conversation; read behind its first frame."""
    looks = list(_tables())
    kinds = [fields.get("editor") for fields in looks]
    is_said = bool(looks)
    leader = ""
    own: dict[str, dict[str, list[str]]] = {}
    for fields in _tables("keys"):
        said, is_said = fields.get("leader"), True
        leader = leader or (said if isinstance(said, str) else "")
        for context, table in fields.items():
            for action, chords in table.items() if isinstance(table, dict) else ():
                if isinstance(chords, list):
                    own.setdefault(context, {}).setdefault(action, [str(each) for each in chords])
    return Hands(next((each for each in kinds if each), "") == "vi", leader, own, is_said)


def _tables(section: str = SECTION) -> "Iterator[Mapping[str, object]]":
    """What the files say in one section, the one that wins first."""
    for file in (settings.overlay(settings.environment()).config, settings.read().config):
        try:
            text = None if file is None or not file.is_absolute() else toml.text(file)
            # Most files say nothing of it, and reading TOML costs 3 ms.
            fields = toml.parse(text, file) if file and text and section in text else {}
        except ConfigInvalid:
            continue
        match fields.get(section):
            case dict(table):
                yield table
            case None:
                pass
            case _:
                # No table, which is for others to tell.
                yield {}
