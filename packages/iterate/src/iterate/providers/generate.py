"""Google's generate-content: a stream without an end mark, calls as whole objects, signatures beside the parts."""

from collections.abc import Iterable, Iterator
from typing import assert_never

import msgspec
from msgspec import Struct

from iterate.errors import ProviderBroke
from iterate.events import Json, Part, Piece, ReasoningPart, TextPart, ToolCallPart
from iterate.providers import failures
from iterate.providers.assembly import Assembly, Counts
from iterate.providers.conversation import Picture, complete, contents, result_text
from iterate.providers.endpoint import Endpoint
from iterate.providers.network import Question, Said
from iterate.request import AssistantMessage, Message, Request, ToolMessage, UserMessage

BUDGETS = {"none": 0, "low": 2048, "medium": 8192, "high": 24_576}
_TEXT, _CALL = "text:", "call:"
_REFUSED = {"SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "LANGUAGE", "IMAGE_SAFETY"}
# The model wrote what is no call; the next time it may do better.
_BROKEN = {"MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "MALFORMED_RESPONSE", "MISSING_THOUGHT_SIGNATURE"}
# Ids that we made, because the vendor gave none.
_OURS = "call_"

type Object = dict[str, Json]


class _FunctionCall(Struct, frozen=True):
    name: str = ""
    args: dict[str, Json] | None = None
    id: str | None = None


class _Part(Struct, frozen=True, rename="camel"):
    text: str | None = None
    thought: bool | None = None
    thought_signature: str | None = None
    function_call: _FunctionCall | None = None


class _Content(Struct, frozen=True):
    parts: list[_Part] | None = None


class _Candidate(Struct, frozen=True, rename="camel"):
    content: _Content | None = None
    finish_reason: str | None = None
    finish_message: str | None = None


class _Feedback(Struct, frozen=True, rename="camel"):
    block_reason: str | None = None


class _Usage(Struct, frozen=True, rename="camel"):
    prompt_token_count: int | None = None
    tool_use_prompt_token_count: int | None = None
    candidates_token_count: int | None = None
    thoughts_token_count: int | None = None
    cached_content_token_count: int | None = None


class _Chunk(Struct, frozen=True, rename="camel"):
    candidates: list[_Candidate] | None = None
    prompt_feedback: _Feedback | None = None
    usage_metadata: _Usage | None = None
    error: Json = None


_decoder = msgspec.json.Decoder(_Chunk)


def question(endpoint: Endpoint, request: Request) -> Question:
    """The HTTP request of one step."""
    body: Object = {}
    if request.system:
        body["systemInstruction"] = {"parts": [{"text": text} for text in request.system]}
    if request.tools:
        body["tools"] = [
            {
                "functionDeclarations": [
                    {"name": each.name, "description": each.description, "parametersJsonSchema": each.schema}
                    for each in request.tools
                ]
            }
        ]
    settings: Object = {}
    if request.max_output is not None:
        settings["maxOutputTokens"] = request.max_output
    if endpoint.thinks:
        settings["thinkingConfig"] = {"includeThoughts": True, **_effort(endpoint, request)}
    if settings:
        body["generationConfig"] = settings
    body["contents"] = _contents(endpoint, request.messages)
    headers = {"Content-Type": "application/json"}
    if endpoint.key:
        headers["x-goog-api-key"] = endpoint.key
    path = f"models/{endpoint.model}:streamGenerateContent?alt=sse"
    return Question(endpoint.url(path), {**headers, **endpoint.headers}, msgspec.json.encode(body))


def _effort(endpoint: Endpoint, request: Request) -> Object:
    if not request.effort:
        return {}
    if endpoint.habits.effort == "words":
        # There is no such level as none.
        return {"thinkingLevel": "low" if request.effort == "none" else request.effort}
    return {"thinkingBudget": BUDGETS[request.effort]}


class Reading:
    """The answer of one step."""

    def __init__(self, endpoint: Endpoint, assembly: Assembly) -> None:
        self._endpoint = endpoint
        self._assembly = assembly
        self.is_over = False

    def take(self, said: Said) -> Iterator[Piece | Part]:
        """What one event adds."""
        if said.text.strip() == "[DONE]":
            return
        chunk = _decoder.decode(said.text)
        if chunk.error:
            raise failures.inside(self._endpoint, chunk.error)
        if chunk.usage_metadata is not None:
            self._count(chunk.usage_metadata)
        if chunk.prompt_feedback is not None and chunk.prompt_feedback.block_reason:
            self._assembly.stop("refused")
        for candidate in (chunk.candidates or ())[:1]:
            for part in (candidate.content.parts if candidate.content else None) or ():
                yield from self._add(part)
            self._stop(candidate)

    def end(self) -> Iterator[Piece | Part]:
        """What the end of the answer adds: nothing."""
        return iter(())

    def _add(self, part: _Part) -> Iterator[Piece | Part]:
        if part.function_call is not None:
            call = part.function_call
            self._assembly.fragment(
                index=None,
                id_=call.id or "",
                name=call.name,
                arguments=call.args or {},
                signature=_CALL + part.thought_signature if part.thought_signature else "",
                is_new=True,
            )
            return
        if part.thought:
            yield from self._assembly.thought(part.text or "")
            return
        yield from self._assembly.text(part.text or "")
        if part.thought_signature:
            yield from self._assembly.sign(_TEXT + part.thought_signature)

    def _stop(self, candidate: _Candidate) -> None:
        reason = candidate.finish_reason
        if reason in _BROKEN:
            text = failures.shown(candidate.finish_message or reason)
            raise ProviderBroke(f"{self._endpoint.name} wrote a call that cannot be read: {text}", is_passing=True)
        if reason in _REFUSED:
            self._assembly.stop("refused")
        elif reason and reason != "FINISH_REASON_UNSPECIFIED":
            self._assembly.stop("length" if reason == "MAX_TOKENS" else "stop")

    def _count(self, usage: _Usage) -> None:
        thoughts = usage.thoughts_token_count or 0
        self._assembly.count(
            Counts(
                input=(usage.prompt_token_count or 0) + (usage.tool_use_prompt_token_count or 0),
                output=(usage.candidates_token_count or 0) + thoughts,
                reasoning=thoughts,
                cache_read=usage.cached_content_token_count or 0,
            )
        )


def _contents(endpoint: Endpoint, messages: Iterable[Message]) -> list[Json]:
    written: list[Json] = []
    names: dict[str, str] = {}
    for message in complete(messages):
        match message:
            case UserMessage(parts=parts):
                role, blocks = "user", [_block(each) for each in contents(parts, sees_images=endpoint.sees_images)]
            case AssistantMessage(parts=said):
                names.update({part.call: part.tool for part in said if isinstance(part, ToolCallPart)})
                role, blocks = "model", _said(endpoint, said)
            case ToolMessage():
                role, blocks = "user", _results(endpoint, message, names)
            case _:
                assert_never(message)
        if blocks:
            written.append({"role": role, "parts": blocks})
    return written


def _block(each: str | Picture) -> Object:
    if isinstance(each, str):
        return {"text": each}
    return {"inlineData": {"mimeType": each.media_type, "data": each.base64}}


def _said(endpoint: Endpoint, parts: Iterable[TextPart | ReasoningPart | ToolCallPart]) -> list[Object]:
    blocks: list[Object] = []
    waiting = ""
    for part in parts:
        match part:
            case TextPart():
                if part.text:
                    blocks.append({"text": part.text})
            case ReasoningPart():
                signature = part.signature.removeprefix(f"{endpoint.name} ")
                if signature.startswith(_CALL):
                    waiting = signature.removeprefix(_CALL)
                elif signature.startswith(_TEXT):
                    if not (blocks and "text" in blocks[-1]):
                        blocks.append({"text": ""})
                    blocks[-1]["thoughtSignature"] = signature.removeprefix(_TEXT)
            case ToolCallPart():
                call: Object = {"name": part.tool, "args": part.arguments, **_id(part.call)}
                blocks.append({"functionCall": call, **({"thoughtSignature": waiting} if waiting else {})})
                waiting = ""
            case _:
                assert_never(part)
    return blocks


def _id(call: str) -> Object:
    return {} if call.startswith(_OURS) else {"id": call}


def _results(endpoint: Endpoint, message: ToolMessage, names: dict[str, str]) -> list[Object]:
    blocks: list[Object] = []
    pictures: list[Object] = []
    for result in message.results:
        given: Object = {"output" if result.status == "ok" else "error": result_text(result)}
        name = names.get(result.call, "unknown")
        blocks.append({"functionResponse": {"name": name, "response": given, **_id(result.call)}})
        pictures += [_block(each) for each in contents(result.files, sees_images=endpoint.sees_images)]
    return blocks + pictures
