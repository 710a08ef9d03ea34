"""What this machine has for a release: tools, a fit Python, room for results, and the ports of local profiles."""

from functools import partial

from release import disk, git, network, shell
from release.check.finding import Remark, Said, Subject
from release.compile import compile as compiler
from release.errors import DiskFullError, PortTakenError, ProgramNotStartedError, WriteError, together
from release.product import Profile
from release.verify import serve
from release.wheel import python

# A compiled program, its archive and what is made of both take some hundred MB; a rehearsal a few.
NEEDED = 500_000_000
SCARCE = 2_000_000_000
NEEDED_TO_REHEARSE = 20_000_000
# What installs a package of an outlet on this machine, where `verify` tries it.
INSTALLERS = {
    "homebrew": ("brew",),
    "scoop": ("scoop",),
    "aur": ("makepkg", "pacman"),
    "deb": ("dpkg",),
    "winget": ("winget",),
    "npm": ("npm",),
    "installer": ("sh", "curl"),
}


def tools(subject: Subject) -> Said:
    """The programs that a build starts.

    Raises:
        CompilerMissingError, ToolMissingError: something to build with is not there.
    """
    together(git.need, *(() if subject.stand_in else (compiler.need_tools,)))
    there = [name for name in ("git", "uv", "cc", "gcc", "clang", "strip") if shell.find(name)]
    return Said(detail=", ".join(there))


def installers(subject: Subject) -> Said:
    """What is here to install packages with, and what `verify` will not try for want of it."""
    outlets = sorted({name for profile in subject.product.profiles.values() for name in profile.places})
    wanted = {outlet: INSTALLERS[outlet] for outlet in outlets if outlet in INSTALLERS}
    missing: dict[str, list[str]] = {}
    for outlet, names in wanted.items():
        if absent := [name for name in names if shell.find(name) is None]:
            missing[outlet] = absent
    remarks = (
        Remark(text=f"verify skips {outlet}: no {' and no '.join(absent)} here") for outlet, absent in missing.items()
    )
    there = [outlet for outlet in wanted if outlet not in missing]
    return Said(detail=f"verify can try {', '.join(there) or 'none'}", remarks=tuple(remarks))


def environment(subject: Subject) -> Said:
    """The Python, and the folder of results.

    Raises:
        PythonUnfitError: there is no Python as asked for, or the project does not take it.
        DiskFullError: there is no room for results.
        WriteError: they cannot be written.
        ProgramNotStartedError: programs cannot run where they are built.
    """
    said: list[str] = []
    together(lambda: said.append(_python(subject)), lambda: _room(subject), lambda: _writable(subject))
    free = subject.free(subject.dist)
    remarks = (
        (Remark(text=f"{_size(free)} are free at {subject.dist}: a build of several targets may need more"),)
        if free < SCARCE and not subject.stand_in
        else ()
    )
    return Said(detail=f"Python {said[0]}, {_size(free)} free", remarks=remarks)


def _python(subject: Subject) -> str:
    """The version of the Python that builds, which the project takes."""
    build = subject.product.build
    found = python.chosen(build.python, subject.product.root)
    python.need(found, subject.declared.requires_python, subject.product.name)
    return found.version


def _room(subject: Subject) -> None:
    free = subject.free(subject.dist)
    needed = NEEDED_TO_REHEARSE if subject.stand_in else NEEDED
    if free < needed:
        raise DiskFullError(
            f"{_size(free)} are free at {subject.dist}, and a build needs about {_size(needed)}",
            hint="free some space, or give --dist a folder elsewhere",
        )


def _writable(subject: Subject) -> None:
    folder = disk.nearest(subject.dist)
    if not disk.writable(subject.dist):
        raise WriteError(f"{folder} may not be written", hint="check that it is a folder, and yours")
    if not subject.stand_in and shell.forbids_programs(folder):
        raise ProgramNotStartedError(
            f"the file system of {folder} is mounted noexec, and programs are built and tried there",
            hint="give --dist a folder where programs may run",
        )


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"  # noqa: PLR2004  # a GB


# --- ports -----------------------------------------------------------------------------------------------------


def ports(subject: Subject) -> Said:
    """The ports that local profiles are served at: free, or held by another run of this tool.

    Raises:
        PortTakenError: another program listens there.
        ConfigInvalidError: the addresses of a profile that is served are not of this machine.
    """
    served = {
        name: profile
        for name, profile in subject.product.profiles.items()
        if profile.local and profile.serve and (subject.served is None or name in subject.served)
    }
    found: dict[int, str] = {}
    together(*(partial(_look, name, profile, found) for name, profile in served.items()))
    detail = ", ".join(f"{port} {'is ours' if holder else 'is free'}" for port, holder in found.items())
    remarks = tuple(Remark(text=text) for text in found.values() if text)
    return Said(detail=detail or "no local profile is served", remarks=remarks)


def _look(name: str, profile: Profile, found: dict[int, str]) -> None:
    """Note down what holds a port; nothing where nobody does."""
    port = serve.port(profile)
    found[port] = ""
    if network.is_free(port):
        return
    if network.server_at(f"http://127.0.0.1:{port}/") != serve.SERVER:
        raise PortTakenError(
            f"port {port} of the profile {name} is taken by another program",
            hint=f"end it, or write another port in archive_url of [profiles.{name}] in release.toml",
        )
    found[port] = f"another run of this tool serves at port {port} of the profile {name}: verify waits for it"
