"""`iterate run`: one prompt, through the server, to the screen."""

from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

import click

from iterate import about, interrupts, settings
from iterate.cli import offers, sending
from iterate.cli.message import MessageCommand, read
from iterate.cli.options import HELP, examples, filled, reaching, voice, wanted
from iterate.cli.sending import Asked, Sent, Where
from iterate.errors import Failure, ModelMissing, OutputClosed, OutputFailed, PromptFailed, UsageError
from iterate.heard import Heard
from iterate.settings import Settings
from iterate.terminal import answer, screen
from iterate.tui import farewell
from iterate.waiting import Voice

if TYPE_CHECKING:
    from iterate.client import Body, Client, Exchange
    from iterate.terminal.stage import View

MILLION = 1_000_000


class Shown(NamedTuple):
    """How an answer is shown: the form, and how much beside it."""

    form: str
    is_yes: bool
    is_quiet: bool
    is_verbose: bool
    is_plain: bool


class Below:
    """What the sub-agents of an answer used, by the sessions that its events name: their own events are not heard."""

    def __init__(self) -> None:
        self._sessions: dict[str, None] = {}
        self.tokens = 0
        self.micro_usd: int | None = None

    def beside(self, show: answer.Show) -> answer.Show:
        """The same, and takes note of sub-agents."""

        def shown(event: Heard) -> None:
            if event.kind == "task":
                self._sessions[event.word("child")] = None
            show(event)

        return shown

    def ask(self, client: "Client") -> None:
        """Have it counted; a session that cannot be asked for any more counts nothing."""
        for session in self._sessions:
            with suppress(Failure):
                found = Heard("", "", client.call("GET", f"/session/{session}")).inner("session")
                self.tokens += found.count("total_tokens")
                if found.fields.get("total_cost_micro_usd") is not None:
                    self.micro_usd = (self.micro_usd or 0) + found.count("total_cost_micro_usd")

    def words(self) -> str:
        """In one line; empty where there was none."""
        cost = "" if self.micro_usd is None else f", ${self.micro_usd / MILLION:.4f}"
        return f"and its sub-agents: {self.tokens:,} tokens{cost}" if self._sessions else ""


@click.command(
    "run",
    cls=MessageCommand,
    help=(
        "Send a prompt and print the answer as it comes.\n\n"
        "On a terminal it asks before it does what needs a word. Where nobody can be asked that is denied.\n\n"
        f"Exits with {PromptFailed.exit_code} when the answer ends with `failed`. Ctrl-C cancels the prompt: 130."
    ),
    epilog=examples(
        ("iterate run explain this folder", "words need no quotes"),
        ("iterate run -c and now the tests", "goes on with the newest session here"),
        ("iterate run --yes fix the tests", "without asking and inside the sandbox"),
        ("iterate run -- --verbose?", "text that looks like an option"),
    ),
)
@click.argument(
    "message",
    nargs=-1,
    help="The prompt; several words are joined; - reads standard input, as does nothing behind a pipe.",
)
@click.option(
    "-c", "--continue", "is_newest", is_flag=True, help="Continue the newest session that worked in this folder."
)
@click.option(
    "--session",
    metavar="ID",
    callback=filled,
    shell_complete=offers.sessions,
    help="Continue this session: its id or the first digits of it or `last`.",
)
@click.option("--fork", "is_fork", is_flag=True, help="Continue in a copy of that session.")
@click.option(
    "--model",
    metavar="MODEL",
    callback=filled,
    shell_complete=offers.models,
    help="The model as provider/model. Default: that of the agent or the settings.",
)
@click.option(
    "--agent",
    metavar="NAME",
    callback=filled,
    shell_complete=offers.agents,
    help="The agent that answers. Default: build.",
)
@click.option(
    "--effort",
    type=click.Choice(("none", "low", "medium", "high")),
    help="How much the model thinks before it answers. Default: that of the agent.",
)
@click.option(
    "--directory",
    metavar="FOLDER",
    callback=filled,
    shell_complete=offers.folders,
    help="The folder that it works in. Default: the current one.",
)
@click.option(
    "--file",
    "files",
    metavar="PATH",
    multiple=True,
    shell_complete=offers.files,
    help="Send this file or mcp:SERVER/URI too; repeatable.",
)
@click.option(
    "--image",
    "images",
    metavar="PATH",
    multiple=True,
    shell_complete=offers.files,
    help="Send this image too; repeatable.",
)
@click.option("--max-cost", metavar="USD", type=click.FloatRange(0), help="End the answer before it costs more.")
@click.option("--max-tokens", metavar="N", type=click.IntRange(1), help="End the answer after so many tokens.")
@click.option("--max-steps", metavar="N", type=click.IntRange(1), help="End the answer after so many requests.")
@click.option("-y", "--yes", "is_yes", is_flag=True, help="Do not ask: the sandbox and the undo have to cover it.")
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "json", "stream-json")),
    default="text",
    help="text or one JSON object at the end or (stream-json) one event a line. Default: text.",
)
@click.option("--json", "form", flag_value="json", help="The same as --format json.")
@click.option("-q", "--quiet", "is_quiet", is_flag=True, help="Print the answer and errors and nothing else.")
@click.option("-v", "--verbose", "is_verbose", is_flag=True, help="Show thoughts and whole outputs and diffs too.")
@click.option("--plain", "is_plain", is_flag=True, help="Nothing is painted again: for screen readers.")
@reaching
@HELP
def run(  # noqa: PLR0913  # Options of a command.
    *,
    message: tuple[str, ...],
    is_newest: bool,
    session: str | None,
    is_fork: bool,
    model: str | None,
    agent: str | None,
    effort: str | None,
    directory: str | None,
    files: tuple[str, ...],
    images: tuple[str, ...],
    max_cost: float | None,
    max_tokens: int | None,
    max_steps: int | None,
    is_yes: bool,
    form: str,
    is_quiet: bool,
    is_verbose: bool,
    is_plain: bool,
) -> int:
    """Send the prompt and show its events; raises `PromptFailed` when the answer ends badly."""
    if is_newest and session:
        raise UsageError("--continue and --session say both which session", "leave one of them out")
    if is_fork and not (is_newest or session):
        raise UsageError("--fork copies a session", "say which one with --continue or --session")
    here = settings.read()
    text = read(message)
    more: Body = {}
    _add(more, agent=agent, effort=effort, without_asking=is_yes or None, files=_files(files, images))
    _add(more, limits=_limits(max_cost, max_tokens, max_steps))
    shown = Shown(form, is_yes, is_quiet, is_verbose, is_plain)
    asked = Asked(text, model or "", more, _notices_for(here, shown))
    where = Where(session or "", wanted(), is_newest, is_fork, _folder(directory))
    return _run(here, asked, where, shown)


def _folder(named: str | None) -> str:
    """The folder as a whole path; that of a server at an address is for the server to look at."""
    if not named or wanted().url:
        return named or ""
    from pathlib import Path

    folder = Path(settings.folder(named))
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder", "name one that is there")
    return str(folder)


def _add(more: "Body", **values: object) -> None:
    more.update({name: value for name, value in values.items() if value})


def _files(files: tuple[str, ...], images: tuple[str, ...]) -> list[dict[str, str]]:
    if not files and not images:
        return []
    from iterate.cli import attachments

    return attachments.parts(files, images)


def _limits(cost: float | None, tokens: int | None, steps: int | None) -> dict[str, int]:
    micro_usd = None if cost is None else round(cost * MILLION)
    found = {"cost_micro_usd": micro_usd, "tokens": tokens, "steps": steps}
    return {name: value for name, value in found.items() if value is not None}


def _notices_for(here: Settings, shown: Shown) -> str:
    """Our version, where a person sees what is said beside the answer and wants to hear of newer ones."""
    is_wanted = screen.is_watched() and not here.is_ci and not here.no_autoupdate
    return about.STAMP.version if shown.form == "text" and is_wanted and not shown.is_quiet else ""


def _run(here: Settings, asked: Asked, where: Where, shown: Shown) -> int:
    is_watched = screen.is_watched() and shown.form == "text"
    speaker = Voice(lambda _: None, lambda _: None) if shown.is_quiet else voice()
    result, below = answer.AsObject(), Below()

    def follow(client: "Client", exchange: "Exchange") -> Heard:
        if is_watched and not shown.is_quiet:
            farewell.prepare(exchange.session, where.wanted)
        if shown.form == "text" and (is_watched or screen.can_ask()):
            ending = _staged(client, exchange, shown, below)
            below.ask(client)
            return ending
        shows: dict[str, answer.Show] = {"text": _text(shown), "json": result, "stream-json": answer.as_json}
        ending = _unattended(client, exchange, below.beside(shows[shown.form]), speaker, shown)
        if shown.form == "json":
            below.ask(client)
        return ending

    try:
        sent = sending.send(here, asked, where, follow, speaker)
    except ModelMissing as missing:
        if not is_watched:
            raise
        raise ModelMissing(str(missing), _ways_to_models(here, where)) from None
    if shown.form == "json":
        screen.show_json_line(result.line(below.tokens, below.micro_usd))
    if sent.notice:
        screen.notice(sent.notice)
    if is_watched and not shown.is_quiet:
        _take_leave(sent, where, below.words())
    _refuse_failure(sent)
    return 0


def _take_leave(sent: Sent, where: Where, spent_below: str) -> None:
    if spent_below:
        screen.tell(spent_below)
    if sent.ending.kind == "done":
        farewell.say(sent.session, where.wanted)


def _text(shown: Shown) -> answer.Show:
    if not shown.is_verbose:
        return answer.AsText()
    from iterate.terminal import views
    from iterate.terminal.story import Look

    return views.beside(Look(is_verbose=True, is_plain=True, is_quiet=shown.is_quiet))


def _ways_to_models(here: Settings, where: Where) -> str | None:
    """What there is to get an answer from."""
    from iterate import reach
    from iterate.cli import welcome
    from iterate.client import Client

    client = Client(reach.server(here, voice(), where.wanted))
    return welcome.hint(client, settings.directory())


def _refuse_failure(sent: Sent) -> None:
    if sent.ending.kind == "failed":
        raise PromptFailed(
            f"the answer failed ({sent.ending.word('reason')}): {sent.ending.word('message')}",
            f"iterate run --session {sent.session} continues it",
        )


def _unattended(client: "Client", exchange: "Exchange", show: answer.Show, speaker: Voice, shown: Shown) -> Heard:
    """Follow an answer that nobody can be asked about."""
    from iterate.cli.unattended import Unattended

    alone = Unattended(client, show, speaker.note, is_yes=shown.is_yes)
    exchange.on_quiet = alone.quiet
    with interrupts.Calling(exchange.cancel):
        try:
            return exchange.follow(alone)
        except (OutputClosed, OutputFailed):
            # It would go on without us, and nobody reads it.
            exchange.cancel()
            raise


def _staged(client: "Client", exchange: "Exchange", shown: Shown, below: Below) -> Heard:
    """Follow an answer in front of a person."""
    from iterate.terminal import keyboard
    from iterate.terminal.stage import Desk, Stage

    stage = Stage(_view(shown), keyboard.found(), Desk(client.permit, client.answer))
    with interrupts.Calling(exchange.cancel):
        try:
            return stage.play(lambda show: exchange.follow(below.beside(show)))
        except (OutputClosed, OutputFailed):
            exchange.cancel()
            raise


def _view(shown: Shown) -> "View":
    from iterate.config import looks
    from iterate.terminal import drawing, views

    of = looks.screen()
    look = drawing.look(of, is_verbose=shown.is_verbose, is_quiet=shown.is_quiet)
    if not screen.is_terminal():
        return views.Piped(look)
    return views.Spoken(look) if shown.is_plain or look.is_plain else views.drawn(look, of)
