"""Finds out why the program on PATH is not the wanted version although its owner was asked for it."""

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from iterate.errors import UpgradeFailed
from iterate.install import owner
from iterate.install.copy import Copy
from iterate.install.methods import PRODUCT, Method
from iterate.install.programs import Place
from iterate.install.ways import Step, Wanted

# A manager may first look for news of its own.
_ANSWER_S = 30.0


class Answer(NamedTuple):
    """What the program that people run says."""

    path: str
    """Its file; empty when there is none on PATH."""
    version: str
    """Empty when it prints none."""


class Failed(NamedTuple):
    """A command that did not do its work."""

    step: Step
    code: int
    """Its exit code; negative for a signal."""


def ask(copy: Copy, place: Place) -> Answer:
    """The program on PATH, and its version. mise puts its programs on PATH in the next prompt only, so it is asked."""
    if copy.method is Method.MISE and (mise := place.find("mise")):
        version = place.ask((mise, "exec", copy.package, "--", PRODUCT, "--version"))
        return Answer(place.ask((mise, "which", PRODUCT)) or mise, version)
    path = place.find(PRODUCT)
    return Answer(path or "", place.ask((path, "--version")) if path else "")


def explain(
    copy: Copy, wanted: Wanted, answer: Answer, failed: Failed | None, place: Place, manager: Step | None
) -> UpgradeFailed:
    """The failure that says what is on PATH, and what is the likeliest cause."""
    told = _told(wanted, answer, failed)
    own = _own(copy, place)
    if own and own.version == wanted.version:
        if not answer.path:
            return UpgradeFailed(
                f"iterate {wanted.version} is at {own.path}, and no {PRODUCT} is on PATH",
                f"put {Path(own.path).parent} on PATH, or open a new terminal",
            )
        return UpgradeFailed(
            f"{told}; the upgraded one is {own.path}",
            f"{answer.path} comes first on PATH and hides it: remove it, or put {Path(own.path).parent} before it",
        )
    if failed is not None:
        return UpgradeFailed(told, f"{copy.label} says above why{_REFUSALS.get(copy.method, '')}")
    if answer.path and (other := _foreign(copy, answer.path)):
        return UpgradeFailed(
            told, f"{answer.path} comes first on PATH and is a copy of {other}: remove it, or upgrade that one"
        )
    if not answer.path:
        return UpgradeFailed(told, "open a new terminal, where PATH may be another one; iterate upgrade --check then")
    return UpgradeFailed(told, _stale(copy, wanted, place, manager))


def _told(wanted: Wanted, answer: Answer, failed: Failed | None) -> str:
    if not answer.path:
        found = f"no {PRODUCT} is on PATH"
    elif not answer.version:
        found = f"{answer.path} does not start"
    else:
        found = f"{answer.path} is {answer.version}"
    ended = ""
    if failed is not None:
        how = f"with exit code {failed.code}" if failed.code >= 0 else f"by signal {-failed.code}"
        ended = f"{shlex.join(failed.step.words)} ended {how}; "
    return f"{ended}{found}, not {wanted.version}"


def _own(copy: Copy, place: Place) -> Answer | None:
    """The program where this copy's owner puts it, if that is known."""
    if copy.command is None or not copy.command.exists():
        return None
    return Answer(str(copy.command), place.ask((str(copy.command), "--version")))


def _foreign(copy: Copy, path: str) -> str:
    """Who else owns the program on PATH; empty when it may be the same one."""
    if copy.command is not None and copy.command.exists() and Path(path).samefile(copy.command):
        return ""
    found = owner.find(Path(path).resolve()).method
    # What lies in a container, or nowhere that is known, may be anybody's.
    return "" if found in {copy.method, Method.ARCHIVE, Method.DOCKER} else found.value


# --- what each manager may hold back --------------------------------------------------------------------------

_GATES: Mapping[Method, tuple[tuple[str, ...], ...]] = MappingProxyType(
    {
        Method.NPM: (("npm", "config", "get", "min-release-age"), ("npm", "config", "get", "before")),
        Method.PNPM: (("pnpm", "config", "get", "minimumReleaseAge"),),
        Method.MISE: (("mise", "settings", "get", "minimum_release_age"),),
    }
)
_NO_GATE = {"", "0", "0s", "null", "undefined", "false"}
_REFUSALS: Mapping[Method, str] = MappingProxyType(
    {
        Method.BREW: "; a tap that it does not trust is trusted with brew trust TAP",
        Method.YARN: "; yarn 2 and newer have no global packages: install iterate with another manager",
        Method.DEB: "; another channel has sources of its own in /etc/apt",
        Method.NPM: "; a release that is younger than min-release-age or before allows does not count as there",
        Method.PNPM: "; a release that is younger than minimumReleaseAge does not count as there",
        Method.BUN: "; a release that is younger than minimumReleaseAge does not count as there",
        Method.MISE: "; a release that is younger than minimum_release_age does not count as there",
    }
)
_AGE = "its registry may not have {version} yet, or a release-age gate holds it back ({gates}): try again later"
_STALE: Mapping[Method, str] = MappingProxyType(
    {
        Method.BREW: "the tap is stale: its formula is not {version} yet; try again later",
        Method.SCOOP: "the bucket is stale: its manifest is not {version} yet, or the app is held; try again later",
        Method.AUR: "the package of the AUR is not {version} yet; try again later",
        Method.NPM: _AGE.format(version="{version}", gates="min-release-age or before, in .npmrc"),
        Method.PNPM: _AGE.format(version="{version}", gates="minimumReleaseAge"),
        Method.YARN: _AGE.format(version="{version}", gates="npmMinimalAgeGate, in yarn 4"),
        Method.BUN: _AGE.format(version="{version}", gates="minimumReleaseAge, in bunfig.toml"),
        Method.MISE: "its settings may ask for another version (mise config ls), or "
        + _AGE.format(version="{version}", gates="minimum_release_age"),
        Method.DEB: "its sources do not have {version} yet, or it is held (apt-mark showhold); try again later",
        Method.RPM: "its repositories do not have {version} yet, or it is excluded; try again later",
        Method.WINGET: "its source does not have {version} yet, or it is pinned (winget pin list); try again later",
    }
)


def _stale(copy: Copy, wanted: Wanted, place: Place, manager: Step | None) -> str:
    """Why an owner that found nothing to do may not have the version yet."""
    if copy.method is Method.BREW and manager is not None and (found := _formula(copy, place)):
        return found
    for words in _GATES.get(copy.method, ()):
        program = place.find(words[0])
        value = place.ask((program, *words[1:]), _ANSWER_S) if program else ""
        if value not in _NO_GATE:
            return (
                f"a release-age gate of {copy.label} holds fresh releases back: {words[-1]} is {value}; "
                f"try again when {wanted.version} is old enough, or lift it"
            )
    return _STALE.get(copy.method, "iterate upgrade --check says which copy is asked for").format(
        version=wanted.version
    )


def _formula(copy: Copy, place: Place) -> str:
    """What brew knows of the formula: whether the tap is stale, or the formula is pinned."""
    brew = place.find("brew", copy.command.parent if copy.command else None)
    said = place.ask((brew, "info", "--json=v2", copy.package), _ANSWER_S) if brew else ""
    try:
        (formula,) = json.loads(said)["formulae"]
        stable, is_pinned = formula["versions"]["stable"], formula.get("pinned") is True
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""
    if is_pinned:
        return f"the formula is pinned, so brew upgrades it no more: brew unpin {copy.package}"
    tap = copy.package.rpartition("/")[0] or "its tap"
    return f"the tap {tap} is stale: its formula is {stable}; try again when the tap has the new one"
