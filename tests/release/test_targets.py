"""The table of targets: no two rows are one program, and this machine is known without asking for what is not there."""

import platform
import re
import sys
from pathlib import Path

import pytest
from tests.release import world

from release import targets
from release.compile import compile as compiler
from release.errors import TargetForeignError, TargetUnknownError
from release.product import System

HASWELL = "fpu sse4_2 abm avx avx2 bmi1 bmi2 f16c fma movbe xsave"
linux_x64 = pytest.mark.skipif(
    (sys.platform, platform.machine()) != ("linux", "x86_64"), reason="is about Linux on x64 processors"
)


def test_no_two_targets_are_compiled_alike() -> None:
    builds = [(each.system, each.arch, each.libc, compiler._march(each)) for each in targets.TARGETS]
    assert len(set(builds)) == len(builds)


def test_every_name_says_what_the_row_is() -> None:
    for target in targets.TARGETS:
        assert target.name.startswith(f"{target.system}-{target.arch}")
        assert ("baseline" in target.name) is target.baseline
        assert ("musl" in target.name) is (target.libc == "musl")
        assert targets.named(target.name) is target
    with pytest.raises(TargetUnknownError, match="windows-x64'; did you mean 'windows-x64-baseline'"):
        targets.named("windows-x64")


def test_every_linux_target_is_built_where_its_c_library_is_old_enough() -> None:
    script = (world.ROOT / "make" / "container.sh").read_text(encoding="utf-8")
    for target in targets.TARGETS:
        image = {"glibc": targets.GLIBC_IMAGE, "musl": targets.MUSL_IMAGE, "": ""}[target.libc]
        assert target.container == image
    assert {"apk add", "dnf install"} <= set(re.findall(r"\b(?:apk add|dnf install)\b", script))


@linux_x64
@pytest.mark.parametrize(
    ("content", "known"),
    [
        (f"processor : 0\nflags\t\t: {HASWELL}\nbugs\t\t:\n", True),
        (f"flags : {HASWELL.replace(' avx2', '')}\n", False),
        (f"flags : {HASWELL.replace(' movbe', '')}\n", False),
        ("Features : fp asimd\n", False),
        ("", False),
    ],
)
def test_a_processor_is_known_by_its_flags(tmp_path: Path, content: str, *, known: bool) -> None:
    (tmp_path / "cpuinfo").write_text(content)
    assert targets.has_avx2(tmp_path / "cpuinfo") is known


@linux_x64
def test_where_the_kernel_says_nothing_the_baseline_is_built(tmp_path: Path) -> None:
    assert not targets.has_avx2(tmp_path / "no such file")
    assert not targets.has_avx2(tmp_path)


def test_another_systems_targets_are_for_other_machines() -> None:
    own = {"linux": System.LINUX, "darwin": System.DARWIN, "win32": System.WINDOWS}[sys.platform]
    foreign = tuple(target for target in targets.TARGETS if target.system is not own)
    with pytest.raises(TargetForeignError, match="none of the planned targets"):
        targets.native(foreign)
    with pytest.raises(TargetForeignError, match="cannot be built on"):
        targets.buildable(foreign[0])
