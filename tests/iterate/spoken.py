"""Writes what a model says as the four formats of vendors, in the forms that their documentation shows.

With it the transcripts of `tests/iterate/tasks` were written, and are written again by `make golden`. No vendor was
asked for them.
"""

import json
from collections.abc import Iterator, Mapping

from msgspec import Struct

# Stands between two answers of one transcript; a line that begins with a colon is a comment of the format.
NEXT = b": the next answer\n\n"
# Texts and arguments come in pieces of so many characters.
PIECE = 40


class Called(Struct, frozen=True, kw_only=True):
    """A call of a tool."""

    id: str
    tool: str
    arguments: dict[str, object]

    @property
    def text(self) -> str:
        """The arguments as models write them."""
        return json.dumps(self.arguments, ensure_ascii=False)


class Said(Struct, frozen=True, kw_only=True):
    """One answer of a model: text, then calls, and how many tokens were read and written."""

    text: str = ""
    calls: tuple[Called, ...] = ()
    read: int = 0
    wrote: int = 0


type Named = tuple[str, dict[str, object]]


def _pieces(text: str) -> list[str]:
    return [text[begin : begin + PIECE] for begin in range(0, len(text), PIECE)]


def _chat(said: Said) -> Iterator[Named]:
    def chunk(delta: dict[str, object], reason: str | None = None) -> Named:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return "", {"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "m", "choices": [choice]}

    yield chunk({"role": "assistant", "content": "" if said.text else None})
    for piece in _pieces(said.text):
        yield chunk({"content": piece})
    for index, call in enumerate(said.calls):
        function: dict[str, object] = {"name": call.tool, "arguments": ""}
        yield chunk({"tool_calls": [{"index": index, "id": call.id, "type": "function", "function": function}]})
        for piece in _pieces(call.text):
            yield chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
    yield chunk({}, "tool_calls" if said.calls else "stop")
    total = said.read + said.wrote
    usage = {"prompt_tokens": said.read, "completion_tokens": said.wrote, "total_tokens": total}
    yield "", {"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "m", "choices": [], "usage": usage}


def _responses(said: Said) -> Iterator[Named]:
    def event(kind: str, **fields: object) -> Named:
        return kind, {"type": kind, **fields}

    yield event("response.created", response={"id": "resp_1", "status": "in_progress"})
    for piece in _pieces(said.text):
        place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
        yield event("response.output_text.delta", **place, delta=piece)
    for index, call in enumerate(said.calls, 1):
        item = {"type": "function_call", "id": f"fc_{index}", "call_id": call.id, "name": call.tool}
        where = {"output_index": index, "item_id": f"fc_{index}"}
        yield event("response.output_item.added", output_index=index, item={**item, "arguments": ""})
        for piece in _pieces(call.text):
            yield event("response.function_call_arguments.delta", **where, delta=piece)
        yield event("response.function_call_arguments.done", **where, arguments=call.text)
        yield event("response.output_item.done", output_index=index, item={**item, "arguments": call.text})
    usage = {"input_tokens": said.read, "output_tokens": said.wrote, "total_tokens": said.read + said.wrote}
    yield event("response.completed", response={"id": "resp_1", "status": "completed", "usage": usage, "error": None})


def _messages(said: Said) -> Iterator[Named]:
    def event(kind: str, **fields: object) -> Named:
        return kind, {"type": kind, **fields}

    def block(index: int, start: dict[str, object], deltas: list[dict[str, object]]) -> Iterator[Named]:
        yield event("content_block_start", index=index, content_block=start)
        for delta in deltas:
            yield event("content_block_delta", index=index, delta=delta)
        yield event("content_block_stop", index=index)

    usage = {"input_tokens": said.read, "output_tokens": 1}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "content": [], "model": "m", "usage": usage}
    yield event("message_start", message=message)
    yield event("ping")
    begun = 0
    if said.text:
        texts: list[dict[str, object]] = [{"type": "text_delta", "text": piece} for piece in _pieces(said.text)]
        yield from block(0, {"type": "text", "text": ""}, texts)
        begun = 1
    for index, call in enumerate(said.calls, begun):
        parts: list[dict[str, object]] = [
            {"type": "input_json_delta", "partial_json": piece} for piece in _pieces(call.text)
        ]
        yield from block(index, {"type": "tool_use", "id": call.id, "name": call.tool, "input": {}}, parts)
    reason = "tool_use" if said.calls else "end_turn"
    yield event("message_delta", delta={"stop_reason": reason}, usage={"output_tokens": said.wrote})
    yield event("message_stop")


def _generate(said: Said) -> Iterator[Named]:
    def chunk(parts: list[dict[str, object]], **more: object) -> Named:
        return "", {"candidates": [{"content": {"role": "model", "parts": parts}, "index": 0, **more}]}

    for piece in _pieces(said.text):
        yield chunk([{"text": piece}])
    calls: list[dict[str, object]] = [
        {"functionCall": {"id": call.id, "name": call.tool, "args": call.arguments}} for call in said.calls
    ]
    name, last = chunk(calls or [{"text": ""}], finishReason="STOP")
    usage = {"promptTokenCount": said.read, "candidatesTokenCount": said.wrote}
    yield name, {**last, "usageMetadata": {**usage, "totalTokenCount": said.read + said.wrote}, "modelVersion": "m"}


FORMATS = {
    "openai-chat": _chat,
    "openai-responses": _responses,
    "anthropic-messages": _messages,
    "google-generate": _generate,
}


def transcript(wire: str, answers: tuple[Said, ...]) -> bytes:
    """All the answers of a model in a format, one behind the other."""
    end = b"data: [DONE]\n\n" if wire == "openai-chat" else b""
    return NEXT.join(b"".join(_frame(name, data) for name, data in FORMATS[wire](each)) + end for each in answers)


def _frame(name: str, data: Mapping[str, object]) -> bytes:
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(data, ensure_ascii=False)}\n\n".encode()
