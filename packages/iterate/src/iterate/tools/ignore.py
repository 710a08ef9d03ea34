"""Which files ignore files hide: `.gitignore` (up to the folder of the repository), `.ignore` and `.rgignore`.

The rules are those of git's manual (gitignore) in the way that ripgrep applies them: the nearest folder decides, the
last line that fits decides within a file, `.rgignore` before `.ignore` before `.gitignore`.
"""

import os
import re
from typing import Literal

from msgspec import Struct

from iterate.tools.globs import BadGlob, expression

type Word = Literal["ignored", "wanted"]
_NAMES = (b".rgignore", b".ignore", b".gitignore")
_LARGEST = 4 * 1024 * 1024


class Line(Struct, frozen=True, kw_only=True):
    """One line of an ignore file; `shape` is for a path below the file's folder."""

    shape: re.Pattern[bytes]
    word: Word
    is_for_folders: bool


class Folder(Struct, frozen=True, kw_only=True):
    """What the ignore files of one folder say: a row of lines for each kind of file."""

    path: bytes
    lines: tuple[tuple[Line, ...], ...]
    has_git: bool
    # What no line of the folder fits does not fit this either: most paths are done with one look.
    any_line: re.Pattern[bytes]


def folder(path: bytes) -> Folder:
    """The ignore files of a folder; those that cannot be read are none."""
    lines = tuple(parsed(_content(os.path.join(path, name))) for name in _NAMES)  # noqa: PTH118
    shapes = b"|".join(line.shape.pattern for each in lines for line in each)
    return Folder(
        path=path.rstrip(b"/"),
        lines=lines,
        has_git=os.path.lexists(os.path.join(path, b".git")),  # noqa: PTH118
        any_line=re.compile(shapes or b"(?!)", re.DOTALL),
    )


def with_own(path: bytes, above: tuple[Folder, ...]) -> tuple[Folder, ...]:
    """What is said in a folder: by its own ignore files, where it has any, before those above."""
    own = folder(path.rstrip(b"/") or b"/")
    return (own, *above) if any(own.lines) or own.has_git else above


def above(path: bytes) -> tuple[Folder, ...]:
    """What the ignore files of all folders above say, the nearest first."""
    folders: tuple[Folder, ...] = ()
    while (parent := os.path.dirname(path)) != path:  # noqa: PTH120  # Bytes.
        path = parent
        folders = (*folders, folder(path))
    return folders


def is_shown(entry: os.DirEntry[bytes], path: bytes, said: tuple[Folder, ...], *, with_hidden: bool) -> bool:
    """Whether a name in the folder `path` is neither hidden nor ignored; `.git` never is shown."""
    name = entry.name
    said_of_it = word(path + name, said, is_folder=entry.is_dir(follow_symlinks=False)) if said else None
    # A hidden file that an ignore file names as wanted is shown.
    is_hidden = name.startswith(b".") and not with_hidden and said_of_it != "wanted"
    return not (name == b".git" or said_of_it == "ignored" or is_hidden)


def _content(path: bytes) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    except OSError:
        return b""
    try:
        return os.read(descriptor, _LARGEST)
    except OSError:
        return b""
    finally:
        os.close(descriptor)


def parsed(content: bytes) -> tuple[Line, ...]:
    """The lines of an ignore file, the last one first; what is no pattern is left out."""
    lines = [line for text in content.removeprefix(b"\xef\xbb\xbf").split(b"\n") if (line := _line(text))]
    return tuple(lines[::-1])


def _line(text: bytes) -> Line | None:
    text = text.removesuffix(b"\r")
    if text.startswith(b"#"):
        return None
    if not text.endswith(b"\\ "):
        text = text.rstrip()
    is_wanted = text.startswith(b"!")
    text = text.removeprefix(b"!") if is_wanted else text
    is_for_folders = text.endswith(b"/")
    text = text.removesuffix(b"/")
    if not text and (is_for_folders or not is_wanted):
        return None
    text = text.removesuffix(b"\\") if is_for_folders else text
    anchored = text.removeprefix(b"/") if b"/" in text else b"**/" + text
    try:
        shape = re.compile(expression(os.fsdecode(anchored), is_bytes=True) + rb"\Z", re.DOTALL)
    except (BadGlob, re.error):
        return None
    return Line(shape=shape, word="wanted" if is_wanted else "ignored", is_for_folders=is_for_folders)


def word(path: bytes, above: tuple[Folder, ...], *, is_folder: bool) -> Word | None:
    """What the folders above a path, the nearest first, say of it."""
    words: list[Word | None] = [None] * len(_NAMES)
    saw_git = False
    for each in above:
        below = path[len(each.path) + 1 :]
        is_fit = each.any_line.match(below)
        for kind, lines in enumerate(each.lines):
            if not is_fit:
                break
            is_git = kind == len(_NAMES) - 1
            if words[kind] is None and not (is_git and saw_git):
                words[kind] = _word(lines, below, is_folder=is_folder)
        saw_git = saw_git or each.has_git
    return next((word for word in words if word), None)


def _word(lines: tuple[Line, ...], below: bytes, *, is_folder: bool) -> Word | None:
    for line in lines:
        if (is_folder or not line.is_for_folders) and line.shape.match(below):
            return line.word
    return None
