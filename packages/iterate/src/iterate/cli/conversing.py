"""The options of a conversation: those of `iterate` alone and of `iterate attach`."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import click

from iterate.cli.options import filled, reaching
from iterate.cli.table import Table
from iterate.errors import UsageError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from iterate.cli.offers import Complete
    from iterate.tui.options import Options

PLAIN = "is_plain"


def _offer(kind: Literal["agents", "models", "sessions"]) -> "Complete":
    def complete(context: click.Context, option: click.Parameter, begun: str) -> "list[CompletionItem[str]]":
        from iterate.cli import offers  # At a TAB alone.

        of = {"agents": offers.agents, "models": offers.models, "sessions": offers.sessions}
        return of[kind](context, option, begun)

    return complete


def conversing[**P, R](command: Callable[P, R]) -> Callable[P, R]:
    """The command with these options."""
    for add in (
        click.option("--plain", PLAIN, is_flag=True, help="Nothing is painted again: for screen readers."),
        click.option("--mini", "mode", flag_value="mini", help="One line to type in and nothing beside it."),
        click.option("--full", "mode", flag_value="full", help="Use the whole screen: it scrolls and has a panel."),
        click.option(
            "--agent",
            metavar="NAME",
            callback=filled,
            shell_complete=_offer("agents"),
            help="The agent that answers. Default: build.",
        ),
        click.option(
            "--model",
            metavar="MODEL",
            callback=filled,
            shell_complete=_offer("models"),
            help="The model as provider/model. Default: that of the agent or the settings.",
        ),
        click.option("--fork", "is_fork", is_flag=True, help="Go on in a copy of that session."),
        click.option(
            "--session",
            metavar="ID",
            callback=filled,
            shell_complete=_offer("sessions"),
            help="Go on with this session: its id or the first digits of it or `last`.",
        ),
        click.option(
            "-c", "--continue", "is_newest", is_flag=True, help="Go on with the newest session of this folder."
        ),
    ):
        command = add(command)
    return command


def meant(params: Mapping[str, object]) -> "Options":
    """What the options say; raises `UsageError`."""
    from iterate.tui.options import Options

    def word(name: str) -> str:
        value = params.get(name)
        return value if isinstance(value, str) else ""

    mode = params.get("mode")
    return Options(
        session=word("session"),
        is_newest=params.get("is_newest") is True,
        is_fork=params.get("is_fork") is True,
        model=word("model"),
        agent=word("agent"),
        mode="full" if mode == "full" else "mini" if mode == "mini" else None,
        directory=word("directory"),
    ).checked()


class Root(Table):
    """The program itself: its commands, and without one of them a conversation."""

    def __init__(self, name: str, commands: Sequence[click.Command], *, help_: str, examples: str) -> None:
        super().__init__(name, commands, help_=help_, examples=examples)
        self.invoke_without_command = True
        # click calls it before a command too.
        self.callback = _talk
        conversing(self)
        reaching(self)


@click.pass_context
def _talk(context: click.Context, /, **said: object) -> int:
    """Talk, unless a command is named."""
    if context.invoked_subcommand is not None:
        if given := [each for each in context.command.params if each.name and said.get(each.name)]:
            raise UsageError(f"{given[0].opts[-1]} before a command means nothing", "put it behind the command")
        return 0
    from iterate.cli import talk

    options = meant(said)
    if not talk.can_talk():
        raise UsageError(
            "a conversation needs a terminal", "iterate --help lists the commands; iterate run sends one prompt"
        )
    return talk.talk(options, is_plain=said.get(PLAIN) is True)
