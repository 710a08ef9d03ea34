"""The files of the folder, to be looked through by letters: fetched in the background, again when they are old."""

import re
import time
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from iterate.fuzzy import Finder
from iterate.heard import Heard
from iterate.tui import said
from iterate.tui.contract import Body, Program

# A list that is older is fetched again, when somebody begins to complete.
_OLD_S = 10.0
_TREE_S = 30.0
_BEST = 50
# What stands in a mention without quotes; and what cannot stand in one at all.
_BARE = re.compile(r"[^\s\"'`]+")
_IMPOSSIBLE = re.compile(r"[\"\n]|[^ -~\x80-\U0010ffff]")
# A part of the path that begins with a dot is asked for.
_DOTTED = re.compile(r"(?:^|[/\s])\.")


class Files(NamedTuple):
    """All paths, and those without hidden ones, each ready to be looked through."""

    shown: Finder
    every: Finder


class Tree:
    """The files below the folder of the conversation; folders end with `/`."""

    def __init__(self, program: Program, changed: Callable[[], None]) -> None:
        self._program = program
        # Told when there are others.
        self._changed = changed
        self._files: Files | None = None
        self._directory = ""
        self._fetched = 0.0
        self._is_fetching = False
        self._problem = ""

    def find(self, typed: str) -> tuple[Sequence[str], Sequence[Sequence[int]], int] | None:
        """The best paths for these letters, which letters match, and how many match; None while there are none yet."""
        self._look()
        if self._files is None:
            return None if self._is_fetching else ((), (), 0)
        finder = self._files.every if _DOTTED.search(typed) else self._files.shown
        if typed.endswith("/") and (below := _below(finder.texts, typed)):
            return below, [range(len(typed))] * len(below), len(below)
        found = finder.find(typed, _BEST)
        paths = [finder.texts[place] for place in found.places]
        marks = [finder.marked(typed, place) if typed else () for place in found.places]
        return paths, marks, found.total

    def _look(self) -> None:
        program = self._program
        is_old = time.monotonic() - self._fetched > _OLD_S or self._directory != program.directory
        if not is_old or self._is_fetching:
            return
        if self._directory != program.directory:
            self._files = None
        self._is_fetching, self._directory = True, program.directory
        path = f"/file/tree{said.here(program)}"
        program.call("GET", path, then=self._told, otherwise=lambda _: self._take(None), timeout_s=_TREE_S)

    def _told(self, body: Body) -> None:
        self._program.work(lambda: files(said.heard(body)), self._take)

    def _take(self, found: object) -> None:
        self._is_fetching, self._fetched = False, time.monotonic()
        if isinstance(found, Files):
            self._files = found
            self._changed()


def files(told: Heard) -> Files:
    """The list as it is looked through: short paths first, hidden ones apart."""
    shown: list[list[str]] = []
    hidden: list[list[str]] = []
    for path in _paths(told.rows("folders")):
        if _IMPOSSIBLE.search(path):
            continue
        rows = hidden if path.startswith(".") or "/." in path else shown
        while len(rows) <= len(path):
            rows.append([])
        rows[len(path)].append(path)
    visible = [path for row in shown for path in row]
    return Files(
        Finder(visible, is_path=True), Finder([*visible, *(path for row in hidden for path in row)], is_path=True)
    )


def _paths(folders: Iterable[Heard]) -> Iterable[str]:
    """Every path, folders too, also those that hold folders alone."""
    known: set[str] = set()
    for each in folders:
        folder = each.word("path")
        above = folder
        while above and above not in known:
            known.add(above)
            yield above
            above = above[: above.rfind("/", 0, -1) + 1]
        for name in each.words("names"):
            yield folder + name


def _below(paths: Sequence[str], folder: str) -> list[str]:
    """What is right in a folder, as far as it is shown."""
    size = len(folder)
    found = [path for path in paths if path.startswith(folder) and len(path) > size]
    return [path for path in found if path.find("/", size) in {-1, len(path) - 1}][:_BEST]


def mention(path: str) -> str:
    """A path as a prompt names it: in quotes where the server would not read it to its end otherwise."""
    return f"@{path}" if _BARE.fullmatch(path) else f'@"{path}"'
