"""A project as its people described it: settings, instructions, agents, commands, skills, hooks; read from files.

Three places hold them: what is built in, the person's folder of settings, and `.iterate` in the project's folders from
its root down to the one that is worked in. The nearest of one name counts. Skills lie also in `.agents/skills`, where
other agents look. A file that is broken is named in `problems` and skipped.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple, Protocol

from msgspec import Struct

from iterate.config import layers
from iterate.config.layers import FOLDER, LeftOut, Loaded
from iterate.config.root import between, root_of
from iterate.config.sections import Config, Hook
from iterate.config.trust import Trust
from iterate.project import agents, commands, front, instructions, skills
from iterate.project.agents import Agent
from iterate.project.commands import Command
from iterate.project.files import Files, Mark, Text, mark
from iterate.project.instructions import Instruction
from iterate.project.skills import Skill
from iterate.settings import Settings

SHARED = ".agents"


class Project(Struct, frozen=True, kw_only=True):
    """All that files say about work in one folder."""

    # The border: the project's folder, without links; and the folder that is worked in.
    root: Path
    directory: Path
    loaded: Loaded
    instructions: tuple[Instruction, ...]
    agents: Mapping[str, Agent]
    commands: Mapping[str, Command]
    skills: Mapping[str, Skill]
    left_out: tuple[LeftOut, ...]
    problems: tuple[str, ...]

    @property
    def config(self) -> Config:
        """What the settings say."""
        return self.loaded.config

    @property
    def hooks(self) -> tuple[Hook, ...]:
        """The programs that hear of tool calls."""
        return self.config.hooks

    def inner(self, path: Path, seen: frozenset[Path]) -> tuple[Instruction, ...]:
        """Instructions that lie nearer to a file that was read, beside those above and those `seen` already."""
        return instructions.inner(self.root, self.directory, path, seen)


_UNTRUSTED = "the file is not trusted: iterate config trust"


class _Parse[P](Protocol):
    """Reads one file of a kind; raises `Broken`."""

    def __call__(self, name: str, text: Text, *, is_stranger: bool) -> P: ...


class _Known(NamedTuple):
    loaded: Loaded
    marks: dict[Path, Mark]
    project: Project


_known: dict[tuple[Path, str], _Known] = {}
_MOST_KNOWN = 32


def read(settings: Settings, directory: str, environment: Mapping[str, str]) -> Project:
    """What counts for work in that folder; raises `ConfigInvalid`.

    It reads files, so it is nothing for the loop; when nothing changed it only looks at their state.
    """
    loaded = layers.load(settings, directory, environment)
    key = (settings.trusted, directory)
    found = _known.get(key)
    if found is None or found.loaded is not loaded or any(mark(path) != had for path, had in found.marks.items()):
        files = Files()
        files.note(settings.trusted)
        found = _Known(loaded, files.marks, _Reading(settings, loaded, Path(directory), files).project())
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        _known[key] = found
    return found.project


class _Shelf(NamedTuple):
    """A folder with files of a person or a project; `border` is where the project's end."""

    folder: Path
    border: Path | None


class _Reading:
    """One reading of everything."""

    def __init__(self, settings: Settings, loaded: Loaded, directory: Path, files: Files) -> None:
        self._settings = settings
        self._loaded = loaded
        self._directory = directory.resolve()
        self._root = loaded.root or root_of(directory, settings.home)
        self._files = files
        self._trust = Trust(settings.trusted)
        self._left_out = list(loaded.left_out)
        own = None if settings.config is None else settings.config.parent
        self._own = own
        projects = [_Shelf(folder / FOLDER, self._root) for folder in between(self._root, self._directory)]
        self._shelves = ([] if own is None else [_Shelf(own, None)]) + [each for each in projects if each.folder != own]

    def project(self) -> Project:
        """All that was found."""
        found_agents = self._agents()
        found_commands = self._commands()
        found_skills = self._skills()
        return Project(
            root=self._root,
            directory=self._directory,
            loaded=self._loaded,
            instructions=instructions.gather(
                self._files, self._own, self._root, self._directory, self._settings.home, self._loaded.instructions
            ),
            agents=MappingProxyType(found_agents),
            commands=MappingProxyType(dict(sorted(found_commands.items()))),
            skills=MappingProxyType(dict(sorted(found_skills.items()))),
            left_out=tuple(self._left_out),
            problems=tuple(self._files.problems),
        )

    def _agents(self) -> dict[str, Agent]:
        known = dict(agents.BUILT_IN)
        for agent in self._pages("agents", agents.parse):
            if agent.is_stranger and agent.name in known and not known[agent.name].is_stranger:
                file = agent.file or self._root
                self._left_out.append(LeftOut(file, agent.name, f"there is such an agent already, and {_UNTRUSTED}"))
            else:
                known[agent.name] = agent
        return known

    def _commands(self) -> dict[str, Command]:
        return {command.name: command for command in self._pages("commands", commands.parse)}

    def _pages[P: (Agent, Command)](self, kind: str, parse: "_Parse[P]") -> Iterator[P]:
        """What the files of a kind say, the nearest last."""
        for shelf in self._shelves:
            for file in self._files.children(shelf.folder / kind, shelf.border):
                text = self._files.text(file, shelf.border) if file.suffix == ".md" else None
                if text is None:
                    continue
                is_stranger = shelf.border is not None and not self._trust.has(file, text.content)
                try:
                    page = parse(file.stem, text, is_stranger=is_stranger)
                except front.Broken as problem:
                    self._files.problems.append(f"{file}: {problem}")
                else:
                    self._left_out += [LeftOut(file, key, _UNTRUSTED) for key in page.left_out]
                    yield page

    def _skills(self) -> dict[str, Skill]:
        shared = [_Shelf(self._settings.home / SHARED, None)]
        shared += [_Shelf(folder / SHARED, self._root) for folder in between(self._root, self._directory)]
        found: dict[str, Skill] = {}
        for shelf in (*shared, *self._shelves):
            for folder in self._files.children(shelf.folder / "skills", shelf.border):
                text = self._files.text(folder / skills.FILE, shelf.border)
                if text is None:
                    continue
                try:
                    skill = skills.parse(folder, text)
                except front.Broken as problem:
                    self._files.problems.append(f"{text.file}: {problem}")
                else:
                    found[skill.name] = skill
        return found


def strangers(settings: Settings, directory: str) -> dict[Path, bytes]:
    """The files of a project that count in full only when they are trusted, with what they say now.

    Raises `ConfigInvalid`.
    """
    files = Files()
    root = root_of(Path(directory), settings.home)
    found: dict[Path, bytes] = {}
    for folder in between(root, Path(directory)):
        said = layers.said(layers.project_file(folder), root)
        if said is not None:
            found[layers.project_file(folder)] = said
        for kind in ("agents", "commands"):
            for file in files.children(folder / FOLDER / kind, root):
                text = files.text(file, root) if file.suffix == ".md" else None
                if text is not None:
                    found[file] = text.content
    return found
