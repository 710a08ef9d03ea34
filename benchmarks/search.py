"""`python -m benchmarks.search`: glob and grep over 100,000 files, beside ripgrep itself, in one run."""

import asyncio
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path

from iterate.tools import globs, pattern, search
from iterate.tools.search import OWN, Engine

FILES = 100_000
TIMES = 5


def planted(root: Path) -> None:
    """A tree of small files, one in ten of them ignored."""
    for folder in range(FILES // 100):
        below = root / f"d{folder % 40}" / f"s{folder}"
        below.mkdir(parents=True)
        for number in range(100):
            name = f"f{number}.{'log' if number % 10 == 0 else 'py' if number % 3 else 'txt'}"
            (below / name).write_text(f"word{(folder * 100 + number) % 9973} one\n" + "two three four\n" * 20)
    (root / ".gitignore").write_text("*.log\n")


async def timed(deed: Callable[[], Awaitable[object]], times: int = TIMES) -> float:
    """The median in milliseconds."""
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        await deed()
        taken.append((time.perf_counter() - begun) * 1000)
    return statistics.median(taken)


async def plain(rg: str, root: Path, words: Sequence[str]) -> None:
    """Ripgrep as people type it."""
    process = await asyncio.create_subprocess_exec(rg, *words, cwd=root, stdout=asyncio.subprocess.PIPE)
    await process.communicate()


async def globbed(engine: Engine, root: Path) -> None:
    """What the tool `glob` does."""
    shape = globs.compiled("*.txt")
    paths = await search.listed(engine, root, ["--glob=!.git", *search.only("*.txt")])
    sorted((path for path in paths if shape.match(path)), key=lambda path: path.split(b"/"))


async def grepped(engine: Engine, root: Path) -> None:
    """What the tool `grep` does until it has every line."""
    wanted = pattern.parsed(r"word12\d\b")
    assert [hit async for hit in search.hits(engine, root, wanted, ["--glob=!.git"])]  # noqa: S101


type Compared = tuple[str, float, float, float]


async def measured(root: Path, rg: str) -> list[Compared]:
    """Name, multiple of ripgrep, and both times, of each."""
    listing, looking = ["--files", "--sort=path", "--glob=*.txt"], ["-n", r"word12\d\b"]
    theirs = (await timed(lambda: plain(rg, root, listing)), await timed(lambda: plain(rg, root, looking)))
    rows: list[Compared] = []
    for name, engine in (("ripgrep", Engine(words=(rg,), is_ripgrep=True)), ("our own", OWN)):
        ours = (await timed(partial(globbed, engine, root)), await timed(partial(grepped, engine, root)))
        rows += [
            (f"{tool} by {name} / ripgrep", own / other, own, other)
            for tool, own, other in zip(("glob", "grep"), ours, theirs, strict=True)
        ]
    return rows


def compared() -> list[Compared]:
    """Plant, measure, remove; nothing where there is no ripgrep."""
    rg = shutil.which("rg")
    if rg is None:
        return []
    with tempfile.TemporaryDirectory(dir=os.path.realpath(tempfile.gettempdir())) as place:
        planted(Path(place))
        return asyncio.run(measured(Path(place), rg))


def main() -> int:
    """Print a row for each."""
    for name, ratio, own, other in compared():
        print(f"{name:26} {ratio:5.2f} x  {own:5.0f} ms against {other:5.0f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
