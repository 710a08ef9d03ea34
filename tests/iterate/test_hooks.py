"""Programs that hear of tool calls: what they are told, how they refuse, and that none stays behind."""

import asyncio
import json
import os
import sys
import time
from pathlib import Path

import psutil
import pytest

from iterate.config.sections import Hook
from iterate.project import hooks
from iterate.project.hooks import Answer, Call

CALL = Call(
    event="before",
    session="ses_1",
    call="c1",
    agent="build",
    tool="bash",
    arguments={"command": "rm -rf build"},
    directory="/p",
)


def hook(code: str, *, tools: tuple[str, ...] = ("*",), timeout_s: float = 20.0, after: bool = False) -> Hook:
    return Hook(
        on="after" if after else "before",
        command=(sys.executable, "-I", "-S", "-c", code),
        tools=tools,
        timeout_s=timeout_s,
    )


def ask(folder: Path, *those: Hook, call: Call = CALL) -> Answer:
    return asyncio.run(hooks.ask(those, call, folder, dict(os.environ)))


def test_a_hook_is_told_of_the_call_in_one_line_of_json(tmp_path: Path) -> None:
    answer = ask(tmp_path, hook("import sys; print(sys.stdin.readline(), end='', file=open('told', 'w'))"))
    assert answer == Answer()
    assert json.loads((tmp_path / "told").read_text()) == {
        "event": "before",
        "session": "ses_1",
        "call": "c1",
        "agent": "build",
        "tool": "bash",
        "arguments": {"command": "rm -rf build"},
        "directory": "/p",
    }


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import sys; sys.exit('no ' + 'builds') if 0 else (sys.stderr.write('no builds'), sys.exit(2))", "no builds"),
        ("""print('{"decision": "deny", "message": "not here"}')""", "not here"),
        ("""print('{"decision": "deny"}')""", "refused it"),
        ("raise SystemExit(2)", "refused it"),
        ("raise SystemExit(1)", "broke (exit code 1)"),
        ("import os; os.kill(os.getpid(), 9)", "broke (exit code -9)"),
    ],
)
def test_a_hook_refuses_by_code_or_by_word_or_by_breaking(tmp_path: Path, code: str, message: str) -> None:
    answer = ask(tmp_path, hook(code))
    assert answer.is_refused
    assert message in answer.message


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("pass", ""),
        ("""print('{"decision": "allow", "message": "mind the tests"}')""", "mind the tests"),
        ("""print('{"message": "hm"}')""", "hm"),
        ("print('formatted 3 files')", "formatted 3 files"),
        ("print('[1]')", "[1]"),
    ],
)
def test_a_hook_that_lets_pass_may_say_something_to_the_model(tmp_path: Path, code: str, message: str) -> None:
    assert ask(tmp_path, hook(code)) == Answer(message=message)


def test_only_hooks_of_the_event_and_of_the_tool_hear_of_a_call_and_the_first_refusal_ends_it(tmp_path: Path) -> None:
    note = "open('heard', 'a').write('{} '); raise SystemExit({})"
    those = (
        hook(note.format("edit", 2), tools=("edit",)),
        hook(note.format("after", 2), after=True),
        hook(note.format("ba", 0), tools=("ba*",)),
        hook(note.format("all", 2)),
        hook(note.format("last", 2)),
    )
    assert ask(tmp_path, *those).is_refused
    assert (tmp_path / "heard").read_text() == "ba all "


@pytest.mark.parametrize("command", [("./missing",), ("no-such-program-anywhere",), ("a\0b",), (".",)])
def test_a_hook_that_cannot_start_refuses(tmp_path: Path, command: tuple[str, ...]) -> None:
    answer = ask(tmp_path, Hook(on="before", command=command))
    assert answer.is_refused
    assert "cannot be started" in answer.message


@pytest.mark.systems("linux", "darwin")
def test_a_hook_of_the_project_is_a_path_in_it(tmp_path: Path) -> None:
    program = tmp_path / "tools" / "check"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\npwd\n")
    program.chmod(0o755)
    assert ask(tmp_path, Hook(on="before", command=("tools/check",))).message == str(tmp_path)


def test_a_hook_that_reads_nothing_and_prints_without_end_is_bounded(tmp_path: Path) -> None:
    long = Call(
        **{name: getattr(CALL, name) for name in ("event", "session", "call", "agent", "tool", "directory")},
        arguments={"text": "x" * 5_000_000},
    )
    answer = ask(tmp_path, hook("import sys; sys.stdout.write('y' * 30_000_000)"), call=long)
    assert answer == Answer(message="y" * hooks.LIMIT_WORDS)


@pytest.mark.systems("linux", "darwin")
def test_a_hook_that_takes_too_long_refuses_and_leaves_no_process(tmp_path: Path) -> None:
    code = "import subprocess; p = subprocess.Popen(['sleep', '300']); open('pid', 'w').write(str(p.pid)); p.wait()"
    begun = time.monotonic()
    answer = ask(tmp_path, hook(code, timeout_s=1.5))
    assert answer.is_refused
    assert "did not end in 1.5 s" in answer.message
    assert time.monotonic() - begun < 10
    assert is_gone(int((tmp_path / "pid").read_text()))


@pytest.mark.systems("linux", "darwin")
def test_an_answer_that_is_ended_ends_the_hook_with_all_that_it_started(tmp_path: Path) -> None:
    code = "import subprocess; p = subprocess.Popen(['sleep', '300']); open('pid', 'w').write(str(p.pid)); p.wait()"

    async def cancelled() -> float:
        task = asyncio.create_task(hooks.ask([hook(code)], CALL, tmp_path, dict(os.environ)))
        await asyncio.to_thread(wait_for, tmp_path / "pid")
        begun = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return time.monotonic() - begun

    assert asyncio.run(cancelled()) < 20
    assert is_gone(int((tmp_path / "pid").read_text()))


@pytest.mark.systems("linux", "darwin")
def test_a_hook_that_is_ended_while_it_starts_is_gone_at_once_with_all_that_it_started(tmp_path: Path) -> None:
    seconds = f"301.{os.getpid()}"
    shell = Hook(on="before", command=("sh", "-c", f"sleep {seconds} & sleep {seconds}"), tools=("*",), timeout_s=600.0)

    async def cancelled(turns: int) -> None:
        task = asyncio.create_task(hooks.ask([shell], CALL, tmp_path, dict(os.environ)))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(asyncio.shield(task), 60)

    for turns in range(12):
        asyncio.run(cancelled(turns))
    deadline = time.monotonic() + 60
    while any(seconds in (each.info["cmdline"] or []) for each in psutil.process_iter(["cmdline"])):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def wait_for(file: Path) -> None:
    """Return once something is written there."""
    for _ in range(1000):
        if file.exists() and file.read_text():
            return
        time.sleep(0.02)
    raise TimeoutError(file)


def is_gone(pid: int) -> bool:
    """Whether a process ended, waited for until it did."""
    for _ in range(200):
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.02)
    return False
