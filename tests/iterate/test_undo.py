"""The undo: what is kept, what is put back, what is refused by name, and what survives a kill and a full disk."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from iterate.errors import FilesChangedSince, UndoUnknown, UndoUnusable
from iterate.events import FileChange
from iterate.undo import states
from iterate.undo.keeping import Keeping
from iterate.undo.objects import YOUNG_S
from iterate.undo.undo import Turned, Undo

pytestmark = pytest.mark.systems("linux", "darwin")


class Desk:
    """A project and the undo, of which steps are made."""

    def __init__(self, folder: Path, **bounds: int) -> None:
        self.root = (folder / "project").resolve()
        self.root.mkdir(exist_ok=True)
        self.store = folder / "undo"
        self.undo = Undo(self.store, **bounds)  # type: ignore[arg-type]
        self.changes: list[str] = []
        self.files: tuple[FileChange, ...] = ()
        self.lost: list[str | None] = []

    def step(self, work: Callable[[], object], *paths: str) -> str:
        """One step that says before what it will change."""
        kept = self.undo.change("ses1", f"call{len(self.changes)}", self.root)
        assert isinstance(kept, Keeping)
        self.lost = [kept.keep([self.root / path]) for path in paths]
        work()
        change, self.files = kept.finish()
        self.changes.append(change)
        return change

    def write(self, path: str, content: str | bytes) -> str:
        def work() -> None:
            place = self.root / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content.encode() if isinstance(content, str) else content)

        return self.step(work, path)

    def tree(self) -> dict[str, object]:
        """Everything in the project: content, link or mode of each path."""
        found: dict[str, object] = {}
        for path in sorted(self.root.rglob("*")):
            name = str(path.relative_to(self.root))
            if path.is_symlink():
                found[name] = ("link", str(path.readlink()))
            elif path.is_dir():
                found[name] = ("folder", path.stat().st_mode & 0o7777)
            elif path.is_fifo():
                found[name] = ("pipe", path.stat().st_mode & 0o7777)
            else:
                mode = path.stat().st_mode & 0o7777
                found[name] = (path.read_bytes() if os.access(path, os.R_OK) else b"", mode)
        return found


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_step_is_taken_back_and_brought_back(desk: Desk) -> None:
    (desk.root / "old").write_text("one\n")
    before = desk.tree()
    desk.write("old", "two\n")
    desk.write("new/deep/file", "here\n")
    after = desk.tree()
    turned = desk.undo.revert(desk.changes[::-1])
    assert desk.tree() == before
    assert turned.files == ("new/deep/file", "old")
    desk.undo.unrevert(desk.changes)
    assert desk.tree() == after
    desk.undo.revert(desk.changes)
    assert desk.tree() == before


def test_what_changed_is_told(desk: Desk) -> None:
    (desk.root / "old").write_text("one\ntwo\n")
    (desk.root / "gone").write_text("x\ny\n")

    def work() -> None:
        (desk.root / "old").write_text("one\n2\n3\n")
        (desk.root / "gone").unlink()
        (desk.root / "new").write_text("a\n")

    desk.step(work, "old", "gone", "new")
    assert desk.files == (
        FileChange(path="old", kind="modified", added=2, removed=1),
        FileChange(path="gone", kind="deleted", removed=2),
        FileChange(path="new", kind="added", added=1),
    )


def test_a_step_that_changed_nothing_is_none(desk: Desk) -> None:
    (desk.root / "old").write_text("one\n")
    assert desk.write("old", "one\n") == ""
    assert asyncio.run(desk.undo.change("ses1", "call", desk.root).close()) == ("", ())
    assert desk.undo.of("ses1") == ()


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "f").chmod(0o755),
        lambda root: (root / "f").unlink(),
        lambda root: ((root / "f").unlink(), (root / "f").mkdir(), (root / "f" / "g").write_text("x")),
        lambda root: ((root / "f").unlink(), (root / "f").symlink_to("/etc/passwd")),
        lambda root: (root / "f").write_bytes(bytes(range(256)) * 1000),
        lambda root: ((root / "l").unlink(), (root / "l").symlink_to("elsewhere")),
        lambda root: ((root / "l").unlink(), (root / "l").write_text("no link")),
        lambda root: (root / "d" / "empty").rmdir(),
        lambda root: (root / "d").chmod(0o700),
        lambda root: subprocess.run(["rm", "-rf", root / "d"], check=True),
        lambda root: subprocess.run(["rm", "-rf", root / "d", root / "f", root / "l", root / "p"], check=True),
        lambda root: (subprocess.run(["rm", "-rf", root / "d"], check=True), (root / "d").write_text("now a file")),
        lambda root: (root / "p").unlink(),
        lambda root: (root / "d" / "inner" / "x").rename(root / "d" / "moved"),
    ],
)
def test_every_kind_of_change_is_taken_back_and_brought_back(desk: Desk, change: Callable[[Path], object]) -> None:
    (desk.root / "f").write_text("content\n")
    (desk.root / "l").symlink_to("f")
    (desk.root / "d" / "empty").mkdir(parents=True)
    (desk.root / "d" / "inner").mkdir()
    (desk.root / "d" / "inner" / "x").write_bytes(b"\0binary\xff")
    (desk.root / "d" / "bad \udcff\nname").write_text("odd")
    os.mkfifo(desk.root / "p", 0o600)
    before = desk.tree()
    desk.step(lambda: change(desk.root), "f", "l", "d", "p")
    after = desk.tree()
    assert after != before
    desk.undo.revert(desk.changes)
    assert desk.tree() == before
    desk.undo.unrevert(desk.changes)
    assert desk.tree() == after


def test_a_file_that_somebody_changed_since_is_refused_by_name_and_nothing_is_touched(desk: Desk) -> None:
    for name in ("a", "b", "c"):
        (desk.root / name).write_text("old")
        desk.write(name, "new")
    (desk.root / "b").write_text("mine")
    tree = desk.tree()
    with pytest.raises(FilesChangedSince, match=r"b \(changed since\)") as refused:
        desk.undo.revert(desk.changes)
    assert "a (" not in str(refused.value)
    assert desk.tree() == tree
    turned = desk.undo.revert(desk.changes, leaves_changed=True)
    assert (turned.files, turned.left) == (("a", "c"), ("b",))
    assert [(desk.root / name).read_text() for name in ("a", "b", "c")] == ["old", "mine", "old"]


@pytest.mark.parametrize(
    "since",
    [
        lambda path: path.unlink(),
        lambda path: path.chmod(0o600),
        lambda path: (path.unlink(), path.mkdir()),
        lambda path: (path.unlink(), path.symlink_to("a")),
    ],
)
def test_whatever_somebody_did_since_counts(desk: Desk, since: Callable[[Path], object]) -> None:
    (desk.root / "f").write_text("old")
    (desk.root / "f").chmod(0o644)
    desk.write("f", "new")
    since(desk.root / "f")
    with pytest.raises(FilesChangedSince):
        desk.undo.revert(desk.changes)


def test_what_is_refused_is_told_as_taking_back_or_bringing_back(desk: Desk) -> None:
    desk.write("f", "new")
    (desk.root / "f").write_text("mine")
    with pytest.raises(FilesChangedSince, match=r"^not taken back, because of f "):
        desk.undo.revert(desk.changes)
    (desk.root / "f").write_text("new")
    desk.undo.revert(desk.changes)
    (desk.root / "f").write_text("mine")
    with pytest.raises(FilesChangedSince, match=r"^not brought back, because of f "):
        desk.undo.unrevert(desk.changes)


def test_what_somebody_changed_between_two_steps_is_not_lost(desk: Desk) -> None:
    desk.write("f", "step one")
    (desk.root / "f").write_text("by hand")
    desk.write("f", "step two")
    with pytest.raises(FilesChangedSince):
        desk.undo.revert(desk.changes)
    desk.undo.revert(desk.changes[1:])
    assert (desk.root / "f").read_text() == "by hand"


def test_what_is_already_as_it_was_stands_in_no_way(desk: Desk) -> None:
    (desk.root / "f").write_text("old")
    desk.write("f", "new")
    (desk.root / "f").write_text("old")
    assert desk.undo.revert(desk.changes) == Turned(change="", files=())


def test_a_folder_with_something_of_somebody_else_stays(desk: Desk) -> None:
    desk.write("d/made", "x")
    (desk.root / "d" / "mine").write_text("y")
    desk.undo.revert(desk.changes)
    assert desk.tree().keys() == {"d", "d/mine"}


def test_a_link_in_the_way_is_not_followed(desk: Desk, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    desk.write("d/f", "new")
    (desk.root / "d").rename(desk.root / "e")
    (desk.root / "d").symlink_to(outside)
    (outside / "f").write_text("new")
    with pytest.raises((FilesChangedSince, UndoUnusable)):
        desk.undo.revert(desk.changes)
    assert (outside / "f").read_text() == "new"


def test_what_is_too_large_is_told_and_refused(desk: Desk) -> None:
    with (desk.root / "big").open("wb") as file:
        file.truncate(states.FILE_BYTES + 1)
    desk.write("big", "small")
    assert desk.lost == ["big: longer than 64 MB"]
    assert [each.is_kept for each in desk.files] == [False]
    with pytest.raises(FilesChangedSince, match="longer than 64 MB"):
        desk.undo.revert(desk.changes)


def test_too_much_at_once_is_told(tmp_path: Path) -> None:
    desk = Desk(tmp_path, megabytes=4)
    (desk.root / "d").mkdir()
    for number in range(20):
        (desk.root / "d" / f"{number:02}").write_bytes(os.urandom(100_000))
    desk.step(lambda: subprocess.run(["rm", "-rf", desk.root / "d"], check=True), "d")
    assert desk.lost[0] is not None
    assert "too much at once" in desk.lost[0]
    assert {each.is_kept for each in desk.files} == {True, False}


def test_the_diff_of_a_step_and_of_a_session_is_shown(desk: Desk) -> None:
    (desk.root / "f").write_text("one\ntwo\n")
    desk.write("f", "one\n2\n")
    desk.write("f", "one\n2\nthree")
    desk.write("bin", b"\0\1")
    (desk.root / "x").symlink_to("f")
    assert desk.undo.diff(desk.changes[:1]) == (
        "diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n"
    )
    whole = desk.undo.diff(desk.changes)
    assert "-two\n+2\n+three\n\\ No newline at end of file\n" in whole
    assert "new file mode 100644\nBinary or long files /dev/null and b/bin differ\n" in whole


def test_a_diff_can_be_applied(desk: Desk) -> None:
    (desk.root / "f").write_text("one\ntwo\n\x0cform\nfeed\n")
    desk.write("f", "one\n2\n\x0cform\nfeeds\n")
    desk.write("new", "x\n")
    desk.undo.revert(desk.changes)
    patch = desk.undo.diff(desk.changes)
    subprocess.run(["patch", "-p1", "-s"], cwd=desk.root, input=patch.encode(), check=True)
    assert (desk.root / "f").read_text() == "one\n2\n\x0cform\nfeeds\n"


def test_git_applies_a_diff_with_new_files_links_and_rights(desk: Desk) -> None:
    (desk.root / "run.sh").write_text("one\n")
    (desk.root / "run.sh").chmod(0o644)

    def work() -> None:
        (desk.root / "run.sh").chmod(0o755)
        (desk.root / "new").write_text("x\n")
        (desk.root / "link").symlink_to("new")

    desk.step(work, "run.sh", "new", "link")
    patch = desk.undo.diff(desk.changes)
    desk.undo.revert(desk.changes)
    assert not (desk.root / "new").exists()
    subprocess.run(["git", "apply"], cwd=desk.root, input=patch.encode(), check=True)
    assert (desk.root / "new").read_text() == "x\n"
    assert (desk.root / "link").readlink() == Path("new")
    assert (desk.root / "run.sh").stat().st_mode & 0o777 == 0o755
    subprocess.run(["git", "apply", "-R"], cwd=desk.root, input=patch.encode(), check=True)
    assert [each.name for each in desk.root.iterdir()] == ["run.sh"]


def test_the_repository_is_not_looked_into(desk: Desk) -> None:
    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=desk.root, capture_output=True, text=True, check=True).stdout

    git("init", "-q")
    (desk.root / "f").write_text("old")
    git("add", "f")
    (desk.root / "f").write_text("not staged")
    before = git("status", "--porcelain=v2", "--branch"), (desk.root / ".git" / "index").read_bytes()
    desk.write("f", "new")
    desk.undo.revert(desk.changes)
    assert (desk.root / ".git" / "index").read_bytes() == before[1]
    assert git("status", "--porcelain=v2", "--branch") == before[0]


def test_old_changes_are_forgotten_and_their_contents_go(tmp_path: Path) -> None:
    desk = Desk(tmp_path, megabytes=2)
    for number in range(30):
        desk.write("f", os.urandom(200_000))
        desk.write(f"{number}", "small")
    long_ago = time.time() - 2 * YOUNG_S
    for each in desk.store.glob("objects/??/*"):
        os.utime(each, (long_ago, long_ago))
    desk.undo.tidy()
    assert sum(each.stat().st_size for each in desk.store.glob("objects/??/*")) < 3 << 20
    with pytest.raises(UndoUnknown):
        desk.undo.revert(desk.changes[:1])
    desk.undo.revert(desk.changes[-4:])


def test_changes_that_are_too_old_are_forgotten(tmp_path: Path) -> None:
    desk = Desk(tmp_path, days=1)
    desk.write("f", "x")
    name = desk.changes[0]
    old = f"{int(name[:19]) - 2 * 86_400 * 10**9:019d}{name[19:]}"
    (desk.store / "changes" / name).rename(desk.store / "changes" / old)
    desk.write("g", "y")
    desk.undo.tidy()
    assert desk.undo.of("ses1") == (desk.changes[1],)


@pytest.mark.parametrize("name", ["", ".", "..", "../changes/x", "open", "1" * 30, "a/b"])
def test_a_change_that_never_was_is_unknown(desk: Desk, name: str) -> None:
    desk.write("f", "x")
    with pytest.raises(UndoUnknown):
        desk.undo.revert([name])
    with pytest.raises(UndoUnknown):
        desk.undo.unrevert([name])


def test_a_damaged_record_is_a_forgotten_one(desk: Desk) -> None:
    desk.write("f", "x")
    desk.write("g", "x")
    (desk.store / "changes" / desk.changes[0]).write_bytes(b"\xff\x00garbage")
    assert desk.undo.of("ses1") == (desk.changes[1],)
    with pytest.raises(UndoUnknown):
        desk.undo.diff(desk.changes)


def test_with_no_room_at_all_nothing_is_kept(tmp_path: Path) -> None:
    undo = Undo(tmp_path / "undo", megabytes=0)
    (tmp_path / "f").write_text("old")
    kept = undo.change("ses1", "call", tmp_path)

    async def step() -> tuple[str, tuple[FileChange, ...]]:
        assert await kept.before(tmp_path / "f") is None
        (tmp_path / "f").write_text("new")
        return await kept.close()

    assert asyncio.run(step()) == ("", ())
    assert not (tmp_path / "undo").exists()


@pytest.mark.systems("linux")
def test_a_full_disk_is_told_before_anything_is_changed(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root to make a small disk")
    desk = Desk(tmp_path)
    (desk.root / "f").write_bytes(os.urandom(200_000))
    desk.store.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", desk.store], check=True)
    try:
        with pytest.raises(UndoUnusable, match="No space left"):
            desk.write("f", "new")
        assert (desk.root / "f").stat().st_size == 200_000
    finally:
        subprocess.run(["umount", desk.store], check=True)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.store.write_text("a file")
    with pytest.raises(UndoUnusable):
        desk.write("f", "new")


PUTTING_BACK = """
import sys
from pathlib import Path
from iterate.undo.undo import Undo
undo = Undo(Path(sys.argv[2]))
changes = undo.of("ses1")
print("ready", flush=True)
while True:
    turned = undo.revert(changes)
    undo.revert([turned.change])
"""
MAKING = """
import sys
from pathlib import Path
from iterate.undo.undo import Undo
root, undo = Path(sys.argv[1]), Undo(Path(sys.argv[2]))
print("ready", flush=True)
for step in range(100000):
    kept = undo.change("ses1", f"call{step}", root)
    for number in (step % 7, step % 11, step % 13):
        path = root / f"f{number}"
        kept.keep([path])
        new = path.with_suffix(".new")
        new.write_text(f"step {step}\\n" * 300)
        new.replace(path)
    kept.finish()
"""


def killed(code: str, desk: Desk, after_s: float) -> None:
    """Run this until it is killed."""
    words = [sys.executable, "-c", code, str(desk.root), str(desk.store)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(after_s)
        assert process.poll() is None
        process.send_signal(signal.SIGKILL)


@pytest.mark.processes
@pytest.mark.parametrize("after_s", [random.Random(seed).random() * 0.15 for seed in range(8)])
def test_killed_while_it_puts_back_it_is_completed_at_the_next_start(desk: Desk, after_s: float) -> None:
    names = [f"f{number}" for number in range(40)]
    for name in names:
        (desk.root / name).write_text(f"old {name}\n" * 200)
    before = desk.tree()
    desk.step(lambda: [(desk.root / name).write_text(f"new {name}\n" * 300) for name in names], *names)
    after = desk.tree()
    killed(PUTTING_BACK, desk, after_s)
    for name in names:
        assert desk.tree()[name] in (before[name], after[name]), f"{name} is half-written"
    desk.undo = Undo(desk.store)
    desk.undo.recover()
    assert desk.tree() in (before, after)


@pytest.mark.processes
@pytest.mark.parametrize("after_s", [random.Random(seed).random() * 0.3 for seed in range(8)])
def test_killed_while_it_makes_changes_all_of_them_can_be_taken_back(desk: Desk, after_s: float) -> None:
    for number in range(13):
        (desk.root / f"f{number}").write_text(f"old {number}\n")
    before = desk.tree()
    killed(MAKING, desk, after_s)
    desk.undo = Undo(desk.store)
    desk.undo.recover()
    desk.undo.revert(desk.undo.of("ses1"))
    assert {name: what for name, what in desk.tree().items() if not name.endswith(".new")} == before
    assert list(desk.store.glob("changes/open/*")) == []


def test_changes_come_behind_those_that_were_made_while_the_clock_was_ahead(desk: Desk, tmp_path: Path) -> None:
    first = desk.write("f", "1\n")
    ahead = desk.store / "changes" / "4102444800000000000-00000000"
    ahead.write_bytes(b"")
    desk.undo = Undo(desk.store)
    second, third = desk.write("f", "2\n"), desk.write("f", "3\n")
    assert first < ahead.name < second < third
    # So what a server that was killed left open is older than its next start, and taken back in the right order.
    desk.undo.revert([third, second])
    assert (desk.root / "f").read_text() == "1\n"


@pytest.mark.processes
def test_what_a_killed_process_wrote_beside_a_file_is_removed_and_nothing_else(desk: Desk) -> None:
    (desk.root / "sub").mkdir()
    (desk.root / "sub" / "a").write_text("old")
    code = (
        "import os, sys; from pathlib import Path; from iterate.undo.undo import Undo\n"
        "root, undo = Path(sys.argv[1]), Undo(Path(sys.argv[2]))\n"
        "undo.change('ses1', 'call', root).keep([root / 'sub' / 'a'])\n"
        "for name in ('.iterate-0123456789abcdef', '.iterate-mine', '.iterate-0123456789abcdef.txt'):\n"
        "    (root / 'sub' / name).write_text('new')\n"
        "os._exit(0)\n"
    )
    words = [sys.executable, "-c", code, str(desk.root), str(desk.store)]
    subprocess.run(words, cwd=Path(__file__).parents[2], check=True)
    Undo(desk.store).recover()
    assert sorted(path.name for path in (desk.root / "sub").iterdir()) == [
        ".iterate-0123456789abcdef.txt",
        ".iterate-mine",
        "a",
    ]
