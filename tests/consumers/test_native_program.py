"""A program compiled by the tool: another project than ours, twice, and our own under its limits."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from tests.consumers.conftest import Compiled, in_home, release, unpacked
from tests.iterate.replaying import replay_beside, transcript
from tests.release import project

from iterate.errors import OutputFailed

FULL = OutputFailed.exit_code

pytestmark = [pytest.mark.native, pytest.mark.consumer("gcc")]


def test_another_project_compiles_and_looks_at_itself_as_under_python(otter: Path, tmp_path: Path) -> None:
    program = unpacked(otter, tmp_path)
    done = subprocess.run([program, "look"], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "stamp dev 40 linux-x64-baseline",
        "signature (a: int, *, b: str = 'x') -> int",
        "kinds True True",
        "async True",
        "states GEN_CREATED GEN_SUSPENDED GEN_CLOSED",
        "coroutine CORO_CREATED",
        "awaited 1",
        "hints ['a', 'b', 'return']",
        "module otter.main otter.main.look.<locals>.Box[int]",
        "values look.<locals>.Point(x=1, y=2) [3]",
        "typer me True",
    ]


def test_a_program_that_needs_neither_inspect_nor_typing_does_not_load_them(otter: Path, tmp_path: Path) -> None:
    program = unpacked(otter, tmp_path)
    out = subprocess.run([program, "modules"], capture_output=True, text=True, check=True).stdout
    count, postponed = out.split()
    assert postponed == "True"
    assert int(count) < 60


def test_it_runs_through_a_symlink_from_another_folder(otter: Path, tmp_path: Path) -> None:
    link = tmp_path / "bin" / "otter"
    link.parent.mkdir()
    link.symlink_to(unpacked(otter, tmp_path / "x"))
    done = subprocess.run([link, "look"], cwd="/", capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr


def test_the_same_commit_compiles_to_the_same_bytes_in_another_folder(otter: Path, tmp_path: Path) -> None:
    project.git(tmp_path, "clone", "-q", str(otter), "a-clone-with-a-longer-name")
    clone = tmp_path / "a-clone-with-a-longer-name"
    release(clone, "build", "--target", "linux-x64-baseline", "--channel", "dev")
    digests = [
        json.loads(next((folder / "dist" / "artifacts").glob("*.json")).read_text())["artifacts"][0]["sha256"]
        for folder in (otter, clone)
    ]
    assert digests[0] == digests[1]


def test_no_path_of_the_building_machine_is_in_the_program(otter: Path, tmp_path: Path) -> None:
    program = unpacked(otter, tmp_path)
    files = [path for path in program.parent.rglob("*") if path.is_file()]
    left = [path.name for path in files if str(otter).encode() in path.read_bytes()]
    assert not left


def test_a_broken_program_is_refused_with_what_it_printed(tmp_path: Path) -> None:
    folder = project.make(tmp_path)
    (folder / "src" / "otter" / "main.py").write_text('def main() -> int:\n    print("9.9.9")\n    return 0\n')
    project.commit(folder, "wrong version")
    done = project.command(folder, "build", "--target", "linux-x64-baseline", "--channel", "dev")
    assert done.returncode == 25, done.stderr
    assert "printed '9.9.9\\n'" in done.stderr
    assert not list((folder / "dist").glob("artifacts/*"))


def test_a_build_that_is_told_to_end_leaves_no_compiler_running(tmp_path: Path) -> None:
    folder, mark = project.make(tmp_path / "otter"), {"MARKED_BY_A_TEST": str(tmp_path)}

    def running() -> dict[int, str]:
        found = {}
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if mark.items() <= process.environ().items() and process.status() != psutil.STATUS_ZOMBIE:
                    found[process.pid] = process.name()
        return found

    words = [sys.executable, "-m", "release", "build", "--target", "linux-x64-baseline", "--channel", "dev"]
    with (tmp_path / "log").open("wb") as log:
        tool = subprocess.Popen(words, cwd=folder, env={**os.environ, **mark}, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 300
        while "cc1" not in running().values():
            assert tool.poll() is None, (tmp_path / "log").read_text()
            assert time.monotonic() < deadline, "the C compiler never began"
        tool.terminate()
        assert tool.wait(timeout=60) == 128 + signal.SIGTERM
        deadline = time.monotonic() + 60
        while left := running():
            assert time.monotonic() < deadline, left
    finally:
        tool.kill()
        tool.wait()


def test_our_archive_and_tree_stay_under_their_limits(compiled: Compiled, program: Path) -> None:
    assert compiled.archive(compiled.newer).stat().st_size < 18_000_000
    assert sum(path.stat().st_size for path in program.parent.rglob("*") if path.is_file()) < 60_000_000


@pytest.mark.parametrize(
    ("command", "code", "output", "complaint"),
    [
        ("run hello <&-", 0, b"hello\n", b""),
        ("run hello < /", 0, b"hello\n", b""),
        ("run - < /", 2, b"", b"error: standard input is closed, or a folder"),
        ("run - <&-", 2, b"", b"error: standard input is closed, or a folder"),
        ("run hello >&-", FULL, b"", b"error: the output is closed"),
        ("--version >&-", FULL, b"", b"error: the output is closed"),
        ("run hello 2>&-", 0, b"hello\n", b""),
        ("run hello <&- >&- 2>&-", FULL, b"", b""),
        ("run hello >/dev/full", FULL, b"", b"error: cannot write the output: No space left on device"),
        ("--version >/dev/full", FULL, b"", b"error: cannot write the output: No space left on device"),
    ],
)
def test_closed_and_full_descriptors_are_said(
    program: Path, tmp_path: Path, command: str, code: int, output: bytes, complaint: bytes
) -> None:
    env = in_home(tmp_path)
    try:
        done = subprocess.run(
            ["bash", "-c", f"{program} {command}"], env=env, check=False, capture_output=True, timeout=60
        )
        assert (done.returncode, done.stdout) == (code, output)
        assert done.stderr.startswith(complaint)
        assert b"Traceback" not in done.stderr
    finally:
        subprocess.run([program, "server", "stop"], env=env, check=True, capture_output=True, timeout=60)


def test_our_server_stays_small_when_idle(program: Path, tmp_path: Path) -> None:
    env = in_home(tmp_path)
    try:
        subprocess.run([program, "run", "hello"], env=env, check=True, capture_output=True, timeout=60)
        (file,) = (tmp_path / ".local" / "state").glob("*/server.json")
        found = json.loads(file.read_text())
        status = Path(f"/proc/{found['pid']}/status").read_text()
        match = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert match
        assert int(match[1]) < 70_000
        held, mapped = _of_itself(found["pid"])
        assert held < mapped / 2, "it went through all of its modules, and gave nothing back"
    finally:
        subprocess.run([program, "server", "stop"], env=env, check=True, capture_output=True, timeout=60)


def _of_itself(pid: int) -> tuple[int, int]:
    """Kilobytes of the program's own data, where its modules lie, that a process holds, and all of them."""
    held = mapped = 0
    is_own = False
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        if re.match("[0-9a-f]+-", line):
            is_own = line.endswith("/iterate") and " r--p " in line
        elif is_own and line.startswith("Rss:"):
            held += int(line.split()[1])
        elif is_own and line.startswith("Size:"):
            mapped += int(line.split()[1])
    return held, mapped


def test_our_program_asks_a_model_over_http(program: Path, tmp_path: Path) -> None:
    # What the HTTP client and its TLS are made of is found by name, and asks for its own version.
    config = tmp_path / ".config" / "iterate" / "config.toml"
    config.parent.mkdir(parents=True)
    env = in_home(tmp_path)
    with replay_beside(transcript("chat-text.sse")) as server:
        config.write_text(f'[providers.acme]\nbase_url = "{server.url}/v1"\n')
        words = [str(program), "run", "--model", "acme/m", "hi"]
        try:
            done = subprocess.run(words, env=env, check=False, capture_output=True, text=True, timeout=60)
            assert (done.returncode, done.stdout) == (0, "Grüß dich 👋\n"), done.stderr
        finally:
            subprocess.run([program, "server", "stop"], env=env, check=True, capture_output=True, timeout=60)
