"""Holds what a file says against the classes of the keys, and names every mistake with its place.

A key that is not there is named with the nearest one that is: a slip such as `bsh = "deny"` must not allow anything.
"""

import re
from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Annotated, Literal, NamedTuple, TypeAliasType, TypeIs, Union, get_args, get_origin

import msgspec
from msgspec import Meta, Struct

from iterate.config.sections import Config

type Path = tuple[str | int, ...]
# How alike two names are of which one may be a slip of the other, from 0 to 1.
NEAR = 0.6


class Mistake(NamedTuple):
    """Where it is, and what is wrong there."""

    path: Path
    text: str


def mistakes(table: Mapping[str, object], shape: object = Config, path: Path = ()) -> Iterator[Mistake]:
    """Everything that is wrong with a table that means `shape`; values that are missing are no mistake."""
    yield from _walk(dict(table), shape, path)
    if shape is Config:
        yield from _chords(table.get("keys"), (*path, "keys"))


def _chords(table: object, path: Path) -> Iterator[Mistake]:
    """What is no key."""
    for name, value in table.items() if isinstance(table, dict) else ():
        if isinstance(value, dict):
            yield from _chords(value, (*path, name))
        for place, text in enumerate(value if isinstance(value, list) else ()):
            yield from _chord(text, (*path, name, place))
        if name == "leader":
            yield from _chord(value, (*path, name))


def _chord(text: object, path: Path) -> Iterator[Mistake]:
    if isinstance(text, str):
        from iterate.config import chords  # For those who bind keys.

        try:
            chords.spelt(text)
        except ValueError as problem:
            yield Mistake(path, f"{dotted(path)}: {problem}; write it like ctrl+x, alt+enter, f1, or ctrl+x ctrl+e")


def nearest(name: str, known: list[str], above: Path = ()) -> str:
    """The known name that was meant, below `above`, as words behind a semicolon; all of them where none is near."""
    plain = _plain(name)
    best = max(known, key=lambda each: _likeness(plain, _plain(each)), default="")
    if best and _likeness(plain, _plain(best)) >= NEAR:
        return f"did you mean {dotted((*above, best))}?"
    return f"there are: {', '.join(sorted(known))}"


def _plain(name: str) -> str:
    return "".join(filter(str.isalnum, name)).lower()


def _likeness(name: str, known: str) -> float:
    """From 0 to 1; letters that changed places are the likeliest slip."""
    import difflib  # For slips alone.

    return 1.0 if sorted(name) == sorted(known) else difflib.SequenceMatcher(None, name, known).ratio()


def dotted(path: Path) -> str:
    """A place as TOML spells it: `providers."my.own".base_url`, `hooks[1].on`."""
    text = ""
    for each in path:
        if isinstance(each, int):
            text += f"[{each}]"
        else:
            text += ("." if text else "") + (each if is_bare(each) else '"' + each.replace('"', '\\"') + '"')
    return text


def unwrapped(hint: object) -> object:
    """The type behind names and notes."""
    while True:
        if isinstance(hint, TypeAliasType):
            hint = hint.__value__
        elif get_origin(hint) is Annotated:
            hint = get_args(hint)[0]
        else:
            return hint


def is_section(hint: object) -> TypeIs[type[Struct]]:
    """Whether it is a table with keys of ours."""
    return isinstance(hint, type) and issubclass(hint, Struct)


def members(hint: object) -> tuple[object, ...]:
    """The types of a union without None, or the one type."""
    plain = unwrapped(hint)
    if get_origin(plain) in {Union, UnionType}:
        return tuple(inner for each in get_args(plain) if each is not type(None) for inner in members(each))
    return (plain,)


def _walk(value: object, hint: object, path: Path) -> Iterator[Mistake]:
    kinds = members(hint)
    section = next((each for each in kinds if is_section(each)), None)
    mapping = next((each for each in kinds if get_origin(each) is dict), None)
    known = _enumerated(hint)
    several = next((each for each in kinds if get_origin(each) is tuple), None)
    if isinstance(value, dict) and section is not None:
        yield from _section(value, section, path)
    elif isinstance(value, dict) and mapping is not None:
        yield from _mapping(value, mapping, known, path)
    elif isinstance(value, list) and several is not None:
        for number, each in enumerate(value):
            yield from _walk(each, get_args(several)[0], (*path, number))
        yield from _leaf(value, tuple[object, ...], path)
    else:
        yield from _leaf(value, hint, path)


def _section(table: dict[str, object], shape: type[Struct], path: Path) -> Iterator[Mistake]:
    fields = {each.encode_name: each for each in msgspec.structs.fields(shape)}
    for key, value in table.items():
        if key in fields:
            yield from _walk(value, fields[key].type, (*path, key))
        else:
            yield Mistake((*path, key), f"there is no setting {dotted((*path, key))}; {nearest(key, list(fields))}")
    for key, each in fields.items():
        if each.required and key not in table:
            yield Mistake(path, f"{dotted(path)} needs {key}")


def _enumerated(hint: object) -> tuple[str, ...]:
    """The names that a table may have, where its note for the schema says them."""
    while isinstance(hint, TypeAliasType) or get_origin(hint) is Annotated:
        if isinstance(hint, TypeAliasType):
            hint = hint.__value__
            continue
        hint, *notes = get_args(hint)
        for note in notes:
            names = (note.extra_json_schema or {}).get("propertyNames") if isinstance(note, Meta) else None
            if isinstance(names, dict):
                return tuple(names["enum"])
    return ()


def _mapping(table: dict[str, object], hint: object, known: tuple[str, ...], path: Path) -> Iterator[Mistake]:
    _, values = get_args(hint)
    for key, value in table.items():
        if known and key not in known:
            yield Mistake((*path, key), f"there is no setting {dotted((*path, key))}; {nearest(key, list(known))}")
        else:
            yield from _walk(value, values, (*path, key))


def _leaf(value: object, hint: object, path: Path) -> Iterator[Mistake]:
    try:
        msgspec.convert(value, hint)
    except msgspec.ValidationError as problem:
        choices = _choices(hint)
        if choices and not isinstance(value, dict | list):
            said = f"is one of {', '.join(choices)}, not {value!r}"
        else:
            said = f"is {_words(problem)}"
        yield Mistake(path, f"{dotted(path)} {said}")


def _words(problem: msgspec.ValidationError) -> str:
    """What msgspec expected, in TOML's words where it has others."""
    text = str(problem).partition(" - at ")[0].removeprefix("Expected ").replace("`", "")
    for ours, theirs in (
        ("object", "table"),
        ("str", "text"),
        ("bool", "true or false"),
        ("float", "number"),
        ("int", "a whole number"),
    ):
        text = re.sub(rf"\b{ours}\b", theirs, text)
    return text.replace(" | null", "").replace(", got ", ", not ")


def choices(hint: object) -> list[str]:
    """What may stand there, as people type it, where that is a few words; empty where more may."""
    if members(hint) == (bool,):
        return ["true", "false"]
    return [each.strip('"') for each in _choices(hint)]


def _choices(hint: object) -> list[str]:
    """The words that may stand there, where nothing but these may."""
    found: list[str] = []
    for kind in members(hint):
        if get_origin(kind) is Literal:
            found += [f'"{each}"' for each in get_args(kind)]
        elif isinstance(kind, type) and issubclass(kind, str) and hasattr(kind, "__members__"):
            found += [f'"{each}"' for each in kind.__members__.values()]
        elif get_origin(kind) is not dict:
            return []
    return found


def is_bare(key: str) -> bool:
    """Whether TOML takes the key without quotes."""
    return key != "" and key.isascii() and key.replace("-", "").replace("_", "").isalnum()
