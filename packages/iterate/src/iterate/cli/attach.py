"""`iterate attach URL`: the conversation with a server elsewhere; into a pipe, the sessions that it has."""

import click

from iterate import reach, settings
from iterate.cli import sending, sessions
from iterate.cli import session as sessions_command
from iterate.cli.options import HELP, JSON, attach_to, examples, filled, server
from iterate.errors import UsageError
from iterate.heard import Heard

_MOST = 50


@click.command(
    "attach",
    help=(
        "Talk with the server at an address.\n\nWhere nobody sits at a terminal it lists the sessions there. "
        "Its secret is in $ITERATE_SECRET, or was kept by `iterate auth login URL`. Files, keys and settings are those "
        "of the machine that it runs on. --attach URL does the same for other commands."
    ),
    epilog=examples(
        ("iterate attach http://127.0.0.1:4096", "a conversation"),
        ("ssh -NL 4096:127.0.0.1:4096 HOST", "before: from another machine"),
        ("iterate run --attach URL fix the tests", "one prompt"),
    ),
)
@click.argument("url", metavar="URL", help="Where it listens, as `iterate serve` prints it.")
@click.option(
    "--session", metavar="ID", callback=filled, help="Go on with this session: its id or the first digits of it."
)
@click.option(
    "--directory", metavar="FOLDER", callback=filled, help="A folder of that server. Default: as the current one."
)
@JSON
@HELP
def attach(url: str, *, session: str | None, directory: str | None, as_json: bool) -> int:
    """Open a conversation, or list what there is."""
    from iterate.cli import talk
    from iterate.client import Client

    there = reach.address(url)
    attach_to(there)
    client = Client(server())
    if as_json or not talk.can_talk():
        if session or directory:
            raise UsageError("a conversation needs a terminal", f"iterate run --attach {there} sends one prompt")
        sessions_command.print_list(sessions.listed(client, most=_MOST), is_all=True, as_json=as_json)
        return 0
    if session is None:
        where = directory or settings.directory()
        sending.look_for(client, where, there)
        return talk.talk(where)
    found = sessions.resolved(client, session, "")
    told = Heard("", "", client.call("GET", f"/session/{found}")).inner("session").word("directory")
    return talk.talk(directory or told or settings.directory(), found)
