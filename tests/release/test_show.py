"""Values as people read them."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.release import world

from release import show, status, targets
from release.check import Report
from release.check.finding import Finding, Remark, Verdict
from release.errors import WriteError
from release.model import Outcome, Receipt
from release.product import Channel
from release.verify.check import Check, Result


def last_line(text: str) -> str:
    return text.splitlines()[-1]


@pytest.mark.parametrize(
    ("size", "shown"), [(3_155, "3.2 kB"), (0, "0.0 kB"), (50_000, "0.1 MB"), (11_058_831, "11.1 MB")]
)
def test_a_small_file_is_no_file_of_nought_megabytes(size: int, shown: str) -> None:
    product = world.product()
    artifact = world.artifact(product, world.plan(Channel.DEV), targets.named("linux-x64"))
    assert replace(artifact, size=size).size_shown == shown


def test_files_are_named_from_the_current_folder_where_they_are_below_it(tmp_path: Path) -> None:
    below = Path.cwd() / "dist" / "rendered" / "a.rb"
    assert show.paths([below, tmp_path]) == f"{Path('dist/rendered/a.rb')}\n{tmp_path}"


def test_a_column_is_as_wide_as_the_cells_of_its_widest_text() -> None:
    assert show.table(("a", "b"), [("水獭", "x"), ("otter", "y")]).splitlines()[2:] == ["水獭   x", "otter  y"]


def test_no_line_of_a_table_is_wider_than_a_terminal_and_no_word_of_it_broken() -> None:
    place = f"git+file:{'x' * 40}.git#main: already there"
    told = show.table(("outlet", "outcome", "where"), [("aur", "unchanged", place), ("tap", "x" * 40, "y " * 40)])
    assert max(map(len, told.splitlines())) < 80
    assert told.splitlines()[2].split() == ["aur", "unchanged"]
    assert told.splitlines()[3].strip() == place
    column = told.splitlines()[4].index("y")
    assert {line.index("y") for line in told.splitlines()[4:]} == {column}
    failed = Check(name="pacman", result=Result.FAILED, detail=f"it said\n  {'word ' * 40}\nhint: look", seconds=1)
    aside = replace(failed, name="npm", result=Result.SKIPPED, detail="npm is no outlet here")
    told = show.checks([failed, aside, replace(failed, name="brew", result=Result.SKIPPED, detail="no brew here " * 9)])
    assert max(map(len, told.splitlines())) < 80
    assert told.splitlines()[-1] == "1 failed, 1 skipped"
    remark = Finding(name="tags", verdict=Verdict.REMARK, detail="", remarks=(Remark(text="look at this " * 9),))
    told = show.report(Report(findings=(remark,)), (("release run", "on this machine"),))
    assert max(map(len, told.splitlines())) < 80
    assert told.splitlines()[-1] == "Next:  release run  on this machine"
    refused = replace(remark, verdict=Verdict.REFUSED, failure=WriteError("no", hint="look"))
    assert "Next:" not in show.report(Report(findings=(refused,)), (("release run", ""),))


def test_what_to_type_next_stays_whole_where_it_does_not_fit() -> None:
    told = show.following(("release status", "what every outlet holds"), ("git add " + "x" * 50, "to begin with it"))
    assert max(map(len, told.splitlines())) < 80
    assert [line.strip() for line in told.splitlines()[-2:]] == ["git add " + "x" * 50, "to begin with it"]
    failed = show.closing(1, [], is_good=False, again="release run --fake", onward=())
    assert failed.endswith("\nNext:  release run --fake  again, when that is mended")


def test_what_follows_an_address_is_kept_apart_from_it() -> None:
    receipt = Receipt(
        outlet="homebrew", package="otter", where="git+file:tap.git", outcome=Outcome.PUSHED, detail="commit 1 on main"
    )
    assert last_line(show.receipts([receipt])).endswith("git+file:tap.git: commit 1 on main")
    silent = status.Standing(
        outlet="aur",
        package="",
        where="git+ssh://x/{package}.git",
        state=status.UNKNOWN,
        paths=("no answer",),
        standing=status.Word.UNREACHABLE,
        advice="ask again",
    )
    told = show.standings([silent]).splitlines()
    assert told[2].split() == ["aur", "-", "unreachable", "-"]
    assert told[4:] == ["aur: git+ssh://x/{package}.git: no answer", "    ask again"]
