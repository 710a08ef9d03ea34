"""What any wire has to know of a conversation before it is written down: gaps closed, files taken apart, ids fitted."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from iterate.events import FilePart, TextPart, ToolCallPart, ToolResultPart
from iterate.request import AssistantMessage, Message, ToolMessage, UserMessage

# What vendors take as an id of a call.
_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_LOST = "The call was ended before it gave a result."


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

    Vendors refuse a conversation in which an answer broke off between the two. Empty messages are left out.
    """
    whole: list[Message] = []
    calls: tuple[ToolCallPart, ...] = ()
    for message in messages:
        if isinstance(message, ToolMessage):
            if calls:
                whole.append(_answered(calls, message.results))
            calls = ()
            continue
        if calls:
            whole.append(_answered(calls, ()))
            calls = ()
        if message.parts:
            whole.append(message)
        if isinstance(message, AssistantMessage):
            calls = tuple(part for part in message.parts if isinstance(part, ToolCallPart))
    if calls:
        whole.append(_answered(calls, ()))
    return whole


def _answered(calls: Sequence[ToolCallPart], results: Sequence[ToolResultPart]) -> ToolMessage:
    found = {result.call: result for result in results}
    return ToolMessage(
        results=tuple(
            found.get(each.call, ToolResultPart(call=each.call, status="cancelled", text=_LOST)) for each in calls
        )
    )


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
        return Picture(part.name, media_type, data if is_base64 else _base64(unquote_to_bytes(data)))
    content = _decoded(data) if is_base64 else unquote_to_bytes(data)
    return f'<file name="{part.name}">\n{content.decode(errors="replace")}\n</file>'


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
