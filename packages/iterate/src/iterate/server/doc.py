"""The OpenAPI 3.1.1 document and the table of the documentation, made from routes and Structs."""

from collections.abc import Iterable
from typing import TypeAliasType

import msgspec
from msgspec import Struct

from iterate import events
from iterate.about import STAMP
from iterate.errors import Failure
from iterate.events import Json
from iterate.server.problems import (
    BadRequest,
    ForeignHost,
    ForeignOrigin,
    HeadTooLarge,
    MethodNotAllowed,
    NotFound,
    NotSupported,
    RequestTooSlow,
    ServerBug,
    ServerBusy,
    VersionUnsupported,
)
from iterate.server.route import Parameter, Route
from iterate.server.security import OPEN_PATH
from iterate.server.shapes import Error, Nothing

type Object = dict[str, Json]

# What any path may answer.
EVERYWHERE: tuple[type[Failure], ...] = (
    BadRequest,
    ForeignHost,
    ForeignOrigin,
    NotFound,
    MethodNotAllowed,
    RequestTooSlow,
    HeadTooLarge,
    ServerBug,
    NotSupported,
    ServerBusy,
    VersionUnsupported,
)
_TEMPLATE = "#/components/schemas/{name}"

_DESCRIPTION = (
    "Url and secret are in the discovery file, server.json in the state folder. Requests with a foreign "
    "Host, Origin or Sec-Fetch-Site are refused with 403 before anything else."
)
_HEADERS: dict[int, Json] = {
    429: {"Retry-After": {"description": "Seconds.", "required": True, "schema": {"type": "string"}}},
    401: {"WWW-Authenticate": {"description": "Always Bearer.", "required": True, "schema": {"type": "string"}}},
    405: {"Allow": {"description": "The methods there are.", "required": True, "schema": {"type": "string"}}},
}


def build(routes: Iterable[Route], url: str) -> Object:
    """The whole document."""
    listed = tuple(routes)
    paths: dict[str, Object] = {}
    for route in listed:
        paths.setdefault(route.path, _parameters(route.path))[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "iterate",
            "version": STAMP.version,
            "summary": "The per-user server of iterate.",
            "description": _DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": url, "description": "This server, on this machine."}],
        "security": [{"secret": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "secret": {"type": "http", "scheme": "bearer", "description": "The secret of the discovery file."}
            },
            "schemas": _schemas(listed),
        },
    }


def table(routes: Iterable[Route]) -> list[str]:
    """The routes as rows of Markdown, for `docs/server.md`."""
    rows = [(f"`{route.method} {route.path}`", _body(route), _given(route)) for route in routes]
    return ["| Route | Body | Response |", "|---|---|---|", *(f"| {' | '.join(row)} |" for row in rows)]


def kinds(union: TypeAliasType) -> list[str]:
    """The classes of a union as rows of Markdown, for `docs/server.md`."""
    rows = []
    for shape in events.members(union):
        fields = ", ".join(f"`{name}`" for name in shape.__struct_fields__)
        rows.append(f"| `{events.kind(shape)}` | {fields or '-'} | {_summary(shape)} |")
    return ["| `type` | Fields | Meaning |", "|---|---|---|", *rows]


def _summary(shape: type[Struct]) -> str:
    return " ".join((shape.__doc__ or "").split())


def failures(route: Route) -> tuple[type[Failure], ...]:
    """Everything that this route may fail with."""
    return (*route.fails, *EVERYWHERE)


def _body(route: Route) -> str:
    return ", ".join(f"`{name}`" for name in route.takes.__struct_fields__) or "-"


def _given(route: Route) -> str:
    if route.gives.shape is None:
        return f"WebSocket: {route.gives.meaning}"
    kind = "SSE" if route.gives.is_stream else "JSON"
    return f"{kind}: {route.gives.meaning}"


def _parameters(path: str) -> Object:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    listed: list[Json] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names
    ]
    return {"parameters": listed} if listed else {}


def _operation(route: Route) -> Object:
    operation: Object = {
        "operationId": route.name,
        "tags": [route.tag],
        "summary": route.summary,
        "responses": _responses(route),
    }
    if route.notes:
        operation["description"] = route.notes
    if route.path == OPEN_PATH:
        operation["security"] = []
    if route.asks:
        operation["parameters"] = [_parameter(parameter) for parameter in route.asks]
    if route.takes is not Nothing:
        content = {"application/json": {"schema": _reference(route.takes.__name__)}}
        operation["requestBody"] = {"required": not route.may_be_empty, "content": content}
    return operation


def _parameter(parameter: Parameter) -> Object:
    return {
        "name": parameter.name,
        "in": parameter.where,
        "description": parameter.meaning,
        "schema": {"type": "string"},
    }


def _responses(route: Route) -> Object:
    media_type = "text/event-stream" if route.gives.is_stream else "application/json"
    if route.gives.shape is None:
        responses: Object = {"101": {"description": route.gives.meaning}}
    else:
        good = {"description": route.gives.meaning, "content": {media_type: {"schema": _schema(route.gives.shape)}}}
        responses = {"200": good}
    by_status: dict[int, list[str]] = {}
    for failure in failures(route):
        by_status.setdefault(failure.status, []).append(failure.__name__)
    for status, names in sorted(by_status.items()):
        problem: Object = {
            "description": " or ".join(names),
            "content": {"application/json": {"schema": _reference("Error")}},
        }
        responses[str(status)] = {**problem, "headers": _HEADERS[status]} if status in _HEADERS else problem
    return responses


def _reference(name: str) -> Json:
    return {"$ref": _TEMPLATE.format(name=name)}


def _schema(shape: object) -> Json:
    """The schema of a Struct, of a named union, or of plain JSON."""
    if isinstance(shape, TypeAliasType):
        return _reference(shape.__name__)
    (schema,), _ = msgspec.json.schema_components((shape,), ref_template=_TEMPLATE)
    return schema


def _schemas(routes: tuple[Route, ...]) -> Object:
    """Every Struct that a route takes or gives, and every union that it streams, by name."""
    structs: list[object] = [Error]
    unions: dict[str, tuple[type[Struct], ...]] = {}
    for route in routes:
        shape = route.gives.shape
        if isinstance(shape, TypeAliasType):
            unions[shape.__name__] = events.members(shape)
            structs += events.members(shape)
        elif isinstance(shape, type) and issubclass(shape, Struct):
            structs.append(shape)
        if route.takes is not Nothing:
            structs.append(route.takes)
    _, components = msgspec.json.schema_components(structs, ref_template=_TEMPLATE)
    return {**components, **{name: _union(shapes) for name, shapes in unions.items()}}


def _union(shapes: tuple[type[Struct], ...]) -> Object:
    mapping = {events.kind(shape): _TEMPLATE.format(name=shape.__name__) for shape in shapes}
    return {
        "oneOf": [_reference(shape.__name__) for shape in shapes],
        "discriminator": {"propertyName": "type", "mapping": mapping},
    }
