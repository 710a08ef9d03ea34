"""The verb verify: the release as a stranger meets it, by public address and through real package managers.

Says of every check whether it passed, failed or was skipped, and why; never counts a skipped one as passed.
"""

import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from release import network, packagers
from release.errors import ReleaseError
from release.model import Artifact, Product, Profile, Release
from release.packagers import naming
from release.progress import Progress
from release.verify import brew, pacman, scoop, unpacked
from release.verify.check import Check, Job, Result, SkippedError
from release.verify.serve import serving

type Installer = tuple[str, Callable[[Job], str]]
# By-hand installation first: when that fails the others need no look.
INSTALLERS: tuple[Installer, ...] = (
    ("unpacked", unpacked.install),
    ("pacman", pacman.install),
    ("brew", brew.install),
    ("scoop", scoop.install),
)


def verify(
    product: Product,
    profile: Profile,
    release: Release,
    dist: Path,
    *,
    progress: Progress,
    installers: tuple[Installer, ...] = INSTALLERS,
) -> tuple[Check, ...]:
    """Download every archive, then install with every package manager this machine has.

    Raises:
        PortTakenError: the local outlets cannot be served where their addresses point.
    """
    bundles = packagers.bundles(product, profile, release)
    with tempfile.TemporaryDirectory(prefix="release-") as downloads, serving(profile, dist):
        checks = [_download(profile, release, artifact, Path(downloads), progress) for artifact in release.artifacts]
        for name, install in installers:
            progress.step(f"installing: {name}")
            with tempfile.TemporaryDirectory(prefix="release-", ignore_cleanup_errors=True) as work:
                # Package managers work as other users; they must be able to come in.
                Path(work).chmod(0o755)
                job = Job(
                    product=product,
                    profile=profile,
                    release=release,
                    bundles=bundles,
                    downloads=Path(downloads),
                    dist=dist,
                    work=Path(work),
                )
                checks.append(_timed(name, partial(install, job)))
    return tuple(checks)


def _download(profile: Profile, release: Release, artifact: Artifact, into: Path, progress: Progress) -> Check:
    progress.step(f"downloading {artifact.file}")
    url = naming.archive_url(profile, release.plan.version.tag, artifact.file)

    def compare() -> str:
        got = network.fetch(url, into=into / artifact.file, limit=artifact.size + 1)
        if (got.status, got.size, got.sha256) != (200, artifact.size, artifact.sha256):
            raise _MismatchError(
                f"{url}: status {got.status}, {got.size} bytes, sha256 {got.sha256[:12] or 'none'}; "
                f"released were {artifact.size} bytes, sha256 {artifact.sha256[:12]}"
            )
        return f"{artifact.size / 1e6:.1f} MB, sha256 {artifact.sha256[:12]}"

    return _timed(f"download {artifact.target.name}", compare)


class _MismatchError(Exception):
    """A download is not what was released."""


def _timed(name: str, work: Callable[[], str]) -> Check:
    start = time.monotonic()
    try:
        result, detail = Result.PASSED, work()
    except SkippedError as skipped:
        result, detail = Result.SKIPPED, str(skipped)
    except (_MismatchError, ReleaseError, OSError) as error:
        result, detail = Result.FAILED, str(error)
    return Check(name=name, result=result, detail=detail, seconds=time.monotonic() - start)
