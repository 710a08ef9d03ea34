"""What the checks share: their results, the job that each installer is given, and how it takes back what it did."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from release import destinations, shell, trial, version
from release.destinations.repository import Repository
from release.errors import SmokeTestError, VerifyError, VersionIllegalError
from release.model import Artifact, Bundle, Release, State
from release.packagers import FLEET
from release.product import Product, Profile

# For one command of a package manager, which may download and build. In seconds.
PATIENCE = 1200
_NOT_STARTED = (126, 127)  # of a shell, and of the script that npm's packages start it with


class Result(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


NO_OUTLET = "is no outlet here"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was tried.

    Attributes:
        detail: what was seen, why it failed, or why it was skipped.
        seconds: how long it took.
    """

    name: str
    result: Result
    detail: str
    seconds: float

    @property
    def is_wanted(self) -> bool:
        """Whether it is about an outlet that the profile has."""
        return not (self.result is Result.SKIPPED and self.detail.endswith(NO_OUTLET))


class SkippedError(Exception):
    """A check that cannot run here; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """An installer's task: install what is public in `work`, try it, remove it again.

    Attributes:
        downloads: the archives whose bytes, as they came from their public addresses, are those that were released;
            by file name. What is not in it must not be run.
        dist: where the paths of a local profile start.
        unread: outlets whose places cannot be read.
    """

    product: Product
    profile: Profile
    release: Release
    bundles: tuple[Bundle, ...]
    downloads: Mapping[str, Path]
    dist: Path
    work: Path
    unread: tuple[str, ...] = ()

    def bundle(self, outlet: str) -> Bundle:
        """The bundle of an outlet, when every archive that it leads to has been downloaded as it was released.

        Raises:
            SkippedError: this release renders none, its place cannot be read, or the download of one of its archives
                failed.
        """
        if outlet in self.unread:
            raise SkippedError("its place cannot be read")
        for bundle in self.bundles:
            if bundle.outlet == outlet:
                leads_to = [artifact for artifact in self.release.artifacts if _names(bundle, artifact)]
                if failed := [each.target.name for each in leads_to if each.file not in self.downloads]:
                    raise SkippedError(f"the download of {', '.join(failed)} failed")
                return bundle
        raise SkippedError("the release has no archive for it")

    def repository(self, bundle: Bundle) -> str:
        """Where the public repository that holds a bundle is, as git takes it.

        Raises:
            SkippedError: the bundle is not in a repository, or that holds a newer version.
            VerifyError: what leads to our archives there is not what this release renders.
        """
        if bundle.kept:
            raise SkippedError("it is in no public repository")
        where, destination = destinations.located(
            self.product, self.profile, self.release.plan, self.dist, outlet=bundle.outlet, package=bundle.package
        )
        if not isinstance(destination, Repository):
            raise SkippedError("it is in no public repository")
        leading = tuple(
            file for file in bundle.files if any(_names(bundle, each, file.path) for each in self.release.artifacts)
        )
        # Whoever clones gets the default branch, whatever branch is published to.
        cloned = replace(destination, branch=None)
        other = [path for path, state in cloned.look(leading).items() if state is not State.SAME]
        if other and (newer := _newer(bundle, cloned)):
            raise SkippedError(f"{where} holds the newer {newer}")
        if other:
            raise VerifyError(
                f"{where}: {', '.join(other)} is not what this release renders",
                hint="publish this release, or verify the one that is published",
            )
        return destination.location


def _newer(bundle: Bundle, destination: Repository) -> str:
    """The version that stands at a bundle's place, when it is newer than the bundle's; else nothing."""
    (packager,) = (each for each in FLEET if each.name == bundle.outlet)
    try:
        held = packager.edition(bundle, destination.read)
    except (ValueError, VersionIllegalError):
        return ""
    if held is None or bundle.edition is None:
        return ""
    ours = bundle.edition
    is_newer = (version.order(held.version), held.revision) > (version.order(ours.version), ours.revision)
    return held.text if is_newer else ""


def _names(bundle: Bundle, artifact: Artifact, path: str = "") -> bool:
    """Whether a file of a bundle, or the one at a path, holds an artifact's digest."""
    return any(
        isinstance(file.content, bytes) and artifact.sha256.encode() in file.content
        for file in bundle.files
        if path in {"", file.path}
    )


def tried(job: Job, programs: Mapping[str, Path]) -> str:
    """Try every command where a package manager put it, and say what was tried.

    Args:
        job: what is verified.
        programs: where each command is.

    Raises:
        SmokeTestError: one is not there, is another build, or does not start; or the main one does not do what it must.
    """
    for command, program in programs.items():
        if not program.exists():
            raise SmokeTestError(f"the command {command} is not at {program}", hint="look at what was installed there")
    main = job.product.main
    words = [trial.installed(job.product, job.release.plan, programs, job.work)]
    env = trial.home(job.work / "home")
    for command, program in programs.items():
        if command != main:
            trial.stamped(job.release.plan, program, env)
            words.append(_helped(command, program, env))
    return ", ".join(filter(None, words))


def _helped(command: str, program: Path, env: dict[str, str]) -> str:
    """Ask a command for its help. How it ends is its own matter, as long as it is the command that ends."""
    done = shell.attempt([program, "--help"], env=env, timeout=trial.SECONDS)
    if done.code in _NOT_STARTED or (done.code < 0 and done.code != shell.KILLED):
        raise SmokeTestError(
            f"{program} --help ended with code {done.code}\n  {done.err.strip()[-600:]}", hint="run it by hand and look"
        )
    return f"{command} --help" if done.code != shell.KILLED else f"{command} --help (which goes on)"


# Takes one step back, if it was done; gives what is left behind, for people, or nothing.
type Undo = Callable[[], str]


@contextmanager
def undoing() -> Iterator[list[Undo]]:
    """Run what the block has put into the list, the newest first, however the block ends.

    Whoever puts something in does so before doing what it takes back, so that a step that broke half-way is taken
    back too. What could not be taken back is told: beside the failure of the block, or as a failure of its own.

    Raises:
        VerifyError: the block went well, and something is left behind.
    """
    steps: list[Undo] = []
    try:
        yield steps
    except BaseException as error:
        for problem in _undone(steps):
            error.add_note(problem)
        raise
    if problems := _undone(steps):
        raise VerifyError("\n".join(problems), hint="remove it by hand")


def _undone(steps: list[Undo]) -> list[str]:
    return [problem for step in reversed(steps) if (problem := step())]
