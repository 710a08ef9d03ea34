"""The manual page: complete, and nothing in it that roff would take for a request."""

import re

import click
import pytest
from tests.iterate.test_cli import LEAVES
from tests.repository import ROOT

from iterate.cli import man

PAGE = list(man.page())


def test_every_command_and_every_option_is_on_the_page() -> None:
    text = "\n".join(PAGE)
    for name, row in LEAVES:
        assert f"\niterate {man.roff(name)}" in text, name
        for param in row.load().params:
            if isinstance(param, click.Option) and not param.hidden:
                assert all(man.roff(each) in text for each in param.opts), (name, param.opts)


def test_the_page_says_every_argument_and_names_variables_that_are_read() -> None:
    text = "\n".join(PAGE)
    for name, row in LEAVES:
        for param in row.load().params:
            if isinstance(param, click.Argument):
                assert man.roff(" ".join(str(param.help).split())) in text, name
    settings = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    for names, _ in man.ENVIRONMENT:
        assert all(f"`{each}`" in settings for each in names.split(", ")), names
    headings = [line.removeprefix(".SH ") for line in PAGE if line.startswith(".SH ")]
    assert headings == ["NAME", "SYNOPSIS", "COMMANDS", "EXIT STATUS", "ENVIRONMENT", "FILES", "EXAMPLES"]


def test_only_requests_of_ours_begin_with_a_dot_and_all_is_ascii() -> None:
    requests = {line.split()[0] for line in PAGE if line.startswith((".", "'"))}
    assert requests <= {".TH", ".ad", ".SH", ".SS", ".PP", ".TP", ".B", ".nf", ".fi"}
    assert "\n".join(PAGE).isascii()
    assert not [line for line in PAGE if re.search(r"(?<!\\)'", line)]


@pytest.mark.parametrize(
    ("text", "escaped"),
    [("a-b", r"a\-b"), (".x", r"\&.x"), ("'x'", r"\(aqx\(aq"), ("\\n", r"\en"), ('"`', r"\(dq\(ga"), ("a.b", "a.b")],
)
def test_a_text_means_itself(text: str, escaped: str) -> None:
    assert man.roff(text) == escaped
