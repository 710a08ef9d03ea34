"""Ollama's own format: lines of JSON, and the only way to ask it for a window.

Over its imitation of OpenAI's format it cuts a prompt at some 4,096 tokens and says nothing, see docs/models.md.
"""

from collections.abc import Iterable, Iterator
from typing import assert_never

import msgspec
from msgspec import Struct

from iterate.events import Json, Part, Piece, ReasoningPart, TextPart, ToolCallPart
from iterate.providers import failures
from iterate.providers.assembly import Assembly, Counts
from iterate.providers.conversation import Picture, complete, contents, result_text
from iterate.providers.endpoint import Endpoint
from iterate.providers.network import Question, Said
from iterate.request import AssistantMessage, Request, ToolMessage, UserMessage

type Object = dict[str, Json]


class _Function(Struct, frozen=True):
    name: str = ""
    arguments: dict[str, Json] | str | None = None


class _Call(Struct, frozen=True):
    function: _Function | None = None
    id: str | None = None


class _Message(Struct, frozen=True):
    content: str | None = None
    thinking: str | None = None
    tool_calls: list[_Call] | None = None


class _Line(Struct, frozen=True):
    message: _Message | None = None
    done: bool = False
    done_reason: str | None = None
    prompt_eval_count: int | None = None
    eval_count: int | None = None
    error: Json = None


_decoder = msgspec.json.Decoder(_Line)


def question(endpoint: Endpoint, request: Request) -> Question:
    """The HTTP request of one step."""
    options: Object = {}
    if endpoint.window is not None:
        options["num_ctx"] = endpoint.window
    if request.max_output is not None:
        options["num_predict"] = request.max_output
    body: Object = {"model": endpoint.model, "stream": True, "options": options}
    if request.tools:
        body["tools"] = [
            {
                "type": "function",
                "function": {"name": each.name, "description": each.description, "parameters": each.schema},
            }
            for each in request.tools
        ]
    if endpoint.thinks and request.effort:
        body["think"] = request.effort != "none"
    body["messages"] = list(_messages(endpoint, request))
    headers = {"Content-Type": "application/json"}
    if endpoint.key:
        headers["Authorization"] = f"Bearer {endpoint.key}"
    return Question(endpoint.url("api/chat"), {**headers, **endpoint.headers}, msgspec.json.encode(body))


class Reading:
    """The answer of one step."""

    def __init__(self, endpoint: Endpoint, assembly: Assembly) -> None:
        self._endpoint = endpoint
        self._assembly = assembly
        self.is_over = False

    def take(self, said: Said) -> Iterator[Piece | Part]:
        """What one line adds."""
        line = _decoder.decode(said.text)
        if line.error:
            raise failures.inside(self._endpoint, line.error)
        if line.message is not None:
            yield from self._assembly.thought(line.message.thinking or "")
            yield from self._assembly.text(line.message.content or "")
            for call in line.message.tool_calls or ():
                function = call.function or _Function()
                arguments = {} if function.arguments is None else function.arguments
                self._assembly.fragment(
                    index=None, id_=call.id or "", name=function.name, arguments=arguments, is_new=True
                )
        if line.done:
            self.is_over = True
            self._assembly.stop("length" if line.done_reason == "length" else "stop")
            self._assembly.count(Counts(input=line.prompt_eval_count or 0, output=line.eval_count or 0))

    def end(self) -> Iterator[Piece | Part]:
        """What the end of the answer adds: nothing."""
        return iter(())


def _messages(endpoint: Endpoint, request: Request) -> Iterator[Json]:
    if request.system:
        yield {"role": "system", "content": "\n\n".join(request.system)}
    names: dict[str, str] = {}
    for message in complete(request.messages):
        match message:
            case UserMessage(parts=parts):
                yield {"role": "user", **_content(contents(parts, sees_images=endpoint.sees_images))}
            case AssistantMessage(parts=said):
                names.update({part.call: part.tool for part in said if isinstance(part, ToolCallPart)})
                yield _assistant(said)
            case ToolMessage():
                yield from _results(endpoint, message, names)
            case _:
                assert_never(message)


def _content(found: Iterable[str | Picture]) -> Object:
    listed = list(found)
    images: list[Json] = [each.base64 for each in listed if isinstance(each, Picture) and each.is_image]
    texts = [each for each in listed if isinstance(each, str)]
    return {"content": "\n\n".join(texts), **({"images": images} if images else {})}


def _assistant(parts: Iterable[TextPart | ReasoningPart | ToolCallPart]) -> Json:
    text, thoughts, calls = "", "", list[Json]()
    for part in parts:
        match part:
            case TextPart():
                text += part.text
            case ReasoningPart():
                thoughts += part.text
            case ToolCallPart():
                calls.append({"function": {"name": part.tool, "arguments": part.arguments}})
            case _:
                assert_never(part)
    fields: Object = {"thinking": thoughts} if thoughts and calls else {}
    return {"role": "assistant", "content": text, **fields, **({"tool_calls": calls} if calls else {})}


def _results(endpoint: Endpoint, message: ToolMessage, names: dict[str, str]) -> Iterator[Json]:
    pictures: list[str | Picture] = []
    for result in message.results:
        yield {"role": "tool", "tool_name": names.get(result.call, ""), "content": result_text(result)}
        pictures += contents(result.files, sees_images=endpoint.sees_images)
    if pictures:
        yield {"role": "user", **_content(["The files of the results above:", *pictures])}
