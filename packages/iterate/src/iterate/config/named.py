"""One setting by its name, as people type it: what it may be, what it is, who says it."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, get_args, get_origin

import msgspec

from iterate.config import toml
from iterate.config.layers import Layer, Loaded, Source
from iterate.config.sections import Config
from iterate.config.strict import dotted, is_section, members, mistakes, nearest, unwrapped
from iterate.errors import ConfigInvalid, SettingUnknown, SettingUnset

type Keys = tuple[str, ...]


class Value(NamedTuple):
    """What counts, and who says it."""

    key: Keys
    value: object
    source: Source


def keys(name: str) -> Keys:
    """The path that a name such as `providers."my.own".base_url` means; raises `SettingUnknown`."""
    import tomllib

    try:
        table: object = tomllib.loads(f"{name} = 0") if "\n" not in name and "=" not in name else {}
    except ValueError:
        table = {}
    found: list[str] = []
    while isinstance(table, dict) and table:
        key, table = next(iter(table.items()))
        found.append(key)
    if not found:
        raise SettingUnknown(f"{name!r} is no name of a setting", "write it like limits.steps")
    hint_of(tuple(found))
    return tuple(found)


def hint_of(path: Keys) -> object:
    """The type that a setting has; raises `SettingUnknown`, with the nearest name there is."""
    hint: object = Config
    for number, key in enumerate(path):
        known: list[str] | None = []
        following: object = None
        for kind in members(hint):
            if is_section(kind):
                fields = {each.encode_name: each.type for each in msgspec.structs.fields(kind)}
                known, following = list(fields), fields.get(key)
            elif get_origin(kind) is dict:
                names, inner = get_args(kind)
                words = [str(each) for each in get_args(unwrapped(names))]
                known = words or None
                following = inner if not words or key in words else None
        if following is None:
            near = f"; {nearest(key, known, path[:number])}" if known else ""
            raise SettingUnknown(f"there is no setting {dotted(path[: number + 1])}{near}")
        hint = following
    return hint


def read(text: str, path: Keys) -> object:
    """What somebody types as a value: TOML, or text as it is where text may stand. Raises `ConfigInvalid`."""
    import tomllib

    found: object = text
    if "\n" not in text.strip():
        try:
            found = tomllib.loads(f"x = {text}")["x"]
        except ValueError:
            found = text
    for value in (found, text):
        wrong = list(mistakes(_nested(path, value)))
        if not wrong:
            return value
    raise ConfigInvalid("; ".join(each.text for each in mistakes(_nested(path, found))), "see docs/settings.md")


def value(loaded: Loaded, path: Keys) -> object:
    """What counts; raises `SettingUnset` where that is nothing."""
    found: object = msgspec.to_builtins(loaded.config)
    for key in path:
        found = found.get(key) if isinstance(found, Mapping) else None
    if found is None:
        raise SettingUnset(f"{dotted(path)} is not set")
    return found


def said(file: Path, path: Keys) -> object:
    """What one file says; raises `SettingUnset` where that is nothing, and `ConfigInvalid`."""
    text = toml.text(file)
    found: object = {} if text is None else toml.parse(text, file)
    for key in path:
        found = found.get(key) if isinstance(found, Mapping) else None
    if found is None:
        raise SettingUnset(f"{file} does not say {dotted(path)}")
    return found


def values(loaded: Loaded, *, is_whole: bool) -> list[Value]:
    """Every value that somebody says, or also those that are built in."""
    whole: dict[str, object] = msgspec.to_builtins(loaded.config)
    return [each for each in _leaves(whole, (), loaded) if is_whole or each.source.layer is not Layer.BUILT_IN]


def _leaves(table: Mapping[str, object], path: Keys, loaded: Loaded) -> list[Value]:
    found: list[Value] = []
    for key, each in table.items():
        here = (*path, key)
        if isinstance(each, Mapping) and each:
            found += _leaves({str(name): inner for name, inner in each.items()}, here, loaded)
        elif each is not None and each not in ("", {}):
            found.append(Value(here, each, loaded.sources.get(here, Source(Layer.BUILT_IN))))
    return found


def _nested(path: Keys, value: object) -> dict[str, object]:
    for key in reversed(path):
        value = {key: value}
    assert isinstance(value, dict)  # noqa: S101  # No path is empty.
    return value
