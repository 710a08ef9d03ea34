"""Every route, as one literal tuple."""

from iterate import errors
from iterate.events import Json, Read, Watched
from iterate.register import Row
from iterate.runtime.export import Export
from iterate.server import memories, project_routes, rulings
from iterate.server.asked import Asked
from iterate.server.bodies import IMPORT_LIMIT_BYTES
from iterate.server.file_routes import FILES
from iterate.server.logbook import Logbook, LogPage
from iterate.server.mcp_routes import MCP
from iterate.server.problems import BadCursor, BadQuery
from iterate.server.route import Parameter, Route, json, route, stream
from iterate.server.service import Service
from iterate.server.sessions import Sessions
from iterate.server.shapes import (
    Cancelled,
    CompactBody,
    Compaction,
    Diff,
    Earlier,
    Ending,
    ForkBody,
    HandoverBody,
    Health,
    Markdown,
    Nothing,
    PermissionBody,
    Permissions,
    PromptBody,
    QuestionBody,
    Questions,
    Removed,
    RevertBody,
    SessionBegun,
    SessionBody,
    SessionPage,
    SessionWhole,
    Stats,
    StopBody,
    Taken,
    Ticket,
    TicketBody,
    TitleBody,
    Turned,
    UnrevertBody,
)
from iterate.server.shelf import Shelf
from iterate.server.terminal_routes import TERMINALS
from iterate.server.vendor_routes import VENDORS

_STORE = (errors.StoreUnusable, errors.StoreTooNew, errors.StoreTaken, errors.ServerStopping)

_UNDO = (errors.FilesChangedSince, errors.UndoUnknown, errors.UndoUnusable)
# What may be wrong with what an answer is made with.
_MODEL = (
    errors.ModelUnknown,
    errors.ModelMissing,
    errors.KeyMissing,
    errors.ProviderFailed,
    errors.ProviderUnreachable,
)
_EQUIPPED = (*_MODEL, errors.VendorUnknown, errors.AgentUnknown, errors.ConfigInvalid, errors.RuleInvalid)

ROUTES: tuple[Route, ...] = (
    route(
        "GET /global/health",
        Service,
        Service.health,
        takes=Nothing,
        gives=json(Health, "it lives; the one route without a secret"),
        summary="Whether the server lives, and its version",
    ),
    route(
        "GET /global/event",
        Service,
        Service.watch,
        takes=Nothing,
        gives=stream(Watched, "`server.connected`, then every event of every session"),
        summary="Everything that happens, from now on",
        notes=(
            "A reader that falls 8 MiB behind gets server.overflow and the end. "
            "A comment comes every 10 s when nothing else does."
        ),
    ),
    route(
        "POST /global/stop",
        Service,
        Service.stop,
        takes=StopBody,
        may_be_empty=True,
        gives=json(Ending, "it ends, after running answers had their time"),
        summary="End the server",
    ),
    route(
        "POST /global/handover",
        Service,
        Service.hand_over,
        takes=HandoverBody,
        gives=json(Ending, "another server may start; this one ends when nothing runs any more"),
        summary="Make room for another version",
        fails=(errors.ServerStopping,),
    ),
    route(
        "POST /session",
        Sessions,
        Sessions.create,
        takes=SessionBody,
        may_be_empty=True,
        gives=json(SessionBegun, "a session began"),
        summary="Begin a session",
        fails=_STORE,
    ),
    route(
        "POST /session/{id}/prompt",
        Sessions,
        Sessions.prompt,
        takes=PromptBody,
        gives=stream(Read, "the prompt, its answer, one ending"),
        summary="Send a prompt and stream the answer",
        notes=(
            "The answer goes on when the client leaves, and can be read with GET /session/{id}/event. "
            "The stream ends after exactly one done or failed."
        ),
        fails=(errors.SessionUnknown, errors.SessionBusy, errors.FileUnusable, *_EQUIPPED, *_STORE),
    ),
    route(
        "GET /session/{id}/event",
        Sessions,
        Sessions.read,
        takes=Nothing,
        asks=(
            Parameter(name="after", where="query", meaning="The id of the last event read; 0 is the beginning."),
            Parameter(name="Last-Event-ID", where="header", meaning="The same; it wins."),
            Parameter(
                name="last", where="query", meaning="Without them: so many prompts, the last ones, and all behind."
            ),
        ),
        gives=stream(Read, "the events after that place, then what happens"),
        summary="Read a session",
        notes="Nothing is lost and nothing is repeated, also where stored events end and live ones begin.",
        fails=(errors.SessionUnknown, BadCursor, BadQuery, *_STORE),
    ),
    route(
        "POST /session/{id}/cancel",
        Sessions,
        Sessions.cancel,
        takes=Nothing,
        gives=json(Cancelled, "whether an answer was running; it ends with `failed`, reason `cancelled`"),
        summary="End the answer that runs",
        fails=(errors.SessionUnknown, errors.SessionBusy, *_STORE),
    ),
    route(
        "GET /session",
        Shelf,
        Shelf.search,
        takes=Nothing,
        gives=json(SessionPage, "sessions, the newest first"),
        summary="List and search sessions",
        asks=(
            Parameter(name="search", where="query", meaning="Words that the title or a prompt holds, all of them."),
            Parameter(name="directory", where="query", meaning="Only those that work in this folder."),
            Parameter(name="parent", where="query", meaning="Those under that session; without it those under none."),
            Parameter(name="after", where="query", meaning="`next` of the page before."),
            Parameter(name="limit", where="query", meaning="How many, 1 to 1000; 50 when it is not said."),
        ),
        fails=(
            BadQuery,
            *_STORE,
        ),
    ),
    route(
        "GET /session/{id}",
        Shelf,
        Shelf.get,
        takes=Nothing,
        gives=json(SessionWhole, "the session, its prompts, what was taken back"),
        summary="Look at a session",
        fails=(
            errors.SessionUnknown,
            *_STORE,
        ),
    ),
    route(
        "GET /session/{id}/earlier",
        Shelf,
        Shelf.earlier,
        takes=Nothing,
        gives=json(Earlier, "the session, and its last prompts before that number with their answers"),
        summary="Read a session backwards",
        asks=(
            Parameter(name="before", where="query", meaning="The number of an event; 0 is the end, and usual."),
            Parameter(name="prompts", where="query", meaning="How many, 1 to 1000; 20 when it is not said."),
        ),
        notes="Fewer come where their events would be more than 4 MiB, but always one, if there is one.",
        fails=(errors.SessionUnknown, BadQuery, *_STORE),
    ),
    route(
        "PATCH /session/{id}",
        Shelf,
        Shelf.rename,
        takes=TitleBody,
        gives=json(Row, "the session under its new title"),
        summary="Rename a session",
        fails=(
            errors.SessionUnknown,
            errors.SessionBusy,
            *_STORE,
        ),
    ),
    route(
        "DELETE /session/{id}",
        Shelf,
        Shelf.delete,
        takes=Nothing,
        gives=json(Removed, "the ids that are gone: it and those under it"),
        summary="Delete a session",
        notes="Files that it changed stay as they are.",
        fails=(
            errors.SessionUnknown,
            errors.SessionBusy,
            *_STORE,
        ),
    ),
    route(
        "POST /session/{id}/fork",
        Shelf,
        Shelf.fork,
        takes=ForkBody,
        gives=json(SessionBegun, "a session with what came before that prompt"),
        summary="Fork a session",
        may_be_empty=True,
        fails=(
            errors.SessionUnknown,
            errors.NotRevertible,
            *_STORE,
        ),
    ),
    route(
        "POST /session/{id}/revert",
        Shelf,
        Shelf.revert,
        takes=RevertBody,
        gives=json(Turned, "what was taken back"),
        summary="Take back prompts and their changes of files",
        may_be_empty=True,
        notes="The next prompt makes it final.",
        fails=(
            errors.SessionUnknown,
            errors.SessionBusy,
            errors.NotRevertible,
            *_UNDO,
            *_STORE,
        ),
    ),
    route(
        "POST /session/{id}/unrevert",
        Shelf,
        Shelf.unrevert,
        takes=UnrevertBody,
        gives=json(Turned, "what came back"),
        summary="Bring back what was taken back",
        may_be_empty=True,
        fails=(
            errors.SessionUnknown,
            errors.SessionBusy,
            errors.NotRevertible,
            *_UNDO,
            *_STORE,
        ),
    ),
    route(
        "GET /session/{id}/diff",
        Shelf,
        Shelf.diff,
        takes=Nothing,
        gives=json(Diff, "a unified diff"),
        summary="Show what answers changed in files",
        asks=(Parameter(name="prompt", where="query", meaning="Only that prompt, by its number."),),
        fails=(
            BadQuery,
            errors.SessionUnknown,
            errors.NotRevertible,
            *_UNDO,
            *_STORE,
        ),
    ),
    route(
        "POST /session/{id}/compact",
        Shelf,
        Shelf.compact,
        takes=CompactBody,
        gives=json(Compaction, "the summary, which the model reads from now on"),
        summary="Sum up a session",
        may_be_empty=True,
        fails=(
            errors.SessionUnknown,
            errors.SessionBusy,
            errors.NotCompacted,
            *_EQUIPPED,
            *_STORE,
        ),
    ),
    route(
        "DELETE /session/{id}/compact",
        Shelf,
        Shelf.undo_compaction,
        takes=Nothing,
        gives=json(bool, "`true`: the newest summary counts no more"),
        summary="Undo the newest summary",
        fails=(
            errors.SessionUnknown,
            errors.SessionBusy,
            errors.NotRevertible,
            *_STORE,
        ),
    ),
    route(
        "GET /session/{id}/export",
        Shelf,
        Shelf.export,
        takes=Nothing,
        gives=json(Export, "all of it, for `POST /session/import`"),
        summary="Export a session",
        fails=(
            errors.SessionUnknown,
            *_STORE,
        ),
    ),
    route(
        "GET /session/{id}/markdown",
        Shelf,
        Shelf.markdown,
        takes=Nothing,
        gives=json(Markdown, "the conversation as Markdown"),
        summary="Export a session for people",
        fails=(
            errors.SessionUnknown,
            *_STORE,
        ),
    ),
    route(
        "POST /session/import",
        Shelf,
        Shelf.bring,
        takes=Export,
        gives=json(SessionBegun, "a session began with these events"),
        summary="Import a session",
        notes="The body may have 256 MiB.",
        most=IMPORT_LIMIT_BYTES,
        fails=(
            errors.ExportInvalid,
            *_STORE,
        ),
    ),
    route(
        "GET /permission",
        Asked,
        Asked.permissions,
        takes=Nothing,
        asks=(Parameter(name="session", where="query", meaning="Only those of that session."),),
        gives=json(Permissions, "what waits for a word, oldest first"),
        summary="List the permissions that wait",
    ),
    route(
        "POST /permission/{id}",
        Asked,
        Asked.permit,
        takes=PermissionBody,
        gives=json(Taken, "the word counts, and every reader of the session sees it"),
        summary="Say whether a call may run",
        notes="The first answer counts; a later one is 409. Of a command's changes some files can be taken.",
        fails=(errors.RequestUnknown, errors.AlreadyAnswered),
    ),
    *rulings.ROUTES,
    route(
        "GET /question",
        Asked,
        Asked.questions,
        takes=Nothing,
        asks=(Parameter(name="session", where="query", meaning="Only those of that session."),),
        gives=json(Questions, "what waits for answers, oldest first"),
        summary="List the questions that wait",
    ),
    route(
        "POST /question/{id}",
        Asked,
        Asked.answer,
        takes=QuestionBody,
        gives=json(Taken, "the answers count, and every reader of the session sees them"),
        summary="Answer questions of a model",
        notes="The first answer counts; a later one is 409.",
        fails=(errors.RequestUnknown, errors.AlreadyAnswered),
    ),
    route(
        "GET /stats",
        Shelf,
        Shelf.stats,
        takes=Nothing,
        gives=json(Stats, "tokens, cost, sessions and prompts"),
        summary="What was used",
        notes="Each step counts on its day, in the time zone of the server, also when its session was deleted since.",
        asks=(
            Parameter(
                name="days", where="query", meaning="Today and the days before, so many; 30 when it is not said."
            ),
            Parameter(
                name="by", where="query", meaning="`day` (and model), `model` or `session`; `day` when not said."
            ),
        ),
        fails=(BadQuery, *_STORE),
    ),
    *project_routes.ROUTES,
    *memories.ROUTES,
    route(
        "POST /ticket",
        Service,
        Service.ticket,
        takes=TicketBody,
        gives=json(Ticket, "stands for the secret in `?ticket=` of one GET of that path, once and soon"),
        summary="A ticket for what can send no header",
    ),
    route(
        "GET /log",
        Logbook,
        Logbook.read_log,
        takes=Nothing,
        asks=(
            Parameter(name="lines", where="query", meaning="The last so many, at most 10,000. Default: 100."),
            Parameter(name="after", where="query", meaning="Instead: those behind the `offset` of an answer."),
            Parameter(name="level", where="query", meaning="debug, info, warning or error: at least that."),
        ),
        gives=json(LogPage, "lines of the log, at most 1 MiB"),
        summary="Read the server's log",
        fails=(BadQuery,),
    ),
    *TERMINALS,
    *VENDORS,
    *FILES,
    *MCP,
    route(
        "POST /instance/dispose",
        Service,
        Service.dispose,
        takes=Nothing,
        gives=json(bool, "`true`: running answers ended, database closed"),
        summary="Release what the server holds",
        notes="Running answers end with failed and the database is closed. The server stays up.",
    ),
    route(
        "GET /doc",
        Service,
        Service.document,
        takes=Nothing,
        gives=json(dict[str, Json], "this document"),
        summary="The OpenAPI 3.1.1 document",
    ),
)
