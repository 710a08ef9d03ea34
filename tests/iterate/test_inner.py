"""The part of markdown-it that is loaded says what all of it says, and the rest is there when somebody wants it."""

import subprocess
import sys
from typing import TYPE_CHECKING, cast

import pytest
from markdown_it import MarkdownIt

from iterate.terminal import inner

if TYPE_CHECKING:
    from markdown_it.token import Token

TEXTS = [
    "plain",
    "*one* **two** ***three*** _four_ ~~five~~ `six` ``se`ven``",
    r"\* &amp; &#65; &nope; a  b\nc",
    "[l](https://example.org/a?b=c&d=%20) [m](<a b> 'title') ![i](data:image/png;base64,xx) <https://ä.example/ö>",
    "[l](javascript:alert) [p](HTTP://Example.ORG/%zz) [q](/a/b#c) [r](https://[::1]:80/x) <me@example.org>",
    "[known] [text][known] [text][unknown] ![image][known]",
    "<b>bold</b> <br> <!-- no --> <x y='z'>",
    "a*b*c __d__ e_f_g **h *i* j** [*k*](l)",
    "[" * 50 + "]" * 50,
]


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_inside_of_a_block_is_what_all_of_markdown_it_finds(text: str) -> None:
    references: dict[str, object] = {"KNOWN": {"title": "t", "href": "https://example.org/known"}}
    whole, part = MarkdownIt("commonmark").enable(["strikethrough"]), inner.made()
    expected: list[Token] = []
    whole.inline.parse(text, whole, {"references": references}, expected)
    found: list[Token] = []
    part.inline.parse(text, cast("MarkdownIt", part), {"references": references}, found)
    assert [each.as_dict() for each in found] == [each.as_dict() for each in expected]


def test_it_loads_no_more_than_it_needs_and_the_rest_later() -> None:
    code = (
        "import sys\n"
        "from iterate.terminal import inline\n"
        "assert inline.spans('a *b* [c](https://example.org)', {}, has_links=True)[1].text == 'b'\n"
        "late = {'inspect', 'ast', 'logging', 'urllib.parse', 'mdurl', 'markdown_it.main', 'markdown_it.renderer'}\n"
        "assert not late & set(sys.modules), late & set(sys.modules)\n"
        "import dataclasses, inspect\n"
        "assert inspect.getsource and dataclasses.inspect.getsource is inspect.getsource\n"
        "assert dataclasses.make_dataclass('P', [('x', int)])(3).x == 3\n"
        "from markdown_it import MarkdownIt\n"
        "assert MarkdownIt().render('# *a*') == '<h1><em>a</em></h1>\\n'\n"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_whoever_imports_inspect_in_the_moment_in_which_a_part_of_it_stands_there_has_all_of_it() -> None:
    code = (
        "import sys\n"
        "from iterate.terminal import inner\n"
        "sys.modules['inspect'] = part = inner._Inspect('inspect')\n"
        "import inspect\n"
        "from inspect import signature\n"
        "def of(a, b=1): pass\n"
        "class Noted:\n    x: int\n"
        "assert part.get_annotations(Noted) == {'x': int} and part.get_annotations(of) == {}\n"
        "assert str(signature(of)) == '(a, b=1)'\n"
        "assert inspect is part and inspect.isfunction(of) and not inspect.isclass(of)\n"
        "assert type(sys.modules['inspect']).__name__ == 'module'\n"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
