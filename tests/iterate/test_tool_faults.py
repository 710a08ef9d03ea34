"""What becomes of a file when the disk is full, the process is killed, somebody else writes, or a link is swapped."""

import asyncio
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.iterate.workshop import Workshop, named

from iterate.events import Json
from iterate.tools import files
from iterate.tools.tool import Tool, ToolFailed, Work

pytestmark = pytest.mark.systems("linux")


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for 256 kB; only root may mount one here."""
    folder = tmp_path / "small"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", folder], check=False, capture_output=True
    )
    if done.returncode:
        pytest.skip("this user may not mount")
    yield folder.resolve()
    subprocess.run(["umount", folder], check=True)


@pytest.mark.consumer("mount")
def test_a_full_disk_leaves_the_old_file_and_nothing_beside_it(small_disk: Path) -> None:
    path = small_disk / "a"
    path.write_bytes(b"old\n")
    with pytest.raises(ToolFailed, match="no room left; nothing was changed"):
        files.replace(path, b"old\n", b"x" * 300_000)
    with pytest.raises(ToolFailed, match="no room left"):
        files.replace(small_disk / "new", None, b"x" * 300_000)
    assert path.read_bytes() == b"old\n"
    assert [each.name for each in small_disk.iterdir()] == ["a"]


@pytest.mark.consumer("mount")
def test_a_full_disk_leaves_the_old_file_also_where_it_is_written_in_place(small_disk: Path) -> None:
    path = small_disk / "a"
    path.write_bytes(b"old\n" * 1000)
    (small_disk / "hard").hardlink_to(path)
    with pytest.raises(ToolFailed, match="no room left"):
        files.replace(path, b"old\n" * 1000, b"x" * 300_000)
    assert path.read_bytes() == b"old\n" * 1000


@pytest.mark.processes
def test_a_process_that_is_killed_while_it_writes_leaves_whole_files(tmp_path: Path) -> None:
    path = tmp_path.resolve() / "a"
    texts = [letter * 3_000_000 for letter in (b"a", b"b")]
    path.write_bytes(texts[0])
    code = (
        "import sys; from pathlib import Path; from iterate.tools import files\n"
        "path = Path(sys.argv[1]); texts = [letter * 3_000_000 for letter in (b'a', b'b')]\n"
        "now = texts.index(path.read_bytes()); print('on', flush=True)\n"
        "while True:\n    files.replace(path, texts[now], texts[1 - now]); now = 1 - now\n"
    )
    for number in range(20):
        process = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        with process.stdout:
            process.stdout.readline()
            time.sleep(random.Random(number).uniform(0, 0.05))
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert path.read_bytes() in texts
    # A file gets a name beside the old one only when it is whole, for a moment.
    assert len([each for each in path.parent.iterdir() if each != path]) <= 2


def test_a_link_that_is_swapped_all_the_time_never_leads_out(shop: Workshop) -> None:
    """A stranger's program swaps a folder and a link; what is read and written stays inside, or is refused."""
    out = shop.root.parent / "out"
    out.mkdir()
    (out / "a").write_text("secret\n")
    (shop.root / "real").mkdir()
    (shop.root / "real" / "a").write_text("mine\n")
    (shop.root / "link").symlink_to(out)
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            for source, target in (("real", "here"), ("here", "real"), ("link", "here"), ("here", "link")):
                try:
                    os.rename(shop.root / source, shop.root / target)  # noqa: PTH104
                except OSError:
                    continue

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        for _ in range(300):
            work = shop.work()
            tool = named("read")
            given = tool.decode({"path": "here/a"})
            inside = [need.deed for need in tool.needs(given, work)] == ["read"]
            try:
                text = asyncio.run(_text(tool, given, work))
            except ToolFailed:
                continue
            assert "secret" not in text or not inside
            try:
                shop.run("write", path="here/new", content="x")
            except ToolFailed:
                continue
            finally:
                for new in shop.root.rglob("new"):
                    new.unlink(missing_ok=True)
    finally:
        stop.set()
        thread.join()
    assert (out / "a").read_text() == "secret\n"


async def _text(tool: Tool, given: object, work: Work) -> str:
    return (await tool.run(given, work)).text


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        (
            "bash",
            {"command": "true", "timeout": 1},
            "bash has no argument timeout; there are command, folder, timeout_s",
        ),
        ("question", {"questions": [{"text": "Which?", "options": ["a"]}]}, "no argument questions[0].options"),
        ("edit", {"path": "a", "edits": [{"old_text": "a", "new_text": "b", "all": True}]}, "edits[0].all"),
    ],
)
def test_an_argument_that_there_is_not_is_named_instead_of_passed_over(
    name: str, arguments: dict[str, Json], said: str
) -> None:
    with pytest.raises(ToolFailed, match=re.escape(said)):
        named(name).decode(arguments)
