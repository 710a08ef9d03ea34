"""Files are written whole or not at all."""

import errno
from pathlib import Path

import pytest

from release import disk
from release.errors import DiskFullError, WriteError


def test_a_file_is_replaced_whole_and_gets_its_time(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file"
    disk.write(path, b"one")
    disk.write(path, b"two", mtime=7)
    assert path.read_bytes() == b"two"
    assert path.stat().st_mtime == 7
    assert [each.name for each in path.parent.iterdir()] == ["file"]


def test_a_failure_in_the_middle_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file"
    disk.write(path, b"old")

    class BreakError(Exception):
        pass

    def breaks() -> None:
        with disk.replacing(path) as partial:
            partial.write_bytes(b"ne")
            raise BreakError

    with pytest.raises(BreakError):
        breaks()
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("code", "kind"),
    [(errno.ENOSPC, DiskFullError), (errno.EDQUOT, DiskFullError), (errno.EACCES, WriteError)],
)
def test_what_the_system_says_becomes_a_named_error(tmp_path: Path, code: int, kind: type[Exception]) -> None:
    with pytest.raises(kind), disk.guarded(tmp_path):
        raise OSError(code, "said the system", str(tmp_path))


def test_a_folder_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").mkdir()
    (tmp_path / "file" / "x").touch()
    with pytest.raises(WriteError, match="file"):
        disk.write(tmp_path / "file", b"")


def test_a_file_where_a_folder_must_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WriteError):
        disk.write(tmp_path / "file" / "below", b"")


def test_an_emptied_folder_is_there_and_empty(tmp_path: Path) -> None:
    folder = tmp_path / "x"
    for _ in range(2):
        assert disk.emptied(folder) == folder
        assert not list(folder.iterdir())
        (folder / "left").touch()
