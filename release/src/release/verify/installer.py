"""install.sh as the public gets it, in a home and a folder of its own, and removed again."""

import os
from pathlib import Path

from release import network, shell, trial
from release.errors import VerifyError, VersionIllegalError
from release.packagers import installer
from release.verify.check import PATIENCE, Job, SkippedError, tried
from release.version import order

SCRIPT = "install.sh"
LIMIT = 1_000_000  # bytes of a script
# Where every system has its own programs; what the user has put on PATH before them has no part in it.
PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
# The script's own codes, see templates/installer: a program that it needs is missing; no build fits this machine.
MISSING, UNFIT = 51, 60


def install(job: Job) -> str:
    """Run the channel's script, try the program, remove what was installed.

    Raises:
        SkippedError: no archive fits this machine, or the channel has a newer version.
        ProgramFailedError: the script refused.
        SmokeTestError: the installed program does not do what it must.
        VerifyError: another script is served than this release renders, or something is left behind.
    """
    if os.name == "nt":
        raise SkippedError("install.sh is for Linux and macOS")
    bundle = job.bundle(installer.NAME)
    if bundle.kept:
        raise SkippedError("it is in no public place")
    url = f"{job.profile.sites[0]}{bundle.package}/{SCRIPT}"
    script = _served(job, url, bundle.package)
    folder, home = job.work / "bin", trial.home(job.work / "home")
    variable = job.product.name.upper().replace("-", "_")
    given = {f"{variable}_INSTALL_DIR": None, "XDG_BIN_DIR": None, "GITHUB_PATH": None, "PATH": PATH}
    words: list[str | Path] = ["sh", script, "--install-dir", folder, "--no-modify-path"]
    done = shell.attempt(words, env={**home, **given}, timeout=PATIENCE)
    if done.code in {MISSING, UNFIT}:
        raise SkippedError(done.err.strip().removeprefix("error: "))
    if done.code != 0:
        raise shell.failed(words, done)
    left = sorted(str(path) for path in (job.work / "home").rglob("*") if path.is_file())
    said = tried(job, {command: folder / command for command in job.product.commands})
    again = shell.run(words, env={**home, **given}, timeout=PATIENCE)
    # With the script itself, as the page tells people to.
    shell.run([*words, "--uninstall"], env={**home, **given}, timeout=PATIENCE)
    if left or any(folder.iterdir()):
        raise VerifyError(
            f"install.sh left {', '.join(left) or folder} behind", hint="let it write below its folder only"
        )
    return f"{url}: {said}, again ({'already there' if 'already there' in again else 'installed'}); removed"


def _served(job: Job, url: str, package: str) -> Path:
    """The script at its public address, which must be that of this release."""
    script = job.work / SCRIPT
    got = network.fetch(url, into=script, limit=LIMIT)
    if (got.status, got.problem) != (200, ""):
        raise VerifyError(f"{url}: {got.problem or f'status {got.status}'}", hint="publish this release")
    bundle = job.bundle(installer.NAME)
    (ours,) = (file.content for file in bundle.files if file.path == f"{package}/{SCRIPT}")
    served = script.read_bytes()
    if served == ours:
        return script
    try:
        held = installer.PACKAGER.edition(bundle, lambda _path: served)
    except (ValueError, VersionIllegalError):
        held = None
    if held is not None and order(held.version) > order(job.release.plan.version):
        raise SkippedError(f"{url} installs the newer {held.text}")
    raise VerifyError(
        f"{url} is not what this release renders", hint="publish this release, or verify the one that is published"
    )
