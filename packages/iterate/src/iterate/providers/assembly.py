"""Puts together what a wire streams in pieces: text and thoughts handed on at once, calls, usage and ending at the end.

Vendors differ, and servers that imitate them differ more: an id may come once or each time, an index may be missing,
arguments come in pieces, as an object, or twice encoded. What is said here holds for all wires.
"""

import json
import os
from collections.abc import Iterator
from typing import Literal, assert_never

import msgspec
from msgspec import Struct

from iterate.errors import ProviderBroke
from iterate.events import FilePart, Json, Part, Piece, ReasoningPart, StepPart, TextPart, ToolCallPart, UsagePart
from iterate.providers.endpoint import Endpoint
from iterate.providers.textual import Textual
from iterate.request import Request, ToolMessage

MOST_CALLS = 512
# Characters that a model writes in one step: many times what any of them can. All of it is kept, and sent again.
MOST_WRITTEN = 32 << 20
# What is more, or less than nothing, is no count.
MOST_TOKENS = 1 << 40
# Of a text whose tokens nobody counted.
CHARACTERS_A_TOKEN = 4
PICTURE_TOKENS = 1000

type Reason = str
type StepReason = Literal["stop", "tool_calls", "length", "refused"]


class Counts(Struct, frozen=True, kw_only=True):
    """Tokens: `input` is all that was read, kept or not; `output` all that was written, thoughts included."""

    input: int = 0
    output: int = 0
    reasoning: int = 0
    cache_read: int = 0
    cache_write: int = 0


class _Call:
    """A call of which pieces came."""

    def __init__(self) -> None:
        self.id = ""
        self.name = ""
        self.text: list[str] = []
        self.arguments: dict[str, Json] | None = None
        # The vendor's, to be sent back with the call.
        self.signature = ""


class Assembly:
    """One step of a model, while it comes."""

    def __init__(self, endpoint: Endpoint, request: Request) -> None:
        self._endpoint = endpoint
        self._request = request
        self._calls: list[_Call] = []
        self._by_index: dict[int, _Call] = {}
        self._thoughts: list[str] = []
        self._written = 0
        self._counts: Counts | None = None
        self._reason: Reason = ""
        names = frozenset(tool.name for tool in request.tools)
        self._textual = Textual(names) if endpoint.is_local else None

    @property
    def written(self) -> int:
        """How many characters of text, thoughts and arguments came."""
        return self._written

    def _write(self, size: int) -> None:
        self._written += size
        if self._written > MOST_WRITTEN:
            raise ProviderBroke(f"the model writes more than {MOST_WRITTEN} characters in one step")

    @property
    def has_ending(self) -> bool:
        """Whether the model said that it stops."""
        return bool(self._reason)

    def text(self, text: str) -> Iterator[Piece | Part]:
        """The next words."""
        if not text:
            return
        self._write(len(text))
        for kind, words in self._textual.take(text) if self._textual else (("text", text),):
            yield from self._pass(kind, words)

    def thought(self, text: str) -> Iterator[Piece | Part]:
        """The next of what the model thinks."""
        if text:
            self._write(len(text))
            yield from self._pass("reasoning", text)

    def _pass(self, kind: str, text: str) -> Iterator[Piece | Part]:
        if kind == "reasoning":
            self._thoughts.append(text)
            yield Piece(text=text, kind="reasoning")
        else:
            yield Piece(text=text)

    def sign(self, signature: str) -> Iterator[Part]:
        """What was thought since the last signature is complete; `signature` has to go back with it."""
        thoughts = "".join(self._thoughts)
        self._thoughts.clear()
        yield ReasoningPart(text=thoughts, signature=f"{self._endpoint.name} {signature}")

    def fragment(
        self,
        *,
        index: int | None,
        id_: str = "",
        name: str = "",
        arguments: str | dict[str, Json] | None = None,
        signature: str = "",
        is_whole: bool = False,
        is_new: bool = False,
    ) -> None:
        """A piece of a call: the index says of which, or the id, or it goes on with the last one.

        `is_whole` where the arguments are all there are, whatever came before; `is_new` where each piece is a call.
        """
        call = self._begin() if is_new else self._call(index, id_, name)
        call.id = call.id or id_
        call.name = call.name or name
        call.signature = call.signature or signature
        if is_whole and isinstance(arguments, str):
            call.text = [arguments]
        elif isinstance(arguments, dict):
            self._write(_size(arguments))
            call.arguments = arguments
        elif arguments:
            call.text.append(arguments)
            self._write(len(arguments))

    def _call(self, index: int | None, id_: str, name: str) -> _Call:
        found = self._calls[-1] if self._calls else None
        if index is not None:
            found = self._by_index.get(index)
        elif id_:
            found = next((each for each in self._calls if each.id == id_), None)
        elif name and found is not None and found.name:
            found = None
        # Some give every call the index 0.
        is_other = found is not None and id_ and name and found.id and found.id != id_
        if found is None or is_other:
            found = self._begin()
            if index is not None:
                self._by_index[index] = found
        return found

    def _begin(self) -> _Call:
        if len(self._calls) >= MOST_CALLS:
            raise ProviderBroke(f"the model makes more than {MOST_CALLS} calls in one step")
        self._calls.append(_Call())
        return self._calls[-1]

    def stop(self, reason: Reason) -> None:
        """The model stops: one of stop, tool_calls, length, refused. What was refused stays so."""
        if self._reason != "refused":
            self._reason = reason

    def count(self, counts: Counts) -> None:
        """What the vendor counted up to now; the last one holds. What cannot be is as if nobody had counted."""
        told = (counts.input, counts.output, counts.reasoning, counts.cache_read, counts.cache_write)
        self._counts = counts if all(0 <= each < MOST_TOKENS for each in told) else None

    def finish(self) -> Iterator[Piece | Part]:
        """What is left: held text, calls, usage, and the end of the step."""
        for kind, words in self._textual.rest() if self._textual else ():
            yield from self._pass(kind, words)
        calls = [each for each in self._calls if each.name]
        if self._textual and not calls:
            for name, arguments in self._textual.calls:
                self.fragment(index=None, name=name, arguments=arguments)
            calls = self._calls
        reason = self._reason or "stop"
        taken: set[str] = set()
        for call in calls:
            part = self._part(call, is_cut=reason == "length")
            if part is not None:
                while part.call in taken:
                    part = msgspec.structs.replace(part, call=_new_id())
                taken.add(part.call)
                if call.signature:
                    yield from self.sign(call.signature)
                yield part
        yield self._usage()
        if taken and reason == "stop":
            reason = "tool_calls"
        elif not taken and reason == "tool_calls":
            reason = "stop"
        yield StepPart(model=self._endpoint.name, reason=_checked(reason))

    def _part(self, call: _Call, *, is_cut: bool) -> ToolCallPart | None:
        arguments, broken = call.arguments, ""
        if arguments is None:
            text = "".join(call.text)
            arguments = parse(text)
            if arguments is None:
                if is_cut:
                    return None
                arguments, broken = {}, text
        return ToolCallPart(call=call.id or _new_id(), tool=call.name, arguments=arguments, broken=broken)

    def _usage(self) -> UsagePart:
        counts, is_estimated = self._counts, False
        if counts is None or (counts.input == 0 and counts.output == 0):
            is_estimated = True
            counts = Counts(
                input=estimate(self._request), output=(self._written + CHARACTERS_A_TOKEN - 1) // CHARACTERS_A_TOKEN
            )
        plain = max(0, counts.input - counts.cache_read - counts.cache_write)
        prices = self._endpoint.prices
        cost = None
        if prices is not None:
            read = prices.input if prices.cache_read is None else prices.cache_read
            write = prices.input if prices.cache_write is None else prices.cache_write
            total = plain * prices.input + counts.cache_read * read + counts.cache_write * write
            # To the nearest one.
            cost = (total + counts.output * prices.output + 500_000) // 1_000_000
        return UsagePart(
            input=counts.input,
            output=counts.output,
            reasoning=counts.reasoning,
            cache_read=counts.cache_read,
            cache_write=counts.cache_write,
            cost_micro_usd=cost,
            is_estimated=is_estimated,
        )


def _size(arguments: dict[str, Json]) -> int:
    """About how many characters these are: the texts in the first row, which are what may be long."""
    return sum(len(value) for value in arguments.values() if isinstance(value, str)) + len(arguments)


def _checked(reason: str) -> StepReason:
    match reason:
        case "tool_calls" | "length" | "refused":
            return reason
        case _:
            return "stop"


def _new_id() -> str:
    return f"call_{os.urandom(9).hex()}"


def parse(text: str) -> dict[str, Json] | None:
    """Arguments of a call; empty ones are an object without fields. None where it is no JSON object."""
    if not text.strip():
        return {}
    # A model may break a line inside a string, which JSON forbids.
    try:
        value = json.loads(text, strict=False)
        if isinstance(value, str):
            value = json.loads(value, strict=False)
    except (ValueError, RecursionError):
        return None
    return clean(value) if isinstance(value, dict) else None


def clean(fields: dict[str, Json]) -> dict[str, Json]:
    """The same without halves of characters, which JSON can spell and UTF-8 cannot."""
    whole = json.dumps(fields)
    if "\\ud" not in whole.lower():
        return fields
    found: dict[str, Json] = json.loads(
        json.dumps(fields, ensure_ascii=False).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    )
    return found


def estimate(request: Request) -> int:
    """About how many tokens a request is, where nobody counts them."""
    size = sum(map(len, request.system))
    size += sum(len(tool.name) + len(tool.description) + len(str(tool.schema)) for tool in request.tools)
    pictures = 0
    for message in request.messages:
        if isinstance(message, ToolMessage):
            size += sum(len(result.text) for result in message.results)
            pictures += sum(len(result.files) for result in message.results)
            continue
        for part in message.parts:
            match part:
                case ToolCallPart():
                    size += len(part.tool) + len(str(part.arguments))
                case FilePart():
                    pictures += 1
                case TextPart() | ReasoningPart():
                    size += len(part.text)
                case _:
                    assert_never(part)
    return size // CHARACTERS_A_TOKEN + pictures * PICTURE_TOKENS
