"""Puts together what counts: built-in < the person's file < the project's files < the environment.

Each file is a layer, the project's from its root down to the folder that is worked in. A later layer wins key by key;
rules are joined pattern by pattern, and `instructions` and `hooks` are added up. Where every value is from is kept.
"""

import enum
import itertools
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple, Protocol

import msgspec
from msgspec import Struct

from iterate.config import tighten, toml
from iterate.config.lines import line_of
from iterate.config.root import between, root_of
from iterate.config.sections import Action, Config, Deed
from iterate.config.strict import Mistake, mistakes
from iterate.config.trust import Trust
from iterate.errors import ConfigInvalid
from iterate.settings import Settings, overlay

type Table = dict[str, object]

FOLDER = ".iterate"
NAME = "config.toml"
# Of one file: each is compared with everything that an agent does, and the file may be a stranger's.
MOST_RULES = 1000
# Only the program at a terminal reads them: what is wrong there it tells, and no work stops for it.
OF_THE_SCREEN = frozenset({"terminal", "keys"})
# Lists that layers add to instead of replacing them.
_ADDED_UP = {"instructions", "hooks"}


class Layer(enum.StrEnum):
    """Who says something, in the order in which the later one wins."""

    BUILT_IN = "built-in"
    USER = "user"
    PROJECT = "project"
    ENVIRONMENT = "environment"


class Source(NamedTuple):
    """Who said a value, and where."""

    layer: Layer
    file: Path | None = None
    line: int | None = None


class LeftOut(NamedTuple):
    """A key of a project's file that does not count, and why."""

    file: Path
    key: str
    why: str


class RuleRow(NamedTuple):
    """A rule of the permissions, with the file that says it; in the order of the layers."""

    deed: Deed
    pattern: str
    action: Action
    source: Source


class Instruction(NamedTuple):
    """An entry of `instructions`: who says it, and whether it may name files outside the project."""

    text: str
    source: Source
    is_trusted: bool


class Loaded(Struct, frozen=True, kw_only=True):
    """What counts, and how that came about."""

    config: Config
    # The folder of the project; None where no folder is worked in.
    root: Path | None
    # By path of keys; what is not there is built in.
    sources: Mapping[tuple[str, ...], Source]
    rules: tuple[RuleRow, ...]
    instructions: tuple[Instruction, ...]
    left_out: tuple[LeftOut, ...]
    # The files that were read.
    files: tuple[Path, ...]


class _Place(NamedTuple):
    """A file that may be a layer."""

    layer: Layer
    file: Path
    # What it must not lead out of.
    border: Path | None = None


class Known(NamedTuple):
    """The result of the last time, and the state of the files then."""

    marks: tuple[object, ...]
    loaded: Loaded


_known: dict[tuple[object, ...], Known] = {}
_VARIABLE = "set ITERATE_CONFIG to the whole path of a file, or unset it"
# Several projects are worked in at once, no more than that.
_MOST_KNOWN = 64


def load(settings: Settings, directory: str, environment: Mapping[str, str], *, is_strict: bool = False) -> Loaded:
    """What counts for work in that folder, for whoever has that environment; raises `ConfigInvalid`.

    What is wrong in the settings of the screen is built in, unless `is_strict`: no work needs them.
    """
    root = root_of(Path(directory), settings.home) if directory else None
    places = _places(settings, root, directory, environment)
    chosen = overlay(environment).model
    key = (is_strict, settings.trusted, directory, chosen, *places)
    marks = tuple(_mark(each) for each in (settings.trusted, *(place.file for place in places)))
    found = _known.get(key)
    if found is None or found.marks != marks:
        found = Known(
            marks, _loaded(settings, root, [(each, _read(each, is_strict=is_strict)) for each in places], chosen)
        )
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        _known[key] = found
    return found.loaded


def project_file(folder: Path) -> Path:
    """Where the file of settings of a project's folder is."""
    return folder / FOLDER / NAME


def said(file: Path, border: Path) -> bytes | None:
    """What a project's file says, as it is trusted; None where there is none. Raises `ConfigInvalid`."""
    content = _read(_Place(Layer.PROJECT, file, border))
    return None if content is None else content.text.encode()


def slips(settings: Settings, environment: Mapping[str, str]) -> list[str]:
    """What is wrong in the person's own settings of the screen, a sentence each; nothing of what cannot be read."""
    found: list[str] = []
    for place in _places(settings, None, "", environment):
        with suppress(ConfigInvalid):
            text = toml.text(place.file) or ""
            of_screen = {key: each for key, each in toml.parse(text, place.file).items() if key in OF_THE_SCREEN}
            found += [_sentence(place.file, text, each) for each in mistakes(of_screen)]
    return found


def check(settings: Settings, directory: str, environment: Mapping[str, str]) -> None:
    """Raise `ConfigInvalid` with every mistake in every file."""
    root = root_of(Path(directory), settings.home) if directory else None
    wrong: list[str] = []
    for place in _places(settings, root, directory, environment):
        try:
            _read(place, is_strict=True)
        except ConfigInvalid as problem:
            wrong.append(str(problem))
    if wrong:
        raise ConfigInvalid("\n".join(wrong))


def _places(
    settings: Settings, root: Path | None, directory: str, environment: Mapping[str, str]
) -> tuple[_Place, ...]:
    places = [] if settings.config is None else [_Place(Layer.USER, settings.config)]
    if root is not None:
        files = (project_file(folder) for folder in between(root, Path(directory)))
        # In the folder of the person's file, that one is no project's.
        places += [_Place(Layer.PROJECT, file, root) for file in files if file != settings.config]
    extra = overlay(environment).config
    if extra is not None:
        places.append(_Place(Layer.ENVIRONMENT, extra))
    return tuple(places)


class _Content(NamedTuple):
    text: str
    table: Table


def _loaded(
    settings: Settings, root: Path | None, contents: "Iterable[tuple[_Place, _Content | None]]", model: str
) -> Loaded:
    merged = _Merged()
    trust = Trust(settings.trusted)
    files = []
    for place, content in contents:
        if content is None:
            continue
        files.append(place.file)
        table = content.table
        is_trusted = place.layer is not Layer.PROJECT or trust.has(place.file, content.text.encode())
        if place.layer is Layer.PROJECT:
            table = merged.allowed(place.file, table, is_trusted=is_trusted)
        merged.add(table, _sources(place, content.text), is_trusted=is_trusted)
    if model:
        merged.add({"model": model}, lambda _: Source(Layer.ENVIRONMENT))
    return Loaded(
        config=msgspec.convert(merged.table, Config),
        root=root,
        sources=MappingProxyType(merged.sources),
        rules=tuple(merged.rules),
        instructions=tuple(merged.instructions),
        left_out=tuple(merged.left_out),
        files=tuple(files),
    )


def _sources(place: _Place, text: str) -> "_Sourced":
    return lambda path: Source(place.layer, place.file, line_of(text, path))


class _Merged:
    """The layers so far."""

    def __init__(self) -> None:
        self.table: Table = {}
        self.sources: dict[tuple[str, ...], Source] = {}
        self.left_out: list[LeftOut] = []
        self.rules: list[RuleRow] = []
        self.instructions: list[Instruction] = []

    def allowed(self, file: Path, table: Table, *, is_trusted: bool) -> Table:
        """What of a project's table counts over what is there already."""
        table, own = tighten.without_own(_with_patterns(table))
        self.left_out += [LeftOut(file, key, "only your own file of settings may say it") for key in own]
        if is_trusted:
            return table
        below: Table = msgspec.to_builtins(Config())
        _merge(below, self.table)
        kept, dropped = tighten.tightened(table, below)
        self.left_out += [LeftOut(file, key, "the file is not trusted: iterate config trust") for key in dropped]
        return kept

    def add(self, table: Table, source: "_Sourced", *, is_trusted: bool = True) -> None:
        """Put a layer on top."""
        table = _with_patterns(table)
        _merge(self.table, table)
        above = {each[:end] for each in self.sources for end in range(1, len(each))}
        for path in _leaves(table):
            # What is said of all of it, or of a part of it, is said anew.
            for end in range(1, len(path)):
                self.sources.pop(path[:end], None)
            if path in above:
                for gone in [each for each in self.sources if each[: len(path)] == path]:
                    del self.sources[gone]
            self.sources.pop(path, None)
            self.sources[path] = source(path)
        config = msgspec.convert({key: table[key] for key in ("permission", "instructions") if key in table}, Config)
        where = source(("instructions",))
        self.instructions += [Instruction(text, where, is_trusted) for text in config.instructions]
        for deed, rules in config.permission.items():
            for pattern, action in ({"*": rules} if isinstance(rules, str) else rules).items():
                self.rules.append(RuleRow(deed, pattern, action, source(("permission", deed, pattern))))


class _Sourced(Protocol):
    def __call__(self, path: tuple[str, ...]) -> Source: ...


def _read(place: _Place, *, is_strict: bool = False) -> _Content | None:
    file = place.file
    is_named = place.layer is Layer.ENVIRONMENT
    if is_named and not file.is_absolute():
        # The server works in another folder than whoever set the variable.
        raise ConfigInvalid(f"ITERATE_CONFIG names {str(file)!r}, which is no whole path", _VARIABLE)
    text = toml.text(file)
    if text is None and is_named:
        raise ConfigInvalid(f"ITERATE_CONFIG names {file}, which is not there", _VARIABLE)
    if text is None:
        return None
    if place.border is not None and not _is_inside(file, place.border):
        raise ConfigInvalid(f"{file} is a link that leads out of the project")
    table = toml.parse(text, file)
    found = list(mistakes(table))
    wrong = [_sentence(file, text, each) for each in found if is_strict or each.path[0] not in OF_THE_SCREEN]
    if wrong:
        raise ConfigInvalid("\n".join(wrong))
    for each in found if place.layer is not Layer.PROJECT else ():
        _leave_out(table, each.path)
    permission = table.get("permission")
    if (
        isinstance(permission, dict)
        and sum(len(each) for each in permission.values() if isinstance(each, dict)) > MOST_RULES
    ):
        raise ConfigInvalid(f"{file} has more than {MOST_RULES} rules in permission")
    return _Content(text, table)


def _leave_out(table: Table, path: tuple[str | int, ...]) -> None:
    """Take out of a table what a mistake is in: all of a list, which means nothing without its parts."""
    *above, last = itertools.takewhile(lambda each: isinstance(each, str), path)
    inner: object = table
    for each in above:
        inner = inner.get(str(each)) if isinstance(inner, dict) else None
    if isinstance(inner, dict):
        inner.pop(last, None)


def _sentence(file: Path, text: str, mistake: Mistake) -> str:
    line = line_of(text, mistake.path)
    return f"{file}{'' if line is None else f':{line}'}: {mistake.text}"


def _is_inside(file: Path, border: Path) -> bool:
    return file.resolve().is_relative_to(border)


def _with_patterns(table: Table) -> Table:
    """The table with every rule of its permissions as a table of patterns."""
    rules = table.get("permission")
    if not isinstance(rules, dict):
        return table
    return {
        **table,
        "permission": {deed: {"*": each} if isinstance(each, str) else each for deed, each in rules.items()},
    }


def _merge(into: Table, table: Table) -> None:
    for key, value in table.items():
        had = into.get(key)
        if isinstance(value, dict):
            inner = dict(had) if isinstance(had, dict) else {}
            _merge(inner, value)
            into[key] = inner
        elif key in _ADDED_UP and isinstance(value, list) and isinstance(had, list):
            into[key] = [*had, *value]
        else:
            into[key] = value


def _leaves(table: Table, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, value in table.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, (*path, key))
        else:
            yield (*path, key)


def _mark(path: Path) -> tuple[int, int, int] | None:
    """What changes when the file does; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino)
