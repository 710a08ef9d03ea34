"""What requests do with the files of a project: list, read, find, compare with git, watch. Nothing outside of it."""

import asyncio
import os
import stat
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from iterate import settings
from iterate.permissions import border
from iterate.server.frames import Stream
from iterate.server.problems import BadQuery, FileMissing, FileOutside, SearchBroken
from iterate.server.route import Call, Context
from iterate.server.shapes import Nothing, Tree
from iterate.tools.tool import ToolFailed

if TYPE_CHECKING:
    from iterate.tools.search import Engine

MOST_ENTRIES = 10_000
MOST_BYTES = 1 << 20
MOST_FOUND = 500
# How long a search, or a git, may take.
PATIENCE_S = 30.0
_WORDS = ("--hidden", "--glob=!.git")

type Kind = Literal["file", "folder", "link", "other"]


# Of a project without git, paths that are looked at.
MOST_CHANGED = 10_000


class FileEntry(Struct, frozen=True, kw_only=True):
    """One name in a folder: its size in bytes, and when it was changed, in seconds since 1970."""

    name: str
    kind: Kind
    size: int
    changed: float


class Folder(Struct, frozen=True, kw_only=True):
    """The names in a folder, in order; `is_whole` is false when there are more than are told."""

    path: str
    entries: tuple[FileEntry, ...]
    is_whole: bool


class Content(Struct, frozen=True, kw_only=True):
    """Bytes of a file from `offset` on: as text when they are UTF-8, else as base64; `size` is that of the file."""

    path: str
    size: int
    offset: int
    text: str | None
    base64: str | None
    is_whole: bool


class Found(Struct, frozen=True, kw_only=True):
    """A file that matches, and the line where its content does."""

    path: str
    line: int | None = None


class Findings(Struct, frozen=True, kw_only=True):
    """What was found; `is_whole` is false when there is more."""

    found: tuple[Found, ...]
    is_whole: bool


class Changed(Struct, frozen=True, kw_only=True):
    """A file that differs: `state` is git's pair of letters, such as ` M`, `A ` or `??`; `was` its name before."""

    path: str
    state: str
    was: str | None = None


class Status(Struct, frozen=True, kw_only=True):
    """How the folder differs from the last commit.

    Where there is no git, `is_git` is false, and it is how the folder differs from before the oldest change that the
    undo remembers of it: what agents did, and what became of that since.
    """

    is_git: bool
    branch: str | None
    changed: tuple[Changed, ...]
    is_whole: bool


class Files:
    """The files of the projects that requests name."""

    def __init__(self, context: Context) -> None:
        self._life = context.life
        self._shelf = context.runtime.shelf

    async def list_files(self, call: Call[Nothing]) -> Folder:
        """The names in a folder."""
        path = _place(call)
        return await asyncio.to_thread(_listed, path, call.query.get("path", "."))

    async def read_file(self, call: Call[Nothing]) -> Content:
        """Some bytes of a file."""
        offset, size = _number(call, "offset", 0), min(_number(call, "limit", MOST_BYTES), MOST_BYTES)
        return await asyncio.to_thread(_content, _root(call), _subject(call), offset, size)

    async def find_files(self, call: Call[Nothing]) -> Findings:
        """Files by their name, or by a line of their content."""
        root, query, most = _root(call), call.query.get("query", ""), _number(call, "limit", 50)
        from iterate.tools import search  # A server that starts looks for nothing yet.

        engine = search.engine(settings.environment(), root)
        most = min(most, MOST_FOUND)
        try:
            async with asyncio.timeout(PATIENCE_S):
                match call.query.get("kind", "name"):
                    case "name":
                        paths = await search.listed(engine, root, _WORDS)
                        told = [os.fsdecode(path).removeprefix("./") for path in paths]
                        from iterate import fuzzy

                        best = await asyncio.to_thread(fuzzy.best, query, told, most + 1)
                        found = tuple(Found(path=_sendable(path)) for path in best[:most])
                        return Findings(found=found, is_whole=len(best) <= most)
                    case "content":
                        return await _lines(engine, root, query, most)
                    case other:
                        raise BadQuery(f"kind is {other!r}", "it is name or content")
        except TimeoutError as problem:
            raise SearchBroken(f"there are too many files to look at in {PATIENCE_S:.0f} seconds") from problem
        except ToolFailed as problem:
            raise SearchBroken(str(problem)) from problem

    async def list_tree(self, call: Call[Nothing]) -> Tree:
        """Every file below the folder."""
        from iterate.server import trees

        return await trees.tree(_root(call))

    async def file_status(self, call: Call[Nothing]) -> Status:
        """How the folder differs from the last commit."""
        from iterate.server import gitting

        root = _root(call)
        told = await gitting.status(root)
        return told if told.is_git else gitting.of_undo(await self._shelf.since(root, MOST_CHANGED), MOST_CHANGED)

    async def watch_files(self, call: Call[Nothing]) -> Stream:
        """Tell of changes until the client leaves."""
        from iterate.server.changes import Changes, load

        # Before the answer begins, so that it can still be a refusal.
        await asyncio.to_thread(load)
        from iterate.tools import search

        changes = Changes(_root(call), search.engine(settings.environment(), _root(call)))
        return Stream(next=changes.next, leave=changes.stop, has_ids=False)


def _root(call: Call[Nothing]) -> Path:
    directory = call.query.get("directory", "")
    if not Path(directory).is_absolute() or "\0" in directory:
        raise BadQuery(f"{directory!r} is no absolute path", "send the folder of the project as `directory`")
    root = Path(os.path.realpath(directory))
    if not os.path.isdir(root):  # noqa: PTH112  # False also for a path that is too long.
        raise FileMissing(f"there is no folder {directory}")
    return root


def _subject(call: Call[Nothing]) -> str:
    """The path below the root that the request names, links resolved; raises `FileOutside`."""
    root = _root(call)
    found = border.place(root, call.query.get("path", "."))
    if found.where == "inside":
        return found.subject
    raise FileOutside(f"{found.subject} is not in the project" + (f": {found.why}" if found.why else ""))


def _place(call: Call[Nothing]) -> Path:
    return _root(call) / _subject(call)


def _number(call: Call[Nothing], name: str, default: int) -> int:
    text = call.query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 16):  # noqa: PLR2004  # Of 2 ** 50.
        raise BadQuery(f"{name} is {text!r}", "send a number")
    return int(text)


def _listed(path: Path, told: str) -> Folder:
    entries: list[FileEntry] = []
    is_whole = True
    try:
        with os.scandir(path) as names:
            for name in names:
                if len(entries) >= MOST_ENTRIES:
                    is_whole = False
                    break
                entries.append(_entry(name))
    except OSError as problem:
        raise FileMissing(f"{told}: {problem.strerror}") from problem
    entries.sort(key=lambda each: (each.kind != "folder", each.name))
    return Folder(path=_sendable(told), entries=tuple(entries), is_whole=is_whole)


def _entry(name: "os.DirEntry[str]") -> FileEntry:
    try:
        status = name.stat(follow_symlinks=False)
    except OSError:
        return FileEntry(name=_sendable(name.name), kind="other", size=0, changed=0.0)
    kinds: dict[int, Kind] = {stat.S_IFREG: "file", stat.S_IFDIR: "folder", stat.S_IFLNK: "link"}
    kind = kinds.get(stat.S_IFMT(status.st_mode), "other")
    return FileEntry(name=_sendable(name.name), kind=kind, size=status.st_size, changed=status.st_mtime)


def _content(root: Path, subject: str, offset: int, size: int) -> Content:
    try:
        # A pipe is opened without waiting for its other end.
        with os.fdopen(border.open_inside(root, subject, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise FileMissing(f"{subject} is no file")
            file.seek(offset)
            data = file.read(size)
    except OSError as problem:
        raise FileMissing(f"{subject}: {problem.strerror}") from problem
    import base64  # Most servers never need it.

    text = _text(data, is_cut=offset + len(data) < status.st_size)
    used = len(data) if text is None else len(text.encode())
    return Content(
        path=_sendable(subject),
        size=status.st_size,
        offset=offset,
        text=text,
        base64=base64.b64encode(data).decode() if text is None else None,
        is_whole=offset == 0 and used == status.st_size,
    )


def _text(data: bytes, *, is_cut: bool) -> str | None:
    """As UTF-8, without a character that the bound cut apart; None when it is none."""
    try:
        return data.decode()
    except UnicodeDecodeError as problem:
        if is_cut and problem.reason == "unexpected end of data" and problem.start > 0:
            return data[: problem.start].decode()
        return None


async def _lines(engine: "Engine", root: Path, query: str, most: int) -> Findings:
    from iterate.tools import pattern, search

    found: list[Found] = []
    async with aclosing(search.hits(engine, root, pattern.parsed(query), _WORDS)) as hits:
        async for hit in hits:
            if len(found) >= most:
                return Findings(found=tuple(found), is_whole=False)
            path = _sendable(os.fsdecode(hit.path))
            if isinstance(hit, search.Hit):
                found.append(Found(path=path, line=hit.line))
            else:
                found = [each for each in found if each.path != path]
    return Findings(found=tuple(sorted(found, key=lambda each: (each.path, each.line or 0))), is_whole=True)


def _sendable(text: str) -> str:
    # Names may hold what is no UTF-8.
    return text.encode(errors="replace").decode()
