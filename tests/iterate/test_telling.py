"""What a prompt says of files that do not count, and what the model is told of a folder that it reads in."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.iterate.runtimes import model, numbered, read, run
from tests.iterate.scripts import Script, call, said, step
from tests.iterate.test_config_layers import written

from iterate import settings
from iterate.events import Event, Piece, Prompted, Warned
from iterate.providers import BUILT_IN, Listed
from iterate.runtime.kit import Kit
from iterate.runtime.runtime import Runtime
from iterate.workspace import Workspace


@asynccontextmanager
async def living(home: Path, script: Script) -> AsyncIterator[Runtime]:
    """A runtime that knows the files of this home, and has the tools that are built in."""
    kit = Kit(settings.read({"HOME": str(home)}), models=Listed((*BUILT_IN, model(script.stream))))
    runtime = Runtime(home / "iterate.db", kit)
    runtime.claim()
    try:
        yield runtime
    finally:
        await runtime.finish(0)


async def prompted(runtime: Runtime, folder: Path, session: str = "") -> tuple[str, list[object]]:
    where = Workspace(directory=str(folder), environment=dict(os.environ))
    session = session or await runtime.create(where)
    reading = await runtime.prompt(session, "do it", "m/m", where, "")
    return session, [event for event in numbered(await read(reading)) if isinstance(event, Event.__value__)]


def warnings(found: list[object]) -> list[str]:
    return [event.text for event in found if isinstance(event, Warned)]


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    (folder / ".git").mkdir(parents=True)
    return folder


def test_what_does_not_count_is_told_once_for_each_content(tmp_path: Path, work: Path) -> None:
    file = written(work / ".iterate" / "config.toml", 'model = "evil/1"\n[shell]\nnetwork = true\n')
    bad = written(work / ".iterate" / "agents" / "bad.md", "---\nmodle: x\n---\n")

    async def main() -> None:
        async with living(tmp_path, Script(*(((Piece(text="ok"), *step()),) * 5))) as runtime:
            session, found = await prompted(runtime, work)
            assert isinstance(found[0], Prompted)
            first, second = warnings(found)
            assert first.startswith(f"{file} counts in part; left out: model (")
            assert "shell.network" in first
            assert second.startswith(f"{bad}: there is no setting modle")
            assert warnings((await prompted(runtime, work, session))[1]) == []
            file.write_text('model = "evil/2"\n')
            assert len(warnings((await prompted(runtime, work))[1])) == 1
        # Another server knows what was told of files, and names what is broken again.
        async with living(tmp_path, Script([Piece(text="ok"), *step()])) as runtime:
            (only,) = warnings((await prompted(runtime, work))[1])
            assert only.startswith(str(bad))

    run(main)


def test_instructions_nearer_to_what_is_read_are_told_to_the_model_once(tmp_path: Path, work: Path) -> None:
    written(work / "AGENTS.md", "of the root")
    near = written(work / "inner" / "AGENTS.md", "of the inner folder")
    written(work / "inner" / "a.txt", "a")
    written(work / "inner" / "b.txt", "b")
    script = Script(
        [call("c1", "read", path="inner/a.txt"), *step("tool_calls")],
        [call("c2", "read", path="inner/b.txt"), *step("tool_calls")],
        [Piece(text="ok"), *step()],
    )

    async def main() -> None:
        async with living(tmp_path, script) as runtime:
            await prompted(runtime, work)
        assert any("of the root" in text for text in script.requests[0].system)
        assert not any("of the inner folder" in text for text in script.requests[0].system)
        first, second = said(script.requests[2])[1:]
        assert first.endswith(f"\n\nInstructions of {near}, for work in its folder:\n\nof the inner folder")
        assert "Instructions" not in second

    run(main)
