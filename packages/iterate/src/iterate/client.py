"""The far side of the socket: requests to our own server, and its streams of events. It starts nothing."""

import json
import os
import select
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import NamedTuple

from iterate import errors, heard, wire
from iterate.discovery import Announcement
from iterate.errors import Failure, ServerLost, ServerRefused
from iterate.heard import Heard
from iterate.wire import Connection, Response, WireError

CONNECT_TIMEOUT_S = 5.0
# The server sends a heartbeat every 10 s on a quiet stream; silence of three of them means that it hangs.
SILENCE_TIMEOUT_S = 30.0
# A server that has not begun to answer for so long is asked whether it is healthy, and has as long to say so.
DOUBT_S = 2.0
# A stream that broke is taken up again after these pauses, in seconds; each event that comes begins the row anew.
PAUSES_S = (0.0, 0.1, 0.3, 1.0)
# What somebody who pressed Ctrl-C waits at most, for each request and altogether.
LEAVE_S = 2.0
_OK = 200

type Show = Callable[[Heard], None]
type Body = dict[str, object]


class ServerHangs(ServerLost):
    """The server is there and answers nothing, not even whether it is healthy."""


class Unreachable(ServerLost):
    """No connection was made, so the server saw nothing of the request and it may be sent again."""


class Workspace(NamedTuple):
    """Where a prompt works: an absolute path, and the environment of this process."""

    directory: str
    environment: dict[str, str]


class Prompt(NamedTuple):
    """What is asked. The id makes it safe to send it again when nobody knows whether it arrived."""

    text: str
    model: str
    workspace: Workspace
    id: str
    # What else the body says, such as an agent, files or limits.
    more: Body = {}  # noqa: RUF012  # Nobody changes it.

    def body(self) -> Body:
        """What the request says."""
        return {
            "text": self.text,
            "model": self.model,
            "id": self.id,
            "workspace": self.workspace._asdict(),
            **self.more,
        }


def new_prompt(text: str, model: str, workspace: Workspace, more: Body | None = None) -> Prompt:
    """A prompt under an id that nobody else has."""
    return Prompt(text, model, workspace, f"prm_{os.urandom(12).hex()}", more or {})


class Client:
    """Requests to one live server."""

    def __init__(self, server: Announcement) -> None:
        self.server = server
        self._secret = server.secret
        host, _, port = server.url.removeprefix("http://").rpartition(":")
        self._host, self._port = host.strip("[]"), int(port)
        self._name = f"{host}:{port}"

    def is_healthy(self, timeout_s: float = SILENCE_TIMEOUT_S) -> bool:
        """Whether the server answers its health route in time."""
        try:
            with self.ask("GET", "/global/health", timeout_s=timeout_s) as response:
                return response.status == _OK
        except ServerLost:
            return False

    def create_session(self, workspace: Workspace) -> str:
        """Begin a session and return its id."""
        # The environment is for prompts: a session only remembers the folder.
        return str(self.call("POST", "/session", {"workspace": {"directory": workspace.directory}}).get("id"))

    def exchange(self, session: str, prompt: Prompt, notices_for: str = "") -> "Exchange":
        """A prompt to a session, which is sent when it is followed.

        `notices_for` is our version when a person can be shown a notice about a newer one.
        """
        return Exchange(self, f"/session/{_path_part(session)}", prompt.body(), notices_for)

    def permit(self, id_: str, decision: str, message: str = "") -> bool:
        """Say whether a call may run; whether that counts, or somebody was first or it is asked no more."""
        return self._word(f"/permission/{_path_part(id_)}", {"decision": decision, "message": message})

    def answer(self, id_: str, answers: tuple[tuple[str, ...], ...] | None) -> bool:
        """Answer the questions of a model, or decline to; whether that counts."""
        return self._word(f"/question/{_path_part(id_)}", {"answers": answers})

    def _word(self, path: str, body: Body) -> bool:
        try:
            self.call("POST", path, body)
        except (errors.AlreadyAnswered, errors.RequestUnknown):
            return False
        return True

    def stop(self, patience_s: float, timeout_s: float = SILENCE_TIMEOUT_S) -> None:
        """Ask the server to end, and let running answers go on for so many seconds."""
        self.call("POST", "/global/stop", {"patience_s": patience_s}, timeout_s=timeout_s)

    def hand_over(self, version: str, timeout_s: float = SILENCE_TIMEOUT_S) -> None:
        """Ask the server to make room for a server of that version."""
        self.call("POST", "/global/handover", {"version": version}, timeout_s=timeout_s)

    def call(
        self,
        method: str,
        path: str,
        body: Body | None = None,
        timeout_s: float = SILENCE_TIMEOUT_S,
        most: int | None = None,
    ) -> Body:
        """One request and the object in its response; raises what the server refused with, or `ServerLost`.

        `most` bounds the bytes of the response, where a stranger may listen.
        """
        with self.ask(method, path, body, timeout_s=timeout_s) as response:
            fields = _object(response.read(most))
            raise_refusal(response.status, fields)
            return fields

    def rows(self, path: str) -> list[Body]:
        """What is listed there; raises as `call`."""
        with self.ask("GET", path) as response:
            content = response.read()
            if response.status != _OK:
                raise_refusal(response.status, _object(content))
        try:
            listed = json.loads(content)
        except ValueError:
            listed = None
        return [row for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []

    def watch(self, show: Show) -> None:
        """Hand over everything that happens, until the server ends; raises `ServerLost` then."""
        with self.ask("GET", "/global/event") as response:
            if response.status != _OK:
                raise_refusal(response.status, _object(response.read()))
            for event in _events(response):
                show(event)
        raise ServerLost("the server closed the connection")

    def read(self, session: str, place: str, opened: Callable[[Connection], None]) -> Iterator[Heard | None]:
        """What a session has behind a place and what happens, without end, behind a None when the server answers.

        `opened` gets the connection: whoever shuts it down ends this, with `ServerLost`.
        """
        headers = {"Last-Event-ID": place} if place else {}
        with self.ask("GET", f"/session/{_path_part(session)}/event", headers=headers, opened=opened) as response:
            if response.status != _OK:
                raise_refusal(response.status, _object(response.read()))
            yield None
            yield from _events(response)
        raise ServerLost("the server closed the connection")

    def prompt(self, session: str, prompt: Prompt) -> str:
        """Send a prompt without waiting for its answer; the notice that the server has for a person."""
        with self.ask("POST", f"/session/{_path_part(session)}/prompt", prompt.body()) as response:
            if response.status != _OK:
                raise_refusal(response.status, _object(response.read()))
            return response.notice

    @contextmanager
    def ask(
        self,
        method: str,
        path: str,
        body: Body | None = None,
        *,
        timeout_s: float = SILENCE_TIMEOUT_S,
        headers: dict[str, str] | None = None,
        opened: Callable[[Connection], None] | None = None,
    ) -> Iterator[Response]:
        """One request and its open response; raises `Unreachable`, `ServerLost`. `opened` gets the connection."""
        content = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        sent = {"Authorization": f"Bearer {self._secret}", "Content-Type": "application/json", **(headers or {})}
        with closing(self._connected(timeout_s)) as connection:
            try:
                connection.sendall(wire.request(method, path, self._name, sent, content))
                if opened is not None:
                    opened(connection)
                self._await_response(connection, timeout_s)
                yield Response(connection)
            except (OSError, WireError) as problem:
                raise ServerLost(f"the connection to the server broke: {problem}") from problem

    def _await_response(self, sock: Connection, timeout_s: float) -> None:
        """Wait for the first byte of a response; raises `ServerHangs`, `TimeoutError`."""
        begun = time.monotonic()
        while timeout_s > DOUBT_S and not select.select([sock], [], [], DOUBT_S)[0]:
            if not self.is_healthy(DOUBT_S):
                raise ServerHangs("the server does not answer")
            if time.monotonic() - begun > timeout_s:
                raise TimeoutError(f"no answer for {timeout_s:g} s")

    def _connected(self, timeout_s: float) -> Connection:
        try:
            connection = wire.connected(self._host, self._port, min(CONNECT_TIMEOUT_S, timeout_s))
        except OSError as problem:
            raise Unreachable(f"the server does not accept connections: {problem.strerror or problem}") from problem
        connection.settimeout(timeout_s)
        return connection


class Exchange:
    """One prompt and the reading of its answer, which is taken up where it was when the connection breaks."""

    def __init__(self, client: Client, path: str, body: Body, notices_for: str) -> None:
        self._client = client
        self._path = path
        self._body = body
        self._headers = {"Iterate-Notices": notices_for} if notices_for else {}
        # Called when the server says that it lives and nothing else, which it does every 10 s.
        self.on_quiet: Callable[[], None] | None = None
        # What the server has to say to the person, once; it came with the head of the answer.
        self.notice = ""
        # The id of the last event that was handed over.
        self._place = ""

    @property
    def session(self) -> str:
        """The session that it is about."""
        return self._path.rpartition("/")[2]

    @property
    def is_heard(self) -> bool:
        """Whether the answer began to come, so that another server cannot give it."""
        return bool(self._place)

    def follow(self, show: Show) -> Heard:
        """Send the prompt, hand over each event once and in order, and return the one that ended the answer.

        Raises `Unreachable` when there is no server and nothing was heard, and `ServerLost` when it stays away.
        """
        pauses = list(PAUSES_S)
        while True:
            before = self._place
            try:
                return self._read(show, SILENCE_TIMEOUT_S)
            except ServerLost as lost:
                if self._place != before:
                    pauses = list(PAUSES_S)
                if isinstance(lost, Unreachable) and self._place:
                    raise ServerLost(f"the server is gone: {lost}") from lost
                if not pauses or isinstance(lost, Unreachable | ServerHangs):
                    raise
            time.sleep(pauses.pop(0))

    def cancel(self) -> None:
        """Ask for the end of the answer, and wait for it, for `LEAVE_S` seconds at most. Fails in silence.

        It uses connections of its own, so it may be called while `follow` is waiting.
        """
        deadline = time.monotonic() + LEAVE_S
        with suppress(Failure):
            # Asked again when there is nothing to cancel: the prompt may still be on its way.
            while not self._client.call("POST", f"{self._path}/cancel", timeout_s=LEAVE_S).get("cancelled"):
                if self._place or time.monotonic() > deadline - LEAVE_S * 0.9:
                    break
                time.sleep(0.05)
            if self._place:
                self._read(lambda _: None, LEAVE_S, deadline)

    def _read(self, show: Show, timeout_s: float, deadline: float = float("inf")) -> Heard:
        with self._opened(timeout_s) as response:
            if response.status != _OK:
                raise_refusal(response.status, _object(response.read()))
            for event in _events(response, self.on_quiet):
                self._place = event.id or self._place
                show(event)
                if event.is_ending:
                    return event
                if time.monotonic() > deadline:
                    break
        raise ServerLost("the server closed the connection before the answer ended")

    @contextmanager
    def _opened(self, timeout_s: float) -> Iterator[Response]:
        if not self._place:
            path, headers = f"{self._path}/prompt", self._headers
            with self._client.ask("POST", path, self._body, timeout_s=timeout_s, headers=headers) as response:
                self.notice = response.notice or self.notice
                yield response
        else:
            headers = {"Last-Event-ID": self._place}
            with self._client.ask("GET", f"{self._path}/event", timeout_s=timeout_s, headers=headers) as response:
                yield response


def _path_part(text: str) -> str:
    # A session id is letters, digits and "_"; anything else may not reach the request line.
    if not text.replace("_", "").isalnum() or not text.isascii():
        raise errors.SessionUnknown(f"there is no session {text!r}")
    return text


def quoted(text: str) -> str:
    """Any text as a value of a query; `urllib.parse` costs a command 3 ms."""
    return "".join(
        chr(byte) if chr(byte).isalnum() and byte < 0x80 else f"%{byte:02X}"  # noqa: PLR2004  # ASCII.
        for byte in text.encode(errors="replace")
    )


def _events(response: Response, on_quiet: Callable[[], None] | None = None) -> Iterator[Heard]:
    # One event is the lines up to an empty one; ours carry their JSON in a single `data:` line, behind their id.
    place = ""
    for line in response:
        if not line.endswith(b"\n"):
            return  # Cut off in the middle.
        if line.startswith(b"id:"):
            place = line[3:].decode(errors="replace").strip()
        elif line.startswith(b":") and on_quiet is not None:
            on_quiet()
        elif line.startswith(b"data:"):
            try:
                yield heard.read(place, line[5:].decode())
            except ValueError as problem:
                raise ServerRefused(f"the server sent what is no event: {problem}") from problem
            place = ""


def _object(body: bytes) -> Body:
    try:
        fields = json.loads(body)
    except ValueError:
        fields = None
    return fields if isinstance(fields, dict) else {}


def raise_refusal(status: int, fields: Body) -> None:
    """Raise what a server refused with: one of our failures by its name, or `ServerRefused`."""
    if status == _OK:
        return
    match fields.get("error"):
        case {"name": str(name), "message": str(message), "hint": str(hint)}:
            known = getattr(errors, name, None)
            if isinstance(known, type) and issubclass(known, Failure) and known.status:
                raise known(message, hint)
            raise ServerRefused(f"the server refused with {name}: {message}", hint)
        case _:
            raise ServerRefused(f"the server refused with HTTP status {status}")
