"""Generated versions for property tests: ladders whose order is known, because they are built rising.

A ladder holds versions that share one package name, since no others are ever compared: finals with worded
pre-releases, the stamps of dev, or the stamps of one snapshot branch.
"""

import contextlib
from collections.abc import Callable
from datetime import UTC, datetime

from hypothesis import strategies as st

from release import version
from release.errors import VersionIllegalError
from release.product import Channel, Version

WORDS = ("alpha", "beta", "dev", "rc")  # as SemVer sorts them: by alphabet
_SMALL = st.one_of(st.integers(min_value=0, max_value=12), st.integers(min_value=0, max_value=10**6))
_END = int(datetime(9999, 12, 31, tzinfo=UTC).timestamp())
_SLUGS = st.from_regex(r"[a-z0-9]{1,6}(-[a-z0-9]{1,6}){0,3}", fullmatch=True)


SHORT = {"alpha": "a", "beta": "b", "dev": ".dev", "rc": "rc"}


def _numbers(count: int) -> st.SearchStrategy[tuple[int, ...]]:
    """Numbers of a version, not all of them 0: nobody may release that."""
    return st.tuples(*[_SMALL] * count).filter(any)


def finals() -> st.SearchStrategy[Version]:
    """Final versions of two to five numbers."""
    numbers = st.integers(min_value=2, max_value=5).flatmap(_numbers)
    return numbers.map(lambda found: version.parse(".".join(map(str, found))))


@st.composite
def _worded(draw: st.DrawFn) -> list[Version]:
    """Finals with pre-releases and post-releases of each, in the order of SemVer's rule 11.

    A project writes all its versions in one way: with so many numbers, with zeros before the small ones or without, and
    words as SemVer or PEP 440 write them.
    """
    count, zeros = draw(st.integers(min_value=2, max_value=5)), draw(st.booleans())
    short = draw(st.booleans())
    bases = draw(st.sets(_numbers(count), min_size=1, max_size=4))
    ladder = []
    for base in sorted(bases):
        text = ".".join([str(base[0]), *(f"{each:02}" if zeros else str(each) for each in base[1:])])
        steps = draw(st.sets(st.tuples(st.sampled_from(WORDS), _SMALL), max_size=4))
        for word, number in sorted(steps):
            ladder.append(version.parse(f"{text}{SHORT[word]}{number}" if short else f"{text}-{word}.{number}"))
        ladder.append(version.parse(text))
        ladder += [version.parse(f"{text}.post{each}") for each in sorted(draw(st.sets(_SMALL, max_size=2)))]
    return ladder


def spelt(ladder: list[Version], spell: Callable[[Version], str]) -> list[str]:
    """The rungs that an ecosystem takes, as it writes them."""
    texts = []
    for rung in ladder:
        with contextlib.suppress(VersionIllegalError):
            texts.append(spell(rung))
    return texts


@st.composite
def _stamped(draw: st.DrawFn, channel: Channel) -> list[Version]:
    """Stamps of one channel, rising by the time of the commit."""
    slug = draw(_SLUGS) if channel is Channel.SNAPSHOT else ""
    times = draw(st.sets(st.integers(min_value=0, max_value=_END), min_size=2, max_size=6))
    return [version.of_commit(channel, time, slug) for time in sorted(times)]


def ladders() -> st.SearchStrategy[list[Version]]:
    """Lists of versions of one package, oldest first."""
    return st.one_of(_worded(), _stamped(Channel.DEV), _stamped(Channel.SNAPSHOT))
