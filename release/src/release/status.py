"""The verb status: what stands at each place, held against what the release wants there; changes nothing."""

import queue
import threading
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import msgspec

from release import destinations, packagers, version
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


def status(
    product: Product,
    profile: Profile,
    release: Release,
    dist: Path,
    *,
    progress: Progress | None = None,
    patience: float = PATIENCE,
) -> tuple[Standing, ...]:
    """Look at every place of a profile, all at the same time; one that does not answer does not hide the others.

    Args:
        product: what release.toml says.
        profile: whose places.
        release: what is wanted there.
        dist: folder of results.
        progress: told what is going on.
        patience: seconds after which a place counts as unreachable.
    """
    answers: queue.SimpleQueue[tuple[str, list[Standing]]] = queue.SimpleQueue()

    def ask(outlet: str, address: str) -> None:
        answers.put((outlet, _at(product, profile, release, dist, outlet, address)))

    for place in profile.places.items():
        # Not a pool: at the end of the program that would wait for whoever never answers.
        threading.Thread(target=ask, args=place, daemon=True).start()
    found: dict[str, list[Standing]] = {}
    end = time.monotonic() + patience
    progress = progress or Progress()
    with progress.begin("status", is_quiet=True):
        while len(found) < len(profile.places):
            waiting = ", ".join(outlet for outlet in profile.places if outlet not in found)
            progress.now(f"waiting for {waiting}", len(found), len(profile.places), "outlets")
            try:
                outlet, standings = answers.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                break
            found[outlet] = standings
    late = f"no answer within {patience:.0f} s"
    return tuple(
        standing
        for outlet, address in profile.places.items()
        for standing in found.get(outlet, [_unreachable(outlet, address, late, "ask again")])
    )


def end(seen: tuple[Standing, ...]) -> None:
    """Let the exit code tell: the worst there is decides.

    Raises:
        PushError: a place did not answer.
        OutletDifferentError: a place holds something else under the version of the release.
        OutletBehindError: a place does not hold the release yet.
        OutletAheadError: a place holds a newer version.
    """
    for word, kind, what, hint in (
        (Word.UNREACHABLE, PushError, "no answer about", "the table says why"),
        (Word.DIFFERENT, OutletDifferentError, "not what this release renders:", "look at it, then publish again"),
        (Word.BEHIND, OutletBehindError, "without this release:", "release publish brings it there"),
        (Word.AHEAD, OutletAheadError, "newer than this release:", "build the newest commit, or leave it"),
    ):
        outlets = list(dict.fromkeys(each.outlet for each in seen if each.standing is word))
        if outlets:
            raise kind(f"{what} {', '.join(outlets)}", hint=hint)


def _at(product: Product, profile: Profile, release: Release, dist: Path, outlet: str, address: str) -> list[Standing]:
    """How the bundles of an outlet stand at its place."""
    alone = msgspec.structs.replace(profile, places={outlet: address})
    try:
        bundles = packagers.standing(product, alone, release, dist)
        return [_standing(product, profile, release, bundle, dist) for bundle in bundles]
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
    except ReleaseError as error:
        return [_unreachable(outlet, address, str(error), error.hint)]
    except Exception as bug:  # noqa: BLE001  # one place's failure, whatever it is
        return [_unreachable(outlet, address, f"{type(bug).__name__}: {bug}", "the others are as the table says")]


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


def _standing(product: Product, profile: Profile, release: Release, bundle: Bundle, dist: Path) -> Standing:
    if bundle.kept:
        return Standing(
            outlet=bundle.outlet, package=bundle.package, where="", state="not pushed", paths=(), standing=Word.KEPT
        )
    where, destination = destinations.located(
        product, profile, release.plan, dist, outlet=bundle.outlet, package=bundle.package
    )
    states = destination.look(bundle.files)
    off = {path: state for path, state in states.items() if state is not State.SAME}
    worst = State.DIFFERENT if State.DIFFERENT in off.values() else State.ABSENT if off else State.SAME
    held = _held(bundle, destination) if bundle.edition is not None else None
    word = _word(bundle, worst, held)
    text = held.text if held is not None else release.plan.version.text if worst is State.SAME else ""
    is_fixed = any(file.frozen and states[file.path] is State.DIFFERENT for file in bundle.files)
    return Standing(
        outlet=bundle.outlet,
        package=bundle.package,
        where=where,
        state=worst,
        paths=tuple(off),
        standing=word,
        holds=text,
        advice=_FROZEN if is_fixed else _advice(word, text),
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
        if theirs != ours:
            return Word.AHEAD if theirs > ours else Word.BEHIND
    return Word.BEHIND if worst is State.ABSENT else Word.DIFFERENT


def _order(edition: Edition) -> tuple[tuple[int, ...], int]:
    return version.order(edition.version), edition.revision


def _advice(word: Word, holds: str) -> str:
    match word:
        case Word.BEHIND:
            return f"release publish brings it up from {holds}" if holds else "nothing is there yet: release publish"
        case Word.AHEAD:
            return f"leave it: {holds} is newer; release withdraw takes a bad version back"
        case Word.DIFFERENT:
            return "somebody changed it, or it was rendered otherwise: look, then release publish writes ours"
        case _:
            return ""
