"""What is typed for an option, made a value without the library that typer takes for it, which is slow to start."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, cast

import typer
from typer._click import Command, Context
from typer.core import TyperArgument, TyperGroup, TyperOption

if TYPE_CHECKING:
    from typer._coercion import RuntimeParam

type _Parameter = TyperOption | TyperArgument


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    """Reads texts, paths and members of closed sets; anything else, and what is refused, is typer's.

    Attributes:
        kind: what the verb takes.
    """

    kind: object

    def coerce(self, value: object, param: _Parameter, ctx: Context) -> object:
        """What typer calls."""
        if value is None:
            return () if param.multiple or param.nargs == -1 else None
        kind = self.kind
        if isinstance(kind, type) and isinstance(value, kind):
            return value
        if kind is Path and isinstance(value, str):
            return Path(value)
        if kind == list[str] and isinstance(value, tuple):  # what follows an option that may be given again
            return list(value)
        if isinstance(kind, type) and issubclass(kind, Enum):
            for member in kind:
                if member.value == value:
                    return member
        param._runtime_param = None  # noqa: SLF001  # so it makes its own
        return param.get_runtime_param().coerce(value, param=param, ctx=ctx)


def command(app: typer.Typer) -> Command:
    """The command that an application is, with the values of its options read by us."""
    made = typer.main.get_command(app)
    for parameter in _parameters(made, None):
        # Versions of typer differ in whether they have such a thing.
        if hasattr(parameter, "_runtime_param"):
            parameter._runtime_param = cast("RuntimeParam", _Reader(kind=parameter.type_descriptor.annotation))  # noqa: SLF001
    return made


def _parameters(command: Command, above: Context | None) -> Iterator[_Parameter]:
    """Those of a command and of all below it, `--help` included, which typer makes when it is first asked."""
    context = Context(command, parent=above, help_option_names=command.context_settings.get("help_option_names"))
    yield from (each for each in command.get_params(context) if isinstance(each, TyperOption | TyperArgument))
    if isinstance(command, TyperGroup):
        for each in command.commands.values():
            yield from _parameters(each, context)
