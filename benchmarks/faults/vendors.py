"""Vendors that misbehave, in each format: every one ends with a name of ours, in bounded time and memory."""

import asyncio
import contextlib
import functools
import gzip
import ssl
import subprocess
import tempfile
import threading
import time
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import psutil
from benchmarks.faults.worlds import Row

from iterate.errors import ProviderFailed
from iterate.events import Piece, TextPart
from iterate.providers import wires
from iterate.providers.endpoint import Endpoint, Wire
from iterate.providers.network import Door, Patience
from iterate.request import Request, UserMessage

ASKED = Request(system=(), tools=(), messages=(UserMessage(parts=(TextPart(text="hi"),)),))
KEY = "sk-secret-0123456789abcdef"
# Seconds to connect, to the first event, and between two: short, because each fault waits for one of them.
PATIENCE = Patience(2, 1.5, 1.5, 1.5)
MOST_S = 8.0
MOST_BYTES = 300 << 20
MIB = 1 << 20

type Send = Callable[[Wire, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def good(wire: Wire, more: str = "") -> bytes:
    """The head of a good answer."""
    media_type = "application/x-ndjson" if wire is Wire.OLLAMA else "text/event-stream"
    return f"HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\n{more}\r\n".encode()


def saying(wire: Wire, text: str) -> bytes:
    """An event that says some text, as it stands in JSON."""
    values = {
        Wire.CHAT: '{"choices":[{"index":0,"delta":{"content":"TEXT"}}]}',
        Wire.RESPONSES: '{"type":"response.output_text.delta","delta":"TEXT"}',
        Wire.MESSAGES: '{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"TEXT"}}',
        Wire.GENERATE: '{"candidates":[{"content":{"parts":[{"text":"TEXT"}]}}]}',
        Wire.OLLAMA: '{"message":{"role":"assistant","content":"TEXT"},"done":false}',
    }
    value = values[wire].replace("TEXT", text)
    return (value + "\n" if wire is Wire.OLLAMA else f"data: {value}\n\n").encode()


def calling(wire: Wire, text: str) -> bytes:
    """An event that adds to the arguments of a call."""
    values = {
        Wire.CHAT: '{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"read","arguments":"TEXT"}}]}}]}',  # noqa: E501
        Wire.RESPONSES: '{"type":"response.function_call_arguments.delta","output_index":0,"item_id":"c","delta":"TEXT"}',  # noqa: E501
        Wire.MESSAGES: '{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"TEXT"}}',  # noqa: E501
        Wire.GENERATE: '{"candidates":[{"content":{"parts":[{"functionCall":{"name":"read","args":{"path":"TEXT"}}}]}}]}',  # noqa: E501
        Wire.OLLAMA: '{"message":{"role":"assistant","content":"","tool_calls":[{"function":{"name":"read","arguments":{"path":"TEXT"}}}]},"done":false}',  # noqa: E501
    }
    value = values[wire].replace("TEXT", text)
    return (value + "\n" if wire is Wire.OLLAMA else f"data: {value}\n\n").encode()


def alive(wire: Wire) -> bytes:
    """An event that says nothing."""
    values = {
        Wire.CHAT: '{"choices":[{"index":0,"delta":{}}]}',
        Wire.RESPONSES: '{"type":"response.in_progress"}',
        Wire.MESSAGES: '{"type":"ping"}',
        Wire.GENERATE: '{"candidates":[{"content":{"parts":[]}}]}',
        Wire.OLLAMA: '{"message":{"role":"assistant","content":""},"done":false}',
    }
    return (values[wire] + "\n" if wire is Wire.OLLAMA else f"data: {values[wire]}\n\n").encode()


async def _for_ever(writer: asyncio.StreamWriter, piece: bytes, pause_s: float = 0.0) -> None:
    while True:
        writer.write(piece)
        await writer.drain()
        if pause_s:
            await asyncio.sleep(pause_s)


async def stalls_before(_wire: Wire, _reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(3600)


async def stalls_after_the_head(wire: Wire, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(good(wire))
    await asyncio.sleep(3600)


async def stalls_in_the_middle(wire: Wire, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(good(wire) + saying(wire, "I look") + saying(wire, "x")[:-4])
    await asyncio.sleep(3600)


async def drips_the_head(wire: Wire, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    for byte in good(wire, "X-Long: " + "x" * 3000 + "\r\n"):
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.2)


async def drips_one_event(wire: Wire, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(good(wire) + saying(wire, "")[:20])
    await _for_ever(writer, b"x", 0.1)


async def drips_comments(wire: Wire, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(good(wire))
    await _for_ever(writer, b"\n" if wire is Wire.OLLAMA else b": still here\n\n", 0.1)


async def drips_signs_of_life(wire: Wire, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(good(wire))
    await _for_ever(writer, alive(wire), 0.1)


async def cuts(wire: Wire, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(good(wire) + saying(wire, "I look"))
    await writer.drain()
    writer.transport.abort()


async def ends_without_an_end(wire: Wire, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(good(wire) + saying(wire, "I look"))


async def says_too_much(wire: Wire, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    event = saying(wire, "I look")
    writer.write(good(wire, f"Content-Length: {len(event) // 2}\r\n") + event + b"x" * 1000)


async def says_too_little(wire: Wire, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    event = saying(wire, "I look")
    writer.write(good(wire, f"Content-Length: {len(event) + 1000}\r\n") + event)


async def two_lengths(wire: Wire, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(good(wire, "Content-Length: 5\r\nContent-Length: 7\r\n") + saying(wire, "I look"))


async def broken_chunks(wire: Wire, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(good(wire, "Transfer-Encoding: chunked\r\n") + b"fffffffffffffffff\r\n" + saying(wire, "I look"))


async def fifty_megabytes_in_a_line(wire: Wire, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(good(wire) + saying(wire, "")[:20])
    for _ in range(50):
        writer.write(b"x" * MIB)
        await writer.drain()


async def invalid_utf_8(wire: Wire, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(good(wire) + saying(wire, "TEXT").replace(b"TEXT", b"\xff\xfe\xc3(\xed\xa0\x80"))


async def control_characters(wire: Wire, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(good(wire) + saying(wire, "TEXT").replace(b"TEXT", b"\x1b[2J\x00\x07\x9b"))


async def endless_headers(_wire: Wire, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    await _for_ever(writer, b"X-More: " + b"x" * 1000 + b"\r\n")


async def endless_beginnings(_wire: Wire, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _for_ever(writer, b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" * 100)


async def endless_text(wire: Wire, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(good(wire))
    await _for_ever(writer, saying(wire, "x" * 100_000))


async def endless_arguments(wire: Wire, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(good(wire))
    if wire is Wire.RESPONSES:
        writer.write(
            b'data: {"type":"response.output_item.added","output_index":0,'
            b'"item":{"type":"function_call","id":"c","call_id":"c","name":"read","arguments":""}}\n\n'
        )
    if wire is Wire.MESSAGES:
        writer.write(
            b'data: {"type":"content_block_start","index":0,'
            b'"content_block":{"type":"tool_use","id":"c","name":"read","input":{}}}\n\n'
        )
    await _for_ever(writer, calling(wire, "x" * 100_000))


async def an_error_that_never_ends(_wire: Wire, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 400 No\r\nContent-Type: application/json\r\n\r\n")
    await _for_ever(writer, b"x" * 10_000)


async def another_type(wire: Wire, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html><title>Log in</title>" + saying(wire, "x"))


@functools.cache
def bomb(megabytes: int = 200) -> bytes:
    """A megabyte that is a thousand of them."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    return b"".join(packer.compress(b"x" * MIB) for _ in range(megabytes)) + packer.flush()


async def a_bomb(wire: Wire, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(good(wire, "Content-Encoding: gzip\r\n") + bomb())
    await writer.drain()


async def packed(wire: Wire, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(good(wire, "Content-Encoding: gzip\r\n") + gzip.compress(saying(wire, "I look")))


async def turns_in_circles(_wire: Wire, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 307 Go\r\nLocation: /v1/again\r\nContent-Length: 0\r\n\r\n")


async def no_http(_wire: Wire, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.2\r\n" + b"\x00" * 100)


async def many_calls(wire: Wire, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(good(wire))
    for number in range(1000):
        event = calling(wire, "x").replace(b'"index":0,"id":"c"', f'"index":{number},"id":"c{number}"'.encode())
        if wire is Wire.MESSAGES:
            block = f'{{"type":"tool_use","id":"c{number}","name":"read","input":{{}}}}'
            event = f'data: {{"type":"content_block_start","index":{number},"content_block":{block}}}\n\n'.encode()
        if wire is Wire.RESPONSES:
            item = f'{{"type":"function_call","id":"c{number}","call_id":"c{number}","name":"read","arguments":""}}'
            event = f'data: {{"type":"response.output_item.added","output_index":{number},"item":{item}}}\n\n'.encode()
        writer.write(event)
        await writer.drain()


FAULTS: tuple[Send, ...] = (
    stalls_before, stalls_after_the_head, stalls_in_the_middle, drips_the_head, drips_one_event, drips_comments,
    drips_signs_of_life, cuts, ends_without_an_end, says_too_much, says_too_little, two_lengths, broken_chunks,
    fifty_megabytes_in_a_line, invalid_utf_8, control_characters, endless_headers, endless_beginnings, endless_text,
    endless_arguments, many_calls, an_error_that_never_ends, another_type, a_bomb, packed, turns_in_circles, no_http,
)  # fmt: skip


@contextlib.asynccontextmanager
async def misbehaving(send: Send, wire: Wire, context: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A vendor with this fault; its address."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            await send(wire, reader, writer)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"{'https' if context else 'http'}://127.0.0.1:{port}"
    finally:
        server.close()
        server.close_clients()


async def asked(url: str, wire: Wire) -> str:
    """What becomes of a step: the name of the failure, or `good`."""
    door = Door()
    where = Endpoint(name="v/m", model="m", base_url=url, wire=wire, key=KEY, patience=PATIENCE)
    size = 0
    try:
        async with asyncio.timeout(MOST_S):
            async for item in wires.stream(door, where, ASKED):
                size += len(item.text) if isinstance(item, Piece) else 0
    except ProviderFailed as failure:
        return f"shows the key: {failure}" if KEY in f"{failure} {failure.hint}" else type(failure).__name__
    except TimeoutError:
        return f"wrong: goes on after {MOST_S:g} s"
    except Exception as problem:  # noqa: BLE001  # Whatever it is: it is what is looked for.
        return f"wrong: {type(problem).__name__}: {problem}"
    finally:
        await door.close()
    return "good"


class Peak:
    """The most memory of this process while it is looked at."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._before = self.most = self._process.memory_info().rss
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._is_over.wait(0.005):
            self.most = max(self.most, self._process.memory_info().rss)

    def grown(self) -> int:
        self._is_over.set()
        self._thread.join()
        return self.most - self._before


def vendors(faults: tuple[Send, ...] = FAULTS) -> list[Row]:
    """Each fault in each format; a row for each fault."""
    rows = [_row(send) for send in faults]
    return [*rows, _tls()]


def _row(send: Send, context: ssl.SSLContext | None = None, name: str = "") -> Row:
    begun, told, peak = time.monotonic(), dict[Wire, str](), Peak()

    async def main(wire: Wire) -> str:
        async with misbehaving(send, wire, context) as url:
            return await asked(url, wire)

    for wire in Wire:
        told[wire] = asyncio.run(main(wire))
    grown = peak.grown()
    wrong = [f"{wire}: {what}" for wire, what in told.items() if "wrong" in what or "key" in what]
    if grown > MOST_BYTES:
        wrong.append(f"grew by {grown // MIB} MiB")
    return Row(
        name=f"vendor: {name or send.__name__.replace('_', ' ')}",
        tried=len(told),
        failed=len(wrong),
        said="; ".join(wrong) or " ".join(sorted(set(told.values()))),
        seconds=time.monotonic() - begun,
    )


def _tls() -> Row:
    """A certificate that nobody signed."""
    with tempfile.TemporaryDirectory() as folder:
        return _row(packed, own_certificate(Path(folder)), "a certificate that nobody signed")


def own_certificate(folder: Path) -> ssl.SSLContext:
    """A context with a certificate of its own making."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate),
            *("-days", "2", "-subj", "/CN=faults"),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
