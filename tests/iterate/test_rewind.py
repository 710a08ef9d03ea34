"""Going back to an earlier prompt: the conversation, the files, or both, in any order, and exactly back again."""

import json
import random
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.iterate.conftest import serving
from tests.iterate.runtimes import model
from tests.iterate.scripts import Line, Script, acting, call, step

from iterate.events import TextPart
from iterate.request import UserMessage
from iterate.tools.tool import Result, Work

if TYPE_CHECKING:
    from tests.iterate.conftest import LiveServer

type Files = dict[str, str]
_numbers = count()


async def write(work: Work) -> Result:
    """Change one file, make another one, and remove a third one."""
    number = next(_numbers)
    names = ("same", f"made{number}", f"made{number - 2}")
    for name in names:
        await work.kept.before(work.root / name)
    (work.root / "same").write_text(f"{number}\n")
    (work.root / names[1]).write_text("new\n")
    (work.root / names[2]).unlink(missing_ok=True)
    change, files = await work.kept.close()
    return Result(text="done", change=change, changes=files)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple["LiveServer", Script]]:
    folder = tmp_path_factory.mktemp("rewind")
    act: list[Line] = [call("c", "act", path="x"), *step("tool_calls")]
    script = Script(*(each for _ in range(500) for each in (act, list[Line](step()))))
    tools = (acting("act", write),)
    with serving(folder / "iterate.db", models=(model(script.stream),), tools=tools) as server:
        yield server, script


class Told:
    """A session and its project beside what they should be."""

    def __init__(self, server: "LiveServer", folder: Path) -> None:
        self.server, self.folder = server, folder
        folder.mkdir()
        self.id = str(server.ask("POST", "/session", {"workspace": {"directory": str(folder)}}).json()["id"])
        self.path = f"/session/{self.id}"
        # The prompts that count, with the files as they were before each.
        self.turns: list[tuple[int, Files]] = []
        # What there was before the first step back since the last prompt.
        self.before: tuple[list[tuple[int, Files]], Files] | None = None

    def files(self) -> Files:
        return {path.name: path.read_text() for path in sorted(self.folder.iterdir())}

    def prompts(self) -> list[int]:
        whole: dict[str, list[dict[str, int]]] = json.loads(self.server.ask("GET", self.path).body)
        return [each["number"] for each in whole["prompts"]]

    def prompt(self) -> None:
        files = self.files()
        with self.server.stream("POST", f"{self.path}/prompt", {"text": "go", "model": "m/m"}) as frames:
            seen = list(frames.events())
        assert seen[-1]["type"] == "done"
        self.turns.append((int(str(seen[0]["number"])), files))
        self.before = None

    def back(self, what: str, place: int) -> None:
        number, files = self.turns[place]
        expected = self.files() if what == "conversation" else files
        was = (list(self.turns), self.files())
        said = self.server.ask("POST", f"{self.path}/revert", {"to": number, "what": what})
        if what == "files" and expected == was[1]:
            assert (said.status, said.error) in {(409, "NotRevertible"), (200, "")}
        else:
            assert said.status == 200, said.body
        if said.status == 200:
            self.before = self.before or was
        if what != "files":
            self.turns = self.turns[:place]
        self.check(expected)

    def again(self) -> None:
        said = self.server.ask("POST", f"{self.path}/unrevert", {})
        if self.before is None:
            assert said.error == "NotRevertible"
            return
        assert said.status == 200, said.body
        self.turns, files = self.before
        self.before = None
        self.check(files)

    def check(self, files: Files) -> None:
        assert self.files() == files
        assert self.prompts() == [number for number, _ in self.turns]


@pytest.mark.parametrize("seed", range(30))
def test_any_steps_back_and_forth_are_exact(world: tuple["LiveServer", Script], tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    told = Told(world[0], tmp_path / "project")
    told.prompt()
    for _ in range(12):
        deed = chance.choice(["prompt", "prompt", "both", "conversation", "files", "again"])
        if deed == "again":
            told.again()
        elif deed == "prompt" or not told.turns:
            told.prompt()
        else:
            told.back(deed, chance.randrange(len(told.turns)))


def test_a_step_back_after_the_other_comes_again_as_a_whole(world: tuple["LiveServer", Script], tmp_path: Path) -> None:
    told = Told(world[0], tmp_path / "project")
    for _ in range(3):
        told.prompt()
    told.back("both", 2)
    told.back("both", 1)
    told.again()


def test_the_model_is_told_that_files_are_as_before_when_only_they_were_taken_back(
    world: tuple["LiveServer", Script], tmp_path: Path
) -> None:
    told = Told(world[0], tmp_path / "project")
    told.prompt()
    told.back("files", 0)
    told.prompt()
    texts = [
        part.text
        for message in world[1].requests[-1].messages
        if isinstance(message, UserMessage)
        for part in message.parts
        if isinstance(part, TextPart)
    ]
    assert any(text.startswith("I took back your changes of these files") and "same" in text for text in texts)
    told.back("both", 1)
    told.again()
    assert "same" in told.files()


def test_a_file_that_somebody_changed_since_stops_it_and_nothing_is_done(
    world: tuple["LiveServer", Script], tmp_path: Path
) -> None:
    told = Told(world[0], tmp_path / "project")
    told.prompt()
    (told.folder / "same").write_text("by hand\n")
    before = told.files()
    said = told.server.ask("POST", f"{told.path}/revert", {"what": "files"})
    assert said.error == "FilesChangedSince"
    told.check(before)
    told.back("conversation", 0)
    told.again()
    assert told.files() == before
