"""By hand: unpack the downloaded archive, run what is inside."""

import os
import tarfile
import zipfile
from pathlib import Path

from release import calls, targets
from release.errors import TargetForeignError
from release.model import Artifact
from release.packagers import archives_of, naming
from release.verify.check import Job, SkippedError, tried


def install(job: Job) -> str:
    """Unpack every archive that runs on this machine and try its program.

    Raises:
        SkippedError: none of them runs here, or the download of one that does failed.
        SmokeTestError: a program does not do what it must.
    """
    try:
        here = targets.native(job.release.plan.targets)
    except TargetForeignError as error:
        raise SkippedError(str(error)) from None
    runs = [artifact for artifact in archives_of(job.release) if artifact.target in here]
    if not runs:
        raise SkippedError("no archive for this machine in this release")
    if os.name == "nt" and any(artifact.fake for artifact in runs):
        raise SkippedError("stand-ins are shell scripts, which Windows does not start")
    fit = [artifact for artifact in runs if artifact.file in job.downloads]
    done = ""
    for artifact in fit:
        program = _unpacked(job, artifact, job.downloads[artifact.file])
        done = tried(job, calls.commands(job.product, program, program.parent.parent / "commands"))
    said = f"{', '.join(artifact.target.name for artifact in fit)}: {done}"
    if unfit := [artifact.target.name for artifact in runs if artifact not in fit]:
        raise SkippedError(f"the download of {', '.join(unfit)} failed" + (f"; {said}" if fit else ""))
    return said


def _unpacked(job: Job, artifact: Artifact, archive: Path) -> Path:
    """The program, where unpacking the archive put it."""
    into = job.work / artifact.target.name
    if artifact.target.suffix == ".zip":
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(into)  # noqa: S202  # our own archive, its digest was compared
    else:
        with tarfile.open(archive) as packed_tar:
            packed_tar.extractall(into, filter="data")
    return into / naming.folder(job.product) / job.product.program(artifact.target)
