"""The manifest through Scoop, by its full name, and removed again.

What the user has installed or added stays as it is: the bucket gets a name of its own, and where an app or a
program of this name is there already, or the bucket's address is added under another name, the check is skipped.
Run against a look-alike only: Scoop needs Windows.
"""

import secrets
from functools import partial
from pathlib import Path

from release import shell
from release.packagers import naming
from release.product import System
from release.verify.check import PATIENCE, Job, SkippedError, tried, undoing

# Scoop's lib/buckets.ps1: the address is that of a bucket that is there.
ALREADY_THERE = 2


def install(job: Job) -> str:
    """Install from the public bucket and try the program.

    Raises:
        SkippedError: no scoop here, no Windows archive, or the user has something of this name.
        ProgramFailedError: scoop refused.
        SmokeTestError: the installed program does not do what it must.
        VerifyError: the bucket holds another manifest, or something is left behind.
    """
    if not any(artifact.target.system is System.WINDOWS for artifact in job.release.artifacts):
        raise SkippedError("the release has no Windows archive")
    scoop = shell.find("scoop")
    if scoop is None:
        raise SkippedError("scoop not on PATH")
    bundle = job.bundle("scoop")
    repository = job.repository(bundle)
    _skip_what_is_the_users(scoop, job, bundle.package)
    bucket = f"verify-{secrets.token_hex(4)}"
    with undoing() as undo:
        undo.append(partial(_remove_bucket, scoop, bucket))
        words: list[str | Path] = [scoop, "bucket", "add", bucket, repository]
        done = shell.attempt(words, timeout=PATIENCE)
        if done.code == ALREADY_THERE:
            raise SkippedError(f"a bucket of {repository} is there already, and stays; `scoop bucket rm` it first")
        if done.code != 0:
            raise shell.failed(words, done)
        undo.append(partial(_uninstall, scoop, bundle.package))
        shell.run([scoop, "install", f"{bucket}/{bundle.package}"], timeout=PATIENCE)
        prefix = shell.run([scoop, "prefix", bundle.package], timeout=PATIENCE).strip()
        folder = Path(prefix, naming.folder(job.product), job.product.name)
        # Each command is a program there; Scoop's own names for them lead to the one program.
        said = tried(job, {command: folder / f"{command}.exe" for command in job.product.commands})
    return f"{bundle.package}: {said}; removed"


def _skip_what_is_the_users(scoop: Path, job: Job, package: str) -> None:
    if _is_installed(scoop, package):
        raise SkippedError(f"{package} is installed already, and stays; `scoop uninstall {package}` first")
    for command in job.product.commands:
        if shell.attempt([scoop, "which", command], timeout=PATIENCE).code == 0:
            raise SkippedError(f"a program called {command} is there already, and stays")


def _is_installed(scoop: Path, package: str) -> bool:
    return shell.attempt([scoop, "prefix", package], timeout=PATIENCE).code == 0


def _uninstall(scoop: Path, package: str) -> str:
    """Remove the app if it was installed; gives what is left."""
    done = shell.attempt([scoop, "uninstall", package], timeout=PATIENCE)
    return f"left behind: {package}\n{done.out.strip()}" if _is_installed(scoop, package) else ""


def _remove_bucket(scoop: Path, bucket: str) -> str:
    """Remove the bucket if it was added; gives what is left."""
    shell.attempt([scoop, "bucket", "rm", bucket], timeout=PATIENCE)
    done = shell.attempt([scoop, "bucket", "list"], timeout=PATIENCE)
    return f"left behind: the bucket {bucket}" if bucket in done.out else ""
