"""`make` is never silent for long: what sets up says that it goes on, and how it ended."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from tests.ending import ending
from tests.release.terminals import terminal
from tests.repository import ROOT

pytestmark = [pytest.mark.processes, pytest.mark.systems("linux", "darwin")]
MOST_SECONDS = 5


def watching(tmp_path: Path, *commands: str) -> "subprocess.Popen[str]":
    """A script that sources the file and then does something."""
    script = tmp_path / "script"
    script.write_text("\n".join(["set -eu", f". '{ROOT}/make/watched.sh'", *commands]))
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    return subprocess.Popen(["sh", str(script)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)


def test_what_takes_long_says_how_far_it_is_at_least_every_five_seconds(tmp_path: Path) -> None:
    with ending(watching(tmp_path, "count() { echo 3; }", 'watched "dev.txt" count 7 sleep 9')) as process:
        assert process.stderr
        came, told = [time.monotonic()], []
        for line in process.stderr:
            came.append(time.monotonic())
            told.append(line)
        assert process.wait() == 0
    assert [line[:4] for line in told] == [" .. ", " .. ", " ok "]
    assert " set up    dev.txt " in told[0]
    assert "3 of 7 packages" in told[0]
    assert all("\033" not in line and len(line) <= 80 for line in told)
    every = int((ROOT / "make" / "watched.sh").read_text().split("watched_every=")[1].split()[0])
    assert every < MOST_SECONDS


def test_what_fails_shows_its_own_words_and_its_code(tmp_path: Path) -> None:
    commands = ("fail() { echo out; echo why >&2; return 7; }", "watched x : 0 fail", "echo on")
    with ending(watching(tmp_path, *commands)) as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (7, "")
    first, *rest = err.splitlines()
    assert first.startswith(" !!  set up    x                    failed ")
    assert rest == ["out", "why", "error: fail ended with code 7", "hint: its own words are above"]


def test_ctrl_c_ends_what_was_started_and_says_cancelled(tmp_path: Path) -> None:
    with ending(watching(tmp_path, f"watched x : 0 sh -c 'echo $$ >{tmp_path}/number; exec sleep 300'")) as process:
        deadline = time.monotonic() + 60
        while not (tmp_path / "number").exists() or not (tmp_path / "number").read_text().strip():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.splitlines()[-1] == "cancelled"
    number = int((tmp_path / "number").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)
    assert not list(tmp_path.glob("tmp.*"))


def test_on_a_terminal_nothing_of_the_moving_line_is_left_by_ctrl_c(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text(f"set -eu\n. '{ROOT}/make/watched.sh'\nwatched x : 0 sleep 300\n")
    with terminal(tmp_path, str(script), program=("/bin/sh",)) as screen:
        screen.until(lambda: " ..  set up    x" in screen.text())
        screen.type("\x03")
        assert screen.end() == 130
        assert screen.text() == "cancelled"
