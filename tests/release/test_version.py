"""Versions: what is read, what is refused, and that every spelling keeps the order.

Here the judges are Python libraries; tests/consumers/test_versions.py asks the ecosystems' own programs.
"""

import contextlib
import re
from collections.abc import Callable
from itertools import pairwise

import packaging.version
import pytest
import semver
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.release import versions

from release import version
from release.errors import VersionIllegalError
from release.product import Channel, Version

# One profile everywhere: the same examples on every run, and no deadline that a busy machine could miss.
steady = settings(derandomize=True, deadline=None, max_examples=200, database=None)


def spelt(ladder: list[Version], spell: Callable[[Version], str]) -> list[str]:
    """The rungs that an ecosystem takes, as it writes them."""
    return versions.spelt(ladder, spell)


def in_order(texts: list[str], compare: Callable[[str, str], int]) -> bool:
    """Whether each text is older than the next."""
    return all(compare(old, new) < 0 for old, new in pairwise(texts))


def by_semver(old: str, new: str) -> int:
    return semver.Version.parse(old).compare(semver.Version.parse(new))


def by_alpm(old: str, new: str) -> int:
    from alpm.alpm_types import PackageVersion

    left, right = PackageVersion(old), PackageVersion(new)
    return (left > right) - (left < right)


# --- reading ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "v1.2.3",
        "1!2.0",
        "1.2.3.4.5.6.7",
        "1.2.3-4",
        "1.2.3a",
        "1.2.3.rc1",
        "1.2.post",
        "1.2rc1.post2",
        "1.2a1.dev3",
        "1.2+local",
        "0.0rc1",
        "01.2.3",
        "1.2.3-",
        "1.2.3-nightly",
        "1.2.3-rc",
        "1.2.3-rc.01",
        "1.2.3-rc.1.2",
        "1.2.3-RC.1",
        "1.2.3+build",
        "1.2.3-rc.1+build",
        "1.2.3-dev-20260102030405",
        "0.0.0-dev.7",
        "0.0.0-dev-2026",
        "0.0.0-dev-main-20260102030405",
        "0.0.0-snapshot-20260102030405",
        "0.0.0-snapshot--20260102030405",
        "0.0.0-snapshot-Main-20260102030405",
        "9007199254740992.0.0",
        "1.2.3-rc.9007199254740992",
        "0.0.0-snapshot-12345678901234567890-20260102030405",
        "1.2.3\n",
        "１.2.3",  # noqa: RUF001  # a full-width digit
    ],
)
def test_what_the_ecosystems_do_not_sort_alike_is_refused(text: str) -> None:
    with pytest.raises(VersionIllegalError):
        version.parse(text)


def test_a_version_is_taken_apart() -> None:
    assert version.parse("1.2.3") == Version(text="1.2.3", base="1.2.3")
    assert version.parse("1.2.3-rc.4") == Version(text="1.2.3-rc.4", base="1.2.3", word="rc", number=4)
    assert version.parse("24.04").numbers == (24, 4)
    assert version.parse("1.0.post2") == Version(text="1.0.post2", base="1.0", post=2)
    for text, word in (("1.0a3", "alpha"), ("1.0b3", "beta"), ("1.0rc3", "rc"), ("1.0.dev3", "dev"), ("1.0-rc3", "rc")):
        assert version.parse(text) == Version(text=text, base="1.0", word=word, number=3)
    assert version.parse("0.0.0-snapshot-a-1-20260102030405") == Version(
        text="0.0.0-snapshot-a-1-20260102030405",
        base="0.0.0",
        word="snapshot",
        slug="a-1",
        number=20260102030405,
    )


def test_a_commit_gives_the_same_version_wherever_the_clock_stands() -> None:
    assert version.of_commit(Channel.DEV, 1767323045, "").text == "0.0.0-dev-20260102030405"
    assert version.of_commit(Channel.SNAPSHOT, 0, "main").text == "0.0.0-snapshot-main-19700101000000"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1!2.0", "epoch"),
        ("1.2+local", "build metadata"),
        ("7", "one number"),
        ("08.1", "begins with a zero"),
        ("1.2.3.4.5.6.7", "more than 6 numbers"),
        ("1.2rc1.post2", "pre-release that package managers order differently"),
        ("next", "is not a version"),
    ],
)
def test_what_is_refused_says_why_and_what_to_do(text: str, reason: str) -> None:
    with pytest.raises(VersionIllegalError, match=reason) as refused:
        version.parse(text)
    assert refused.value.hint


def test_only_final_versions_are_released_on_latest_and_pre_releases_on_beta() -> None:
    for text in ("1.2.3", "24.04", "2024.1.0", "1.2.3.4", "1.0.post1"):
        assert version.need_tagged(version.parse(text), f"v{text}", Channel.LATEST).text == text
        with pytest.raises(VersionIllegalError, match="beta channel takes pre-releases only"):
            version.need_tagged(version.parse(text), f"v{text}", Channel.BETA)
    for channel in (Channel.LATEST, Channel.BETA):
        for text in ("1.2.3-dev.1", "1.0.dev1", "0.0.0", "0.0", "0.0.0-dev-20260102030405"):
            with pytest.raises(VersionIllegalError):
                version.need_tagged(version.parse(text), f"v{text}", channel)
    for text in ("1.2.3-rc.1", "1.0rc1", "1.0a1", "1.0-beta.2"):
        assert version.need_tagged(version.parse(text), f"v{text}", Channel.BETA).text == text
        with pytest.raises(VersionIllegalError, match="pre-release") as refused:
            version.need_tagged(version.parse(text), f"v{text}", Channel.LATEST)
        assert "beta = true" in refused.value.hint


@pytest.mark.parametrize("branch", ["main", "a-b", "feature-fast-start", "x" * 40, "v1", "2026", "a1b2c3"])
def test_a_branch_that_is_legal_everywhere_stays_as_it_is(branch: str) -> None:
    assert version.slug(branch) == branch


@pytest.mark.parametrize(
    ("branch", "begins"),
    [
        ("feature/Fast_start", "feature-fast-start-"),
        ("Main", "main-"),
        ("a..b", "a-b-"),
        ("x" * 41, "x" * 33 + "-"),
        ("föhre", "fohre-"),
        ("straße", "strasse-"),
        ("日本", "branch-"),
        ("1" * 30, "1" * 15 + "-"),
    ],
)
def test_a_branch_that_loses_something_ends_in_a_short_hash(branch: str, begins: str) -> None:
    slug = version.slug(branch)
    assert slug.startswith(begins)
    assert re.fullmatch(r"[0-9a-f]{6}", slug.removeprefix(begins))


@pytest.mark.parametrize(
    "family",
    [
        ("fähre", "föhre", "fahre", "fa\u0308hre", "fohre"),
        ("a/b", "a-b", "a_b", "a.b", "A-b", "a--b", "-a-b", "a-b-"),
        ("日本", "中国", "branch", "ß", "ss"),
        ("x" * 40, "x" * 41, "x" * 42, "x" * 39 + "/y"),
        ("1" * 15, "1" * 16, "1" * 17),
    ],
)
def test_no_two_branches_share_a_package(family: tuple[str, ...]) -> None:
    assert len({version.slug(branch) for branch in family}) == len(family)


@steady
@given(st.text(min_size=1, max_size=80))
def test_any_branch_gives_a_version_that_is_legal_everywhere(branch: str) -> None:
    slug = version.slug(branch)
    assert len(slug) <= version.SLUG_LENGTH
    made = version.of_commit(Channel.SNAPSHOT, 1767323045, slug)
    assert made.slug == slug
    assert re.fullmatch(r"[a-z0-9.]+", version.pacman(made))
    semver.Version.parse(version.npm(made))
    assert re.fullmatch(r"[0-9][A-Za-z0-9.+~]*", version.deb(made))


@pytest.mark.parametrize("tag", ["v1", "v3-stable", "v01.2.3", "v1.2.3+build", "1.2.3", "vacation", "v", ""])
def test_a_tag_that_is_no_version_is_no_version_tag(tag: str) -> None:
    assert version.tagged(tag, "v{version}") is None


@pytest.mark.parametrize(
    ("form", "tag"),
    [
        ("v{version}", "v1.2.3"),
        ("{version}", "1.2.3"),
        ("release-{version}", "release-1.2.3"),
        ("otter/v{version}", "otter/v1.2.3"),
        ("{version}-final", "1.2.3-final"),
    ],
)
def test_a_tag_of_the_project_s_form_names_its_version(form: str, tag: str) -> None:
    found = version.tagged(tag, form)
    assert found is not None
    assert found.text == "1.2.3"
    for other in ("v1.2.3", "1.2.3", "release-1.2.3", "otter/v1.2.3", "1.2.3-final", "badger/v1.2.3", form):
        assert other == tag or version.tagged(other, form) is None


# --- spelling --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "pacman", "tilde"),
    [
        ("1.2.3", "1.2.3", "1.2.3"),
        ("1.2.3-rc.4", "1.2.3rc4", "1.2.3~rc.4"),
        ("1.2.3-dev.4", "1.2.3dev4", "1.2.3~dev.4"),
        (
            "0.0.0-dev-20260102030405",
            "0.0.0dev20260102030405",
            "0.0.0~dev.20260102030405",
        ),
        (
            "0.0.0-snapshot-a-b-20260102030405",
            "0.0.0snapshot.a.b.20260102030405",
            "0.0.0~snapshot.a.b.20260102030405",
        ),
    ],
)
def test_a_version_is_spelt_for_every_ecosystem(text: str, pacman: str, tilde: str) -> None:
    read = version.parse(text)
    assert version.npm(read) == text
    assert version.pacman(read) == pacman
    assert version.deb(read) == tilde


@pytest.mark.parametrize(
    ("text", "npm", "pacman", "deb", "homebrew", "scoop", "winget"),
    [
        ("24.10", "24.10.0", "24.10", "24.10", "24.10", "24.10", "24.10"),
        ("24.04", "24.4.0", "24.04", "24.04", "24.04", "24.04", "24.04"),
        ("2024.1.0", "2024.1.0", "2024.1.0", "2024.1.0", "2024.1.0", "2024.1.0", "2024.1.0"),
        ("1.2.3.4", "", "1.2.3.4", "1.2.3.4", "1.2.3.4", "1.2.3.4", "1.2.3.4"),
        ("1.2.3.4.5", "", "1.2.3.4.5", "1.2.3.4.5", "1.2.3.4.5", "1.2.3.4.5", ""),
        ("1.0.post1", "", "1.0.post1", "1.0+post1", "1.0.post1", "", ""),
        ("1.0rc1", "1.0.0-rc.1", "1.0rc1", "1.0~rc.1", "1.0rc1", "1.0rc1", ""),
        ("1.0b2", "1.0.0-beta.2", "1.0beta2", "1.0~beta.2", "1.0b2", "", ""),
        ("1.0-beta.2", "1.0.0-beta.2", "1.0beta2", "1.0~beta.2", "1.0-beta.2", "1.0-beta.2", "1.0-beta.2"),
        ("1.0.dev3", "1.0.0-dev.3", "1.0dev3", "1.0~dev.3", "", "", ""),
    ],
)
def test_versions_of_python_and_of_calendars_are_spelt_or_refused_with_the_reason(
    text: str, npm: str, pacman: str, deb: str, homebrew: str, scoop: str, winget: str
) -> None:
    wanted = {
        version.npm: npm,
        version.pacman: pacman,
        version.deb: deb,
        version.homebrew: homebrew,
        version.scoop: scoop,
        version.winget: winget,
    }
    for spell, there in wanted.items():
        if there:
            assert spell(version.parse(text)) == there
        else:
            with pytest.raises(VersionIllegalError, match=re.escape(text)) as refused:
                spell(version.parse(text))
            assert refused.value.hint


@pytest.mark.parametrize("spell", [version.homebrew, version.scoop])
def test_homebrew_and_scoop_take_what_they_sort_right(spell: Callable[[Version], str]) -> None:
    for text in ("1.2.3", "1.2.3-rc.1", "0.0.0-dev-20260102030405", "0.0.0-snapshot-a-20260102030405"):
        assert spell(version.parse(text)) == text
    with pytest.raises(VersionIllegalError):
        spell(version.parse("1.2.3-dev.1"))


# --- order -----------------------------------------------------------------------------------------------


@steady
@given(versions.ladders())
def test_npm_spelling_rises_with_the_version(ladder: list[Version]) -> None:
    assert in_order(spelt(ladder, version.npm), by_semver)


@pytest.mark.systems("linux")
@steady
@given(versions.ladders())
def test_pacman_spelling_rises_with_the_version(ladder: list[Version]) -> None:
    texts = spelt(ladder, version.pacman)
    assert len(texts) == len(ladder)
    assert in_order(texts, by_alpm)
    assert [by_alpm(text, text) for text in texts] == [0] * len(texts)  # raises where makepkg would


@steady
@given(versions.ladders())
def test_our_own_order_and_that_of_python_rise_with_the_version(ladder: list[Version]) -> None:
    assert all(version.order(old) < version.order(new) for old, new in pairwise(ladder))
    python = [packaging.version.Version(text) for text in spelt(ladder, version.pep440)]
    # SemVer sorts its words by the alphabet, Python puts dev first; nobody releases a dev version by a tag.
    assert all(old < new for old, new in pairwise(python) if not (old.is_devrelease or new.is_devrelease))


@steady
@given(versions.finals(), st.sampled_from(versions.WORDS), st.integers(min_value=0, max_value=10**9))
def test_no_pre_release_outranks_its_release(final: Version, word: str, number: int) -> None:
    before = version.parse(f"{final.text}-{word}.{number}")
    assert in_order(spelt([before, final], version.npm), by_semver)


@pytest.mark.systems("linux")
@steady
@given(versions.finals(), st.sampled_from(versions.WORDS), st.integers(min_value=0, max_value=10**9))
def test_no_pre_release_outranks_its_release_in_pacman(final: Version, word: str, number: int) -> None:
    before = version.parse(f"{final.text}-{word}.{number}")
    assert by_alpm(version.pacman(before), version.pacman(final)) < 0


@steady
@given(versions.ladders())
def test_every_spelling_of_a_ladder_is_legal_where_it_goes(ladder: list[Version]) -> None:
    for rung in ladder:
        assert "-" not in version.pacman(rung) + version.deb(rung)
        with contextlib.suppress(VersionIllegalError):
            assert version.order(version.parse(version.npm(rung))) == version.order(rung)


@pytest.mark.parametrize(
    "text", ["1.2.3", "1.3.0-rc.1", "1.3.0-dev.7", "0.0.0-dev-20260102030405", "0.0.0-snapshot-a-b-20260102030405"]
)
def test_what_is_spelt_for_pacman_can_be_read_again(text: str) -> None:
    assert version.of_pacman(version.pacman(version.parse(text))) == version.parse(text)


def test_what_pep_440_wrote_is_read_again_as_the_same_version() -> None:
    for text in ("1.0rc1", "24.04", "1.2.3.4", "1.0.post3", "1.0a2"):
        there = version.of_pacman(version.pacman(version.parse(text)))
        assert version.order(there) == version.order(version.parse(text))


@pytest.mark.parametrize("text", ["", "1", "1.2.3-1", "1.2.3rc", "v1.2.3", "1.2.3nightly4"])
def test_what_pacman_spells_otherwise_is_no_version_of_ours(text: str) -> None:
    with pytest.raises(VersionIllegalError):
        version.of_pacman(text)
