"""Reads the install receipt: what whoever put this copy here wrote beside it. See docs/upgrade.md."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from iterate import folders

NAME = "install-receipt.json"
SCHEMA = 1
# A receipt has some hundred bytes; what is longer is none.
LIMIT_BYTES = 1 << 20


class Receipt(NamedTuple):
    """What the file says; empty where an older release did not write it, or wrote something else."""

    method: str
    name: str
    channel: str
    stream: str
    version: str
    packages: Mapping[str, Mapping[str, str]]
    """The product's name at each outlet, by method and stream."""
    sites: tuple[str, ...]
    pinned: bool


def read(program: Path) -> Receipt | None:
    """The receipt beside a program; None when there is none.

    Raises:
        ValueError: It is no receipt of a schema that we know, or cannot be read.
    """
    try:
        found = json.loads(folders.read(program.parent / NAME, LIMIT_BYTES))
    except FileNotFoundError:
        return None
    except (OSError, RecursionError) as problem:
        raise ValueError(NAME) from problem
    match found:
        case {"schema": int(schema), "method": str(method)} if schema == SCHEMA and method:
            return Receipt(
                method=method,
                name=_text(found.get("name")),
                channel=_text(found.get("channel")),
                stream=_text(found.get("stream")),
                version=_text(found.get("version")),
                packages={
                    owner: {stream: name for stream, name in names.items() if isinstance(name, str)}
                    for owner, names in _object(found.get("packages")).items()
                    if isinstance(names, dict)
                },
                sites=tuple(each for each in _list(found.get("sites")) if isinstance(each, str)),
                pinned=found.get("pinned") is True,
            )
        case _:
            raise ValueError(NAME)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _object(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
