"""`iterate watch` and `iterate log`: what happens on the server, and what it wrote down, one line each."""

import json
import time
from urllib.parse import urlencode

import click

from iterate import about, reach
from iterate.cli.options import HELP, examples, reaching, server, wanted
from iterate.client import Client
from iterate.errors import ServerLost
from iterate.heard import Heard
from iterate.terminal import screen

# How often a log that is followed is asked for more.
POLL_S = 0.5
_LEVELS = ("debug", "info", "warning", "error")


@click.command(
    "watch",
    help="Follow everything that happens in all sessions.\n\nCtrl-C ends it.",
    epilog=examples(("iterate watch --json | jq .type", "for programs")),
)
@click.option("--json", "as_json", is_flag=True, help="Print one event a line as JSON.")
@reaching
@HELP
def watch(*, as_json: bool) -> int:
    """Print each event as it comes, and go on with the next server when one ends."""

    def show(event: Heard) -> None:
        screen.show_json_line(event.json) if as_json else screen.show(_line(event))

    while True:
        client = Client(server(is_checked=True))
        try:
            client.watch(show)
        except ServerLost:
            if wanted() != reach.OURS:
                raise
            time.sleep(POLL_S)


def _line(event: Heard) -> str:
    """When, where and what, without what is long."""
    what = event.word("text") or event.word("message") or event.word("title") or event.word("tool")
    short = " ".join(what.split())[:120]
    return f"{time.strftime('%H:%M:%S')}  {event.word('session') or '-'}  {event.kind}  {short}".rstrip() + "\n"


@click.command("log", help="Show what the server wrote into its log.")
@click.option("--lines", "-n", type=click.IntRange(1, 10_000), default=100, help="The last so many. Default: 100.")
@click.option("--level", type=click.Choice(_LEVELS), default="debug", help="Only what is at least as grave.")
@click.option("--follow", "-f", is_flag=True, help="Go on with what is written. Ctrl-C ends it.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@reaching
@HELP
def log(lines: int, level: str, *, follow: bool, as_json: bool) -> int:
    """Print the log, and follow it."""
    client = Client(server())
    query: dict[str, object] = {"lines": lines, "level": level}
    while True:
        page = client.call("GET", f"/log?{urlencode(query)}")
        match page:
            case {"lines": list(found), "offset": int(offset)}:
                for line in found:
                    screen.show_json_line(json.dumps({"line": line})) if as_json else screen.show(f"{line}\n")
                query = {"after": offset, "level": level}
            case _:
                raise ServerLost(f"the server sent no log; this is iterate {about.STAMP.version}")
        if not follow:
            return 0
        time.sleep(POLL_S)
