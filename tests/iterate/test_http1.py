"""Our reading of HTTP against h11's: what ours takes, h11 takes too, with the same meaning, body and end."""

import h11
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from iterate.server import http1
from iterate.server.http1 import Head
from iterate.server.problems import Refusal

HOST = b"Host: localhost\r\n"
# Pieces that matter to framing, so that random orders of them hit what two readers could read differently.
FIELDS = [
    b"X: y", b"Content-Length: 3", b"Content-Length:3 ", b"Content-Length: 03", b"content-length: 4",
    b"Connection: close",
    b"Content-Length: +3", b"Content-Length: 3, 3", b"Transfer-Encoding: chunked", b"transfer-encoding:\tCHUNKED",
    b"Transfer-Encoding: gzip", b"Expect: 100-continue", b" folded", b"X : y", b"X:\x0by", b"X:", b"Host: b", b"",
]  # fmt: skip
BODIES = [
    b"abc", b"3\r\nabc\r\n", b"0\r\n\r\n", b"0\r\nT: x\r\n\r\n", b"3;x=y\r\nabc\r\n", b"2\r\nabc\r\n", b"3\nabc\n",
    b"0 \r\n\r\n", b"GET / HTTP/1.1\r\nHost: b\r\n\r\n", b"-1\r\n", b"0x3\r\n", b"03\r\nabc\r\n", b"\r\n", b"\n",
]  # fmt: skip
LINES = [b"POST / HTTP/1.1", b"GET /a?b=c HTTP/1.1", b"POST / HTTP/1.0"]
ENDS = st.sampled_from([b"\r\n"] * 12 + [b"\n", b"\r"])
JUNK = st.sampled_from([b""] * 12 + [b"\x00", b"\r", b" ", b"\xff"])
STREAMS = st.builds(
    lambda line, fields, body: b"".join([line, *fields, *body]),
    st.builds(lambda *parts: b"".join(parts), st.sampled_from(LINES), ENDS, st.sampled_from([HOST, b""])),
    st.builds(
        lambda fields: [*fields, b"\r\n"],
        st.lists(st.builds(lambda *parts: b"".join(parts), st.sampled_from(FIELDS), JUNK, ENDS), max_size=4),
    ),
    st.lists(st.builds(lambda *parts: b"".join(parts), st.sampled_from(BODIES), JUNK), max_size=5),
)


def ours(stream: bytes) -> tuple[Head, bytes, int] | None:
    """The first request: head, body, and the number of its bytes; None when it is refused or not whole."""
    received = bytearray(stream)
    try:
        head = http1.read_head(received)
        if head is None:
            return None
        del received[: head.size]
        body = http1.body_of(head)
        content = body.take(received)
    except Refusal:
        return None
    return (head, content, len(stream) - len(received)) if body.is_over else None


def theirs(stream: bytes) -> tuple[h11.Request, bytes, int] | None:
    """The same as h11 has it."""
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(stream)
    try:
        request = connection.next_event()
        if not isinstance(request, h11.Request):
            return None
        content = b""
        while isinstance(event := connection.next_event(), h11.Data):
            content += event.data
    except h11.RemoteProtocolError:
        return None
    return (
        (request, content, len(stream) - len(connection.trailing_data[0]))
        if isinstance(event, h11.EndOfMessage)
        else None
    )


@settings(max_examples=1500, deadline=None)
@given(STREAMS)
@example(
    b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nT: x\r\n\r\nGET / HTTP/1.1"
)
@example(b"POST / HTTP/1.1\r\n" + HOST + b"X: a\r\n b\r\nContent-Length: 3\r\n\r\nabc")
def test_what_we_take_h11_takes_with_the_same_meaning(stream: bytes) -> None:
    if (mine := ours(stream)) is None:
        return
    other = theirs(stream)
    assert other is not None, "h11 refuses it"
    head, content, size = mine
    request, their_content, their_size = other
    target = head.path + (f"?{head.query}" if head.query else "")
    assert (head.method.encode(), target.encode()) == (request.method, request.target)
    # h11 joins lengths and writes encodings small.
    framing = {b"content-length", b"transfer-encoding"}
    assert [(name, b" ".join(value.split())) for name, value in head.headers if name not in framing] == [
        (name, b" ".join(value.split())) for name, value in request.headers if name not in framing
    ]
    assert (content, size) == (their_content, their_size)


@pytest.mark.parametrize("stream", [
    b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 3\r\n\r\nabc",
    b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n1;a=b\r\na\r\n002\r\nbc\r\n000\r\nT: x\r\n\r\n",
    b"GET http://localhost/x HTTP/1.1\r\nHost: b\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
])  # fmt: skip
def test_a_body_is_the_same_however_its_bytes_arrive(stream: bytes) -> None:
    whole = ours(stream)
    assert whole is not None
    assert whole[1] == b"abc"
    for size in (1, 2, 3, 7):
        received, body, content = bytearray(), None, b""
        for begin in range(0, len(stream), size):
            received += stream[begin : begin + size]
            if body is None and (head := http1.read_head(received)) is not None:
                del received[: head.size]
                body = http1.body_of(head)
            if body is not None:
                content += body.take(received)
        assert body is not None
        assert body.is_over
        assert content == b"abc"


@pytest.mark.parametrize(
    "rest", [b"0\r\n" + b"a: b\r\n" * 200 + b"\r\n", b"0\r\n a\r\n\r\n", b"1;" + b"x" * 2000, b"g\r\n", b"\r\n"]
)
def test_what_stands_between_chunks_is_bounded_and_read_strictly(rest: bytes) -> None:
    with pytest.raises(Refusal):
        http1.Chunked().take(bytearray(rest))


def test_lines_without_a_carriage_return_end_no_head() -> None:
    with pytest.raises(Refusal):
        http1.read_head(bytearray(b"GET / HTTP/1.1\nHost: localhost\n\n"))
