"""What a wheel lays elsewhere than among modules lands where the program itself looks for it."""

from pathlib import Path

import pytest
from msgspec import structs
from tests.release import project, wheels

from release import plan, targets
from release.compile import extras
from release.compile import source as sources
from release.errors import ConfigInvalidError
from release.product import Channel
from release.wheel import unpacking

FILES = {
    **wheels.OTTER,
    "otter-0.data/data/share/man/man1/otter.1": ".TH OTTER 1\n",
    "otter-0.data/data/share/fish/vendor_completions.d/otter.fish": "complete -c otter\n",
    "otter-0.data/data/share/otter/fish.txt": "fish\n",
    "otter-0.data/data/etc/otter.conf": "deep\n",
    "otter-0.data/scripts/dive": "\x7fELF\n",
    "otter-0.data/scripts/old": "#!/bin/sh\n",
}


def test_data_lies_where_the_prefix_of_the_program_is_but_for_what_outlets_install(tmp_path: Path) -> None:
    otter, found = project.product(project.make(tmp_path / "otter")), wheels.read(tmp_path / "wheel", FILES)
    planned = plan.plan(otter, channel=Channel.DEV)
    out = unpacking.unpacked(otter, planned, targets.named("linux-x64"), found, tmp_path / "out")
    folder = tmp_path / "program"
    folder.mkdir()
    extras.lay_inside(out, folder)
    laid = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert laid == {"share/otter/fish.txt", "etc/otter.conf", "dive", "old"}


def test_a_script_that_is_a_file_and_no_function_is_told_apart_from_one_that_is_not_there(tmp_path: Path) -> None:
    otter, found = project.product(project.make(tmp_path / "otter")), wheels.read(tmp_path / "wheel", FILES)
    otter = structs.replace(otter, build=structs.replace(otter.build, scripts=("old",)))
    assert found.loose == ("dive", "old")
    with pytest.raises(ConfigInvalidError, match=r"'old' is a file in otter-0-.* that is not for Python"):
        sources.scripts(otter, found)


def test_only_the_script_files_that_are_shipped_are_compiled(tmp_path: Path) -> None:
    files = {**FILES, "otter-0.data/scripts/dive": "#!python\n", "otter-0.data/scripts/old": "#!python\nprint 1\n"}
    otter, found = project.product(project.make(tmp_path / "otter")), wheels.read(tmp_path / "wheel", files)
    otter = structs.replace(otter, build=structs.replace(otter.build, scripts=("otter", "dive"), packages=()))
    assert [script.module for script in sources.scripts(otter, found)] == ["otter.main", "_script_dive"]
    assert sources.packages(otter, found) == ("_script_dive", "otter")
