"""A real HTTP server that answers as it was told: transcripts, broken pieces, silence. It keeps what it was asked."""

import asyncio
import json
import queue
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

TRANSCRIPTS = Path(__file__).parent / "transcripts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is sent: pieces of bytes, or seconds of silence between them; then a good end, a cut, or nothing."""

    pieces: tuple[bytes | float, ...] = ()
    status: int = 200
    media_type: str = "text/event-stream"
    headers: tuple[str, ...] = ()
    end: Literal["end", "cut", "hang"] = "end"
    # Instead of chunks.
    length: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, object]:
        """The body."""
        found: dict[str, object] = json.loads(self.body)
        return found


@dataclass(slots=True, kw_only=True)
class Replay:
    """The server: where it listens, what it was asked, how many connections it had and which of them broke."""

    url: str
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    hung_up: asyncio.Event = field(default_factory=asyncio.Event)


def transcript(name: str) -> Answer:
    """The answer that lies in a file, in pieces that do not end where events end."""
    content = (TRANSCRIPTS / name).read_bytes()
    media_type = "application/x-ndjson" if name.endswith(".ndjson") else "text/event-stream"
    return Answer(
        pieces=tuple(content[begin : begin + 97] for begin in range(0, len(content), 97)), media_type=media_type
    )


def refusal(status: int, body: object, *headers: str) -> Answer:
    """An answer that is no good one, with a body of JSON."""
    return Answer(status=status, media_type="application/json", headers=headers, pieces=(json.dumps(body).encode(),))


@asynccontextmanager
async def replay(*answers: Answer, routes: dict[str, Answer] | None = None) -> AsyncIterator[Replay]:
    """A server that gives these answers one after another, the last one for ever; `routes` come first."""
    left = list(answers)
    told = Replay(url="")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        told.connections += 1
        try:
            async for asked in _requests(reader):
                told.asked.append(asked)
                routed = (routes or {}).get(f"{asked.method} {asked.path.partition('?')[0]}")
                answer = routed or (left.pop(0) if len(left) > 1 else left[0] if left else Answer(status=404))
                if not await _send(answer, reader, writer):
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            told.hung_up.set()
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    told.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield told
    finally:
        server.close()
        server.close_clients()


@contextmanager
def replay_beside(*answers: Answer, routes: dict[str, Answer] | None = None) -> Iterator[Replay]:
    """The same server in a thread, for clients that are programs."""
    ready: queue.SimpleQueue[tuple[Replay, asyncio.AbstractEventLoop, asyncio.Event]] = queue.SimpleQueue()

    async def serve() -> None:
        over = asyncio.Event()
        async with replay(*answers, routes=routes) as server:
            ready.put((server, asyncio.get_running_loop(), over))
            await over.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    server, loop, over = ready.get(timeout=10)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()


async def _requests(reader: asyncio.StreamReader) -> AsyncGenerator[Asked]:
    while head := await _head(reader):
        first, *lines = head.decode("latin-1").split("\r\n")
        method, path, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        yield Asked(method=method, path=path, headers=headers, body=body)


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""


async def _send(answer: Answer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Send the answer; whether the connection goes on."""
    how = "Transfer-Encoding: chunked" if answer.length is None else f"Content-Length: {answer.length}"
    head = (f"HTTP/1.1 {answer.status} Said", f"Content-Type: {answer.media_type}", how, *answer.headers, "", "")
    writer.write("\r\n".join(head).encode())
    for piece in answer.pieces:
        if isinstance(piece, float):
            await asyncio.sleep(piece)
            continue
        writer.write(piece if answer.length is not None else b"%x\r\n%s\r\n" % (len(piece), piece))
        await writer.drain()
    if answer.end == "hang":
        await reader.read(1)
        return False
    if answer.end == "cut":
        writer.transport.abort()
        return False
    if answer.length is None:
        writer.write(b"0\r\n\r\n")
    await writer.drain()
    return answer.length is None


def events(*values: object) -> tuple[bytes, ...]:
    """Each value as an event of its own."""
    return tuple(f"data: {value if isinstance(value, str) else json.dumps(value)}\n\n".encode() for value in values)


def many(pieces: Iterable[bytes]) -> Answer:
    """A good stream of these pieces."""
    return Answer(pieces=tuple(pieces))
