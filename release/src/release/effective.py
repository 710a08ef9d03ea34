"""The whole configuration that release.toml comes to: what it says, and what stands where it says nothing."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from release import config
from release.product import Product

MARK = "# default"
COLUMN = 48  # where the marks stand
WIDTH, INDENT = 80, "    "


@dataclass(frozen=True, slots=True, kw_only=True)
class Effective:
    """Values by key, and the keys, dotted, that stand in no file.

    Attributes:
        values: as release.toml would spell them; what is absent altogether is left out.
        defaults: whole keys of what is not in the file.
    """

    file: Path
    values: dict[str, object]
    defaults: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {"file": str(self.file), "values": self.values, "defaults": list(self.defaults)}

    def as_toml(self) -> str:
        """For people, and a release.toml in itself: the defaults are marked."""
        return "\n".join(_lines(self.values, "", frozenset(self.defaults))).strip("\n")


def of(path: Path) -> Effective:
    """What the tool takes a release.toml for.

    Raises:
        ConfigMissingError, ConfigInvalidError: see `config.read`.
    """
    product = config.read(path)
    values = _values(product)
    return Effective(file=path, values=values, defaults=tuple(_absent(values, config.written(path), "")))


def _values(product: Product) -> dict[str, object]:
    found: dict[str, object] = {
        field.name: msgspec.to_builtins(getattr(product, field.name), builtin_types=(Path,))
        for field in msgspec.structs.fields(product)
        if field.name not in config.NOT_KEYS and getattr(product, field.name) is not None
    }
    for name, kind in config.outlet_tables().items():
        for table in product.tables:
            if isinstance(table, kind):
                found[name] = msgspec.to_builtins(table)
    return {name: _plain(value) for name, value in found.items()}


def _plain(value: object) -> object:
    """The value without what is absent: TOML has no word for it."""
    match value:
        case dict():
            return {str(name): _plain(each) for name, each in value.items() if each is not None}
        case list() | tuple():
            return [_plain(each) for each in value]
        case _:
            return value


def _absent(values: Mapping[str, object], written: object, key: str) -> Iterator[str]:
    there = written if isinstance(written, dict) else {}
    for name, value in values.items():
        here = f"{key}.{_word(name)}" if key else _word(name)
        if name not in there:
            yield here
        elif isinstance(value, dict):
            yield from _absent(value, there[name], here)


# --- as TOML -------------------------------------------------------------------------------------------------


def _lines(table: Mapping[str, object], key: str, absent: frozenset[str], *, marked: bool = False) -> Iterator[str]:
    below: list[tuple[str, object]] = []
    for name, value in table.items():
        here = f"{key}.{_word(name)}" if key else _word(name)
        if isinstance(value, dict) or (isinstance(value, list) and value and isinstance(value[0], dict)):
            below.append((here, value))
        else:
            first, *more = _broken(f"{_word(name)} = {_shown(value)}", value)
            yield f"{first.ljust(COLUMN)} {MARK}" if marked or here in absent else first
            yield from more
    for here, value in below:
        for heading, each in [(f"[{here}]", value)] if isinstance(value, dict) else _each(here, value):
            is_absent = marked or here in absent
            if is_absent or not _only_tables(each):
                yield ""
                yield f"{heading.ljust(COLUMN)} {MARK}" if is_absent else heading
            yield from _lines(each, here, absent, marked=is_absent)


def _only_tables(table: Mapping[str, object]) -> bool:
    return bool(table) and all(isinstance(each, dict) for each in table.values())


def _broken(line: str, value: object) -> list[str]:
    """A line, or where that is too long for a terminal, a list over several."""
    if len(line) <= WIDTH or not isinstance(value, list):
        return [line]
    rows = [INDENT]
    for item in map(_shown, value):
        if len(rows[-1]) + len(item) >= WIDTH and rows[-1] != INDENT:
            rows.append(INDENT)
        rows[-1] += f"{item}, "
    return [f"{line.partition('[')[0]}[", *map(str.rstrip, rows), "]"]


def _each(key: str, tables: object) -> Iterator[tuple[str, dict[str, object]]]:
    for table in tables if isinstance(tables, list) else ():
        yield f"[[{key}]]", table


def _word(name: str) -> str:
    """A key as TOML writes it."""
    return name if re.fullmatch(r"[\w-]+", name, re.ASCII) else _text(name)


def _shown(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return _text(value)
        case list():
            return f"[{', '.join(map(_shown, value))}]"
        case _:
            return str(value)


def _text(value: str) -> str:
    """A basic string: JSON's escapes are TOML's, but for the one character that JSON leaves as it is."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
