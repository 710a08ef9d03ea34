"""Of what a command changed some files are taken: exactly those, with what belongs to them, and undone exactly."""

import itertools
import os

import pytest
from tests.iterate.test_transaction import COMMANDS, SHOW, Stage, furnish, plainly, stage

from iterate.undo import diffs

__all__ = ["stage"]
pytestmark = [pytest.mark.processes, pytest.mark.systems("linux")]


def offered(stage: Stage) -> dict[str, int]:
    """The files that were offered, each with its group."""
    return {each.path: each.group for each in stage.bench.person.offered}


def shown(path: str) -> str:
    """A path as it is told of."""
    return diffs.name(os.fsencode(path))


def choose(stage: Stage, *paths: str) -> None:
    stage.bench.person.chosen = paths


def test_exactly_what_was_chosen_is_in_the_project_and_the_model_is_told_what_is_not(stage: Stage) -> None:
    (stage.root / "f").write_text("one\n")
    (stage.root / "g").write_text("one\n")
    (stage.root / "gone").write_text("bye\n")
    before = stage.tree()
    choose(stage, "f", "d/new")
    told = stage.bash("echo 2 >> f; echo 2 >> g; rm gone; mkdir -p d/e; echo x > d/new; echo y > d/e/other", SHOW)
    rows = {each.path: (each.kind, each.added, each.removed) for each in stage.bench.person.offered}
    assert rows == {
        "d/e/other": ("added", 1, 0),
        "d/new": ("added", 1, 0),
        "f": ("modified", 1, 0),
        "g": ("modified", 1, 0),
        "gone": ("deleted", 0, 1),
    }
    assert (stage.root / "f").read_text() == "one\n2\n"
    assert (stage.root / "g").read_text() == "one\n"
    assert stage.tree().keys() == {"d", "d/new", "f", "g", "gone"}
    assert "left out by the person, and in the project as before: d/e/other, g, gone" in told.text
    assert "changed:\nA d/\nA d/new\nM f\n" in told.text
    assert not told.is_error
    assert "+++ b/g" not in told.diff
    assert sorted(each.path for each in told.changes) == ["d/new", "f"]
    stage.undo.revert([told.change])
    assert stage.tree() == before


@pytest.mark.parametrize(
    ("command", "together"),
    [
        ("mv src/f1.txt src/moved.txt; echo x > new", {"src/f1.txt", "src/moved.txt"}),
        ("mv src/f1.txt up; echo more >> up; echo x > new", {"src/f1.txt", "up"}),
        ("seq 99 > n; mv n m; ln src/f1.txt hard; echo y >> hard; echo x > new", {"src/f1.txt", "hard"}),
        ("rm link; mkdir link; echo x > link/y; echo x > new", {"link", "link/y"}),
        ("rm -rf deep; echo file > deep; echo x > new", {"deep", "deep/er/est/x"}),
        ("mkdir sub; git init -q sub; rm -r sub/.git/hooks; echo x > new", {"sub/.git/HEAD", "sub/.git/config"}),
    ],
)
def test_what_belongs_together_is_kept_together(stage: Stage, command: str, together: set[str]) -> None:
    furnish(stage.root)
    before = stage.tree()
    choose(stage, "new")
    told = stage.bash(command, SHOW)
    groups = offered(stage)
    assert len({groups[path] for path in together}) == 1
    assert groups[next(iter(together))] != 0
    assert groups["new"] == 0
    after = stage.tree()
    assert after.keys() == before.keys() | {"new"}
    assert {path: after[path] for path in before} == before
    stage.undo.revert([told.change])
    assert stage.tree() == before
    choose(stage, *[path for path, group in groups.items() if group])
    told = stage.bash(command, SHOW)
    assert not (stage.root / "new").exists()
    stage.undo.revert([told.change])
    assert stage.tree() == before


def test_a_moved_file_that_was_changed_since_is_still_one(stage: Stage) -> None:
    text = "".join(f"line {number}\n" for number in range(40))
    (stage.root / "a").write_text(text)
    choose(stage, "a", "b")
    stage.bash("sed s/7/seven/ a > b; rm a; echo other > c", SHOW)
    groups = offered(stage)
    assert groups["a"] == groups["b"] != groups["c"] == 0


def test_the_history_is_taken_as_a_whole_or_not(stage: Stage) -> None:
    plainly("git init -q; echo x > f; git add f; git -c user.name=a -c user.email=a@b commit -qm one", stage.root)
    head = (stage.root / ".git" / "HEAD").read_text()
    choose(stage, "f")
    stage.bash("git checkout -q -b other; echo y > f", SHOW)
    assert offered(stage).keys() == {".git", "f"}
    assert (stage.root / ".git" / "HEAD").read_text() == head
    assert (stage.root / "f").read_text() == "y\n"
    choose(stage, ".git")
    stage.bash("git checkout -q -b other; echo z > f", SHOW)
    assert "other" in (stage.root / ".git" / "HEAD").read_text()
    assert (stage.root / "f").read_text() == "y\n"


def test_more_files_than_a_person_looks_through_are_all_taken_or_none(stage: Stage) -> None:
    stage.bash("for i in $(seq 2100); do : > n$i; done", SHOW)
    assert offered(stage) == {}
    assert (stage.root / "n2100").exists()


@pytest.mark.parametrize("command", [each for each in COMMANDS if each != "exit 0" and "seq 300" not in each])
def test_each_group_alone_is_taken_alone_and_all_of_them_are_the_whole(stage: Stage, command: str) -> None:
    furnish(stage.root)
    before = stage.tree()
    stage.bench.person.is_allowed = False
    stage.bash(command, SHOW)
    stage.bench.person.is_allowed = True
    groups = offered(stage)
    ordered = sorted(groups, key=lambda path: (groups[path], path))
    by_group = itertools.groupby(ordered, lambda path: groups[path] or path)
    for paths in [tuple(paths) for _, paths in by_group][:4]:
        choose(stage, *paths)
        told = stage.bash(command, SHOW)
        assert "Traceback" not in told.text
        after = stage.tree()
        names = {path.rstrip("/") for path in paths}
        for path in map(shown, before.keys() ^ after.keys()):
            # What came or went was chosen, lies in it, or is a folder that it needs.
            assert path in names or ".git" in names or any(name.startswith(f"{path}/") for name in names), path
        if told.change:
            stage.undo.revert([told.change])
        if ".git" not in names:
            assert stage.tree() == before
        else:
            plainly("rm -rf .git", stage.root)
