"""Anthropic's messages: what was thought goes back signed, and marks say how much of a prompt to keep."""

from collections.abc import Iterable, Iterator
from typing import assert_never

import msgspec
from msgspec import Struct

from iterate.events import Json, Part, Piece, ReasoningPart, TextPart, ToolCallPart
from iterate.providers import failures
from iterate.providers.assembly import Assembly, Counts
from iterate.providers.conversation import Picture, call_id, complete, contents, result_text
from iterate.providers.endpoint import Endpoint
from iterate.providers.network import Question, Said
from iterate.providers.pixels import longest_side
from iterate.request import AssistantMessage, Message, Request, ToolMessage, UserMessage

VERSION = "2023-06-01"
# The format wants a bound; this one where nobody says what the model can.
MOST_OUTPUT = 32_000
# How many tokens of thought older models are given; fewer than the answer may have, and never below the least.
BUDGETS = {"low": 2048, "medium": 8192, "high": 24_576}
LEAST_BUDGET = 1024
# What the vendor takes of an image, in pixels, and what where a request has more images than a few.
LONGEST_SIDE, LONGEST_SIDE_OF_MANY, FEW_IMAGES = 8000, 2000, 20
_REDACTED = "redacted:"
_THOUGHTS = ("thinking", "redacted_thinking")
_REASONS = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "refused",
}

type Object = dict[str, Json]


class _Usage(Struct, frozen=True):
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None


class _Message(Struct, frozen=True):
    usage: _Usage | None = None


class _Block(Struct, frozen=True):
    type: str = ""
    text: str | None = None
    thinking: str | None = None
    id: str | None = None
    name: str | None = None
    input: dict[str, Json] | None = None
    data: str | None = None


class _Delta(Struct, frozen=True):
    type: str = ""
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    partial_json: str | None = None
    stop_reason: str | None = None


class _Event(Struct, frozen=True):
    type: str = ""
    index: int | None = None
    message: _Message | None = None
    content_block: _Block | None = None
    delta: _Delta | None = None
    usage: _Usage | None = None
    error: Json = None


_decoder = msgspec.json.Decoder(_Event)


def question(endpoint: Endpoint, request: Request) -> Question:
    """The HTTP request of one step."""
    most = request.max_output or min(endpoint.output or MOST_OUTPUT, MOST_OUTPUT)
    body: Object = {"model": endpoint.model, "max_tokens": most, "stream": True}
    system: list[Object] = [{"type": "text", "text": text} for text in request.system if text.strip()]
    tools: list[Object] = [
        {"name": each.name, "description": each.description, "input_schema": each.schema} for each in request.tools
    ]
    messages = _messages(endpoint, request.messages)
    if endpoint.habits.marks_cache:
        _mark(system, tools, messages)
    if tools:
        body["tools"] = tools
    if system:
        body["system"] = system
    body.update(_thinking(endpoint, request, most))
    body["messages"] = messages
    headers = {"Content-Type": "application/json", "anthropic-version": VERSION}
    if endpoint.key:
        headers["x-api-key"] = endpoint.key
    return Question(endpoint.url("messages"), {**headers, **endpoint.headers}, msgspec.json.encode(body))


def _thinking(endpoint: Endpoint, request: Request, most: int) -> Object:
    if not endpoint.thinks or request.effort in {"", "none"}:
        return {}
    if endpoint.habits.effort == "words":
        return {"thinking": {"type": "adaptive"}, "output_config": {"effort": request.effort}}
    budget = min(BUDGETS[request.effort], most // 2)
    return {"thinking": {"type": "enabled", "budget_tokens": budget}} if budget >= LEAST_BUDGET else {}


def _mark(system: list[Object], tools: list[Object], messages: list[Object]) -> None:
    """Four marks, all there may be: behind the tools, the system, and the two newest messages of the person's side.

    The older of the two is where the last request ended, so that its entry of the cache is found.
    """
    mark: Object = {"type": "ephemeral"}
    for last in (tools[-1:], system[-1:]):
        for each in last:
            each["cache_control"] = mark
    for message in [each for each in messages if each["role"] == "user"][-2:]:
        blocks = message["content"]
        if isinstance(blocks, list) and blocks and isinstance(blocks[-1], dict):
            blocks[-1]["cache_control"] = mark


class Reading:
    """The answer of one step."""

    def __init__(self, endpoint: Endpoint, assembly: Assembly) -> None:
        self._endpoint = endpoint
        self._assembly = assembly
        self._signature: list[str] = []
        self._usage = _Usage()
        self.is_over = False

    def take(self, said: Said) -> Iterator[Piece | Part]:
        """What one event adds."""
        if said.text.strip() == "[DONE]":
            return
        event = _decoder.decode(said.text)
        if event.error:
            raise failures.inside(self._endpoint, event.error)
        match event.type:
            case "content_block_start":
                yield from self._begin(event, event.content_block or _Block())
            case "content_block_delta":
                yield from self._add(event, event.delta or _Delta())
            case "content_block_stop":
                yield from self._sign()
            case _:
                self._note(event)

    def _note(self, event: _Event) -> None:
        match event.type:
            case "message_start":
                self._count(event.message.usage if event.message else None)
            case "message_delta":
                self._count(event.usage)
                reason = event.delta.stop_reason if event.delta else None
                if reason:
                    self._assembly.stop(_REASONS.get(reason, "stop"))
            case "message_stop":
                self.is_over = True
            case _:
                pass

    def end(self) -> Iterator[Piece | Part]:
        """What the end of the answer adds: a signature whose block was not closed."""
        yield from self._sign()

    def _begin(self, event: _Event, block: _Block) -> Iterator[Piece | Part]:
        match block.type:
            case "text":
                yield from self._assembly.text(block.text or "")
            case "thinking":
                yield from self._assembly.thought(block.thinking or "")
            case "redacted_thinking":
                yield from self._assembly.sign(_REDACTED + (block.data or ""))
            case "tool_use":
                # The input of the beginning is an empty object; servers that do not stream it put all of it there.
                self._assembly.fragment(
                    index=event.index, id_=block.id or "", name=block.name or "", arguments=block.input or None
                )
            case _:
                pass

    def _add(self, event: _Event, delta: _Delta) -> Iterator[Piece | Part]:
        match delta.type:
            case "text_delta":
                yield from self._assembly.text(delta.text or "")
            case "thinking_delta":
                yield from self._assembly.thought(delta.thinking or "")
            case "signature_delta":
                self._signature.append(delta.signature or "")
            case "input_json_delta":
                if delta.partial_json:
                    self._assembly.fragment(index=event.index, arguments=delta.partial_json)
            case _:
                pass

    def _sign(self) -> Iterator[Piece | Part]:
        signature = "".join(self._signature)
        self._signature.clear()
        if signature:
            yield from self._assembly.sign(signature)

    def _count(self, usage: _Usage | None) -> None:
        """The first event counts what was read, the last one what was written; later counts replace earlier ones."""
        if usage is None:
            return
        known = self._usage
        self._usage = _Usage(
            input_tokens=known.input_tokens if usage.input_tokens is None else usage.input_tokens,
            output_tokens=known.output_tokens if usage.output_tokens is None else usage.output_tokens,
            cache_creation_input_tokens=usage.cache_creation_input_tokens or known.cache_creation_input_tokens,
            cache_read_input_tokens=usage.cache_read_input_tokens or known.cache_read_input_tokens,
        )
        read, write = self._usage.cache_read_input_tokens or 0, self._usage.cache_creation_input_tokens or 0
        self._assembly.count(
            Counts(
                input=(self._usage.input_tokens or 0) + read + write,
                output=self._usage.output_tokens or 0,
                cache_read=read,
                cache_write=write,
            )
        )


def _messages(endpoint: Endpoint, messages: Iterable[Message]) -> list[Object]:
    """The messages in turns: results of calls belong to the person's side, and come first there."""
    turns: list[tuple[str, list[Json]]] = []
    for message in complete(messages):
        role, blocks = _blocks(endpoint, message)
        if not blocks:
            continue
        if turns and turns[-1][0] == role:
            turns[-1][1].extend(blocks)
        else:
            turns.append((role, blocks))
    if turns and turns[0][0] != "user":
        turns.insert(0, ("user", [{"type": "text", "text": "(the conversation goes on)"}]))
    images = [each for _, blocks in turns for each in _images(blocks)]
    most = LONGEST_SIDE if len(images) <= FEW_IMAGES else LONGEST_SIDE_OF_MANY
    for each in images:
        if longest_side(str(_source(each).get("data", ""))) > most:
            each.clear()
            each.update(type="text", text=f"[an image of more than {most} pixels on a side, which is too large]")
    return [{"role": role, "content": blocks} for role, blocks in turns]


def _images(blocks: Iterable[Json]) -> Iterator[Object]:
    """The images among blocks, those of results included."""
    for each in blocks:
        if isinstance(each, dict):
            if each["type"] == "image":
                yield each
            elif isinstance(inner := each.get("content"), list):
                yield from _images(inner)


def _source(image: Object) -> Object:
    source = image.get("source")
    return source if isinstance(source, dict) else {}


def _blocks(endpoint: Endpoint, message: Message) -> tuple[str, list[Json]]:
    match message:
        case UserMessage(parts=parts):
            return "user", [_block(each) for each in contents(parts, sees_images=endpoint.sees_images)]
        case AssistantMessage(parts=said):
            return "assistant", _ended(list(_said(endpoint, said)))
        case ToolMessage():
            return "user", _results(endpoint, message)
        case _:
            assert_never(message)


def _block(each: str | Picture) -> Json:
    if isinstance(each, str):
        return {"type": "text", "text": each}
    source: Json = {"type": "base64", "media_type": each.media_type, "data": each.base64}
    return {"type": "image" if each.is_image else "document", "source": source}


def _said(endpoint: Endpoint, parts: Iterable[TextPart | ReasoningPart | ToolCallPart]) -> Iterator[Json]:
    for part in parts:
        match part:
            case TextPart():
                if part.text.strip():
                    yield {"type": "text", "text": part.text}
            case ReasoningPart():
                model, _, signature = part.signature.partition(" ")
                if model != endpoint.name or not signature:
                    continue
                if signature.startswith(_REDACTED):
                    yield {"type": "redacted_thinking", "data": signature.removeprefix(_REDACTED)}
                else:
                    yield {"type": "thinking", "thinking": part.text, "signature": signature}
            case ToolCallPart():
                yield {"type": "tool_use", "id": call_id(part.call), "name": part.tool, "input": part.arguments}
            case _:
                assert_never(part)


def _ended(blocks: list[Json]) -> list[Json]:
    """The blocks without thoughts at the end, as an answer has them that was ended there: Anthropic refuses them."""
    while blocks and isinstance(last := blocks[-1], dict) and last["type"] in _THOUGHTS:
        blocks.pop()
    return blocks


def _results(endpoint: Endpoint, message: ToolMessage) -> list[Json]:
    written: list[Json] = []
    for result in message.results:
        pictures = contents(result.files, sees_images=endpoint.sees_images)
        content: Json = [_block(result_text(result)), *map(_block, pictures)] if pictures else result_text(result)
        fields: Object = {"type": "tool_result", "tool_use_id": call_id(result.call), "content": content}
        written.append(fields if result.status == "ok" else {**fields, "is_error": True})
    return written
