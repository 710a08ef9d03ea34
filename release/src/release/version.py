"""Versions: read strictly, and spelt for every ecosystem by one function each.

A spelling keeps the order of SemVer and never lets a pre-release outrank its release; what an ecosystem
would sort otherwise is refused. The verdicts come from the real comparers: tests/consumers/test_versions.py
asks vercmp, dpkg and npm about generated versions, tests/release/test_version.py libalpm.
"""

import hashlib
import re
import unicodedata
from datetime import UTC, datetime

from release import placeholders
from release.errors import VersionIllegalError
from release.product import Channel, Version

# `dev-<time>` and `snapshot-<slug>-<time>` are single SemVer identifiers: their time has a fixed width, so
# text order is time order. Everything else must be a word and a number, the one form all ecosystems can sort: as SemVer
# writes it (`1.2.3-rc.1`), or as PEP 440 does (`1.2rc1`, `1.2.dev1`).
_STAMP = re.compile(
    r"0\.0\.0-(?P<word>dev|snapshot)(?:-(?P<slug>[a-z0-9]+(?:-[a-z0-9]+)*))?-(?P<number>\d{14})", re.ASCII
)
_NUMBER = r"0|[1-9]\d*"
_FORM = re.compile(
    rf"(?P<base>(?:{_NUMBER})(?:\.\d+){{1,5}})"
    rf"(?:-?(?P<word>alpha|beta|dev|rc)\.?(?P<number>{_NUMBER})|(?P<short>a|b|c|\.dev)(?P<short_number>{_NUMBER})"
    rf"|\.post(?P<post>{_NUMBER}))?",
    re.ASCII,
)
_SHORT = {"a": "alpha", "b": "beta", "c": "rc", ".dev": "dev"}
MOST = 6  # numbers
SLUG_LENGTH = 40
HASH_LENGTH = 6
DIGITS = 15  # in a row, in a slug; all such numbers are below LARGEST
# The largest whole number of JavaScript, and so of npm; Scoop's are a little larger.
LARGEST = 2**53 - 1
SEMVER, WINGET = 3, 4  # numbers

# What is wrong with a text that is no version of ours, in the order of asking; with what to do.
_WRONG = (
    (r"\d+!.*", "has an epoch, which Homebrew, npm, Scoop and winget do not know", "leave out the number and its '!'"),
    (r"[^+]*\+.*", "has build metadata, which no package manager can order", "leave out what follows the '+'"),
    (r"\d+", "is one number, and the tag of many a version that moves", "write two numbers at least, as 7.0"),
    (r"0\d+\..*", "begins with a zero, which npm does not take", "write the first number without it"),
    (r"\d+(\.\d+){6,}.*", f"has more than {MOST} numbers", "write fewer of them"),
    (
        r"\d+(\.\d+)+.*",
        "has a pre-release that package managers order differently",
        "use alpha, beta or rc with a number, as 1.2.3-rc.1 or 1.2rc1; or .post with a number",
    ),
)


def parse(text: str) -> Version:
    """Read a version: numbers with dots, as SemVer, PEP 440 and calendars have them, and at most one word.

    Raises:
        VersionIllegalError: no version, or one that the ecosystems do not sort alike.
    """
    match = _STAMP.fullmatch(text) or _FORM.fullmatch(text)
    if match is None:
        raise _illegal(text)
    if any(int(number) > LARGEST for number in re.findall(r"[0-9]+", text)):
        raise VersionIllegalError(
            f"'{text}' holds a number above {LARGEST}, which npm and Scoop cannot compare",
            hint="use smaller numbers; for a branch, give another name with --branch",
        )
    if match.re is _STAMP:
        if (match["slug"] is None) is (match["word"] == "snapshot"):
            raise _illegal(text)
        return Version(text=text, base="0.0.0", word=match["word"], slug=match["slug"], number=int(match["number"]))
    word = match["word"] or _SHORT.get(match["short"] or "")
    number = match["number"] or match["short_number"]
    if word and not any(map(int, match["base"].split("."))):
        raise _illegal(text)  # what stands before 0.0.0 are the stamps of dev and snapshot
    return Version(
        text=text,
        base=match["base"],
        word=word,
        number=int(number) if number else None,
        post=int(match["post"]) if match["post"] else None,
    )


def _illegal(text: str) -> VersionIllegalError:
    for pattern, wrong, hint in _WRONG:
        if re.fullmatch(pattern, text, re.ASCII | re.DOTALL):
            return VersionIllegalError(f"'{text}' {wrong}", hint=hint)
    return VersionIllegalError(f"'{text}' is not a version", hint="write it as 1.2.3")


def of_commit(channel: Channel, committed_at: int, slug: str) -> Version:
    """The version of a commit on the dev or snapshot channel; `committed_at` in seconds since 1970, UTC."""
    time = datetime.fromtimestamp(committed_at, tz=UTC).strftime("%Y%m%d%H%M%S")
    middle = f"{channel}-{slug}" if channel is Channel.SNAPSHOT else str(channel)
    return parse(f"0.0.0-{middle}-{time}")


FIRST = "0.1.0"  # the version of somebody who has none


def first(declared: str) -> str:
    """What the first release is called: as the project itself says, where that can be released."""
    try:
        found = parse(declared)
    except VersionIllegalError:
        return FIRST
    return found.text if any(found.numbers) and not found.word else FIRST


def tagged(tag: str, form: str) -> Version | None:
    """The version that a tag of a form names, such as `v{version}`.

    None for a tag of another form, or one that is no version, such as `v3-stable`.
    """
    (before, _), (after, _) = placeholders.pieces(form)
    if not (tag.startswith(before) and tag.endswith(after) and len(tag) > len(before) + len(after)):
        return None
    try:
        return parse(tag[len(before) : len(tag) - len(after)])
    except VersionIllegalError:
        return None


def need_tagged(version: Version, tag: str, channel: Channel, *, beta: bool = False) -> Version:
    """The same version, which a channel of tags takes: final ones for latest, pre-releases for beta.

    Args:
        version: what the tag names.
        tag: of git.
        channel: latest or beta.
        beta: whether the project has a channel for pre-releases.

    Raises:
        VersionIllegalError: a pre-release for latest, a final one for beta, a dev version for any, or 0.0.0, which the
            dev channel stands on.
    """
    if version.word == "dev":
        raise VersionIllegalError(
            f"the tag {tag} is a dev version, which Python sorts before alpha, and npm and pacman after beta",
            hint="tag alpha, beta or rc; what is on the main branch is released on the dev channel",
        )
    if version.word and channel is not Channel.BETA:
        raise VersionIllegalError(
            f"the tag {tag} is a pre-release; the latest channel takes final versions only",
            hint=f"release it with --channel {Channel.BETA}"
            if beta
            else "write beta = true at the top of release.toml, which gives pre-releases a channel",
        )
    if channel is Channel.BETA and not version.word:
        raise VersionIllegalError(
            f"the tag {tag} is a final version; the beta channel takes pre-releases only",
            hint="release it with --channel latest: one version has one set of archives, and these say their channel",
        )
    if not any(version.numbers):
        raise VersionIllegalError(
            f"{version.text} is never released: Homebrew and others would sort every dev version above it",
            hint="start at 0.0.1 or 0.1.0",
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
    """A key to compare versions of one package by: 1.2 and 1.2.0 are the same, 1.2rc1 is before and 1.2.post1 after."""
    words = ("alpha", "beta", "dev", "rc", "snapshot", None)
    numbers = (*version.numbers, *[0] * (MOST - len(version.numbers)))
    after = -1 if version.post is None else version.post
    return (*numbers, words.index(version.word), version.number or 0, after)


# --- spellings, one per ecosystem ------------------------------------------------------------------------


def plain(version: Version) -> str:
    """The version as its tag has it: for file names, addresses and people."""
    return version.text


def npm(version: Version) -> str:
    """SemVer, the order of which is npm's own: three numbers, without zeros before them.

    Raises:
        VersionIllegalError: a fourth number, or a post-release: SemVer has neither.
    """
    if len(version.numbers) > SEMVER:
        raise VersionIllegalError(
            f"npm knows three numbers, and {version.text} has {len(version.numbers)}",
            hint="leave npm out of outlets, or tag versions of three numbers",
        )
    if version.post is not None:
        raise VersionIllegalError(
            f"npm has no versions after a version, and {version.text} is one",
            hint="leave npm out of outlets, or tag the next version instead of a post-release",
        )
    if version.base == "0.0.0":
        return version.text
    major, minor, patch = (*version.numbers, 0)[:SEMVER]
    import semver

    prerelease = f"{version.word}.{version.number}" if version.word else None
    return str(semver.Version(major, minor, patch, prerelease))


def pep440(version: Version) -> str:
    """As the metadata of a wheel have it; a dev or snapshot version has none of its own there.

    Raises:
        VersionIllegalError: a dev or snapshot version.
    """
    if version.base == "0.0.0":
        raise VersionIllegalError(f"{version.text} is no version of Python", hint="take the version of the last tag")
    words = {"alpha": "a", "beta": "b", "rc": "rc", "dev": ".dev"}
    base = ".".join(map(str, version.numbers))
    after = "" if version.post is None else f".post{version.post}"
    return f"{base}{words[version.word]}{version.number}" if version.word else f"{base}{after}"


def pacman(version: Version) -> str:
    """`1.3.0rc1`, `0.0.0dev20260102030405`: no hyphen (makepkg forbids it), nothing before the word.

    Letters right after a number are older than nothing, letters after a dot newer: alpm-pacman, rpmvercmp.
    """
    if version.word is None:
        return version.base if version.post is None else f"{version.base}.post{version.post}"
    middle = f".{version.slug.replace('-', '.')}." if version.slug else ""
    return f"{version.base}{version.word}{middle}{version.number}"


_PACMAN = re.compile(
    r"(?P<base>\d+(?:\.\d+)+)"
    r"(?:\.post(?P<post>\d+)|(?P<word>[a-z]+)(?:\.(?P<slug>[a-z0-9.]+)\.)?(?P<number>\d+))?",
    re.ASCII,
)


def of_pacman(text: str) -> Version:
    """The version that `pacman` spells so; as SemVer writes it, however its tag did.

    Raises:
        VersionIllegalError: it spells none so.
    """
    match = _PACMAN.fullmatch(text)
    if match is None:
        raise VersionIllegalError(f"'{text}' is no version of ours", hint="it is spelt by version.pacman")
    if match["word"] is None:
        return parse(text)
    stamped = match["word"] in {"dev", "snapshot"} and match["base"] == "0.0.0"
    words = [match["word"], *(match["slug"].split(".") if match["slug"] else []), match["number"]]
    return parse(f"{match['base']}-{('-' if stamped else '.').join(words)}")


def deb(version: Version) -> str:
    """`1.3.0~rc.1`, `1.3.0+post1`: a tilde is older than nothing, a plus than a dot. Source: Debian policy 5.6.12."""
    if version.word is None:
        return version.base if version.post is None else f"{version.base}+post{version.post}"
    middle = f".{version.slug.replace('-', '.')}" if version.slug else ""
    return f"{version.base}~{version.word}{middle}.{version.number}"


def homebrew(version: Version) -> str:
    """As it is: it knows alpha, beta, rc and post, also as PEP 440 writes them. Source: Homebrew's version.rb.

    Raises:
        VersionIllegalError: a dev version; Homebrew sorts `1.3.0-dev.7` above `1.3.0`.
    """
    if version.word == "dev" and version.base != "0.0.0":
        raise _unorderable(version, "Homebrew", "release it on the dev channel, which has its own name")
    return version.text


def scoop(version: Version) -> str:
    """As it is: it knows the words alpha, beta and rc. Source: Compare-Version of Scoop's versions.ps1.

    Raises:
        VersionIllegalError: a dev version, or a letter in the place of a word, which it takes for newer than the
            release. A post-release: its word is above any number.
    """
    if version.post is not None:
        raise VersionIllegalError(
            f"Scoop would sort {version.text} above the next version",
            hint="leave scoop out of outlets, or tag the next version instead of a post-release",
        )
    if version.base != "0.0.0" and version.word and (version.word == "dev" or version.word not in version.text):
        other = f"tag it as {version.base}-{version.word}.{version.number}"
        raise _unorderable(version, "Scoop", "release it on the dev channel" if version.word == "dev" else other)
    return version.text


def winget(version: Version) -> str:
    """As it is, if it has four numbers at most and no post-release, which winget takes for older than its release.

    Raises:
        VersionIllegalError: another.
    """
    if version.word and version.base != "0.0.0" and f"-{version.word}.{version.number}" not in version.text:
        # A number behind letters is compared as text: rc10 before rc2.
        other = f"tag it as {version.base}-{version.word}.{version.number}"
        raise VersionIllegalError(f"winget cannot order {version.text}", hint=other)
    if version.post is not None or len(version.numbers) > WINGET:
        raise VersionIllegalError(
            f"winget cannot order {version.text}",
            hint=f"leave winget out of outlets, or tag versions of {WINGET} numbers at most, without .post",
        )
    return version.text


def _unorderable(version: Version, ecosystem: str, hint: str) -> VersionIllegalError:
    return VersionIllegalError(f"{ecosystem} would sort {version.text} above its release", hint=hint)
