"""The formula through Homebrew, by its full name, and removed again.

What the user has installed or tapped stays as it is: where a tap of this name, a formula of this name or a program
of this name is there already, the check is skipped. Run against a look-alike only: nobody has run it with Homebrew.
"""

from functools import partial
from pathlib import Path

from release import shell
from release.packagers.homebrew import Homebrew
from release.product import System
from release.verify.check import PATIENCE, Job, SkippedError, tried, undoing

# No upgrade, clean-up or removal of anything but what is asked for.
ENVIRONMENT = {
    "HOMEBREW_NO_AUTO_UPDATE": "1",
    "HOMEBREW_NO_AUTOREMOVE": "1",
    "HOMEBREW_NO_ANALYTICS": "1",
    "HOMEBREW_NO_ENV_HINTS": "1",
    "HOMEBREW_NO_INSTALL_CLEANUP": "1",
    "HOMEBREW_NO_INSTALL_UPGRADE": "1",
    "HOMEBREW_NO_INSTALLED_DEPENDENTS_CHECK": "1",
}


def install(job: Job) -> str:
    """Install from the public tap and try the program.

    Raises:
        SkippedError: no brew here, no archive for it, or the user has something of this name.
        ProgramFailedError: brew refused.
        SmokeTestError: the installed program does not do what it must.
        VerifyError: the tap holds another formula, or something is left behind.
    """
    brew = shell.find("brew")
    if brew is None:
        raise SkippedError("brew not on PATH")
    if not any(artifact.target.system in {System.LINUX, System.DARWIN} for artifact in job.release.artifacts):
        raise SkippedError("the release has no archive for it")
    bundle = job.bundle("homebrew")
    tap, repository = job.product.table(Homebrew).tap, job.repository(bundle)
    full = f"{tap}/{bundle.package}"
    cellar = Path(_asked(brew, "--cellar"))
    _skip_what_is_the_users(brew, job, full, cellar)
    with undoing() as undo:
        undo.append(partial(_untap, brew, tap))
        _asked(brew, "tap", tap, repository)
        undo.append(partial(_uninstall, brew, full, cellar / bundle.package))
        _asked(brew, "install", full)
        folder = Path(_asked(brew, "--prefix", full)) / "bin"
        said = tried(job, {command: folder / command for command in job.product.commands})
        _asked(brew, "test", full)
    return f"{full}: {said}, brew test; removed"


def _asked(brew: Path, *words: str) -> str:
    return shell.run([brew, *words], env=ENVIRONMENT, timeout=PATIENCE).strip()


def _skip_what_is_the_users(brew: Path, job: Job, full: str, cellar: Path) -> None:
    tap, _, package = full.rpartition("/")
    if tap.lower() in _asked(brew, "tap").lower().split():
        raise SkippedError(f"the tap {tap} is there already, and stays; `brew untap {tap}` first")
    if (cellar / package).exists():
        raise SkippedError(f"{package} is installed already, and stays; `brew uninstall {package}` first")
    folder = Path(_asked(brew, "--prefix")) / "bin"
    for program in (folder / command for command in job.product.commands):
        if program.exists() or program.is_symlink():
            raise SkippedError(f"{program} is there already, and stays; unlink what it belongs to first")


def _uninstall(brew: Path, full: str, keg: Path) -> str:
    """Remove the formula if it was installed; gives what is left."""
    if not keg.exists():
        return ""
    done = shell.attempt([brew, "uninstall", "--force", full], env=ENVIRONMENT, timeout=PATIENCE)
    return f"left behind: {keg}\n{done.err.strip()}" if keg.exists() else ""


def _untap(brew: Path, tap: str) -> str:
    """Remove the tap if it was made; gives what is left."""
    if not _is_tapped(brew, tap):
        return ""
    done = shell.attempt([brew, "untap", tap], env=ENVIRONMENT, timeout=PATIENCE)
    return f"left behind: the tap {tap}\n{done.err.strip()}" if _is_tapped(brew, tap) else ""


def _is_tapped(brew: Path, tap: str) -> bool:
    done = shell.attempt([brew, "tap"], env=ENVIRONMENT, timeout=PATIENCE)
    return tap.lower() in done.out.lower().split()
