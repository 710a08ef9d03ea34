"""A program on trial: its version to the letter, on every system's line ends, and what keeps it from running."""

import shutil
from pathlib import Path

import pytest
from msgspec import structs
from tests.release import world

from release import stamp as stamps
from release import targets, trial
from release.errors import SmokeTestError
from release.product import VersionTest

STAMP = stamps.of(world.plan(), targets.named("linux-x64")).line


def program(folder: Path, printed: str, *, code: int = 0, stamp: str = STAMP) -> Path:
    path = folder / "iterate"
    asked = f"[ \"${{{stamps.VARIABLE}-}}\" != 1 ] || {{ echo '{stamp}'; exit; }}"
    path.write_text(f"#!/bin/sh\n{asked}\nprintf '%b' '{printed}'\nexit {code}\n")
    path.chmod(0o755)
    return path


@pytest.mark.systems("linux", "darwin")
def test_the_version_and_nothing_else(tmp_path: Path) -> None:
    plan, product = world.plan(), world.product()
    trial.version(product, plan, program(tmp_path, "1.2.3\\n"), {})
    for printed, code in (
        ("1.2.3", 0),
        ("1.2.3\\r\\n", 0),
        ("1.2.3\\n\\n", 0),
        ("v1.2.3\\n", 0),
        ("", 0),
        ("1.2.3\\n", 3),
    ):
        with pytest.raises(SmokeTestError, match="printed"):
            trial.version(product, plan, program(tmp_path, printed, code=code), {})


@pytest.mark.systems("linux", "darwin")
def test_another_build_is_told_by_its_stamp_whatever_it_prints(tmp_path: Path) -> None:
    plan, product = world.plan(), world.product()
    for stamp in (STAMP.replace(plan.commit, "0" * 40), STAMP.replace('"dev"', '"snapshot"'), "1.2.3", "{}", ""):
        if stamp != STAMP:
            with pytest.raises(SmokeTestError, match="is not the build of") as refused:
                trial.version(product, plan, program(tmp_path, "1.2.3\\n", stamp=stamp), {})
            assert str(tmp_path / "iterate") in str(refused.value)


@pytest.mark.systems("linux", "darwin")
def test_a_program_that_no_build_stamps_may_print_the_version_of_its_wheel(tmp_path: Path) -> None:
    plan, product = world.plan(), world.product()
    unstamped = structs.replace(
        product, build=structs.replace(product.build, stamp=""), version_test=VersionTest(expect="otter {version}")
    )
    own = stamps.of(plan, targets.named("linux-x64"), distribution="otter", metadata_version="3.2+dev.2026").line
    for printed in ("otter 3.2+dev.2026\\n", "otter 3.2\\n", "otter 1.2.3\\n"):
        trial.version(unstamped, plan, program(tmp_path, printed, stamp=own), {})
    with pytest.raises(SmokeTestError, match="printed"):
        trial.version(unstamped, plan, program(tmp_path, "otter 3.1\\n", stamp=own), {})
    with pytest.raises(SmokeTestError, match="printed"):
        trial.version(product, plan, program(tmp_path, "3.2\\n", stamp=own), {})


def test_a_line_ends_as_the_system_ends_it() -> None:
    assert trial.plain("1.2.3\r\n", line_end="\r\n") == "1.2.3\n"
    assert trial.plain("1.2.3\n", line_end="\r\n") == "1.2.3\n"
    assert trial.plain("1.2.3\r\r\n", line_end="\r\n") != "1.2.3\n"
    assert trial.plain("1.2.3\r\n", line_end="\n") == "1.2.3\r\n"


def test_a_home_is_empty_each_time(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "old").write_text("old")
    env = trial.home(tmp_path / "home")
    assert list((tmp_path / "home").iterdir()) == []
    assert all(value.startswith(str(tmp_path / "home")) for value in env.values())
    shutil.rmtree(tmp_path / "home")
