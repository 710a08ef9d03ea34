"""The verb verify: the release by its public addresses and through real package managers.

Says of every check whether it passed, failed or was skipped, and why. An installer is given only archives whose
bytes are those that were released; whatever it raises is a failed check, and the others go on.
"""

import tempfile
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import assert_never

import msgspec

from release import network, packagers
from release.errors import ReleaseError
from release.model import Artifact, Bundle, Release
from release.packagers import naming
from release.product import Product, Profile
from release.progress import Progress, Step
from release.shell import TerminatedError
from release.verify import brew, installer, npm, pacman, scoop, unpacked
from release.verify.check import NO_OUTLET, Check, Job, Result, SkippedError
from release.verify.serve import serving


def _signed(job: Job) -> str:
    from release.verify import signed  # its client costs more than a check does

    return signed.check(job)


type Installer = tuple[str, Callable[[Job], str]]
# By-hand installation first: when that fails the others need no look.
INSTALLERS: tuple[Installer, ...] = (
    ("unpacked", unpacked.install),
    ("signed site", _signed),
    ("installer", installer.install),
    ("pacman", pacman.install),
    ("brew", brew.install),
    ("scoop", scoop.install),
    ("npm", npm.install),
)


# Of what an installer takes its package, where that is an outlet which a project may have or not.
OUTLETS = {"pacman": "aur", "brew": "homebrew", "scoop": "scoop", "npm": "npm"}
READ = "read "  # begins the name of a check that a place can be read


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
    with (
        progress.begin("verify") as step,
        tempfile.TemporaryDirectory(prefix="release-", ignore_cleanup_errors=True) as folder,
        serving(profile, dist, progress),
    ):
        archives = packagers.archives_of(release)
        wanted = {archive.file: Path(folder) / archive.file for archive in archives}
        checks = [_download(profile, release, each, wanted[each.file], progress) for each in archives]
        bundles, unread = _standing(product, profile, release, dist, progress)
        checks += unread
        absent: list[Check] = []
        # A failed download leaves no file: what is there is what was released.
        downloads = {name: path for name, path in wanted.items() if path.exists()}

        def job(work: Path) -> Job:
            return Job(
                product=product,
                profile=profile,
                release=release,
                bundles=bundles,
                unread=tuple(check.name.removeprefix(READ) for check in unread),
                downloads=downloads,
                dist=dist,
                work=work,
            )

        for name, install in installers:
            if OUTLETS.get(name, "") not in {"", *profile.places}:
                detail = f"{OUTLETS[name]} {NO_OUTLET}"
                absent.append(Check(name=name, result=Result.SKIPPED, detail=detail, seconds=0.0))
                continue
            checks.append(_tried(name, partial(_installed, install, job), progress))
        _sum_up(step, checks)
    return (*checks, *absent)


def _sum_up(step: Step, checks: list[Check]) -> None:
    """How many passed, and why the others did not."""
    by = {result: [check for check in checks if check.result is result] for result in Result}
    counts = [f"{len(found)} {result}" for result, found in by.items() if found]
    reasons = "; ".join(dict.fromkeys(check.detail.partition("\n")[0] for check in by[Result.SKIPPED]))
    text = ", ".join(counts) + (f": {reasons}" if reasons else "")
    if by[Result.FAILED]:
        step.fail(text)
    else:
        step.detail = text


def _standing(
    product: Product, profile: Profile, release: Release, dist: Path, progress: Progress
) -> tuple[tuple[Bundle, ...], tuple[Check, ...]]:
    """The bundles of every outlet whose place can be read, and a failed check for every other."""
    bundles: list[Bundle] = []
    failed: list[Check] = []
    for outlet, address in profile.places.items():
        alone = msgspec.structs.replace(profile, places={outlet: address})

        def read(alone: Profile = alone) -> str:
            bundles.extend(packagers.standing(product, alone, release, dist))
            return ""

        check = _tried(f"{READ}{outlet}", read, progress)
        if check.result is not Result.PASSED:
            failed.append(check)
    return tuple(bundles), tuple(failed)


def _installed(install: Callable[[Job], str], job: Callable[[Path], Job]) -> str:
    """Run an installer in a folder of its own, which is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="release-", ignore_cleanup_errors=True) as work:
        # Package managers work as other users; they must be able to come in.
        Path(work).chmod(0o755)
        return install(job(Path(work)))


def _download(profile: Profile, release: Release, artifact: Artifact, into: Path, progress: Progress) -> Check:
    """Download an archive and compare it; only the bytes that were released stay there."""

    def compare() -> str:
        url = naming.archive_url(profile, release.plan, artifact.file)
        got = network.fetch(url, into=into, limit=artifact.size + 1)
        if (got.status, got.size, got.sha256) != (200, artifact.size, artifact.sha256):
            raise _MismatchError(
                f"{url}: {got.problem or f'status {got.status}'}, {got.size} bytes, "
                f"sha256 {got.sha256[:12] or 'none'}; "
                f"released were {artifact.size} bytes, sha256 {artifact.sha256[:12]}"
            )
        return f"{artifact.size_shown}, sha256 {artifact.sha256[:12]}"

    check = _tried(f"download {artifact.target.name}", compare, progress)
    if check.result is not Result.PASSED:
        into.unlink(missing_ok=True)
    return check


class _MismatchError(Exception):
    """A download is not what was released."""


def _tried(name: str, work: Callable[[], str], progress: Progress) -> Check:
    """Do the work of a check, as a step; whatever it raises, except a request to end, is its result."""
    with progress.begin(name) as step:
        check = _ended(name, work)
        match check.result:
            case Result.PASSED:
                step.detail = check.detail
            case Result.SKIPPED:
                step.skip(check.detail)
            case Result.FAILED:
                step.fail(check.detail)
            case _ as never:
                assert_never(never)
    return check


def _ended(name: str, work: Callable[[], str]) -> Check:
    start = time.monotonic()
    try:
        result, detail = Result.PASSED, work()
    except SkippedError as skipped:
        # A note says what could not be taken back; that is no skipped check.
        result = Result.FAILED if _notes(skipped) else Result.SKIPPED
        detail = _words(skipped, str(skipped))
    except (KeyboardInterrupt, TerminatedError):
        raise
    except ReleaseError as error:
        result, detail = Result.FAILED, _words(error, f"{error}\nhint: {error.hint}")
    except (_MismatchError, OSError) as error:
        result, detail = Result.FAILED, _words(error, str(error))
    except BaseException as bug:  # noqa: BLE001  # also what is raised to end a program: the table comes out
        result, detail = Result.FAILED, "".join(traceback.format_exception(bug)).strip()
    return Check(name=name, result=result, detail=detail, seconds=time.monotonic() - start)


def _words(error: Exception, text: str) -> str:
    """The text with the notes that were added to the error."""
    return "\n".join([text, *_notes(error)])


def _notes(error: Exception) -> list[str]:
    return list(getattr(error, "__notes__", []))
