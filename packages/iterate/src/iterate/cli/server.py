"""`iterate server ...`: the per-user server in the background."""

import click

from iterate import daemon, settings
from iterate.cli.options import HELP, JSON, tell_mistakes, voice
from iterate.discovery import Announcement
from iterate.errors import NotRunning
from iterate.terminal import screen


@click.command("start", help="Start the server unless it runs.")
@JSON
@HELP
def start(*, as_json: bool) -> int:
    """Start the server unless it runs and answers."""
    found = daemon.find_or_start(settings.read(), voice(), is_checked=True)
    _show(found, "listening on", as_json=as_json)
    return 0


@click.command("restart", help="Start a new server; the old one finishes its answers.")
@JSON
@HELP
def restart(*, as_json: bool) -> int:
    """Start a new server; the old one finishes its answers."""
    _show(daemon.restart(settings.read(), voice()), "listening on", as_json=as_json)
    return 0


@click.command("status", help=f"Show where the server listens; exits with {NotRunning.exit_code} when none runs.")
@JSON
@HELP
def status(*, as_json: bool) -> int:
    """Show the server, and whether it answers."""
    here, speaker = settings.read(), voice()
    found = daemon.survey(here)
    daemon.tell_elsewhere(found, speaker)
    tell_mistakes(here, speaker)
    if found.live is None:
        if as_json:
            screen.show_json({"running": False})
        else:
            screen.show("no server is running\n")
        return NotRunning.exit_code
    is_healthy = daemon.is_healthy(found.live)
    if as_json:
        screen.show_json({**_facts(found.live), "answering": is_healthy})
    else:
        _show(found.live, "listening on" if is_healthy else "not answering on", as_json=False)
    return 0 if is_healthy else NotRunning.exit_code


@click.command("stop", help="End the server if it runs.")
@JSON
@HELP
def stop(*, as_json: bool) -> int:
    """End the server, if there is one."""
    stopped = daemon.stop(settings.read(), voice())
    if as_json:
        screen.show_json({"stopped": stopped.pid is not None, "pid": stopped.pid, "killed": stopped.killed})
    elif stopped.pid is None:
        screen.show("no server was running\n")
    else:
        screen.show(f"iterate server {'killed' if stopped.killed else 'stopped'} (pid {stopped.pid})\n")
    return 0


def _show(found: Announcement, what: str, *, as_json: bool) -> None:
    if as_json:
        screen.show_json(_facts(found))
    else:
        screen.show(f"iterate server {found.version} {what} {found.url} (pid {found.pid})\n")


def _facts(found: Announcement) -> dict[str, str | int | bool | None]:
    return {"running": True, "url": found.url, "pid": found.pid, "version": found.version}
