"""The files of the folder, to be looked through by letters: fetched in the background, again when they are old."""

import re
import time
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from iterate.fuzzy import Finder, small
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


# So many paths are looked through between two keys; more are in a thread, and a key does not wait for it.
_AT_ONCE = 20_000


class Hits(NamedTuple):
    """The best paths, which letters of each match, how many match, and whether they are of other letters."""

    paths: Sequence[str]
    marks: Sequence[Sequence[int]]
    total: int
    is_old: bool = False


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
        # What was looked for last and what came of it; what is to be looked for, and whether somebody does.
        self._typed = self._wanted = ""
        self._hits: Hits | None = None
        self._is_searching = False

    def find(self, typed: str) -> Hits | None:
        """The best paths for these letters; those for the ones before while they are looked for; None without any."""
        self._look()
        files = self._files
        if files is None:
            return None if self._is_fetching else Hits((), (), 0)
        if len(files.every.texts) <= _AT_ONCE:
            return _hits(files, typed)
        if self._hits is None or self._typed != typed:
            self._wanted = typed
            self._search()
        if self._typed == typed:
            return self._hits
        return None if self._hits is None else self._hits._replace(is_old=True)

    def _search(self) -> None:
        """Look for what is wanted now, behind what is being looked for, which is given up."""
        files, typed = self._files, self._wanted
        if files is None or self._is_searching:
            return
        self._is_searching = True

        def is_over() -> bool:
            return self._wanted != typed

        def search() -> Hits | None:
            files.shown.is_over = files.every.is_over = is_over
            found = _hits(files, typed)
            return None if is_over() else found

        def take(found: object) -> None:
            self._is_searching = False
            if isinstance(found, Hits) and self._files is files:
                self._typed, self._hits = typed, found
            if self._typed != self._wanted or self._files is not files:
                self._search()
            else:
                self._changed()

        self._program.work(search, take)

    def _look(self) -> None:
        program = self._program
        is_old = time.monotonic() - self._fetched > _OLD_S or self._directory != program.directory
        if not is_old or self._is_fetching:
            return
        if self._directory != program.directory:
            self._files = self._hits = None
        self._is_fetching, self._directory = True, program.directory
        path = f"/file/tree{said.here(program)}"
        program.call("GET", path, then=self._told, otherwise=lambda _: self._take(None), timeout_s=_TREE_S)

    def _told(self, body: Body) -> None:
        self._program.work(lambda: files(said.heard(body)), self._take)

    def _take(self, found: object) -> None:
        self._is_fetching, self._fetched = False, time.monotonic()
        if isinstance(found, Files):
            self._files, self._hits = found, None
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
    visible = Finder([path for row in shown for path in row], is_path=True)
    others = [path for row in hidden for path in row]
    every = Finder([*visible.texts, *others], is_path=True, low=[*visible.low, *small(others)])
    return Files(visible, every)


def _hits(files: Files, typed: str) -> Hits:
    finder = files.every if _DOTTED.search(typed) else files.shown
    if typed.endswith("/") and (below := _below(finder.texts, typed)):
        return Hits(below, [range(len(typed))] * len(below), len(below))
    found = finder.find(typed, _BEST)
    paths = [finder.texts[place] for place in found.places]
    return Hits(paths, [finder.marked(typed, place) if typed else () for place in found.places], found.total)


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
