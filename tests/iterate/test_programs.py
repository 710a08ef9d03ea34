"""How package managers are run: where, with what output, and what an interrupt or an end does to them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from iterate.install.programs import Place

pytestmark = [pytest.mark.processes, pytest.mark.systems("linux", "darwin")]
# Waits, and takes a moment to put things in order before it ends.
SLOW = """
trap 'sleep 0.3; echo put in order; exit 3' INT TERM
echo ready
while :; do sleep 0.02; done
"""
DRIVER = """
import sys
from pathlib import Path
from iterate import interrupts
interrupts.leave_at_once()
interrupts.watch()
from iterate.install.programs import Place
print("ended with", Place(Path("/")).run(["sh", "-c", sys.argv[1]]), flush=True)
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 128 + signal.SIGTERM)])
def test_a_signal_is_the_managers_and_only_when_that_has_ended_do_we(number: int, code: int) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", DRIVER, SLOW], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    rest, _ = process.communicate(timeout=30)
    assert rest == "put in order\n"
    assert process.returncode == code


def test_a_command_is_started_in_the_home_folder_or_where_it_is_told(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "other").mkdir()
    place = Place(tmp_path / "home")
    assert place.run(["sh", "-c", 'test "$(basename "$PWD")" = home']) == 0
    assert place.run(["sh", "-c", 'test "$(basename "$PWD")" = other'], tmp_path / "other") == 0


def test_the_exit_code_is_the_commands_own() -> None:
    assert Place(Path("/")).run(["sh", "-c", "exit 7"]) == 7
    assert Place(Path("/")).run(["sh", "-c", "kill -9 $$"]) == -9
    with pytest.raises(OSError, match="No such file"):
        Place(Path("/")).run(["/not/there"])


def test_results_go_where_they_are_told(tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as output:
        assert Place(Path("/"), output=output).run(["echo", "hello"]) == 0
    assert (tmp_path / "out").read_text() == "hello\n"


@pytest.mark.parametrize("text", ["echo 1.2.3; exit 1", "printf '\\377'", "sleep 60"])
def test_a_program_that_answers_in_no_useful_way_has_no_answer(text: str) -> None:
    assert Place(Path("/")).ask(["sh", "-c", text], seconds=0.5) == ""


def test_a_command_is_found_on_path_before_the_folder_of_its_program(tmp_path: Path) -> None:
    for folder in ("path", "near"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "tool").touch(mode=0o755)
    place = Place(Path("/"), path=os.fspath(tmp_path / "path"))
    assert place.find("tool", tmp_path / "near") == str(tmp_path / "path/tool")
    (tmp_path / "path/tool").unlink()
    assert place.find("tool", tmp_path / "near") == str(tmp_path / "near/tool")
    assert place.find("tool") is None
