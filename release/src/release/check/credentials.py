"""Whether every place of a profile would take what we publish, asked by calls that change nothing.

A push of nothing to a git repository (before it says what it has, the other side has looked at who we are), notes of a
release that GitHub composes and does not keep, `npm whoami`, and for signed channels whether enough private keys are at
hand. All places are asked at once, each for some seconds, and nothing that is secret is told.
"""

import re
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import msgspec

from release import destinations, disk, git, settings, shell, signing
from release.check.finding import Finding, Subject, Verdict
from release.destinations import Destination
from release.destinations.folder import Folder
from release.destinations.repository import Repository
from release.errors import PushError, ReleaseError, WriteError
from release.packagers import taking_part
from release.product import Profile
from release.signing import roles

SECONDS = 20.0  # for one place
_FATAL = 128  # what git ends with where it reached nobody, or was let in by nobody
_USER = re.compile(r"(https?://)[^/\s@]+@")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """One place, and how to ask it; `ask` gives a few words, or raises ReleaseError."""

    name: str
    ask: Callable[[], str]


def made(subject: Subject, *, seconds: float = SECONDS) -> tuple[Finding, ...]:
    """Ask every place of every profile that leads away from this machine."""
    questions = [
        question
        for name, profile in subject.product.profiles.items()
        if not profile.local
        for question in _questions(subject, name, profile, seconds)
    ]
    if not questions:
        detail = "no profile leads away from this machine"
        return (Finding(name="credentials", verdict=Verdict.SKIPPED, detail=detail),)
    answers: dict[str, Finding] = {}
    leash = shell.Leash()
    until = time.monotonic() + seconds + 5
    try:
        for thread in [leash.start(partial(_asked, each, answers)) for each in questions]:
            thread.join(max(0.0, until - time.monotonic()))
    finally:
        leash.cut()
    return tuple(answers.get(each.name) or _silent(each, seconds) for each in questions)


def _questions(subject: Subject, title: str, profile: Profile, seconds: float) -> Iterator[_Question]:
    for packager in taking_part(profile):
        package = packager.package(subject.product, subject.planned)
        yield _Question(
            name=f"{title}: {packager.name}",
            ask=partial(_place, subject, profile, packager.name, package, seconds),
        )
    if signing.folder(subject.product) is not None:
        yield _Question(name=f"{title}: keys", ask=partial(_keys, subject, profile))


def _asked(question: _Question, answers: dict[str, Finding]) -> None:
    answers[question.name] = answered(question.name, question.ask)


def answered(name: str, ask: Callable[[], str]) -> Finding:
    """What came of asking one place."""
    begun = time.monotonic()
    failure: ReleaseError | None = None
    try:
        detail = ask()
    except ReleaseError as error:
        failure = type(error)(_told(f"{name}: {error}"), hint=_told(error.hint))
        detail = str(failure)
    verdict = Verdict.REFUSED if failure else Verdict.OK
    seconds = time.monotonic() - begun
    return Finding(name=name, verdict=verdict, detail=_told(detail), failure=failure, seconds=seconds)


def _silent(question: _Question, seconds: float) -> Finding:
    failure = PushError(f"{question.name}: no answer in {seconds:.0f} s", hint="look at the network, and try again")
    return Finding(name=question.name, verdict=Verdict.REFUSED, detail=str(failure), failure=failure, seconds=seconds)


def _told(text: str) -> str:
    """The text without anything that opens something: a name or password in an address, the token."""
    token = settings.read().github_token
    return _USER.sub(r"\1***@", text.replace(token, "***") if token else text)


# --- places ----------------------------------------------------------------------------------------------------


def _place(subject: Subject, profile: Profile, outlet: str, package: str, seconds: float) -> str:
    where, place = destinations.located(
        subject.product, profile, subject.planned, subject.dist, outlet=outlet, package=package
    )
    match place:
        case Folder():
            return _folder(place)
        case Repository():
            return repository(place, seconds)
        case _:
            _once(place, seconds).check()
            return f"{where} takes it"


def _folder(place: Folder) -> str:
    if not disk.writable(place.root):
        raise WriteError(f"{place.root} may not be written", hint="check that it is yours")
    return f"{place.root} can be written"


def repository(place: Repository, seconds: float) -> str:
    """Push nothing to a repository: `git ls-remote` would answer to everybody where it is public.

    Raises:
        PushError: it does not answer, or would not take a push.
    """
    if place.local:
        return f"{place.location} is on this machine"
    with tempfile.TemporaryDirectory(prefix="release-", ignore_cleanup_errors=True) as folder:
        git.nowhere().run("init", "--quiet", "--bare", folder)
        empty = git.private(Path(folder))
        words = ("push", "--dry-run", "--quiet", place.location, "refs/heads/*:refs/heads/*")
        done = empty.attempt(*words, timeout=seconds)
    if done.code in {_FATAL, *range(-64, 0)}:
        said = " ".join(done.err.split()) or f"no answer in {seconds:.0f} s"
        raise PushError(
            f"{place.location}: {said[-300:]}",
            hint="it has to exist, and git needs a key or a token that may push there; see git credential",
        )
    return f"{place.location} takes pushes"


def _once(place: Destination, seconds: float) -> Destination:
    """The same place, asked once and not for long."""
    from release.destinations.github import GitHubRelease
    from release.destinations.npm import Registry

    match place:
        case GitHubRelease():
            return replace(place, sleep=_no_more)
        case Registry():
            return replace(place, patience=seconds)
        case _:
            return place


def _no_more(_seconds: float) -> None:
    raise PushError("it did not answer, or asks to come back later", hint="try again in a while")


# --- keys ------------------------------------------------------------------------------------------------------


def _keys(subject: Subject, profile: Profile) -> str:
    """What every publish signs with; the keys of root and targets are needed by ceremonies only."""
    trust = signing.trust(msgspec.structs.replace(subject.product, results=subject.dist), profile)
    if trust is None:
        return "nothing is signed there"
    names = (*roles.ONLINE, roles.delegation(subject.planned.channel).name)
    for name in names:
        trust.sign(name, trust.public.role(name))
    return f"at hand for {', '.join(names)}"
