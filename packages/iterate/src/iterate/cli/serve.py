"""`iterate serve`: the per-user server in the foreground."""

import click

from iterate import settings
from iterate.cli.options import HELP, filled
from iterate.discovery import Announcement
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
@HELP
def serve(hostname: str, port: int | None, *, as_json: bool) -> int:
    """Serve until told to end, after one line that says where."""
    from iterate.server import run  # Help and completion need no server.

    here = settings.read()
    run.run(
        state=here.state,
        data=here.data,
        hostname=hostname.strip("[]"),
        port=port,
        on_ready=_show_json if as_json else _show,
    )
    return 0


def _show(announcement: Announcement) -> None:
    screen.show(f"iterate server listening on {announcement.url}\n")


def _show_json(announcement: Announcement) -> None:
    # Not the secret: this line ends up in logs.
    screen.show_json({"url": announcement.url, "pid": announcement.pid, "version": announcement.version})
