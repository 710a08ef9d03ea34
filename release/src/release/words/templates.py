"""The words of the templates: `release templates list`, `eject` and `diff`."""

import functools
from typing import Annotated

import typer
from typer import Argument

from release.words.options import Common, Group
from release.words.options import verb as command

_Name = Annotated[str, Argument(help="An outlet, or one of its files as in homebrew/formula.rb.", metavar="NAME")]
_Some = Annotated[str, Argument(help="An outlet or one of its files; all when left out.", metavar="[NAME]")]

app = typer.Typer(
    cls=Group,
    help="Templates of packages, also your own; docs/templates.md.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
verb = functools.partial(command, app)


@verb
def list(context: Common) -> None:  # noqa: A001  # what people type
    """Show every template, and whose counts."""
    from release import show
    from release.packagers import overrides

    found = overrides.listed(context.product())
    rows = [(each.name, each.whose) for each in found]
    context.screen().show(
        [{"template": name, "whose": whose.name.lower()} for name, whose in rows],
        show.table(("template", "counts"), rows),
    )


@verb
def eject(context: Common, *, name: _Name) -> None:
    """Copy templates into the project, to change them there."""
    from release import show
    from release.packagers import overrides

    made = overrides.eject(context.product(), name)
    text = show.paths(made) if made else "the project has these already: nothing was written"
    context.screen().show([str(path) for path in made], text)


@verb
def diff(context: Common, *, name: _Some = "") -> None:
    """Show what the project's own templates change."""
    from release.packagers import overrides

    product = context.product()
    found = overrides.chosen(product, name) if name else overrides.listed(product)
    changed = {each.name: text for each in found if (text := overrides.difference(each))}
    context.screen().show(changed, "".join(changed.values()).rstrip("\n") or "no template differs from the tool's")
