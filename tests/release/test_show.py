"""Values as people read them."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.release import world

from release import show, status, targets
from release.model import Outcome, Receipt
from release.product import Channel


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
