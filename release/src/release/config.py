"""release.toml, read strictly into a Product; refuses unknown keys, wrong types and values that cannot be."""

import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import get_origin

from dacite import (
    Config,
    DaciteError,
    MissingValueError,
    UnexpectedDataError,
    WrongTypeError,
    from_dict,
)

from release.errors import ConfigInvalidError, ConfigMissingError
from release.model import Product, Profile
from release.targets import TARGETS

FILE = "release.toml"


def find(start: Path) -> Path:
    """The nearest release.toml, here or above.

    Raises:
        ConfigMissingError: there is none.
    """
    for folder in (start, *start.parents):
        if (folder / FILE).is_file():
            return folder / FILE
    raise ConfigMissingError(f"no {FILE} in {start} or above", hint="run inside a project, or give --config FILE")


def read(path: Path) -> Product:
    """The product that a release.toml describes; relative paths in it start at its folder.

    Raises:
        ConfigMissingError: the file is not there.
        ConfigInvalidError: not TOML, an unknown key, a missing one, a wrong type or an impossible value.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigMissingError(f"{path} cannot be read: {error}", hint="give --config FILE") from None
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigInvalidError(f"{path} is not TOML: {error}", hint="mend the line it names") from None
    product = replace(_typed(path, raw), root=path.resolve().parent)
    _check(path, product)
    return product


def _typed(path: Path, raw: dict[str, object]) -> Product:
    if "root" in raw:
        raise _invalid(path, "unknown key 'root'")
    values = {key: _frozen(value) for key, value in raw.items()}
    profiles = values.get("profiles")
    if isinstance(profiles, dict):
        values["profiles"] = {
            name: _table(path, Profile, table, f"profiles.{name}.") for name, table in profiles.items()
        }
    return _table(path, Product, values, "")


def _table[T: Product | Profile](path: Path, kind: type[T], table: object, prefix: str) -> T:
    """One table as the noun it stands for; `prefix` is where it lies, with a dot at its end."""
    if not isinstance(table, dict):
        raise _invalid(path, f"{prefix.rstrip('.')} must be a table")
    try:
        return from_dict(kind, table, Config(strict=True))
    except UnexpectedDataError as error:
        keys = ", ".join(f"'{prefix}{_dotted(table, key)}'" for key in sorted(error.keys))
        raise _invalid(path, f"unknown key {keys}") from None
    except MissingValueError as error:
        raise _invalid(path, f"the key '{prefix}{error.field_path}' is missing") from None
    except WrongTypeError as error:
        wanted = _KINDS.get(get_origin(error.field_type) or error.field_type, "what belongs there")
        raise _invalid(path, f"{prefix}{error.field_path} must be {wanted}") from None
    except DaciteError as error:
        raise _invalid(path, str(error)) from None


_KINDS: dict[object, str] = {
    str: "a text",
    int: "a whole number",
    bool: "true or false",
    tuple: "a list",
    dict: "a table",
}


def _invalid(path: Path, problem: str) -> ConfigInvalidError:
    return ConfigInvalidError(f"{path}: {problem}", hint="see docs/release.toml.md for every key and its type")


def _frozen(value: object) -> object:
    """The same value with tuples for arrays, as the nouns hold them."""
    match value:
        case dict():
            return {key: _frozen(each) for key, each in value.items()}
        case list():
            return tuple(_frozen(each) for each in value)
        case _:
            return value


def _dotted(table: dict[str, object], key: str) -> str:
    """A key with the tables it lies in."""
    for name, value in table.items():
        inner = value if isinstance(value, dict) else {}
        if name == key:
            return name
        if (found := _dotted(inner, key)) != key or key in inner:
            return f"{name}.{found}"
    return key


def _check(path: Path, product: Product) -> None:
    """Hold values against rules that types cannot say."""
    known = [target.name for target in TARGETS]
    person = r"[^<>\n]+ <[^<>@\s]+@[^<>\s]+>"
    place = r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+"
    paths = (product.license_file, product.readme, f"{product.build.project}/pyproject.toml")
    rules = [
        ("name", product.name, r"[a-z0-9]+(?:-[a-z0-9]+)*", "lower-case letters, digits and single hyphens"),
        ("tap", product.tap, place, "OWNER/NAME"),
        ("bucket", product.bucket, place, "OWNER/NAME"),
        ("committer", product.committer, person, "'Name <mail@host>'"),
    ]
    wrong = [
        *(
            (f"{key} is '{text}'", f"write it as {form}")
            for key, text, rule, form in rules
            if not re.fullmatch(rule, text)
        ),
        *(
            (f"build.targets names '{name}'", "one of: " + ", ".join(known))
            for name in product.build.targets
            if name not in known
        ),
        *(
            (f"a path names '{each}', which is not a file", "paths start at the folder of release.toml")
            for each in paths
            if not (product.root / each).is_file()
        ),
    ]
    if not product.build.targets or not product.build.packages:
        wrong.append(("build.targets or build.packages is empty", "name at least one of each"))
    if "local" not in product.profiles:
        wrong.append(("there is no [profiles.local]", "every project can rehearse: add one"))
    for problem, hint in wrong:
        raise ConfigInvalidError(f"{path}: {problem}", hint=hint)
