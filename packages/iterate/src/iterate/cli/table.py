"""Groups of commands whose modules are imported when they are called: only names and summaries are known before."""

from collections.abc import Callable, Sequence
from typing import override

import click


class Deferred(click.Command):
    """A command of which the group knows the name and the summary; `load` imports the rest."""

    def __init__(self, name: str, summary: str, load: Callable[[], click.Command]) -> None:
        super().__init__(name, short_help=summary)
        self._load = load

    @override
    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: object
    ) -> click.Context:
        """The context of the real command, so that click parses, completes and calls that one."""
        command = self.load()
        try:
            return command.make_context(info_name, args, parent, **extra)
        except click.UsageError as problem:
            # click's parser does not say in which command an option lacks its value.
            problem.ctx = problem.ctx or click.Context(command, parent, info_name)
            raise

    def load(self) -> click.Command:
        """The real command."""
        return self._load()


class Table(click.Group):
    """A group that lists its commands in the order given; without a word it is its default, or a usage error."""

    def __init__(
        self, name: str, commands: Sequence[click.Command], *, help_: str, examples: str = "", default: str = ""
    ) -> None:
        super().__init__(name, commands, help=help_, short_help=help_, epilog=examples, no_args_is_help=False)
        self._default = default

    @override
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the default before options, and where there is no word; read `help WORD` as `WORD --help`."""
        if args[:1] == ["help"] and "help" not in self.commands:
            args = [*args[1:], "--help"]
        if self._default and (not args or (args[0].startswith("-") and args[0] not in {"-h", "--help"})):
            args = [self._default, *args]
        return super().parse_args(ctx, args)

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names; click's own order is the alphabet's."""
        return list(self.commands)
