"""The machines a program is built for: one row each, and which of them this machine can build."""

import difflib
import platform
import re
import sys
from pathlib import Path

from release.errors import TargetForeignError, TargetUnknownError
from release.product import Arch, System, Target


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


# A program needs at least the glibc that it was built on: AlmaLinux 8 has 2.28. The images are named by tag, so they
# bring the updates of their release.
GLIBC_IMAGE = "almalinux:8.10"
MUSL_IMAGE = "alpine:3.22"
# Runner names are GitHub's. The compilers of Windows have one x64 build: they take no name of a processor's level.
TARGETS = (
    _row("linux-x64", "ubuntu-24.04", container=GLIBC_IMAGE),
    _row("linux-x64-baseline", "ubuntu-24.04", container=GLIBC_IMAGE),
    _row("linux-arm64", "ubuntu-24.04-arm", container=GLIBC_IMAGE),
    _row("linux-x64-musl", "ubuntu-24.04", container=MUSL_IMAGE),
    _row("linux-x64-baseline-musl", "ubuntu-24.04", container=MUSL_IMAGE),
    _row("linux-arm64-musl", "ubuntu-24.04-arm", container=MUSL_IMAGE),
    _row("darwin-arm64", "macos-15"),
    _row("darwin-x64", "macos-15-intel"),
    _row("darwin-x64-baseline", "macos-15-intel"),
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
        f"no target is called '{name}'{meant(name)}", hint="one of: " + ", ".join(target.name for target in TARGETS)
    )


def meant(name: str) -> str:
    """Which target somebody may have meant: the only one that begins so, else one that is written nearly so."""
    known = [target.name for target in TARGETS]
    begun = [each for each in known if name and each.startswith(name)]
    # What is written nearly like `windows-x64` is `windows-arm64`, another machine.
    near = begun if len(begun) == 1 else difflib.get_close_matches(name, known, n=1)
    return f"; did you mean '{near[0]}'?" if near else ""


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


# What the kernel calls the instructions of x86-64-v3 beyond those of x86-64-v2.
LEVEL_3 = {"abm", "avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "movbe", "xsave"}


def has_avx2(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether this x64 processor runs programs compiled for x86-64-v3; where unknown, no.

    Args:
        cpuinfo: where Linux describes the processor.
    """
    system = _SYSTEMS.get(sys.platform)
    if system is System.LINUX:
        try:
            flags = re.search(r"^flags\s*:(.*)$", cpuinfo.read_text(errors="replace"), re.MULTILINE)
        except OSError:
            return False
        return flags is not None and set(flags[1].split()) >= LEVEL_3
    # Every Intel Mac that macOS 15 runs on has AVX2.
    return system is System.DARWIN and platform.machine() == "x86_64"


def _libc() -> str:
    if sys.platform != "linux":
        return ""
    return "glibc" if platform.libc_ver()[0] == "glibc" else "musl"
