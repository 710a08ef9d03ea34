"""Puts the server together: the routes as Starlette has them, the gate around them. It has no route of its own."""

from functools import cache

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from iterate.errors import Failure
from iterate.runtime.runtime import Runtime
from iterate.server import doc
from iterate.server.bulletin import Board, Bulletins
from iterate.server.responses import on_bug, on_failure, on_http_error
from iterate.server.route import Context, Life
from iterate.server.routes import ROUTES
from iterate.server.security import Address, Gate


def build(runtime: Runtime, life: Life, address: Address, secret: str, board: Board) -> Gate:
    """The ASGI application of one server."""
    return Gate(Bulletins(routed(runtime, life, address), board), address, secret)


def routed(runtime: Runtime, life: Life, address: Address) -> Starlette:
    """The application behind the gate."""
    context = Context(runtime=runtime, life=life, document=cache(lambda: doc.build(ROUTES, address.url)))
    app = Starlette(
        routes=[Route(route.path, route.endpoint(context), methods=[route.method]) for route in ROUTES],
        exception_handlers={
            Failure: on_failure,
            ClientDisconnect: _gone,
            HTTPException: on_http_error,
            Exception: on_bug,
        },
    )
    app.router.redirect_slashes = False
    return app


async def _gone(_request: Request, _problem: Exception) -> Response:
    # The client left in the middle of its request; nobody reads this.
    return Response(status_code=400)
