"""The first words of a conversation; where there is no model to answer, what there is to get one, in one screen."""

from typing import TYPE_CHECKING

from iterate import about
from iterate.cli.options import wanted
from iterate.errors import Failure
from iterate.terminal import screen
from iterate.tui import welcome

if TYPE_CHECKING:
    from iterate.cli.talk import Talk
    from iterate.client import Client

BUILT_IN = welcome.BUILT_IN


def greet(talk: "Talk") -> None:
    """Say who is there, and what is missing."""
    from iterate.cli.talking import answering, has_model

    name = answering(talk)
    who = f"  {name} answers" if name else ""
    screen.show(f"iterate {about.STAMP.version}{who}  /help shows commands, Ctrl-D leaves\n")
    if not has_model(talk):
        screen.show(without_model(talk.client(), talk.directory, "/model"))


def without_model(client: "Client", directory: str, takes: str) -> str:
    """What to do where nothing says which model is to answer: what is there already first."""
    try:
        models, vendors = welcome.asked(client, directory, is_elsewhere=bool(wanted().url))
    except Failure as failure:
        lines = ["", "There is no model to answer yet.", "", f"The server cannot say what there is: {failure}"]
        return "\n".join([*lines, ""])
    return welcome.words(models, vendors, takes)


def hint(client: "Client", directory: str) -> str | None:
    """The same behind an error that says it; None where the server cannot say what there is."""
    try:
        models, vendors = welcome.asked(client, directory, is_elsewhere=bool(wanted().url))
    except Failure:
        return None
    return "\n".join(welcome.ways(models, vendors, "--model"))
