"""The wires against a real llama.cpp server with a real small model: the judge that no recording can be."""

import asyncio
import os
import signal
import time
from collections.abc import Iterator

import pytest
from tests.consumers.real_model import BASH_CALL, BASH_PROMPT, KEY, READ_CALL, READ_PROMPT, RealModel, real_model

from iterate.errors import KeyRefused, ProviderBroke, ProviderFailed, ProviderUnreachable
from iterate.events import Part, Piece, StepPart, TextPart, ToolCallPart, ToolResultPart, UsagePart
from iterate.providers import wires
from iterate.providers.endpoint import Endpoint, Wire
from iterate.providers.network import Door
from iterate.request import AssistantMessage, Message, Request, ToolMessage, ToolSchema, UserMessage

pytestmark = [pytest.mark.systems("linux"), pytest.mark.consumer]

WIRES = pytest.mark.parametrize("wire", [Wire.CHAT, Wire.RESPONSES, Wire.MESSAGES])


def schema(name: str, does: str, argument: str) -> ToolSchema:
    properties = {argument: {"type": "string"}}
    return ToolSchema(
        name=name, description=does, schema={"type": "object", "properties": properties, "required": [argument]}
    )


TOOLS = (schema("bash", "Run a command", "command"), schema("read", "Read a file", "path"))

type Said = list[Piece | Part]


@pytest.fixture(scope="module")
def server() -> Iterator[RealModel]:
    with real_model() as running:
        yield running


def endpoint(server: RealModel, wire: Wire, key: str = KEY) -> Endpoint:
    return Endpoint(name="local/small", model="small", base_url=f"{server.url}/v1", wire=wire, key=key, is_local=True)


def prompt(text: str) -> UserMessage:
    return UserMessage(parts=(TextPart(text=text),))


def request(*messages: Message, tools: tuple[ToolSchema, ...] = TOOLS, most: int = 48) -> Request:
    return Request(system=("You help.",), tools=tools, messages=messages, max_output=most)


def answer(where: Endpoint, asked: Request) -> Said:
    async def main() -> Said:
        door = Door()
        try:
            return [item async for item in wires.stream(door, where, asked)]
        finally:
            await door.close()

    return asyncio.run(asyncio.wait_for(main(), 60))


@WIRES
def test_an_answer_streams_word_by_word_and_is_counted(server: RealModel, wire: Wire) -> None:
    items = answer(endpoint(server, wire), request(prompt("Say hello to me."), tools=(), most=8))
    assert len([item for item in items if isinstance(item, Piece)]) > 3
    *_, usage, step = items
    assert isinstance(usage, UsagePart)
    assert isinstance(step, StepPart)
    assert step.reason in {"stop", "length"}
    assert usage.input > 5
    assert 3 < usage.output <= 8
    assert not usage.is_estimated


# Each takes seconds of one core: another tool is called over one of the wires only.
@pytest.mark.parametrize(
    ("wire", "text", "call"),
    [
        (Wire.CHAT, READ_PROMPT, READ_CALL),
        (Wire.RESPONSES, READ_PROMPT, READ_CALL),
        (Wire.MESSAGES, READ_PROMPT, READ_CALL),
        (Wire.CHAT, BASH_PROMPT, BASH_CALL),
    ],
)
def test_a_tool_is_called_and_its_result_is_answered(
    server: RealModel, wire: Wire, text: str, call: tuple[str, dict[str, str]]
) -> None:
    where = endpoint(server, wire)
    items = answer(where, request(prompt(text)))
    (made,) = [item for item in items if isinstance(item, ToolCallPart)]
    assert (made.tool, made.arguments) == call
    assert items[-1] == StepPart(model="local/small", reason="tool_calls")
    result = ToolResultPart(call=made.call, status="ok", text="blue heron")
    items = answer(where, request(prompt(text), AssistantMessage(parts=(made,)), ToolMessage(results=(result,))))
    assert "blue heron" in "".join(item.text for item in items if isinstance(item, Piece))
    assert items[-1] == StepPart(model="local/small", reason="stop")


@WIRES
def test_a_wrong_key_is_refused_by_name_and_not_shown(server: RealModel, wire: Wire) -> None:
    wrong = "wrong-key-0123456789"
    with pytest.raises(KeyRefused) as caught:
        answer(endpoint(server, wire, wrong), request(prompt("Hi")))
    assert wrong not in str(caught.value) + caught.value.hint
    assert not caught.value.is_passing


@WIRES
def test_an_answer_that_nobody_wants_any_more_ends_at_once_and_frees_the_server(server: RealModel, wire: Wire) -> None:
    async def main() -> float:
        door = Door()
        stream = wires.stream(door, endpoint(server, wire), request(prompt("Tell a long story."), tools=(), most=2000))
        await anext(stream)
        began = time.monotonic()
        await stream.aclose()
        took = time.monotonic() - began
        await door.close()
        return took

    assert asyncio.run(main()) < 20
    # It has one slot: another answer would wait for the story's end.
    began = time.monotonic()
    answer(endpoint(server, wire), request(prompt("Say hello to me."), tools=(), most=4))
    assert time.monotonic() - began < 45


def test_a_prompt_that_is_too_long_has_its_own_name(server: RealModel) -> None:
    with pytest.raises(ProviderFailed) as caught:
        answer(endpoint(server, Wire.CHAT), request(prompt("word " * 9000), tools=()))
    assert caught.value.name == "ContextTooLong"


def test_a_server_that_dies_in_the_middle_of_an_answer_is_broken_then_unreachable() -> None:
    wire = Wire.CHAT
    with real_model() as running:

        async def main() -> None:
            door = Door()
            where = endpoint(running, wire)
            stream = wires.stream(door, where, request(prompt("Tell a long story."), tools=(), most=2000))
            try:
                await anext(stream)
                os.kill(running.process.pid, signal.SIGKILL)
                async for _ in stream:
                    pass
            finally:
                await door.close()

        with pytest.raises(ProviderBroke) as caught:
            asyncio.run(asyncio.wait_for(main(), 60))
        assert caught.value.is_passing
        with pytest.raises(ProviderUnreachable):
            answer(endpoint(running, wire), request(prompt("Hi")))
