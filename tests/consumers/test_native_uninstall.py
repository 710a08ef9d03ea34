"""The compiled program removes itself: whole, and from where it was stopped in the middle."""

import json
import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from tests.consumers.conftest import TARGET, Compiled
from tests.ending import ending

pytestmark = [pytest.mark.native, pytest.mark.consumer("gcc"), pytest.mark.systems("linux")]

KILLS = 12
# What a removal takes here at most, in seconds; it is killed somewhere in it.
LONGEST_S = 0.6


def installed(compiled: Compiled, home: Path) -> Path:
    """Both versions as the installer puts them, in a home where the newer one was used; the command."""
    folder = home / ".local" / "bin"
    program = folder
    for version in (compiled.older, compiled.newer):
        tree = folder / ".iterate" / version
        tree.mkdir(parents=True)
        shutil.unpack_archive(compiled.archive(version), tree, filter="data")
        (program,) = tree.glob("*/iterate/iterate")
        receipt = {"schema": 1, "name": "iterate", "method": "self", "channel": "dev", "stream": "dev"}
        program.with_name("install-receipt.json").write_text(json.dumps(receipt | {"version": version}))
    (folder / "iterate").symlink_to(program.relative_to(folder))
    (folder / ".iterate" / "previous").symlink_to(compiled.older)
    (home / ".profile").write_text(
        'before\n# >>> iterate >>>\nexport PATH="$HOME"\'/.local/bin\':"$PATH"\n# <<< iterate <<<\nafter\n'
    )
    return folder / "iterate"


def environment(home: Path) -> dict[str, str]:
    return {
        "HOME": str(home),
        "PATH": f"{home / '.local' / 'bin'}:{os.environ['PATH']}",
        "LANG": "C.UTF-8",
        "ITERATE_MODEL": "echo/echo",
    }


def run(command: Path, home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [command, *words], env=environment(home), capture_output=True, text=True, check=False, timeout=60
    )


def left(home: Path) -> list[str]:
    return sorted(path.relative_to(home).as_posix() for path in home.rglob("*") if not path.is_dir())


def test_it_removes_itself_and_says_what_is_left(compiled: Compiled, tmp_path: Path) -> None:
    command = installed(compiled, tmp_path)
    assert run(command, tmp_path, "run", "hello").stdout == "hello\n"
    dry = run(command, tmp_path, "uninstall", "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert "2 versions, " in dry.stdout
    done = run(command, tmp_path, "uninstall", "--yes")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / ".profile").read_text() == "before\nafter\n"
    assert not os.path.lexists(command)
    assert not (command.parent / ".iterate").exists()
    assert f"left  {tmp_path}/.local/share/iterate-dev: sessions" in done.stdout
    assert (tmp_path / ".local" / "share" / "iterate-dev" / "iterate.db").exists()


def test_purge_leaves_nothing_of_ours(compiled: Compiled, tmp_path: Path) -> None:
    command = installed(compiled, tmp_path)
    run(command, tmp_path, "run", "hello")
    done = run(command, tmp_path, "uninstall", "--purge", "--yes", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["left"] == []
    assert left(tmp_path) == [".profile"]


def test_killed_at_any_moment_a_second_run_finishes(compiled: Compiled, tmp_path: Path) -> None:
    chance = random.Random(TARGET)
    for number in range(KILLS):
        home = tmp_path / str(number)
        command = installed(compiled, home)
        with ending(
            subprocess.Popen(
                [command, "uninstall", "--purge", "--yes"],
                env=environment(home),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        ) as child:
            time.sleep(chance.uniform(0.05, LONGEST_S))
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            if os.path.lexists(command):
                done = run(command, home, "uninstall", "--purge", "--yes")
                assert done.returncode == 0, done.stderr
                assert left(home) == [".profile"]
            else:
                assert all(name == ".profile" or "/.iterate/" in name for name in left(home))
            shutil.rmtree(home)
