"""By hand: unpack the downloaded archive, run what is inside."""

import tarfile
import zipfile

from release import targets, trial
from release.errors import TargetForeignError
from release.verify.check import Job, SkippedError


def install(job: Job) -> str:
    """Unpack every archive that runs on this machine and try its program.

    Raises:
        SkippedError: none of them runs here.
        SmokeTestError: a program does not do what it must.
    """
    try:
        here = targets.native(job.release.plan.targets)
    except TargetForeignError as error:
        raise SkippedError(str(error)) from None
    runs = [artifact for artifact in job.release.artifacts if artifact.target in here]
    if not runs:
        raise SkippedError("no archive for this machine in this release")
    tried = ""
    for artifact in runs:
        into = job.work / artifact.target.name
        source = job.downloads / artifact.file
        if artifact.target.suffix == ".zip":
            with zipfile.ZipFile(source) as packed:
                packed.extractall(into)  # noqa: S202  # our own archive, its digest was compared
        else:
            with tarfile.open(source) as packed_tar:
                packed_tar.extractall(into, filter="data")
        folder = into / job.product.name / job.product.name
        program = folder / f"{job.product.name}{artifact.target.program_suffix}"
        tried = trial.installed(job.product, job.release.plan, program, job.work)
    return f"{', '.join(artifact.target.name for artifact in runs)}: {tried}"
