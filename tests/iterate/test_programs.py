"""How package managers are run: where, with what output, and what an interrupt or an end does to them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from iterate.install.programs import ANSWER_S, Place

pytestmark = [pytest.mark.processes, pytest.mark.systems("linux", "darwin")]
# Waits, and takes a moment to put things in order before it ends.
SLOW = """
trap 'sleep 0.3; echo put in order; exit 3' INT TERM
echo ready
while :; do sleep 0.02; done
"""
DRIVER = """
import sys
import time
from pathlib import Path
from iterate import interrupts
interrupts.leave_at_once()
interrupts.watch()
from iterate.install.programs import ANSWER_S, Place
print("ended with", Place(Path("/")).run(["sh", "-c", *sys.argv[1:]]), flush=True)
"""


# Tells whoever started it to end as soon as it can.
EARLY = """
trap 'echo put in order; exit 3' INT TERM
kill -$0 $PPID
while :; do sleep 0.02; done
"""


@contextmanager
def driving(*words: str, around: tuple[str, ...] = ()) -> Iterator["subprocess.Popen[str]"]:
    """A process that runs a shell's script as `Place` does; nothing of it is there afterwards."""
    with subprocess.Popen(
        [*around, sys.executable, "-c", DRIVER, *words], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 128 + signal.SIGTERM)])
def test_a_signal_is_the_managers_and_only_when_that_has_ended_do_we(number: int, code: int) -> None:
    with driving(SLOW) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        rest, _ = process.communicate(timeout=30)
    assert rest == "put in order\n"
    assert process.returncode == code


@pytest.mark.parametrize(("name", "code"), [("INT", 130), ("TERM", 128 + signal.SIGTERM)])
def test_a_signal_that_comes_as_soon_as_the_manager_is_there_is_passed_on_too(name: str, code: int) -> None:
    for _ in range(10):
        with driving(EARLY, name) as process:
            said, _ = process.communicate(timeout=10)
            assert (said, process.returncode) == ("put in order\n", code)


def test_what_whoever_started_us_wants_ignored_ends_neither_the_manager_nor_us() -> None:
    with driving("kill -HUP $PPID; kill -HUP $$; exit 7", around=("nohup",)) as process:
        assert process.communicate(timeout=30)[0] == "ended with 7\n"
    assert process.returncode == 0


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


def test_a_program_that_prints_without_end_is_ended_and_its_answer_forgotten() -> None:
    began = time.monotonic()
    assert Place(Path("/")).ask(["yes"]) == ""
    assert time.monotonic() - began < ANSWER_S / 2


def test_an_answer_is_waited_for_no_longer_than_told_when_a_child_keeps_the_output_open() -> None:
    began = time.monotonic()
    assert Place(Path("/")).ask(["sh", "-c", "sleep 20 & sleep 20"], seconds=0.5) == ""
    assert time.monotonic() - began < 10


def test_a_command_of_a_part_of_path_that_is_no_whole_path_is_found_from_where_we_are(tmp_path: Path) -> None:
    home, here = tmp_path / "home", tmp_path / "here"
    home.mkdir()
    (here / "tools").mkdir(parents=True)
    tool = here / "tools" / "tool"
    tool.write_text("#!/bin/sh\necho 1.2.3\n")
    tool.chmod(0o755)
    words = f"from pathlib import Path; from iterate.install.programs import Place; place = Place(Path({str(home)!r}));"
    for part in ("tools", "./tools", ""):
        done = subprocess.run(
            [
                sys.executable,
                "-c",
                f"{words} print(place.find('tool'), place.ask([place.find('tool')]), place.run(['tool']))",
            ],
            cwd=here if part else here / "tools",
            env=os.environ | {"PATH": f"{part}:/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.split() == ["1.2.3", str(tool), "1.2.3", "0"]


@pytest.mark.parametrize("name", ["not there", "file"])
def test_without_a_home_folder_commands_start_at_the_root(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch(mode=0o755)
    place = Place(tmp_path / name)
    assert place.ask(["pwd"]) == "/"
    assert place.run(["true"]) == 0
