"""Words become values, one command is called, its exit code comes back. `terminal` does the printing."""

import os
import sys
from collections.abc import Callable

import click

from iterate import about, settings
from iterate.cli.commands import ROOT
from iterate.errors import Failure, OutputClosed, UsageError
from iterate.terminal import screen


def run(words: list[str], about_what: object = None) -> int:
    """Run the command that the words mean and return its exit code.

    Args:
        words: as typed, without the program.
        about_what: what the commands are about instead of the running copy, such as `upgrade.Here`.
    """
    return _reported(lambda: _run(words, about_what))


def show_version() -> int:
    """Print the version, or say why it cannot be printed."""

    def show() -> int:
        screen.show(f"{about.STAMP.version}\n")
        return 0

    return _reported(show)


def _reported(call: Callable[[], int]) -> int:
    _open_closed_descriptors()
    try:
        return call()
    except OutputClosed as closed:
        return closed.exit_code
    except Failure as failure:
        screen.show_failure(failure)
        return failure.exit_code


def _run(words: list[str], about_what: object) -> int:
    # A completion script calls us without words; these are in the environment then.
    if not words and (instruction := settings.completion_asked()):
        from iterate.cli.completion import complete

        return complete(instruction)
    if not words and _is_at_terminal():
        from iterate.cli import talk

        if talk.can_talk():
            return talk.talk()
    if words[:1] == ["--version"]:
        raise UsageError("--version stands alone", "iterate version --json prints all there is to know")
    # Not click's `main`, which prints and exits by itself.
    try:
        with ROOT.make_context("iterate", words or ["--help"], obj=about_what) as context:
            code: int = ROOT.invoke(context)
            return code
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.UsageError as problem:
        from iterate.cli.mistakes import explain

        raise explain(problem) from problem


def _is_at_terminal() -> bool:
    return all(each is not None and each.isatty() for each in (sys.stdin, sys.stdout, sys.stderr))


def _open_closed_descriptors() -> None:
    """Let the numbers 0, 1 and 2 lead somewhere, so that no file opened later gets one and what is printed."""
    for number, way in enumerate((os.O_RDONLY, os.O_WRONLY, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, way)
