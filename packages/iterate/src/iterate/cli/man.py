"""`iterate man`: the manual page, made from the commands themselves, in the language of man(7)."""

import re
from collections.abc import Iterator

import click

from iterate.about import STAMP
from iterate.cli.commands import ROOT
from iterate.cli.options import HELP, examples
from iterate.cli.table import Deferred
from iterate.terminal import screen

_ESCAPES = {"\\": "\\e", "-": "\\-", "'": "\\(aq", "`": "\\(ga", '"': "\\(dq"}

# What people set most; the page of settings has all.
ENVIRONMENT = (
    ("ITERATE_MODEL", "The model that answers where no option says one; it wins over files of settings."),
    ("ITERATE_CONFIG", "One more file of settings, which wins over the others."),
    ("ITERATE_SECRET", "The secret of the server that --attach speaks to."),
    ("ITERATE_PLAIN", "Answers are lines of words, and nothing is painted again: for screen readers."),
    ("NO_COLOR", "With any value, nothing has a colour."),
    ("VISUAL, EDITOR", "What iterate config edit opens."),
    ("XDG_CONFIG_HOME, XDG_STATE_HOME, XDG_DATA_HOME", "Where settings, logs and sessions lie."),
)
FILES = (
    ("$XDG_CONFIG_HOME/iterate/config.toml", "Your settings; iterate config schema describes it."),
    (".iterate/config.toml", "Those of a project; what it may say before you trust it is little."),
    ("AGENTS.md", "What every agent is to know of a project."),
)


@click.command(
    "man",
    help="Print the manual page.",
    epilog=examples(
        ("iterate man | man -l -", "read it"), ("iterate man > ~/.local/share/man/man1/iterate.1", "keep it")
    ),
)
@HELP
def man() -> int:
    """Print the page."""
    screen.show("".join(f"{line}\n" for line in page()))
    return 0


def page() -> Iterator[str]:
    """The lines of the page."""
    name = str(ROOT.name)
    yield f'.TH {name.upper()} 1 "" "{name} {roff(STAMP.version)}" "User Commands"'
    # No line is stretched: options are long words.
    yield ".ad l"
    yield ".SH NAME"
    yield roff(f"{name} - {_first(ROOT.help)[:1].lower()}{_first(ROOT.help)[1:].rstrip('.')}")
    yield ".SH SYNOPSIS"
    yield f".B {name}"
    yield roff("[COMMAND [OPTIONS] [ARGUMENTS]]")
    for paragraph in str(ROOT.help).split("\n\n")[1:]:
        yield ".PP"
        yield roff(paragraph)
    yield ".SH COMMANDS"
    for context in _contexts(click.Context(ROOT, info_name=name)):
        yield from _command(context)
    yield ".SH EXIT STATUS"
    yield roff("0 is success, 1 a bug, 2 a mistyped command, 130 an interrupt; docs/server.md lists all others.")
    for heading, entries in (("ENVIRONMENT", ENVIRONMENT), ("FILES", FILES)):
        yield f".SH {heading}"
        for term, meaning in entries:
            yield ".TP"
            yield f".B {roff(term)}"
            yield roff(meaning)
    yield ".SH EXAMPLES"
    yield from _examples(ROOT.epilog)


def roff(text: str) -> str:
    """The text as roff takes it: nothing in it is a request, an escape or a hyphen that may be another sign."""
    escaped = "".join(_ESCAPES.get(sign, sign) for sign in text)
    return f"\\&{escaped}" if escaped.startswith(".") else escaped


def _contexts(above: click.Context) -> Iterator[click.Context]:
    """Every command that is no group, in the order of the help pages."""
    assert isinstance(above.command, click.Group)  # noqa: S101  # As asked for.
    for name, row in above.command.commands.items():
        command = row.load() if isinstance(row, Deferred) else row
        context = click.Context(command, parent=above, info_name=name)
        if isinstance(command, click.Group):
            yield from _contexts(context)
        else:
            yield context


def _command(context: click.Context) -> Iterator[str]:
    command = context.command
    words = " ".join(command.collect_usage_pieces(context))
    yield ".SS"
    yield roff(f"{context.command_path} {words}".strip())
    for number, paragraph in enumerate(re.split(r"\n\s*\n", command.help or "")):
        if number:
            yield ".PP"
        yield roff(" ".join(paragraph.replace("\b", "").split()))
    for option in command.params:
        record = option.get_help_record(context)
        if record is not None:
            yield ".TP"
            yield f".B {roff(record[0])}"
            yield roff(" ".join(record[1].split()))
    yield from _examples(command.epilog)


def _examples(epilog: str | None) -> Iterator[str]:
    lines = [line.strip() for line in (epilog or "").splitlines() if line.startswith("  ")]
    if lines:
        yield ".PP"
        yield ".nf"
        yield from (roff(line) for line in lines)
        yield ".fi"


def _first(text: str | None) -> str:
    return (text or "").partition("\n")[0]
