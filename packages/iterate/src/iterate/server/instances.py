"""The route that releases what the instance holds; see docs/decisions/0014."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from iterate.server.answers import json_response
from iterate.server.instance import Instance


def disposer(instance: Instance) -> Callable[[Request], Awaitable[Response]]:
    """The route of this instance."""

    async def dispose(_request: Request) -> Response:
        """`POST /instance/dispose`."""
        await instance.dispose()
        return json_response(True)  # noqa: FBT003  # The answer is the JSON word `true`.

    return dispose
