"""Folders for this user alone."""

import os
import stat
import sys
from pathlib import Path

import pytest

from iterate import folders
from iterate.errors import HomeForeign

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights")
as_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give folders to somebody else"
)
SOMEBODY = 12345


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("umask", [0, 0o022, 0o077, 0o277, 0o777])
def test_every_folder_that_is_made_is_private_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    old = os.umask(umask)
    try:
        folders.make_private(tmp_path / "a" / "b" / "c")
    finally:
        os.umask(old)
    assert [mode(tmp_path / name) for name in ("a", "a/b", "a/b/c")] == [0o700, 0o700, 0o700]


def test_a_folder_that_is_there_is_closed_and_its_parents_stay_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    for each in (tmp_path / "a", tmp_path / "a" / "b"):
        each.chmod(0o755)
    folders.make_private(tmp_path / "a" / "b")
    assert (mode(tmp_path / "a"), mode(tmp_path / "a" / "b")) == (0o755, 0o700)


def test_only_regular_files_are_made_private_and_a_device_behind_a_link_keeps_its_mode(tmp_path: Path) -> None:
    pipe, regular = tmp_path / "pipe", tmp_path / "regular"
    os.mkfifo(pipe)
    regular.touch()
    for each in (pipe, regular):
        each.chmod(0o644)
        (tmp_path / f"{each.name}.log").symlink_to(each)
        file = os.open(tmp_path / f"{each.name}.log", os.O_RDONLY | os.O_NONBLOCK)
        folders.make_file_private(file)
        os.close(file)
    assert (mode(pipe), mode(regular)) == (0o644, 0o600)


@pytest.mark.parametrize("in_the_way", ["file", "broken link"])
def test_what_is_no_folder_is_an_error(tmp_path: Path, in_the_way: str) -> None:
    if in_the_way == "file":
        (tmp_path / "a").write_text("")
    else:
        (tmp_path / "a").symlink_to("nowhere")
    with pytest.raises(OSError, match="a"):
        folders.make_private(tmp_path / "a")


def test_ones_own_home_is_fine_and_so_is_a_missing_one(tmp_path: Path) -> None:
    folders.refuse_foreign(tmp_path, tmp_path / "x" / "y", tmp_path)
    folders.refuse_foreign(tmp_path / "missing", tmp_path / "missing" / "x")
    folders.refuse_foreign(Path("/"), Path("/missing/x"))


@as_root
@pytest.mark.parametrize("folder", ["", "x", "x/state", "x/state/deep"])
def test_a_folder_inside_somebody_elses_is_refused(tmp_path: Path, folder: str) -> None:
    home = tmp_path / "home"
    (home / "x" / "state").mkdir(parents=True)
    for each in (home, home / "x", home / "x" / "state"):
        os.chown(each, SOMEBODY, -1)
    with pytest.raises(HomeForeign, match=str(SOMEBODY)):
        folders.refuse_foreign(Path("/nowhere"), home / folder)


@as_root
def test_the_home_counts_even_if_the_folder_in_it_was_made_by_root_before(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / ".local" / "state").mkdir(parents=True)
    os.chown(home, SOMEBODY, -1)
    with pytest.raises(HomeForeign, match="home"):
        folders.refuse_foreign(home, home / ".local" / "state" / "iterate")
    folders.refuse_foreign(home, tmp_path / "elsewhere")


@as_root
def test_nobody_but_root_uses_a_folder_of_root_and_everybody_may_make_one_in_it(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "taken").mkdir()
    tmp_path.chmod(0o755)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.chdir(tmp_path)
            os.setuid(SOMEBODY)
            os.write(write, b" ".join(map(verdict, (Path("shared/new"), Path("shared/taken")))))
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert os.read(read, 100) == b"fine foreign"
    os.close(read)
    os.close(write)


def verdict(folder: Path) -> bytes:
    try:
        folders.refuse_foreign(Path("/nowhere"), folder)
    except HomeForeign:
        return b"foreign"
    return b"fine"
