"""Whether the server lives, and its version: the one route without a secret."""

from starlette.requests import Request
from starlette.responses import Response

from iterate.about import STAMP
from iterate.server.answers import json_response


async def health(_request: Request) -> Response:
    """`GET /global/health`."""
    return json_response({"healthy": True, "version": STAMP.version})
