"""Every command is tried where a package manager put it: it is there, it is this build, and it is the one that ends."""

from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs
from tests.release import world

from release import stamp, targets
from release.errors import SmokeTestError
from release.model import Release
from release.product import CommandTest
from release.verify.check import Job, tried

PLAN = world.plan()
STAMP = stamp.of(PLAN, targets.named("linux-x64-baseline")).line
GOOD = f"""#!/bin/sh
if [ "$_RELEASE_STAMP" = 1 ]; then echo '{STAMP}'; exit; fi
case "$1" in --version) echo 'weather, version 1.2.3' ;; --help) exit 2 ;; esac
"""


def job(folder: Path) -> Job:
    (folder / "work").mkdir()
    release = Release(plan=PLAN, artifacts=())
    return Job(
        product=world.several(),
        profile=world.local(),
        release=release,
        bundles=(),
        downloads={},
        dist=folder,
        work=folder / "work",
    )


def installed(folder: Path, **other: str) -> dict[str, Path]:
    """The three commands as programs in a folder; some with another script."""
    found = {command: folder / command for command in world.several().commands}
    for command, path in found.items():
        path.write_text(other.get(command, GOOD))
        path.chmod(0o755)
    return found


def test_the_main_command_is_asked_for_its_version_and_all_others_for_build_and_help(tmp_path: Path) -> None:
    said = tried(job(tmp_path), installed(tmp_path))
    # A window's command may know no --help, and end with a code of its own.
    assert said == "--version, Weather_Map.py --help, weather3.12-gui --help"


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("#!/bin/sh\necho 1.2.3\n", "is not the build of 1.2.3"),
        (GOOD.replace("1.2.3", "1.2.2"), "is not the build of 1.2.3"),
        (GOOD.replace("exit 2", "kill -SEGV $$"), r"--help ended with code -11"),
        (GOOD.replace("exit 2", "exit 127"), r"--help ended with code 127"),
    ],
)
def test_one_command_that_is_another_build_or_does_not_start_is_named(
    tmp_path: Path, script: str, message: str
) -> None:
    programs = installed(tmp_path, **{"Weather_Map.py": script})
    with pytest.raises(SmokeTestError, match=rf"Weather_Map\.py.*{message}"):
        tried(job(tmp_path), programs)


def test_a_command_that_was_not_installed_is_named(tmp_path: Path) -> None:
    programs = installed(tmp_path)
    programs["weather3.12-gui"].unlink()
    with pytest.raises(SmokeTestError, match=r"the command weather3\.12-gui is not at"):
        tried(job(tmp_path), programs)


def test_a_test_of_a_command_is_made_with_that_command(tmp_path: Path) -> None:
    test = CommandTest(args=("say", "rain"), expect="map of rain", script="Weather_Map.py")
    product = structs.replace(world.several(), command_tests=(test,))
    task = replace(job(tmp_path), product=product)
    answers = GOOD.replace("--help)", 'say) echo "map of $2" ;; --help)')
    said = tried(task, installed(tmp_path, **{"Weather_Map.py": answers}))
    assert "Weather_Map.py say rain" in said
    with pytest.raises(SmokeTestError, match=r"Weather_Map\.py say rain ended with code 0, without 'map of rain'"):
        tried(task, installed(tmp_path, weather=answers))
