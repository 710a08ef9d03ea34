"""The words of the configuration: `release config show` and `release config schema`."""

import functools
import json
from pathlib import Path

import typer

from release.words.options import Common, Group
from release.words.options import verb as command

app = typer.Typer(
    cls=Group, help="What release.toml comes to; docs/release.toml.md.", no_args_is_help=True, rich_markup_mode=None
)
verb = functools.partial(command, app)


@verb
def show(context: Common) -> None:
    """Print the whole effective configuration, defaults marked."""
    from release import config, effective

    found = effective.of(context.config_file or config.find(Path.cwd()))
    context.screen().show(found.as_json(), found.as_toml())


@verb
def schema(context: Common) -> None:
    """Print the JSON schema of release.toml, for editors."""
    from release import schema as made

    whole = made.schema()
    context.screen().show(whole, json.dumps(whole, indent=2))
