"""Taking the changes of a command that is killed in the middle: the next start completes it."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from iterate.sandbox import merging
from iterate.sandbox.layer import Layer

pytestmark = [pytest.mark.processes, pytest.mark.systems("linux")]

MERGING = """
import sys
from pathlib import Path
from tests.iterate.test_merging import merge_for_ever
merge_for_ever(Path(sys.argv[1]), Path(sys.argv[2]))
"""
COUNT = 60


def layer_of(root: Path, scratch: Path, word: str) -> Layer:
    """A layer in which each file says this word, and some are gone or new."""
    layer = Layer.make(scratch, root)
    upper = layer.folder / "upper"
    for number in range(COUNT):
        (upper / f"f{number}").write_text(f"{word}\n" * 500)
    return layer


def merge_for_ever(root: Path, scratch: Path) -> None:
    print("ready", flush=True)
    for step in range(100000):
        layer = layer_of(root, scratch, f"step {step}")
        merging.merge(layer, layer.changes())


@pytest.mark.parametrize("after_s", [random.Random(seed).random() * 0.3 for seed in range(8)])
def test_killed_while_it_is_made_real_it_is_completed_at_the_next_start(tmp_path: Path, after_s: float) -> None:
    root, scratch = tmp_path / "project", tmp_path / "layers"
    root.mkdir()
    words = [sys.executable, "-c", MERGING, str(root), str(scratch)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(after_s + 0.05)
        process.send_signal(signal.SIGKILL)
    for path in root.glob("f*"):
        assert len(set(path.read_text().splitlines())) == 1, "half-written"
    merging.recover(scratch)
    assert len({path.read_text() for path in root.glob("f*")}) <= 1
    assert not list(root.glob(".iterate-*"))
    assert list(scratch.glob("*")) == []


def test_recovery_leaves_alone_what_somebody_changed_since(tmp_path: Path) -> None:
    root, scratch = tmp_path / "project", tmp_path / "layers"
    root.mkdir()
    (root / "f0").write_text("old")
    code = (
        "import sys; from pathlib import Path; import os; from tests.iterate.test_merging import layer_of;"
        "from iterate.sandbox import merging; layer = layer_of(Path(sys.argv[1]), Path(sys.argv[2]), 'new');"
        "changes = layer.changes(); merging.write(layer, changes)"
    )
    subprocess.run([sys.executable, "-c", code, str(root), str(scratch)], cwd=Path(__file__).parents[2], check=True)
    (root / "f0").write_text("by hand")
    assert merging.recover(scratch) == [root]
    assert (root / "f0").read_text() == "by hand"
    assert (root / "f1").read_text().startswith("new")
    assert list(scratch.glob("*")) == []


@pytest.mark.parametrize(("ahead_s", "is_foreign"), [(0, True), (600, True), (86_400, False)])
def test_what_changed_before_the_clock_was_put_back_is_not_taken_for_a_change_of_now(
    tmp_path: Path,
    ahead_s: int,
    is_foreign: bool,  # noqa: FBT001  # From the table.
) -> None:
    for folder, content in (("layer/upper", "new"), ("project", "old")):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "f").write_text(content)
    changed = (tmp_path / "project" / "f").stat().st_ctime_ns
    began = changed - ahead_s * 1_000_000_000
    layer = Layer(tmp_path / "layer", tmp_path / "project", began, lambda: began + 1)
    assert [each.is_foreign for each in layer.changes()] == [is_foreign]
