"""What stands behind bare `iterate`: read without click, and by click the same."""

import shlex

import click
import pytest

from iterate.cli.commands import ROOT
from iterate.cli.conversing import meant
from iterate.errors import UsageError
from iterate.headstart import OPTIONS
from iterate.tui.options import Options, parse

WORDS = [
    "",
    "-c",
    "--continue --fork",
    "--session 1f2e",
    "--session=last --fork --full",
    "--model a/b --agent plan --mini",
    "--agent=plan --model=a/b",
    "--session ses_0123",
]
LEFT = [
    "run hello",
    "--help",
    "--plain",
    "--session",
    "--session --fork",
    "-c hello",
    "--model=",
    "--full --mini",
    "-cx",
]


@pytest.mark.parametrize("words", WORDS)
def test_the_usual_words_mean_the_same_to_both_readers(words: str) -> None:
    with ROOT.make_context("iterate", shlex.split(words)) as context:
        assert parse(shlex.split(words)) == meant(context.params)


@pytest.mark.parametrize("words", LEFT)
def test_everything_else_is_left_to_the_whole_parser(words: str) -> None:
    assert parse(shlex.split(words)) is None


def test_a_server_is_started_early_for_every_option_that_begins_a_conversation() -> None:
    known = {name for each in ROOT.params if isinstance(each, click.Option) for name in each.opts}
    assert known - OPTIONS == {"--plain", "--attach", "--standalone", "-h", "--help", "--version"}


def test_what_makes_no_sense_together_is_said() -> None:
    with pytest.raises(UsageError, match="both which session"):
        Options(session="1f2e", is_newest=True).checked()
    with pytest.raises(UsageError, match="copies a session"):
        Options(is_fork=True).checked()
