"""The tasks of `make tasks`: each has a fault, can be solved, and is told apart by its check."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.tasks.run import HERE, checked, main, names, outcome, table
from tests.iterate import spoken
from tests.iterate.replaying import Answer, replay_beside
from tests.iterate.spoken import Called, Said

from iterate.tools import fuzzy, hunks
from iterate.tools.script import decoded


def test_there_are_ten() -> None:
    assert len(names()) == 10


@pytest.mark.parametrize("name", names())
def test_a_task_fails_as_it_is_and_passes_with_its_solution(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    shutil.copytree(HERE / name / "files", folder)
    assert checked(name, folder)
    for each in hunks.parsed((HERE / name / "solution.patch").read_text(encoding="utf-8")):
        path = folder / (each.new or "")
        script = decoded(path.read_bytes())
        path.write_bytes(script.encoded(fuzzy.applied(script.text, each.hunks)))
    assert checked(name, folder) == ""


def test_what_a_task_cost_is_summed_over_its_steps() -> None:
    usage: dict[str, object] = {"type": "part", "part": {"type": "usage", "input": 5, "output": 2, "cost_micro_usd": 7}}
    step: dict[str, object] = {"type": "part", "part": {"type": "step", "model": "m", "reason": "stop"}}
    done = outcome("lock", [usage, step, usage, step, {"type": "done"}], 1.23, "", "")
    assert (done.passed, done.steps, done.tokens_in, done.tokens_out, done.cost_micro_usd) == (True, 2, 10, 4, 14)
    failed = outcome("cache", [], 2.0, "AssertionError", "first\nlast line")
    assert (failed.passed, failed.why) == (False, "AssertionError (last line)")
    assert table([done, failed]).splitlines()[-1] == "1 of 2 passed, 14 tokens, 3 s, 0.0000 USD"


@pytest.mark.processes
def test_a_model_that_only_repeats_passes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["echo/echo", "--only", "lock"]) == 1
    assert "0 of 1 passed" in capsys.readouterr().out


def solver(name: str) -> tuple[Said, ...]:
    """A model that reads what the solution of a task touches, and patches it, or has another agent do that."""
    patch = (HERE / name / "solution.patch").read_text(encoding="utf-8")
    touched = [each.old for each in hunks.parsed(patch) if each.old]
    reads = tuple(Called(id=f"r{index}", tool="read", arguments={"path": path}) for index, path in enumerate(touched))
    steps = (
        Said(calls=reads, read=100, wrote=10),
        Said(calls=(Called(id="p", tool="patch", arguments={"patch": patch}),), read=200, wrote=50),
        Said(text="It is mended.", read=300, wrote=5),
    )
    if name != "lock":
        return steps
    task = Called(id="t", tool="task", arguments={"agent": "general", "prompt": "Mend it."})
    return (Said(calls=(task,), read=100, wrote=10), *steps, Said(text="It was mended.", read=200, wrote=5))


@pytest.mark.processes
@pytest.mark.systems("linux", "darwin")
def test_a_model_that_knows_the_solutions_passes_and_all_that_it_spent_is_counted(tmp_path: Path) -> None:
    some = ["exit-code", "line-endings", "lock"]
    answers = [Answer(pieces=(spoken.transcript("openai-chat", (each,)),)) for name in some for each in solver(name)]
    config = tmp_path / "config.toml"
    with replay_beside(*answers) as server:
        priced = "[providers.trial.models.m]\nprices = { input = 1.0, output = 4.0 }\n"
        config.write_text(f'[providers.trial]\nbase_url = "{server.url}/v1"\n{priced}')
        words = [sys.executable, "-m", "benchmarks.tasks.run", "trial/m", "--json"]
        done = subprocess.run(
            [*words, *(word for name in some for word in ("--only", name))],
            env={**os.environ, "ITERATE_CONFIG": str(config)},
            cwd=HERE.parent.parent,
            capture_output=True,
            timeout=300,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert [(row["name"], row["passed"], row["steps"]) for row in rows] == [
        ("exit-code", True, 3),
        ("line-endings", True, 3),
        ("lock", True, 5),
    ]
    assert [(row["tokens_in"], row["tokens_out"], row["cost_micro_usd"]) for row in rows] == [
        (600, 65, 860),
        (600, 65, 860),
        (900, 80, 1220),
    ]
