"""`iterate serve`: the per-user server in the foreground."""

from collections.abc import Callable

import click

from iterate import settings
from iterate.cli.options import HELP, filled
from iterate.discovery import Announcement
from iterate.errors import OutputClosed, OutputFailed
from iterate.terminal import screen


@click.command(
    "serve",
    help=(
        "Run the per-user server in the foreground.\n\n"
        "Prints one line when it can answer. Ctrl-C ends it at once; SIGTERM and SIGHUP let "
        "running prompts finish for 5 seconds. All three end with exit code 0."
    ),
)
@click.option(
    "--hostname",
    metavar="NAME",
    default="127.0.0.1",
    callback=filled,
    help="Address to listen on; its clients must call it by this name. Default: 127.0.0.1.",
)
@click.option(
    "--port",
    metavar="PORT",
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 takes any. Default: 4096 or the next free one.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the ready line as JSON.")
@click.option(
    "--side",
    type=click.IntRange(0, settings.SIDES - 1),
    hidden=True,
    help="Which of the folders to use beside servers elsewhere. Default: the first that is free.",
)
@HELP
def serve(hostname: str, port: int | None, side: int | None, *, as_json: bool) -> int:
    """Serve until told to end, after one line that says where."""
    # Help and completion need no server.
    from iterate.server import run
    from iterate.updates import Later

    here = settings.read()
    run.run(
        here,
        Later(here),
        side=side,
        hostname=hostname.strip("[]"),
        port=port,
        on_ready=_say_json if as_json else _say,
    )
    return 0


def _say(announcement: Announcement) -> None:
    _try(lambda: screen.show(f"iterate server listening on {announcement.url}\n"))


def _say_json(announcement: Announcement) -> None:
    # Not the secret: this line ends up in logs.
    facts: dict[str, str | int | bool | None] = {
        "url": announcement.url,
        "pid": announcement.pid,
        "version": announcement.version,
    }
    _try(lambda: screen.show_json(facts))


def _try(show: Callable[[], None]) -> None:
    try:
        show()
    except (OutputClosed, OutputFailed) as problem:
        # In the background it goes to a file, and a full disk is no reason to end a server that others use.
        screen.note(f"the server is ready, and cannot say so: {problem}")
