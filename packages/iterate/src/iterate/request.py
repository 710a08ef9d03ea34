"""What goes to a model and what a model is, in no vendor's words. It holds values only."""

from collections.abc import AsyncGenerator, Callable
from typing import Literal

from msgspec import Struct

from iterate.events import FilePart, Json, Part, Piece, ReasoningPart, TextPart, ToolCallPart, ToolResultPart


class UserMessage(Struct, frozen=True, kw_only=True):
    """What the person said, or what is said in their place."""

    parts: tuple[TextPart | FilePart, ...]


class AssistantMessage(Struct, frozen=True, kw_only=True):
    """What the model said in one step, in order."""

    parts: tuple[TextPart | ReasoningPart | ToolCallPart, ...]


class ToolMessage(Struct, frozen=True, kw_only=True):
    """What the calls of the step before gave, in the order of the calls."""

    results: tuple[ToolResultPart, ...]


type Message = UserMessage | AssistantMessage | ToolMessage
# How much the model shall think before it answers; empty leaves it to the model.
type Effort = Literal["", "none", "low", "medium", "high"]


class ToolSchema(Struct, frozen=True, kw_only=True):
    """A tool as the model sees it; `schema` is the JSON schema of its arguments, an object."""

    name: str
    description: str
    schema: dict[str, Json]


class Request(Struct, frozen=True, kw_only=True):
    """One step: all that the model gets.

    `system`, then `tools` (sorted by name), then `messages` in the order of their age, so that what was sent before is
    a prefix of what is sent next: vendors keep it, and bill it less.
    """

    system: tuple[str, ...]
    messages: tuple[Message, ...]
    tools: tuple[ToolSchema, ...] = ()
    effort: Effort = ""
    max_output: int | None = None
    # The session, for vendors that route requests of one conversation to one cache.
    session: str = ""


class Prices(Struct, frozen=True, kw_only=True):
    """Millionths of a US dollar for a million tokens."""

    input: int
    output: int
    cache_read: int | None = None
    cache_write: int | None = None


class Model(Struct, frozen=True, kw_only=True):
    """One model: its full name `vendor/model`, what it can, and what streams a step of it.

    `window` is how many tokens fit in a request and its answer, `output` how many it may write; None where nobody
    knows. The generator is closed when nobody wants more. It gives pieces of text and reasoning as they come, a
    `ReasoningPart` where the vendor signs what was thought (it completes the pieces before it), each `ToolCallPart`
    as a whole, one `UsagePart`, and one `StepPart` last. It raises `ProviderFailed`.
    """

    name: str
    stream: Callable[[Request], AsyncGenerator[Piece | Part]]
    window: int | None = None
    output: int | None = None
    prices: Prices | None = None
    sees_images: bool = False
    calls_tools: bool = True
    thinks: bool = False
