"""The whole program in any conversation: keys, bytes, pastes, sizes, modes, what the server tells, its loss and return.

What holds then is in `acting.play`: no exception, no row that is too wide, what was said is there once, the cursor is
where the line is typed, at most 60 frames a second, and all modes of the terminal are given back.
"""

from pathlib import Path

import pytest
from tests.iterate.acting import rounds
from tests.iterate.test_emulated import GOLDEN, check

pytestmark = [pytest.mark.processes, pytest.mark.systems("linux", "darwin")]

# More of them, and others each time: `make fuzz`.
COUNT = 40


@pytest.mark.parametrize("mode", ["inline", "mini"])
def test_golden_steps_are_seen_on_a_screen_of_20_by_5(tmp_path: Path, mode: str) -> None:
    shown = rounds.run(tmp_path, "shots", mode, "20", "5")
    assert not shown.returncode, shown.stderr.decode()
    check(GOLDEN / f"small-{mode}.txt", shown.stdout.decode())


def test_any_conversation_is_shown_as_it_was(tmp_path: Path) -> None:
    problem = rounds.failed(tmp_path, COUNT)
    assert not problem, problem
