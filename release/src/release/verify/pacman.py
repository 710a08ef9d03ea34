"""The PKGBUILD through makepkg and pacman, in a root of its own; the machine's packages stay untouched."""

import os
import re
import sys
from pathlib import Path

from release import git, shell
from release.errors import SmokeTestError
from release.model import Bundle
from release.verify.check import PATIENCE, Job, SkippedError, tried

# makepkg refuses to run as root; nobody is the one unprivileged user every system has.
NOBODY = 65534
# makepkg on a busy machine may lose sight of a download that has just ended, and stops with this code.
LOST_CHILD = 255
_PACMANS = ("var", "etc")  # of a root: what pacman itself writes there
CONF = """\
[options]
Architecture = auto
SigLevel = Never
LocalFileSigLevel = Never
"""


def install(job: Job) -> str:
    """Build the package as a user would, install it, try it, remove it.

    Raises:
        SkippedError: no makepkg or pacman here, or an archive could not be downloaded.
        ProgramFailedError: one of them refused.
        SmokeTestError: the installed program does not do what it must, or leaves files behind.
        VerifyError: the public repository holds another PKGBUILD.
    """
    if sys.platform != "linux":
        raise SkippedError("pacman is a Linux package manager")
    missing = [name for name in ("makepkg", "pacman", "fakeroot") if shell.find(name) is None]
    if missing:
        raise SkippedError(f"{', '.join(missing)} not on PATH")
    bundle = job.bundle("aur")
    package = _build(job, bundle)
    root = job.work / "root"
    pacman = _pacman(job, root)
    libc = (os.confstr("CS_GNU_LIBC_VERSION") or "glibc 2.17").split()[1]
    shell.run([*pacman, "-U", *assumed(bundle, libc), package], timeout=PATIENCE)
    folder = root / "usr" / "bin"
    said = tried(job, {command: folder / command for command in job.product.commands})
    checked = shell.run([*pacman, "-Qkk", bundle.package], timeout=PATIENCE).strip()
    shell.run([*pacman, "-R", bundle.package], timeout=PATIENCE)
    left = [path for path in root.rglob("*") if not path.is_dir() and path.relative_to(root).parts[0] not in _PACMANS]
    if left:
        raise SmokeTestError(f"pacman -R left {left}", hint="every file must belong to the package")
    return f"{package.name}: {said}; {checked}; removed"


def assumed(bundle: Bundle, libc: str) -> list[str]:
    """Options of pacman for what a package depends on: its C library and its other libraries.

    No pacman database of a private root knows of them. The C library is taken at the version that is there; whether the
    others are there shows when the program is tried.
    """
    (srcinfo,) = (file.content for file in bundle.files if file.path == ".SRCINFO" and isinstance(file.content, bytes))
    lines = (line.strip() for line in srcinfo.decode().splitlines())
    names = [re.split("[<>=]", line.removeprefix("depends = "))[0] for line in lines if line.startswith("depends = ")]
    return [f"--assume-installed={name}={libc if name == 'glibc' else 1}" for name in names]


def _build(job: Job, bundle: Bundle) -> Path:
    """The package file, built from the public repository, or from the rendered files of an unpushed one."""
    folder = job.work / "package"
    if bundle.kept:
        folder.mkdir()
        for file in bundle.files:
            if isinstance(file.content, bytes):
                (folder / file.path).write_bytes(file.content)
    else:
        git.nowhere().run("clone", "-q", "--", job.repository(bundle), folder, timeout=PATIENCE)
    uid = NOBODY if os.geteuid() == 0 else None
    if uid is not None:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, uid, uid)
    env = {
        "HOME": str(folder),
        "PKGDEST": str(folder),
        "SRCDEST": str(folder),
        "BUILDDIR": str(folder),
        "LC_ALL": "C",
    }
    # The dependency is this machine's own C library, which no pacman database here knows of.
    words = ["makepkg", "-f", "--nodeps", "--noprogressbar", "--noconfirm"]
    done = shell.attempt(words, cwd=folder, env=env, uid=uid, timeout=PATIENCE)
    if done.code == LOST_CHILD:
        done = shell.attempt(words, cwd=folder, env=env, uid=uid, timeout=PATIENCE)
    if done.code != 0:
        raise shell.failed(words, done)
    made = [path for path in sorted(folder.glob("*.pkg.tar*")) if path.suffix != ".sig"]
    if not made:
        raise SmokeTestError("makepkg ended well and made no package", hint="run it by hand and look")
    return made[0]


def _pacman(job: Job, root: Path) -> list[str | Path]:
    """The pacman command for the private root."""
    conf = job.work / "pacman.conf"
    conf.write_text(CONF)
    for folder in ("var/lib/pacman", "var/cache/pacman", "etc"):
        (root / folder).mkdir(parents=True)
    words: list[str | Path] = [] if os.geteuid() == 0 else ["fakeroot"]
    words += ["pacman", "--config", conf, "--root", root, "--dbpath", root / "var/lib/pacman"]
    words += ["--cachedir", root / "var/cache/pacman", "--logfile", job.work / "pacman.log"]
    return [*words, "--gpgdir", job.work / "gpg", "--hookdir", job.work / "hooks", "--noconfirm"]
