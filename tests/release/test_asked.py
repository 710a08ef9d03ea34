"""Publishing says what it will do and asks; status says how every outlet stands, and its exit code tells."""

import json
import shutil
import time
from pathlib import Path

import psutil
import pytest
from tests.release import project
from tests.release.terminals import terminal

from release import publish, status
from release.errors import OutletAheadError, OutletBehindError, OutletDifferentError, PushError
from release.model import Outcome

pytestmark = [pytest.mark.processes, pytest.mark.systems("linux", "darwin")]


def ready(tmp_path: Path) -> Path:
    """A project with a release that nothing was published of."""
    folder = project.make(tmp_path / "otter")
    project.released(folder)
    return folder


def test_a_person_is_told_what_will_be_done_and_a_no_does_nothing(tmp_path: Path) -> None:
    folder = ready(tmp_path)
    with terminal(folder, "publish") as screen:
        screen.until(lambda: "[y/N]" in screen.text())
        assert "publish to archives, homebrew, scoop, aur, channel? [y/N]" in screen.text()
        assert "homebrew  otter-dev" in screen.text()
        assert "would push" in screen.text()
        assert not [line for line in screen.lines() if line.startswith(" ..")]
        screen.type("\r")
        assert screen.end() == 130
        assert screen.lines()[-1 - screen.lines()[::-1].index("cancelled")] == "cancelled"
    assert not (folder / "dist" / "public").exists() or not list((folder / "dist" / "public").rglob("*.tar.gz"))


def test_a_person_who_says_yes_publishes_and_is_not_asked_when_nothing_is_left(tmp_path: Path) -> None:
    folder = ready(tmp_path)
    with terminal(folder, "publish") as screen:
        screen.until(lambda: "[y/N]" in screen.text())
        screen.type("y\r")
        assert screen.end() == 0
        assert " ok  publish   5 outlets: 5 pushed" in screen.text()
    with terminal(folder, "publish") as screen:
        assert screen.end() == 0
        assert "[y/N]" not in screen.text()
        assert "5 unchanged" in screen.text()


@pytest.mark.parametrize(("words", "env"), [(["--yes"], {}), ([], {"CI": "true"})])
def test_nobody_is_asked_who_said_yes_or_is_a_machine(tmp_path: Path, words: list[str], env: dict[str, str]) -> None:
    with terminal(ready(tmp_path), "publish", *words, env=env) as screen:
        assert screen.end() == 0
        assert "[y/N]" not in screen.text()
        assert "would push" in screen.text()


def test_a_dry_run_says_what_would_be_done_and_writes_nothing(tmp_path: Path) -> None:
    folder = ready(tmp_path)
    done = project.command(folder, "publish", "--dry-run", "--json")
    assert done.returncode == 0, done.stderr
    assert {row["outcome"] for row in json.loads(done.stdout)} == {"would push"}
    assert " ok  publish   dry run              5 outlets: 5 would get something" in done.stderr
    assert not list((folder / "dist" / "public").rglob("*.gz"))
    otter = project.product(folder)
    release = project.released(folder)
    told = publish.publish(otter, otter.profiles["local"], release, folder / "dist", is_dry=True)
    assert {each.outcome for each in told.receipts} == {Outcome.PLANNED}


def standing(folder: Path) -> tuple[dict[str, str], int, str]:
    """The word for every outlet, the exit code, and what a person reads."""
    told = project.command(folder, "status", "--json")
    words = {row["outlet"]: row["standing"] for row in json.loads(told.stdout)}
    return words, told.returncode, project.command(folder, "status").stdout


def test_status_tells_how_every_outlet_stands_and_so_does_its_exit_code(tmp_path: Path) -> None:
    folder = ready(tmp_path)
    words, code, text = standing(folder)
    assert (set(words.values()), code) == ({"behind"}, OutletBehindError.exit_code)
    assert "nothing is there yet: release publish" in text
    first = (folder / "dist" / "release.json").read_bytes()
    project.command(folder, "publish")
    words, code, text = standing(folder)
    assert (set(words.values()), code) == ({"same"}, 0)
    assert text.endswith("\nNext:  release verify  install it from there, and try it\n")
    project.commit(folder, "later", when=project.WHEN + 60)
    project.released(folder)
    words, code, text = standing(folder)
    assert (words["homebrew"], code) == ("behind", OutletBehindError.exit_code)
    assert f"brings it up from {project.VERSION}" in " ".join(text.split())
    project.command(folder, "publish")
    (folder / "dist" / "release.json").write_bytes(first)
    words, code, text = standing(folder)
    assert (words["archives"], words["homebrew"], code) == ("same", "ahead", OutletAheadError.exit_code)
    assert max(map(len, text.splitlines())) <= 80


def test_status_calls_what_somebody_changed_different_and_says_what_to_do(tmp_path: Path) -> None:
    folder = ready(tmp_path)
    project.command(folder, "publish")
    (archive, *_) = (folder / "dist" / "public" / "site").rglob("*linux-x64.tar.gz")
    archive.write_bytes(b"other")
    words, code, text = standing(folder)
    assert (words["archives"], words["homebrew"], code) == ("different", "same", OutletDifferentError.exit_code)
    assert "DIFFERENT" in text
    assert "a published version never changes" in text


def test_what_is_missing_and_what_was_changed_is_told_with_the_words_that_mend_it(tmp_path: Path) -> None:
    folder = ready(tmp_path)
    project.command(folder, "publish")
    (sidecar, *_) = (folder / "dist" / "public" / "site").rglob("*linux-x64.tar.gz.sha256")
    sidecar.unlink()
    project.git(tmp_path, "clone", "-q", str(folder / "dist" / "public" / "tap.git"), "copy")
    (formula,) = (tmp_path / "copy").rglob("otter-dev.rb")
    formula.write_text(formula.read_text().replace("Swims", "Swam"))
    project.commit(tmp_path / "copy", "mine")
    project.git(tmp_path / "copy", "push", "-q", "origin", "main")
    words, code, text = standing(folder)
    assert (words["archives"], words["homebrew"], code) == ("behind", "different", OutletDifferentError.exit_code)
    assert "1 of 8 files is missing: release publish\n" in text
    assert "brings it up" not in text
    far = project.command(folder, "status", "--profile", "far", "--dist", "dist")
    assert "nothing is there yet: release publish --profile far --dist dist" in far.stdout
    assert "hint: release publish --profile far --dist dist brings it there" in far.stderr


@pytest.mark.parametrize(
    ("words", "waiting"),
    [
        (["status", "--profile", "far"], "waiting for homebrew, 4 of 5"),
        (["check", "--credentials"], "asking every place whether it would take a publish"),
    ],
)
def test_what_asks_a_place_for_ever_ends_with_whoever_waits(tmp_path: Path, words: list[str], waiting: str) -> None:
    folder = ready(tmp_path)
    toml = folder / "release.toml"
    toml.write_text(toml.read_text().replace("git+file:far/tap.git", "git+ssh://nobody@example.invalid/tap.git"))
    ssh = tmp_path / "ssh"
    ssh.write_text(f"#!/bin/sh\necho $$ >{tmp_path}/new && mv {tmp_path}/new {tmp_path}/pid\nexec sleep 600\n")
    ssh.chmod(0o755)
    with terminal(folder, *words, env={"GIT_SSH": str(ssh)}) as screen:
        screen.until(lambda: (tmp_path / "pid").exists() and waiting in screen.text())
        screen.type("\x03")
        assert screen.end() == 130
    pid = int((tmp_path / "pid").read_text())
    deadline = time.monotonic() + 60
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, "ssh goes on"
        time.sleep(0.02)


def test_ctrl_c_says_cancelled_also_where_another_place_had_refused_before(tmp_path: Path) -> None:
    folder = ready(tmp_path)
    project.command(folder, "publish")
    project.commit(folder, "later", when=project.WHEN + 60)
    project.released(folder)
    places = folder / "dist" / "public"
    hooks = {"tap.git": "exit 1", "bucket.git": f"echo here >{tmp_path}/here\nexec sleep 600"}
    for name, line in hooks.items():
        hook = places / name / "hooks" / "pre-receive"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\n{line}\n")
        hook.chmod(0o755)
    with terminal(folder, "publish", "--yes") as screen:
        screen.until((tmp_path / "here").exists)
        screen.type("\x03")
        assert screen.end() == 130
        shown = screen.lines()
    assert [line for line in shown if line][-1] == "cancelled"
    assert "2 REFUSED (homebrew, scoop)" in " ".join(" ".join(shown).split())


def test_one_place_that_never_answers_holds_nobody_up(tmp_path: Path) -> None:
    folder = ready(tmp_path)
    project.command(folder, "publish")
    otter = project.product(folder)
    release = project.released(folder)
    place = otter.profiles["local"].places["homebrew"].partition(":")[2]
    repository = folder / "dist" / place
    shutil.rmtree(repository / "objects")
    words, code, text = standing(folder)
    assert (words["homebrew"], words["scoop"], code) == ("unreachable", "same", PushError.exit_code)
    assert "homebrew: " in text
    start = time.monotonic()
    seen = status.status(otter, otter.profiles["local"], release, folder / "dist", patience=0)
    assert {each.standing for each in seen} <= {status.Word.UNREACHABLE, status.Word.SAME}
    assert time.monotonic() - start < 60
