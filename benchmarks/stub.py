"""A model on loopback that says what the first word of a prompt asks for, at a pace."""

import contextlib
import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

# Deltas of a message, each with the seconds to wait before it.
# As vendors say tokens.
A_SECOND = 60.0
type Pieces = Iterator[tuple[float, dict[str, object]]]
# What is said to a prompt with this word in it, step by step: after each call of a tool comes the next one.
type Said = Mapping[str, Sequence[Callable[[], Pieces]]]


def words(text: str, a_second: float = 0.0) -> Callable[[], Pieces]:
    """A text in pieces of some letters, as tokens are; all at once without a pace."""

    def pieces() -> Pieces:
        size = 4 if a_second else 1 << 14
        for begin in range(0, len(text), size):
            yield (1 / a_second if a_second else 0.0), {"content": text[begin : begin + size]}

    return pieces


def call(tool: str, text: str = "", **arguments: object) -> Callable[[], Pieces]:
    """A call of a tool, with what is said before it."""
    function = {"name": tool, "arguments": json.dumps(arguments)}
    piece: dict[str, object] = {"tool_calls": [{"index": 0, "id": "c1", "type": "function", "function": function}]}
    said = words(text, A_SECOND) if text else lambda: iter(())
    return lambda: chain(said(), [(0.3 if text else 0.0, piece)])


class _Answering(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    said: Said
    ended: list[float]

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        content = json.dumps({"object": "list", "data": [{"id": "m", "object": "model"}]}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        messages = body["messages"]
        at = max((number for number, each in enumerate(messages) if each["role"] == "user"), default=0)
        done = sum(each["role"] == "assistant" for each in messages[at:])
        pieces = self._pieces(_text(messages[at]["content"]), done)
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True
        with contextlib.suppress(OSError):
            self._say(pieces)

    def _pieces(self, prompt: str, done: int) -> Pieces:
        steps = next((steps for word, steps in self.said.items() if word in prompt), ())
        return steps[done]() if done < len(steps) else words("Done." if done else "Yes.")()

    def _say(self, pieces: Pieces) -> None:
        reason, at = "stop", time.perf_counter()
        for pause_s, delta in pieces:
            at += pause_s
            if (left := at - time.perf_counter()) > 0:
                time.sleep(left)
            reason = "tool_calls" if "tool_calls" in delta else reason
            self._send({"choices": [{"index": 0, "delta": {"role": "assistant", **delta}}]})
        usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
        self._send({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
        self._send({"choices": [], "usage": usage})
        self.wfile.write(b"data: [DONE]\n\n")
        self.ended.append(time.perf_counter())

    def _send(self, value: dict[str, object]) -> None:
        self.wfile.write(
            f"data: {json.dumps({'id': 'x', 'object': 'chat.completion.chunk', 'model': 'm', **value})}\n\n".encode()
        )


def _text(content: object) -> str:
    if isinstance(content, list):
        return "".join(str(each.get("text", "")) for each in content if isinstance(each, dict))
    return str(content)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stub:
    """Where it listens, and when its answers ended."""

    url: str
    ended: list[float]


@contextlib.contextmanager
def serving(said: Said) -> Iterator[Stub]:
    """The model for the time of the block; it says `Yes.` to what it does not know."""
    ended: list[float] = []
    handler = type("Answering", (_Answering,), {"said": said, "ended": ended})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Stub(url=f"http://127.0.0.1:{server.server_address[1]}", ended=ended)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
