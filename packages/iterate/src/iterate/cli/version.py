"""`iterate version`: which build this is and how it got here."""

import click

from iterate import about
from iterate.cli.options import HELP, JSON
from iterate.install.copy import this_copy
from iterate.terminal import screen


@click.command("version", help="Show which build this is and how it was installed.")
@JSON
@HELP
def version(*, as_json: bool) -> int:
    """Print the stamp, the Python inside and the install method."""
    facts = {**about.STAMP._asdict(), "python": about.python_version(), "method": this_copy().label}
    if as_json:
        screen.show_json(facts)
    else:
        width = max(map(len, facts))
        screen.show("".join(f"{name:<{width}}  {value or '-'}\n" for name, value in facts.items()))
    return 0
