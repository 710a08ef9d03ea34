"""Every spelling before its ecosystem's own comparer: order is kept, no pre-release outranks its release.

The programs are asked in batches, a few hundred pairs in one start. Homebrew's comparer cannot be installed
here; it gets finals, and stamps under names of their own.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.release import versions

from release import version
from release.product import Version

type Pairs = list[tuple[str, str]]

# The same examples on every run; each is a batch of some hundred pairs, so a few are enough.
batches = settings(
    derandomize=True,
    deadline=None,
    max_examples=4,
    database=None,
    suppress_health_check=[HealthCheck.data_too_large, HealthCheck.too_slow, HealthCheck.large_base_example],
)
ladders = st.lists(versions.ladders(), min_size=12, max_size=30)

VERCMP = 'while read -r old new; do vercmp "$old" "$new"; done'
DPKG = 'while read -r old new; do dpkg --compare-versions "$old" lt "$new" && echo -1 || echo 1; done'
NPM = """
const [paths, pairs] = JSON.parse(require("fs").readFileSync(0, "utf8"));
const semver = require(require.resolve("semver", { paths }));
console.log(JSON.stringify(pairs.map(([old, next]) => semver.compare(old, next))));
"""


def rising(found: list[list[Version]], spell: Callable[[Version], str]) -> Pairs:
    """Neighbours on each ladder, spelt: the first of each pair has to be older."""
    return [pair for ladder in found for pair in pairwise(versions.spelt(ladder, spell))]


def ask(command: list[str], question: str) -> str:
    return subprocess.run(command, input=question, capture_output=True, text=True, check=True).stdout


def by_shell(script: str, pairs: Pairs) -> list[int]:
    question = "".join(f"{old} {new}\n" for old, new in pairs)
    return [int(line) for line in ask(["sh", "-c", script], question).split()]


def by_npm(pairs: Pairs) -> list[int]:
    npm = shutil.which("npm")
    assert npm is not None
    paths = [os.path.dirname(os.path.realpath(npm))]  # noqa: PTH120  # node wants text
    answer: list[int] = json.loads(ask(["node", "-e", NPM], json.dumps([paths, pairs])))
    return answer


def wrong(pairs: Pairs, verdicts: list[int]) -> Pairs:
    return [pair for pair, verdict in zip(pairs, verdicts, strict=True) if verdict >= 0]


@pytest.mark.consumer("vercmp")
@batches
@given(ladders)
def test_pacman_sorts_its_spelling_as_semver_does(found: list[list[Version]]) -> None:
    pairs = rising(found, version.pacman)
    assert wrong(pairs, by_shell(VERCMP, pairs)) == []


@pytest.mark.consumer("dpkg")
@batches
@given(ladders)
def test_dpkg_sorts_its_spelling_as_semver_does(found: list[list[Version]]) -> None:
    pairs = rising(found, version.deb)
    assert wrong(pairs, by_shell(DPKG, pairs)) == []


@pytest.mark.consumer("node", "npm")
@batches
@given(ladders)
def test_npm_sorts_its_spelling_as_we_do(found: list[list[Version]]) -> None:
    pairs = rising(found, version.npm)
    assert wrong(pairs, by_npm(pairs)) == []


@pytest.mark.consumer("vercmp", "dpkg", "node", "npm")
def test_the_comparers_can_say_no() -> None:
    pairs = [("2.0.0", "1.0.0")]
    for verdicts in (by_shell(VERCMP, pairs), by_shell(DPKG, pairs), by_npm(pairs)):
        assert wrong(pairs, verdicts) == pairs
