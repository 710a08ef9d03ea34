"""What requests do with terminals: begin a shell, look at it, type into it, end it."""

import asyncio
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from iterate.pty import terminals
from iterate.server.problems import BadBody, BadCursor
from iterate.server.route import Call, Context
from iterate.server.shapes import Nothing, Ticket
from iterate.server.tickets import LIFE_S
from iterate.server.websocket import Socket, Upgrade
from iterate.workspace import Workspace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from iterate.pty.terminal import Terminal

type Characters = Annotated[int, Meta(ge=1, le=10_000)]
type Title = Annotated[str, Meta(max_length=200)]
# How often a quiet terminal is looked at; nothing is sent then.
QUIET_S = 3600.0


class PtyBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST /pty`. Without a command it is the shell of the workspace's environment."""

    command: Annotated[tuple[str, ...], Meta(max_length=1000)] = ()
    workspace: Workspace = Workspace()
    columns: Characters = 80
    rows: Characters = 24
    title: Title = ""


class PtyChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `PUT /pty/{id}`: what of it changes."""

    title: Title | None = None
    columns: Characters | None = None
    rows: Characters | None = None


class Pty(Struct, frozen=True, kw_only=True):
    """A terminal. `offset` counts the bytes it has shown; `code` is there when it has ended, or `signal`."""

    id: str
    title: str
    command: tuple[str, ...]
    directory: str
    columns: int
    rows: int
    began_ms: int
    is_running: bool
    viewers: int
    offset: int
    code: int | None = None
    signal: int | None = None


class Resize(Struct, frozen=True, kw_only=True, tag_field="type", tag="resize"):
    """What a viewer says when its window has another size."""

    columns: Characters
    rows: Characters


class Attached(Struct, frozen=True, kw_only=True, tag_field="type", tag="attached"):
    """The first thing a viewer hears: where what follows begins, and how many bytes before that are lost to it."""

    offset: int
    lost: int
    columns: int
    rows: int


class Lost(Struct, frozen=True, kw_only=True, tag_field="type", tag="lost"):
    """The viewer was too slow: so many bytes are not kept any more, and what follows begins at `offset`."""

    offset: int
    bytes: int


class Ptys:
    """The terminals of one server."""

    def __init__(self, context: Context) -> None:
        self._all = context.terminals
        self._tickets = context.tickets

    async def create_pty(self, call: Call[PtyBody]) -> Pty:
        """Start a shell."""
        from iterate.pty.terminal import Size, Start

        body = call.body
        if any("\0" in word for word in body.command) or not all(body.command[:1]):
            raise BadBody("the command is none - at `$.command`", "send words without a NUL, the program first")
        environment = {"TERM": "xterm-256color", **body.workspace.environment}
        start = Start(
            body.command or terminals.shell_of(environment),
            terminals.folder_of(body.workspace.directory, environment),
            environment,
            Size(body.columns, body.rows),
        )
        made = await self._all.create(start)
        made.title = body.title or made.title
        return _told(made)

    async def list_ptys(self, _call: Call[Nothing]) -> list[Pty]:
        """All terminals."""
        return [_told(one) for one in self._all.list()]

    async def get_pty(self, call: Call[Nothing]) -> Pty:
        """One terminal."""
        return _told(self._all.get(call.path["id"]))

    async def change_pty(self, call: Call[PtyChange]) -> Pty:
        """Rename or resize it."""
        from iterate.pty.terminal import Size

        found, body = self._all.get(call.path["id"]), call.body
        if body.title is not None:
            found.title = body.title
        if body.columns or body.rows:
            found.resize(Size(body.columns or found.size.columns, body.rows or found.size.rows))
        return _told(found)

    async def remove_pty(self, call: Call[Nothing]) -> bool:
        """End it; one that has ended is forgotten."""
        self._all.remove(call.path["id"])
        return True

    async def ticket_pty(self, call: Call[Nothing]) -> Ticket:
        """A ticket for one connection."""
        found = self._all.get(call.path["id"])
        return Ticket(ticket=self._tickets.issue(f"/pty/{found.id}/connect"), expires_s=LIFE_S)

    async def connect_pty(self, call: Call[Nothing]) -> Upgrade:
        """Watch it, and type into it."""
        found = self._all.get(call.path["id"])
        text = call.query.get("after", "0")
        if not (text.isascii() and text.isdigit() and len(text) < 16):  # noqa: PLR2004  # Digits of 2 ** 50.
            raise BadCursor(f"{text!r} is no place in a terminal", "send the number of bytes that were read")
        return Upgrade(lambda socket: _talk(found, socket, int(text)))


async def _talk(found: "Terminal", socket: Socket, after: int) -> None:
    found.viewers += 1
    typing = asyncio.ensure_future(_typed(found, socket))
    showing = asyncio.ensure_future(_shown(found, socket, after))
    try:
        await asyncio.wait({typing, showing}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        found.viewers -= 1
        typing.cancel()
        showing.cancel()
    if showing.done() and not showing.cancelled():
        showing.result()
        socket.close(1000, _ending(found))


async def _shown(found: "Terminal", socket: Socket, after: int) -> None:
    """Send what it shows, from a place on, until it ends or nobody is there."""
    piece = await found.after(after, 0.0)
    lost = piece.lost if piece else 0
    place = piece.begin if piece else found.end
    hello = Attached(offset=place, lost=lost, columns=found.size.columns, rows=found.size.rows)
    goes_on = await socket.send(_text(hello))
    while goes_on and piece is not None:
        if piece.data:
            goes_on = await socket.send(piece.data)
        place = piece.end
        piece = await found.after(place, QUIET_S)
        if piece is not None and piece.lost:
            goes_on = await socket.send(_text(Lost(offset=piece.begin, bytes=piece.lost)))


async def _typed(found: "Terminal", socket: Socket) -> None:
    while (message := await socket.receive()) is not None:
        if isinstance(message, bytes):
            await found.type(message)
            continue
        from iterate.pty.terminal import Size

        try:
            resize = msgspec.json.decode(message, type=Resize)
        except msgspec.DecodeError:
            socket.close(1007, "text messages are JSON: resize")
            return
        found.resize(Size(resize.columns, resize.rows))


def _text(said: Attached | Lost) -> str:
    return msgspec.json.encode(said).decode()


def _ending(found: "Terminal") -> str:
    ended = found.ended
    if ended is None:
        return ""
    return ended.failure or (f"signal {ended.signal}" if ended.signal else f"exit {ended.code}")


def _told(found: "Terminal") -> Pty:
    ended = found.ended
    return Pty(
        id=found.id,
        title=found.title,
        command=found.command,
        directory=str(found.directory),
        columns=found.size.columns,
        rows=found.size.rows,
        began_ms=found.began_ms,
        is_running=ended is None,
        viewers=found.viewers,
        offset=found.end,
        code=None if ended is None or ended.signal else (127 if ended.failure else ended.code),
        signal=ended.signal or None if ended is not None else None,
    )


type Side = Literal["viewer"]
