"""The far side of the socket: requests to our own server, and its stream of events. It starts nothing."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPException, HTTPResponse

from iterate import errors, events
from iterate.discovery import Announcement
from iterate.errors import Failure, ServerLost, ServerRefused
from iterate.events import Done, Event, Failed

CONNECT_TIMEOUT_S = 5.0
# The server sends a heartbeat every 10 s on a quiet stream; silence of three of them means that it hangs.
SILENCE_TIMEOUT_S = 30.0
_OK = 200

# What a server's answer may raise here again, by its name.
_KNOWN: tuple[type[Failure], ...] = (
    errors.ModelUnknown,
    errors.ServerStopping,
    errors.SessionBusy,
    errors.SessionUnknown,
    errors.StoreTooNew,
    errors.StoreUnusable,
)


class Unreachable(ServerLost):
    """No connection was made, so the server saw nothing of the request and it may be sent again."""


class Client:
    """Requests to one live server."""

    def __init__(self, server: Announcement) -> None:
        self._secret = server.secret
        host, _, port = server.url.removeprefix("http://").rpartition(":")
        # http.client writes the brackets of IPv6 by itself; only newer ones take them off first.
        self._host, self._port = host.strip("[]"), int(port)

    def is_healthy(self) -> bool:
        """Whether the server answers its health route."""
        try:
            with self._ask("GET", "/global/health", None) as answer:
                return answer.status == _OK
        except ServerLost:
            return False

    def create_session(self) -> str:
        """Begin a session and return its id."""
        with self._ask("POST", "/session", {}) as answer:
            created = _json(answer.read())
            _raise_refusal(answer.status, created)
            return str(created["id"])

    def prompt(self, session: str, text: str, model: str, on_event: Callable[[Event], None]) -> Done | Failed:
        """Send a prompt, hand over each event as it comes, and return the one that ended the answer.

        Leaving early, by an exception, closes the connection, and the server cancels the prompt.
        """
        with self._ask("POST", f"/session/{_path_part(session)}/prompt", {"text": text, "model": model}) as answer:
            if answer.status != _OK:
                _raise_refusal(answer.status, _json(answer.read()))
            for event in _events(answer):
                on_event(event)
                if isinstance(event, Done | Failed):
                    return event
        raise ServerLost("the server closed the connection before the answer ended")

    @contextmanager
    def _ask(self, method: str, path: str, body: dict[str, str] | None) -> Iterator[HTTPResponse]:
        content = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        headers = {"Authorization": f"Bearer {self._secret}", "Content-Type": "application/json"}
        with closing(self._connected()) as connection:
            try:
                connection.request(method, path, content, headers)
                with connection.getresponse() as answer:
                    yield answer
            except (OSError, HTTPException) as problem:
                raise ServerLost(f"the connection to the server broke: {problem}") from problem

    def _connected(self) -> HTTPConnection:
        connection = HTTPConnection(self._host, self._port, timeout=CONNECT_TIMEOUT_S)
        try:
            connection.connect()
        except OSError as problem:
            raise Unreachable(f"the server does not accept connections: {problem}") from problem
        connection.sock.settimeout(SILENCE_TIMEOUT_S)
        return connection


def _path_part(text: str) -> str:
    # A session id is letters, digits and "_"; anything else may not reach the request line.
    if not text.replace("_", "").isalnum() or not text.isascii():
        raise errors.SessionUnknown(f"there is no session {text!r}")
    return text


def _events(answer: HTTPResponse) -> Iterator[Event]:
    # One event is the lines up to an empty one; ours carry their JSON in a single `data:` line.
    for line in answer:
        if line.startswith(b"data:"):
            try:
                yield events.from_json(line[5:].decode())
            except ValueError as problem:
                raise ServerLost(f"the server sent what is no event: {problem}") from problem


def _json(body: bytes) -> dict[str, object]:
    try:
        fields = json.loads(body)
    except ValueError:
        fields = None
    return fields if isinstance(fields, dict) else {}


def _raise_refusal(status: int, fields: dict[str, object]) -> None:
    if status == _OK:
        return
    match fields.get("error"):
        case {"name": str(name), "message": str(message), "hint": str(hint)}:
            for known in _KNOWN:
                if known.__name__ == name:
                    raise known(message, hint)
            raise ServerRefused(f"the server refused with {name}: {message}", hint)
        case _:
            raise ServerRefused(f"the server refused with HTTP status {status}")
