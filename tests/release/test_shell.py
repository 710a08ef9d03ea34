"""Other programs are started through one door, which loses neither their code nor their words."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from release import settings, shell
from release.errors import ProgramFailedError, ProgramNotStartedError, ToolMissingError, WriteError

# A program that starts another one, which writes its number to a file and stays.
PARENT = """\
import pathlib, subprocess, sys, time
stay = "import os, pathlib, sys, time; pathlib.Path(sys.argv[1]).write_text(str(os.getpid())); time.sleep(60)"
child = subprocess.Popen([sys.executable, "-c", stay, sys.argv[1]])
time.sleep(60)
"""


def eventually(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline, "it never became so"
        time.sleep(0.02)


def gone(file: Path) -> bool:
    """Whether the process whose number is in a file has ended."""
    pid = int(file.read_text())
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


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
    assert done.code == shell.KILLED
    with pytest.raises(ProgramFailedError, match="its time was up"):
        raise shell.failed(["sleep"], done)
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


def test_what_a_killed_program_started_ends_with_it(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    done = shell.attempt([sys.executable, "-c", PARENT, file], timeout=3)
    assert done.code == shell.KILLED
    eventually(lambda: gone(file))


@pytest.mark.systems("linux", "darwin")
def test_what_threads_run_ends_when_nobody_waits_for_them_any_more(tmp_path: Path) -> None:
    file, ended = tmp_path / "pid", []

    def work() -> None:
        ended.append(shell.attempt([sys.executable, "-c", PARENT, str(file)]).code)
        ended.append(shell.attempt([sys.executable, "-c", "import time; time.sleep(60)"]).code)

    def pooled() -> None:
        with ThreadPoolExecutor(1, initializer=shell.leashed()) as pool:
            pool.submit(work).result()

    leash = shell.Leash()
    thread = leash.start(pooled)
    eventually(lambda: file.exists() and bool(file.read_text()))
    leash.cut(patience=60)
    assert not thread.is_alive()
    assert ended == [shell.KILLED, shell.KILLED], "neither what ran goes on, nor what was to come"
    eventually(lambda: gone(file))


def test_what_was_printed_before_the_end_is_kept_although_something_holds_the_pipe() -> None:
    code = (
        "import subprocess, sys, time; print('begun', flush=True);"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(15)'], start_new_session=True);"
        "time.sleep(60)"
    )
    start = time.monotonic()
    assert shell.attempt([sys.executable, "-c", code], timeout=2).out.split() == ["begun"]
    assert time.monotonic() - start < 10


def test_a_background_program_takes_along_what_it_started(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    running = shell.start([sys.executable, "-c", PARENT, str(file)], env={}, log=tmp_path / "log")
    eventually(lambda: file.exists() and file.read_text() != "")
    running.stop()
    eventually(lambda: gone(file))


@pytest.mark.systems("linux", "darwin")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP] if os.name == "posix" else [])
@pytest.mark.parametrize(
    "call", ["attempt(words)", "watch(words, cwd=here, env={}, log=here / 'log', tick=lambda seconds: None)"]
)
def test_a_signal_to_the_tool_ends_what_it_started(tmp_path: Path, number: signal.Signals, call: str) -> None:
    file = tmp_path / "pid"
    script = (
        "import pathlib, sys; from release import shell; shell.end_on_signals(); here = pathlib.Path(sys.argv[3]);"
        f"words = [sys.executable, '-c', sys.argv[1], sys.argv[2]]; shell.{call}"
    )
    words = [sys.executable, "-c", script, PARENT, str(file), str(tmp_path)]
    tool = subprocess.Popen(words, stderr=subprocess.DEVNULL)
    try:
        eventually(lambda: file.exists() and file.read_text() != "")
        tool.send_signal(number)
        assert tool.wait(timeout=20) in {128 + number, -number}
    finally:
        tool.kill()
        tool.wait()
    eventually(lambda: gone(file))


@pytest.mark.systems("linux", "darwin")
def test_a_tool_that_is_killed_takes_a_long_program_along(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    script = (
        "import pathlib, sys; from release import shell; here = pathlib.Path(sys.argv[3]);"
        "words = [sys.executable, '-c', sys.argv[1], sys.argv[2]];"
        "shell.watch(words, cwd=here, env={}, log=here / 'log', tick=lambda seconds: None)"
    )
    tool = subprocess.Popen([sys.executable, "-c", script, PARENT, str(file), str(tmp_path)])
    eventually(lambda: file.exists() and file.read_text() != "")
    tool.kill()
    tool.wait()
    eventually(lambda: gone(file))


@pytest.mark.systems("linux", "darwin")
def test_a_long_program_that_others_end_leaves_nothing_behind(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    dies = "\nimport os\nwhile not pathlib.Path(sys.argv[1]).exists(): time.sleep(0.01)\nos.kill(os.getpid(), 9)"
    words = [sys.executable, "-c", PARENT.removesuffix("time.sleep(60)\n") + dies, str(file)]
    code = shell.watch(words, cwd=tmp_path, env={}, log=tmp_path / "log", tick=lambda _seconds: None)
    assert code == shell.KILLED
    eventually(lambda: file.read_text() == "" or gone(file))


@pytest.mark.systems("linux", "darwin")
def test_a_signal_that_strikes_while_a_program_is_started_is_answered_when_it_is_known() -> None:
    script = (
        "import os, signal; from release import shell; shell.end_on_signals(); waiting = shell._signals\n"
        "waiting.hold(); os.kill(os.getpid(), signal.SIG{}); print('still here', flush=True)\n"
        "waiting.release(); print('never')"
    )
    for name, code in (("TERM", 143), ("INT", -2)):
        done = subprocess.run([sys.executable, "-c", script.format(name)], capture_output=True, text=True, check=False)
        assert (done.stdout, done.returncode) == ("still here\n", code)


@pytest.mark.systems("linux", "darwin")
def test_a_signal_that_is_ignored_from_the_start_stays_ignored() -> None:
    script = (
        "import signal; from release import shell; signal.signal(signal.SIGHUP, signal.SIG_IGN);"
        "shell.end_on_signals(); print(signal.getsignal(signal.SIGHUP) is signal.SIG_IGN)"
    )
    assert shell.run([sys.executable, "-c", script]) == "True\n"


def test_a_variable_can_be_taken_away() -> None:
    code = "import os; print('PATH' in os.environ, os.environ.get('COLOUR'))"
    assert shell.run([sys.executable, "-c", code], env={"COLOUR": None}) == "True None\n"


@pytest.mark.systems("linux", "darwin")
def test_a_program_that_may_not_run_is_named_with_the_reason(tmp_path: Path) -> None:
    plain, foreign, orphan = (tmp_path / name for name in ("plain", "foreign", "orphan"))
    plain.write_text("not a program")
    foreign.write_bytes(b"\x7fELF of another machine")
    orphan.write_text("#!/no/such/interpreter\n")
    foreign.chmod(0o755)
    orphan.chmod(0o755)
    with pytest.raises(ProgramNotStartedError, match="plain' could not be started: Permission denied"):
        shell.attempt([plain])
    with pytest.raises(ProgramNotStartedError, match="format error") as raised:
        shell.attempt([foreign])
    assert "another kind of machine" in raised.value.hint
    with pytest.raises(ProgramNotStartedError, match="interpreter that it names is not there"):
        shell.attempt([orphan])
    with pytest.raises(WriteError, match="no folder"):
        shell.attempt([sys.executable, "-c", ""], cwd=tmp_path / "nowhere")


@pytest.mark.systems("linux")
def test_a_noexec_file_system_is_called_by_its_name(tmp_path: Path) -> None:
    # In a mount namespace of its own: nothing of this machine changes.
    script = (
        "import pathlib, sys; from release import shell; program = pathlib.Path(sys.argv[1]) / 'otter';"
        "program.write_text('#!/bin/sh\\n'); program.chmod(0o755); shell.attempt([program])"
    )
    inside = 'mount -t tmpfs -o noexec none "$1" || exit 77; exec "$2" -c "$3" "$1"'
    alone = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"])]
    words = [*alone, "sh", "-c", inside, "sh", str(tmp_path), sys.executable, script]
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("needs unshare")
    if "ProgramNotStartedError" not in done.stderr and (done.returncode == 77 or "unshare" in done.stderr):
        pytest.skip("needs the right to mount in a namespace")
    assert f"could not be started: the file system of {tmp_path} is mounted noexec" in done.stderr


def test_a_folder_that_is_not_there_forbids_nothing(tmp_path: Path) -> None:
    assert not shell.forbids_programs(tmp_path / "no such folder")
    assert not shell.forbids_programs(Path(sys.executable).parent)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, "localhost,127.0.0.1,::1"),
        ({"no_proxy": "intranet, .corp"}, "intranet,.corp,localhost,127.0.0.1,::1"),
        ({"NO_PROXY": "a", "no_proxy": "b,127.0.0.1"}, "a,b,127.0.0.1,localhost,::1"),
        ({"NO_PROXY": "*"}, "*"),
        ({"NO_PROXY": "a", "no_proxy": " * "}, "*"),
    ],
)
@pytest.mark.systems("linux", "darwin")
def test_no_proxy_is_asked_for_loopback_addresses(given: dict[str, str], wanted: str) -> None:
    found = settings.without_loopback_proxies({"http_proxy": "http://10.0.0.1:1", **given})
    assert found == {"http_proxy": "http://10.0.0.1:1", "NO_PROXY": wanted, "no_proxy": wanted}


def test_what_is_started_sees_the_exception_in_its_environment() -> None:
    code = "import os; print('127.0.0.1' in os.environ['NO_PROXY'])"
    assert shell.run([sys.executable, "-c", code]) == "True\n"
