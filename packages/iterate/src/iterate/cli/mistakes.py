"""What click refuses, as one of our errors: where, what, and a hint with the nearest thing there is."""

import re
import shlex

import click

from iterate.cli.message import MessageCommand
from iterate.errors import UsageError

_QUOTED = re.compile("'(.*?)' is not one of")


def explain(problem: click.UsageError) -> UsageError:
    """The same problem in the form that `terminal` shows."""
    where = problem.ctx.command_path if problem.ctx else "iterate"
    near = _nearest(problem)
    hint = f"did you mean {' or '.join(near)}?" if near else _otherwise(problem, where)
    if isinstance(problem, click.NoSuchOption) and problem.ctx and isinstance(problem.ctx.command, MessageCommand):
        guess = f"{hint} " if near else ""
        hint = f"{guess}{where} -- {shlex.quote(problem.option_name)} ... sends it as text"
    return UsageError(f"{where}: {_message(problem)}", hint)


def _otherwise(problem: click.UsageError, where: str) -> str:
    if isinstance(problem, click.NoSuchCommand):
        # Whoever types a sentence behind the program means a prompt.
        prompt = "" if problem.ctx is None or problem.ctx.parent else "; a prompt is sent by iterate run"
        return f"{where} --help lists the commands{prompt}"
    if problem.ctx is not None and problem.ctx.parent is not None and isinstance(problem.ctx.command, click.Group):
        return f"{where} --help lists the commands"
    return f"{where} --help says what it takes"


def _message(problem: click.UsageError) -> str:
    # click puts its guesses into the text of these two, and some choices on lines of their own.
    plain = isinstance(problem, click.NoSuchCommand | click.NoSuchOption)
    text = " ".join((problem.message if plain else problem.format_message()).split()).removesuffix(".")
    return text[:1].lower() + text[1:]


def _nearest(problem: click.UsageError) -> list[str]:
    match problem:
        case click.NoSuchCommand():
            return _in_groups(problem) or problem.possibilities or []
        case click.NoSuchOption(option_name="--version" | "-V"):
            return ["iterate --version"]
        case click.NoSuchOption():
            return problem.possibilities or []
        case click.BadParameter(param=click.Parameter(type=click.Choice(choices=choices))):
            return _like(problem.message, [str(each) for each in choices])
        case _:
            return []


def _like(message: str, choices: list[str]) -> list[str]:
    """The choice that is nearest to the word that click quotes in its message."""
    import difflib

    wrong = _QUOTED.match(message)
    return difflib.get_close_matches(wrong[1], choices, 1) if wrong else []


def _in_groups(problem: click.NoSuchCommand) -> list[str]:
    """The same word as a command of a group below: `iterate stop`."""
    if problem.ctx is None or not isinstance(problem.ctx.command, click.Group):
        return []
    word = problem.command_name
    groups = problem.ctx.command.commands.items()
    return [f"{name} {word}" for name, group in groups if isinstance(group, click.Group) and word in group.commands]
