"""`iterate run`: one prompt, through the server, to the screen."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import click

from iterate import about, interrupts, reach, settings
from iterate.cli.message import MessageCommand, read
from iterate.cli.options import HELP, examples, filled, reaching, voice
from iterate.errors import OutputClosed, OutputFailed, PromptFailed, ServerLost, ServerStopping
from iterate.heard import Heard
from iterate.reach import Wanted
from iterate.settings import Settings
from iterate.terminal import answer, screen

if TYPE_CHECKING:
    from iterate.client import Exchange

# A server may end just when it is found, also again when others restart it; five in a row is no coincidence.
ATTEMPTS = 5


@click.command(
    "run",
    cls=MessageCommand,
    help=(
        "Send a prompt and print the answer as it comes.\n\n"
        f"Exits with {PromptFailed.exit_code} when the answer ends with `failed`. Ctrl-C cancels the prompt: 130."
    ),
    epilog=examples(
        ("iterate run explain this folder", "words need no quotes"),
        ("iterate run -- --verbose?", "text that looks like an option"),
        ('iterate run --session ses_1f2e "and now?"', "goes on where it was"),
    ),
)
@click.argument(
    "message",
    nargs=-1,
    help="The prompt; several words are joined; - reads standard input, as does nothing behind a pipe.",
)
@click.option("--session", metavar="ID", callback=filled, help="Continue this session instead of beginning one.")
@click.option(
    "--model",
    metavar="MODEL",
    callback=filled,
    help="The model as provider/model. Default: $ITERATE_MODEL or that of the settings.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "json")),
    default="text",
    help="text prints the answer; json prints one event a line. Default: text.",
)
@click.option("--json", "form", flag_value="json", help="The same as --format json.")
@reaching
@HELP
def run(  # One for each option.
    message: tuple[str, ...], session: str | None, model: str | None, form: str, attach: str | None, *, standalone: bool
) -> int:
    """Send the prompt and show its events; raises `PromptFailed` when the answer ends badly."""
    here = settings.read()
    show = answer.as_json if form == "json" else answer.AsText()
    notices_for = about.STAMP.version if form == "text" and _is_watched(here) else ""
    showing = Showing(show, notices_for, Wanted(attach or "", standalone))
    ending = _send(here, read(message), model or here.model, session, showing)
    if ending.kind == "failed":
        raise PromptFailed(
            f"the answer failed ({ending.word('reason')}): {ending.word('message')}",
            f"iterate run --session {ending.word('session')} continues it",
        )
    return 0


class Showing(NamedTuple):
    """How events are shown, for which version notices may be, empty where nobody would read them; which server."""

    show: Callable[[Heard], None]
    notices_for: str
    wanted: Wanted


def _is_watched(here: Settings) -> bool:
    """Whether a person sees what is said beside the answer, and wants to hear of newer versions."""
    return screen.is_watched() and not here.is_ci and not here.no_autoupdate


def _send(here: Settings, text: str, model: str, session: str | None, showing: Showing) -> Heard:
    # Help and completion need no network.
    from iterate.client import Client, ServerHangs, Workspace, new_prompt

    prompt = new_prompt(text, model, Workspace(settings.directory(), settings.environment()))
    speaker, silent, exchange = voice(), None, None
    for attempt in range(1, ATTEMPTS + 1):
        found = reach.server(here, speaker, showing.wanted, silent=silent, is_checked=attempt > 1)
        client = Client(found)
        try:
            session = session or client.create_session(prompt.workspace)
            exchange = client.exchange(session, prompt, showing.notices_for)
            ending = _follow(exchange, showing.show)
        except (ServerLost, ServerStopping) as problem:
            # It ended between being found and being asked, or hangs. The prompt has an id and is answered once.
            if attempt == ATTEMPTS or (exchange is not None and exchange.is_heard):
                raise
            silent = found if isinstance(problem, ServerHangs) else None
        else:
            if exchange.notice:
                screen.notice(exchange.notice)
            return ending
    raise AssertionError  # The last attempt returns or raises.


def _follow(exchange: "Exchange", show: Callable[[Heard], None]) -> Heard:
    """Show the answer; it would go on without us, so it is cancelled on Ctrl-C, and when nobody reads it any more."""
    with interrupts.Calling(exchange.cancel):
        try:
            return exchange.follow(show)
        except (OutputClosed, OutputFailed):
            exchange.cancel()
            raise
