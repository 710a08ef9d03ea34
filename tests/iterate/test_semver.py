"""Which version is newer."""

import itertools

import pytest

from iterate import semver

# The order of the specification's own example, and of our channels.
ASCENDING = [
    "0.0.0-dev-20260101000000",
    "0.0.0-dev-20261231235959",
    "0.0.0-source",
    "0.9.10",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.0.10",
    "1.2.0",
    "1.10.0",
    "2.0.0",
]


@pytest.mark.parametrize(("older", "newer"), list(itertools.combinations(ASCENDING, 2)))
def test_the_order_is_the_specifications(older: str, newer: str) -> None:
    assert semver.is_newer(newer, older)
    assert not semver.is_newer(older, newer)


@pytest.mark.parametrize("version", ["", "1", "1.2", "v1.2.3", "01.2.3", "1.2.3.4", "tomorrow", "1.2.3 "])
def test_what_is_no_version_is_neither_newer_nor_older(version: str) -> None:
    assert not semver.is_newer(version, "1.2.3")
    assert not semver.is_newer("1.2.3", version)


def test_equal_versions_and_other_builds_of_one_are_not_newer() -> None:
    assert not semver.is_newer("1.2.3", "1.2.3")
    assert not semver.is_newer("1.2.3+a", "1.2.3+b")
