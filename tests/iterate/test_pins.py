"""Versions that were asked for by name stay known as such, also where the receipt is a package manager's."""

import os
from pathlib import Path

import pytest
from tests.iterate.copies import HERE, NEW, OLD, copy

from iterate import folders
from iterate.errors import SiteNotTrusted, StateUnusable
from iterate.install import known, origin, pins
from iterate.install.methods import Method


def test_a_pin_holds_for_the_copy_and_the_version_that_were_named(tmp_path: Path) -> None:
    here = copy(Method.NPM, version=OLD)
    pins.pin(here, OLD, tmp_path)
    assert pins.is_pinned(here, tmp_path)
    # One that came otherwise since then, and one of another owner, were not asked for.
    assert not pins.is_pinned(here._replace(version=NEW), tmp_path)
    assert not pins.is_pinned(copy(Method.BREW, version=OLD), tmp_path)
    pins.pin(here, "", tmp_path)
    assert not pins.is_pinned(here, tmp_path)


def test_a_receipt_that_says_so_is_enough(tmp_path: Path) -> None:
    assert pins.is_pinned(copy(Method.SELF)._replace(pinned=True), tmp_path / "not there")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"7", b"\xff", b'{"npm iterate": 7}'])
def test_a_damaged_file_of_pins_pins_nothing_and_is_written_anew(tmp_path: Path, content: bytes) -> None:
    (tmp_path / pins.NAME).write_bytes(content)
    here = copy(Method.NPM, version=HERE)
    assert not pins.is_pinned(here, tmp_path)
    pins.pin(here, HERE, tmp_path)
    assert pins.is_pinned(here, tmp_path)


def test_what_cannot_be_written_stops_no_upgrade(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    pins.pin(copy(Method.NPM), HERE, tmp_path / "file")


def test_no_file_is_left_beside_the_pins(tmp_path: Path) -> None:
    pins.pin(copy(Method.NPM), HERE, tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == [pins.NAME]


@pytest.mark.systems("linux", "darwin")
def test_a_pipe_in_the_place_of_what_is_remembered_is_not_waited_for(tmp_path: Path) -> None:
    here = copy(Method.NPM, version=HERE)._replace(program=tmp_path / "iterate")
    site = known.file_of(tmp_path, "http://127.0.0.1/")
    for file in (tmp_path / pins.NAME, tmp_path / origin.ROOT, site):
        os.mkfifo(file)
    assert not pins.is_pinned(here, tmp_path)
    with pytest.raises(SiteNotTrusted, match="regular"):
        origin.root_of(here)
    with pytest.raises(StateUnusable, match="regular"):
        known.recall(site)
    with pytest.raises(OSError, match="regular"):
        folders.read(site)
    pins.pin(here, HERE, tmp_path)
    assert folders.read(tmp_path / pins.NAME, 1) == b"{"
