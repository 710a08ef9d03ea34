"""Themes by their names: those that come with the program, and files of the person's own."""

from pathlib import Path

from iterate import settings
from iterate.config import toml
from iterate.errors import ConfigInvalid, ThemeUnusable
from iterate.settings import Ground, Screen
from iterate.terminal import theme
from iterate.terminal.rows import Paint, Style
from iterate.terminal.theme import Theme

# Dark or light, as the terminal is; the one of the palette where that is not known.
AUTO = "auto"
FOLDER = "themes"
_ENDING = ".toml"
_GROUNDS: tuple[Ground, ...] = ("", "dark", "light")


def names(folder: Path | None) -> list[str]:
    """All there are: `auto`, those of the program, and files of a folder, which may not be there."""
    try:
        own = sorted(each.stem for each in folder.iterdir() if each.suffix == _ENDING) if folder else []
    except OSError:
        own = []
    return [AUTO, *theme.BUILT_IN, *(each for each in own if each != AUTO and each not in theme.BUILT_IN)]


def worn(name: str, ground: Ground, folder: Path | None) -> Theme:
    """The theme of that name, on this background; raises `ThemeUnusable`."""
    if name == AUTO:
        return {"": theme.TERMINAL, "dark": theme.DARK, "light": theme.LIGHT}[ground]
    if name == theme.CONTRAST.name and ground == "light":
        return theme.CONTRAST_LIGHT
    return theme.BUILT_IN.get(name) or _read(name, folder)


def painting(of: Screen) -> Paint:
    """What a command is painted with; a theme that cannot be worn is told by a conversation."""
    config = settings.read().config
    try:
        found = worn(of.theme, settings.emulator().ground, config and config.parent / FOLDER)
    except ThemeUnusable:
        found = theme.TERMINAL
    return theme.painting(found, of.depth)


def _read(name: str, folder: Path | None) -> Theme:
    if folder is None or Path(name).name != name:
        raise _unknown(name, folder)
    file = folder / f"{name}{_ENDING}"
    try:
        text = toml.text(file)
        if text is None:
            raise _unknown(name, folder)
        fields = toml.parse(text, file)
    except ConfigInvalid as problem:
        raise ThemeUnusable(str(problem)) from problem
    base = fields.pop("base", theme.TERMINAL.name)
    if not isinstance(base, str) or base not in theme.BUILT_IN:
        raise ThemeUnusable(f"{file}: base is one of {', '.join(theme.BUILT_IN)}")
    ground = fields.pop("ground", theme.BUILT_IN[base].ground)
    if ground not in _GROUNDS:
        raise ThemeUnusable(f'{file}: ground is "dark", "light" or ""')
    looks = {
        **theme.BUILT_IN[base].looks,
        **{_style(each, file): _look(look, each, file) for each, look in fields.items()},
    }
    return Theme(name, looks, ground)


def _style(key: str, file: Path) -> Style:
    found = next((each for each in theme.MONO if each == key and key), None)
    if found is None:
        raise ThemeUnusable(
            f"{file}: there is no style {key!r}", f"there are {', '.join(each for each in theme.MONO if each)}"
        )
    return found


def _look(look: object, key: str, file: Path) -> str:
    if not isinstance(look, str):
        raise ThemeUnusable(f"{file}: {key} is no text")
    try:
        theme.code(look, "truecolor")
    except ValueError as problem:
        raise ThemeUnusable(f"{file}: {key} has a word that means nothing: {problem}") from problem
    return look


def _unknown(name: str, folder: Path | None) -> ThemeUnusable:
    return ThemeUnusable(f"there is no theme {name!r}", f"there are {', '.join(names(folder))}")
