"""Complete tasks through the real program: a server replays what a model says, in the format of each vendor.

A task is a folder of `tasks`: `before` is the project, `prompt.md` what is asked, `settings.toml` what is allowed and
`said.json` what the model says; `WIRE.sse` is that in the format of a vendor, and that is what is replayed. Then the
project must be `after`, file for file, and the sessions those of `sessions.json`, event for event, whatever the format;
and taken back, the project is `before` again.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import msgspec
import pytest
from tests.iterate import spoken
from tests.iterate.conftest import World
from tests.iterate.replaying import Answer, replay_beside

pytestmark = [pytest.mark.processes, pytest.mark.systems("linux")]

TASKS = Path(__file__).with_name("tasks")
NAMES = sorted(path.parent.name for path in TASKS.glob("*/prompt.md"))
IS_RECORDING = bool(os.environ.get("RECORD_GOLDEN"))
# Of the one task in which the conversation gets too long; elsewhere it never does.
WINDOWS = {"go-on-after-a-compaction": 16_000}
BASES = {"anthropic-messages": "", "google-generate": "/v1beta"}

type Json = dict[str, object]


def answers(transcript: bytes) -> list[Answer]:
    """What the server sends, in pieces that do not end where events end."""
    said = transcript.split(spoken.NEXT)
    return [Answer(pieces=tuple(each[begin : begin + 97] for begin in range(0, len(each), 97))) for each in said]


def settings(wire: str, url: str, task: Path) -> str:
    model = f'model = "trial/m"\n[providers.trial]\nbase_url = "{url}{BASES.get(wire, "/v1")}"\nwire = "{wire}"\n'
    window = WINDOWS.get(task.name, 200_000)
    known = f"[providers.trial.models.m]\nwindow = {window}\nprices = {{ input = 1.0, output = 4.0 }}\n"
    said = (task / "settings.toml").read_text()
    return model + known + said.replace("{python}", sys.executable).replace("{tests}", str(TASKS.parent))


def tree(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text(newline="")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.parts
    }


class Plain:
    """Makes of what differs from run to run what does not: ids become their first places, times nothing."""

    def __init__(self, project: Path) -> None:
        self._project = str(project.resolve())
        self._names: dict[str, str] = {}

    def text(self, text: str) -> str:
        text = text.replace(self._project, "{project}").replace(str(Path(self._project).parent), "{above}")
        return re.sub(r"\b(ses|prm|per|que|call|chg)_[0-9a-f]{12,}\b", self._name, text)

    def _name(self, found: re.Match[str]) -> str:
        kind = found[1]
        count = sum(name.startswith(kind) for name in self._names.values())
        return self._names.setdefault(found[0], f"{kind}_{count + 1}")

    def value(self, value: object) -> object:
        match value:
            case str():
                return self.text(value)
            case list():
                return [self.value(each) for each in value]
            case dict():
                return {
                    key: "{change}" if key == "change" and each else 0 if key == "created_ms" else self.value(each)
                    for key, each in value.items()
                }
            case _:
                return value


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A home whose server runs already, for all tasks."""
    made = World(home=tmp_path_factory.mktemp("home"))
    made.serve()
    yield made
    made.close()


def run(world: World, folder: Path, config: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    environment = {key: value for key, value in world.environment.items() if key != "ITERATE_MODEL"}
    return subprocess.run(
        [world.program, *words],
        env={**environment, "ITERATE_CONFIG": str(config)},
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
        check=False,
    )


def exported(world: World, folder: Path, config: Path, session: str) -> list[Json]:
    """A session and those that its answers began."""
    done = run(world, folder, config, "session", "export", session, "--json")
    assert done.returncode == 0, done.stderr
    whole: Json = json.loads(done.stdout)
    events = whole["events"]
    assert isinstance(events, list)
    _order(events)
    below = [exported(world, folder, config, str(event["child"])) for event in events if event["type"] == "task"]
    return [whole, *(each for group in below for each in group)]


def _order(events: list[Json]) -> None:
    """Results of calls that ran beside each other come as they are ready: put them in the order of their calls."""
    for is_result, group in groupby(list(events), lambda event: _call(event) != ""):
        if is_result:
            found = list(group)
            begin, numbers = events.index(found[0]), [event["number"] for event in found]
            found = sorted(found, key=_call)
            events[begin : begin + len(found)] = [
                {**event, "number": number} for event, number in zip(found, numbers, strict=True)
            ]


def _call(event: Json) -> str:
    part = event.get("part")
    return str(part["call"]) if isinstance(part, dict) and part["type"] == "tool_result" else ""


def done(name: str, wire: str, world: World, place: Path) -> tuple[dict[str, str], object]:
    """Give the task to the program; what the project is then, and the sessions."""
    task = TASKS / name
    project, config = place / "project", place / "config.toml"
    shutil.copytree(task / "before", project)
    with replay_beside(*answers((task / f"{wire}.sse").read_bytes())) as server:
        config.write_text(settings(wire, server.url, task))
        if "[mcp." in config.read_text():
            # However long its first start takes here.
            assert run(world, project, config, "mcp", "debug", "small").returncode == 0
        prompt = (task / "prompt.md").read_text().strip()
        ran = run(world, project, config, "run", "--json", "--", prompt)
        said = json.loads((task / "said.json").read_text())
        assert ran.returncode == 0, ran.stderr
        assert len(server.asked) == len(said)
        session = str(json.loads(ran.stdout)["session"])
        sessions = exported(world, project, config, session)
    files = tree(project)
    assert run(world, project, config, "session", "revert", session).returncode == 0
    assert tree(project) == tree(task / "before")
    return files, Plain(project).value(sessions)


def record(name: str, world: World, place: Path) -> None:
    task = TASKS / name
    said = msgspec.json.decode((task / "said.json").read_bytes(), type=tuple[spoken.Said, ...])
    for wire in spoken.FORMATS:
        (task / f"{wire}.sse").write_bytes(spoken.transcript(wire, said))
    files, sessions = done(name, "openai-chat", world, place)
    shutil.rmtree(task / "after", ignore_errors=True)
    for path, text in files.items():
        (task / "after" / path).parent.mkdir(parents=True, exist_ok=True)
        (task / "after" / path).write_text(text, newline="")
    (task / "sessions.json").write_text(json.dumps(sessions, indent=1, ensure_ascii=False) + "\n")


@pytest.mark.parametrize("wire", sorted(spoken.FORMATS))
@pytest.mark.parametrize("name", NAMES)
def test_a_task_leaves_the_project_and_the_sessions_that_it_must(
    name: str, wire: str, home: World, tmp_path: Path
) -> None:
    if IS_RECORDING:
        if wire == "openai-chat":
            record(name, home, tmp_path)
        return
    files, sessions = done(name, wire, home, tmp_path)
    assert files == tree(TASKS / name / "after")
    assert sessions == json.loads((TASKS / name / "sessions.json").read_text())
