"""One line for a person, in a header of an answer that a command reads anyway: no request, no file, no wait of its own.

A client that can show a line says so with `Iterate-Notices: VERSION`, its own version. A good answer may then carry
`Iterate-Notice: LINE`. It counts as told when all of the answer was sent.
"""

from collections.abc import Coroutine
from typing import NamedTuple, Protocol

from starlette.types import ASGIApp, Message, Receive, Scope, Send

ASKED = b"iterate-notices"
TOLD = b"iterate-notice"
_OK = 200


class Bulletin(NamedTuple):
    """What is told: one line in ASCII, and the key under which it is remembered as told."""

    key: str
    line: str


class Board(Protocol):
    """Knows what is to be told, and to whom."""

    def reserve(self, version: str) -> Bulletin | None:
        """What to tell a client of this version; nobody else is told it until `settle`."""

    def settle(self, bulletin: Bulletin, *, is_told: bool) -> None:
        """The client got it, or left before."""


class Updates(Board, Protocol):
    """A board, and what fills it while the server lives."""

    def watch(self) -> Coroutine[None, None, None]:
        """Look for what is to be told, until cancelled."""


class Bulletins:
    """An ASGI application that adds bulletins to the answers of another one."""

    def __init__(self, app: ASGIApp, board: Board) -> None:
        self._app = app
        self._board = board

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, with a bulletin if there is one for this client."""
        version = dict(scope["headers"]).get(ASKED, b"") if scope["type"] == "http" else b""
        bulletin = self._board.reserve(version.decode("latin-1")) if version else None
        if bulletin is None:
            await self._app(scope, receive, send)
            return
        telling = _Telling(send, bulletin.line)
        try:
            await self._app(scope, receive, telling.send)
        finally:
            self._board.settle(bulletin, is_told=telling.is_told)


class _Telling:
    """Sends an answer with the line in its head; `is_told` when a good one was sent to its end."""

    def __init__(self, send: Send, line: str) -> None:
        self._send = send
        self._line = line
        self._is_good = False
        self.is_told = False

    async def send(self, message: Message) -> None:
        """Send one message of the answer."""
        if message["type"] == "http.response.start" and message["status"] == _OK:
            self._is_good = True
            message = {**message, "headers": [*message["headers"], (TOLD, self._line.encode("ascii"))]}
        await self._send(message)
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            self.is_told = self._is_good
