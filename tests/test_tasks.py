"""The tasks of `make tasks`: each has a fault, can be solved, and is told apart by its check."""

import shutil
from pathlib import Path

import pytest
from benchmarks.tasks.run import HERE, checked, main, names, outcome, table

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
