"""Agents: who answers. Two that people choose and two for parts of the work are built in; the others are files.

`agents/NAME.md` in the person's folder of settings, or in a project's `.iterate`: the front matter says what the agent
may, the text below it is its prompt.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from iterate.config import strict, tighten
from iterate.config.sections import Number, Permission, ShellMode
from iterate.project import front, prompts
from iterate.project.files import Text
from iterate.request import Effort

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


class Mode(StrEnum):
    """What an agent is for."""

    # A person chooses it.
    PRIMARY = "primary"
    # The tool `task` begins it.
    SUB = "sub"
    BOTH = "both"


class AgentFront(Struct, frozen=True, kw_only=True):
    """The front matter of a file of an agent."""

    description: Annotated[str, Meta(description="What it is for, in a line; the tool `task` shows it to models.")] = ""
    mode: Annotated[Mode, Meta(description="Who chooses it: people, the tool `task`, or both.")] = Mode.BOTH
    model: Annotated[str | None, Meta(description="The model that answers, as provider/model.")] = None
    tools: Annotated[
        str | tuple[str, ...], Meta(description="Patterns of tools it has, a `!` before those it does not have.")
    ] = ()
    permission: Annotated[Permission, Meta(description="Rules, as in the files of settings.")] = {}
    steps: Annotated[Number | None, Meta(description="How many requests to the model one answer may take.")] = None
    effort: Annotated[Effort, Meta(description="How much the model thinks.")] = ""
    shell: Annotated[
        ShellMode | None, Meta(description="What is done with changes of its commands, instead of `shell.mode`.")
    ] = None


class Agent(Struct, frozen=True, kw_only=True):
    """Who answers. `file` is None for what is built in."""

    name: str
    description: str
    prompt: str
    mode: Mode = Mode.BOTH
    model: str | None = None
    # Patterns of names; the last one that fits decides. None is all.
    tools: tuple[str, ...] = ()
    permission: Permission = {}
    steps: int | None = None
    effort: Effort = ""
    shell: ShellMode | None = None
    file: Path | None = None
    # A project's, which the person does not trust as it is; and the keys of it that do not count therefore.
    is_stranger: bool = False
    left_out: tuple[str, ...] = ()

    def has(self, tool: str) -> bool:
        """Whether the agent may see a tool of that name."""
        chosen = [each for each in self.tools if fnmatchcase(tool, each.removeprefix("!"))]
        if not chosen:
            return all(each.startswith("!") for each in self.tools)
        return not chosen[-1].startswith("!")


BUILT_IN: Mapping[str, Agent] = {
    agent.name: agent
    for agent in (
        Agent(
            name="build",
            description="Works on the project: reads, changes files, runs commands.",
            prompt=prompts.BUILD,
            mode=Mode.PRIMARY,
        ),
        Agent(
            name="plan",
            description="Reads and thinks; changes nothing, and ends with a plan.",
            prompt=prompts.PLAN,
            mode=Mode.PRIMARY,
            tools=("!write", "!edit", "!patch"),
        ),
        Agent(
            name="general",
            description="Does a part of the work on its own, changes included, and reports.",
            prompt=prompts.GENERAL,
            mode=Mode.SUB,
            tools=("!question", "!todo", "!task"),
        ),
        Agent(
            name="explore",
            description="Searches and reads, changes nothing, and reports what it found and where.",
            prompt=prompts.EXPLORE,
            mode=Mode.SUB,
            tools=("read", "list", "glob", "grep", "fetch", "skill"),
            permission={"edit": "deny", "bash": "deny"},
        ),
    )
}


def parse(name: str, text: Text, *, is_stranger: bool) -> Agent:
    """The agent of a file; raises `Broken`."""
    if not NAME.fullmatch(name):
        raise front.Broken("its name is not of small letters, digits, - and _")
    page = front.split(text.text)
    said = convert(page.front, AgentFront)
    permission = said.permission
    dropped: list[str] = []
    if is_stranger:
        kept, dropped = tighten.tightened({"permission": _patterns(permission)}, {})
        permission = msgspec.convert(kept.get("permission", {}), Permission)
        dropped += ["model"] if said.model is not None else []
        dropped += ["shell"] if said.shell not in (None, "show") else []
    tools = tuple(said.tools.replace(",", " ").split()) if isinstance(said.tools, str) else said.tools
    return Agent(
        name=name,
        description=said.description,
        prompt=page.body,
        mode=said.mode,
        model=None if is_stranger else said.model,
        tools=tools,
        permission=permission,
        steps=said.steps,
        effort=said.effort,
        shell=None if "shell" in dropped else said.shell,
        file=text.file,
        is_stranger=is_stranger,
        left_out=tuple(dropped),
    )


def convert[T: Struct](table: dict[str, object], shape: type[T]) -> T:
    """What a front matter says, as its class; raises `Broken` with every mistake."""
    wrong = [each.text for each in strict.mistakes(table, shape)]
    if wrong:
        raise front.Broken("; ".join(wrong))
    return msgspec.convert(table, shape)


def _patterns(permission: Permission) -> dict[str, object]:
    return {deed: {"*": rules} if isinstance(rules, str) else dict(rules) for deed, rules in permission.items()}
