"""`python -m benchmarks.search`: glob and grep over 100,000 files, beside ripgrep itself, in one run."""

import asyncio
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
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


async def measured(root: Path) -> None:
    """Print a row for each."""
    rg = shutil.which("rg")
    if rg:
        words = (rg, ["--files", "--sort=path", "--glob=*.txt"]), (rg, ["-n", r"word12\d\b"])
        print(f"ripgrep   glob {await timed(lambda: plain(words[0][0], root, words[0][1])):6.0f} ms")
        print(f"ripgrep   grep {await timed(lambda: plain(words[1][0], root, words[1][1])):6.0f} ms")
    for name, engine in (("with rg", Engine(words=(rg,), is_ripgrep=True) if rg else None), ("our own", OWN)):
        if engine:
            print(f"{name:9} glob {await timed(lambda engine=engine: globbed(engine, root)):6.0f} ms")  # type: ignore[misc]
            print(f"{name:9} grep {await timed(lambda engine=engine: grepped(engine, root)):6.0f} ms")  # type: ignore[misc]


def main() -> int:
    """Plant, measure, remove."""
    with tempfile.TemporaryDirectory(dir=os.path.realpath(tempfile.gettempdir())) as place:
        planted(Path(place))
        asyncio.run(measured(Path(place)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
