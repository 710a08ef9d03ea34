"""The client's end of a WebSocket whose server says goodbye first: what is sent and said behind that is no bug."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest
from websockets.http11 import Request
from websockets.server import ServerProtocol

from iterate.discovery import Announcement
from iterate.talk import Talk


def serve(listener: socket.socket, is_over: threading.Event) -> None:
    """Shake hands, say something, say goodbye, and stay."""
    connection, _ = listener.accept()
    with connection:
        frames = ServerProtocol()
        while not (asked := [each for each in frames.events_received() if isinstance(each, Request)]):
            frames.receive_data(connection.recv(1 << 16))
        frames.send_response(frames.accept(asked[0]))
        frames.send_binary(b"said")
        frames.send_close(1000, "exit 0")
        connection.sendall(b"".join(frames.data_to_send()))
        is_over.wait(60)


@pytest.fixture
def talk() -> Iterator[Talk]:
    is_over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener, is_over))
        thread.start()
        try:
            yield Talk(Announcement(f"http://127.0.0.1:{listener.getsockname()[1]}", 1, "v", "secret"), "/pty/x")
        finally:
            is_over.set()
            thread.join()


def said(talk: Talk) -> list[str | bytes]:
    """All that the server says before its goodbye, which is taken in with it."""
    found = list(talk.begun())
    deadline = time.monotonic() + 60
    while not found or talk._is_open():
        assert time.monotonic() < deadline
        found += talk.messages()
    return found


def test_what_is_typed_behind_the_goodbye_of_the_server_is_lost_and_nothing_else_happens(talk: Talk) -> None:
    assert said(talk) == [b"said"]
    talk.send(b"ls\r")
    talk.send("{}")
    talk.close()


def test_one_that_was_said_goodbye_to_is_closed_without_another_goodbye(talk: Talk) -> None:
    said(talk)
    talk.close()
    assert talk.fileno() == -1


def test_a_goodbye_that_came_with_the_handshake_is_the_end_at_once(talk: Talk) -> None:
    said(talk)
    assert talk.closed == (1000, "exit 0")
    talk.close()
