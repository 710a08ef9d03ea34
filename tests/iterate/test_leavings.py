"""What is ours in a folder: all of it goes, and nothing else."""

import os
import re
from pathlib import Path

import pytest
from tests.repository import read, rows

from iterate.install import leavings
from iterate.install.leavings import CONFIG, DATA, STATE, UPDATES, Shelf


def filled(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


def removed(folder: Path, shelf: Shelf) -> list[str]:
    """What is left in a folder after ours was removed."""
    assert leavings.remove(leavings.look(folder, shelf)) == ()
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_a_folder_with_nothing_but_ours_is_gone(tmp_path: Path) -> None:
    data = filled(tmp_path / "data", "iterate.db", "iterate.db-wal", "iterate.db.lock", "owners/0123456789abcdef")
    filled(data / "sides" / "3", "iterate.db", "owners/fedcba9876543210")
    found = leavings.look(data, DATA)
    assert found.size == sum(path.stat().st_size for path in data.rglob("*") if path.is_file()) > 0
    assert found.strangers == ()
    assert leavings.remove(found) == ()
    assert not data.exists()
    assert tmp_path.exists()


def test_what_is_not_ours_stays_with_the_folders_that_it_lies_in(tmp_path: Path) -> None:
    strange = ("notes.txt", "iterate.db.bak", "sides/3/mine", "sides/x/iterate.db", "owners/README", "sub/iterate.db")
    data = filled(tmp_path / "data", "iterate.db", "sides/3/iterate.db", "owners/0123456789abcdef", *strange)
    found = leavings.look(data, DATA)
    # A folder that is none of ours is named as a whole.
    named = {path.relative_to(data).as_posix() for path in found.strangers}
    assert named == {"notes.txt", "iterate.db.bak", "sides/3/mine", "sides/x", "owners/README", "sub"}
    assert [each for each in removed(data, DATA) if (data / each).is_file()] == sorted(strange)


@pytest.mark.systems("linux", "darwin")
def test_links_are_not_followed(tmp_path: Path) -> None:
    elsewhere = filled(tmp_path / "elsewhere", "iterate.db", "owners/0123456789abcdef")
    data = filled(tmp_path / "data", "iterate.db.lock")
    (data / "iterate.db").symlink_to(elsewhere / "iterate.db")
    (data / "owners").symlink_to(elsewhere / "owners")
    (data / "sides").symlink_to(elsewhere)
    assert removed(data, DATA) == ["owners", "sides"]
    assert sorted(path.name for path in elsewhere.rglob("*")) == ["0123456789abcdef", "iterate.db", "owners"]
    whole = tmp_path / "link"
    whole.symlink_to(elsewhere)
    found = leavings.look(whole, DATA)
    assert (found.files, found.folders, found.strangers) == ((), (), (whole,))


def test_where_nothing_is_nothing_is_found_and_a_second_time_removes_the_rest(tmp_path: Path) -> None:
    assert leavings.look(tmp_path / "none", DATA).is_empty
    data = filled(tmp_path / "data", "iterate.db", "iterate.db.lock")
    found = leavings.look(data, DATA)
    (data / "iterate.db").unlink()
    assert leavings.remove(found) == ()
    assert not data.exists()


@pytest.mark.systems("linux", "darwin")
@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may remove everything")
def test_what_cannot_be_removed_is_said(tmp_path: Path) -> None:
    data = filled(tmp_path / "data", "iterate.db")
    data.chmod(0o500)
    assert leavings.remove(leavings.look(data, DATA)) == (data / "iterate.db",)
    data.chmod(0o700)


def test_every_file_of_the_page_is_on_a_shelf(tmp_path: Path) -> None:
    shelves = {"$XDG_STATE_HOME/FOLDER": STATE, "$XDG_DATA_HOME/FOLDER": DATA, "$XDG_CONFIG_HOME/iterate": CONFIG}
    shelves["$XDG_STATE_HOME/iterate-updates"] = UPDATES
    table = read("docs/settings.md").partition("## Files")[2]
    named = [re.fullmatch(r"`(\$\w+/[\w-]+)/(.+)`", row[0]) for row in rows(table)]
    named = [each for each in named if each is not None and each[1] in shelves]
    assert {each[1] for each in named if each} >= set(shelves), "docs/settings.md, Files: one row a file"
    for number, each in enumerate(named):
        assert each is not None
        name = each[2].replace("TOKEN", "0123456789abcdef").replace("SITE", "0123456789abcdef" * 2)
        name = name.replace("PROJECT", "0123456789abcdef" * 2)
        folder = filled(tmp_path / str(number), name)
        assert leavings.look(folder, shelves[each[1]]).strangers == (), f"leavings.py: uninstall must know {each[2]}"
