"""Every way a release can fail: one class each, with its exit code and a hint."""

from collections.abc import Callable, Sequence
from typing import ClassVar


class ReleaseError(Exception):
    """A failure that is not a bug: what happened, and whose move it is.

    Attributes:
        exit_code: what the process ends with; one per class, listed in docs/errors.md.
        hint: one sentence saying what to do next.
        parts: the failures that this one lists; empty for a single one.
        file: the file of the project that it is about, for whoever shows it beside that; empty for none.
    """

    exit_code: ClassVar[int]
    file: ClassVar[str] = ""

    def __init__(self, message: str, *, hint: str, parts: "tuple[ReleaseError, ...]" = ()) -> None:
        """Keep the message for `str()` and the hint beside it."""
        super().__init__(message)
        self.hint = hint
        self.parts = parts


def together(*checks: Callable[[], object]) -> None:
    """Run every check, also when an earlier one fails.

    Raises:
        ReleaseError: what failed: the failure itself when it is one; for several one that lists them all, of their
            class if they have the same, else a ConfigInvalidError.
    """
    failures: dict[str, ReleaseError] = {}
    for check in checks:
        try:
            check()
        except ReleaseError as failure:
            failures |= {str(part): part for part in failure.parts or (failure,)}
    if failures:
        raise joined(tuple(failures.values())) from None


def joined(failures: Sequence[ReleaseError]) -> ReleaseError:
    """One failure of several: itself when it is one, else one that lists them all; see `together` for its class."""
    failures = tuple({str(part): part for failure in failures for part in failure.parts or (failure,)}.values())
    if len(failures) == 1:
        return failures[0]
    lines = [f"{len(failures)} things have to be changed", *(f"{each}\n    hint: {each.hint}" for each in failures)]
    kinds = {type(failure) for failure in failures}
    kind = kinds.pop() if len(kinds) == 1 else ConfigInvalidError
    return kind("\n  ".join(lines), hint="change what the lines above name", parts=failures)


# The project and its configuration.


class ConfigMissingError(ReleaseError):
    """There is no release.toml here or above."""

    exit_code = 10


class ConfigInvalidError(ReleaseError):
    """release.toml holds an unknown key, a wrong type or an impossible value."""

    exit_code = 11
    file = "release.toml"


# The checkout.


class NotARepositoryError(ReleaseError):
    """The project is not in a git checkout, git does not trust it, or it has no commit yet."""

    exit_code = 12


class DirtyCheckoutError(ReleaseError):
    """There are changes that no commit holds."""

    exit_code = 13


class ShallowCheckoutError(ReleaseError):
    """The checkout has only a part of the history."""

    exit_code = 14


class TagMissingError(ReleaseError):
    """The latest channel needs one version tag on HEAD."""

    exit_code = 15


class BranchIllegalError(ReleaseError):
    """A branch name that git would not take."""

    exit_code = 16


class VersionIllegalError(ReleaseError):
    """A text that is no version, or a version an ecosystem would sort wrong."""

    exit_code = 17


class CommitTimeError(ReleaseError):
    """The commit's time is missing, or later than archives can hold (2107)."""

    exit_code = 18


class SourceIncompleteError(ReleaseError):
    """A part of the commit is not here (submodule, git-lfs file, object), or a link leads out of it."""

    exit_code = 19


# What is built, and what it needs.


class WheelError(ReleaseError):
    """The project's build backend made no wheel, or a damaged one."""

    exit_code = 90


class WheelVersionError(ReleaseError):
    """The wheel of a tagged commit has another version than the tag."""

    exit_code = 91


class PythonUnfitError(ReleaseError):
    """The Python that builds is none that the project takes, or is not there."""

    exit_code = 92


class DependenciesError(ReleaseError):
    """What the product depends on cannot be had: no such version, or nothing that fits together."""

    exit_code = 93


class ProjectMissingError(ReleaseError):
    """`release init` finds no Python project, or several, or is given a folder that holds none."""

    exit_code = 96


class ScriptsMissingError(ReleaseError):
    """The wheel has no console script that starts, so there is nothing to compile."""

    exit_code = 97


class PapersMissingError(ReleaseError):
    """The project has no licence file, or its licence has no name of SPDX."""

    exit_code = 98


class IndexUnreachableError(ReleaseError):
    """Packages have to be fetched, and the place that they come from is not reached."""

    exit_code = 94


# Building.


class TargetUnknownError(ReleaseError):
    """No target has this name."""

    exit_code = 20


class TargetForeignError(ReleaseError):
    """The target exists, but another kind of machine has to build it."""

    exit_code = 21


class CompilerMissingError(ReleaseError):
    """No C compiler on PATH."""

    exit_code = 22


class ToolMissingError(ReleaseError):
    """A program that a step needs (patchelf, strip, git ...) is not on PATH."""

    exit_code = 23


class ProgramNotStartedError(ReleaseError):
    """A program is there and the system does not start it: a noexec file system, no right, another machine's."""

    exit_code = 27


class CompileError(ReleaseError):
    """The compiler failed."""

    exit_code = 24


class ExecutableTakenError(ReleaseError):
    """A folder with the name of the program would lie beside it."""

    exit_code = 95


class SmokeTestError(ReleaseError):
    """The program was built and does not do what it must."""

    exit_code = 25


class ProgramFailedError(ReleaseError):
    """A program we started ended with an error that no other class names."""

    exit_code = 26


# Files.


class DiskFullError(ReleaseError):
    """No space left where we were writing; what was half-written is removed."""

    exit_code = 30


class WriteError(ReleaseError):
    """A file or folder could not be read or written."""

    exit_code = 31


# The frozen release.


class ReleaseMissingError(ReleaseError):
    """There is no dist/release.json yet."""

    exit_code = 40


class ReleaseCorruptError(ReleaseError):
    """release.json, or the record of an artifact, is not what was written."""

    exit_code = 41


class TargetMissingError(ReleaseError):
    """The plan names a target that nobody built."""

    exit_code = 42


class ArtifactChangedError(ReleaseError):
    """An archive differs from the bytes that were hashed."""

    exit_code = 43


class ArtifactMissingError(ReleaseError):
    """An archive that the release names is not there."""

    exit_code = 44


# Rendering and publishing.


class TemplateError(ReleaseError):
    """A template is missing or malformed, uses a name that nobody defines, or prints a value unquoted."""

    exit_code = 50


class ArtifactIgnoredError(ReleaseError):
    """A packager takes an artifact's system and renders nothing that names it."""

    exit_code = 51


class ProfileUnknownError(ReleaseError):
    """No profile has this name."""

    exit_code = 28


class PublishRefusedError(ReleaseError):
    """Fakes, uncommitted changes or half a release were to leave this machine."""

    exit_code = 45


class DestinationConflictError(ReleaseError):
    """Another content stands under a name that never changes."""

    exit_code = 62


class PushError(ReleaseError):
    """A destination did not take a push, or did not answer."""

    exit_code = 63


class SiteBrokenError(ReleaseError):
    """The signed site at a place is not what was published there."""

    exit_code = 64


class WithdrawnError(ReleaseError):
    """A version was withdrawn from its channel, or cannot be."""

    exit_code = 65


class OutletBehindError(ReleaseError):
    """An outlet does not hold the release yet; `release status` ends so."""

    exit_code = 66


class OutletDifferentError(ReleaseError):
    """An outlet holds something else under the version of the release; `release status` ends so."""

    exit_code = 67


class OutletAheadError(ReleaseError):
    """An outlet holds a newer version than the release; `release status` ends so."""

    exit_code = 68


# The keys that channels are signed with.


class KeyMissingError(ReleaseError):
    """Something has to be signed, and not enough private keys of its role are at hand."""

    exit_code = 80


class KeyUnfitError(ReleaseError):
    """A private key is not one of its role's keys, or no key at all."""

    exit_code = 81


class PassphraseError(ReleaseError):
    """A private key is encrypted, and the passphrase is missing or wrong."""

    exit_code = 82


class KeysMissingError(ReleaseError):
    """A release is to be signed, and the project has no keys yet."""

    exit_code = 83


class KeysInvalidError(ReleaseError):
    """The public keys of the project do not fit together, or an order for them makes no sense."""

    exit_code = 84


class KeysLapsingError(ReleaseError):
    """A signature that only the holders of its keys can renew has ended, or ends within 30 days."""

    exit_code = 85


class PlaceChangedError(Exception):
    """Somebody else wrote to a place since files for it were made; `publish` catches it and makes them again."""


class VerifyError(ReleaseError):
    """What is public is not what was released, or it does not install."""

    exit_code = 70


class PortTakenError(ReleaseError):
    """Another program listens where the local outlets are served, or another run of this tool for too long."""

    exit_code = 29
