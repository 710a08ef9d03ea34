"""The wires as a table: what writes a request, what reads its answer."""

from collections.abc import AsyncGenerator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from iterate.events import Part, Piece
from iterate.providers import chat, generate, messages, ollama, responses
from iterate.providers.endpoint import Endpoint, Wire
from iterate.providers.network import Door
from iterate.providers.stream import Ask, Read, step
from iterate.request import Request


class Format(NamedTuple):
    """One wire."""

    ask: Ask
    read: Read
    # Lines of JSON instead of server-sent events.
    is_lines: bool = False


FORMATS: Mapping[Wire, Format] = MappingProxyType(
    {
        Wire.CHAT: Format(chat.question, chat.Reading),
        Wire.RESPONSES: Format(responses.question, responses.Reading),
        Wire.MESSAGES: Format(messages.question, messages.Reading),
        Wire.GENERATE: Format(generate.question, generate.Reading),
        Wire.OLLAMA: Format(ollama.question, ollama.Reading, is_lines=True),
    }
)


def stream(door: Door, endpoint: Endpoint, request: Request) -> AsyncGenerator[Piece | Part]:
    """One step of the model at this endpoint; raises `ProviderFailed`."""
    wire = FORMATS[endpoint.wire]
    return step(door, endpoint, wire.ask, wire.read, request, is_lines=wire.is_lines)
