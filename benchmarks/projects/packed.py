"""The package for Arch Linux that was rendered: built by makepkg, put into a root of its own by pacman, removed."""

import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.projects.place import WrongError, emptied

# makepkg refuses to run as root; nobody is the one unprivileged user every system has.
NOBODY = 65534
CONF = "[options]\nArchitecture = auto\nSigLevel = Never\nLocalFileSigLevel = Never\n"


@contextlib.contextmanager
def installed(dist: Path, work: Path) -> Iterator[Path]:
    """Install what was rendered for the time of the block; gives the root.

    Raises:
        WrongError: there is no package, or its removal leaves something behind.
        subprocess.CalledProcessError: makepkg or pacman refused.
    """
    found = sorted((dist / "rendered").rglob("PKGBUILD"))
    if not found:
        raise WrongError("no PKGBUILD was rendered: the outlet aur is not in release.toml")
    package = _built(found[0].parent, dist / "artifacts", emptied(work / "package"))
    root = emptied(work / "root")
    pacman = _pacman(root, work)
    _run([*pacman, "-U", "-dd", package])
    yield root
    (name,) = _run([*pacman, "-Qq"]).split()
    checked = _run([*pacman, "-Qkk", name])
    if "0 altered files" not in checked:
        raise WrongError(f"files of the package were changed by its use: {checked}")
    _run([*pacman, "-R", name])
    left = [path for path in root.rglob("*") if not path.is_dir() and path.relative_to(root).parts[0] not in _PACMANS]
    if left:
        raise WrongError(f"pacman -R left {', '.join(map(str, left[:5]))}")


_PACMANS = {"var", "etc"}


def _built(rendered: Path, archives: Path, folder: Path) -> Path:
    """The package file. makepkg takes the archive that lies beside the PKGBUILD, and checks its digest."""
    for path in rendered.iterdir():
        shutil.copy(path, folder / path.name)
    for name, address in re.findall(r"'([^'\s]+)::([^'\s]+)'", (folder / "PKGBUILD").read_text()):
        shutil.copy(archives / address.rpartition("/")[2], folder / name)
    uid = NOBODY if os.geteuid() == 0 else None
    if uid is not None:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, uid, uid)
    names = ("HOME", "PKGDEST", "SRCDEST", "BUILDDIR")
    env = {"PATH": os.environ["PATH"], "LC_ALL": "C", "PKGEXT": ".pkg.tar.zst", **dict.fromkeys(names, str(folder))}
    _run(["makepkg", "-f", "--nodeps", "--noprogressbar", "--noconfirm"], cwd=folder, env=env, user=uid)
    (made,) = folder.glob("*.pkg.tar.zst")
    return made


def _pacman(root: Path, work: Path) -> list[str | Path]:
    (work / "pacman.conf").write_text(CONF)
    for name in ("var/lib/pacman", "var/cache/pacman", "etc"):
        (root / name).mkdir(parents=True)
    words: list[str | Path] = [] if os.geteuid() == 0 else ["fakeroot"]
    words += ["pacman", "--config", work / "pacman.conf", "--root", root, "--dbpath", root / "var/lib/pacman"]
    words += ["--cachedir", root / "var/cache/pacman", "--logfile", work / "pacman.log"]
    return [*words, "--gpgdir", work / "gpg", "--hookdir", work / "hooks", "--noconfirm"]


def _run(
    words: Sequence[str | Path],
    cwd: Path | None = None,
    env: dict[str, str] | None = None,
    user: int | None = None,
) -> str:
    done = subprocess.run(
        list(map(str, words)), cwd=cwd, env=env, user=user, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        error = subprocess.CalledProcessError(done.returncode, list(map(str, words)))
        error.add_note(f"{done.stdout}\n{done.stderr}".strip()[-3000:])
        raise error
    return done.stdout
