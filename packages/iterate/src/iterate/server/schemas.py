"""What routes share in the OpenAPI document: schemas, error answers, the secret. No route is here."""

import msgspec

from iterate import events
from iterate.server import bodies

# JSON as Python holds it: the document is data on its way to the wire.
type Json = str | int | bool | list[Json] | dict[str, Json]

PROBLEMS = {
    400: "BadBody, ModelUnknown or BadRequest: the body does not fit its schema, or the request is no HTTP.",
    401: "Unauthorized: the secret is missing or wrong.",
    403: "ForeignHost or ForeignOrigin: the request is not meant for us, or comes from a web page.",
    404: "SessionUnknown or NotFound: there is no such session or path.",
    405: "MethodNotAllowed: the path has other methods.",
    409: "SessionBusy: the session is answering another prompt.",
    413: f"BodyTooLarge: the body is larger than {bodies.LIMIT_BYTES} bytes.",
    415: "UnsupportedMediaType: the body is not application/json.",
    500: "ServerBug: we have a bug, and its traceback is in the log.",
    503: "StoreUnusable, StoreTooNew or ServerStopping: the database or the server takes nothing now.",
}

_HEADERS: dict[int, Json] = {
    401: {
        "WWW-Authenticate": {"description": "Always Bearer.", "required": True, "schema": {"type": "string"}},
    },
    405: {
        "Allow": {"description": "The methods there are.", "required": True, "schema": {"type": "string"}},
    },
}

_TEXT: Json = {"type": "string"}

NOTICES = ("server.connected", "server.overflow", "server.stopping", "session.created", "instance.disposed")


def components() -> dict[str, Json]:
    """Everything that the paths refer to."""
    return {
        "securitySchemes": {
            "secret": {"type": "http", "scheme": "bearer", "description": "The secret of the discovery file."}
        },
        "schemas": {**_values(), **_bodies(), **_events()},
        "responses": {f"Problem{status}": _problem(status) for status in PROBLEMS},
    }


def ref(name: str) -> Json:
    """A schema by its name."""
    return {"$ref": f"#/components/schemas/{name}"}


def problem_ref(status: int) -> Json:
    """The error answer of that HTTP status."""
    return {"$ref": f"#/components/responses/Problem{status}"}


def json_answer(description: str, schema: Json) -> Json:
    """A good answer in JSON."""
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def stream_answer(description: str, event: str) -> Json:
    """A good answer as server-sent events: text for OpenAPI 3.1; `x-event` is the schema of `data`."""
    return {
        "description": f"{description} Each frame's data is JSON of the schema {event}.",
        "content": {"text/event-stream": {"schema": {"type": "string"}, "x-event": ref(event)}},
    }


def body(name: str, *, required: bool) -> Json:
    """A request body in JSON."""
    return {"required": required, "content": {"application/json": {"schema": ref(name)}}}


def _problem(status: int) -> Json:
    answer: dict[str, Json] = {
        "description": PROBLEMS[status],
        "content": {"application/json": {"schema": ref("Error")}},
    }
    return {**answer, "headers": _HEADERS[status]} if status in _HEADERS else answer


def _values() -> dict[str, Json]:
    return {
        "Health": _object(healthy={"const": True}, version={"type": "string"}),
        "Session": _object(id={"type": "string"}),
        "Error": _object(error=_object(name=_TEXT, message=_TEXT, hint=_TEXT)),
    }


def _bodies() -> dict[str, Json]:
    _, found = msgspec.json.schema_components(
        (bodies.SessionBody, bodies.PromptBody), ref_template="#/components/schemas/{name}"
    )
    return dict(found)


def _events() -> dict[str, Json]:
    schemas: dict[str, Json] = {}
    for kind, shape in events.KINDS:
        fields: dict[str, Json] = {name: {"type": "string"} for name in shape._fields}
        fields["number"] = {"type": "integer", "minimum": 1}
        if "reason" in fields:
            fields["reason"] = {"enum": [*events.REASONS]}
        schemas[shape.__name__] = _object(type={"const": kind}, **fields)
    notice: Json = {
        "type": "object",
        "required": ["type"],
        "properties": {"type": {"enum": [*NOTICES]}},
        "additionalProperties": {"type": "string"},
    }
    event: Json = {"oneOf": [ref(name) for name in schemas]}
    return {**schemas, "Event": event, "Notice": notice, "Watched": {"oneOf": [ref("Event"), ref("Notice")]}}


def _object(**properties: Json) -> Json:
    return {
        "type": "object",
        "required": list(properties),
        "properties": dict(properties),
        "additionalProperties": False,
    }
