"""The verb status: what stands at each place, held against what the release wants there; changes nothing."""

import queue
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path

import msgspec

from release import destinations, packagers, shell, version
from release.errors import (
    OutletAheadError,
    OutletBehindError,
    OutletDifferentError,
    PushError,
    ReleaseError,
    VersionIllegalError,
    WithdrawnError,
)
from release.model import Bundle, Edition, Release, State
from release.product import Product, Profile
from release.progress import Progress

UNKNOWN = "unknown"
WITHDRAWN = "withdrawn"
_FROZEN = "a published version never changes: release a new commit"
PATIENCE = 60.0  # seconds for all places, which are asked at the same time


class Word(StrEnum):
    """How a place stands to a release, in a word."""

    SAME = "same"
    BEHIND = "behind"
    AHEAD = "ahead"
    DIFFERENT = "different"
    UNREACHABLE = "unreachable"
    WITHDRAWN = "withdrawn"
    KEPT = "kept as files"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How one bundle stands at its place.

    Attributes:
        state: of its files: `same`, `absent`, `different`, `not pushed` for files that stay here, `withdrawn` for a
            version that was taken back there, or `unknown`.
        paths: the files that are not the same, or why the state is what it is.
        standing: the same in view of the version that is there.
        holds: that version; empty where there is none, or it does not say.
        advice: what to do; empty for nothing.
    """

    outlet: str
    package: str
    where: str
    state: str
    paths: tuple[str, ...]
    standing: Word
    holds: str = ""
    advice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What places are asked about, as the arguments of `status`."""

    product: Product
    profile: Profile
    release: Release
    dist: Path
    options: str


def status(
    product: Product,
    profile: Profile,
    release: Release,
    dist: Path,
    *,
    progress: Progress | None = None,
    patience: float = PATIENCE,
    options: str = "",
) -> tuple[Standing, ...]:
    """Look at every place of a profile, all at the same time; one that does not answer does not hide the others.

    Args:
        product: what release.toml says.
        profile: whose places.
        release: what is wanted there.
        dist: folder of results.
        progress: told what is going on.
        patience: seconds after which a place counts as unreachable.
        options: what other verbs are given to be about the same release and places, for the advice.
    """
    wanted = _Wanted(product=product, profile=profile, release=release, dist=dist, options=options)
    answers: queue.SimpleQueue[tuple[str, list[Standing]]] = queue.SimpleQueue()

    def ask(outlet: str, address: str) -> None:
        answers.put((outlet, _at(wanted, outlet, address)))

    leash = shell.Leash()
    found: dict[str, list[Standing]] = {}
    end = time.monotonic() + patience
    progress = progress or Progress()
    with progress.begin("status", is_quiet=True):
        try:
            for outlet, address in profile.places.items():
                leash.start(partial(ask, outlet, address))
            while len(found) < len(profile.places):
                waiting = ", ".join(outlet for outlet in profile.places if outlet not in found)
                progress.now(f"waiting for {waiting}", len(found), len(profile.places), "outlets")
                try:
                    outlet, standings = answers.get(timeout=max(0.0, end - time.monotonic()))
                except queue.Empty:
                    break
                found[outlet] = standings
        finally:
            leash.cut()
    late = f"no answer within {patience:.0f} s"
    return tuple(
        standing
        for outlet, address in profile.places.items()
        for standing in found.get(outlet, [_unreachable(outlet, address, late, _again(options))])
    )


def is_good(seen: tuple[Standing, ...]) -> bool:
    """Whether every place that is pushed to holds the release."""
    return all(each.standing in {Word.SAME, Word.KEPT} for each in seen)


def end(seen: tuple[Standing, ...], options: str = "") -> None:
    """Let the exit code tell: the worst there is decides; `options` as for `status`.

    Raises:
        PushError: a place did not answer.
        OutletDifferentError: a place holds something else under the version of the release.
        OutletBehindError: a place does not hold the release yet.
        OutletAheadError: a place holds a newer version.
    """
    for word, kind, what, hint in (
        (Word.UNREACHABLE, PushError, "no answer about", "what is known of it stands below the table"),
        (
            Word.DIFFERENT,
            OutletDifferentError,
            "not what this release renders:",
            f"look at it, then release publish{options}",
        ),
        (Word.BEHIND, OutletBehindError, "without this release:", f"release publish{options} brings it there"),
        (Word.AHEAD, OutletAheadError, "newer than this release:", "build the newest commit, or leave it"),
    ):
        outlets = list(dict.fromkeys(each.outlet for each in seen if each.standing is word))
        if outlets:
            raise kind(f"{what} {', '.join(outlets)}", hint=hint)


def _at(wanted: _Wanted, outlet: str, address: str) -> list[Standing]:
    """How the bundles of an outlet stand at its place."""
    alone = msgspec.structs.replace(wanted.profile, places={outlet: address})
    try:
        bundles = packagers.standing(wanted.product, alone, wanted.release, wanted.dist)
        return [_standing(wanted, bundle) for bundle in bundles]
    except WithdrawnError as error:
        return [
            Standing(
                outlet=outlet,
                package="",
                where=address,
                state=WITHDRAWN,
                paths=(str(error),),
                standing=Word.WITHDRAWN,
                advice=error.hint,
            )
        ]
    except PushError as error:
        return [_unreachable(outlet, address, str(error), _again(wanted.options))]
    except ReleaseError as error:
        return [_unreachable(outlet, address, str(error), error.hint)]
    except Exception as bug:  # noqa: BLE001  # one place's failure, whatever it is
        return [_unreachable(outlet, address, f"{type(bug).__name__}: {bug}", "the others are as the table says")]


def _again(options: str) -> str:
    return f"look at the place and at the network, then release status{options} again"


def _unreachable(outlet: str, address: str, why: str, advice: str) -> Standing:
    return Standing(
        outlet=outlet,
        package="",
        where=address,
        state=UNKNOWN,
        paths=(why,),
        standing=Word.UNREACHABLE,
        advice=advice,
    )


def _standing(wanted: _Wanted, bundle: Bundle) -> Standing:
    if bundle.kept:
        return Standing(
            outlet=bundle.outlet, package=bundle.package, where="", state="not pushed", paths=(), standing=Word.KEPT
        )
    plan = wanted.release.plan
    where, destination = destinations.located(
        wanted.product, wanted.profile, plan, wanted.dist, outlet=bundle.outlet, package=bundle.package
    )
    states = destination.look(bundle.files)
    off = {path: state for path, state in states.items() if state is not State.SAME}
    worst = State.DIFFERENT if State.DIFFERENT in off.values() else State.ABSENT if off else State.SAME
    held = _held(bundle, destination) if bundle.edition is not None else None
    word = _word(bundle, worst, held)
    text = held.text if held is not None else plan.version.text if worst is State.SAME else ""
    is_fixed = any(file.frozen and states[file.path] is State.DIFFERENT for file in bundle.files)
    return Standing(
        outlet=bundle.outlet,
        package=bundle.package,
        where=where,
        state=worst,
        paths=tuple(off),
        standing=word,
        holds=text,
        advice=_FROZEN if is_fixed else _advice(word, text, off, len(states), wanted.options),
    )


def _held(bundle: Bundle, destination: destinations.Destination) -> Edition | None:
    """What is newest at a place; None where there is nothing, or it does not say."""
    (packager,) = (each for each in packagers.FLEET if each.name == bundle.outlet)
    try:
        return packager.edition(bundle, destination.read)
    except (ValueError, VersionIllegalError):
        return None


def _word(bundle: Bundle, worst: State, held: Edition | None) -> Word:
    if worst is State.SAME:
        return Word.SAME
    if held is not None and bundle.edition is not None:
        theirs, ours = _order(held), _order(bundle.edition)
        # Of the same version ours has the higher number because what is there is another file.
        if theirs != ours and (theirs > ours or theirs[0] != ours[0] or worst is not State.DIFFERENT):
            return Word.AHEAD if theirs > ours else Word.BEHIND
    return Word.BEHIND if worst is State.ABSENT else Word.DIFFERENT


def _order(edition: Edition) -> tuple[tuple[int, ...], int]:
    return version.order(edition.version), edition.revision


def _advice(word: Word, holds: str, off: Mapping[str, State], count: int, options: str) -> str:
    match word:
        case Word.BEHIND if holds:
            return f"release publish{options} brings it up from {holds}"
        case Word.BEHIND if len(off) < count:
            return f"{len(off)} of {count} files {'is' if len(off) == 1 else 'are'} missing: release publish{options}"
        case Word.BEHIND:
            return f"nothing is there yet: release publish{options}"
        case Word.AHEAD:
            return f"leave it: {holds} is newer; release withdraw takes a bad version back"
        case Word.DIFFERENT:
            return f"somebody changed it, or it was rendered otherwise: look, then release publish{options} writes ours"
        case _:
            return ""
