"""release.toml, read strictly into a Product: all its mistakes at once, each with its whole key.

What is expected comes from the types of `model` and of the packagers' own tables; nothing is listed here.
"""

import difflib
import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Annotated, get_args, get_origin

import msgspec
from msgspec import Meta
from msgspec.structs import FieldInfo

from release import defaults, destinations, placeholders
from release.defaults import WHY
from release.errors import ConfigInvalidError, ConfigMissingError
from release.forms import Rule
from release.model import Artifact
from release.packagers import FLEET
from release.product import Build, CommandTest, Difference, Product, Profile, ServerTest, Service, Table, VersionTest
from release.targets import TARGETS, meant

FILE = "release.toml"
# Fields of a Product that are not keys of the file.
NOT_KEYS = frozenset({"root", "tables", "results"})


def find(start: Path) -> Path:
    """The nearest release.toml, here or above.

    Raises:
        ConfigMissingError: there is none.
    """
    for folder in (start, *start.parents):
        if (folder / FILE).is_file():
            return folder / FILE
    raise ConfigMissingError(
        f"no {FILE} in {start} or above",
        hint="release init writes one; else run inside a project that has one, or give --config FILE",
    )


def written(path: Path) -> dict[str, object]:
    """What a release.toml says, and nothing of what it leaves out.

    Raises:
        ConfigMissingError: the file cannot be read.
        ConfigInvalidError: not TOML.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")  # some editors begin a file with a byte order mark
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigMissingError(f"{path} cannot be read: {error}", hint="give --config FILE") from None
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # tomllib raises its own error, and lets those of Python out
        raise ConfigInvalidError(f"{path} is not TOML: {error}", hint="mend the line it names") from None


def read(path: Path) -> Product:
    """The product that a release.toml describes; relative paths in it start at its folder.

    Raises:
        ConfigMissingError: the file cannot be read.
        ConfigInvalidError: not TOML, or mistakes in it; the message names all of them.
    """
    return described(written(path), path)


def described(raw: dict[str, object], path: Path) -> Product:
    """The product that the content of a release.toml describes, which need not be there yet.

    Raises:
        ConfigInvalidError: mistakes in it; the message names all of them.
    """
    root = path.resolve().parent
    whole = defaults.filled(raw, root)
    mistakes = [*_in_outlets(raw), *_mistakes(whole, root)]
    if mistakes:
        listed = "\n  ".join(mistakes)
        raise ConfigInvalidError(
            f"{path}: {listed}" if len(mistakes) == 1 else f"{path} has {len(mistakes)} mistakes\n  {listed}",
            hint="docs/release.toml.md of the tool describes every key",
        )
    return _product(whole, root)


def outlet_tables() -> dict[str, type[Table]]:
    """The outlets that have a table of their own."""
    return {packager.name: packager.table for packager in FLEET if packager.table is not None}


def _product(raw: dict[str, object], root: Path) -> Product:
    tables = outlet_tables()
    own = tuple(
        msgspec.convert(raw.get(name, {}), kind)
        for name, kind in tables.items()
        if name in raw or not any(field.required for field in msgspec.structs.fields(kind))
    )
    values = {key: value for key, value in raw.items() if key not in tables}
    return msgspec.structs.replace(msgspec.convert(values, Product), root=root, tables=own)


# --- mistakes ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where in the file we are: the dotted key, and the folder that paths start at."""

    key: str
    root: Path

    def below(self, name: str) -> "_Place":
        return _Place(key=f"{self.key}.{name}" if self.key else name, root=self.root)

    def item(self, number: int) -> "_Place":
        return _Place(key=f"{self.key}[{number}]", root=self.root)


def _mistakes(raw: dict[str, object], root: Path) -> Iterator[str]:
    """Everything that is wrong with the content of a file."""
    top, tables = _Place(key="", root=root), outlet_tables()
    keys = [field for field in msgspec.structs.fields(Product) if field.name not in NOT_KEYS]
    yield from _in_table(keys, raw, top, others=tuple(tables))
    for name, kind in tables.items():
        if name in raw:
            yield from _in_value(kind, raw[name], top.below(name))
    yield from _in_profiles(raw, tables)


def _in_outlets(raw: dict[str, object]) -> Iterator[str]:
    """What is wrong between the outlets that take part, the targets, and places: none is named in vain."""
    listed = raw.get("outlets")
    if not isinstance(listed, list):
        return
    names = [packager.name for packager in FLEET]
    for number, name in enumerate(listed):
        if isinstance(name, str) and name not in names:
            yield f"outlets[{number}]: no outlet is called '{name}', only {', '.join(names)}{_near(name, names)}"
        elif isinstance(name, str) and not _has_use(name, raw):
            yield f"outlets[{number}]: {name} has no use for any of build.targets; leave it out, or add a target"
    profiles = raw.get("profiles")
    for title, profile in profiles.items() if isinstance(profiles, dict) else ():
        places = profile.get("places") if isinstance(profile, dict) else None
        for outlet in places if isinstance(places, dict) else ():
            if outlet in names and outlet not in (*listed, *(each.name for each in FLEET if each.always)):
                yield f"profiles.{title}.places.{outlet}: outlets does not name it; add it there, or leave it out"


def _has_use(name: str, raw: dict[str, object]) -> bool:
    """Whether an outlet takes, or is made something of, an archive of any target that is built."""
    packager = next(each for each in FLEET if each.name == name)
    build = raw.get("build")
    targets = build.get("targets") if isinstance(build, dict) else None
    known = [target for target in TARGETS if isinstance(targets, list) and target.name in targets]
    archives = [Artifact(file="", target=each, size=0, sha256="", glibc=None, fake=True) for each in known]
    return not known or any(packager.takes(each) or packager.derives(each) for each in archives)


def _in_profiles(raw: dict[str, object], tables: dict[str, type[Table]]) -> Iterator[str]:
    """What is wrong between the tables: a profile and its places, a place and its outlet's table."""
    profiles = raw.get("profiles")
    if not isinstance(profiles, dict):
        return
    if "local" not in profiles:
        yield "there is no [profiles.local]: every project can rehearse, add one"
    for name, profile in profiles.items():
        places = profile.get("places") if isinstance(profile, dict) else None
        for outlet, address in places.items() if isinstance(places, dict) else ():
            key = f"profiles.{name}.places.{outlet}"
            if outlet not in {packager.name for packager in FLEET}:
                names = tuple(each.name for each in FLEET)
                yield f"{key}: no outlet is called '{outlet}', only {', '.join(names)}{_near(outlet, names)}"
            elif profile.get("local") is True and isinstance(address, str) and not destinations.is_local(address):
                yield f"{key}: '{address}' is not on this machine, and the profile says local = true"
            kind = tables.get(outlet)
            needed = [field.name for field in msgspec.structs.fields(kind) if field.required] if kind else []
            if needed and outlet not in raw:
                yield f"there is no [{outlet}] with {', '.join(needed)}: {key} needs it"


def _in_value(kind: object, value: object, place: _Place) -> Iterator[str]:
    """What is wrong with a value that should be of a type, and of everything below it."""
    inner, *notes = get_args(kind) if get_origin(kind) is Annotated else (kind,)
    if get_origin(inner) is UnionType:  # a table that may be left out
        inner = get_args(inner)[0]
    if isinstance(inner, type) and issubclass(inner, Table):
        if isinstance(value, dict):
            yield from _in_table(msgspec.structs.fields(inner), value, place)
        else:
            yield f"{place.key}: expected a table, got {_shown(value)}"
        return
    below: list[str] = []
    if get_origin(inner) is dict and isinstance(value, dict):
        below = [
            wrong for name, each in value.items() for wrong in _in_value(get_args(inner)[1], each, place.below(name))
        ]
    elif get_origin(inner) is tuple and isinstance(value, list):
        below = [
            wrong
            for number, each in enumerate(value)
            for wrong in _in_value(get_args(inner)[0], each, place.item(number))
        ]
    metas = [note for note in notes if isinstance(note, Meta)]
    yield from below or _in_whole(kind, value, place, metas)


def _in_characters(value: object, place: _Place) -> Iterator[str]:
    """Control characters, which no program takes as an argument and no terminal shows as they are."""
    if isinstance(value, str) and (odd := next((each for each in value if _is_control(each)), "")):
        yield f"{place.key}: the character {odd!r} cannot be in it"


def _is_control(character: str) -> bool:
    return unicodedata.category(character) == "Cc" and character not in "\t\n"


def _in_whole(kind: object, value: object, place: _Place, notes: list[Meta]) -> Iterator[str]:
    """What msgspec has against a value, and when it has nothing, what its notes have: form, fields and rule."""
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        form = next((note.description for note in notes if note.description and isinstance(value, str)), None)
        expected = form or str(error).removeprefix("Expected ").partition(", got")[0].replace("`", "").removesuffix(
            " | null"
        )
        yield f"{place.key}: expected {expected.replace('object', 'table')}, got {_shown(value)}"
        return
    yield from _in_characters(value, place)
    texts = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    for extra in (note.extra for note in notes if note.extra):
        yield from _in_fields(texts, place, extra["fields"], extra["needs"])
        if isinstance(value, str):
            yield from _in_address(value, place, extra["fields"])
        rule = RULES.get(extra["rule"])
        yield from (f"{place.key}: {wrong}" for each in texts if rule and (wrong := rule(each, place.root)))


def _in_fields(texts: list[str], place: _Place, legal: tuple[str, ...], needs: tuple[str, ...]) -> Iterator[str]:
    """Fields that nothing fills in, and those that are missing."""
    there = [field for text in texts for field in placeholders.found(text)]
    known = ", ".join(f"{{{field}}}" for field in legal) or "none"
    for field in there:
        if legal and field not in legal:
            yield f"{place.key}: nothing fills in {{{field}}}, only {known}; the text itself is {{{{{field}}}}}"
    for field in needs:
        if texts and field not in there:
            yield f"{place.key}: {{{field}}} must be in it"


def _in_address(text: str, place: _Place, legal: tuple[str, ...]) -> Iterator[str]:
    """A brace in an address that belongs to no field: addresses hold none, so a field was meant."""
    if legal and (brace := placeholders.left(text)):
        known = ", ".join(f"{{{field}}}" for field in legal)
        yield f"{place.key}: '{brace}' is no field; those are {known}"


def _shown(value: object) -> str:
    match value:
        case dict():
            return "a table"
        case list() if value:
            return "a list"
        case bool():
            return str(value).lower()
        case _:
            return repr(value)


def _in_table(
    keys: Iterable[FieldInfo], table: dict[str, object], place: _Place, *, others: tuple[str, ...] = ()
) -> Iterator[str]:
    """Unknown keys, missing ones, and what is wrong with those that are there; `others` are looked at elsewhere."""
    known = {field.name: field for field in keys}
    for name, value in table.items():
        if name in known:
            yield from _in_value(known[name].type, value, place.below(name))
        elif name not in others:
            yield f"{place.below(_plain(name)).key}: unknown key{_belongs(name, place.key, (*known, *others))}"
    for name, field in known.items():
        if field.required and name not in table:
            yield f"{place.below(name).key}: missing" + (f"; {WHY[name]}" if name in WHY and not place.key else "")


def _plain(name: str) -> str:
    """A key as TOML would have it written: in quotes where it is no bare word."""
    return name if re.fullmatch(r"[\w-]+", name, re.ASCII) else repr(name)


def _belongs(name: str, here: str, known: tuple[str, ...]) -> str:
    """Where an unknown key may have been meant to stand, or what it may have been meant to be."""
    elsewhere = [title for title, keys in _titles().items() if name in keys and title != here]
    if elsewhere:
        return "; it belongs " + " or ".join(elsewhere)
    return _near(name, known)


def _near(name: str, known: Iterable[str]) -> str:
    """What a name may have been meant to be; nothing where none is like it."""
    near = difflib.get_close_matches(name, tuple(known), n=1)
    return f"; did you mean '{near[0]}'?" if near else ""


def _titles() -> dict[str, set[str]]:
    """The keys of every table, by how its place is called."""

    def keys(kind: type[Table]) -> set[str]:
        return {field.name for field in msgspec.structs.fields(kind)} - NOT_KEYS

    return {
        "at the top, above the first [table]": keys(Product),
        "in [build]": keys(Build),
        "in [service]": keys(Service),
        "in [server_test]": keys(ServerTest),
        "in [version_test]": keys(VersionTest),
        "in [[command_tests]]": keys(CommandTest),
        "in [[differences]]": keys(Difference),
        "in [profiles.NAME]": keys(Profile),
        **{f"in [{name}]": keys(kind) for name, kind in outlet_tables().items()},
        "in [profiles.NAME.places]": {packager.name for packager in FLEET},
    }


# --- rules that types cannot say ---------------------------------------------------------------------------


def _file(text: str, root: Path) -> str:
    # An empty text, where it is the default, names none.
    return "" if not text or (root / text).is_file() else f"'{text}' is not a file below {root}"


def _folder(text: str, root: Path) -> str:
    # The usual one need not be there, written or not.
    usual = "packaging"
    return "" if text == usual or (root / text).is_dir() else f"'{text}' is not a folder below {root}"


def _project(text: str, root: Path) -> str:
    there = any((root / text / name).is_file() for name in ("pyproject.toml", "setup.py", "setup.cfg"))
    return "" if there else f"no pyproject.toml, setup.py or setup.cfg is in '{text}' below {root}"


def _target(text: str, _root: Path) -> str:
    known = [target.name for target in TARGETS]
    return "" if text in known else f"no target is called '{text}', only {', '.join(known)}{meant(text)}"


# What git-check-ref-format(1) refuses, and what would be an option of git.
_NO_TAG = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|^[/.-]|[/.]$|/\.|\.lock(?:/|$)")


def _tag(text: str, _root: Path) -> str:
    if text.count("{version}") > 1:
        return "{version} can be in it once"
    filled = text.replace("{version}", "1.2.3")
    return f"git takes no tag '{filled}'" if _NO_TAG.search(filled) else ""


def _address(text: str, _root: Path) -> str:
    try:
        destinations.parse(text)
    except ConfigInvalidError as error:
        return f"{error}: {error.hint}"
    return ""


RULES: dict[object, Callable[[str, Path], str]] = {
    Rule.FILE: _file,
    Rule.FOLDER: _folder,
    Rule.PROJECT: _project,
    Rule.TARGET: _target,
    Rule.TAG: _tag,
    Rule.PLACE: _address,
}
