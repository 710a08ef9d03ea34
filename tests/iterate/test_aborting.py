"""An answer is ended at any point, soon, with all that it began; the session takes the next prompt at once."""

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest
from tests.iterate.replaying import Answer, replay
from tests.iterate.runtimes import Said, model, read, run
from tests.iterate.scripts import Line, Script, call, passing, step
from tests.iterate.test_agent import begin
from tests.iterate.test_work import project, working

from iterate.events import Done, Failed, Piece, ToolCallPart
from iterate.register import Search
from iterate.request import Request
from iterate.runtime.runtime import Runtime
from iterate.workspace import Workspace

__all__ = ["project"]

pytestmark = pytest.mark.systems("linux", "darwin")

type Lines = list[Line]

# An abort takes some milliseconds; this is for a machine that does much else.
SOON_S = 20.0
PATIENCE_S = 60.0
# Told apart from those of tests that run beside this one.
SECONDS = f"300.{os.getpid()}"
SLEEP = f"sleep {SECONDS}"
ASKS = """\
[permission]
fetch = { "*" = "allow", "127.0.0.1" = "allow" }
bash = { "echo *" = "allow", "sleep *" = "allow" }
"""
HOOK = f"""\
[[hooks]]
on = "before"
tools = ["list"]
command = ["sh", "-c", "{SLEEP}"]
timeout_s = 100
"""


async def forever() -> None:
    await asyncio.sleep(3600)


def tools(*calls: ToolCallPart) -> Lines:
    return [*calls, *step("tool_calls")]


def sleeping() -> int:
    """How many of these commands there are."""
    return sum(SECONDS in (process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"]))


def task(id_: str = "t") -> ToolCallPart:
    return call(id_, "task", agent="general", prompt="go")


class Point(NamedTuple):
    """Where an answer is when it is ended: what the model says, and what is so then."""

    steps: list[Lines]
    is_there: Callable[[Script, Runtime, int], bool]


def asked(count: int) -> Callable[[Script, Runtime, int], bool]:
    return lambda script, _runtime, _fetched: len(script.requests) == count


def asleep(count: int) -> Callable[[Script, Runtime, int], bool]:
    return lambda _script, _runtime, _fetched: sleeping() == count


QUESTIONS = [{"text": "Which?"}]
POINTS = {
    "before the model says anything": Point([[forever]], asked(1)),
    "while the model speaks": Point([[Piece(text="I begin"), forever]], asked(1)),
    "while a retry waits": Point([[passing("busy", 600.0)]], asked(1)),
    "while a permission waits": Point(
        [tools(call("c", "bash", command="touch x"))],
        lambda _script, runtime, _fetched: bool(runtime.asking.permissions.list()),
    ),
    "while a question waits": Point(
        [tools(call("c", "question", questions=QUESTIONS))],
        lambda _script, runtime, _fetched: bool(runtime.asking.questions.list()),
    ),
    "while a command runs": Point([tools(call("c", "bash", command=f"echo begun; {SLEEP} & {SLEEP}"))], asleep(2)),
    "while commands run beside each other": Point(
        [tools(*(call(f"c{number}", "bash", command=f"echo {number}; {SLEEP}") for number in range(3)))], asleep(3)
    ),
    "while an agent below speaks": Point([tools(task()), [Piece(text="I"), forever]], asked(2)),
    "while an agent below waits for a retry": Point([tools(task()), [passing("busy", 600.0)]], asked(2)),
    "while commands of agents below run": Point(
        [tools(task("t1"), task("t2")), *[tools(call("d", "bash", command=SLEEP))] * 2], asleep(2)
    ),
    "while it is summed up": Point([tools(call("c", "read", path="long.txt")), [Piece(text="SUM"), forever]], asked(2)),
    "while a page is fetched": Point(
        [tools(call("c", "fetch", url="PAGE"))], lambda _script, _runtime, fetched: fetched > 0
    ),
    "while a hook thinks": Point([tools(call("c", "list", path="."))], asleep(1)),
}


@pytest.mark.parametrize("name", POINTS)
def test_an_abort_ends_it_soon_with_all_that_it_began(tmp_path: Path, project: Path, name: str) -> None:
    point = POINTS[name]
    (project / "long.txt").write_text("a long line of words and more\n" * 1500)
    config = tmp_path / "home" / ".config" / "iterate" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(ASKS + (HOOK if "hook" in name else ""))

    async def main() -> None:
        async with replay(Answer(pieces=(b"slow",), end="hang")) as page:
            steps = [[_at(line, page.url) for line in lines] for lines in point.steps]
            script = Script(*steps)
            over = asyncio.Event()
            window = 16_000 if "summed" in name else None
            async with working(tmp_path, model(then_ok(script, over), window=window)) as runtime:
                session, reading = await begin(runtime, project)
                await true(lambda: point.is_there(script, runtime, len(page.asked)), PATIENCE_S)
                begun = time.monotonic()
                assert await runtime.cancel(session)
                found = await read(reading)
                took = time.monotonic() - begun
                print(f"{name}: {took * 1000:.0f} ms")
                assert took < SOON_S
                assert isinstance(found[-1], Failed)
                assert found[-1].reason == "cancelled"
                # The kernel may take a moment to be done with what was killed.
                await true(lambda: sleeping() == 0, SOON_S)
                print(f"gone: {(time.monotonic() - begun) * 1000:.0f} ms")
                await runtime.drained()
                assert [runtime.asking.permissions.list(), runtime.asking.questions.list()] == [[], []]
                over.set()
                where = Workspace(directory=str(project))
                again = await read(await runtime.prompt(session, "again", "m/m", where, ""))
                assert isinstance(again[-1], Done)
                for row in await runtime.shelf.search(Search(parent=session)):
                    assert not row.is_running

    run(main)


async def true(is_so: Callable[[], bool], patience_s: float) -> None:
    """Wait until it is so, or fail."""
    deadline = time.monotonic() + patience_s
    while not is_so():
        assert time.monotonic() < deadline, "it never became so"
        await asyncio.sleep(0.01)


def then_ok(script: Script, over: asyncio.Event) -> Callable[[Request], Said]:
    """A model that says its script, and that all is well when it is asked once more."""

    async def stream(request: Request) -> Said:
        async for said in script.stream(request):
            yield said
        if over.is_set():
            yield Piece(text="ok")
            for part in step():
                yield part

    return stream


def _at(line: Line, url: str) -> Line:
    if isinstance(line, ToolCallPart) and line.tool == "fetch":
        return call(line.call, "fetch", url=f"{url}/page")
    return line
