"""`iterate run`: one prompt, through the server, to the screen."""

from collections.abc import Callable
from typing import NamedTuple

import click

from iterate import daemon, settings
from iterate.cli.message import MessageCommand, read
from iterate.cli.options import HELP, examples, filled
from iterate.errors import PromptFailed, ServerStopping
from iterate.events import Done, Event, Failed
from iterate.settings import Settings
from iterate.terminal import answer, screen

# A server may end just when it is found; three in a row is no coincidence.
ATTEMPTS = 3


@click.command(
    "run",
    cls=MessageCommand,
    help=(
        "Send a prompt and print the answer as it comes.\n\n"
        "Exits with 17 when the answer ends with `failed`. Ctrl-C cancels the prompt: 130."
    ),
    epilog=examples(
        ("iterate run explain this folder", "words need no quotes"),
        ("iterate run -- --verbose?", "text that looks like an option"),
        ('iterate run --session ses_1f2e "and now?"', "goes on where it was"),
    ),
)
@click.argument("message", nargs=-1, help="The prompt; several words are joined, - or nothing reads standard input.")
@click.option("--session", metavar="ID", callback=filled, help="Continue this session instead of beginning one.")
@click.option(
    "--model",
    metavar="MODEL",
    callback=filled,
    help="The model as provider/model. Default: $ITERATE_MODEL or echo/echo.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "json")),
    default="text",
    help="text prints the answer; json prints one event a line. Default: text.",
)
@click.option("--json", "form", flag_value="json", help="The same as --format json.")
@HELP
def run(message: tuple[str, ...], session: str | None, model: str | None, form: str) -> int:
    """Send the prompt and show its events; raises `PromptFailed` when the answer ends badly."""
    here = settings.read()
    prompt = _Prompt(
        text=read(message),
        model=model or here.model,
        show=answer.as_json if form == "json" else answer.as_text(),
    )
    ending = _send(here, prompt, session, ATTEMPTS)
    if isinstance(ending, Failed):
        raise PromptFailed(
            f"the answer failed ({ending.reason}): {ending.message}",
            f"iterate run --session {ending.session} continues it",
        )
    return 0


class _Prompt(NamedTuple):
    text: str
    model: str
    show: Callable[[Event], None]


def _send(here: Settings, prompt: _Prompt, session: str | None, attempts: int) -> Done | Failed:
    from iterate.client import Client, Unreachable  # Help and completion need no network.

    client = Client(daemon.find_or_start(here, screen.note))
    try:
        session = session or client.create_session()
        return client.prompt(session, prompt.text, prompt.model, prompt.show)
    except (Unreachable, ServerStopping):
        # It ended between being found and being asked, and took nothing: look again.
        if attempts == 1:
            raise
        return _send(here, prompt, session, attempts - 1)
