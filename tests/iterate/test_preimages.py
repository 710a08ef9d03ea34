"""Commands where there can be no overlay: what is kept before, and what may not stay as the command left it."""

import asyncio
from pathlib import Path

import pytest
from tests.iterate.test_transaction import KEEP, Stage, furnish

from iterate.permissions import shell
from iterate.tools import background, bash
from iterate.tools.bash import Bash
from iterate.tools.tool import Shell, ToolFailed
from iterate.undo.undo import Undo

pytestmark = [pytest.mark.processes, pytest.mark.systems("linux")]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    made = Stage(tmp_path)
    made.bench.home = made.root  # Over a home there is no overlay.
    return made


def crowd(root: Path) -> None:
    """More files than are kept whole."""
    (root / "many").mkdir()
    for number in range(2100):
        (root / "many" / f"n{number}").touch()


def test_a_small_project_is_kept_whole(stage: Stage) -> None:
    furnish(stage.root)
    before = stage.tree()
    stage.bash("rm -rf src deep; echo new > a; chmod 700 empty; git init -q")
    stage.undo.revert(stage.changes)
    assert {n: w for n, w in stage.tree().items() if not n.startswith(".git")} == before


def test_a_large_project_is_kept_as_far_as_the_command_names_it(stage: Stage) -> None:
    crowd(stage.root)
    (stage.root / "f").write_text("old")
    told = stage.bash("echo new > f; echo other > g")
    assert "knows only of files that the command names" in told.text
    assert {each.path for each in told.changes} == {"f", "g"}
    stage.undo.revert(stage.changes)
    assert (stage.root / "f").read_text() == "old"


def test_what_a_command_names_is_found_by_the_parser_that_judges_it(tmp_path: Path) -> None:
    root = tmp_path.resolve()
    for name in ("src", "deep"):
        (root / name).mkdir()
    (root / "src" / "one.py").touch()

    def named(text: str) -> tuple[dict[str, str], set[str]]:
        touches, others = shell.touched(text, root, root, {"OUT": "deep/x", "PATH": "/usr/bin:/bin"})
        return (
            {str(path.relative_to(root)): how for path, how in touches.items()},
            {str(path.relative_to(root)) for path in others},
        )

    for text, touches, others in (
        (
            "cp a src/b; echo x >d 2>>e; cat ../up /etc/passwd",
            {"src/b": "overwrites", "d": "overwrites", "e": "writes"},
            {"a"},
        ),
        ("cd src && rm -f *.py", {"src/one.py": "removes"}, set()),
        ('python3 make.py --out=src/c "$OUT"', {}, {"make.py", "src/c", "deep/x"}),
        ("bash -c 'cd deep; : > y'", {"deep/y": "overwrites", "y": "overwrites"}, set()),
        ("find src -name '*.py' -exec truncate -s 0 {} +", {"src": "overwrites"}, set()),
        ("X=src/one.py; sed -i s/a/b/ $X; mv $X deep/", {"src/one.py": "removes", "deep": "overwrites"}, set()),
    ):
        found = named(text)
        assert {name: how for name, how in found[0].items() if name in touches} == touches, text
        assert others <= found[1], text
        assert not any(".." in name for name in (*found[0], *found[1]))
    # What cannot be parsed is kept as far as its words name something.
    assert "src/one.py" in named("echo 'unclosed src/one.py")[1]


def test_what_the_undo_does_not_keep_asks_before_it_is_removed(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.bench.home = stage.root
    crowd(stage.root)
    with (stage.root / "long").open("wb") as file:
        file.truncate((64 << 20) + 1)
    stage.bench.person.is_allowed = False
    stage.bash("ls long > list")
    assert not stage.bench.person.seen
    with pytest.raises(ToolFailed, match="removes or overwrites what the undo does not keep: long: longer than 64 MB"):
        stage.bash("rm long")
    assert (stage.root / "long").exists()


def test_our_own_folders_are_neither_kept_nor_put_back_where_a_project_holds_them(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.bench.home = stage.root
    data = stage.root / ".local" / "share" / "iterate"
    stage.undo = Undo(data / "undo", ours=(data,))
    data.mkdir(parents=True)
    (data / "iterate.db").write_text("sessions")
    (stage.root / "f").write_text("old")
    told = stage.bash(f"echo new > f; echo more >> {data}/iterate.db; true")
    assert [each.path for each in told.changes] == ["f"]
    stage.undo.revert(stage.changes)
    assert (stage.root / "f").read_text() == "old"
    assert (data / "iterate.db").read_text() == "sessionsmore\n"
    kept = stage.undo.change("ses1", "call9", stage.root)
    assert asyncio.run(kept.before(data / "iterate.db")) == f"{data / 'iterate.db'}: it is iterate's own"
    assert asyncio.run(kept.close()) == ("", ())


HOSTILE = (
    "mkdir -p .vscode .git/hooks; echo x > .vscode/tasks.json; echo x > .git/hooks/pre-commit;"
    "ln -sf /bin/sh .envrc; echo fine > f"
)


def test_files_that_other_programs_obey_are_put_back_where_the_rules_do_not_allow_them(stage: Stage) -> None:
    (stage.root / ".git").mkdir()
    (stage.root / ".git" / "config").write_text("[core]\n")
    (stage.root / ".envrc").write_text("mine")
    (stage.root / ".envrc").chmod(0o640)
    stage.bench.person.is_allowed = False
    told = stage.bash(f"{HOSTILE}; echo '[alias]' >> .git/config")
    (asked,) = stage.bench.person.seen
    names = {".vscode/tasks.json", ".git/hooks/pre-commit", ".git/config", ".envrc"}
    assert {need.subject for need in asked[0]} == names
    assert all(need.deed == "edit" and not need.via for need in asked[0])
    assert "put back as before" in told.text
    assert (stage.root / ".envrc").read_text() == "mine"
    assert (stage.root / ".envrc").stat().st_mode & 0o777 == 0o640
    assert (stage.root / ".git" / "config").read_text() == "[core]\n"
    assert not (stage.root / ".git" / "hooks" / "pre-commit").exists()
    assert not (stage.root / ".vscode" / "tasks.json").exists()
    assert (stage.root / "f").read_text() == "fine\n"


def test_an_abort_leaves_nothing_that_other_programs_obey(stage: Stage) -> None:
    async def run() -> None:
        kept = stage.undo.change("ses1", "call1", stage.root)
        work = stage.bench.work(KEEP, kept)
        task = asyncio.create_task(bash.run(Bash(command=f"{HOSTILE}; echo > made; sleep 60"), work))
        while not (stage.root / "made").exists():  # noqa: ASYNC110  # Nothing tells.
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())
    assert (stage.root / "f").exists()
    assert not (stage.root / ".envrc").is_symlink()
    assert not (stage.root / ".git" / "hooks" / "pre-commit").exists()


def test_in_the_background_nothing_runs_unasked_that_is_not_known_to_look_only(stage: Stage) -> None:
    def loose(command: str, *, is_trusting: bool, background: bool = True) -> list[bool]:
        work = stage.bench.work(Shell(is_trusting=is_trusting))
        return [need.is_loose for need in bash.needs(Bash(command=command, background=background), work)]

    assert loose("npm run dev", is_trusting=True) == [True]
    assert loose("npm run dev", is_trusting=False) == [False]
    assert loose("npm run dev", is_trusting=True, background=False) == [False]
    assert not any(loose("tail -f log", is_trusting=True))
    assert any(loose("ls > x", is_trusting=True))


def test_a_command_in_the_background_changes_nothing_that_other_programs_obey(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    if not stage.bench.has_namespaces:
        pytest.skip("needs user namespaces")
    for name in (".git", ".vscode", "tools"):
        (stage.root / name).mkdir()
    mine = (".git/config", ".vscode/tasks.json", ".envrc", "tools/check", "package.json")
    for name in mine:
        (stage.root / name).write_text("mine")
    tries = "; ".join(f"echo bad > {name}; rm -f {name}; echo bad > x; mv x {name}" for name in mine)
    command = (
        f"{tries}; echo bad > .git/hooks/pre-commit; mv .git git; mv tools t; mkdir tools; echo bad > tools/check;"
        "mv .git/hooks h; mkdir .git/hooks; umount .git/hooks; echo bad > .git/hooks/pre-commit;"
        "echo fine > .git/index; echo over > over; sleep 60"
    )

    async def run() -> None:
        work = stage.bench.work(Shell(obeyed=("./tools/check", "./tools")))
        await bash.run(Bash(command=command, background=True), work)
        while not (stage.root / "over").exists():  # noqa: ASYNC110  # Nothing tells.
            await asyncio.sleep(0.01)
        await background.end_all()

    asyncio.run(run())
    assert [(stage.root / name).read_text() for name in mine[:4]] == ["mine"] * 4
    assert (stage.root / "package.json").read_text() == "bad\n"
    assert list((stage.root / ".git" / "hooks").iterdir()) == []
    assert (stage.root / ".git" / "index").read_text() == "fine\n"
