"""Generated versions for property tests: ladders whose order is known, because they are built rising.

A ladder holds versions that share one package name, since no others are ever compared: finals with worded
pre-releases, the stamps of dev, or the stamps of one snapshot branch.
"""

from datetime import UTC, datetime

from hypothesis import strategies as st

from release import version
from release.product import Channel, Version

WORDS = ("alpha", "beta", "dev", "rc")  # as SemVer sorts them: by alphabet
_SMALL = st.one_of(st.integers(min_value=0, max_value=12), st.integers(min_value=0, max_value=10**6))
_END = int(datetime(9999, 12, 31, tzinfo=UTC).timestamp())
_SLUGS = st.from_regex(r"[a-z0-9]{1,6}(-[a-z0-9]{1,6}){0,3}", fullmatch=True)


def finals() -> st.SearchStrategy[Version]:
    """Versions X.Y.Z, 0.0.0 left out: nobody may release it."""
    numbers = st.tuples(_SMALL, _SMALL, _SMALL).filter(any)
    return numbers.map(lambda found: version.parse(".".join(map(str, found))))


@st.composite
def _worded(draw: st.DrawFn) -> list[Version]:
    """Finals with pre-releases of each, in the order of SemVer's rule 11."""
    bases = draw(st.sets(st.tuples(_SMALL, _SMALL, _SMALL).filter(any), min_size=1, max_size=4))
    ladder = []
    for base in sorted(bases):
        text = ".".join(map(str, base))
        steps = draw(st.sets(st.tuples(st.sampled_from(WORDS), _SMALL), max_size=4))
        ladder += [version.parse(f"{text}-{word}.{number}") for word, number in sorted(steps)]
        ladder.append(version.parse(text))
    return ladder


@st.composite
def _stamped(draw: st.DrawFn, channel: Channel) -> list[Version]:
    """Stamps of one channel, rising by the time of the commit."""
    slug = draw(_SLUGS) if channel is Channel.SNAPSHOT else ""
    times = draw(st.sets(st.integers(min_value=0, max_value=_END), min_size=2, max_size=6))
    return [version.of_commit(channel, time, slug) for time in sorted(times)]


def ladders() -> st.SearchStrategy[list[Version]]:
    """Lists of versions of one package, oldest first."""
    return st.one_of(_worded(), _stamped(Channel.DEV), _stamped(Channel.SNAPSHOT))
