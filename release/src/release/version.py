"""Versions: read strictly, and spelt for every ecosystem by one function each.

A spelling keeps the order of SemVer and never lets a pre-release outrank its release; what an ecosystem
would sort otherwise is refused. The verdicts come from the real comparers: tests/consumers/test_versions.py
asks vercmp, dpkg and npm about generated versions, tests/release/test_version.py libalpm.
"""

import hashlib
import re
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime

import semver

from release.errors import VersionIllegalError
from release.product import Channel, Version

# `dev-<time>` and `snapshot-<slug>-<time>` are single SemVer identifiers: their time has a fixed width, so
# text order is time order. Everything else must be `word.number`, the one form all ecosystems can sort.
_STAMP = re.compile(r"(?P<word>dev|snapshot)(?:-(?P<slug>[a-z0-9]+(?:-[a-z0-9]+)*))?-(?P<number>\d{14})")
_WORDED = re.compile(r"(?P<word>alpha|beta|dev|rc)\.(?P<number>0|[1-9]\d*)")
SLUG_LENGTH = 40
HASH_LENGTH = 6
DIGITS = 15  # in a row, in a slug; all such numbers are below LARGEST
# The largest whole number of JavaScript, and so of npm; Scoop's are a little larger.
LARGEST = 2**53 - 1


def parse(text: str) -> Version:
    """Read a version.

    Raises:
        VersionIllegalError: not SemVer, or a pre-release that the ecosystems do not sort alike.
    """
    try:
        parsed = semver.Version.parse(text)
    except ValueError as error:
        raise VersionIllegalError(f"'{text}' is not a version: {error}", hint="write it as 1.2.3") from None
    if parsed.build:
        raise VersionIllegalError(
            f"'{text}' has build metadata, which no package manager can order",
            hint=f"leave out '+{parsed.build}'",
        )
    if any(int(number) > LARGEST for number in re.findall(r"[0-9]+", text)):
        raise VersionIllegalError(
            f"'{text}' holds a number above {LARGEST}, which npm and Scoop cannot compare",
            hint="use smaller numbers; for a branch, give another name with --branch",
        )
    final = Version(text=text, major=parsed.major, minor=parsed.minor, patch=parsed.patch)
    if not parsed.prerelease:
        return final
    stamped = not (parsed.major or parsed.minor or parsed.patch)
    match = (_STAMP if stamped else _WORDED).fullmatch(parsed.prerelease)
    if match and not stamped:
        return replace(final, word=match["word"], number=int(match["number"]))
    if match and (match["slug"] is not None) == (match["word"] == "snapshot"):
        return replace(final, word=match["word"], slug=match["slug"], number=int(match["number"]))
    raise VersionIllegalError(
        f"'{text}' has a pre-release that package managers order differently",
        hint="use alpha, beta, dev or rc with a number, such as 1.2.3-rc.1",
    )


def of_commit(channel: Channel, committed_at: int, slug: str) -> Version:
    """The version of a commit on the dev or snapshot channel; `committed_at` in seconds since 1970, UTC."""
    time = datetime.fromtimestamp(committed_at, tz=UTC).strftime("%Y%m%d%H%M%S")
    middle = f"{channel}-{slug}" if channel is Channel.SNAPSHOT else str(channel)
    return parse(f"0.0.0-{middle}-{time}")


def tagged(tag: str) -> Version | None:
    """The version that a tag names, `v` and the version; None for a tag that is none, such as `v3-stable`."""
    try:
        return parse(tag[1:]) if tag.startswith("v") else None
    except VersionIllegalError:
        return None


def of_tag(tag: str) -> Version:
    """The version that a tag `vX.Y.Z` names.

    Raises:
        VersionIllegalError: the tag names a pre-release, or 0.0.0, which the dev channel stands on.
    """
    version = parse(tag.removeprefix("v"))
    if version.word:
        raise VersionIllegalError(
            f"the tag {tag} is a pre-release; the latest channel takes X.Y.Z only",
            hint="tag a final version, or release this commit on the dev channel",
        )
    if version.base == "0.0.0":
        raise VersionIllegalError(
            "0.0.0 is never released: Homebrew and others would sort every dev version above it",
            hint="start at v0.0.1 or v0.1.0",
        )
    return version


def slug(branch: str) -> str:
    """A branch as a part of package names and versions: lower-case words with single hyphens.

    Two branches never have the same one: what does not stay as it is ends in the first digits of its SHA-256.
    """
    plain = unicodedata.normalize("NFKD", branch.casefold())
    words = re.sub(r"[^a-z0-9]+", "-", "".join(each for each in plain if not unicodedata.combining(each))).strip("-")
    # npm and Scoop compare long rows of digits as numbers, and cannot.
    words = re.sub(rf"[0-9]{{{DIGITS + 1},}}", lambda row: row[0][:DIGITS], words)
    if words == branch and len(words) <= SLUG_LENGTH:
        return words
    digest = hashlib.sha256(branch.encode("utf-8", "surrogateescape")).hexdigest()[:HASH_LENGTH]
    kept = words[: SLUG_LENGTH - HASH_LENGTH - 1].strip("-")
    return f"{kept}-{digest}" if kept else f"branch-{digest}"


def order(version: Version) -> tuple[int, ...]:
    """A key to compare versions of one package by, in SemVer's order."""
    words = ("alpha", "beta", "dev", "rc", "snapshot", None)
    return (version.major, version.minor, version.patch, words.index(version.word), version.number or 0)


# --- spellings, one per ecosystem ------------------------------------------------------------------------


def npm(version: Version) -> str:
    """SemVer as it is: npm's own order."""
    return version.text


def pacman(version: Version) -> str:
    """`1.3.0rc1`, `0.0.0dev20260102030405`: no hyphen (makepkg forbids it), nothing before the word.

    Letters right after a number are older than nothing: alpm-pacman, rpmvercmp.
    """
    if version.word is None:
        return version.base
    middle = f".{version.slug.replace('-', '.')}." if version.slug else ""
    return f"{version.base}{version.word}{middle}{version.number}"


_PACMAN = re.compile(r"(?P<base>\d+\.\d+\.\d+)(?:(?P<word>[a-z]+)(?:\.(?P<slug>[a-z0-9.]+)\.)?(?P<number>\d+))?")


def of_pacman(text: str) -> Version:
    """The version that `pacman` spells so.

    Raises:
        VersionIllegalError: it spells none so.
    """
    match = _PACMAN.fullmatch(text)
    if match is None:
        raise VersionIllegalError(f"'{text}' is no version of ours", hint="it is spelt by version.pacman")
    if match["word"] is None:
        return parse(match["base"])
    stamped = match["word"] in {"dev", "snapshot"} and match["base"] == "0.0.0"
    words = [match["word"], *(match["slug"].split(".") if match["slug"] else []), match["number"]]
    return parse(f"{match['base']}-{('-' if stamped else '.').join(words)}")


def deb(version: Version) -> str:
    """`1.3.0~rc.1`: the tilde is older than nothing. Source: Debian policy 5.6.12."""
    if version.word is None:
        return version.base
    middle = f".{version.slug.replace('-', '.')}" if version.slug else ""
    return f"{version.base}~{version.word}{middle}.{version.number}"


def homebrew(version: Version) -> str:
    """SemVer as it is, for finals and for the dev and snapshot channels, which have formulae of their own.

    Raises:
        VersionIllegalError: any other pre-release; Homebrew sorts `1.3.0-dev.7` above `1.3.0`.
    """
    return _own_name_or_final(version, "Homebrew")


def scoop(version: Version) -> str:
    """SemVer as it is, for finals and for the dev and snapshot channels, which have manifests of their own.

    Raises:
        VersionIllegalError: any other pre-release; Scoop knows only some words as pre-releases.
    """
    return _own_name_or_final(version, "Scoop")


def _own_name_or_final(version: Version, ecosystem: str) -> str:
    if version.word is not None and version.base != "0.0.0":
        raise _unorderable(version, ecosystem, "release it on the dev channel, which has its own name")
    return version.text


def _unorderable(version: Version, ecosystem: str, hint: str) -> VersionIllegalError:
    return VersionIllegalError(f"{ecosystem} would sort {version.text} above its release", hint=hint)
