"""The tool `skill`: loads how one kind of work is done, of those that the project and its person have described."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Protocol

from msgspec import Meta, Struct

from iterate.permissions.need import Need
from iterate.tools.tool import Result, Tool, ToolFailed, Work, tool

NAME = "skill"
# So much of all descriptions together is shown; what comes behind is named only.
LIMIT_CHARACTERS = 12_000


class Described(Protocol):
    """What the tool needs to know of a skill."""

    @property
    def name(self) -> str:
        """What it is called by."""

    @property
    def description(self) -> str:
        """When to use it, in a line."""

    @property
    def text(self) -> str:
        """How the work is done."""

    @property
    def folder(self) -> Path:
        """Where its other files are."""


class Arguments(Struct, frozen=True, kw_only=True):
    """What the model says."""

    name: Annotated[str, Meta(description="The name of the skill.")]


def offer(skills: Mapping[str, Described], files: Callable[[Path], Sequence[str]]) -> Tool | None:
    """The tool for these skills, None when there are none; `files` lists what else is in the folder of one."""
    if not skills:
        return None

    def needs(given: Arguments, _work: Work) -> Sequence[Need]:
        return (Need(deed="skill", subject=given.name),)

    async def run(given: Arguments, _work: Work) -> Result:
        found = skills.get(given.name)
        if found is None:
            raise ToolFailed(f"there is no skill {given.name}; there are: {', '.join(sorted(skills))}")
        return Result(text=loaded(found, files(found.folder)), title=f"skill {found.name}")

    return tool(NAME, _description(skills), Arguments, needs, run, is_parallel=True)


def loaded(skill: Described, files: Sequence[str]) -> str:
    """A skill as the model reads it."""
    text = f"Skill {skill.name}, of the folder {skill.folder}:\n\n{skill.text}"
    if files:
        text += "\n\nFiles of the skill, to be read when it says so:\n" + "\n".join(files)
    return text


def _description(skills: Mapping[str, Described]) -> str:
    lines = ["Loads instructions for one kind of work. Load a skill before you begin work that it describes. Skills:"]
    left = LIMIT_CHARACTERS
    for name in sorted(skills):
        words = skills[name].description
        left -= len(words)
        lines.append(f"- {name}: {words}" if left >= 0 else f"- {name}")
    return "\n".join(lines)
