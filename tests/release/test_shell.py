"""Other programs are started through one door, which loses neither their code nor their words."""

import sys
import time
from pathlib import Path

import pytest

from release import shell
from release.errors import ProgramFailedError, ToolMissingError


def test_a_program_that_must_succeed_gives_its_output() -> None:
    assert shell.run([sys.executable, "-c", "print(input())"], stdin=b"hello") == "hello\n"


def test_a_failure_is_told_with_the_last_lines() -> None:
    with pytest.raises(ProgramFailedError, match=r"ended with code 3(.|\n)*it broke"):
        shell.run([sys.executable, "-c", "import sys; print('it broke', file=sys.stderr); sys.exit(3)"])


def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(ToolMissingError, match="no-such-program"):
        shell.attempt(["no-such-program"])
    with pytest.raises(ToolMissingError):
        shell.need("no-such-program", hint="install it")
    assert shell.find("no-such-program") is None


def test_a_program_past_its_time_is_killed() -> None:
    start = time.monotonic()
    done = shell.attempt([sys.executable, "-c", "import time; time.sleep(60)"], timeout=0.3)
    assert done.code == -9
    assert time.monotonic() - start < 10


def test_the_environment_can_be_changed_and_is_inherited() -> None:
    code = "import os; print(os.environ['COLOUR'], 'PATH' in os.environ)"
    assert shell.run([sys.executable, "-c", code], env={"COLOUR": "red"}) == "red True\n"


def test_a_long_program_is_watched_and_logged(tmp_path: Path) -> None:
    ticks: list[float] = []
    log = tmp_path / "log"
    words = [sys.executable, "-c", "import time; print('working'); time.sleep(0.4); raise SystemExit(4)"]
    assert shell.watch(words, cwd=tmp_path, env={}, log=log, tick=ticks.append) == 4
    assert log.read_text() == "working\n"
    assert ticks
    assert ticks == sorted(ticks)


def test_a_background_program_ends_when_asked(tmp_path: Path) -> None:
    running = shell.start([sys.executable, "-c", "import time; time.sleep(60)"], env={}, log=tmp_path / "log")
    assert running.ended is None
    running.stop()
    assert running.ended is not None
