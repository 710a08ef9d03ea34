"""The JSON schema of release.toml, for editors and linters: made from the same tables that `config` reads with."""

import inspect
import re
import types
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, TypeAliasType, Union, get_args, get_origin

import msgspec
from msgspec import Meta
from msgspec.structs import FieldInfo

from release import config, defaults
from release.forms import Rule
from release.packagers import FLEET
from release.product import Product, Profile, Table
from release.targets import TARGETS

# Where editors find it: what `#:schema` names in the first line of a release.toml. Like all of "acme", it stands for
# the organisation that will own the repositories: nothing is published there yet.
ADDRESS = "https://acme.github.io/release/release.schema.json"
# The dialect that every editor's TOML plugin reads.
DIALECT = "http://json-schema.org/draft-07/schema#"
FIRST_LINE = f"#:schema {ADDRESS}"

type Node = dict[str, object]


def schema() -> Node:
    """The whole schema."""
    node = _table(Product)
    properties = node["properties"]
    assert isinstance(properties, dict)  # noqa: S101  # So `_table` says.
    for packager in FLEET:
        if packager.table is not None:
            properties[packager.name] = _table(packager.table)
    return {"$schema": DIALECT, "$id": ADDRESS, "title": config.FILE, **node}


def _table(kind: type[Table]) -> Node:
    """A table: its keys, those that must be there, and no others."""
    said = described(kind)
    fields = [
        field for field in msgspec.structs.fields(kind) if kind is not Product or field.name not in config.NOT_KEYS
    ]
    properties = {field.name: _key(kind, field, said.get(field.name, "")) for field in fields}
    needed = [field.name for field in fields if field.required and not defaults.follows(kind, field.name)]
    return {
        "description": _first(kind),
        "type": "object",
        "properties": properties,
        **({"required": needed} if needed else {}),
        "additionalProperties": False,
    }


def _key(kind: type[Table], field: FieldInfo, said: str) -> Node:
    node = _value(field.type)
    if kind is Profile and field.name == "places":
        each = _value(get_args(field.type)[1])
        rows = {
            packager.name: {"description": f"address of the place of {packager.name}", **each} for packager in FLEET
        }
        node |= {"properties": rows, "additionalProperties": False}
    default = None if field.required or field.default is msgspec.NODEFAULT else field.default
    if isinstance(default, str | int | tuple) and not isinstance(default, StrEnum) and default not in ("", ()):
        node["default"] = msgspec.json.decode(msgspec.json.encode(default))  # a list, where it is a tuple
    form = node.pop("description", "")
    words = f"{said.rstrip('.')}: {form}" if said and form and node["type"] == "string" else said or form
    return {"description": words, **node} if words else node


def _value(kind: object) -> Node:
    """The schema of a type; every type that a key of release.toml may have."""
    while isinstance(kind, TypeAliasType):
        kind = kind.__value__
    arguments = get_args(kind)
    origin = get_origin(kind)
    if origin is Annotated:
        return _noted(arguments[0], [note for note in arguments[1:] if isinstance(note, Meta)])
    if origin in (types.UnionType, Union):
        (inner,) = (each for each in arguments if each is not types.NoneType)
        return _value(inner)
    if origin in (tuple, dict):
        below = _value(arguments[-1 if origin is dict else 0])
        return (
            {"type": "array", "items": below} if origin is tuple else {"type": "object", "additionalProperties": below}
        )
    if isinstance(kind, type) and issubclass(kind, Table):
        return _table(kind)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return {"enum": [member.value for member in kind]}
    return dict(msgspec.json.schema(kind))


def _noted(kind: object, notes: list[Meta]) -> Node:
    node = _value(kind)
    for note in notes:
        if note.pattern:
            node["pattern"] = _pattern(note.pattern)
        if note.description:
            node["description"] = note.description
        if note.min_length is not None:
            node["minItems" if node.get("type") == "array" else "minLength"] = note.min_length
        if note.extra and note.extra["rule"] is Rule.TARGET:
            node["enum"] = [target.name for target in TARGETS]
    return node


def _pattern(pattern: str) -> str:
    r"""A pattern of Python as editors know it: `\A` and `\Z` are its own."""
    return pattern.replace(r"\A", "^").replace(r"\Z", "$")


def keys(node: Node, path: str = "") -> Iterator[tuple[str, Node]]:
    """Every key of a schema with its own part of it; `*` stands for any name, and for each of a list."""
    properties = node.get("properties")
    for name, each in properties.items() if isinstance(properties, dict) else ():
        yield f"{path}{name}", each
        yield from keys(each, f"{path}{name}.")
    for inner in (node.get("additionalProperties"), node.get("items")):
        if isinstance(inner, dict):
            yield from keys(inner, f"{path}*.")


def described(kind: type) -> dict[str, str]:
    """What the docstring of a class says of each of its fields."""
    _, _, part = (inspect.getdoc(kind) or "").partition("Attributes:\n")
    found = re.findall(r"^ {4}(\w[\w, ]*): (.*(?:\n {8}.*)*)", part, re.MULTILINE)
    return {name.strip(): re.sub(r"\s+", " ", text) for names, text in found for name in names.split(",")}


def _first(kind: type) -> str:
    return (inspect.getdoc(kind) or "").partition("\n")[0]
