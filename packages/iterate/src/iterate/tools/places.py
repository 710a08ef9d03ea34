"""Where the paths of a call lead, and what must be allowed for them.

The model writes a path; what counts is where it leads, links and `..` included. That is found when the call is judged
and again when it runs, and must be the same place. Files are then reached from the root folder step by step without
following links (`files.py`), so that a link put in their way between the two leads nowhere.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from iterate.tools.tool import Deed, Need, ToolFailed, Work

# Linux has a bound of 4096 bytes, the others less.
_LONGEST = 4096


def place(given: str, work: Work) -> Path:
    """The real path that a path of the model leads to; raises `ToolFailed` for what can be none."""
    if "\0" in given:
        raise ToolFailed("a path holds no NUL")
    if len(given) > _LONGEST:
        raise ToolFailed(f"the path is too long: {len(given)} signs, at most {_LONGEST}")
    path = Path(_from_home(given, work))
    try:
        real = Path(os.path.realpath(_base(work) / path))
    except (OSError, ValueError) as problem:
        raise ToolFailed(f"{given} is no path: {problem}") from problem
    work.memory.led(work.call, given, real)
    return real


def _from_home(given: str, work: Work) -> str:
    home = work.workspace.environment.get("HOME")
    return f"{home}{given[1:]}" if home and (given == "~" or given.startswith("~/")) else given


def _base(work: Work) -> Path:
    return Path(work.workspace.directory) if work.workspace.directory else work.root


def is_inside(real: Path, work: Work) -> bool:
    """Whether a real path lies in the project's folder."""
    return real.is_relative_to(work.root)


def shown(real: Path, work: Work) -> str:
    """A real path as rules and people read it: below the project's folder, or from the root."""
    return real.relative_to(work.root).as_posix() if is_inside(real, work) else str(real)


def needs(deed: Deed, given: str, work: Work) -> Sequence[Need]:
    """What must be allowed to do this with that path. What was put aside for the model needs nothing."""
    real = place(given, work)
    subject = shown(real, work)
    if is_inside(real, work):
        return (Need(deed=deed, subject=subject),)
    if deed == "read" and real.is_relative_to(os.path.realpath(work.outputs)):
        return ()
    why = f"{given} leads out of the project, to {real}" if given != str(real) else f"{real} is outside the project"
    return (Need(deed="outside", subject=subject, why=why), Need(deed=deed, subject=subject))
