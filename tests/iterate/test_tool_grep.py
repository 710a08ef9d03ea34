"""The tool `grep`, with ripgrep and with our own search, which must find the same."""

import asyncio
import os
import shutil
from pathlib import Path

import pytest
from tests.iterate.workshop import Workshop

from iterate.events import Json
from iterate.tools.pattern import BadPattern, parsed

RIPGREP = shutil.which("rg")


@pytest.fixture(params=["own", pytest.param("rg", marks=pytest.mark.skipif(not RIPGREP, reason="no ripgrep here"))])
def shop(tmp_path: Path, request: pytest.FixtureRequest) -> Workshop:
    shop = Workshop(tmp_path)
    if request.param == "rg":
        shop.environment["PATH"] = os.environ["PATH"]
    return shop


def text(shop: Workshop, **arguments: Json) -> str:
    return shop.run("grep", **arguments).text


def test_lines_are_given_by_file_in_the_order_of_their_paths(shop: Workshop) -> None:
    shop.file("b.py", "x\ndef f():\n")
    shop.file("a/c.py", "def f():\n  pass\n# def f\n")
    assert text(shop, pattern="def f") == "a/c.py\n     1\tdef f():\n     3\t# def f\nb.py\n     2\tdef f():"


def test_braces_and_brackets_of_code_need_no_backslash(shop: Workshop) -> None:
    shop.file("a.js", "function f() {\n  return {a: []}\n}\n")
    assert "1\tfunction" in text(shop, pattern=r"\w+\(\) {")
    assert "2\t  return" in text(shop, pattern="{a: []}", literal=True)


def test_nothing_found_says_what_was_not_searched(shop: Workshop) -> None:
    shop.file("a", "b\n")
    assert text(shop, pattern="x") == "Nothing matches. Not searched: hidden files and what ignore files name."


def test_hidden_ignored_and_binary_files_are_left_out_until_asked_for(shop: Workshop) -> None:
    shop.file(".gitignore", "build/\n*.log\n")
    for name in ("build/a", "b.log", ".hidden", "sub/c.log", ".git/config", "seen"):
        shop.file(name, "word\n")
    shop.file("binary", b"word\n\0")
    shop.file("late-binary", b"word\n" + b"x\n" * 100_000 + b"\0")
    assert text(shop, pattern="word", only_files=True) == "seen"
    assert text(shop, pattern="word", only_files=True, hidden=True) == ".hidden\nseen"
    assert text(shop, pattern="word", only_files=True, ignored=True) == "b.log\nbuild/a\nseen\nsub/c.log"


def test_a_pattern_that_would_take_python_for_ever_ends(shop: Workshop) -> None:
    shop.file("a", "a" * 40 + "b\n")

    async def impatient() -> None:
        async with asyncio.timeout(0.5):
            await shop.begin("grep", pattern="(a+)+$")

    try:
        asyncio.run(impatient())
    except TimeoutError:
        assert "PATH" not in shop.environment


def test_a_pattern_that_is_none_is_named(shop: Workshop) -> None:
    for wrong in ("(a", "a)", "[a", "*a", "(?=a)", r"\1", "a\nb", r"\n", "(?<!a)b"):
        with pytest.raises(BadPattern):
            text(shop, pattern=wrong)


def test_a_file_alone_is_searched_by_name(shop: Workshop) -> None:
    shop.file("sub/.hidden", "one\nword\n")
    assert text(shop, pattern="word", path="sub/.hidden") == "sub/.hidden\n     2\tword"


def test_only_files_that_match_the_glob_are_searched(shop: Workshop) -> None:
    for name in ("a.py", "sub/b.py", "sub/c.ts"):
        shop.file(name, "word\n")
    assert text(shop, pattern="word", glob="*.py", only_files=True) == "a.py\nsub/b.py"
    assert text(shop, pattern="word", glob="sub/*.{ts,py}", only_files=True) == "sub/b.py\nsub/c.ts"


def test_the_meaning_of_classes_is_the_same_for_both_engines() -> None:
    assert parsed(r"\w{2}[^a-c]").rust == r"[A-Za-z0-9_]{2}[^a-c\n]"
