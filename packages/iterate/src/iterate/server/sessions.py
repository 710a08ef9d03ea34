"""The routes of sessions: begin one, and prompt it."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from iterate.server import bodies
from iterate.server.answers import Problem, Refusal, json_response
from iterate.server.frames import EventStream
from iterate.server.instance import Instance


def creator(instance: Instance) -> Callable[[Request], Awaitable[Response]]:
    """The route that begins a session."""

    async def create(request: Request) -> Response:
        """`POST /session`."""
        await bodies.read(request, bodies.SessionBody, may_be_empty=True)
        return json_response({"id": instance.create_session()})

    return create


def prompter(instance: Instance) -> Callable[[Request], Awaitable[EventStream]]:
    """The route that prompts a session; a client that leaves cancels its prompt."""

    async def prompt(request: Request) -> EventStream:
        """`POST /session/{id}/prompt`."""
        body = await bodies.read(request, bodies.PromptBody)
        if not body.text.strip():
            raise Refusal(Problem(400, "BadBody", "the prompt is empty - at `$.text`", "send some text"))
        running = instance.prompt(request.path_params["id"], body.text, body.model)
        return EventStream(running.reader, on_end=lambda: running.cancel("cancelled"))

    return prompt
