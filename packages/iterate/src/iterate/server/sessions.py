"""What requests do with sessions: begin one, prompt it, read it, cancel its answer."""

from iterate.runtime.reading import Reading
from iterate.runtime.working import Bounds
from iterate.server import frames
from iterate.server.bodies import TEXT_LIMIT_BYTES
from iterate.server.frames import Stream
from iterate.server.problems import BadBody, BadCursor, BodyTooLarge
from iterate.server.route import Call, Context
from iterate.server.shapes import Cancelled, Nothing, PromptBody, SessionBegun, SessionBody
from iterate.server.shelf import number


class Sessions:
    """The sessions of one server."""

    def __init__(self, context: Context) -> None:
        self._runtime = context.runtime

    async def create(self, call: Call[SessionBody]) -> SessionBegun:
        """Begin a session."""
        return SessionBegun(id=await self._runtime.create(call.body.workspace))

    async def prompt(self, call: Call[PromptBody]) -> Stream:
        """Begin to answer, and stream the answer; it goes on when the client leaves."""
        body = call.body
        if not body.text.strip():
            raise BadBody("the prompt is empty - at `$.text`", "send some text")
        if len(body.text.encode()) > TEXT_LIMIT_BYTES:
            raise BodyTooLarge(f"the prompt is larger than {TEXT_LIMIT_BYTES} bytes - at `$.text`")
        workspace = body.workspace
        return self._stream(
            await self._runtime.prompt(
                call.path["id"],
                body.text,
                body.model,
                workspace,
                body.id,
                agent=body.agent,
                files=body.files,
                bounds=Bounds(limits=body.limits, is_trusting=body.without_asking, effort=body.effort),
            )
        )

    async def read(self, call: Call[Nothing]) -> Stream:
        """Stream the events of a session after a place in it, and go on with what happens."""
        text = call.headers.get("last-event-id") or call.query.get("after") or await self._last(call)
        try:
            cursor = frames.cursor(text)
        except ValueError as problem:
            raise BadCursor(str(problem)) from problem
        return self._stream(await self._runtime.read(call.path["id"], cursor))

    async def _last(self, call: Call[Nothing]) -> str:
        """The place before the last prompts that are wanted; without such a wish the beginning."""
        if "last" not in call.query:
            return "0"
        return str(await self._runtime.shelf.before_last(call.path["id"], number(call.query["last"], "last")))

    async def cancel(self, call: Call[Nothing]) -> Cancelled:
        """End the answer that runs, if there is one."""
        return Cancelled(cancelled=await self._runtime.cancel(call.path["id"]))

    def _stream(self, reading: Reading) -> Stream:
        return Stream(next=reading.next, leave=lambda: self._runtime.leave(reading), has_ids=True)
