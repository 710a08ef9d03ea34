"""The manifest through a real Scoop, by its full name. Untested: needs Windows."""

from pathlib import Path

from release import shell, trial
from release.model import System
from release.packagers import naming
from release.packagers.scoop import Scoop
from release.verify.check import Job, SkippedError


def install(job: Job) -> str:
    """Install from the public bucket and try the program.

    Raises:
        SkippedError: no scoop here, or no Windows archive.
        ProgramFailedError: scoop refused.
    """
    if not any(artifact.target.system is System.WINDOWS for artifact in job.release.artifacts):
        raise SkippedError("the release has no Windows archive")
    scoop = shell.find("scoop")
    if scoop is None:
        raise SkippedError("scoop not on PATH")
    bundle = job.bundle("scoop")
    name = job.product.table(Scoop).bucket.partition("/")[0]
    shell.run([scoop, "bucket", "add", name, job.repository(bundle)])
    try:
        shell.run([scoop, "install", f"{name}/{bundle.package}"])
        prefix = shell.run([scoop, "prefix", bundle.package]).strip()
        program = Path(prefix, naming.folder(job.product), job.product.name, f"{job.product.name}.exe")
        tried = trial.installed(job.product, job.release.plan, program, job.work)
    finally:
        shell.attempt([scoop, "uninstall", bundle.package])
        shell.attempt([scoop, "bucket", "rm", name])
    return f"{name}/{bundle.package}: {tried}; removed"
