"""Reads the files that people put into a project and into their own folder, with bounds. Nothing here ends an answer.

What cannot be read is skipped and named in `problems`. Everything looked at is noted with its state, so that a later
reading knows whether anything changed without opening a file.
"""

import os
import stat
from pathlib import Path

from msgspec import Struct

LIMIT_BYTES = 64 << 10
# So many entries of a folder are looked at.
MOST_ENTRIES = 1000

type Mark = tuple[int, int, int] | None


class Text(Struct, frozen=True, kw_only=True):
    """What a file says; `is_cut` when only its beginning is here."""

    file: Path
    text: str
    content: bytes
    is_cut: bool = False


class Files:
    """One reading of many files."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.marks: dict[Path, Mark] = {}

    def text(self, file: Path, border: Path | None, limit: int = LIMIT_BYTES) -> Text | None:
        """The text of a file, None when there is none; `border` is a folder that no link may lead out of."""
        self.marks[file] = mark(file)
        if self.marks[file] is None:
            return None
        if border is not None and not file.resolve().is_relative_to(border):
            self.problems.append(f"{file} is a link that leads out of {border}")
            return None
        try:
            content = _content(file, limit)
        except OSError as problem:
            self.problems.append(f"{file} cannot be read: {problem.strerror or problem}")
            return None
        return self._decoded(file, content, limit)

    def note(self, path: Path) -> None:
        """Read again when this changes."""
        self.marks[path] = mark(path)

    def children(self, folder: Path, border: Path | None) -> list[Path]:
        """What lies in a folder, sorted by name; nothing where there is no folder."""
        self.marks[folder] = mark(folder)
        if self.marks[folder] is None:
            return []
        if border is not None and not folder.resolve().is_relative_to(border):
            self.problems.append(f"{folder} is a link that leads out of {border}")
            return []
        try:
            found = sorted(folder.iterdir())
        except NotADirectoryError:
            return []
        except OSError as problem:
            self.problems.append(f"{folder} cannot be read: {problem.strerror}")
            return []
        if len(found) > MOST_ENTRIES:
            self.problems.append(f"{folder} holds more than {MOST_ENTRIES} files; the others are passed over")
        return found[:MOST_ENTRIES]

    def _decoded(self, file: Path, content: bytes, limit: int) -> Text:
        is_cut = len(content) > limit
        content = content[:limit]
        if is_cut:
            self.problems.append(f"{file} is larger than {limit} bytes; only its beginning counts")
            # Not in the middle of a line, nor of a character.
            content = content[: content.rfind(b"\n") + 1] or content
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            if not is_cut:
                self.problems.append(f"{file} is not UTF-8 text; what cannot be read is replaced")
            text = content.decode("utf-8-sig", errors="replace")
        return Text(file=file, text=text.replace("\r\n", "\n"), content=content, is_cut=is_cut)


def mark(path: Path) -> Mark:
    """What changes when a file or a folder does; None where there is none."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino)


def _content(file: Path, limit: int) -> bytes:
    # A pipe of that name is opened without waiting for its other end.
    with os.fdopen(os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as opened:
        if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
            raise OSError("it is no file")
        return opened.read(limit + 1)
