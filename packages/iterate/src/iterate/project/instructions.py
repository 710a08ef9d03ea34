"""Instructions: what `AGENTS.md` and other files tell every agent. All of them are read; the nearest counts most.

The person's own come first, then the files that settings name, then those of the project from its root inwards. Files
in folders further in are told when a tool reads something there.
"""

import glob
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Literal

from msgspec import Struct

from iterate.config.layers import Instruction as Pattern
from iterate.config.layers import Layer
from iterate.config.root import between
from iterate.project.files import Files, Text

NAME = "AGENTS.md"
# Whose file a note goes to.
type Where = Literal["project", "person"]
# All instructions together; what comes last is the nearest, and stays.
LIMIT_BYTES = 256 << 10
# So many files may one pattern of the settings name.
MOST_MATCHES = 50
MOST_LOOKED_AT = 1000


class Instruction(Struct, frozen=True, kw_only=True):
    """What one file says, and whether only its beginning is here."""

    file: Path
    text: str
    is_cut: bool = False


def gather(
    files: Files, own: Path | None, root: Path, directory: Path, home: Path, patterns: tuple[Pattern, ...]
) -> tuple[Instruction, ...]:
    """All instructions for work in a folder, the nearest last."""
    found: dict[Path, Text] = {}

    def add(file: Path, border: Path | None) -> None:
        text = files.text(file, border)
        if text is not None and text.text.strip():
            # One that is named twice counts where it stands last.
            found.pop(text.file.resolve(), None)
            found[text.file.resolve()] = text

    if own is not None:
        add(own / NAME, None)
    for pattern in patterns:
        for file, border in _matches(files, pattern, root, home):
            add(file, border)
    for folder in between(root, directory):
        add(folder / NAME, root)
    return _bounded(files, list(found.values()))


def inner(root: Path, directory: Path, path: Path, seen: frozenset[Path]) -> tuple[Instruction, ...]:
    """The `AGENTS.md` of folders between the one that is worked in and what was read there, which nobody saw yet.

    `seen` holds the files that the model was told already.
    """
    files = Files()
    known = set(between(root, directory))
    target = path.resolve()
    if not target.is_relative_to(root):
        return ()
    found = []
    for folder in between(root, target if target.is_dir() else target.parent):
        file = folder / NAME
        if folder not in known and file not in seen:
            text = files.text(file, root)
            if text is not None and text.text.strip():
                found.append(text)
    return _bounded(files, found)


def _matches(files: Files, pattern: Pattern, root: Path, home: Path) -> Iterator[tuple[Path, Path | None]]:
    """The files that an entry of `instructions` names: below the project's root, or wherever the person says."""
    is_project = pattern.source.layer is Layer.PROJECT
    text, file = pattern.text, pattern.source.file
    border = None
    if not pattern.is_trusted:
        if Path(text).is_absolute() or text.startswith("~") or ".." in Path(text).parts:
            files.problems.append(f"instructions: {text} leads out of the project, whose settings are not trusted")
            return
        border = root
    base = file.parent.parent if is_project and file is not None else root
    whole = home / text[2:] if text.startswith("~/") else base / text
    names = _names(files, whole)
    if not names:
        files.problems.append(f"instructions: {text} names no file")
    if len(names) > MOST_MATCHES:
        files.problems.append(f"instructions: {text} names more than {MOST_MATCHES} files; the others are passed over")
    for name in names[:MOST_MATCHES]:
        yield name, border


def _names(files: Files, pattern: Path) -> list[Path]:
    """The files of a pattern; the folders that tell of new ones are noted."""
    if not glob.has_magic(str(pattern)):
        files.note(pattern)
        return [pattern] if pattern.is_file() else []
    parts = pattern.parts
    first = next(number for number, part in enumerate(parts) if glob.has_magic(part))
    files.note(Path(*parts[:first]))
    try:
        found = list(islice(glob.iglob(str(pattern), recursive=True), MOST_LOOKED_AT))  # noqa: PTH207  # Absolute.
    except (OSError, ValueError, RecursionError):
        return []
    names = sorted(Path(name) for name in found if Path(name).is_file())
    for name in names[:MOST_MATCHES]:
        files.note(name.parent)
    return names


def _bounded(files: Files, texts: list[Text]) -> tuple[Instruction, ...]:
    left = LIMIT_BYTES
    kept: list[Instruction] = []
    for text in reversed(texts):
        size = len(text.content)
        if size > left:
            files.problems.append(f"{text.file} is left out: instructions are longer than {LIMIT_BYTES} bytes together")
            continue
        left -= size
        kept.append(Instruction(file=text.file, text=text.text.strip(), is_cut=text.is_cut))
    return tuple(kept[::-1])


class Memory(Struct, frozen=True, kw_only=True):
    """One of the files: where a link leads, whether it is there, and its last lines."""

    where: Where
    file: str
    is_there: bool
    end: str


class Noted(Struct, frozen=True, kw_only=True):
    """What was put at the end of which file, so that it can be taken back; `is_new` where the file was made for it."""

    file: str
    added: str
    is_new: bool
