"""The contract of all wires: the same answer in any format gives the same parts, and what breaks has a name."""

import asyncio
import json

import pytest
from tests.iterate.replaying import Answer, Replay, events, refusal, replay, transcript

from iterate.errors import (
    ContextTooLong,
    KeyRefused,
    ProviderBroke,
    ProviderFailed,
    ProviderUnreachable,
    RateLimited,
    RequestRefused,
)
from iterate.events import (
    FilePart,
    Part,
    Piece,
    ReasoningPart,
    StepPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    UsagePart,
)
from iterate.providers import network, wires
from iterate.providers.endpoint import Endpoint, Habits, Wire
from iterate.providers.network import Door, Patience
from iterate.request import AssistantMessage, Prices, Request, ToolMessage, ToolSchema, UserMessage

WIRES = pytest.mark.parametrize("wire", list(Wire))
SCHEMA = {"type": "object", "properties": {"path": {"type": "string"}}}
TOOLS = (
    ToolSchema(name="bash", description="Runs it.", schema={"type": "object"}),
    ToolSchema(name="read", description="Reads it.", schema={**SCHEMA}),
)
ASKED = Request(system=("Be kind.",), tools=TOOLS, messages=(UserMessage(parts=(TextPart(text="hi"),)),))
PRICES = Prices(input=2_000_000, output=10_000_000, cache_read=200_000)
KEY = "sk-secret-0123456789abcdef"

type Said = list[Piece | Part]


def endpoint(wire: Wire, url: str, **more: object) -> Endpoint:
    given: dict[str, object] = {"thinks": True, "sees_images": True, "key": KEY, "prices": PRICES, **more}
    return Endpoint(name="v/m", model="m", base_url=url, wire=wire, **given)  # type: ignore[arg-type]


def said(text: Answer | str, wire: Wire, request: Request = ASKED, **more: object) -> tuple[Said, Replay]:
    """What the wire makes of this answer, and what the server was asked."""
    answer = transcript(text) if isinstance(text, str) else text

    async def main() -> tuple[Said, Replay]:
        async with replay(answer) as server:
            return await read(endpoint(wire, server.url, **more), request), server

    return asyncio.run(asyncio.wait_for(main(), 30))


async def read(where: Endpoint, request: Request = ASKED) -> Said:
    door = Door()
    try:
        return [item async for item in wires.stream(door, where, request)]
    finally:
        await door.close()


def name(wire: Wire, case: str) -> str:
    return f"{wire}-{case}.{'ndjson' if wire is Wire.OLLAMA else 'sse'}"


def texts(items: Said, kind: str = "text") -> str:
    return "".join(item.text for item in items if isinstance(item, Piece) and item.kind == kind)


def calls(items: Said) -> list[tuple[str, dict[str, object]]]:
    return [(item.tool, item.arguments) for item in items if isinstance(item, ToolCallPart)]


def usage(items: Said) -> UsagePart:
    (found,) = [item for item in items if isinstance(item, UsagePart)]
    return found


@WIRES
def test_text_and_thoughts_come_in_pieces_then_one_usage_and_one_step(wire: Wire) -> None:
    items, _ = said(name(wire, "text"), wire)
    assert texts(items) == "Grüß dich 👋"
    assert texts(items, "reasoning") == "Let me think."
    assert [item.text for item in items if isinstance(item, Piece)] == ["Let me ", "think.", "Grüß ", "dich 👋"]
    assert items[-1] == StepPart(model="v/m", reason="stop")
    assert isinstance(items[-2], UsagePart)
    assert not calls(items)


@WIRES
def test_usage_says_what_came_from_the_cache_and_knows_the_price(wire: Wire) -> None:
    items, _ = said(name(wire, "text"), wire)
    found = usage(items)
    kept = 0 if wire is Wire.OLLAMA else 100
    assert (found.input, found.cache_read, found.output) == (120, kept, 30)
    assert found.reasoning == (0 if wire in {Wire.OLLAMA, Wire.MESSAGES} else 12)
    assert found.cost_micro_usd == (120 - kept) * 2 + kept * 0.2 + 30 * 10
    assert not found.is_estimated


@WIRES
@pytest.mark.parametrize("case", ["calls", "odd-calls"])
def test_two_calls_come_whole_with_ids_of_their_own_whatever_pieces_they_came_in(wire: Wire, case: str) -> None:
    items, _ = said(name(wire, case), wire)
    assert texts(items) == "I look."
    assert calls(items) == [("read", {"path": "a.txt"}), ("bash", {"command": "ls"})]
    ids = [item.call for item in items if isinstance(item, ToolCallPart)]
    assert len(set(ids)) == 2
    assert all(ids)
    if wire is not Wire.OLLAMA:
        assert ids == ["call_a", "call_b"]
    assert items[-1] == StepPart(model="v/m", reason="tool_calls")


@WIRES
def test_an_answer_that_was_cut_off_by_its_bound_says_so_and_makes_no_half_call(wire: Wire) -> None:
    items, _ = said(name(wire, "length"), wire)
    assert not calls(items)
    assert items[-1] == StepPart(model="v/m", reason="length")


@pytest.mark.parametrize("wire", [each for each in Wire if each is not Wire.OLLAMA])
def test_a_refusal_is_text_and_the_reason_of_the_step(wire: Wire) -> None:
    items, _ = said(name(wire, "refused"), wire)
    assert texts(items) == "I cannot."
    assert items[-1] == StepPart(model="v/m", reason="refused")


@WIRES
def test_an_error_inside_a_good_answer_has_a_name_and_may_pass(wire: Wire) -> None:
    with pytest.raises(ProviderFailed, match="verloaded") as caught:
        said(name(wire, "error"), wire)
    assert caught.value.is_passing


@WIRES
def test_tokens_that_nobody_counted_are_estimated_and_marked(wire: Wire) -> None:
    found = usage(said(name(wire, "no-usage"), wire)[0])
    assert found.is_estimated
    assert found.output == 2
    assert found.input > 0


@WIRES
def test_an_answer_that_ends_without_an_end_is_broken_and_may_pass(wire: Wire) -> None:
    with pytest.raises(ProviderBroke, match="without an end") as caught:
        said(name(wire, "cut"), wire)
    assert caught.value.is_passing


@WIRES
@pytest.mark.parametrize("end", ["cut", "short"])
def test_a_connection_that_breaks_is_broken_and_what_came_was_handed_on(wire: Wire, end: str) -> None:
    whole = transcript(name(wire, "cut"))
    length = sum(len(piece) for piece in whole.pieces if isinstance(piece, bytes)) + 1000
    answer = Answer(
        pieces=whole.pieces,
        media_type=whole.media_type,
        end="cut" if end == "cut" else "end",
        length=None if end == "cut" else length,
    )

    got: Said = []

    async def main() -> None:
        async with replay(answer) as server:
            door = Door()
            try:
                async for item in wires.stream(door, endpoint(wire, server.url), ASKED):
                    got.append(item)
            finally:
                await door.close()

    with pytest.raises(ProviderBroke, match="broke off") as caught:
        asyncio.run(main())
    assert caught.value.is_passing
    assert texts(got) == "I look"


@WIRES
@pytest.mark.parametrize(
    ("status", "kind", "passes"),
    [
        (400, RequestRefused, False),
        (401, KeyRefused, False),
        (402, RateLimited, False),
        (403, KeyRefused, False),
        (404, RequestRefused, False),
        (408, ProviderFailed, True),
        (413, ContextTooLong, False),
        (429, RateLimited, True),
        (500, ProviderFailed, True),
        (503, ProviderFailed, True),
        (529, ProviderFailed, True),
        (307, ProviderUnreachable, False),
    ],
)
def test_each_status_has_a_name_and_says_whether_it_passes(
    wire: Wire, status: int, kind: type[ProviderFailed], *, passes: bool
) -> None:
    body = {"error": {"message": f"no good with {KEY}", "type": "some_error"}}
    with pytest.raises(kind) as caught:
        said(refusal(status, body), wire)
    assert type(caught.value) is kind
    assert caught.value.is_passing is passes
    assert "no good with" in str(caught.value)
    assert KEY not in str(caught.value) + repr(caught.value) + caught.value.hint


@WIRES
@pytest.mark.parametrize("trouble", ["raw control", "half characters", "bytes that are no text"])
def test_what_is_nearly_json_is_read(wire: Wire, trouble: str) -> None:
    whole = b"".join(piece for piece in transcript(name(wire, "text")).pieces if isinstance(piece, bytes))
    match trouble:
        case "raw control":
            whole = whole.replace("Grüß ".encode(), "Gr\x01üß ".encode())
            wanted = "Gr\x01üß dich 👋"
        case "half characters":
            whole = whole.replace("Grüß ".encode(), rb"Gr\ud83d ")
            wanted = "Gr� dich 👋"
        case _:
            whole = whole.replace("Grüß ".encode(), b"Gr\xff\xfe ")
            wanted = "Gr�� dich 👋"
    media_type = transcript(name(wire, "text")).media_type
    assert texts(said(Answer(pieces=(whole,), media_type=media_type), wire)[0]) == wanted


@WIRES
def test_what_is_no_json_at_all_is_broken_and_quotes_a_little_of_it(wire: Wire) -> None:
    line = "{not json" + "x" * 9000
    content = f"{line}\n" if wire is Wire.OLLAMA else f"data: {line}\n\n"
    with pytest.raises(ProviderBroke, match="not its format") as caught:
        said(Answer(pieces=(content.encode(),)), wire)
    assert len(str(caught.value)) < 1000


@WIRES
def test_a_line_of_fifty_megabytes_is_refused_without_keeping_it(wire: Wire) -> None:
    piece = b"x" * (1 << 20)
    before = b'{"message": {"content": "' if wire is Wire.OLLAMA else b'data: {"x": "'
    with pytest.raises(ProviderBroke, match=r"limit|longer than"):
        said(Answer(pieces=(before, *[piece] * 50)), wire)


@WIRES
def test_silence_has_an_end_before_the_first_word_and_after_it(wire: Wire) -> None:
    first, *_ = transcript(name(wire, "cut")).pieces
    for pieces in ((), (first,)):
        with pytest.raises(ProviderUnreachable, match="nothing for too long") as caught:
            said(Answer(pieces=pieces, end="hang"), wire, patience=Patience(5, 0.2, 0.2))
        assert caught.value.is_passing


@pytest.mark.parametrize("wire", [each for each in Wire if each is not Wire.OLLAMA])
def test_comments_do_not_make_a_silence_longer_for_ever(wire: Wire) -> None:
    drips = tuple(each for _ in range(100) for each in (b": still here\n\n", 0.05))
    with pytest.raises(ProviderUnreachable, match="nothing for too long"):
        said(Answer(pieces=drips), wire, patience=Patience(5, 0.3, 0.3))


@WIRES
def test_nobody_there_is_unreachable_and_may_pass(wire: Wire) -> None:
    with pytest.raises(ProviderUnreachable, match="cannot be reached") as caught:
        asyncio.run(read(endpoint(wire, "http://127.0.0.1:1")))
    assert caught.value.is_passing


@WIRES
def test_a_key_that_makes_no_header_is_named_without_being_shown(wire: Wire) -> None:
    with pytest.raises(ProviderUnreachable) as caught:
        asyncio.run(read(endpoint(wire, "http://127.0.0.1:1", key=f"{KEY}\r\nx: y")))
    assert KEY not in str(caught.value) + repr(caught.value) + str(caught.value.__cause__)


@pytest.mark.parametrize("wire", [each for each in Wire if each is not Wire.OLLAMA])
def test_a_page_instead_of_a_stream_says_so(wire: Wire) -> None:
    answer = Answer(media_type="text/html", pieces=(b"<html><title>Log in</title></html>",))
    with pytest.raises(ProviderBroke, match="instead of a stream"):
        said(answer, wire)


@WIRES
def test_a_reader_that_leaves_hangs_up_at_once(wire: Wire) -> None:
    first, *_ = transcript(name(wire, "cut")).pieces
    whole = transcript(name(wire, "cut"))

    async def main() -> float:
        loop = asyncio.get_running_loop()
        async with replay(Answer(pieces=whole.pieces, end="hang", media_type=whole.media_type)) as server:
            door = Door()
            stream = wires.stream(door, endpoint(wire, server.url), ASKED)
            await anext(stream)
            begin = loop.time()
            await stream.aclose()
            await asyncio.wait_for(server.hung_up.wait(), 5)
            await door.close()
            return loop.time() - begin

    assert first
    assert asyncio.run(main()) < 0.5


@WIRES
def test_the_connection_is_used_again_for_the_next_step(wire: Wire) -> None:
    async def main() -> int:
        async with replay(transcript(name(wire, "text"))) as server:
            door = Door()
            for _ in range(3):
                async for _item in wires.stream(door, endpoint(wire, server.url), ASKED):
                    pass
            await door.close()
            return server.connections

    assert asyncio.run(main()) == 1


TALK = Request(
    system=("Be kind.", "Be short."),
    tools=TOOLS,
    session="ses_1",
    messages=(
        UserMessage(
            parts=(
                TextPart(text="look"),
                FilePart(name="p.png", media_type="image/png", url="data:image/png;base64,aGk="),
                FilePart(name="n.txt", media_type="text/plain", url="data:text/plain;base64,bm90ZQ=="),
            )
        ),
        AssistantMessage(
            parts=(
                ReasoningPart(text="Hm.", signature="another/model SIGNED"),
                TextPart(text="I look."),
                ToolCallPart(call="call_a", tool="read", arguments={"path": "a.txt"}),
                ToolCallPart(call="call_b", tool="bash", arguments={"command": "ls"}),
            )
        ),
        ToolMessage(results=(ToolResultPart(call="call_a", status="ok", text="hello of a"),)),
        UserMessage(parts=(TextPart(text="go on"),)),
    ),
)


@WIRES
def test_a_conversation_is_written_with_everything_and_a_result_for_every_call(wire: Wire) -> None:
    _, server = said(name(wire, "text"), wire, TALK, habits=Habits(marks_cache=wire is Wire.MESSAGES))
    body = server.asked[0].body.decode()
    for text in ("Be kind.", "Be short.", "look", "I look.", "hello of a", "go on", "note", "aGk=", "a.txt"):
        assert text in body, text
    assert "ended before it gave a result" in body, "call_b has none"
    assert "SIGNED" not in body, "what another model signed is nobody else's"
    assert body.index("Reads it.") < body.index("go on")
    assert KEY not in body + server.asked[0].path
    assert any(KEY in value for value in server.asked[0].headers.values())


@WIRES
def test_what_was_sent_before_is_a_prefix_of_what_is_sent_next(wire: Wire) -> None:
    """Vendors keep prefixes. Only marks of what to keep may move."""
    more = Request(
        system=TALK.system,
        tools=TALK.tools,
        session=TALK.session,
        messages=(
            *TALK.messages,
            AssistantMessage(parts=(TextPart(text="Yes."),)),
            UserMessage(parts=(TextPart(text="and"),)),
        ),
    )

    def listed(request: Request) -> list[object]:
        body = said(name(wire, "text"), wire, request)[1].asked[0].json
        found = body.get("messages") or body.get("contents") or body.get("input")
        assert isinstance(found, list)
        return found

    before, after = listed(TALK), listed(more)
    assert after[: len(before)] == before
    assert len(after) > len(before)


SIGNING = [Wire.RESPONSES, Wire.MESSAGES, Wire.GENERATE]


@pytest.mark.parametrize("wire", SIGNING)
def test_what_was_thought_goes_back_signed_as_it_came(wire: Wire) -> None:
    items, _ = said(name(wire, "text"), wire)
    (signed,) = [item for item in items if isinstance(item, ReasoningPart)]
    assert signed.text == "Let me think."
    request = Request(
        system=(),
        messages=(
            UserMessage(parts=(TextPart(text="hi"),)),
            AssistantMessage(parts=(signed, TextPart(text="Grüß dich 👋"))),
            UserMessage(parts=(TextPart(text="and"),)),
        ),
    )
    body = said(name(wire, "text"), wire, request)[1].asked[0].body.decode()
    assert {Wire.RESPONSES: "gAAAA", Wire.MESSAGES: "EqQB", Wire.GENERATE: "EjQK"}[wire] in body


def test_a_signature_beside_a_call_goes_back_beside_that_call() -> None:
    items, _ = said("generate-calls.sse", Wire.GENERATE)
    parts = tuple(item for item in items if isinstance(item, ReasoningPart | ToolCallPart))
    request = Request(system=(), messages=(UserMessage(parts=(TextPart(text="hi"),)), AssistantMessage(parts=parts)))
    body = said("generate-text.sse", Wire.GENERATE, request)[1].asked[0].json
    contents = body["contents"]
    assert isinstance(contents, list)
    first, second = contents[1]["parts"]
    assert first["thoughtSignature"] == "Eg=="
    assert first["functionCall"]["name"] == "read"
    assert "thoughtSignature" not in second


def test_the_marks_of_the_cache_lie_behind_what_stays_and_are_no_more_than_four() -> None:
    _, server = said("messages-text.sse", Wire.MESSAGES, TALK, habits=Habits(marks_cache=True))
    body = server.asked[0].json
    assert json.dumps(body).count('"cache_control"') == 4
    tools, system, messages = body["tools"], body["system"], body["messages"]
    assert isinstance(tools, list)
    assert isinstance(system, list)
    assert isinstance(messages, list)
    assert "cache_control" in tools[-1]
    assert "cache_control" in system[-1]
    assert "cache_control" in messages[-1]["content"][-1]
    assert [each["type"] for each in messages[-1]["content"]] == ["tool_result", "tool_result", "text"]


@pytest.mark.parametrize(
    "text",
    [
        '<tool_call>\n{"name": "read", "arguments": {"path": "a.txt"}}\n</tool_call>',
        'Well.\n```json\n{"name": "read", "arguments": {"path": "a.txt"}}\n```',
        '{"name": "read", "parameters": {"path": "a.txt"}}',
        '[TOOL_CALLS][{"name": "read", "arguments": {"path": "a.txt"}}]',
        '<think>I should.</think>\n<tool_call>{"name": "read", "arguments": "{\\"path\\": \\"a.txt\\"}"}</tool_call>',
    ],
)
def test_a_call_that_a_local_model_wrote_as_text_is_a_call(text: str) -> None:
    pieces = [text[begin : begin + 3] for begin in range(0, len(text), 3)]
    stream = Answer(
        pieces=events(*({"choices": [{"delta": {"content": each}}]} for each in pieces), "[DONE]"),
    )
    items, _ = said(stream, Wire.CHAT, is_local=True)
    assert calls(items) == [("read", {"path": "a.txt"})]
    assert items[-1] == StepPart(model="v/m", reason="tool_calls")
    assert "name" not in texts(items)
    assert texts(said(stream, Wire.CHAT)[0]) == text, "a vendor that takes calls out means what it writes"


@pytest.mark.parametrize(
    "text",
    [
        "Write `<tool_call>` before it.",
        'Like this:\n```json\n{"name": "nobody", "arguments": {}}\n```\nDone.',
        '{"name": "Anna", "age": 7}',
        "[TOOL_CALLS] is a mark",
        "<th",
        "a < b and [T",
        '```json\n{"a": 1}\n```',
    ],
)
def test_text_that_only_looks_like_a_call_stays_text(text: str) -> None:
    stream = Answer(
        pieces=events(*({"choices": [{"delta": {"content": each}}]} for each in text), "[DONE]"),
    )
    items, _ = said(stream, Wire.CHAT, is_local=True)
    assert texts(items) == text
    assert not calls(items)


def test_arguments_that_are_no_json_are_told_as_they_were_written() -> None:
    delta = {"tool_calls": [{"index": 0, "id": "c", "function": {"name": "read", "arguments": "{path: a"}}]}
    stream = Answer(pieces=events({"choices": [{"delta": delta, "finish_reason": "tool_calls"}]}, "[DONE]"))
    (call,) = [item for item in said(stream, Wire.CHAT)[0] if isinstance(item, ToolCallPart)]
    assert (call.arguments, call.broken) == ({}, "{path: a")


def test_the_most_of_an_answer_is_bounded() -> None:
    assert network.EVENT_BYTES < 50 << 20
    assert network.ANSWER_BYTES > network.EVENT_BYTES
