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
    "otter-0.data/scripts/old": "#!python\n",
}


def test_data_lies_where_the_prefix_of_the_program_is_but_for_what_outlets_install(tmp_path: Path) -> None:
    otter, found = project.product(project.make(tmp_path / "otter")), wheels.read(tmp_path / "wheel", FILES)
    planned = plan.plan(otter, channel=Channel.DEV)
    out = unpacking.unpacked(otter, planned, targets.named("linux-x64"), found, tmp_path / "out")
    folder = tmp_path / "program"
    folder.mkdir()
    extras.lay_inside(out, folder)
    laid = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert laid == {"share/otter/fish.txt", "etc/otter.conf", "dive"}


def test_a_script_that_is_a_file_and_no_function_is_told_apart_from_one_that_is_not_there(tmp_path: Path) -> None:
    otter, found = project.product(project.make(tmp_path / "otter")), wheels.read(tmp_path / "wheel", FILES)
    otter = structs.replace(otter, build=structs.replace(otter.build, scripts=("old",)))
    assert found.loose == ("dive", "old")
    with pytest.raises(ConfigInvalidError, match="'old' is a file of scripts"):
        sources.scripts(otter, found)
