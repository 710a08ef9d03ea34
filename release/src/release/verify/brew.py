"""The formula through a real Homebrew, by its full name. Untested: needs a machine with brew."""

from pathlib import Path

from release import shell, trial
from release.model import System
from release.packagers.homebrew import Homebrew
from release.verify.check import Job, SkippedError


def install(job: Job) -> str:
    """Install from the public tap and try the program.

    Raises:
        SkippedError: no brew here, or no archive for it.
        ProgramFailedError: brew refused.
    """
    brew = shell.find("brew")
    if brew is None:
        raise SkippedError("brew not on PATH")
    if not any(artifact.target.system in {System.LINUX, System.DARWIN} for artifact in job.release.artifacts):
        raise SkippedError("the release has no archive for it")
    bundle = job.bundle("homebrew")
    tap = job.product.table(Homebrew).tap
    full = f"{tap}/{bundle.package}"
    env = {"HOMEBREW_NO_AUTO_UPDATE": "1", "HOMEBREW_NO_ANALYTICS": "1", "HOMEBREW_NO_INSTALL_CLEANUP": "1"}
    shell.run([brew, "tap", tap, job.repository(bundle)], env=env)
    try:
        shell.run([brew, "install", full], env=env)
        prefix = shell.run([brew, "--prefix", full], env=env).strip()
        tried = trial.installed(job.product, job.release.plan, Path(prefix) / "bin" / job.product.name, job.work)
        shell.run([brew, "test", full], env=env)
    finally:
        shell.attempt([brew, "uninstall", full], env=env)
        shell.attempt([brew, "untap", tap], env=env)
    return f"{full}: {tried}, brew test; removed"
