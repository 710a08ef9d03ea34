"""Patterns of paths with `*`: what they fit, and that no pattern and no path take long."""

import re
import time
from itertools import product

import pytest

from iterate.permissions.need import Deed, Need
from iterate.permissions.patterns import fits
from iterate.permissions.wildcards import Wildcards

PARTS = ("a", "b", "/", "*", "?", "**/", "/**", "**")
PATHS = ["".join(signs) for length in range(6) for signs in product("ab/", repeat=length)]


@pytest.mark.parametrize("begin", [f"{first}{second}" for first in PARTS for second in PARTS])
def test_a_pattern_that_is_followed_fits_as_its_expression_does(begin: str) -> None:
    for end in product(PARTS, repeat=2):
        # So many `*` behind it that it is followed; they fit nothing new.
        text = begin + "".join(end)
        followed = Wildcards("**/**/**/" + text)
        shape = re.compile(f"(?:.*/)?{Wildcards(text).expression}", re.DOTALL)
        for path in PATHS[::3]:
            assert followed.fits(path) == (shape.fullmatch(path) is not None), (text, path)


def test_signs_of_expressions_mean_themselves() -> None:
    assert Wildcards("a.b+(c)[d]|*").fits("a.b+(c)[d]|x")
    assert not Wildcards("a.b").fits("axb")
    assert Wildcards("*x*y*é").fits("1x\n2y3é")


@pytest.mark.parametrize(
    ("deed", "pattern", "subject"),
    [
        ("read", "*a" * 40 + "b", "a" * 4000),
        ("edit", "**/*a/" * 40 + "b", "aaaa/" * 800),
        ("outside", "/**/a" * 40 + "/b", "/a" * 2000),
        ("mcp", "*a" * 40 + "b", "a" * 4000),
        ("bash", "x " + "*a" * 40 + "b", "x " + "a" * 4000),
        ("fetch", "https://a/" + "*a" * 40 + "b", "https://a/" + "a" * 4000),
    ],
)
def test_what_a_project_s_file_asks_for_takes_no_time(deed: Deed, pattern: str, subject: str) -> None:
    begun = time.process_time()
    assert not fits(pattern, Need(deed=deed, subject=subject), is_strict=True)
    assert time.process_time() - begun < 2


@pytest.mark.parametrize(
    ("pattern", "word", "is_fit"),
    [
        ("a*b*c", "axbybc", True),
        ("*ab*ab", "abab", True),
        ("*ab*ab", "ab", False),
        ("a**c", "abc", True),
        ("*", "", True),
    ],
)
def test_words_fit_wherever_their_pieces_come_in_order(pattern: str, word: str, *, is_fit: bool) -> None:
    assert fits(pattern, Need(deed="mcp", subject=word), is_strict=False) == is_fit
