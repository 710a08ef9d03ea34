"""The OpenAPI 3.1.1 document of our routes, built when first asked for. A test compares the two."""

from collections.abc import Awaitable, Callable
from functools import cache

from starlette.requests import Request
from starlette.responses import Response

from iterate.about import STAMP
from iterate.server import schemas
from iterate.server.answers import json_response
from iterate.server.schemas import Json

# What any path may answer: no HTTP, no right, no such path, no such method, our own bug.
_EVERYWHERE = (400, 403, 404, 405, 500)
_NO_SECRET = 401
_BODY = (413, 415)
_STORE = (503,)
_BUSY = (409,)

_DESCRIPTION = (
    "Url and secret are in the discovery file, server.json in the state folder. Requests with a foreign "
    "Host, Origin or Sec-Fetch-Site are refused with 403 before anything else."
)


def documenter(url: str) -> Callable[[Request], Awaitable[Response]]:
    """The route of the server at this url."""
    document = cache(lambda: build(url))

    async def doc(_request: Request) -> Response:
        """`GET /doc`."""
        return json_response(document())

    return doc


def build(url: str) -> dict[str, Json]:
    """The whole document."""
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
        "tags": [
            {"name": "global", "description": "The server as a whole."},
            {"name": "session", "description": "Conversations."},
            {"name": "instance", "description": "What the server holds open."},
        ],
        "paths": {
            "/global/health": {"get": _health()},
            "/global/event": {"get": _watch()},
            "/session": {"post": _create()},
            "/session/{id}/prompt": {"parameters": [_ID], "post": _prompt()},
            "/instance/dispose": {"post": _dispose()},
            "/doc": {"get": _doc()},
        },
        "components": schemas.components(),
    }


_ID: Json = {
    "name": "id",
    "in": "path",
    "required": True,
    "description": "The session's id.",
    "schema": {"type": "string"},
}


def _health() -> Json:
    return {
        "operationId": "getHealth",
        "tags": ["global"],
        "summary": "Whether the server lives, and its version; the one route without a secret",
        "security": [],
        "responses": _responses(schemas.json_answer("It lives.", schemas.ref("Health"))),
    }


def _watch() -> Json:
    return {
        "operationId": "watchEvents",
        "tags": ["global"],
        "summary": "Every event of every session, from now on",
        "description": "Begins with server.connected. A comment comes every 10 s when nothing else does.",
        "responses": _responses(schemas.stream_answer("The events.", "Watched"), _NO_SECRET),
    }


def _create() -> Json:
    return {
        "operationId": "createSession",
        "tags": ["session"],
        "summary": "Begin a session",
        "requestBody": schemas.body("SessionBody", required=False),
        "responses": _responses(
            schemas.json_answer("It has begun.", schemas.ref("Session")), _NO_SECRET, *_BODY, *_STORE
        ),
    }


def _prompt() -> Json:
    return {
        "operationId": "promptSession",
        "tags": ["session"],
        "summary": "Send a prompt and stream the answer",
        "description": (
            "Events are numbered from 1 in each session, without gaps; the SSE id is the number. The stream "
            "ends after exactly one done or failed. A client that leaves cancels its prompt."
        ),
        "requestBody": schemas.body("PromptBody", required=True),
        "responses": _responses(
            schemas.stream_answer("The prompt, its answer, one ending.", "Event"),
            _NO_SECRET,
            *_BUSY,
            *_BODY,
            *_STORE,
        ),
    }


def _dispose() -> Json:
    return {
        "operationId": "disposeInstance",
        "tags": ["instance"],
        "summary": "Release what the server holds",
        "description": "Running prompts end with failed and the database is closed. The server stays up.",
        "responses": _responses(schemas.json_answer("Released.", {"const": True}), _NO_SECRET),
    }


def _doc() -> Json:
    return {
        "operationId": "getDocument",
        "tags": ["global"],
        "summary": "This document",
        "responses": _responses(schemas.json_answer("OpenAPI 3.1.1.", {"type": "object"}), _NO_SECRET),
    }


def _responses(good: Json, *statuses: int) -> Json:
    return {
        "200": good,
        **{str(status): schemas.problem_ref(status) for status in sorted({*_EVERYWHERE, *statuses})},
    }
