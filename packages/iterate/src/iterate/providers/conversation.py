"""What any wire has to know of a conversation before it is written down: gaps closed, files taken apart, ids fitted."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from msgspec.structs import replace

from iterate.events import FilePart, ReasoningPart, TextPart, ToolCallPart, ToolResultPart
from iterate.request import AssistantMessage, Message, ToolMessage, UserMessage

# What vendors take as an id of a call.
_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
# What all of them take as the name of a tool.
_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_-]{0,63}")
_STRANGE = re.compile(r"[^a-zA-Z0-9_-]+")
_LONGEST_NAME = 64
_LOST = "The call was ended before it gave a result."
# The images that every vendor takes, and what their base64 begins with.
_IMAGES = (("iVBORw0KGgo", "image/png"), ("/9j/", "image/jpeg"), ("R0lGOD", "image/gif"), ("UklGR", "image/webp"))
# Of one image, in characters of base64: Anthropic refuses larger ones.
LARGEST_IMAGE = 5 << 20


class Picture(NamedTuple):
    """A file that goes to the model as it is: its media type and its content in base64."""

    name: str
    media_type: str
    base64: str

    @property
    def url(self) -> str:
        """As a data: URL."""
        return f"data:{self.media_type};base64,{self.base64}"

    @property
    def is_image(self) -> bool:
        """Whether it is one, and no document."""
        return self.media_type.startswith("image/")


def complete(messages: Iterable[Message]) -> list[Message]:
    """The messages with a result for each call, in the order of the calls, and none without a call.

    Vendors refuse a conversation in which an answer broke off between the two, in which two calls have one id (some
    servers count from 0 in each step), or in which a call names a tool as no tool can be named (what a model made up).
    It would be refused for ever, so all of it is mended here. Empty messages are left out.
    """
    whole: list[Message] = []
    # Each call as it is written, beside the id that its result has.
    calls: list[tuple[str, ToolCallPart]] = []
    seen: set[str] = set()
    for message in messages:
        if isinstance(message, ToolMessage):
            if calls:
                whole.append(_answered(calls, message.results))
            calls = []
            continue
        if calls:
            whole.append(_answered(calls, ()))
            calls = []
        if isinstance(message, AssistantMessage):
            message, calls = _fitted(message, seen)  # noqa: PLW2901  # The same message, as it can be sent.
        if message.parts:
            whole.append(message)
    if calls:
        whole.append(_answered(calls, ()))
    return whole


def _fitted(message: AssistantMessage, seen: set[str]) -> tuple[AssistantMessage, list[tuple[str, ToolCallPart]]]:
    """The message with names and ids that can be sent, and its calls beside their old ids; notes the new ones."""
    parts: list[TextPart | ReasoningPart | ToolCallPart] = []
    calls: list[tuple[str, ToolCallPart]] = []
    for part in message.parts:
        if not isinstance(part, ToolCallPart):
            parts.append(part)
            continue
        id_, times = part.call, 1
        while id_ in seen:
            times += 1
            id_ = f"{part.call}_{times}"
        seen.add(id_)
        fitted = replace(part, call=id_, tool=tool_name(part.tool))
        parts.append(fitted)
        calls.append((part.call, fitted))
    return AssistantMessage(parts=tuple(parts)), calls


def _answered(calls: Sequence[tuple[str, ToolCallPart]], results: Sequence[ToolResultPart]) -> ToolMessage:
    found = {result.call: result for result in results}
    lost = ToolResultPart(call="", status="cancelled", text=_LOST)
    return ToolMessage(results=tuple(replace(found.get(old, lost), call=new.call) for old, new in calls))


def tool_name(name: str) -> str:
    """The name of a tool as vendors take it: the same where it can be one."""
    if _NAME.fullmatch(name):
        return name
    clean = _STRANGE.sub("_", name)
    return (clean if _NAME.match(clean) else f"_{clean}")[:_LONGEST_NAME]


def contents(parts: Iterable[TextPart | FilePart], *, sees_images: bool) -> list[str | Picture]:
    """Texts and pictures in order; what the model cannot see is said in words."""
    found: list[str | Picture] = []
    for part in parts:
        if isinstance(part, TextPart):
            if part.text.strip():
                found.append(part.text)
            continue
        found.append(_content(part, sees_images=sees_images))
    return found


def _content(part: FilePart, *, sees_images: bool) -> str | Picture:
    head, comma, data = part.url.partition(",")
    if not comma or not head.startswith("data:"):
        return f"[the file {part.name}: {part.url}]"
    is_base64 = head.endswith(";base64")
    media_type = part.media_type or head.removeprefix("data:").partition(";")[0]
    if media_type.startswith("image/") or media_type == "application/pdf":
        if not sees_images:
            return f"[the file {part.name} ({media_type}), which this model cannot see]"
        return _picture(part.name, media_type, data if is_base64 else _base64(unquote_to_bytes(data)))
    content = _decoded(data) if is_base64 else unquote_to_bytes(data)
    return f'<file name="{part.name}">\n{content.decode(errors="replace")}\n</file>'


def _picture(name: str, media_type: str, base64: str) -> str | Picture:
    """What is sent; words in place of what vendors refuse, because they would refuse the conversation for ever.

    The kind of an image is what its bytes say: programs of others name it wrongly.
    """
    if not media_type.startswith("image/"):
        return Picture(name, media_type, base64)
    kind = next((each for begin, each in _IMAGES if base64.startswith(begin)), media_type)
    if kind not in {each for _, each in _IMAGES}:
        return f"[the file {name} ({media_type}), a kind of image that models do not take]"
    if len(base64) > LARGEST_IMAGE:
        size = len(base64) // 4 * 3
        return f"[the file {name} ({kind}, {size:,} bytes), which is too large for a model: make it smaller first]"
    return Picture(name, kind, base64)


def _decoded(data: str) -> bytes:
    import base64

    try:
        return base64.b64decode(data)
    except ValueError:
        return b"[not readable]"


def _base64(content: bytes) -> str:
    import base64

    return base64.b64encode(content).decode()


def result_text(result: ToolResultPart) -> str:
    """What the model reads of a result; never empty, which some vendors refuse."""
    return result.text or ("(no output)" if result.status == "ok" else result.status)


def call_id(call: str, length: int = 0) -> str:
    """The id of a call as vendors take it: the same for the call and its result, and each time."""
    if length == 0 and _ID.fullmatch(call):
        return call
    if length and len(call) == length and call.isalnum() and call.isascii():
        return call
    return hashlib.sha256(call.encode(errors="replace")).hexdigest()[: length or 24]


def user_texts(message: UserMessage) -> str:
    """All that is text in it."""
    return "\n\n".join(part.text for part in message.parts if isinstance(part, TextPart))
