"""What one vendor wrote or a program gave, and another vendor would refuse in each request from then on."""

import base64
import json
import re
import struct
from collections.abc import Iterator
from typing import cast

import pytest

from iterate.events import FilePart, Json, ReasoningPart, TextPart, ToolCallPart, ToolResultPart
from iterate.mcp import offering
from iterate.providers import pixels, wires
from iterate.providers.endpoint import Endpoint, Wire
from iterate.request import AssistantMessage, Message, Request, ToolMessage, UserMessage

WIRES = pytest.mark.parametrize("wire", list(Wire))
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
JPEG = b"\xff\xd8\xff\xe0" + bytes(40)


def body(wire: Wire, *messages: Message) -> dict[str, Json]:
    """What is sent."""
    where = Endpoint(name="v/m", model="m", base_url="http://localhost", wire=wire, thinks=True, sees_images=True)
    asked = wires.FORMATS[wire].ask(where, Request(system=(), messages=messages))
    assert asked.body is not None
    return cast("dict[str, Json]", json.loads(asked.body))


def fields(value: Json, name: str) -> Iterator[Json]:
    """All values under that name, in order."""
    if isinstance(value, dict):
        for key, each in value.items():
            if key == name:
                yield each
            yield from fields(each, name)
    elif isinstance(value, list):
        for each in value:
            yield from fields(each, name)


def person(text: str) -> UserMessage:
    return UserMessage(parts=(TextPart(text=text),))


def called(id_: str, tool: str, text: str) -> tuple[Message, Message]:
    call = ToolCallPart(call=id_, tool=tool, arguments={})
    return AssistantMessage(parts=(call,)), ToolMessage(results=(ToolResultPart(call=id_, status="ok", text=text),))


@WIRES
@pytest.mark.parametrize("tool", ["psql -c 'select 1' | head", "functions.read", "7zip", "x" * 300, "läs", " "])
def test_a_name_that_no_tool_can_have_goes_back_as_one_that_can_be_sent(wire: Wire, tool: str) -> None:
    sent = body(wire, person("hi"), *called("a", tool, "there is no such tool"), person("go on"))
    names = [*fields(sent, "name"), *fields(sent, "tool_name")]
    assert names
    for name in names:
        assert re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_-]{0,63}", str(name)), name


@WIRES
def test_a_name_that_can_be_sent_goes_back_as_it_came(wire: Wire) -> None:
    sent = body(wire, person("hi"), *called("a", "small__read-it", "yes"), person("go on"))
    assert "small__read-it" in [*fields(sent, "name"), *fields(sent, "tool_name")]


@pytest.mark.parametrize(
    ("wire", "call", "result"),
    [
        (Wire.CHAT, "id", "tool_call_id"),
        (Wire.MESSAGES, "id", "tool_use_id"),
    ],
)
def test_calls_that_came_under_one_id_get_an_id_each_and_their_own_results(wire: Wire, call: str, result: str) -> None:
    turns = [each for text in ("one", "two", "three") for each in (person("hi"), *called("call_0", "read", text))]
    sent = body(wire, *turns, person("go on"))
    ids = list(fields(sent, call))
    assert len(set(map(str, ids))) == 3
    assert list(fields(sent, result)) == ids
    text = json.dumps(sent)
    assert text.index("one") < text.index("two") < text.index("three")
    assert list(fields(body(wire, *turns[:-3]), call)) == ids[:2], "what was sent before stays as it was"


@pytest.mark.parametrize(
    ("wire", "signature"), [(Wire.MESSAGES, "SIGNED"), (Wire.MESSAGES, "redacted:SIGNED"), (Wire.RESPONSES, "{}")]
)
def test_an_answer_that_was_ended_behind_a_thought_goes_back_without_it(wire: Wire, signature: str) -> None:
    thought = ReasoningPart(text="Hm.", signature=f"v/m {signature}")
    whole = AssistantMessage(parts=(thought, TextPart(text="I look.")))
    ended = AssistantMessage(parts=(*whole.parts, thought))
    types = [str(each) for each in fields(body(wire, person("hi"), ended, person("go on")), "type")]
    assert types == [str(each) for each in fields(body(wire, person("hi"), whole, person("go on")), "type")]
    assert any(each in {"thinking", "redacted_thinking", "reasoning"} for each in types), "the one before stays"


def picture(content: bytes, kind: str) -> FilePart:
    return FilePart(name="p", media_type=kind, url=f"data:{kind};base64,{base64.b64encode(content).decode()}")


def shown(wire: Wire, file: FilePart) -> str:
    """What is sent where a tool gave that file."""
    said, _ = called("a", "shot", "")
    result = ToolResultPart(call="a", status="ok", text="here", files=(file,))
    return json.dumps(body(wire, person("hi"), said, ToolMessage(results=(result,))))


@WIRES
def test_an_image_that_vendors_refuse_is_said_in_words(wire: Wire) -> None:
    for kind in ("image/svg+xml", "image/bmp", "image/tiff", "image/heic"):
        sent = shown(wire, picture(b"<svg/>", kind))
        assert f"{kind}), a kind of image that models do not take" in sent
        assert base64.b64encode(b"<svg/>").decode() not in sent
    sent = shown(wire, picture(PNG + bytes(4 << 20), "image/png"))
    assert "too large for a model" in sent
    assert len(sent) < 10_000
    assert "too large" not in shown(wire, picture(PNG + bytes(3 << 20), "image/png"))


@pytest.mark.parametrize("wire", [each for each in Wire if each is not Wire.OLLAMA])
def test_an_image_is_of_the_kind_that_its_bytes_say(wire: Wire) -> None:
    assert "image/jpeg" in shown(wire, picture(JPEG, "image/png"))
    assert "image/png" not in shown(wire, picture(JPEG, "image/png"))
    assert "image/jpg" not in shown(wire, picture(JPEG, "image/jpg"))


def sized(width: int, height: int) -> dict[str, bytes]:
    """The beginnings of images of that size."""
    high, low = struct.pack(">HH", height, width), struct.pack("<HH", width, height)
    three = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    bits = (width - 1 | height - 1 << 14).to_bytes(4, "little")
    return {
        "PNG": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", width, height) + bytes(20),
        "GIF": b"GIF89a" + low + bytes(20),
        "JPEG": b"\xff\xd8\xff\xe1\0\x06Exif\xff\xff\xc4\0\x04ab\xff\xc2\0\x11\x08" + high + bytes(20),
        "WebP, extended": b"RIFF\0\0\0\0WEBPVP8X\0\0\0\0\0\0\0\0" + three + bytes(20),
        "WebP, lossless": b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f" + bits + bytes(20),
        "WebP": b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\x01\x2a" + low + bytes(20),
    }


@pytest.mark.parametrize("kind", sized(1, 1))
def test_an_image_with_too_many_pixels_for_the_vendor_is_said_in_words(kind: str) -> None:
    for size, is_taken in (((8000, 1), True), ((1, 8000), True), ((8001, 1), False), ((1, 16_000), False)):
        content = sized(*size)[kind]
        assert pixels.longest_side(base64.b64encode(content).decode()) == max(size)
        sent = shown(Wire.MESSAGES, picture(content, "image/png"))
        assert (base64.b64encode(content).decode() in sent) == is_taken
        assert ("pixels on a side" in sent) != is_taken
        assert "pixels on a side" not in shown(Wire.CHAT, picture(content, "image/png")), "others make them smaller"


def test_many_images_may_be_less_large_each() -> None:
    large = picture(sized(1, 2001)["PNG"], "image/png")
    few, many = (UserMessage(parts=(large,) * times) for times in (20, 21))
    assert "pixels on a side" not in json.dumps(body(Wire.MESSAGES, few))
    assert json.dumps(body(Wire.MESSAGES, many)).count("2000 pixels on a side") == 21


@pytest.mark.parametrize("content", [each[:cut] for each in sized(9000, 9000).values() for cut in (0, 4, 12, 17, 22)])
def test_an_image_that_is_cut_off_or_none_has_no_size(content: bytes) -> None:
    assert pixels.longest_side(base64.b64encode(content).decode()) in range(65_536)
    assert pixels.longest_side("no base64 \x00 at all=") == 0


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "object"},
        {"type": "object", "properties": None},
        {"anyOf": [{"properties": {"a": {"type": "string"}}, "required": ["a"]}, {"type": "null"}]},
        {"type": "object", "oneOf": [{"required": ["a"]}], "properties": {"a": {"anyOf": [{"type": "string"}]}}},
        {"type": "object", "allOf": [{"properties": {"a": {"type": "string"}}}], "properties": {"b": {}}},
    ],
)
def test_a_schema_of_a_server_is_an_object_with_properties_and_no_choice_at_the_top(schema: dict[str, Json]) -> None:
    given = offering.taken(schema)
    assert given["type"] == "object"
    properties = given["properties"]
    assert isinstance(properties, dict)
    assert not {"anyOf", "oneOf", "allOf", "not", "enum"} & given.keys()
    assert ("a" in properties) == ('"a"' in json.dumps(schema)), "nothing that may be said is lost"


def test_a_schema_that_all_vendors_take_stays_as_it_is() -> None:
    schema: dict[str, Json] = {
        "$defs": {"x": {"anyOf": [{"type": "null"}]}},
        "properties": {"a": {"$ref": "#/$defs/x"}},
        "required": ["a"],
        "type": "object",
    }
    assert offering.taken(schema) == schema


def test_a_tool_of_a_server_has_a_name_that_all_vendors_take() -> None:
    pairs = [("7zip", "list"), ("-x", "y"), ("a", "b"), ("ü", "1")]
    for name in (names := offering.unique(pairs)):
        assert re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_-]{0,63}", name), name
    assert names[2] == "a__b"
