"""Where a project stands, what to type next, and how long things took the last time."""

import json
import re
from pathlib import Path

import pytest
from tests.release import project
from tests.release.terminals import terminal

from release import plan, runs, where
from release.product import Channel
from release.progress import Mark, Progress, Step
from release.screen import github, lines

pytestmark = pytest.mark.processes


def marks(found: where.Where) -> dict[str, str]:
    return {fact.name: fact.mark for fact in found.facts}


def details(found: where.Where) -> dict[str, str]:
    return {fact.name: fact.detail for fact in found.facts}


def commands(found: where.Where) -> list[str]:
    return [command for command, _ in found.following]


def test_alone_the_tool_shows_where_the_project_stands_and_what_comes_next(tmp_path: Path) -> None:
    folder = project.make(tmp_path / "otter")
    file = folder / "release.toml"
    found = where.where(file, None)
    assert marks(found) == {"configured": "ok", "committed": "ok", "tagged": "--", "built": "--", "published": "--"}
    assert commands(found) == ["release run --fake --target all", "release run"]
    env = project.path_with(tmp_path / "bin", "git")  # real installers are others' business, and take a second
    assert project.command(folder, "run", "--fake", "--target", "all", env=env).returncode == 0
    assert commands(where.where(file, None)) == ["release run"]
    project.released(folder)
    project.command(folder, "publish")
    project.command(folder, "publish", "--profile", "far", "--dry-run")
    found = where.where(file, None)
    assert (marks(found)["built"], marks(found)["published"]) == ("ok", "--")
    assert details(found)["published"] == "not from here, but to the outlets of this machine"
    assert commands(found) == ["release status", "git tag v0.1.0 && git push --tags"]
    project.git(folder, "tag", "v1.2.9")
    project.released(folder, channel=Channel.LATEST)
    found = where.where(file, None)
    assert marks(found)["tagged"] == "ok"
    assert commands(found) == ["release status", "release publish --profile far"]
    project.commit(folder, "later", when=project.WHEN + 60)
    assert marks(where.where(file, None))["built"] == "--"
    project.released(folder)
    assert commands(where.where(file, None))[-1] == "git tag v1.2.10 && git push --tags"
    (folder / "README.md").write_text("changed")
    assert marks(where.where(file, None))["committed"] == "--"
    told = project.command(folder)
    assert told.returncode == 0, told.stderr
    assert max(map(len, told.stdout.splitlines())) <= 80
    assert "\nNext:  git commit" in told.stdout
    assert json.loads(project.command(folder, "--json").stdout)["facts"][0]["name"] == "configured"


def test_only_what_went_well_and_to_everybody_counts_as_rehearsed_and_published(tmp_path: Path) -> None:
    folder = project.make(tmp_path / "otter")
    file, dist = folder / "release.toml", folder / "dist"
    failed = Step(name="publish", mark=Mark.FAILED, detail="refused")
    (dist / "rehearsal").mkdir(parents=True)
    runs.write(dist / "rehearsal", runs.Record(), [failed])
    assert details(where.where(file, None))["built"] == "not yet"
    assert commands(where.where(file, None))[0] == "release run --fake --target all"
    runs.write(dist, runs.Record(), [Step(name="publish", subject="far", mark=Mark.OK, detail="5 outlets: 5 pushed")])
    runs.write(dist, runs.read(dist), [Step(name="publish", subject="dry run", mark=Mark.OK, detail="no")])
    said = details(where.where(file, None))["published"]
    assert re.fullmatch(r"far: 5 outlets: 5 pushed, \d{4}-\d\d-\d\d \d\d:\d\d", said)
    project.released(folder)
    (dist / "release.json").unlink()
    found = where.where(file, None)
    assert details(found)["built"] == "there are archives of this commit; release merge freezes them"
    assert commands(found)[0] == "release merge --partial"


@pytest.mark.parametrize(
    ("said", "tag", "proposed"),
    [
        ("", "", "v0.1.0"),
        ("1.2.0", "", "v1.2.0"),
        ("0", "", "v0.1.0"),
        ("1.2.0rc1", "", "v0.1.0"),
        ("1.3.0", "v1.2.9", "v1.3.0"),
        ("1.2.9", "v1.2.9", "v1.2.10"),
        ("", "v1.2.9", "v1.2.10"),
    ],
)
def test_the_next_tag_is_what_the_project_says_where_that_is_new(
    tmp_path: Path, said: str, tag: str, proposed: str
) -> None:
    folder = project.make(tmp_path / "otter")
    if tag:
        project.git(folder, "tag", tag)
        project.commit(folder, "later", when=project.WHEN + 60)
    otter = project.product(folder)
    planned = plan.plan(otter, channel=Channel.DEV)
    ((command, what),) = where.onward(otter, planned, said)
    assert command == f"git tag {proposed} && git push --tags"
    assert ("CI builds" in what) == (said in {"", proposed[1:]})


def test_what_is_wrong_is_a_fact_and_no_error(tmp_path: Path) -> None:
    told = project.command(tmp_path)
    assert (told.returncode, told.stderr) == (0, "")
    assert "Next:  release init " in told.stdout
    folder = project.make(tmp_path / "otter")
    (folder / "release.toml").write_text("nonsense = 1\n")
    told = project.command(folder)
    assert (told.returncode, told.stderr) == (0, "")
    assert " !!  configured  " in told.stdout
    done = project.command(folder, "--json", "plan")
    assert done.returncode == 2
    assert "options stand behind the verb" in done.stderr


def test_a_record_keeps_the_newest_of_each_step_and_what_a_good_one_took(tmp_path: Path) -> None:
    slow, fast = Step(name="build", subject="a", mark=Mark.OK, seconds=130), Step(name="build", subject="b", seconds=2)
    runs.write(tmp_path, runs.read(tmp_path), [slow, fast])
    broken = Step(name="build", subject="a", mark=Mark.FAILED, seconds=3, notes=["why"])
    runs.write(tmp_path, runs.read(tmp_path), [broken])
    found = runs.read(tmp_path)
    assert {(each.subject, each.ended, each.seconds) for each in found.steps} == {("a", "failed", 3), ("b", "ok", 2)}
    progress = Progress()
    progress.expected = found.expected
    with progress.begin("build", "a") as step:
        assert step.expected == 130
        assert lines.going([step], 80).endswith("0:00 of ~2:10")
    with progress.begin("build", "c") as step:
        assert step.expected is None


@pytest.mark.parametrize("content", [b"", b"[]", b'{"steps": 1}', b"\xff"])
def test_a_record_that_cannot_be_read_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / runs.FILE).write_bytes(content)
    assert runs.read(tmp_path) == runs.Record()


def test_a_run_keeps_the_time_of_each_step_and_tells_it_when_asked(tmp_path: Path) -> None:
    folder = project.make(tmp_path / "otter")
    summary = tmp_path / "summary.md"
    env = {"GITHUB_STEP_SUMMARY": str(summary)}
    done = project.command(folder, "run", "--fake", "--target", "linux-x64", "--timings", "--json", env=env)
    assert done.returncode == 0, done.stderr
    told = {step["name"]: step for step in json.loads(done.stdout)["steps"]}
    assert {"check", "build", "publish", "verify"} <= set(told)
    assert "unpacked" in {step["name"] for step in told["verify"]["steps"]}
    kept = json.loads((folder / "dist" / "rehearsal" / "run.json").read_text())
    assert {step["name"] for step in kept["steps"]} == set(told)
    assert all(step["seconds"] >= 0 for step in kept["steps"])
    assert "| build | linux-x64 | ok |" in summary.read_text()
    text = project.command(folder, "run", "--fake", "--target", "linux-x64", "--timings").stdout
    assert "  unpacked " in text
    assert text.index("share") < text.index("Done in ")


def test_a_summary_for_github_is_a_table_that_names_cannot_break() -> None:
    steps = [Step(name="build", subject="a|b`<x>", mark=Mark.FAILED, detail="C\ncompiler", seconds=3, notes=["one"])]
    told = github.summary("otter 1.0.0", steps)
    assert "| build | a\\|b\\`\\<x\\> | **failed** | C compiler | 3.0 s |" in told
    assert "- build a\\|b\\`\\<x\\>: one" in told
    assert github.annotation("a\nb: 100%", "c", title="X,Y", file="release.toml") == (
        "::error file=release.toml,title=X%2CY::a%0Ab: 100%25%0Ahint: c"
    )


@pytest.mark.systems("linux", "darwin")
@pytest.mark.parametrize("columns", [40, 80, 120])
def test_a_whole_run_fits_its_terminal_and_ends_with_what_to_type_next(tmp_path: Path, columns: int) -> None:
    folder = project.make(tmp_path / "otter")
    env = project.path_with(tmp_path / "bin", "git")
    with terminal(folder, "run", "--fake", "--target", "all", columns=columns, env=env) as screen:
        assert screen.end() == 0, screen.text()
        shown = [line for line in screen.lines() if line]
    assert "[REHEARSAL]" in screen.text()
    assert [line[5:12].strip() for line in shown if line.startswith(" ok")] == [
        "check",
        *["build"] * 4,
        "publish",
        "verify",
    ]
    assert not [line for line in shown if line.startswith(" ..")]
    assert b" ..  verify" in screen.sent
    assert "Done in " in screen.text()
    assert "Next:  release status --rehearsal" in screen.text()
    assert b"\x1b[32m ok\x1b[0m" in screen.sent
    steps = [line for line in shown if re.match(r" (ok|--|\.\.|!!)  ", line)]
    assert all(re.search(r" \d+(\.\d)? s$", line) for line in steps), screen.text()


@pytest.mark.systems("linux", "darwin")
@pytest.mark.parametrize("env", [{"TERM": "dumb"}, {"CI": "true"}, {"NO_COLOR": "1"}])
def test_colours_and_moving_lines_are_for_terminals_that_have_them(tmp_path: Path, env: dict[str, str]) -> None:
    folder = project.make(tmp_path / "otter")
    with terminal(folder, "build", "--fake", "--target", "linux-x64", env=env) as screen:
        assert screen.end() == 0
        assert " ok  build     linux-x64 " in screen.text()
    assert b"\x1b[3" not in screen.sent
    assert (b"\x1b" in screen.sent) == ("NO_COLOR" in env)


@pytest.mark.systems("linux", "darwin")
def test_ctrl_c_says_cancelled_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    folder = project.make(tmp_path / "otter")
    env = project.path_with(tmp_path / "bin", "git")
    with terminal(folder, "run", "--fake", "--target", "all", env=env) as screen:
        screen.until(lambda: b" ..  build" in screen.sent)
        screen.type("\x03")
        assert screen.end() == 130
        assert "cancelled" in screen.lines()
        assert "Traceback" not in screen.text()
    left = [path.name for path in (folder / "dist").rglob("*") if path.is_file()]
    assert not [name for name in left if name.startswith(".") and name != ".gitignore"]
    assert project.command(folder, "run", "--fake", "--target", "all", env=env).returncode == 0
