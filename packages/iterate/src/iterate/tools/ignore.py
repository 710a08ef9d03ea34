"""Which files ignore files hide: `.gitignore` (up to the folder of the repository), `.ignore` and `.rgignore`.

The rules are those of git's manual (gitignore) in the way that ripgrep applies them: the nearest folder decides, the
last line that fits decides within a file, `.rgignore` before `.ignore` before `.gitignore`.

Most names fit no line at all. `sieve` tells that of the names of a folder with one look at each.
"""

import os
import re
from collections.abc import Collection, Iterable
from typing import Literal, NamedTuple

from iterate.tools.globs import BadGlob, expression

type Word = Literal["ignored", "wanted"]
_NAMES = (b".rgignore", b".ignore", b".gitignore")
_GIT = b".git"
_LARGEST = 4 * 1024 * 1024
# At whatever depth below the folder.
_ANYWHERE = 0


class Line(NamedTuple):
    """One line of an ignore file; `shape` is for a path below the file's folder.

    `last` is the pattern of its last part, `depth` how many parts the paths have that it fits, or `_ANYWHERE`. A
    line for all that is below some folders has their paths as `trees`.
    """

    shape: re.Pattern[bytes]
    word: Word
    is_for_folders: bool
    last: bytes = b"*"
    depth: int = _ANYWHERE
    trees: re.Pattern[bytes] | None = None


class Folder:
    """What the ignore files of one folder say: a row of lines for each kind of file; the unreadable are none."""

    def __init__(self, path: bytes) -> None:
        self.path = path.rstrip(b"/")
        self.lines = tuple(parsed(_content(os.path.join(path, name))) for name in _NAMES)  # noqa: PTH118
        self.has_git = os.path.lexists(os.path.join(path, _GIT))  # noqa: PTH118
        every = [line for each in self.lines for line in each]
        # What no line of the folder fits does not fit this either.
        self.any_line = re.compile(b"|".join(line.shape.pattern for line in every) or b"(?!)", re.DOTALL)
        self.trees = tuple(line.trees for line in every if line.trees is not None)
        # The last parts of the other lines, by depth.
        self.lasts: dict[int, set[bytes]] = {}
        for line in every:
            if line.trees is None:
                self.lasts.setdefault(line.depth, set()).add(line.last)

    def says(self) -> bool:
        """Whether the folder changes what is shown."""
        return any(self.lines) or self.has_git


def with_own(path: bytes, above: tuple[Folder, ...], names: Collection[bytes] | None = None) -> tuple[Folder, ...]:
    """What is said in a folder: by its own ignore files, where it has any, before those above.

    `names` are those of all that is in the folder, where they are known.
    """
    if names is not None and _GIT not in names and not any(name in names for name in _NAMES):
        return above
    own = Folder(path.rstrip(b"/") or b"/")
    return (own, *above) if own.says() else above


def above(path: bytes) -> tuple[Folder, ...]:
    """What the ignore files of all folders above say, the nearest first."""
    folders: tuple[Folder, ...] = ()
    while (parent := os.path.dirname(path)) != path:  # noqa: PTH120  # Bytes.
        path = parent
        folders = (*folders, Folder(path))
    return tuple(each for each in folders if each.says())


def is_shown(entry: os.DirEntry[bytes], path: bytes, said: tuple[Folder, ...], *, with_hidden: bool) -> bool:
    """Whether a name in the folder `path` is neither hidden nor ignored; `.git` never is shown."""
    name = entry.name
    said_of_it = word(path + name, said, is_folder=entry.is_dir(follow_symlinks=False)) if said else None
    # A hidden file that an ignore file names as wanted is shown.
    is_hidden = name.startswith(b".") and not with_hidden and said_of_it != "wanted"
    return not (name == _GIT or said_of_it == "ignored" or is_hidden)


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
        line = Line(_shape(anchored), "wanted" if is_wanted else "ignored", is_for_folders)
    except (BadGlob, re.error):
        return None
    return _placed(line, anchored)


def _shape(text: bytes, end: bytes = rb"\Z") -> re.Pattern[bytes]:
    return re.compile(expression(os.fsdecode(text), is_bytes=True) + end, re.DOTALL)


def _placed(line: Line, anchored: bytes) -> Line:
    """The line with what `Sieves` needs; as it is made, it may fit any name."""
    start, _, last = anchored.rpartition(b"/")
    if start == b"**" and last not in {b"", b"**"}:
        return line._replace(last=last)
    if not last or _HIDING.search(anchored):
        return line  # A class or a choice may hold a `/`.
    if last == b"**":
        return line._replace(trees=_shape(start, rb"(?:/|\Z)")) if start else line
    return line._replace(last=last, depth=_ANYWHERE if b"**" in anchored else anchored.count(b"/") + 1)


_HIDING = re.compile(rb"[\[{\\]")


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


class Sieve(NamedTuple):
    """Names of which a line may say something: these, those that end so, those that fit `shape`."""

    names: frozenset[bytes]
    ends: tuple[bytes, ...]
    shape: re.Pattern[bytes] | None

    def holds(self, name: bytes) -> bool:
        """Whether a line may say something about it."""
        return name in self.names or name.endswith(self.ends) or bool(self.shape and self.shape.match(name))


def sieve(patterns: Iterable[bytes]) -> Sieve:
    """What fits one of some patterns of names, each of which is a legal one."""
    names, ends, shapes = set[bytes](), set[bytes](), set[bytes]()
    for pattern in patterns:
        if not _SPECIAL.search(pattern):
            names.add(pattern)
        elif pattern.startswith(b"*") and not _SPECIAL.search(pattern, 1):
            ends.add(pattern[1:])
        else:
            shapes.add(_shape(pattern).pattern)
    shape = re.compile(b"|".join(sorted(shapes)), re.DOTALL) if shapes else None
    return Sieve(names=frozenset(names), ends=tuple(sorted(ends)), shape=shape)


_SPECIAL = re.compile(rb"[*?\[{}\\]")
_ALL = sieve([b"*"])


class Sieves:
    """The sieves of a walk, each made once for all folders that share it."""

    def __init__(self) -> None:
        self._made: dict[tuple[tuple[Folder, ...], tuple[int, ...]], Sieve] = {}

    def of(self, path: bytes, said: tuple[Folder, ...]) -> Sieve:
        """What may be said about names in the folder `path`, which ends with `/`."""
        depths = []
        for each in said:
            below = path[len(each.path) + 1 :]
            if any(tree.match(below) for tree in each.trees):
                return _ALL
            depths.append(below.count(b"/") + 1)
        key = said, tuple(depths)
        if key not in self._made:
            self._made[key] = sieve(
                last
                for each, depth in zip(said, depths, strict=True)
                for row in (_ANYWHERE, depth)
                for last in each.lasts.get(row, ())
            )
        return self._made[key]
