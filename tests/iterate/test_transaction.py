"""A command as a transaction: exactly what it changed is shown, taken or thrown away, and undone."""

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.iterate.conftest import eventually
from tests.iterate.shells import Bench
from tests.iterate.test_undo import Desk

from iterate.sandbox.ground import refusal
from iterate.tools import bash
from iterate.tools.bash import Bash
from iterate.tools.tool import Result, Shell

pytestmark = [pytest.mark.processes, pytest.mark.systems("linux")]

KEEP, SHOW = Shell(mode="keep"), Shell(mode="show")


class Stage(Desk):
    """A project with an undo and a shell."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        (folder / "outputs").mkdir()
        self.bench = Bench(root=self.root, outputs=(folder / "outputs").resolve())
        self.given: list[Result] = []

    def bash(self, command: str, shell: Shell = KEEP, **more: object) -> Result:
        kept = self.undo.change("ses1", f"call{len(self.given)}", self.root)
        result = asyncio.run(bash.run(Bash(command=command, **more), self.bench.work(shell, kept)))  # type: ignore[arg-type]
        self.given.append(result)
        self.changes += [result.change] if result.change else []
        return result

    @property
    def layers(self) -> list[Path]:
        return list((self.bench.outputs.parent / "layers").glob("*"))


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    made = Stage(tmp_path)
    if not bash.can(made.bench.work()).has_overlay:
        pytest.skip("needs user namespaces and overlayfs")
    return made


def plainly(command: str, root: Path) -> None:
    subprocess.run(["bash", "-c", command], cwd=root, check=False, capture_output=True)


def furnish(root: Path) -> None:
    """A project with something of everything."""
    for number in range(12):
        (root / "src").mkdir(exist_ok=True)
        (root / "src" / f"f{number}.txt").write_text(f"content {number}\n")
    (root / "deep" / "er" / "est").mkdir(parents=True)
    (root / "deep" / "er" / "est" / "x").write_bytes(b"\0\1\2")
    (root / "empty").mkdir()
    (root / "link").symlink_to("src/f1.txt")
    (root / "dangling").symlink_to("nowhere")
    (root / "script").write_text("#!/bin/sh\n")
    (root / "script").chmod(0o755)
    (root / "closed").mkdir()
    (root / "closed" / "in").write_text("in")
    (root / "closed").chmod(0o555)
    (root / "odd \udcff\n,:name").write_text("odd")


COMMANDS = [
    "echo new > src/new.txt",
    "echo more >> src/f1.txt; sed -i s/content/text/ src/f2.txt",
    "rm -rf src/f1*",
    "rm -rf src",
    "rm -rf src; mkdir src; echo x > src/f1.txt",
    "rm -rf src; echo file > src",
    "rm link; mkdir link; echo x > link/y",
    "mv src/f1.txt src/moved.txt",
    "mv deep elsewhere",
    "mv src/f1.txt deep/er/est/; mv deep/er/est up",
    "chmod 600 src/f3.txt; chmod 700 deep; chmod +x src/f4.txt",
    "ln -sfn src/f9.txt link; ln -s a/b c",
    "rm dangling; ln -s other dangling",
    "ln src/f1.txt hard; ln src/f1.txt src/hard2; echo y >> hard",
    "mkfifo pipe; mkdir -p a/b/c/d",
    "rmdir empty; mkdir empty2",
    "truncate -s 0 src/f5.txt; : > src/f6.txt; dd if=/dev/zero of=big bs=1M count=3",
    "chmod u+w closed; rm closed/in; chmod 555 closed",
    "mkdir made; echo x > made/f; chmod 000 made/f; chmod 500 made",
    "chmod -R u+w closed && rm -rf closed",
    "rm 'odd '*; echo x > $'bad\\xfe\\tname'",
    "cp -a src copy; rm -rf src; mv copy src",
    "tar cf t.tar src; rm -rf src; tar xf t.tar; rm t.tar",
    "git init -q; git add -A; git -c user.name=a -c user.email=a@b commit -qm first; echo z > src/f1.txt",
    "python3 -c \"import os,mmap; f=open('src/f7.txt','r+b'); m=mmap.mmap(f.fileno(),0); m[0:3]=b'MAP'; m.flush()\"",
    "find . -name '*.txt' -delete; find . -type d -empty -delete",
    "for i in $(seq 300); do echo $i > n$i; done; rm n1*",
    "touch -d @1000000000 src/f8.txt; touch src/f9.txt",
    "exit 0",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_it_is_as_if_the_command_had_run_plainly_and_is_undone_exactly(
    stage: Stage, tmp_path: Path, command: str
) -> None:
    other = tmp_path / "other"
    for root in (stage.root, other):
        root.mkdir(exist_ok=True)
        furnish(root)
    before = stage.tree()
    stage.bash(command)
    plainly(command, other)
    twin = Desk.__new__(Desk)
    twin.root = other
    expected, found = twin.tree(), stage.tree()
    history = ".git/"
    assert {n: w for n, w in found.items() if not n.startswith(history)} == {
        n: w for n, w in expected.items() if not n.startswith(history)
    }
    assert {n for n in found if "objects" not in n} == {n for n in expected if "objects" not in n}
    assert not stage.layers
    after = {n: w for n, w in found.items() if not n.startswith(".git")}
    if stage.changes:
        stage.undo.revert(stage.changes)
        assert {n: w for n, w in stage.tree().items() if not n.startswith(".git")} == before
        stage.undo.unrevert(stage.changes)
        assert {n: w for n, w in stage.tree().items() if not n.startswith(".git")} == after


ATTRIBUTES = """
import os
os.setxattr("src/f1.txt", "user.a", b"new")
os.setxattr("deep", "user.b", b"new")
os.removexattr("src/f2.txt", "user.had")
open("src/f3.txt", "a").write("more")
os.mkdir("made")
os.setxattr("made", "user.c", b"new")
if os.geteuid() == 0:
    os.chown("src/f4.txt", 1234, 1235)
    os.chown("made", 1234, 1235)
    os.chown("link", 1234, 1235, follow_symlinks=False)
"""


def marked(root: Path) -> dict[str, object]:
    """Attributes and owner of each path."""
    found: dict[str, object] = {}
    for path in sorted(root.rglob("*")):
        status = path.lstat()
        names = os.listxattr(path, follow_symlinks=False)
        extended = {name: os.getxattr(path, name, follow_symlinks=False) for name in names if name.startswith("user.")}
        found[str(path.relative_to(root))] = (status.st_uid, status.st_gid, extended)
    return found


def test_attributes_and_owners_come_through_and_are_undone_exactly(stage: Stage, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for root in (stage.root, other):
        furnish(root)
        try:
            for name in ("src/f2.txt", "src/f3.txt"):
                os.setxattr(root / name, "user.had", b"old")
        except OSError:
            pytest.skip("needs a file system with attributes")
    before = marked(stage.root)
    (tmp_path / "change.py").write_text(ATTRIBUTES)
    command = f"{sys.executable} {tmp_path / 'change.py'}"
    assert stage.bash(command).text.startswith("[exit code 0]")
    plainly(command, other)
    after = marked(stage.root)
    assert after == marked(other)
    assert after != before
    stage.undo.revert(stage.changes)
    assert marked(stage.root) == before
    stage.undo.unrevert(stage.changes)
    assert marked(stage.root) == after


def test_a_commit_comes_through(stage: Stage) -> None:
    plainly(
        "git init -q; git config user.name a; git config user.email a@b; echo 1 > f; git add f; git commit -qm one",
        stage.root,
    )
    told = stage.bash("echo 2 > f; git commit -qam two && git log --oneline | wc -l; git status --porcelain")
    assert told.text.startswith("2\n")
    log = subprocess.run(["git", "log", "--format=%s"], cwd=stage.root, capture_output=True, text=True, check=True)
    assert log.stdout == "two\none\n"
    assert subprocess.run(["git", "fsck", "--strict"], cwd=stage.root, capture_output=True, check=True).returncode == 0
    assert {each.path: each.is_kept for each in told.changes} == {"f": True, ".git": False}
    assert "the undo leaves alone" in told.text
    stage.undo.revert(stage.changes)
    assert (stage.root / "f").read_text() == "1\n"
    status = subprocess.run(
        ["git", "status", "--porcelain"], cwd=stage.root, capture_output=True, text=True, check=True
    )
    assert status.stdout == " M f\n"


def test_nothing_is_real_while_the_command_runs(stage: Stage) -> None:
    (stage.root / "f").write_text("old")

    async def seen() -> str:
        kept = stage.undo.change("ses1", "call", stage.root)
        work = stage.bench.work(KEEP, kept)
        task = asyncio.create_task(bash.run(Bash(command="echo new > f; echo done; sleep 0.5"), work))
        await asyncio.to_thread(eventually, lambda: bool(stage.bench.shown))
        during = (stage.root / "f").read_text()
        await task
        return during

    assert asyncio.run(seen()) == "old"
    assert (stage.root / "f").read_text() == "new\n"


def test_shown_first_it_is_a_list_and_a_diff_and_can_be_refused(stage: Stage) -> None:
    (stage.root / "f").write_text("one\ntwo\n")
    (stage.root / "gone").write_text("bye\n")
    before = stage.tree()
    stage.bench.person.is_allowed = False
    told = stage.bash("echo 2 >> f; rm gone; mkdir d; echo x > d/new; echo said", SHOW)
    ((needs, why, preview),) = stage.bench.person.seen
    assert [(need.subject, need.is_grave) for need in needs[:-1]] == [("d/new", False), ("f", False), ("gone", False)]
    assert needs[-1].is_grave
    assert "shown before it is real" in why
    assert preview.startswith("changed:\nA d/\nA d/new\nM f\nD gone\n")
    assert "--- a/f\n+++ b/f\n@@ -1,2 +1,3 @@\n one\n two\n+2\n" in preview
    assert "deleted file mode 100644\n--- a/gone\n+++ /dev/null\n@@ -1 +0,0 @@\n-bye\n" in preview
    assert stage.tree() == before
    assert told.is_error
    assert told.text.startswith("said\n")
    assert "thrown away and the project is as before (shown before it is real): not today" in told.text
    assert (told.change, stage.layers) == ("", [])
    stage.bench.person.is_allowed = True
    stage.bash("rm gone", SHOW)
    assert stage.tree().keys() == {"f"}


def test_a_command_that_changes_nothing_asks_nothing(stage: Stage) -> None:
    (stage.root / "f").write_text("x")
    assert stage.bash("cat f; touch -d @1000000000 f", SHOW).text == "x\n[exit code 0]"
    assert stage.bench.person.seen == []
    assert (stage.root / "f").stat().st_mtime == 1000000000


@pytest.mark.parametrize("is_allowed", [True, False])
def test_what_somebody_else_changed_meanwhile_asks_by_name(stage: Stage, is_allowed: bool) -> None:  # noqa: FBT001
    for name in ("mine", "theirs", "removed"):
        (stage.root / name).write_text("old")
    stage.bench.person.is_allowed = is_allowed

    async def meet() -> Result:
        kept = stage.undo.change("ses1", "call", stage.root)
        work = stage.bench.work(KEEP, kept)
        command = "echo theirs >> theirs; echo x > mine; echo begun; sleep 0.4; echo y > new; rm removed"
        task = asyncio.create_task(bash.run(Bash(command=command), work))
        await asyncio.to_thread(eventually, lambda: bool(stage.bench.shown))
        (stage.root / "mine").write_text("by hand")
        (stage.root / "new").write_text("by hand too")
        (stage.root / "removed").write_text("by hand as well")
        (stage.root / "free").write_text("nobody minds")
        return await task

    told = asyncio.run(meet())
    ((_, why, _),) = stage.bench.person.seen
    assert "changed by somebody else while the command ran: mine, new, removed" in why
    if is_allowed:
        assert (stage.root / "mine").read_text() == "x\n"
        assert not (stage.root / "removed").exists()
        stage.undo.revert([told.change])
    assert (stage.root / "mine").read_text() == "by hand"
    assert (stage.root / "new").read_text() == "by hand too"
    assert (stage.root / "removed").read_text() == "by hand as well"
    assert (stage.root / "theirs").read_text() == "old"
    assert (stage.root / "free").read_text() == "nobody minds"


def test_what_somebody_changes_while_the_person_thinks_is_refused_by_name(stage: Stage) -> None:
    (stage.root / "f").write_text("old")
    stage.bench.person.meanwhile = lambda: (stage.root / "f").write_text("by hand")
    told = stage.bash("echo x > f", SHOW)
    assert "somebody changed f meanwhile" in told.text
    assert (stage.root / "f").read_text() == "by hand"


def test_what_it_changed_is_judged_by_the_rules_about_editing(stage: Stage) -> None:
    plainly("git init -q", stage.root)
    commands = "echo x > a; mkdir d; git config user.name b; echo y > .git/hooks/pre-commit; git add a; touch .git/HEAD"
    stage.bash(f"{commands}; cp .git/hooks/pre-commit .git/hooks/new.sample; rm .git/hooks/update.sample")
    ((needs, why, preview),) = stage.bench.person.seen
    assert [(need.deed, need.subject, need.via) for need in needs] == [
        ("edit", name, "") for name in (".git/config", ".git/hooks/pre-commit", "a")
    ]
    assert why == ""
    assert "+++ b/a\n" in preview
    before = stage.tree()
    stage.bench.person.is_allowed = False
    told = stage.bash("echo z > a")
    assert told.text.endswith("thrown away and the project is as before: not today]")
    assert stage.tree() == before


def test_files_that_nothing_is_kept_of_ask_first(stage: Stage) -> None:
    with (stage.root / "huge").open("wb") as file:
        file.truncate(65 << 20)
    stage.bench.person.is_allowed = False
    told = stage.bash("rm huge")
    assert "not kept for the undo: huge: longer than 64 MB" in stage.bench.person.seen[0][1]
    assert (stage.root / "huge").exists()
    assert told.is_error


@pytest.mark.parametrize(
    "command", ["rm -rf .git", "rm -rf .git/objects .git/refs", "rm -rf .git; git init -q", "rm .git/HEAD"]
)
def test_the_end_of_a_repository_asks_first(stage: Stage, command: str) -> None:
    plainly(
        "git init -q; git config user.name a; git config user.email a@b; echo 1 > f; git add f; git commit -qm one",
        stage.root,
    )
    stage.bench.person.is_allowed = False
    stage.bash(command)
    assert "removes the repository's history" in stage.bench.person.seen[0][1]
    assert subprocess.run(["git", "log", "-1"], cwd=stage.root, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize(
    ("command", "asks"),
    [
        ('python3 -c \'import shutil; shutil.rmtree("src"); shutil.rmtree("lib")\'', True),
        ("for each in src/* lib/*; do : > $each; done", True),
        ("find src -type f -exec truncate -s 0 {} +", True),
        ("ls src | head -19 | while read each; do rm src/$each; done", False),
        ("mv src source; mv lib source/", False),
        ("cp -r src lib copy; rm -rf src lib", True),
        ("mkdir copy; cp -r src lib copy; rm -rf src lib", False),
        ("rm -rf node_modules", False),
        ("for each in src/* lib/*; do echo x > $each; done", False),
    ],
)
def test_what_removes_or_empties_more_than_half_of_a_project_asks_however_it_does_that(
    stage: Stage,
    command: str,
    asks: bool,  # noqa: FBT001
) -> None:
    for folder, count in (("src", 30), ("lib", 20), ("node_modules/x", 120)):
        (stage.root / folder).mkdir(parents=True)
        for number in range(count):
            (stage.root / folder / f"{number}.txt").write_text("text")
    before = stage.tree()
    stage.bench.person.is_allowed = not asks
    told = stage.bash(command)
    assert any("of the project" in why for _, why, _ in stage.bench.person.seen) == asks, told.text
    assert (stage.tree() == before) == asks


def test_a_small_project_that_is_emptied_asks(stage: Stage) -> None:
    for name in ("a", "b"):
        (stage.root / name).write_text(name)
    stage.bench.person.is_allowed = False
    stage.bash('python3 -c \'import os; os.unlink("a"); os.unlink("b")\'')
    assert [why for _, why, _ in stage.bench.person.seen] == [
        "take what the command changed? it removes or empties 2 of the 2 files of the project"
    ]
    assert sorted(stage.tree()) == ["a", "b"]


def test_what_does_not_fit_is_not_taken_in_part(stage: Stage) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root to make a small disk")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", stage.root], check=True)
    try:
        (stage.root / "f").write_text("old")
        told = stage.bash("head -c 1000000 /dev/zero > big; echo new > f")
        assert "no room" in told.text
        assert stage.tree().keys() == {"f"}
        assert (stage.root / "f").read_text() == "old"
        assert not stage.layers
    finally:
        subprocess.run(["umount", stage.root], check=True)


def test_an_abort_takes_nothing(stage: Stage) -> None:
    async def aborted() -> None:
        kept = stage.undo.change("ses1", "call", stage.root)
        task = asyncio.create_task(
            bash.run(Bash(command="echo x > f; echo begun; sleep 67"), stage.bench.work(KEEP, kept))
        )
        await asyncio.to_thread(eventually, lambda: bool(stage.bench.shown))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(aborted())
    assert stage.tree() == {}
    assert not stage.layers


def test_what_a_command_did_in_its_time_is_kept(stage: Stage) -> None:
    told = stage.bash("echo x > f; sleep 68", timeout_s=1)
    assert "1 s were over" in told.text
    assert (stage.root / "f").read_text() == "x\n"


def test_the_background_works_on_the_files_themselves(stage: Stage) -> None:
    stage.bash("echo x > f", background=True)
    assert (stage.root / "f").read_text() == "x\n"


def test_it_costs_nothing_for_a_large_project(stage: Stage) -> None:
    def timed() -> float:
        began = time.perf_counter()
        stage.bash("echo x > f")
        return time.perf_counter() - began

    small = min(timed() for _ in range(3))
    for folder in range(100):
        (stage.root / f"d{folder}").mkdir()
        for number in range(200):
            (stage.root / f"d{folder}" / f"{number}").touch()
    large = min(timed() for _ in range(3))
    assert large < small * 3 + 0.05


def test_an_empty_project_works(stage: Stage) -> None:
    assert stage.bash("ls -A").text == "[exit code 0]"


def test_the_ground_is_looked_at_first(tmp_path: Path) -> None:
    outputs = Path("/var/outputs")
    assert refusal(Path("/"), "/nowhere", outputs)
    assert refusal(tmp_path, str(tmp_path), outputs)
    assert refusal(tmp_path.parent, str(tmp_path), outputs)
    assert refusal(tmp_path, "/nowhere", tmp_path / "outputs")
    assert refusal(Path("/proc").parent / "dev", "/nowhere", outputs)
    assert refusal(tmp_path, "/nowhere", outputs) == ""
