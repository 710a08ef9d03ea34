"""The words about the tool itself: `release help`, `version` and `completion`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option
from typer._click.exceptions import UsageError

from release import settings
from release.words import typed
from release.words.options import AsJson, ConfigFile, Dist, Verb

PROGRAM = "release"


class Shell(StrEnum):
    """A shell that we have completions for."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def number() -> str:
    """The version of the tool, as its package says."""
    from importlib import metadata

    return metadata.version(PROGRAM)


def _show_number(is_asked: bool) -> None:  # noqa: FBT001  # as typer calls it
    if is_asked:
        from release.screen import Screen

        Screen(as_json=False).show(None, number())
        raise typer.Exit


Version = Annotated[
    bool, Option("--version", help="Print the version of this tool.", is_eager=True, callback=_show_number)
]


def _show_where(config_file: Path | None, dist: Path | None, *, as_json: bool) -> None:
    from dataclasses import asdict

    from release import show, where
    from release.check import declared
    from release.screen import Screen

    found = where.where(config_file, dist, declared.version)
    Screen(as_json=as_json).show(asdict(found), show.where(found))


def prepare_completions() -> None:
    """Let the library answer a completion script, which it does by itself only where it may change people's files."""
    if settings.read().is_completing:
        from typer._completion_classes import completion_init

        completion_init()


def add_to(app: typer.Typer) -> None:
    """Make commands of them."""

    @app.callback(invoke_without_command=True)
    def alone(
        context: typer.Context,
        *,
        version: Version = False,
        as_json: AsJson = False,
        config_file: ConfigFile = None,
        dist: Dist = None,
    ) -> None:
        del version  # `_show_number` has ended
        if context.invoked_subcommand is None:
            _show_where(config_file, dist, as_json=as_json)
        elif as_json or config_file or dist:
            raise UsageError("options stand behind the verb", ctx=context)

    @app.command("help", cls=Verb, help="Show what a verb takes.")
    def help_(
        verbs: Annotated[
            list[str] | None, Argument(help="The verb; all of them when left out.", metavar="VERB")
        ] = None,
    ) -> None:
        typed.command(app)([*(verbs or ()), "--help"], prog_name=PROGRAM, standalone_mode=False)

    @app.command(help="Show the version of this tool.")
    def version(*, as_json: AsJson = False) -> None:
        import platform

        from release.screen import Screen

        value = {"version": number(), "python": platform.python_version()}
        Screen(as_json=as_json).show(value, number())

    @app.command(
        cls=Verb,
        help="Print the completion script of a shell.",
        epilog='In ~/.bashrc: eval "$(release completion bash)". For zsh: into a file _release of a folder in $fpath. '
        "In config.fish: release completion fish | source",
    )
    def completion(*, shell: Annotated[Shell, Argument(help="bash, zsh or fish.", metavar="SHELL")]) -> None:
        from typer._completion_shared import get_completion_script

        from release.screen import Screen

        script = get_completion_script(prog_name=PROGRAM, complete_var=settings.COMPLETION, shell=shell.value)
        Screen(as_json=False).show(None, script)
