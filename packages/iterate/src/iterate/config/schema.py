"""The JSON schema of the files of settings, and the table of their keys, both made from the classes."""

from collections.abc import Iterator
from typing import Annotated, NamedTuple, TypeAliasType, get_args, get_origin

import msgspec
from msgspec import Meta, Struct

from iterate.config import strict
from iterate.config.sections import Config
from iterate.events import Json

DIALECT = "https://json-schema.org/draft/2020-12/schema"
# What stands for any name in the path of a key.
ANY = "NAME"
# What stands for each table of a list.
EACH = "[]"


class Key(NamedTuple):
    """One key: its path, such as `providers.NAME.base_url`, what it means, what it is where nobody says it."""

    path: tuple[str, ...]
    meaning: str
    default: object
    is_needed: bool


def schema() -> dict[str, Json]:
    """The schema; unknown keys are no mistake of the standard, but of ours."""
    whole: dict[str, Json] = msgspec.json.schema(Config)
    definitions = whole["$defs"]
    assert isinstance(definitions, dict)  # noqa: S101  # So msgspec says.
    for each in definitions.values():
        if isinstance(each, dict) and "properties" in each:
            each["additionalProperties"] = False
            each.pop("title", None)
    main: dict[str, Json] = definitions.pop("Config")
    title = "Settings of iterate"
    return {"$schema": DIALECT, "title": title, **main, "$defs": dict(sorted(definitions.items()))}


def keys(shape: type[Struct] = Config, path: tuple[str, ...] = ()) -> Iterator[Key]:
    """Every key, tables before what is in them."""
    for field in msgspec.structs.fields(shape):
        here = (*path, field.encode_name)
        inner = _inner(field.type)
        default = None if field.required else _default(field)
        yield Key(here, _meaning(field.type), default, field.required)
        if inner is not None:
            section, between = inner
            yield from keys(section, (*here, *between))


def _default(field: msgspec.structs.FieldInfo) -> object:
    value = field.default_factory() if field.default is msgspec.NODEFAULT else field.default
    return msgspec.to_builtins(value)


def _meaning(hint: object) -> str:
    while isinstance(hint, TypeAliasType):
        hint = hint.__value__
    if get_origin(hint) is Annotated:
        return next((each.description for each in get_args(hint) if isinstance(each, Meta) and each.description), "")
    return ""


def _inner(hint: object) -> tuple[type[Struct], tuple[str, ...]] | None:
    """The section that a key holds, and what stands between: a name for tables of them, nothing for lists."""
    for kind in strict.members(hint):
        if strict.is_section(kind):
            return kind, ()
        if get_origin(kind) is dict and (found := _inner(get_args(kind)[1])) is not None:
            return found[0], (ANY, *found[1])
        if get_origin(kind) is tuple and (found := _inner(get_args(kind)[0])) is not None:
            return found[0], (EACH, *found[1])
    return None


def name(key: Key) -> str:
    """The key as the page spells it: `hooks[].on`."""
    return ".".join(key.path).replace(f".{EACH}", EACH)


def table(shape: type[Struct] = Config) -> Iterator[str]:
    """The lines of the page's table."""
    yield "| Key | Meaning | Default |"
    yield "|---|---|---|"
    for key in keys(shape):
        yield f"| `{name(key)}` | {key.meaning} | {_shown(key)} |"


def _shown(key: Key) -> str:
    if key.is_needed:
        return "needed"
    match key.default:
        case None | "" | () | {}:
            return "none"
        case dict():
            return "a table, below"
        case value:
            return f"`{msgspec.json.encode(value).decode()}`"
