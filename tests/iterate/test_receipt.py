"""The install receipt, and `iterate version`."""

import json
import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from iterate.about import STAMP
from iterate.install import receipt
from iterate.install.copy import copy_at, this_copy

if TYPE_CHECKING:
    from tests.iterate.conftest import World

GOOD = {"schema": 1, "name": "iterate", "method": "brew", "channel": "latest", "version": "1.2.3"}


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """Where the compiled program would be."""
    return tmp_path / "iterate"


def label(program: Path | None) -> str:
    return copy_at(program, STAMP, Path("/nowhere")).label


def test_without_a_program_it_is_source() -> None:
    assert label(None) == "source"
    assert this_copy().label == "source"


def test_without_a_receipt_it_is_an_archive(program: Path) -> None:
    assert label(program) == "archive"


@pytest.mark.parametrize("method", ["brew", "scoop", "aur", "something-newer"])
def test_a_receipt_names_the_method(program: Path, method: str) -> None:
    program.with_name("install-receipt.json").write_text(json.dumps(GOOD | {"method": method}))
    assert label(program) == method


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 100_000,
        json.dumps(GOOD | {"schema": 2}).encode(),
        json.dumps(GOOD | {"method": 7}).encode(),
        json.dumps(GOOD | {"method": ""}).encode(),
        json.dumps({"method": "brew"}).encode(),
    ],
)
def test_a_damaged_receipt_is_unknown_and_breaks_nothing(program: Path, content: bytes) -> None:
    program.with_name("install-receipt.json").write_bytes(content)
    assert label(program) == "unknown"


def test_a_receipt_that_cannot_be_read_is_unknown(program: Path) -> None:
    program.with_name("install-receipt.json").mkdir()
    assert label(program) == "unknown"


@pytest.mark.systems("linux", "darwin")
def test_a_receipt_that_is_a_pipe_or_endless_is_unknown_and_waited_for_by_nobody(program: Path) -> None:
    place = program.with_name("install-receipt.json")
    os.mkfifo(place)
    assert label(program) == "unknown"
    place.unlink()
    place.symlink_to("/dev/zero")
    assert label(program) == "unknown"


@pytest.mark.parametrize("key", ["name", "channel", "stream", "version", "packages", "sites", "pinned"])
@pytest.mark.parametrize("odd", [None, 7, [], {}, [7, None], {"brew": 7}, {"brew": {"dev": 7}}])
def test_a_key_of_another_kind_counts_as_none(program: Path, key: str, odd: object) -> None:
    program.with_name("install-receipt.json").write_text(json.dumps(GOOD | {key: odd}))
    found = receipt.read(program)
    assert found is not None
    assert found.method == "brew"
    assert not any(found.packages.values())
    assert (found.sites, found.pinned) == ((), False)


def test_version_as_json_is_exactly_six_fields(world: "World") -> None:
    done = world.run("version", "--json")
    assert json.loads(done.stdout) == {
        "version": "0.0.0-source",
        "channel": "source",
        "commit": "",
        "target": "source",
        "python": platform.python_version(),
        "method": "source",
    }


def test_version_for_people_has_a_line_for_each(world: "World") -> None:
    lines = world.run("version").stdout.decode().splitlines()
    assert lines[0].split() == ["version", "0.0.0-source"]
    assert len(lines) == 6
