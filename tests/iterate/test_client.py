"""The client against servers that misbehave; against ours it is tested by every command."""

import contextlib
import json
import queue
import re
import socket
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from iterate.client import Client, Unreachable, Workspace, new_prompt
from iterate.discovery import Announcement
from iterate.errors import ServerLost, ServerRefused, SessionBusy

if TYPE_CHECKING:
    from iterate.heard import Heard

DONE = b'id: 2\ndata: {"type":"done","number":2,"session":"s"}\n\n'
DELTA = b'id: 1.2\ndata: {"type":"delta","number":1,"session":"s","kind":"text","offset":0,"text":"hi"}\n\n'
WHERE = Workspace("/here", {})
HI = new_prompt("hi", "m", WHERE)
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"


def received(connection: socket.socket) -> bytes:
    """One whole request: closing with something unread would reset the connection."""
    request = b""
    while b"\r\n\r\n" not in request:
        request += connection.recv(65536)
    head, _, body = request.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)^content-length: (\d+)", head, re.MULTILINE)
    while length and len(body) < int(length[1]):
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def chunk(content: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(content), content)


def client_of(listener: socket.socket, secret: str) -> Client:
    return Client(Announcement(f"http://127.0.0.1:{listener.getsockname()[1]}", 1, "v", secret))


@contextlib.contextmanager
def answering(*answers: bytes) -> Iterator[tuple[Client, list[bytes]]]:
    """A client of a server that takes one connection for each of these, sends exactly that, and is gone then."""
    requests: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for answer in answers:
                connection, _ = listener.accept()
                if answer is answers[-1]:
                    listener.close()
                with connection:
                    requests.append(received(connection))
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield client_of(listener, "the secret"), requests
        thread.join(10)


def test_events_are_handed_over_in_order_and_the_ending_is_returned() -> None:
    seen: list[Heard] = []
    with answering(OK + b": heartbeat\n\n" + DELTA + DONE) as (client, requests):
        ending = client.exchange("s", HI).follow(seen.append)
    assert ending.is_ending
    assert [event.number for event in seen] == [1, 2]
    assert requests[0].startswith(b"POST /session/s/prompt HTTP/1.1\r\n")
    assert b"\r\nAuthorization: Bearer the secret\r\n" in requests[0]


@contextlib.contextmanager
def piecewise() -> Iterator[tuple[Client, Callable[[bytes], None], Callable[[], bytes]]]:
    """A client, what sends it a piece of a chunked answer, and what reads from it until it leaves."""
    with socket.create_server(("127.0.0.1", 0)) as listener, contextlib.ExitStack() as stack:
        accepted: queue.Queue[socket.socket] = queue.Queue()

        def serve() -> None:
            connection, _ = listener.accept()
            received(connection)
            connection.sendall(CHUNKED)
            accepted.put(connection)

        threading.Thread(target=serve).start()

        def send(piece: bytes) -> None:
            peer().sendall(piece)

        def rest() -> bytes:
            return peer().recv(1)

        def peer() -> socket.socket:
            connection = accepted.get(timeout=10)
            accepted.put(connection)
            return connection

        yield client_of(listener, "s"), send, rest
        stack.enter_context(peer())


def test_an_event_is_handed_over_as_soon_as_its_line_is_there() -> None:
    # The end of the token's frame comes only when the token was seen, so waiting for more would never end.
    first, rest = DELTA[:-1], DELTA[-1:]
    with piecewise() as (client, send, _):
        threading.Timer(0.05, send, [chunk(first)]).start()
        ending = client.exchange("s", HI).follow(lambda event: send(chunk(rest + DONE)) if event.number == 1 else None)
    assert ending.is_ending


def test_a_line_may_come_in_many_chunks() -> None:
    pieces = b"".join(chunk(bytes([byte])) for byte in DELTA + DONE)
    with answering(CHUNKED + pieces) as (client, _):
        assert client.exchange("s", HI).follow(lambda _: None).is_ending


def test_a_stream_that_breaks_is_taken_up_behind_the_last_event_that_was_seen() -> None:
    seen: list[Heard] = []
    more = b'id: 1.4\ndata: {"type":"delta","number":1,"session":"s","kind":"text","offset":2,"text":"ho"}\n\n'
    with answering(OK + DELTA + more[:30], OK, CHUNKED + chunk(more) + b"nonsense", OK + DONE) as (client, requests):
        ending = client.exchange("s", HI).follow(seen.append)
    assert ending.is_ending
    assert [event.id for event in seen] == ["1.2", "1.4", "2"]
    assert requests[0].startswith(b"POST /session/s/prompt ")
    for request, place in zip(requests[1:], (b"1.2", b"1.2", b"1.4"), strict=True):
        assert request.startswith(b"GET /session/s/event ")
        assert b"\r\nLast-Event-ID: " + place + b"\r\n" in request


def test_a_prompt_of_which_nothing_was_heard_is_sent_again_under_the_same_id() -> None:
    with answering(b"", b"HTTP/1.1 200", OK + DELTA + DONE) as (client, requests):
        assert client.exchange("s", HI).follow(lambda _: None).is_ending
    bodies = [json.loads(request.partition(b"\r\n\r\n")[2]) for request in requests]
    assert bodies[0] == bodies[1] == bodies[2]
    assert bodies[0]["id"] == HI.id
    assert bodies[0]["workspace"] == {"directory": "/here", "environment": {}}


def test_cancelling_asks_for_it_and_waits_for_the_ending() -> None:
    class Left(Exception):  # noqa: N818
        pass

    def leave(_event: "Heard") -> None:
        raise Left

    yes = b'HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\n{"cancelled":true}'
    with answering(OK + DELTA, yes, OK + DONE) as (client, requests):
        exchange = client.exchange("s", HI)
        with pytest.raises(Left):
            exchange.follow(leave)
        exchange.cancel()
    assert requests[1].startswith(b"POST /session/s/cancel ")
    assert b"\r\nLast-Event-ID: 1.2\r\n" in requests[2]


def test_leaving_early_closes_the_connection() -> None:
    class Left(Exception):  # noqa: N818
        pass

    def leave(_event: "Heard") -> None:
        raise Left

    with piecewise() as (client, send, rest):
        threading.Timer(0.05, send, [chunk(DELTA)]).start()
        with pytest.raises(Left):
            client.exchange("s", HI).follow(leave)
        assert rest() == b""


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"garbage",
        b"HTTP/1.1",
        b"SSH-2.0-OpenSSH\r\n",
        OK,
        OK + DELTA,
        OK + b"data: {}\n\n",
        OK + DONE[:20],
        OK + b"data: \xff\n\n",
        CHUNKED,
        CHUNKED + chunk(DELTA),
        CHUNKED + chunk(DELTA) + b"0\r\n\r\n",
        CHUNKED + chunk(DELTA)[:9],
        CHUNKED + b"no size\r\n",
    ],
)
def test_an_answer_that_breaks_off_or_makes_no_sense_is_a_lost_server(answer: bytes) -> None:
    with answering(answer) as (client, _), pytest.raises((ServerLost, ServerRefused)):
        client.exchange("s", HI).follow(lambda _: None)


def test_a_known_error_comes_back_as_itself() -> None:
    body = b'{"error":{"name":"SessionBusy","message":"it is busy","hint":"wait"}}'
    with answering(b"HTTP/1.1 409 Conflict\r\n\r\n" + body) as (client, _), pytest.raises(SessionBusy) as caught:
        client.exchange("s", HI).follow(lambda _: None)
    assert (str(caught.value), caught.value.hint) == ("it is busy", "wait")


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"error":"x"}', b'{"error":{"name":"Odd","message":"m","hint":"h"}}']
)
def test_any_other_error_is_a_refusal(body: bytes) -> None:
    with answering(b"HTTP/1.1 500 Oops\r\n\r\n" + body) as (client, _), pytest.raises(ServerRefused):
        client.create_session(WHERE)


def test_a_port_where_nobody_listens_is_unreachable_and_so_may_be_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    client = Client(Announcement(f"http://127.0.0.1:{port}", 1, "v", "s"))
    with pytest.raises(Unreachable):
        client.create_session(WHERE)
    assert not client.is_healthy()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n" + b'{"id":"a"}\n',
        b"HTTP/1.1 200 OK\ncontent-length:11\n\n" + b'{"id":"a"}\n',
        b"HTTP/1.0 200\r\n\r\n" + b'{"id":"a"}',
        b"HTTP/1.1 200 OK\r\nTRANSFER-ENCODING: Chunked\r\n\r\n4;x=y\r\n" + b'{"id\r\n6\r\n":"a"}\r\n0\r\nX: y\r\n\r\n',
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 60_000 + b"\r\nContent-Length: 10\r\n\r\n" + b'{"id":"a"}',
    ],
)
def test_a_body_ends_where_its_headers_say(answer: bytes) -> None:
    with answering(answer) as (client, _):
        assert client.create_session(WHERE) == "a"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 2x0 OK\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1e3\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{}",
        CHUNKED + b"-1\r\n\r\n",
        CHUNKED + b"2\r\n{}3\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000 + b"\r\n\r\n",
    ],
)
def test_what_is_no_http_is_a_lost_server(answer: bytes) -> None:
    with answering(answer) as (client, _), pytest.raises(ServerLost):
        client.create_session(WHERE)
