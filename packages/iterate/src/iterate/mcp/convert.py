"""What the SDK's classes say, as plain and bounded values. It needs the SDK's types."""

import json
from collections.abc import Sequence
from pathlib import Path

import mcp_types as types

from iterate.mcp.frames import (
    ArgumentRow,
    Content,
    Given,
    Listing,
    PromptRow,
    ResourceRow,
    ToolRow,
)

# What one result may be, in characters: base64 of images included.
LONGEST = 16 << 20
# What a model is told of a tool, and of an argument of it.
LONGEST_WORDS = 4000


def listing(  # One for each kind of thing that is listed.
    tools: Sequence[types.Tool],
    resources: Sequence[types.Resource],
    templates: Sequence[types.ResourceTemplate],
    prompts: Sequence[types.Prompt],
    *,
    server: str,
    protocol: str,
    instructions: str,
) -> Listing:
    """All that a server offers."""
    return Listing(
        tools=tuple(
            ToolRow(
                name=each.name,
                title=each.title or "",
                description=cut(each.description or ""),
                schema=dict(each.input_schema),
            )
            for each in tools
        ),
        resources=tuple(
            ResourceRow(
                uri=str(each.uri),
                name=each.name,
                description=cut(each.description or ""),
                media_type=each.mime_type or "",
            )
            for each in resources
        )
        + tuple(
            ResourceRow(
                uri=each.uri_template,
                name=each.name,
                description=cut(each.description or ""),
                media_type=each.mime_type or "",
                is_template=True,
            )
            for each in templates
        ),
        prompts=tuple(
            PromptRow(
                name=each.name,
                description=cut(each.description or ""),
                arguments=tuple(
                    ArgumentRow(name=one.name, description=cut(one.description or ""), is_required=bool(one.required))
                    for one in each.arguments or ()
                ),
            )
            for each in prompts
        ),
        server=server[:200],
        protocol=protocol[:40],
        instructions=cut(instructions),
    )


def cut(text: str) -> str:
    """A stranger's words, as many as a model is to read of them."""
    return text if len(text) <= LONGEST_WORDS else f"{text[:LONGEST_WORDS]} [{len(text):,} characters]"


def given(result: types.CallToolResult) -> Given:
    """What a call gave; structured content is shown where no text says the same."""
    contents = [content(each) for each in result.content]
    if result.structured_content is not None and not any(each.text for each in contents):
        contents.append(Content(text=json.dumps(result.structured_content, ensure_ascii=False, indent=1)))
    return Given(contents=bounded(contents), is_error=bool(result.is_error))


def content(block: types.ContentBlock) -> Content:
    """One block."""
    match block:
        case types.TextContent():
            return Content(text=block.text)
        case types.ImageContent() | types.AudioContent():
            return Content(data=block.data, media_type=block.mime_type)
        case types.ResourceLink():
            words = f" ({block.description})" if block.description else ""
            return Content(text=f"[resource {block.uri}: {block.name}{words}]")
        case types.EmbeddedResource():
            return resource(block.resource)


def resource(found: types.TextResourceContents | types.BlobResourceContents) -> Content:
    """The content of a resource."""
    kind = found.mime_type or ""
    match found:
        case types.TextResourceContents():
            return Content(text=found.text, media_type=kind, name=str(found.uri))
        case types.BlobResourceContents():
            return Content(data=found.blob, media_type=kind or "application/octet-stream", name=str(found.uri))


def read(result: types.ReadResourceResult) -> Given:
    """What a resource holds."""
    return Given(contents=bounded([resource(each) for each in result.contents]))


def prompted(result: types.GetPromptResult) -> Given:
    """A prompt's messages, in order; what the model is meant to have said is marked."""
    contents = []
    for message in result.messages:
        one = content(message.content)
        is_other = message.role == "assistant" and bool(one.text)
        contents.append(Content(text=f"[assistant] {one.text}") if is_other else one)
    return Given(contents=bounded(contents))


def bounded(contents: Sequence[Content]) -> tuple[Content, ...]:
    """As many as one result may hold; the first that does not fit is cut, or named where it is no text."""
    kept: list[Content] = []
    left = LONGEST
    for each in contents:
        size = len(each.text) + len(each.data)
        if size <= left:
            kept.append(each)
        elif each.data:
            kept.append(Content(text=f"[{each.media_type}, {size:,} characters, left out: it is too large]"))
        else:
            kept.append(Content(text=f"{each.text[:left]}\n[cut here: {size:,} characters in all]"))
        left = max(0, left - size)
    return tuple(kept)


def roots(root: str) -> types.ListRootsResult:
    """The project, as a server is told of it."""
    if not root:
        return types.ListRootsResult(roots=[])
    # pydantic takes the text for its address.
    return types.ListRootsResult.model_validate({"roots": [{"uri": Path(root).as_uri(), "name": Path(root).name}]})
