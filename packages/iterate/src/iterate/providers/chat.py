"""OpenAI's chat completions, the format that most vendors and all local servers speak."""

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

_DETAILS = "details:"
_REASONS = {
    "length": "length",
    "max_tokens": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "refused",
    "refusal": "refused",
    "safety": "refused",
}


class _Function(Struct, frozen=True):
    name: str | None = None
    arguments: str | dict[str, Json] | None = None


class _Fragment(Struct, frozen=True):
    index: int | None = None
    id: str | None = None
    function: _Function | None = None


class _Delta(Struct, frozen=True):
    # Mistral writes a list of thoughts and texts.
    content: str | list[dict[str, Json]] | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    reasoning_details: list[dict[str, Json]] | None = None
    refusal: str | None = None
    tool_calls: list[_Fragment] | None = None


class _Choice(Struct, frozen=True):
    delta: _Delta | None = None
    # Some servers answer with the whole message at once.
    message: _Delta | None = None
    finish_reason: str | None = None


class _Details(Struct, frozen=True):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None


class _Usage(Struct, frozen=True):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _Details | None = None
    completion_tokens_details: _Details | None = None
    # DeepSeek's word for it.
    prompt_cache_hit_tokens: int | None = None


class _Chunk(Struct, frozen=True):
    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    error: Json = None


_decoder = msgspec.json.Decoder(_Chunk)


def question(endpoint: Endpoint, request: Request) -> Question:
    """The HTTP request of one step."""
    habits = endpoint.habits
    body: dict[str, Json] = {
        "model": endpoint.model,
        "stream": True,
    }
    if habits.asks_for_usage:
        body["stream_options"] = {"include_usage": True}
    if request.tools:
        body["tools"] = [
            {
                "type": "function",
                "function": {"name": each.name, "description": each.description, "parameters": each.schema},
            }
            for each in request.tools
        ]
    if request.max_output is not None:
        body[habits.most] = request.max_output
    if request.effort and endpoint.thinks and habits.effort:
        body[habits.effort] = {"effort": request.effort} if habits.effort == "reasoning" else request.effort
    if request.session and habits.cache_key:
        body[habits.cache_key] = request.session
    # Last, so that what was sent before is a prefix of what is sent next.
    body["messages"] = _messages(endpoint, request)
    headers = {
        "Content-Type": "application/json",
        **({"Authorization": f"Bearer {endpoint.key}"} if endpoint.key else {}),
    }
    return Question(endpoint.url("chat/completions"), {**headers, **endpoint.headers}, msgspec.json.encode(body))


class Reading:
    """The answer of one step."""

    def __init__(self, endpoint: Endpoint, assembly: Assembly) -> None:
        self._endpoint = endpoint
        self._assembly = assembly
        self._details: list[dict[str, Json]] = []
        self.is_over = False

    def take(self, said: Said) -> Iterator[Piece | Part]:
        """What one event adds."""
        if said.text.strip() == "[DONE]":
            self.is_over = True
            return
        chunk = _decoder.decode(said.text)
        if chunk.error or said.event == "error":
            raise failures.inside(self._endpoint, chunk.error or said.text)
        if chunk.usage is not None:
            self._count(chunk.usage)
        for choice in chunk.choices or ():
            delta = choice.delta or choice.message
            if delta is not None:
                yield from self._add(delta)
            if choice.finish_reason == "error":
                raise failures.inside(self._endpoint, "the vendor's server failed while it answered; try again")
            if choice.finish_reason:
                self._assembly.stop(_REASONS.get(choice.finish_reason, "stop"))

    def end(self) -> Iterator[Piece | Part]:
        """What the end of the answer adds."""
        if self._details:
            yield from self._assembly.sign(_DETAILS + msgspec.json.encode(_joined(self._details)).decode())

    def _add(self, delta: _Delta) -> Iterator[Piece | Part]:
        yield from self._assembly.thought(delta.reasoning_content or delta.reasoning or "")
        self._details += delta.reasoning_details or ()
        match delta.content:
            case str(text):
                yield from self._assembly.text(text)
            case list(parts):
                yield from self._add_parts(parts)
            case None:
                pass
            case _:
                assert_never(delta.content)
        if delta.refusal:
            yield from self._assembly.text(delta.refusal)
            self._assembly.stop("refused")
        for fragment in delta.tool_calls or ():
            function = fragment.function or _Function()
            self._assembly.fragment(
                index=fragment.index,
                id_=fragment.id or "",
                name=function.name or "",
                arguments=function.arguments,
            )

    def _add_parts(self, parts: Iterable[dict[str, Json]]) -> Iterator[Piece | Part]:
        for part in parts:
            thoughts = part.get("thinking")
            if isinstance(thoughts, list):
                for each in thoughts:
                    yield from self._assembly.thought(str(each.get("text", "")) if isinstance(each, dict) else "")
            elif isinstance(part.get("text"), str):
                yield from self._assembly.text(str(part["text"]))

    def _count(self, usage: _Usage) -> None:
        read, written = usage.prompt_tokens_details or _Details(), usage.completion_tokens_details or _Details()
        self._assembly.count(
            Counts(
                input=usage.prompt_tokens or 0,
                output=usage.completion_tokens or 0,
                reasoning=written.reasoning_tokens or 0,
                cache_read=read.cached_tokens or usage.prompt_cache_hit_tokens or 0,
                cache_write=read.cache_write_tokens or 0,
            )
        )


def _joined(details: Iterable[dict[str, Json]]) -> list[dict[str, Json]]:
    """Pieces of one detail put together: those that follow each other and are of one kind and index."""
    whole: list[dict[str, Json]] = []
    for each in details:
        last = whole[-1] if whole else None
        if last is None or (last.get("type"), last.get("index")) != (each.get("type"), each.get("index")):
            whole.append(dict(each))
            continue
        for name, value in each.items():
            before = last.get(name)
            if name in {"text", "summary", "data"} and isinstance(before, str) and isinstance(value, str):
                last[name] = before + value
            elif value is not None:
                last[name] = value
    return whole


def _messages(endpoint: Endpoint, request: Request) -> list[Json]:
    written: list[Json] = []
    if request.system:
        text = "\n\n".join(request.system)
        content: Json = [_marked(text)] if endpoint.habits.marks_cache else text
        written.append({"role": "system", "content": content})
    for message in complete(request.messages):
        written += _message(endpoint, message)
    if endpoint.habits.marks_cache and written:
        last = written[-1]
        if isinstance(last, dict) and last.get("role") == "user" and isinstance(last.get("content"), str):
            last["content"] = [_marked(str(last["content"]))]
    return written


def _marked(text: str) -> dict[str, Json]:
    return {"type": "text", "text": text, "cache_control": {"type": "ephemeral"}}


def _message(endpoint: Endpoint, message: Message) -> list[Json]:
    match message:
        case UserMessage(parts=parts):
            return [{"role": "user", "content": _content(contents(parts, sees_images=endpoint.sees_images))}]
        case AssistantMessage(parts=said):
            return [_assistant(endpoint, said)]
        case ToolMessage():
            return _results(endpoint, message)
        case _:
            assert_never(message)


def _content(found: list[str | Picture]) -> Json:
    if all(isinstance(each, str) for each in found):
        return "\n\n".join(each for each in found if isinstance(each, str))
    return [_block(each) for each in found]


def _block(each: str | Picture) -> dict[str, Json]:
    if isinstance(each, str):
        return {"type": "text", "text": each}
    if each.is_image:
        return {"type": "image_url", "image_url": {"url": each.url}}
    return {"type": "file", "file": {"filename": each.name, "file_data": each.url}}


def _assistant(endpoint: Endpoint, parts: Iterable[TextPart | ReasoningPart | ToolCallPart]) -> Json:
    text, thoughts, calls, fields = "", "", list[Json](), dict[str, Json]()
    for part in parts:
        match part:
            case TextPart():
                text += part.text
            case ReasoningPart():
                thoughts += part.text
                mark = f"{endpoint.name} {_DETAILS}"
                if part.signature.startswith(mark):
                    fields["reasoning_details"] = msgspec.json.decode(part.signature.removeprefix(mark))
            case ToolCallPart():
                arguments = msgspec.json.encode(part.arguments).decode()
                calls.append(
                    {
                        "id": call_id(part.call, endpoint.habits.id_length),
                        "type": "function",
                        "function": {"name": part.tool, "arguments": arguments},
                    }
                )
            case _:
                assert_never(part)
    if endpoint.habits.thoughts and thoughts and calls:
        fields[endpoint.habits.thoughts] = thoughts
    # Some templates of local models break where there is no content at all.
    return {"role": "assistant", "content": text, **fields, **({"tool_calls": calls} if calls else {})}


def _results(endpoint: Endpoint, message: ToolMessage) -> list[Json]:
    written: list[Json] = []
    pictures: list[str | Picture] = []
    for result in message.results:
        call = call_id(result.call, endpoint.habits.id_length)
        written.append({"role": "tool", "tool_call_id": call, "content": result_text(result)})
        pictures += contents(result.files, sees_images=endpoint.sees_images)
    if pictures:
        # A result may hold text only.
        written.append({"role": "user", "content": _content(["The files of the results above:", *pictures])})
    return written
