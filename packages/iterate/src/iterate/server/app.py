"""Puts the server together: the routes as a list, the gate around them. Their work is in their own files."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from iterate.errors import Failure
from iterate.server.answers import Refusal, answer_bug, answer_failure, answer_http, answer_refusal
from iterate.server.doc import documenter
from iterate.server.health import health
from iterate.server.instance import Instance
from iterate.server.instances import disposer
from iterate.server.security import OPEN_PATH, Address, Gate
from iterate.server.sessions import creator, prompter
from iterate.server.watching import watcher


def build(instance: Instance, address: Address, secret: str) -> Gate:
    """The ASGI application of one server."""
    routes = [
        Route(OPEN_PATH, health, methods=["GET"]),
        Route("/global/event", watcher(instance), methods=["GET"]),
        Route("/session", creator(instance), methods=["POST"]),
        Route("/session/{id}/prompt", prompter(instance), methods=["POST"]),
        Route("/instance/dispose", disposer(instance), methods=["POST"]),
        Route("/doc", documenter(address.url), methods=["GET"]),
    ]
    app = Starlette(
        routes=routes,
        exception_handlers={
            Refusal: answer_refusal,
            Failure: answer_failure,
            ClientDisconnect: _gone,
            HTTPException: answer_http,
            Exception: answer_bug,
        },
    )
    app.router.redirect_slashes = False
    return Gate(app, address, secret)


async def _gone(_request: Request, _problem: Exception) -> Response:
    # The client left in the middle of its request; nobody reads this.
    return Response(status_code=400)
