"""The machines a program is built for: one row each, and which of them this machine can build."""

import platform
import re
import sys
from pathlib import Path

from release.errors import TargetForeignError, TargetUnknownError
from release.model import Arch, System, Target


def _row(name: str, runner: str, container: str = "") -> Target:
    system, arch, *words = name.split("-")
    libc = ("musl" if "musl" in words else "glibc") if system == "linux" else ""
    return Target(
        name=name,
        system=System(system),
        arch=Arch(arch),
        libc=libc,
        baseline="baseline" in words,
        runner=runner,
        container=container,
    )


# Runner names are GitHub's. The glibc builds take the oldest runner there is: a program needs at least the
# glibc it was built on. Alpine is the one musl system that GitHub's runners can hold.
TARGETS = (
    _row("linux-x64", "ubuntu-22.04"),
    _row("linux-x64-baseline", "ubuntu-22.04"),
    _row("linux-arm64", "ubuntu-22.04-arm"),
    _row("linux-x64-musl", "ubuntu-24.04", container="alpine:3.22"),
    _row("linux-x64-baseline-musl", "ubuntu-24.04", container="alpine:3.22"),
    _row("linux-arm64-musl", "ubuntu-24.04-arm", container="alpine:3.22"),
    _row("darwin-arm64", "macos-15"),
    _row("darwin-x64", "macos-15-intel"),
    _row("darwin-x64-baseline", "macos-15-intel"),
    _row("windows-x64", "windows-2022"),
    _row("windows-x64-baseline", "windows-2022"),
    _row("windows-arm64", "windows-11-arm"),
)

_SYSTEMS = {"linux": System.LINUX, "darwin": System.DARWIN, "win32": System.WINDOWS}
_ARCHES = {"x86_64": Arch.X64, "amd64": Arch.X64, "aarch64": Arch.ARM64, "arm64": Arch.ARM64}


def named(name: str) -> Target:
    """The target of this name.

    Raises:
        TargetUnknownError: there is none.
    """
    for target in TARGETS:
        if target.name == name:
            return target
    raise TargetUnknownError(
        f"no target is called '{name}'", hint="one of: " + ", ".join(target.name for target in TARGETS)
    )


def native(planned: tuple[Target, ...]) -> tuple[Target, ...]:
    """The planned targets that this machine can build itself: on x64 both, where the processor has AVX2.

    Raises:
        TargetForeignError: none of them.
    """
    system, arch, libc = _SYSTEMS.get(sys.platform), _ARCHES.get(platform.machine().lower()), _libc()
    found = tuple(
        target
        for target in planned
        if (target.system, target.arch, target.libc) == (system, arch, libc)
        and (target.baseline or target.arch is not Arch.X64 or has_avx2())
    )
    if not found:
        raise TargetForeignError(
            f"none of the planned targets can be built on {sys.platform} {platform.machine()}",
            hint="planned are " + ", ".join(target.name for target in planned) + "; --fake rehearses without",
        )
    return found


def buildable(target: Target) -> Target:
    """The same target, when this machine can build it.

    Raises:
        TargetForeignError: it needs another machine; the compiler does not cross-compile.
    """
    try:
        return native((target,))[0]
    except TargetForeignError:
        raise TargetForeignError(
            f"{target.name} cannot be built on {sys.platform} {platform.machine()}",
            hint=f"build it on a runner such as {target.runner}, or rehearse with --fake",
        ) from None


def has_avx2() -> bool:
    """Whether this x64 processor runs programs compiled for x86-64-v3; where unknown, no."""
    system = _SYSTEMS.get(sys.platform)
    if system is System.LINUX:
        flags = re.search(r"^flags\s*:(.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
        return flags is not None and {"avx2", "bmi2", "fma"} <= set(flags[1].split())
    if system is System.WINDOWS:
        return _windows_has_avx2()
    # Every Intel Mac that macOS 15 runs on has AVX2.
    return system is System.DARWIN and platform.machine() == "x86_64"


def _windows_has_avx2() -> bool:
    import ctypes

    # PF_AVX2_INSTRUCTIONS_AVAILABLE, winnt.h
    kernel = ctypes.CDLL("kernel32")
    return bool(kernel.IsProcessorFeaturePresent(40))


def _libc() -> str:
    if sys.platform != "linux":
        return ""
    return "glibc" if platform.libc_ver()[0] == "glibc" else "musl"
