"""What was proposed, on disk: nothing that is there is replaced without being asked for."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from release import disk
from release.config import FILE
from release.errors import WriteError
from release.init import Choosing, Proposal

# A file that is added to, unasked where a project begins.
GROWS = ".gitignore"


class State(StrEnum):
    """What became of a file."""

    WRITTEN = "written"
    REPLACED = "replaced"
    UNCHANGED = "unchanged"
    KEPT = "kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file.

    Attributes:
        path: from the root.
        difference: what it would have become, where it was kept as it is.
    """

    path: str
    state: State
    difference: str = ""


def write(proposal: Proposal, choosing: Choosing) -> tuple[File, ...]:
    """Write what is not there, and ask before anything is replaced.

    Raises:
        WriteError: a file would lie outside the project, or cannot be written.
        DiskFullError: no space left.
    """
    root = proposal.root.resolve()
    for path in proposal.files:
        if not (root / path).resolve().is_relative_to(root):
            raise WriteError(f"{path} leads out of the project, by a link", hint="put a file of the project there")
    # Whoever ran this before may have taken the line out again.
    free = () if (root / FILE).exists() else (GROWS,)
    return tuple(
        _one(proposal.root / path, path, content, choosing, free=path in free)
        for path, content in proposal.files.items()
    )


def _one(file: Path, path: str, content: str, choosing: Choosing, *, free: bool) -> File:
    before = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else None
    if before == content:
        return File(path=path, state=State.UNCHANGED)
    if before is not None and not free:
        difference = "".join(_difference(before, content, path))
        if not choosing.may(f"{difference}\nReplace {path}?"):
            return File(path=path, state=State.KEPT, difference=difference)
    disk.write(file, content.encode())
    return File(path=path, state=State.WRITTEN if before is None or free else State.REPLACED)


def _difference(before: str, after: str, name: str) -> Iterator[str]:
    rows = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), f"{name}, as it is", f"{name}, as found now"
    )
    return (row if row.endswith("\n") else f"{row}\n" for row in rows)
