"""Every route, as one literal tuple."""

from iterate import errors
from iterate.events import Json, Read, Watched
from iterate.server.asked import Asked
from iterate.server.problems import BadCursor
from iterate.server.route import Parameter, Route, json, route, stream
from iterate.server.service import Service
from iterate.server.sessions import Sessions
from iterate.server.shapes import (
    Cancelled,
    Ending,
    HandoverBody,
    Health,
    Nothing,
    PermissionBody,
    Permissions,
    PromptBody,
    QuestionBody,
    Questions,
    SessionBegun,
    SessionBody,
    StopBody,
    Taken,
)

_STORE = (errors.StoreUnusable, errors.StoreTooNew, errors.StoreTaken, errors.ServerStopping)

# What may be wrong with what an answer is made with.
_EQUIPPED = (errors.ModelUnknown, errors.AgentUnknown, errors.ConfigInvalid, errors.RuleInvalid)

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
        fails=(errors.SessionUnknown, errors.SessionBusy, *_EQUIPPED, *_STORE),
    ),
    route(
        "GET /session/{id}/event",
        Sessions,
        Sessions.read,
        takes=Nothing,
        asks=(
            Parameter(name="after", where="query", meaning="The id of the last event read; 0 is the beginning."),
            Parameter(name="Last-Event-ID", where="header", meaning="The same; it wins."),
        ),
        gives=stream(Read, "the events after that place, then what happens"),
        summary="Read a session",
        notes="Nothing is lost and nothing is repeated, also where stored events end and live ones begin.",
        fails=(errors.SessionUnknown, BadCursor, *_STORE),
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
        notes="The first answer counts; a later one is 409.",
        fails=(errors.RequestUnknown, errors.AlreadyAnswered),
    ),
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
