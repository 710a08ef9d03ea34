"""A process that may write little leaves nothing behind that other processes stumble over."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests import limits
from tests.repository import ROOT, texts

UNDER_A_LIMIT = """
import sys
from tests import limits
sys.path.insert(0, sys.argv[1])
with limits.files_of(100):
    import long
"""


@pytest.mark.systems("linux", "darwin")
def test_what_a_limited_process_imports_is_read_by_the_next(tmp_path: Path) -> None:
    (tmp_path / "long.py").write_text("TEXT = " + repr("x" * 1000) + "\n")
    for code in (UNDER_A_LIMIT, "import sys; sys.path.insert(0, sys.argv[1]); import long"):
        subprocess.run([sys.executable, "-c", code, tmp_path], cwd=ROOT, env={}, check=True)


@contextlib.contextmanager
def idle(environment: dict[str, str]) -> Iterator[int]:
    """A process that does nothing."""
    words = [sys.executable, "-c", "print(flush=True); input()"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as process:
        # Only once it runs does the system say what it was started with.
        assert process.stdout
        process.stdout.readline()
        yield process.pid
        process.communicate(b"\n")


@pytest.mark.systems("linux")
def test_another_process_that_keeps_bytecode_is_not_limited() -> None:
    refused = pytest.raises(ValueError, match="half a")
    with idle({}) as process, refused, limits.files_of(100, process):
        pass
    with idle(limits.KEEPS_NONE) as process, limits.files_of(100, process):
        pass


def test_there_is_one_door_to_limits_on_files() -> None:
    found = [name for name, text in texts(".py") if name.startswith("tests/") and "RLIMIT_" + "FSIZE" in text]
    assert found == ["tests/limits.py"]
