"""`iterate serve`: the per-user server in the foreground."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

import click

from iterate import settings
from iterate.cli.options import HELP, filled
from iterate.discovery import Announcement
from iterate.errors import OutputClosed, OutputFailed, UsageError
from iterate.settings import Settings
from iterate.terminal import screen

# Of a secret that a person chose.
LEAST_SECRET = 16


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
@click.option("--allow-remote", is_flag=True, help="Serve other machines too if NAME is an address that they reach.")
@click.option(
    "--standalone", is_flag=True, help="A private server that keeps nothing and ends with its standard input."
)
@click.option("--json", "as_json", is_flag=True, help="Print the ready line as JSON.")
@click.option(
    "--side",
    type=click.IntRange(0, settings.SIDES - 1),
    hidden=True,
    help="Which of the folders to use beside servers elsewhere. Default: the first that is free.",
)
@HELP
def serve(
    hostname: str, port: int | None, side: int | None, *, allow_remote: bool, standalone: bool, as_json: bool
) -> int:
    """Serve until told to end, after one line that says where."""
    # Help and completion need no server.
    from iterate.server import run
    from iterate.updates import Later

    here = settings.read()
    if here.secret and len(here.secret) < LEAST_SECRET:
        raise UsageError(
            f"ITERATE_SECRET is shorter than {LEAST_SECRET} characters", "openssl rand -hex 32 makes a good one"
        )
    with _private(here) if standalone else nullcontext(here) as place:
        run.run(
            place,
            Later(place),
            side=side,
            hostname=hostname.strip("[]"),
            port=port,
            on_ready=_tell_parent if standalone else _say_json if as_json else _say,
            is_open=allow_remote,
        )
    return 0


@contextmanager
def _private(here: Settings) -> Iterator[Settings]:
    """Folders that are removed at the end, and no news: whoever started this has a server of their own for those."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="iterate-", ignore_cleanup_errors=True) as folder:
        yield here._replace(state=Path(folder) / "state", data=Path(folder) / "data", no_autoupdate=True)


def _tell_parent(announcement: Announcement) -> None:
    """Say where and with which secret, into the pipe of whoever started us, and end when that pipe's other end does."""
    import threading

    facts: dict[str, str | int | bool | None] = {
        "url": announcement.url,
        "pid": announcement.pid,
        "version": announcement.version,
        "protocol": announcement.protocol,
        "secret": announcement.secret,
    }
    _try(lambda: screen.show_json(facts))
    threading.Thread(target=_end_with_input, daemon=True).start()


def _end_with_input() -> None:
    with suppress(OSError):
        while os.read(0, 4096):
            pass
    # As Ctrl-C: nobody is there who waits for an answer.
    os.kill(os.getpid(), signal.SIGINT)


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
