"""Skills: folders with a `SKILL.md`, which says how to do one kind of work. A model loads one when it needs it.

The format is the one that other agents read too, so keys that it has for them are passed over:
https://agentskills.io/specification
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from iterate.project import front
from iterate.project.files import Text

FILE = "SKILL.md"
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LONGEST_NAME = 64
LONGEST_DESCRIPTION = 1024
# So many files of a skill are named to the model.
MOST_FILES = 100


class Skill(Struct, frozen=True, kw_only=True):
    """One kind of work: when to use it, and how it is done. Its folder may hold more files."""

    name: str
    description: str
    text: str
    folder: Path


def parse(folder: Path, text: Text) -> Skill:
    """The skill of a folder; raises `Broken`."""
    page = front.split(text.text)
    name = page.front.get("name", folder.name)
    description = page.front.get("description")
    if not isinstance(name, str) or not NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        raise front.Broken(f"its name {name!r} is not of small letters, digits and single - between them")
    if not isinstance(description, str) or not description.strip():
        raise front.Broken("it needs a description, which says when to use it")
    words = " ".join(description.split())[:LONGEST_DESCRIPTION]
    return Skill(name=name, description=words, text=page.body, folder=folder)


def files(folder: Path) -> tuple[str, ...]:
    """What else lies in the folder of a skill, by path inside it; links to folders are not followed."""
    found: list[str] = []
    for path in _walk(folder):
        if len(found) == MOST_FILES:
            break
        found.append(path.relative_to(folder).as_posix())
    return tuple(found)


def _walk(folder: Path) -> Iterator[Path]:
    for inner, folders, names in os.walk(folder):
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        yield from (Path(inner, name) for name in sorted(names) if Path(inner, name) != folder / FILE)
