"""Builds the texts that a model gets before the conversation: how to work, what the project says, where it is.

What is the same for all comes first, what changes oftenest last, so that a vendor's cache of the beginning holds. No
text has the time of day in it.
"""

import datetime as dt
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from iterate.project import prompts
from iterate.project.agents import Agent
from iterate.project.instructions import Instruction


def texts(
    agent: Agent, instructions: Sequence[Instruction], root: Path, directory: Path, today: dt.date
) -> tuple[str, ...]:
    """The texts for an agent in a folder."""
    said = tuple(_instruction(each) for each in instructions)
    return tuple(text for text in (prompts.COMMON, agent.prompt, *said, _place(root, directory, today)) if text.strip())


def _instruction(instruction: Instruction) -> str:
    cut = "\n[only the beginning of the file is here]" if instruction.is_cut else ""
    return f"Instructions of {instruction.file}:\n\n{instruction.text.strip()}{cut}"


def _place(root: Path, directory: Path, today: dt.date) -> str:
    lines = [f"Folder of the project: {root}"]
    if directory != root:
        lines.append(f"Folder that is worked in, which paths are relative to: {directory}")
    is_git = (root / ".git").exists()
    lines += [
        f"Git repository: {'yes' if is_git else 'no'}",
        f"System: {_system()}",
        f"Date: {today.isoformat()}",
    ]
    return "\n".join(lines)


def _system() -> str:
    """Such as `Linux x86_64`."""
    if sys.platform == "win32":
        import platform

        return f"{platform.system()} {platform.machine()}"
    # What `platform` says too, which brings 1 ms of expressions for versions.
    here = os.uname()
    return f"{here.sysname} {here.machine}"
