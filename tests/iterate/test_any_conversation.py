"""The whole program in any conversation: keys, bytes, pastes, sizes, modes, what the server tells, its loss and return.

What holds then is in `acting.play`: no exception, no row that is too wide, what was said is there once, the cursor is
where the line is typed, at most 60 frames a second, and all modes of the terminal are given back.
"""

from pathlib import Path

import pytest
from tests.iterate.acting import rounds

pytestmark = [pytest.mark.processes, pytest.mark.systems("linux", "darwin")]

# More of them, and others each time: `make fuzz`.
COUNT = 40


def test_any_conversation_is_shown_as_it_was(tmp_path: Path) -> None:
    problem = rounds.failed(tmp_path, COUNT)
    assert not problem, problem
