"""Where the paths of a call lead, and what must be allowed for them.

The model writes a path; what counts is where it leads, links and `..` included (`permissions/border.py`). That is found
when the call is judged and again when it runs, and must be the same place. Files are then reached from the root folder
step by step without following links (`files.py`), so that a link put in their way between the two leads nowhere.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from iterate.permissions import border
from iterate.permissions.need import Deed, Need
from iterate.tools.tool import ToolFailed, Work


def place(given: str, work: Work) -> Path:
    """The real path that a path of the model leads to; raises `ToolFailed` for what can be none."""
    found = _found(given, work)
    if found.where == "unknown":
        raise ToolFailed(f"{found.subject!r} leads nowhere: {found.why}")
    work.memory.led(work.call, given, found.path)
    return found.path


def _found(given: str, work: Work) -> border.Place:
    here = work.workspace.directory
    return border.place(work.root, given, Path(here) if here else None, work.workspace.environment.get("HOME", ""))


def is_inside(real: Path, work: Work) -> bool:
    """Whether a real path lies in the project's folder."""
    return real.is_relative_to(work.root)


def shown(real: Path, work: Work) -> str:
    """A real path as people read it: below the project's folder, or from the root."""
    return real.relative_to(work.root).as_posix() if is_inside(real, work) else str(real)


def needs(deed: Deed, given: str, work: Work) -> Sequence[Need]:
    """What must be allowed to do this with that path. What was put aside for the model needs nothing to be read."""
    found = _found(given, work)
    if found.where != "unknown":
        work.memory.led(work.call, given, found.path, is_judged=True)
        if deed == "read" and found.path.is_relative_to(os.path.realpath(work.outputs)):
            return ()
    return border.needs(deed, found)
