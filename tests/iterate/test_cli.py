"""The command line itself: what words mean, what is refused and how, and the help of every command."""

import contextlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from iterate.cli.commands import ROOT
from iterate.cli.table import Deferred

if TYPE_CHECKING:
    from tests.iterate.conftest import World


def leaves(group: click.Group, path: str = "") -> Iterator[tuple[str, Deferred]]:
    """Every command that is no group, with its words."""
    for name, row in group.commands.items():
        if isinstance(row, Deferred):
            yield f"{path}{name}", row
        elif isinstance(row, click.Group):
            yield from leaves(row, f"{path}{name} ")


LEAVES = list(leaves(ROOT))


def pages(group: click.Context | None = None) -> Iterator[tuple[str, str]]:
    """Every command's title and help."""
    group = group or click.Context(ROOT, info_name="iterate")
    assert isinstance(group.command, click.Group)
    yield group.command_path, group.get_help()
    for name, row in group.command.commands.items():
        inner = row.load() if isinstance(row, Deferred) else row
        context = click.Context(inner, parent=group, info_name=name)
        if isinstance(inner, click.Group):
            yield from pages(context)
        else:
            yield context.command_path, context.get_help()


PAGES = dict(pages())


@pytest.mark.parametrize("title", PAGES)
def test_help_fits_80_columns_and_describes_every_option(title: str) -> None:
    text = PAGES[title]
    assert text.isascii()
    assert max(map(len, text.splitlines())) <= 80
    assert text.startswith(f"Usage: {title} ")
    assert "-h, --help" in text
    # A word at the left of a table has its description beside it or below it.
    assert not re.search(r"^  -\S+( \S+)?\n(?! {5})", text, re.MULTILINE)


def test_the_examples_are_commands_that_exist() -> None:
    examples = [line for text in PAGES.values() for line in re.findall(r"^ {4}.*\biterate (\w+)", text, re.MULTILINE)]
    assert len(examples) > 8
    assert set(examples) <= set(ROOT.commands)


@pytest.mark.parametrize(("name", "row"), LEAVES, ids=[name for name, _ in LEAVES])
def test_a_row_has_the_name_and_the_first_line_of_its_command(name: str, row: Deferred) -> None:
    command = row.load()
    assert (command.name, (command.help or "").partition("\n")[0]) == (name.rsplit(maxsplit=1)[-1], row.short_help)


@pytest.mark.parametrize(("name", "row"), LEAVES, ids=[name for name, _ in LEAVES])
def test_what_completion_describes_is_not_cut_short(name: str, row: Deferred) -> None:
    # The script for fish ends a description at its first comma.
    options = [option.help for option in row.load().params if isinstance(option, click.Option)]
    for text in (row.short_help, *options):
        assert text
        assert text.endswith("."), name
        assert "," not in text


@pytest.mark.parametrize(("name", "row"), LEAVES, ids=[name for name, _ in LEAVES])
def test_every_command_whose_output_a_script_may_want_has_json(name: str, row: Deferred) -> None:
    options = {option for one in row.load().params for option in one.opts}
    # The output of these is for another program already, or a terminal.
    assert ("--json" in options) == (name not in {"completion", "help", "man", "pty start", "pty attach"})


@pytest.mark.parametrize(
    "words",
    [
        ("--help",),
        ("run", "--help"),
        ("server", "--help"),
        ("server", "stop", "-h"),
        ("run", "a", "-h"),
        ("help",),
        ("help", "server", "stop"),
        ("server", "help"),
        ("server", "help", "stop"),
        (),
    ],
)
def test_help_goes_to_stdout_and_is_a_success(world: "World", words: tuple[str, ...]) -> None:
    done = world.run(*words)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"Usage: iterate")


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("serv", "did you mean serve or server?"),
        ("rnu", "did you mean run?"),
        ("verison", "did you mean version"),
        ("stop", "did you mean server stop?"),
        ("server strat", "did you mean start"),
        ("--verison", "did you mean --version?"),
        ("--hlep", "did you mean --help?"),
        ("run --modle x hi", "did you mean --model or --file?"),
        ("serve --prot 1", "did you mean --port?"),
        ("xyzzy", "iterate --help lists the commands; a prompt is sent by iterate run"),
        ("--version --json", "iterate version --json prints"),
        ("server", "iterate server --help lists the commands"),
        ("run --version", "did you mean iterate --version?"),
        ("server --version", "did you mean iterate --version?"),
        ("completion", "iterate completion --help"),
        ("completion bash zsh", "iterate completion --help"),
        ("completion bsh", "did you mean bash?"),
        ("run --effort hihg hi", "did you mean high?"),
        ("version now", "iterate version --help"),
        ("serve --port", "iterate serve --help"),
        ("serve --port --json", "iterate serve --help"),
        ("serve --hostname=", "iterate serve --help"),
        ("serve --json=yes", "iterate serve --help"),
        ("serve -p 1", "iterate serve --help"),
        ("run --format xml hi", "iterate run --help"),
        ("run --session --format json hi", "iterate run --help"),
        ("--", "iterate --help"),
    ],
)
def test_what_does_not_fit_is_an_error_and_a_hint_on_stderr_and_exit_2(world: "World", words: str, hint: str) -> None:
    done = world.run(*words.split())
    assert (done.returncode, done.stdout) == (2, b"")
    error, advice = done.stderr.decode().splitlines()
    assert error.startswith("error: ")
    assert not error.endswith(".")
    assert advice.startswith(f"hint: {hint}")


@given(
    st.sampled_from(LEAVES),
    st.lists(st.text(max_size=12) | st.sampled_from(["--port", "--port=1", "--json", "--format", "--", "-", "a"])),
)
def test_any_words_are_understood_or_refused(leaf: tuple[str, Deferred], typed: list[str]) -> None:
    name, row = leaf
    with contextlib.suppress(click.UsageError):
        assert row.make_context(name, typed).command is row.load()
