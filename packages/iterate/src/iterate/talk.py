"""The client's end of a WebSocket of our server: messages out of bytes, for a loop that waits for other things too."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from iterate import wire
from iterate.discovery import Announcement
from iterate.errors import ServerLost, ServerRefused

CONNECT_TIMEOUT_S = 5.0
MOST_BYTES = 2 << 20
_READ_BYTES = 1 << 16

type Message = str | bytes


class Talk:
    """One WebSocket. `closed` is the code and reason of its end, when it has one."""

    def __init__(self, server: Announcement, path: str) -> None:
        """Connect and shake hands; raises `ServerLost`, `ServerRefused`."""
        from websockets.client import ClientProtocol
        from websockets.uri import parse_uri

        address = urlsplit(server.url)
        self.closed: tuple[int, str] | None = None
        self._events: list[object] = []
        self._text = False
        self._parts: list[bytes] = []
        self._frames: ClientProtocol = ClientProtocol(parse_uri(f"ws://{address.netloc}{path}"), max_size=MOST_BYTES)
        request = self._frames.connect()
        request.headers["Authorization"] = f"Bearer {server.secret}"
        try:
            self._socket = wire.connected(address.hostname or "", address.port or 80, CONNECT_TIMEOUT_S)
            self._frames.send_request(request)
            self._flush()
            self._shake_hands()
        except OSError as problem:
            raise ServerLost(f"the connection to the server broke: {problem}") from problem

    def fileno(self) -> int:
        """The open socket, to wait for."""
        return self._socket.fileno()

    def begun(self) -> Iterator[Message]:
        """What came with the handshake, before anything is waited for: all of it, where the program ended at once."""
        yield from self._arrived()
        self._answered()

    def messages(self) -> Iterator[Message]:
        """What has come, after the socket became readable; `closed` is set behind the last of all."""
        try:
            data = self._socket.recv(_READ_BYTES)
        except OSError:
            data = b""
        self._take(data)
        yield from self._arrived()
        self._answered(is_lost=not data)

    def send(self, message: Message) -> None:
        """Send; what cannot be sent any more is lost with the connection."""
        if not self._is_open():
            return
        if isinstance(message, str):
            self._frames.send_text(message.encode())
        else:
            self._frames.send_binary(message)
        self._flush()

    def close(self) -> None:
        """Say goodbye, and hang up."""
        if self.closed is None and self._is_open():
            self._frames.send_close(1000)
            self._flush()
        self._socket.close()

    def _is_open(self) -> bool:
        """Whether nobody has said goodbye yet: the server does when its program has ended."""
        from websockets.protocol import State

        return self._frames.state is State.OPEN

    def _shake_hands(self) -> None:
        from websockets.exceptions import InvalidStatus
        from websockets.protocol import State

        while self._frames.state is State.CONNECTING:
            data = self._socket.recv(_READ_BYTES)
            self._take(data)
            # The first messages may have come in the same packet.
            self._events += self._frames.events_received()
            if not data or self._frames.handshake_exc is not None:
                break
        match self._frames.handshake_exc:
            case None:
                self._socket.settimeout(None)
            case InvalidStatus() as refused:
                raise ServerRefused(f"the server refused with HTTP status {refused.response.status_code}")
            case problem:
                raise ServerRefused(f"the server does not speak WebSocket: {problem}")

    def _answered(self, *, is_lost: bool = False) -> None:
        """Answer what wants an answer, a goodbye among it: without one the server waits for it."""
        self._flush()
        if (goodbye := self._frames.close_rcvd) is not None:
            self.closed = (goodbye.code, goodbye.reason)
        elif is_lost:
            self.closed = (1006, "")

    def _take(self, data: bytes) -> None:
        if data:
            self._frames.receive_data(data)
        else:
            self._frames.receive_eof()

    def _arrived(self) -> Iterator[Message]:
        from websockets.frames import Frame, Opcode

        events, self._events = [*self._events, *self._frames.events_received()], []
        for event in events:
            if not isinstance(event, Frame) or event.opcode not in {Opcode.TEXT, Opcode.BINARY, Opcode.CONT}:
                continue
            if event.opcode is not Opcode.CONT:
                self._text, self._parts = event.opcode is Opcode.TEXT, []
            self._parts.append(bytes(event.data))
            if event.fin:
                content = b"".join(self._parts)
                yield content.decode(errors="replace") if self._text else content

    def _flush(self) -> None:
        for data in self._frames.data_to_send():
            try:
                if data:
                    self._socket.sendall(data)
            except OSError:
                return
