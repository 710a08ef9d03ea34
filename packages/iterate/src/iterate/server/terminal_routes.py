"""The routes of terminals."""

from iterate import errors
from iterate.server.problems import BadCursor, UpgradeRequired
from iterate.server.route import Parameter, Route, json, route, socket
from iterate.server.shapes import Nothing, Ticket
from iterate.server.terminals import Pty, PtyBody, PtyChange, Ptys

TERMINALS: tuple[Route, ...] = (
    route(
        "GET /pty",
        Ptys,
        Ptys.list_ptys,
        takes=Nothing,
        gives=json(list[Pty], "all terminals, the oldest first; of those that ended the last 16"),
        summary="List terminals",
    ),
    route(
        "POST /pty",
        Ptys,
        Ptys.create_pty,
        takes=PtyBody,
        may_be_empty=True,
        gives=json(Pty, "a shell was started"),
        summary="Start a shell on a terminal of the server",
        notes="It goes on when nobody looks, and ends with the server, with everything that it started.",
        fails=(errors.PtyUnusable, errors.ServerStopping),
    ),
    route(
        "GET /pty/{id}",
        Ptys,
        Ptys.get_pty,
        takes=Nothing,
        gives=json(Pty, "the terminal"),
        summary="One terminal",
        fails=(errors.PtyUnknown,),
    ),
    route(
        "PUT /pty/{id}",
        Ptys,
        Ptys.change_pty,
        takes=PtyChange,
        gives=json(Pty, "the terminal as it is now"),
        summary="Rename or resize a terminal",
        fails=(errors.PtyUnknown,),
    ),
    route(
        "DELETE /pty/{id}",
        Ptys,
        Ptys.remove_pty,
        takes=Nothing,
        gives=json(bool, "`true`: the shell is asked to end, and ended after a second; one that ended is forgotten"),
        summary="End a terminal",
        fails=(errors.PtyUnknown,),
    ),
    route(
        "POST /pty/{id}/ticket",
        Ptys,
        Ptys.ticket_pty,
        takes=Nothing,
        gives=json(Ticket, "for one connection"),
        summary="A ticket to connect with",
        fails=(errors.PtyUnknown,),
    ),
    route(
        "GET /pty/{id}/connect",
        Ptys,
        Ptys.connect_pty,
        takes=Nothing,
        asks=(
            Parameter(name="after", where="query", meaning="How many of its bytes were read before. Default: 0."),
            Parameter(name="ticket", where="query", meaning="Instead of the secret."),
        ),
        gives=socket("what the terminal shows, and what is typed; it closes with `exit CODE` or `signal NUMBER`"),
        summary="Watch a terminal and type into it",
        notes=(
            "Binary messages are bytes of the terminal, both ways. Text messages are JSON. The server's first is "
            '`{"type": "attached", "offset", "lost", "columns", "rows"}`: what follows begins at that offset, and so '
            "many bytes behind `after` are not kept any more (1 MiB is). A viewer that is too slow hears "
            '`{"type": "lost", "offset", "bytes"}`. A viewer says `{"type": "resize", "columns", "rows"}`.'
        ),
        fails=(errors.PtyUnknown, BadCursor, UpgradeRequired),
    ),
)
