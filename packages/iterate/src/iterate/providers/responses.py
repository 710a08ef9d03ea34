"""OpenAI's responses, in which what a model thought can go back to it, encrypted."""

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
from iterate.request import AssistantMessage, Message, Request, ToolMessage, UserMessage


class _Item(Struct, frozen=True):
    type: str = ""
    id: str | None = None
    call_id: str | None = None
    name: str | None = None
    arguments: str | None = None
    summary: list[dict[str, Json]] | None = None
    encrypted_content: str | None = None


class _Read(Struct, frozen=True):
    cached_tokens: int | None = None


class _Written(Struct, frozen=True):
    reasoning_tokens: int | None = None


class _Usage(Struct, frozen=True):
    input_tokens: int | None = None
    output_tokens: int | None = None
    input_tokens_details: _Read | None = None
    output_tokens_details: _Written | None = None


class _Incomplete(Struct, frozen=True):
    reason: str | None = None


class _Response(Struct, frozen=True):
    usage: _Usage | None = None
    error: Json = None
    incomplete_details: _Incomplete | None = None


class _Event(Struct, frozen=True):
    type: str = ""
    delta: str | None = None
    output_index: int | None = None
    summary_index: int | None = None
    arguments: str | None = None
    item: _Item | None = None
    response: _Response | None = None
    error: Json = None
    code: Json = None
    message: str | None = None


_decoder = msgspec.json.Decoder(_Event)


def question(endpoint: Endpoint, request: Request) -> Question:
    """The HTTP request of one step."""
    body: dict[str, Json] = {
        "model": endpoint.model,
        "stream": True,
        # Nothing of the conversation stays with the vendor beyond what its cache does.
        "store": False,
    }
    if request.system:
        body["instructions"] = "\n\n".join(request.system)
    if request.tools:
        body["tools"] = [
            {
                "type": "function",
                "name": each.name,
                "description": each.description,
                "parameters": each.schema,
                "strict": False,
            }
            for each in request.tools
        ]
    if request.max_output is not None:
        body["max_output_tokens"] = request.max_output
    if endpoint.thinks:
        body["include"] = ["reasoning.encrypted_content"]
        effort: dict[str, Json] = {}
        if request.effort:
            # Older models have no word for not to think at all.
            is_least = request.effort == "none" and endpoint.habits.effort != "words"
            effort["effort"] = "low" if is_least else request.effort
        body["reasoning"] = {**effort, "summary": "auto"}
    if request.session and endpoint.habits.cache_key:
        body[endpoint.habits.cache_key] = request.session
    # Last, so that what was sent before is a prefix of what is sent next.
    body["input"] = [item for message in complete(request.messages) for item in _items(endpoint, message)]
    headers = {"Content-Type": "application/json"}
    if endpoint.key:
        headers["Authorization"] = f"Bearer {endpoint.key}"
    return Question(endpoint.url("responses"), {**headers, **endpoint.headers}, msgspec.json.encode(body))


class Reading:
    """The answer of one step."""

    def __init__(self, endpoint: Endpoint, assembly: Assembly) -> None:
        self._endpoint = endpoint
        self._assembly = assembly
        self._summary = 0
        self.is_over = False

    def take(self, said: Said) -> Iterator[Piece | Part]:
        """What one event adds."""
        if said.text.strip() == "[DONE]":
            return
        event = _decoder.decode(said.text)
        match event.type or said.event:
            case "response.output_text.delta":
                yield from self._assembly.text(event.delta or "")
            case "response.refusal.delta":
                self._assembly.stop("refused")
                yield from self._assembly.text(event.delta or "")
            case "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" | "response.reasoning.delta":
                yield from self._think(event)
            case "response.output_item.added" | "response.output_item.done":
                yield from self._item(event, is_done=event.type.endswith("done"))
            case "response.function_call_arguments.delta":
                self._assembly.fragment(index=event.output_index, arguments=event.delta)
            case "response.function_call_arguments.done":
                self._assembly.fragment(index=event.output_index, arguments=event.arguments, is_whole=True)
            case "response.completed" | "response.incomplete" | "response.done":
                self._finish(event.response or _Response())
            case "response.failed" | "error":
                inner = event.response.error if event.response else None
                raise failures.inside(
                    self._endpoint, inner or event.error or {"code": event.code, "message": event.message}
                )
            case _:
                pass

    def end(self) -> Iterator[Piece | Part]:
        """What the end of the answer adds: nothing."""
        return iter(())

    def _think(self, event: _Event) -> Iterator[Piece | Part]:
        index = event.summary_index or 0
        if index != self._summary:
            self._summary = index
            if index:
                yield from self._assembly.thought("\n\n")
        yield from self._assembly.thought(event.delta or "")

    def _item(self, event: _Event, *, is_done: bool) -> Iterator[Piece | Part]:
        item = event.item
        if item is None:
            return
        if item.type == "function_call":
            self._assembly.fragment(
                index=event.output_index,
                id_=item.call_id or "",
                name=item.name or "",
                arguments=item.arguments,
                is_whole=is_done,
            )
        elif item.type == "reasoning" and is_done and item.encrypted_content:
            kept = {"id": item.id, "summary": item.summary or [], "encrypted_content": item.encrypted_content}
            yield from self._assembly.sign(msgspec.json.encode(kept).decode())

    def _finish(self, response: _Response) -> None:
        self.is_over = True
        reason = response.incomplete_details.reason if response.incomplete_details else None
        if reason:
            self._assembly.stop("refused" if reason == "content_filter" else "length")
        elif not self._assembly.has_ending:
            self._assembly.stop("stop")
        usage = response.usage
        if usage is not None:
            read, written = usage.input_tokens_details or _Read(), usage.output_tokens_details or _Written()
            self._assembly.count(
                Counts(
                    input=usage.input_tokens or 0,
                    output=usage.output_tokens or 0,
                    reasoning=written.reasoning_tokens or 0,
                    cache_read=read.cached_tokens or 0,
                )
            )


def _items(endpoint: Endpoint, message: Message) -> list[Json]:
    match message:
        case UserMessage(parts=parts):
            blocks = [_block(each) for each in contents(parts, sees_images=endpoint.sees_images)]
            return [{"type": "message", "role": "user", "content": blocks}] if blocks else []
        case AssistantMessage(parts=said):
            return _ended(list(_said(endpoint, said)))
        case ToolMessage():
            return _results(endpoint, message)
        case _:
            assert_never(message)


def _block(each: str | Picture) -> dict[str, Json]:
    if isinstance(each, str):
        return {"type": "input_text", "text": each}
    if each.is_image:
        return {"type": "input_image", "image_url": each.url, "detail": "auto"}
    return {"type": "input_file", "filename": each.name, "file_data": each.url}


def _said(endpoint: Endpoint, parts: Iterable[TextPart | ReasoningPart | ToolCallPart]) -> Iterator[Json]:
    for part in parts:
        match part:
            case TextPart():
                if part.text:
                    content: Json = [{"type": "output_text", "text": part.text, "annotations": []}]
                    yield {"type": "message", "role": "assistant", "content": content}
            case ReasoningPart():
                # What another model thought cannot be read by this one.
                if part.signature.startswith(f"{endpoint.name} {{"):
                    kept = msgspec.json.decode(part.signature.partition(" ")[2], type=dict[str, Json])
                    yield {"type": "reasoning", **kept}
            case ToolCallPart():
                arguments = msgspec.json.encode(part.arguments).decode()
                yield {
                    "type": "function_call",
                    "call_id": call_id(part.call),
                    "name": part.tool,
                    "arguments": arguments,
                }
            case _:
                assert_never(part)


def _ended(items: list[Json]) -> list[Json]:
    """The items without thoughts at the end, as an answer has them that was ended there: they need what follows."""
    while items and isinstance(last := items[-1], dict) and last["type"] == "reasoning":
        items.pop()
    return items


def _results(endpoint: Endpoint, message: ToolMessage) -> list[Json]:
    written: list[Json] = []
    for result in message.results:
        output: Json = result_text(result)
        pictures = contents(result.files, sees_images=endpoint.sees_images)
        if pictures:
            output = [_block(result_text(result)), *map(_block, pictures)]
        written.append({"type": "function_call_output", "call_id": call_id(result.call), "output": output})
    return written
